"""Commands about items: compose, approve, release, register, open; bundles and evidence (docs/spec/control.md)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from entente.node import bundles, evidence, items, releases, views
from entente.node.commands_standing import composed
from entente.node.errors import UsageError
from entente.node.registry import Args, SignatureArgs, bytes_of, command, new_file, the_ledger
from entente.node.writer import ORDINARY, URGENT
from entente.record.bodies import Approval, Relation

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


class ComposeArgs(Args, kw_only=True):
    """An item to be released, its payload a file."""

    agreement: str | None = None
    path: str
    title: str
    media_type: str
    level: str
    purpose: str
    to: tuple[str, ...]
    precedence: str
    reality: str
    caveats: tuple[str, ...] = ()
    rel_to: tuple[str, ...] | None = None
    standing: str | None = None
    updates: str | None = None
    stream: str | None = None


@command("item.compose")
async def item_compose(daemon: "Daemon", args: ComposeArgs) -> Any:
    """Compose an item: what the release authority will approve, and what the gate would say now."""
    ledger = the_ledger(daemon, args.agreement)
    request = releases.Request(
        args.title, Path(args.path).name, args.media_type, args.level, args.purpose, args.to, args.precedence,
        args.reality, args.caveats, args.rel_to, args.standing,
        Relation("update", args.updates) if args.updates is not None else None, args.stream,
    )  # fmt: skip

    releases.check_request(ledger, request)
    at = await daemon.do(daemon.node.instant)

    def seal() -> releases.Sealed:
        try:
            with Path(args.path).open("rb") as payload:
                return releases.seal_payload(daemon.node.payloads, at, payload, daemon.node.sync)
        except OSError as error:
            raise UsageError(
                "UNREADABLE", f"{args.path} cannot be read: {error.strerror}", "Name a readable file."
            ) from error

    sealed = await daemon.aside(seal)
    draft = await daemon.do(lambda: releases.compose_checked(daemon.node, ledger, request, sealed))
    daemon.drafts[draft.header.item] = draft
    return await composed(daemon, ledger, draft)


class StatementArgs(Args, kw_only=True):
    """Who is about to approve which draft."""

    item: str
    office: str
    person: str


@command("item.statement")
async def item_statement(daemon: "Daemon", args: StatementArgs) -> Any:
    """The exact bytes that an approval signs."""
    draft = _draft(daemon, args.item)
    return {
        "statement": (
            await daemon.do(lambda: releases.approval_statement(daemon.node, draft, args.office, args.person))
        ).hex()
    }


class ApprovalArgs(Args, kw_only=True):
    """A signed approval."""

    statement: str
    signature: SignatureArgs


class ReleaseArgs(Args, kw_only=True):
    """A composed item and its approvals."""

    agreement: str
    item: str
    approvals: tuple[ApprovalArgs, ...] = ()


def _draft(daemon: "Daemon", item: str) -> releases.Draft:
    if item not in daemon.drafts:
        raise UsageError("NO_SUCH_DRAFT", "there is no such draft (any more)", "Compose the item again.")
    return daemon.drafts[item]


@command("item.release")
async def item_release(daemon: "Daemon", args: ReleaseArgs) -> Any:
    """Commit the release of a composed item. It cannot be undone."""
    ledger, draft = the_ledger(daemon, args.agreement), _draft(daemon, args.item)
    draft.approvals = tuple(
        Approval(bytes_of(approval.statement), approval.signature.signature()) for approval in args.approvals
    )
    lane = URGENT if draft.header.precedence == "FLASH" else ORDINARY
    try:
        position = await daemon.do(lambda: releases.release(daemon.node, ledger, draft), lane)
    finally:
        daemon.drafts.pop(args.item, None)
    return await daemon.do(lambda: views.given_view(daemon.node, ledger, position))


class DiscardArgs(Args, kw_only=True):
    """A composed item."""

    item: str


@command("item.discard")
async def item_discard(daemon: "Daemon", args: DiscardArgs) -> Any:
    """Forget a composed item that will not be released, and its sealed payload with it."""
    draft = daemon.drafts.pop(args.item, None)
    if draft is not None:
        draft.discard()
    return {}


class RegisterArgs(Args, kw_only=True):
    """``given``, ``held`` or ``refused``, or all; of one agreement, or all."""

    direction: str | None = None
    agreement: str | None = None


@command("item.register")
async def item_register(daemon: "Daemon", args: RegisterArgs) -> Any:
    """The register, with titles and markings as far as this party may see them."""
    ledger = the_ledger(daemon, args.agreement) if args.agreement else None
    return await daemon.do(
        lambda: [views.line_view(daemon.node, line) for line in items.lines(daemon.node, args.direction, ledger)]
    )


class OpenArgs(Args, kw_only=True):
    """A line of the register, and the new file to write the payload to."""

    number: int
    path: str


@command("item.open")
async def item_open(daemon: "Daemon", args: OpenArgs) -> Any:
    """Open an item into a new file."""

    def work() -> Any:
        line, chunks = items.open_item(daemon.node, args.number)
        with new_file(args.path) as target, target.open("xb") as file:
            try:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
            except BaseException:
                target.unlink()  # half of a payload is not one
                raise
        return views.line_view(daemon.node, line)

    return await daemon.do(work)


class ExportArgs(Args, kw_only=True):
    """For which peer, into which new file."""

    peer: str
    path: str


@command("bundle.export")
async def bundle_export(daemon: "Daemon", args: ExportArgs) -> Any:
    """What the peer lacks, sealed into a file to be carried by hand."""
    return await daemon.do(lambda: bundles.export(daemon.node, args.peer, Path(args.path)))


class ImportArgs(Args, kw_only=True):
    """The bundle's file."""

    path: str


@command("bundle.import")
async def bundle_import(daemon: "Daemon", args: ImportArgs) -> Any:
    """Take in a bundle, through the same doors as the link."""
    return await daemon.do(lambda: bundles.take_in(daemon.node, Path(args.path)))


class EvidenceArgs(Args, kw_only=True):
    """An agreement, a new file, and whether this party's items are disclosed in it."""

    agreement: str | None = None
    path: str
    disclose: bool = False


@command("evidence.export")
async def evidence_export(daemon: "Daemon", args: EvidenceArgs) -> Any:
    """Everything an offline check needs, in one file."""
    ledger = the_ledger(daemon, args.agreement)

    def work() -> Any:
        with new_file(args.path) as path:
            return evidence.export(daemon.node, ledger, path, disclose=args.disclose)

    return await daemon.do(work)
