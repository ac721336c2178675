"""Commands about agreements and formal acts (docs/spec/control.md)."""

from typing import TYPE_CHECKING, Any

from entente.node import agreements, delivery, views
from entente.node.registry import Args, SignatureArgs, bytes_of, command, instant_of, read_file, the_ledger
from entente.node.writer import URGENT
from entente.record.bodies import DeliveredClaim, SecondSignature
from entente.sealing.canonical import encode

if TYPE_CHECKING:
    from entente.node.daemon import Daemon


class ProposeArgs(Args, kw_only=True):
    """The document's file."""

    path: str


@command("agreement.propose")
async def agreement_propose(daemon: "Daemon", args: ProposeArgs) -> Any:
    """Put a document before the other parties."""
    ledger = await daemon.do(lambda: agreements.propose(daemon.node, read_file(args.path)))
    return {"agreement": ledger.agreement.hex()}


class DocumentArgs(Args, kw_only=True):
    """An amending document."""

    agreement: str | None = None
    path: str


@command("agreement.document")
async def agreement_document(daemon: "Daemon", args: DocumentArgs) -> Any:
    """Put an amending document into the record."""
    ledger = the_ledger(daemon, args.agreement)
    return {"digest": await daemon.do(lambda: agreements.add_document(daemon.node, ledger, read_file(args.path)))}


class DocumentsArgs(Args, kw_only=True):
    """An agreement."""

    agreement: str | None = None


@command("agreement.documents")
async def agreement_documents(daemon: "Daemon", args: DocumentsArgs) -> Any:
    """Every document in the agreement's record, by digest: the caller can check each against it."""
    ledger = the_ledger(daemon, args.agreement)
    documents = await daemon.do(lambda: dict(ledger.projection.document_bytes))
    return {"documents": {digest: data.decode() for digest, data in documents.items()}}


class StatusArgs(Args, kw_only=True):
    """An agreement, and an instant if not now."""

    agreement: str | None = None
    at: str | None = None


@command("agreement.status")
async def agreement_status(daemon: "Daemon", args: StatusArgs) -> Any:
    """The agreement's status, one's own view first."""
    ledger, at = the_ledger(daemon, args.agreement), instant_of(args.at)
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
    ledger, effective, instant = (
        the_ledger(daemon, args.agreement),
        instant_of(args.effective),
        instant_of(args.instant),
    )

    def work() -> Any:
        draft = agreements.prepare_act(
            daemon.node, ledger, args.kind, refs=args.refs, document=args.document, effective=effective,
            instant=instant, reading=args.reading, note=args.note,
        )  # fmt: skip
        refusal = agreements.foreseen_refusal(daemon.node, ledger, draft.statement)
        shown = {"code": refusal.code, "text": refusal.text} if refusal else None
        return {
            "act": draft.data.hex(), "id": draft.statement.id, "agreement": ledger.agreement.hex(), "refusal": shown,
        }  # fmt: skip

    return await daemon.do(work)


class SecondArgs(Args, kw_only=True):
    """The signature of a second office."""

    office: str
    signature: SignatureArgs

    def second(self) -> SecondSignature:
        """The signature's structure."""
        return SecondSignature(self.office, self.signature.signature())


class ActCommitArgs(Args, kw_only=True):
    """A signed act; ``second`` where the terms ask for two persons."""

    agreement: str
    act: str
    office: str
    signature: SignatureArgs
    second: SecondArgs | None = None


@command("act.commit")
async def act_commit(daemon: "Daemon", args: ActCommitArgs) -> Any:
    """Write a signed act."""
    ledger, data = the_ledger(daemon, args.agreement), bytes_of(args.act)

    def work() -> Any:
        second = args.second.second() if args.second is not None else None
        position = agreements.commit_act(daemon.node, ledger, data, args.office, args.signature.signature(), second)
        return {"entry": position.seq, **views.act_view(ledger, position)}  # as written, before anybody can answer

    return await daemon.do(work, URGENT)


class DeliveryArgs(Args, kw_only=True):
    """The claim of a delivery by another channel, with the SHA-256 (hex) of the file that evidences it."""

    agreement: str | None = None
    act: str
    party: str
    instant: str
    channel: str
    evidence: str


@command("delivery.prepare")
async def delivery_prepare(daemon: "Daemon", args: DeliveryArgs) -> Any:
    """The exact bytes of the claim that one's own act was delivered by hand, by courier, by note."""
    ledger, instant, evidence = (
        the_ledger(daemon, args.agreement),
        instant_of(args.instant) or 0,
        bytes_of(args.evidence),
    )

    def work() -> Any:
        node = daemon.node
        claim = DeliveredClaim(
            schema="entente/delivered/1",
            agreement=ledger.agreement,
            by=node.party,
            act=args.act,
            party=args.party,
            instant=instant,
            channel=args.channel,
            evidence=evidence,
        )
        delivery.check(node, ledger, claim, node.instant())
        return {"statement": encode(claim).hex(), "agreement": ledger.agreement.hex()}

    return await daemon.do(work)


class DeliveryCommitArgs(Args, kw_only=True):
    """A signed claim; ``second`` where the terms ask for two persons."""

    agreement: str
    statement: str
    office: str
    signature: SignatureArgs
    second: SecondArgs | None = None


@command("delivery.commit")
async def delivery_commit(daemon: "Daemon", args: DeliveryCommitArgs) -> Any:
    """Write a signed claim of delivery. It cannot be undone."""
    ledger, data = the_ledger(daemon, args.agreement), bytes_of(args.statement)
    signature, second = args.signature.signature(), args.second.second() if args.second is not None else None
    position = await daemon.do(lambda: delivery.commit(daemon.node, ledger, data, args.office, signature, second))
    return {"entry": position.seq}
