"""Commands about standing releases, and about cancelling an item (docs/spec/control.md)."""

from typing import TYPE_CHECKING, Any

from entente.domain.agreement.instants import format_instant
from entente.node import relations, releases, standing
from entente.node.errors import UsageError
from entente.node.ledger import Ledger
from entente.node.registry import Args, SignatureArgs, bytes_of, command, instant_of, the_ledger
from entente.node.writer import URGENT
from entente.record.bodies import Relation, Signer
from entente.record.standings import StandingRecord
from entente.sealing.canonical import encode

if TYPE_CHECKING:
    from entente.node.daemon import Daemon
    from entente.node.node import Node


class SignerArgs(Args, kw_only=True):
    """Who will sign."""

    office: str
    person: str


class PrepareArgs(Args, kw_only=True):
    """A class of items to be approved in advance; instants as RFC 3339 text, it begins now where that is left out."""

    agreement: str | None = None
    media_types: tuple[str, ...]
    level: str
    purposes: tuple[str, ...]
    to: tuple[str, ...]
    precedences: tuple[str, ...]
    realities: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    max_size: int
    begins: str | None = None
    expires: str
    note: str = ""
    signers: tuple[SignerArgs, ...]


@command("standing.prepare")
async def standing_prepare(daemon: "Daemon", args: PrepareArgs) -> Any:
    """The exact bytes of a standing release, for one or two release offices to sign."""
    ledger, begins, expires = the_ledger(daemon, args.agreement), instant_of(args.begins), instant_of(args.expires)

    def work() -> Any:
        asked = standing.ItemClass(
            args.media_types, args.level, args.purposes, args.to, args.precedences, args.realities, args.caveats,
            args.max_size, daemon.node.instant() if begins is None else begins, expires or 0, args.note,
        )  # fmt: skip
        signers = tuple(Signer(signer.office, signer.person) for signer in args.signers)
        statement = standing.prepare(daemon.node, ledger, asked, signers)
        return {"statement": encode(statement).hex(), "id": statement.id, "agreement": ledger.agreement.hex()}

    return await daemon.do(work)


class CommitArgs(Args, kw_only=True):
    """A standing release and the signature of each of its signers, in their order."""

    agreement: str
    statement: str
    signatures: tuple[SignatureArgs, ...]


@command("standing.commit")
async def standing_commit(daemon: "Daemon", args: CommitArgs) -> Any:
    """Write a signed standing release."""
    ledger, data = the_ledger(daemon, args.agreement), bytes_of(args.statement)
    signatures = tuple(signature.signature() for signature in args.signatures)

    def work() -> Any:
        return standing_view(daemon.node, ledger, standing.commit(daemon.node, ledger, data, signatures))

    return await daemon.do(work)


class RevocationArgs(Args, kw_only=True):
    """A standing release of this party, and who will sign its end."""

    agreement: str | None = None
    standing: str
    office: str
    person: str


@command("standing.revocation")
async def standing_revocation(daemon: "Daemon", args: RevocationArgs) -> Any:
    """The exact bytes of a revocation, for any release office to sign."""
    ledger = the_ledger(daemon, args.agreement)

    def work() -> Any:
        statement = standing.prepare_revocation(daemon.node, ledger, args.standing, args.office, args.person)
        return {"statement": encode(statement).hex(), "agreement": ledger.agreement.hex()}

    return await daemon.do(work)


class RevokeArgs(Args, kw_only=True):
    """A signed revocation."""

    agreement: str
    statement: str
    signature: SignatureArgs


@command("standing.revoke")
async def standing_revoke(daemon: "Daemon", args: RevokeArgs) -> Any:
    """Write a signed revocation: nothing leaves under that standing release any more."""
    ledger, data = the_ledger(daemon, args.agreement), bytes_of(args.statement)
    signature = args.signature.signature()
    position = await daemon.do(lambda: standing.revoke(daemon.node, ledger, data, signature), URGENT)  # at once
    return {"entry": position.seq}


class ListArgs(Args, kw_only=True):
    """An agreement."""

    agreement: str | None = None


@command("standing.list")
async def standing_list(daemon: "Daemon", args: ListArgs) -> Any:
    """The standing releases of this party, and those of others that name it."""
    ledger = the_ledger(daemon, args.agreement)

    def work() -> Any:
        records = ledger.projection.standings.records.values()
        own_first = sorted(records, key=lambda record: (record.statement.by != daemon.node.party, record.position))
        return [standing_view(daemon.node, ledger, record) for record in own_first]

    return await daemon.do(work)


def standing_view(node: "Node", ledger: Ledger, record: StandingRecord) -> dict[str, Any]:
    """A standing release as plain values."""
    statement = record.statement
    revoked = ledger.projection.standings.revoked.get((statement.by, statement.id))
    return {
        "id": statement.id,
        "by": statement.by,
        "entry": record.position.seq,
        "state": standing.state_of(ledger, record, node.instant()),
        "signers": [{"office": signer.office, "person": signer.person} for signer in statement.signers],
        "media_types": statement.media_types,
        "level": statement.level,
        "purposes": statement.purposes,
        "recipients": statement.recipients,
        "precedences": statement.precedences,
        "realities": statement.realities,
        "caveats": statement.caveats,
        "max_size": statement.max_size,
        "approved": format_instant(record.instant),
        "begins": format_instant(statement.begins),
        "expires": format_instant(statement.expires),
        "revoked": format_instant(revoked[1]) if revoked is not None else None,
        "note": statement.note,
    }


class CancelArgs(Args, kw_only=True):
    """An item that this party gave, why it is cancelled, and the standing release to do it under, if any."""

    agreement: str | None = None
    item: str
    reason: str
    standing: str | None = None


@command("item.cancel")
async def item_cancel(daemon: "Daemon", args: CancelArgs) -> Any:
    """Compose the cancel of an item: marked and addressed as that was, without a payload, its title the reason."""
    ledger = the_ledger(daemon, args.agreement)

    def work() -> Any:
        node = daemon.node
        found = relations.original(node, node.store, ledger, node.party, args.item)
        if found is None:
            text = f"this party gave no item {args.item[:80]!r} that is known here"
            raise UsageError("NO_SUCH_ITEM", text, "See: entente register --given")
        first, lines = found
        request = releases.Request(
            title=args.reason,
            filename="",
            media_type=first.media_type,
            level=first.marking.level,
            purpose=first.purpose,
            recipients=relations.still_with(first, lines),
            precedence=first.precedence,
            reality=first.reality,
            caveats=first.marking.caveats,
            rel_to=first.marking.rel_to,
            standing=args.standing,
            relation=Relation("cancel", args.item),
        )
        draft = releases.compose_checked(node, ledger, request, releases.seal_inline(node.instant(), b""))
        daemon.drafts[draft.header.item] = draft
        return draft

    return await composed(daemon, ledger, await daemon.do(work))


async def composed(daemon: "Daemon", ledger: Ledger, draft: releases.Draft) -> Any:
    """What the caller is told of a draft: its bytes, and what the gate would say now.

    What only an approval can give is no news before anybody has approved; under a standing release nobody will.
    """
    decision, _ = await daemon.do(lambda: releases.judge(daemon.node, ledger, draft, daemon.node.instant()))
    unsigned = draft.header.standing is None
    reasons = [reason for reason in decision.reasons if not (unsigned and reason.code in _APPROVAL_CODES)]
    header = draft.header_bytes.hex()
    return {"item": draft.header.item, "header": header, "agreement": ledger.agreement.hex(), "reasons": reasons}


_APPROVAL_CODES = ("RELEASE_AUTHORITY_MISSING", "SECOND_PERSON_MISSING")
