"""Commands about drafts of acts and steps: file, list, show, approve, send, drop (docs/spec/control.md)."""

import base64
from typing import TYPE_CHECKING, Any

from entente.domain.agreement.instants import format_instant
from entente.node import agreements, drafting, drafts
from entente.node.commands_matters import TextArgs
from entente.node.drafts import Draft, DraftKind, Due
from entente.node.registry import Args, SignatureArgs, bytes_of, command, the_ledger
from entente.node.writer import URGENT
from entente.record.bodies import ActStatement, StepStatement
from entente.sealing.canonical import decode

if TYPE_CHECKING:
    from entente.node.daemon import Daemon
    from entente.node.node import Node


class FileArgs(Args, kw_only=True):
    """What was prepared, the texts beside it, the offices that are to sign an act, and who files it."""

    agreement: str
    kind: DraftKind
    statement: str
    texts: tuple[TextArgs, ...] = ()
    offices: tuple[str, ...] = ()
    person: str


@command("draft.file")
async def draft_file(daemon: "Daemon", args: FileArgs) -> Any:
    """Keep a prepared act or step for its offices to approve."""
    ledger, data = the_ledger(daemon, args.agreement), bytes_of(args.statement)
    paper = drafting.Paper(args.kind, data, tuple(text.wording().data for text in args.texts), args.offices)
    return await daemon.do(lambda: draft_view(daemon.node, drafting.file(daemon.node, ledger, paper, args.person)))


class DraftsArgs(Args, kw_only=True):
    """``embargoed`` shows this party's desk also what is not to be seen yet."""

    embargoed: bool = False


@command("draft.list")
async def draft_list(daemon: "Daemon", args: DraftsArgs) -> Any:
    """The drafts kept here, the oldest first."""

    def work() -> Any:
        node = daemon.node
        shown = (each for each in drafts.held(node) if args.embargoed or not drafting.concealed(node, each))
        return [draft_view(node, draft) for draft in shown] + [damaged_view(name) for name in drafts.damaged(node)]

    return await daemon.do(work)


class DraftArgs(DraftsArgs, kw_only=True):
    """A draft by its id."""

    draft: str


@command("draft.show")
async def draft_show(daemon: "Daemon", args: DraftArgs) -> Any:
    """A draft with its exact bytes and texts, for an office to read and sign."""

    def work() -> Any:
        draft = _found(daemon.node, args)
        texts = [base64.b64encode(text).decode() for text in drafts.texts(daemon.node, draft)]
        return draft_view(daemon.node, draft) | {"statement": draft.statement.hex(), "texts": texts}

    return await daemon.do(work)


class ApproveArgs(DraftArgs, kw_only=True):
    """An office's signature over a draft, and who gives it."""

    office: str
    person: str
    signature: SignatureArgs


@command("draft.approve")
async def draft_approve(daemon: "Daemon", args: ApproveArgs) -> Any:
    """Add an office's signature to a draft."""
    due, signature = Due(args.office, args.person), args.signature.signature()

    def work() -> Any:
        return draft_view(daemon.node, drafting.approve(daemon.node, _found(daemon.node, args), due, signature))

    return await daemon.do(work)


class SendArgs(DraftArgs, kw_only=True):
    """A draft, and who sends or drops it."""

    person: str


@command("draft.send")
async def draft_send(daemon: "Daemon", args: SendArgs) -> Any:
    """Write an approved draft into this party's log. It cannot be undone."""

    def work() -> Any:
        draft = _found(daemon.node, args)
        return {"draft": draft.id, **drafting.send(daemon.node, draft, args.person)._asdict()}

    return await daemon.do(work, URGENT)


@command("draft.drop")
async def draft_drop(daemon: "Daemon", args: SendArgs) -> Any:
    """Remove a draft with its approvals. It cannot be undone."""

    def work() -> Any:
        if args.draft not in drafts.damaged(daemon.node):
            _found(daemon.node, args)
        drafting.drop(daemon.node, args.draft, args.person)
        return {"draft": args.draft}

    return await daemon.do(work)


def _found(node: "Node", args: DraftArgs) -> Draft:
    draft = drafts.one(node, args.draft)
    if not args.embargoed and drafting.concealed(node, draft):
        raise drafts.no_such_draft(args.draft)
    return draft


def draft_view(node: "Node", draft: Draft) -> dict[str, Any]:
    """A draft as commands answer it; instants in UTC.

    ``hindrance`` says why it could not be sent now whoever approves it; ``refusal`` how the lifecycle would refuse it.
    """
    hindrance = drafting.hindrance(node, draft)
    return {
        "id": draft.id,
        "kind": draft.kind,
        **_what(node, draft),
        "agreement": draft.agreement,
        "filed_by": draft.filed_by,
        "filed": format_instant(draft.filed),
        "signers": [_signer(draft, due) for due in draft.signers],
        "ready": not draft.missing and hindrance is None,
        "hindrance": None if hindrance is None else {"code": hindrance.code, "text": str(hindrance)},
    }


def damaged_view(name: str) -> dict[str, Any]:
    """A draft that cannot be read any more, as commands answer it."""
    hindrance = {"code": "DAMAGED", "text": "it cannot be read any more; drop it, and file it again"}
    empty = dict.fromkeys(("kind", "does", "name", "agreement", "filed_by", "filed", "refusal"))
    return {"id": name, **empty, "signers": [], "ready": False, "hindrance": hindrance}


def _what(node: "Node", draft: Draft) -> dict[str, Any]:
    """What a draft is to do, and to which act or matter."""
    if draft.kind == "step":
        step = decode(StepStatement, draft.statement)
        return {"does": f"{step.kind} {step.verb}", "name": step.matter, "refusal": None}
    act = decode(ActStatement, draft.statement)
    refusal = agreements.foreseen_refusal(node, node.ledgers[bytes.fromhex(draft.agreement)], act)
    shown = {"code": refusal.code, "text": refusal.text} if refusal else None
    return {"does": act.kind, "name": act.id, "refusal": shown}


def _signer(draft: Draft, due: Due) -> dict[str, Any]:
    approval = draft.approval(due)
    person = due.person or (approval.person if approval is not None else "")
    return {
        "office": due.office,
        "person": person or None,
        "approved": format_instant(approval.at) if approval is not None else None,
    }
