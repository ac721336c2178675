"""Commands about matters around an agreement: prepare a step, write it, list and show (docs/spec/control.md)."""

import base64
import binascii
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from entente.domain.agreement.instants import format_instant
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import Kind, Refusal, some
from entente.domain.relations.table import Matter
from entente.node import matters
from entente.node.commands_standing import SignerArgs
from entente.node.errors import UsageError
from entente.node.ledger import Ledger
from entente.node.registry import Args, SignatureArgs, bytes_of, command, the_ledger
from entente.record.bodies import Signer
from entente.record.steps import StepRecord
from entente.sealing.canonical import encode

if TYPE_CHECKING:
    from entente.node.daemon import Daemon
    from entente.node.node import Node


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

    def work() -> Any:
        found = seen(daemon.node, ledger, embargoed=args.embargoed)
        views = [matter_view(matter) for matter in found if args.kind in (None, matter.kind)]
        return _without(views, unseen(daemon.node, ledger, embargoed=args.embargoed))

    return await daemon.do(work)


class ShowArgs(Args, kw_only=True):
    """A matter."""

    agreement: str | None = None
    matter: str
    embargoed: bool = False


@command("matter.show")
async def matter_show(daemon: "Daemon", args: ShowArgs) -> Any:
    """A matter with every step about it, refused ones and texts included."""
    ledger = the_ledger(daemon, args.agreement)

    def work() -> Any:
        node = daemon.node
        matter = ledger.projection.steps.matters.get(args.matter)
        if matter is None or (not args.embargoed and matters.is_hidden(node, ledger, matter.id)):
            known = some(each.id for each in seen(node, ledger, embargoed=args.embargoed)) or "none yet"
            text = f"there is no matter {args.matter[:80]!r}"
            raise UsageError("NO_SUCH_MATTER", text, f"One of: {known}.")
        records = ledger.projection.steps.positions(matter.id)
        view = matter_view(matter) | {"steps": [step_view(node, ledger, record) for record in records]}
        return _without(view, unseen(node, ledger, embargoed=args.embargoed))

    return await daemon.do(work)


def seen(node: "Node", ledger: Ledger, *, embargoed: bool) -> list[Matter]:
    """The matters that may be shown now, or to a desk that asks for it, all of them."""
    return list((ledger.projection.steps.matters if embargoed else matters.shown(node, ledger)).values())


def unseen(node: "Node", ledger: Ledger, *, embargoed: bool) -> frozenset[str]:
    """Ids of the matters that are to be kept out of an answer now."""
    return frozenset() if embargoed else matters.hidden(node, ledger)


def _without(value: Any, unseen: frozenset[str]) -> Any:
    """An answer without the ids of matters that may not be seen, wherever a step that may be seen names one."""
    if isinstance(value, dict):
        return {key: _without(each, unseen) for key, each in value.items() if not _is_one(each, unseen)}
    return [_without(each, unseen) for each in value if not _is_one(each, unseen)] if isinstance(value, list) else value


def _is_one(value: Any, unseen: frozenset[str]) -> bool:
    return isinstance(value, str) and value in unseen


def matter_view(matter: Matter) -> dict[str, Any]:
    """A matter as commands answer it; instants in UTC, days as local dates."""
    common = {
        "id": matter.id,
        "kind": matter.kind,
        "owner": matter.owner,
        "between": list(matter.audience),
        "state": matter.state,
        "opened": format_instant(matter.opened.at),
        "changed": format_instant(max(step.at for step in matter.steps)),
    }
    return common | TABLES[matter.kind].show(matter)


def step_view(node: "Node", ledger: Ledger, record: StepRecord) -> dict[str, Any]:
    """A step as it stands in the record."""
    step, refusal = record.step, ledger.projection.steps.refusal(record)
    texts = zip(step.texts, matters.texts_of(node, ledger, record), strict=True)
    return {
        "by": step.by,
        "at": format_instant(step.at),
        "entry": step.seq,
        "verb": step.verb,
        "refs": list(step.refs),
        "say": _said(record),
        "texts": [{**text._asdict(), "text": _shown(data)} for text, data in texts],
        "wording": step.wording if step.texts else None,
        "signers": [{"office": each.office, "person": each.person} for each in record.statement.signers],
        "refused": None if refusal is None else _refusal(refusal),
    }


def _said(record: StepRecord) -> dict[str, Any]:
    found: dict[str, Any] = {}
    values = record.step.values
    for name, lang, value in [(each.name, each.lang, each.value) for each in record.statement.said]:
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
