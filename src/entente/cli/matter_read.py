"""What an office reads before it signs a step: the matter it is about, the very texts, and what it says itself.

A digest is signed only beside the bytes that give it: the texts of a common wording come from the node, are hashed
here, and are shown. A node that was taken over can keep them back; it cannot have another text signed.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from entente.cli.client import Target
from entente.cli.output import CommandError, InputError, plain
from entente.domain.relations.steps import Text, some, wording

if TYPE_CHECKING:
    from entente.record.bodies import StepStatement

DIGEST = 64
"""Hex digits of a digest."""
FEWEST = 8
"""Hex digits by which somebody may name one."""
_REMEDY = "Nothing was signed. Ask the other party for its text; treat the node as taken over until this is explained."


def whole_matter(target: Target, agreement: str | None, name: str, *, embargoed: bool = False) -> dict[str, Any]:
    """A matter with all of its steps, however many pages the node gives them in."""
    asked = {"agreement": agreement, "matter": name, "embargoed": embargoed}
    shown: dict[str, Any] = target.call("matter.show", exact=True, after="", **asked)
    following = shown.pop("next", None)
    while following is not None:
        page = target.call("matter.show", exact=True, after=following, **asked)
        shown["steps"] += page["steps"]
        following = page["next"]
    return shown


def read_matter(target: Target, agreement: str, name: str, digest: str | None, *, embargoed: bool) -> Iterator[str]:
    """Lines of the matter that a step is about, and the whole texts of the wording ``digest``, if one is to be signed.

    Raises:
        CommandError: the texts that the node shows do not give the digest.
    """
    shown = whole_matter(target, agreement, name, embargoed=embargoed)
    for lang, title in (shown.get("title") or {}).items():
        yield f"  about {lang}: {title}"
    for lang, claim in (shown.get("claim") or {}).items():
        yield f"  claim about {shown['about']} {lang}: {claim}"
    if digest is not None:
        yield from _texts(_of_wording(shown["steps"], digest))


def whole_wording(target: Target, agreement: str | None, name: str, given: str, *, embargoed: bool) -> str:
    """The digest of the proposed texts whose digest begins with ``given``, eight digits or more.

    It is shown whole before it is signed, and only beside texts that give it.

    Raises:
        InputError: no proposal's does, or those of several do.
    """
    if len(given) >= DIGEST or re.fullmatch("[0-9a-f]+", given) is None:
        return given
    if len(given) < FEWEST:
        raise InputError("BAD_OPTION", f"--wording {given} is too short", f"Write {FEWEST} of its digits or more.")
    steps = whole_matter(target, agreement, name, embargoed=embargoed)["steps"]
    known = dict.fromkeys(each["wording"] for each in steps if each["verb"].startswith("propose") and each["wording"])
    found = [digest for digest in known if digest.startswith(given)]
    if len(found) != 1:
        text = f"{'several wordings begin' if found else 'no proposed wording begins'} with {given}"
        raise InputError("NO_SUCH_WORDING", text, f"One of: {some(found or known) or 'none yet'}.")
    return str(found[0])


def _of_wording(steps: Iterable[Mapping[str, Any]], digest: str) -> list[tuple[str, str]]:
    """(language, text) of the proposed wording, once its texts give the digest."""
    for step in steps:
        texts = [(each["lang"], each["media_type"], (each["text"] or "").encode()) for each in step["texts"]]
        made = tuple(Text(lang, kind, hashlib.sha256(data).hexdigest(), len(data)) for lang, kind, data in texts)
        if texts and wording(made) == digest:
            return [(lang, data.decode()) for lang, _, data in texts]
    raise CommandError("OTHER_BYTES", f"no text that the node shows gives the wording {digest[:16]}...", _REMEDY)


def _texts(texts: Iterable[tuple[str, str]]) -> Iterator[str]:
    for lang, text in texts:
        yield f"  text {lang}:"
        yield from (f"    {line}" for line in text.splitlines())


def preview(
    target: Target, statement: "StepStatement", texts: Sequence[Mapping[str, str]], about: Iterable[str]
) -> None:
    """Show a step as it is about to be signed, read from its bytes, with its texts whole."""
    from entente.cli import screens

    screens.heading(target, f"{statement.kind}: {statement.verb.replace('_', ' ')}")
    between = ", ".join(sorted(statement.audience, key=target.party.__ne__))
    facts = [("agreement", statement.agreement.hex()), ("matter", statement.matter), ("between", between)]
    facts += [(f"{each.name} {each.lang}".strip().replace("_", " "), each.value) for each in statement.said]
    facts += [("rests on", ref) for ref in statement.refs]
    facts += [("signed by", "; ".join(f"{each.person} of office {each.office}" for each in statement.signers))]
    screens.facts(facts)
    own = [(each["lang"], base64.b64decode(each["data"]).decode("utf-8", errors="backslashreplace")) for each in texts]
    for line in (*about, *_texts(own)):
        click.echo(plain(line))
