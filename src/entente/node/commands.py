"""The commands that a running node answers, each with the structure of its arguments (docs/spec/control.md).

``reads`` marks a command that shows payloads or their titles to this party's own user; none answers a peer.
"""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from entente.domain.agreement.instants import format_instant, parse_instant
from entente.node import agreements, bundles, evidence, items, releases, restart, setup, views
from entente.node.clock import SimulatedClock
from entente.node.errors import RefusedError, UsageError
from entente.node.home import write_durably
from entente.node.ledger import Ledger
from entente.record.bodies import Approval, DeliveredClaim
from entente.sealing.signing import Signature

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


class Args(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Arguments of a command; unknown ones are refused."""


class Command(NamedTuple):
    """A registered command."""

    name: str
    args: type[Args]
    run: Callable[["Daemon", Any], Awaitable[Any]]


COMMANDS: dict[str, Command] = {}
A = TypeVar("A", bound=Args)


def command(name: str) -> Callable[[Callable[["Daemon", A], Awaitable[Any]]], Callable[["Daemon", A], Awaitable[Any]]]:
    """Register a command; its arguments are the structure its handler is annotated with."""

    def register(handler: Callable[["Daemon", A], Awaitable[Any]]) -> Callable[["Daemon", A], Awaitable[Any]]:
        COMMANDS[name] = Command(name, handler.__annotations__["args"], handler)
        return handler

    return register


def _ledger(daemon: "Daemon", name: str | None) -> Ledger:
    ledgers = daemon.node.ledgers
    if name is None and len(ledgers) == 1:
        return next(iter(ledgers.values()))
    try:
        return daemon.node.ledger(name or "")
    except KeyError as error:
        known = ", ".join(sorted(ledger.document.name for ledger in ledgers.values() if ledger.document)) or "none"
        raise UsageError(
            "WHICH_AGREEMENT", f"no single agreement is meant by {name!r}", f"Known here: {known}"
        ) from error


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            "UNREADABLE", f"{path} cannot be read: {error.strerror}", "Name a file that the node's user can read."
        ) from error


def _instant(text: str | None) -> int | None:
    try:
        return parse_instant(text) if text is not None else None
    except ValueError as error:
        raise UsageError(
            "BAD_INSTANT", f"{text!r} is no instant: {error}", "Write it as 2019-11-22T18:00:00+09:00."
        ) from error


class NoArgs(Args, kw_only=True):
    """No arguments."""


@command("node.status")
async def node_status(daemon: "Daemon", args: NoArgs) -> Any:
    """The node, its peers, its agreements and its alarms."""
    return await daemon.do(
        lambda: views.node_view(daemon.node, set(daemon.conversations), daemon.last_heard, daemon.port)
    )


@command("node.stop")
async def node_stop(daemon: "Daemon", args: NoArgs) -> Any:
    """Stop the node."""
    daemon.stopping.set()
    return {}


class ClockArgs(Args, kw_only=True):
    """``instant`` as RFC 3339 text; ``running``: whether the clock goes on from there."""

    instant: str
    running: bool = False


@command("clock.set")
async def clock_set(daemon: "Daemon", args: ClockArgs) -> Any:
    """Set a simulated node's clock; a real node has no such door."""
    clock, instant = daemon.node.clock, _instant(args.instant)
    if not isinstance(clock, SimulatedClock) or instant is None:
        raise RefusedError(
            "REAL_CLOCK", "only a simulated node accepts a clock", "Make one with: node init --simulated"
        )
    clock.set(instant, running=args.running)
    await daemon.do(daemon.node.keep_time)
    return {"now": format_instant(await daemon.do(daemon.node.instant))}


class PairArgs(Args, kw_only=True):
    """A pairing card's text and the words that were read out."""

    card: str
    words: str


@command("peer.pair")
async def peer_pair(daemon: "Daemon", args: PairArgs) -> Any:
    """Trust a peer's root key."""
    home, data = daemon.node.home, args.card.encode()

    def work() -> str:
        card = setup.read_card(data)
        setup.check_pairing(home, card, args.words)
        party = card.root_card.party
        write_durably(home.path / "peers" / f"{party}.json", data)
        daemon.node.add_peer(card)
        return party

    party = await daemon.do(work)
    daemon.link.reload()
    return {"party": party}


class ProposeArgs(Args, kw_only=True):
    """The document's file."""

    path: str


@command("agreement.propose")
async def agreement_propose(daemon: "Daemon", args: ProposeArgs) -> Any:
    """Put a document before the other parties."""
    ledger = await daemon.do(lambda: agreements.propose(daemon.node, _read(args.path)))
    return {"agreement": ledger.agreement.hex()}


class DocumentArgs(Args, kw_only=True):
    """An amending document."""

    agreement: str | None = None
    path: str


@command("agreement.document")
async def agreement_document(daemon: "Daemon", args: DocumentArgs) -> Any:
    """Put an amending document into the record."""
    ledger = _ledger(daemon, args.agreement)
    return {"digest": await daemon.do(lambda: agreements.add_document(daemon.node, ledger, _read(args.path)))}


class StatusArgs(Args, kw_only=True):
    """An agreement, and an instant if not now."""

    agreement: str | None = None
    at: str | None = None


@command("agreement.status")
async def agreement_status(daemon: "Daemon", args: StatusArgs) -> Any:
    """The agreement's status, one's own view first."""
    ledger, at = _ledger(daemon, args.agreement), _instant(args.at)
    return await daemon.do(lambda: views.status_view(daemon.node, ledger, at))


class ActArgs(Args, kw_only=True):
    """What the act says; instants as RFC 3339 text, ``document`` a digest."""

    agreement: str | None = None
    kind: str
    refs: tuple[str, ...] = ()
    document: str | None = None
    effective: str | None = None
    instant: str | None = None
    reading: str | None = None
    note: str = ""


@command("act.prepare")
async def act_prepare(daemon: "Daemon", args: ActArgs) -> Any:
    """The exact bytes of an act for an office to sign, and what they mean."""
    ledger, effective, instant = _ledger(daemon, args.agreement), _instant(args.effective), _instant(args.instant)
    draft = await daemon.do(
        lambda: agreements.prepare_act(
            daemon.node, ledger, args.kind, refs=args.refs, document=args.document, effective=effective,
            instant=instant, reading=args.reading, note=args.note,
        )
    )  # fmt: skip
    return {"act": draft.data.hex(), "id": draft.statement.id, "agreement": ledger.agreement.hex()}


class SignatureArgs(Args, kw_only=True):
    """A signature, its parts in hex."""

    suite: str
    ed25519: str
    mldsa65: str

    def signature(self) -> Signature:
        """The signature's structure."""
        try:
            return Signature(self.suite, bytes.fromhex(self.ed25519), bytes.fromhex(self.mldsa65))
        except ValueError as error:
            raise UsageError("MALFORMED", "a signature is not hex", "Sign again.") from error


class ActCommitArgs(Args, kw_only=True):
    """A signed act."""

    agreement: str
    act: str
    office: str
    signature: SignatureArgs


@command("act.commit")
async def act_commit(daemon: "Daemon", args: ActCommitArgs) -> Any:
    """Write a signed act."""
    ledger, data = _ledger(daemon, args.agreement), _hex(args.act)
    position = await daemon.do(
        lambda: agreements.commit_act(daemon.node, ledger, data, args.office, args.signature.signature())
    )
    return {"entry": position.seq, **await daemon.do(lambda: views.act_view(ledger, position))}


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise UsageError("MALFORMED", "bytes are not hex", "Prepare it again.") from error


class DeliveredArgs(Args, kw_only=True):
    """The claim of a delivery by another channel, with the file that evidences it."""

    agreement: str | None = None
    act: str
    party: str
    instant: str
    channel: str
    evidence: str


@command("act.delivered")
async def act_delivered(daemon: "Daemon", args: DeliveredArgs) -> Any:
    """Record that one's own act was delivered by hand, by courier, by note."""
    ledger, instant = _ledger(daemon, args.agreement), _instant(args.instant) or 0
    claim = DeliveredClaim(args.act, args.party, instant, args.channel, hashlib.sha256(_read(args.evidence)).digest())
    position = await daemon.do(lambda: agreements.claim_delivery(daemon.node, ledger, claim))
    return {"entry": position.seq}


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


@command("item.compose")
async def item_compose(daemon: "Daemon", args: ComposeArgs) -> Any:
    """Compose an item: what the release authority will approve, and what the gate would say now."""
    ledger = _ledger(daemon, args.agreement)
    request = releases.Request(
        args.title, Path(args.path).name, args.media_type, args.level, args.purpose, args.to, args.precedence,
        args.reality, args.caveats, args.rel_to,
    )  # fmt: skip

    def work() -> releases.Draft:
        try:
            with Path(args.path).open("rb") as payload:
                return releases.compose(daemon.node, ledger, request, payload)
        except OSError as error:
            raise UsageError(
                "UNREADABLE", f"{args.path} cannot be read: {error.strerror}", "Name a readable file."
            ) from error

    draft = await daemon.do(work)
    daemon.drafts[draft.header.item] = draft
    decision, _ = await daemon.do(lambda: releases.judge(daemon.node, ledger, draft, (), daemon.node.instant()))
    reasons = [reason for reason in decision.reasons if reason.code not in _APPROVAL_CODES]
    header = draft.header_bytes.hex()
    return {"item": draft.header.item, "header": header, "agreement": ledger.agreement.hex(), "reasons": reasons}


_APPROVAL_CODES = ("RELEASE_AUTHORITY_MISSING", "SECOND_PERSON_MISSING")
"""What a draft lacks by nature, so that it is no news before anybody has approved."""


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
    ledger, draft = _ledger(daemon, args.agreement), _draft(daemon, args.item)
    approvals = tuple(Approval(_hex(approval.statement), approval.signature.signature()) for approval in args.approvals)
    try:
        position = await daemon.do(lambda: releases.release(daemon.node, ledger, draft, approvals))
    finally:
        daemon.drafts.pop(args.item, None)
    for recipient in draft.header.recipients if draft.header.precedence == "FLASH" else ():
        daemon.link.kick(recipient)
    return await daemon.do(lambda: views.given_view(daemon.node, ledger, position))


class RegisterArgs(Args, kw_only=True):
    """``given`` or ``held``, or both; of one agreement, or all."""

    direction: str | None = None
    agreement: str | None = None


@command("item.register")
async def item_register(daemon: "Daemon", args: RegisterArgs) -> Any:
    """The register, with titles and markings as far as this party may see them."""
    ledger = _ledger(daemon, args.agreement) if args.agreement else None
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
        target = Path(args.path)
        try:
            with target.open("xb") as file:
                for chunk in chunks:
                    file.write(chunk)
        except FileExistsError as error:
            raise UsageError(
                "EXISTS", f"{target} exists already", "Name a new file; nothing was overwritten."
            ) from error
        return views.line_view(daemon.node, line)

    return await daemon.do(work)


class LogArgs(Args, kw_only=True):
    """An agreement, and from which entry of this node's record on."""

    agreement: str | None = None


@command("log.show")
async def log_show(daemon: "Daemon", args: LogArgs) -> Any:
    """Every entry of every party's log, in the order in which this node committed them."""
    ledger = _ledger(daemon, args.agreement)
    return await daemon.do(lambda: views.log_view(daemon.node, ledger))


class ExportArgs(Args, kw_only=True):
    """For which peer, into which new file."""

    peer: str
    path: str


@command("bundle.export")
async def bundle_export(daemon: "Daemon", args: ExportArgs) -> Any:
    """What the peer lacks, sealed into a file to be carried by hand."""
    return await daemon.do(lambda: bundles.export(daemon.node, args.peer, Path(args.path)))


@command("bundle.import")
async def bundle_import(daemon: "Daemon", args: ProposeArgs) -> Any:
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
    ledger = _ledger(daemon, args.agreement)
    return await daemon.do(lambda: evidence.export(daemon.node, ledger, Path(args.path), disclose=args.disclose))


class RestartArgs(Args, kw_only=True):
    """An agreement whose log is to go on in a new incarnation."""

    agreement: str | None = None


@command("restart.prepare")
async def restart_prepare(daemon: "Daemon", args: RestartArgs) -> Any:
    """The statement an office signs to open a new incarnation where no peer can be reached."""
    ledger = _ledger(daemon, args.agreement)
    return {"statement": restart.prepare(daemon.node, ledger).hex(), "agreement": ledger.agreement.hex()}


class RestartCommitArgs(Args, kw_only=True):
    """A signed restart statement."""

    agreement: str
    statement: str
    office: str
    signature: SignatureArgs


@command("restart.commit")
async def restart_commit(daemon: "Daemon", args: RestartCommitArgs) -> Any:
    """Open a new incarnation."""
    ledger = _ledger(daemon, args.agreement)
    signature = args.signature.signature()
    await daemon.do(lambda: restart.commit(daemon.node, ledger, _hex(args.statement), args.office, signature))
    return {}
