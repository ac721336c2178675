"""Commands about matters around an agreement: prepare a step, write it, list and show (docs/spec/control.md)."""

import asyncio
import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from entente.domain.agreement.instants import format_instant
from entente.domain.relations.matters import TABLES
from entente.domain.relations.rounds import Met, by_dialogue, met
from entente.domain.relations.steps import Kind, Refusal, Step, some
from entente.domain.relations.table import Matter
from entente.node import matters
from entente.node.commands_standing import SignerArgs
from entente.node.errors import UsageError
from entente.node.ledger import Ledger
from entente.node.registry import Args, SignatureArgs, bytes_of, command, the_ledger
from entente.node.veil import Veil
from entente.node.writer import BULK
from entente.record.bodies import Signer
from entente.record.steps import StepRecord
from entente.sealing.canonical import encode

if TYPE_CHECKING:
    from entente.node.daemon import Daemon
    from entente.node.node import Node

PAGE: Final = 500
"""Steps of a matter that one answer holds."""
PAGE_TEXTS: Final = 4 * 1024 * 1024
"""Bytes of the texts beside them."""
AT_ONCE: Final = 50
TEXTS_AT_ONCE: Final = 512 * 1024
"""Steps and bytes of texts read in one turn of the writer's, some 3 ms."""


class TextArgs(Args, kw_only=True):
    """A text to go beside a step; ``data`` in base64."""

    lang: str
    media_type: str = "text/plain"
    data: str

    def wording(self) -> matters.Wording:
        """The text's structure; UsageError where it is not base64."""
        try:
            data = base64.b64decode(self.data, validate=True)
        except binascii.Error as error:
            raise UsageError("MALFORMED", "a text is not base64", "Send it again.") from error
        return matters.Wording(self.lang, self.media_type, data)


class PrepareArgs(Args, kw_only=True):
    """A step: fields in ``say`` as text, as a list of texts, or as one text per language."""

    agreement: str | None = None
    kind: Kind
    verb: str
    matter: str = ""
    between: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    say: Mapping[str, str | tuple[str, ...] | Mapping[str, str]] = {}
    texts: tuple[TextArgs, ...] = ()
    signers: tuple[SignerArgs, ...]
    embargoed: bool = False


@command("step.prepare")
async def step_prepare(daemon: "Daemon", args: PrepareArgs) -> Any:
    """The exact bytes of a step, for an office to sign."""
    ledger = the_ledger(daemon, args.agreement)
    texts = tuple(text.wording() for text in args.texts)
    asked = matters.Asked(args.kind, args.verb, args.matter, args.between, args.refs, args.say, texts, args.embargoed)
    signers = tuple(Signer(signer.office, signer.person) for signer in args.signers)
    statement = await daemon.do(lambda: matters.prepare(daemon.node, ledger, asked, signers))
    return {"statement": encode(statement).hex(), "matter": statement.matter, "agreement": ledger.agreement.hex()}


class CommitArgs(Args, kw_only=True):
    """A signed step and the texts beside it, in the statement's order."""

    agreement: str
    statement: str
    signatures: tuple[SignatureArgs, ...]
    texts: tuple[TextArgs, ...] = ()


@command("step.commit")
async def step_commit(daemon: "Daemon", args: CommitArgs) -> Any:
    """Write a signed step. It cannot be undone; another step may follow it."""
    ledger, data = the_ledger(daemon, args.agreement), bytes_of(args.statement)
    signatures = tuple(signature.signature() for signature in args.signatures)
    texts = tuple(text.wording().data for text in args.texts)

    def work() -> Any:
        record = matters.commit(daemon.node, ledger, data, signatures, texts)
        state = ledger.projection.steps.matters[record.step.matter].state
        return {"matter": record.step.matter, "entry": record.position.seq, "state": state}

    return await daemon.do(work)


class ListArgs(Args, kw_only=True):
    """Matters of a kind, or all; ``embargoed`` shows this party's desk what is not to be seen yet."""

    agreement: str | None = None
    kind: Kind | None = None
    embargoed: bool = False


@command("matter.list")
async def matter_list(daemon: "Daemon", args: ListArgs) -> Any:
    """The matters around an agreement, in the order in which they were opened."""
    ledger = the_ledger(daemon, args.agreement)

    def work() -> tuple[list[Matter], Veil]:
        veil = veil_over(daemon.node, ledger, embargoed=args.embargoed)
        return seen(daemon.node, ledger, embargoed=args.embargoed), veil

    def shown() -> Any:
        became = by_dialogue({each.id: each for each in found})
        wanted = (each for each in found if args.kind in (None, each.kind))
        return [veil.view(matter_view(each, became.get(each.id, ()))) for each in wanted]

    found, veil = await daemon.do(work)
    # Not on the writer's thread: matters are made anew where they change, and those that are given never do.
    return await asyncio.to_thread(shown)


class ShowArgs(Args, kw_only=True):
    """A matter; ``after`` asks for a page of its steps: "" for the first, else what the page before said was next."""

    agreement: str | None = None
    matter: str
    embargoed: bool = False
    after: str | None = None


@command("matter.show")
async def matter_show(daemon: "Daemon", args: ShowArgs) -> Any:
    """A matter with every step about it, refused ones and texts included, as far as one answer holds them."""
    ledger, node = the_ledger(daemon, args.agreement), daemon.node
    matter, recorded, veil = await daemon.do(lambda: _of_matter(node, ledger, args))
    page = _page(recorded)
    whole = len(page) == len(recorded)
    if args.after is None and not whole:
        text = f"{matter.id} has more steps, or longer texts, than one answer holds"
        raise UsageError(
            "TOO_LARGE", text, "Ask for it page by page: 'after' as \"\", then as 'next' of the page before."
        )
    steps: list[dict[str, Any]] = []
    for part in _parts(page):
        # Each is its own turn of the writer's, in the lane that gives way: a FLASH may go between.
        steps += await daemon.do(partial(_views, node, ledger, part, veil), BULK)
    became = met(await daemon.do(lambda: ledger.projection.steps.matters), matter.id)
    shown = veil.view(await asyncio.to_thread(matter_view, matter, became)) | {"steps": steps}
    return shown if args.after is None else shown | {"next": None if whole else _cursor(page[-1].step)}


def _of_matter(node: "Node", ledger: Ledger, args: ShowArgs) -> tuple[Matter, list[StepRecord], Veil]:
    """A matter that may be seen, its steps from where they are asked for, and what is over the ids that may not be."""
    steps = ledger.projection.steps
    matter = steps.matters.get(args.matter)
    if matter is None or (not args.embargoed and matters.is_hidden(node, ledger, matter.id)):
        known = some([each.id for each in seen(node, ledger, embargoed=args.embargoed)]) or "none yet"
        raise UsageError("NO_SUCH_MATTER", f"there is no matter {args.matter[:80]!r}", f"One of: {known}.")
    last = _place(args.after) if args.after else None
    recorded = [record for record in steps.positions(matter.id) if last is None or record.step.order > last]
    return matter, recorded, veil_over(node, ledger, embargoed=args.embargoed)


def _views(node: "Node", ledger: Ledger, part: list[StepRecord], veil: Veil) -> list[dict[str, Any]]:
    return [step_view(node, ledger, record, veil) for record in part]


def _page(recorded: list[StepRecord]) -> list[StepRecord]:
    """As many of the first steps as one answer holds: at least one, whose texts are bounded by its form."""
    size = 0
    for count, record in enumerate(recorded[:PAGE]):
        size += _size(record)
        if count and size > PAGE_TEXTS:
            return recorded[:count]
    return recorded[:PAGE]


def _parts(page: list[StepRecord]) -> Iterator[list[StepRecord]]:
    """The steps that are read in one go: a few milliseconds of work."""
    part: list[StepRecord] = []
    size = 0
    for record in page:
        size += _size(record)
        if part and (len(part) == AT_ONCE or size > TEXTS_AT_ONCE):
            yield part
            part, size = [], _size(record)
        part.append(record)
    yield part


def _size(record: StepRecord) -> int:
    return sum(text.size for text in record.step.texts)


def _cursor(step: Step) -> str:
    """Where a step stands among all of its matter's, for the next page to go on from."""
    return "/".join(map(str, step.order))


def _place(cursor: str) -> tuple[int, str, str, int]:
    found = re.fullmatch(r"(-?[0-9]{1,16})/([a-z0-9-]{1,64})/([0-9a-f]{16})/([0-9]{1,16})", cursor)
    if found is None:
        raise UsageError("MALFORMED", "'after' is no place that a page gave", "Begin again with an empty one.")
    return int(found[1]), found[2], found[3], int(found[4])


def seen(node: "Node", ledger: Ledger, *, embargoed: bool) -> list[Matter]:
    """The matters that may be shown now, or to a desk that asks for it, all of them."""
    return list((ledger.projection.steps.matters if embargoed else matters.shown(node, ledger)).values())


def veil_over(node: "Node", ledger: Ledger, *, embargoed: bool) -> Veil:
    """Over the ids of the matters that are to be kept out of an answer now."""
    return Veil(()) if embargoed else matters.veil_of(node, ledger)


def matter_view(matter: Matter, became: Sequence[Met] = ()) -> dict[str, Any]:
    """A matter as commands answer it; instants in UTC, days as local dates.

    ``became`` are the meetings that became rounds of a dialogue.
    """
    common = {
        "id": matter.id,
        "kind": matter.kind,
        "owner": matter.owner,
        "between": list(matter.audience),
        "state": matter.state,
        "opened": format_instant(matter.opened.at),
        "changed": format_instant(max(step.at for step in matter.steps)),
    }
    rounds = {"met": [each.show() for each in became]} if matter.kind == "dialogue" else {}
    return common | TABLES[matter.kind].show(matter) | rounds


def step_view(node: "Node", ledger: Ledger, record: StepRecord, veil: Veil) -> dict[str, Any]:
    """A step as it stands in the record, but for the matters that it names and that may not be seen."""
    step, refusal = record.step, ledger.projection.steps.refusal(record)
    texts = zip(step.texts, matters.texts_of(node, ledger, record), strict=True)
    return {
        "by": step.by,
        "at": format_instant(step.at),
        "entry": step.seq,
        "verb": step.verb,
        "refs": veil.refs(step.refs),
        "say": _said(record, veil),
        "texts": [{**text._asdict(), "text": _shown(data)} for text, data in texts],
        "wording": step.wording if step.texts else None,
        "signers": [{"office": each.office, "person": each.person} for each in record.statement.signers],
        "refused": None if refusal is None else _refusal(refusal),
    }


def _said(record: StepRecord, veil: Veil) -> dict[str, Any]:
    found: dict[str, Any] = {}
    values = record.step.values
    for name, lang, value in [(each.name, each.lang, each.value) for each in veil.said(record)]:
        if lang:
            found.setdefault(name, {})[lang] = value
        elif isinstance(values[name], tuple) and not isinstance(values[name][0], int | date):
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _shown(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", errors="backslashreplace")


def _refusal(refusal: Refusal) -> dict[str, str]:
    return {"code": refusal.code, "text": refusal.text, "remedy": refusal.remedy}
