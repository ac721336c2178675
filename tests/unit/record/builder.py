"""Real logs of two parties, with real keys: what the tests of the record are made of.

Nothing is faked: roots sign key statements, offices sign acts and approvals, every log has its tree, checkpoints and
cosignatures. Secrets are derived from names, so that a world is the same every time but for salted signatures.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from entente.record.bodies import (
    ActStatement,
    Approval,
    ApprovalStatement,
    DeliveredClaim,
    MarkingBody,
    PayloadRef,
    Received,
    ReceivedOf,
    Refused,
    SignedAct,
    SignedDelivery,
    SignedKeys,
    Transfer,
    TransferHeader,
)
from entente.record.checkpoint import Checkpoint, cosign, cosigner_name, origin, sign_checkpoint
from entente.record.envelope import BodyRef, DeliveredBody, Delivery, Envelope, Seen, commitment
from entente.record.frames import AnyFrame, Cosigned, Entries, write_frames
from entente.record.merkle import Frontier, leaf_hash
from entente.record.trust import KeyHistory
from entente.sealing.canonical import encode
from entente.sealing.identity import KeyStatement, OfficeKey, make_root, parse_root, root_digest, sign_statement
from entente.sealing.seal import payload_digest
from entente.sealing.signing import HybridKey, NodeKey, Signature

MAGIC = b"entente/evidence/1\n"
NOON = 1_574_000_000_000
"""2019-11-17, in ms: before the notice of the sample case would have ended it."""

DOCUMENT = """
schema = "entente/agreement/1"
name = "jp-kr-exercise"
title = { en = "Agreement (exercise)" }
parties = ["jp", "kr"]

[articles]
termination = "21(3)"

[party.jp]
name = { en = "Japan" }
zone = "Asia/Tokyo"

[party.kr]
name = { en = "Republic of Korea" }
zone = "Asia/Seoul"

[force]
rule = "later_notification"

[term]
length = "P1Y"
extension = "P1Y"

[termination]
rule = "end_of_term"
lead = "P90D"
clock_starts = "receipt"
zone = "Asia/Seoul"

[[levels]]
common = "SECRET"
jp = ["極秘"]
kr = ["군사Ⅱ급비밀"]

[third_party]
consent = "prior_written"

[purposes]
allowed = ["missile-warning"]

[survival]
rule = "while_held"
""".encode()
AGREEMENT = hashlib.sha256(DOCUMENT).digest()


def secret(name: str, size: int) -> bytes:
    return hashlib.shake_256(name.encode()).digest(size)


@dataclass
class Party:
    """A party's keys: root, checkpoint, cosigning, and one office that may bind and release."""

    id: str
    simulated: bool = True
    root: HybridKey = field(init=False)
    card: bytes = field(init=False)
    office: HybridKey = field(init=False)
    checkpoint: NodeKey = field(init=False)
    cosign: NodeKey = field(init=False)

    def __post_init__(self) -> None:
        self.root = HybridKey.from_secret(secret(f"{self.id} root", 64))
        self.card = make_root(self.id, self.root.public, simulated=self.simulated, successor=None)
        self.office = HybridKey.from_secret(secret(f"{self.id} office", 64))
        self.checkpoint = NodeKey.from_secret(secret(f"{self.id} checkpoint", 32))
        self.cosign = NodeKey.from_secret(secret(f"{self.id} cosign", 32))

    @property
    def digest(self) -> bytes:
        return root_digest(self.card)

    def history(self) -> KeyHistory:
        return KeyHistory.start(parse_root(self.card), self.digest)

    def statement(
        self,
        number: int = 1,
        *,
        roles: tuple[str, ...] = ("bind", "release"),
        checkpoint: NodeKey | None = None,
        cosign: NodeKey | None = None,
    ) -> tuple[bytes, Signature]:
        statement = KeyStatement(
            schema="entente/keys/1",
            suite="E1",
            party=self.id,
            root=self.digest,
            number=number,
            simulated=self.simulated,
            checkpoint=(checkpoint or self.checkpoint).public,
            cosign=(cosign or self.cosign).public,
            tls=secret(f"{self.id} tls", 32),
            offices=(OfficeKey("office", roles, self.office.public.ed25519, self.office.public.mldsa65),),
        )
        return sign_statement(self.root, statement)

    def signed_keys(self, number: int = 1, **changes: object) -> bytes:
        return encode(SignedKeys(*self.statement(number, **changes)))  # type: ignore[arg-type]


@dataclass
class Log:
    """A party's own log as it writes it."""

    party: Party
    agreement: bytes = AGREEMENT
    incarnation: str = "0123456789abcdef"
    deliveries: list[Delivery] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    frontiers: list[Frontier] = field(default_factory=lambda: [Frontier()])
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    answered: int = 0

    @property
    def size(self) -> int:
        return len(self.deliveries)

    @property
    def origin(self) -> str:
        return origin(self.agreement, self.party.id, self.incarnation)

    def head(self) -> Seen:
        return Seen(self.party.id, self.incarnation, self.size, self.frontiers[-1].root())

    def append(
        self, kind: str, bodies: Sequence[bytes], at: int, *, seen: tuple[Seen, ...] = (), **changes: object
    ) -> int:
        """Write one entry, bodies in clear beside it; ``changes`` are fields of the envelope. Returns its number."""
        salted = [(secret(f"{self.origin} {self.size} {place}", 32), body) for place, body in enumerate(bodies)]
        fields: dict[str, object] = {
            "version": 1,
            "suite": "E1",
            "agreement": self.agreement,
            "writer": self.party.id,
            "incarnation": self.incarnation,
            "seq": self.size,
            "kind": kind,
            "instant": at,
            "precedence": None,
            "reality": None,
            "seen": seen,
            "bodies": tuple(BodyRef(len(body), commitment(salt, body)) for salt, body in salted),
            "payload": 0,
        }
        envelope = Envelope(**(fields | changes))  # type: ignore[arg-type]
        delivery = Delivery(encode(envelope), tuple(DeliveredBody(False, salt + body) for salt, body in salted), None)
        return self.carry(envelope, delivery)

    def carry(self, envelope: Envelope, delivery: Delivery) -> int:
        self.deliveries.append(delivery)
        self.envelopes.append(envelope)
        self.frontiers.append(self.frontiers[-1].append(leaf_hash(delivery.envelope)))
        return self.size - 1

    def checkpoint(self, size: int | None = None) -> str:
        size = self.size if size is None else size
        return sign_checkpoint(Checkpoint(self.origin, size, self.frontiers[size].root()), self.party.checkpoint)

    def frame(self, first: int = 0, end: int | None = None, checkpoint: str | None = None) -> Entries:
        end = self.size if end is None else end
        text = self.checkpoint(end) if checkpoint is None else checkpoint
        return Entries(
            self.agreement, self.party.id, self.incarnation, first, tuple(self.deliveries[first:end]), text, ()
        )

    def cosigned(
        self, by: Party, size: int | None = None, time_s: int = NOON // 1000, *, key: NodeKey | None = None
    ) -> Cosigned:
        text = cosign(self.checkpoint(size), key or by.cosign, cosigner_name(self.agreement, by.id), time_s)
        return Cosigned(self.agreement, self.party.id, self.incarnation, text)


class World:
    """Two parties under one agreement. Each writes as a node would: what it saw first, then its entry."""

    def __init__(self) -> None:
        self.jp, self.kr = Party("jp"), Party("kr")
        self.logs = {party.id: Log(party, AGREEMENT) for party in (self.jp, self.kr)}
        self.now = NOON

    def other(self, party: str) -> str:
        return "kr" if party == "jp" else "jp"

    @property
    def roots(self) -> tuple[bytes, bytes]:
        return self.jp.card, self.kr.card

    def write(self, party: str, kind: str, bodies: Sequence[bytes], **changes: object) -> int:
        """One entry, a second after the last; names the other's head if it has changed."""
        self.now += 1000
        log, other = self.logs[party], self.logs[self.other(party)]
        seen: tuple[Seen, ...] = ()
        if other.size > log.seen.get((other.party.id, other.incarnation), 0):
            seen = (other.head(),)
            log.seen[other.party.id, other.incarnation] = other.size
        return log.append(kind, bodies, self.now, seen=seen, **changes)

    def keys(self, party: str, number: int = 1) -> int:
        return self.write(party, "keys", [self.logs[party].party.signed_keys(number)])

    def act(self, party: str, kind: str, *, signer: HybridKey | None = None, **changes: object) -> int:
        """A formal act, signed by the party's office; ``changes`` are fields of the statement."""
        log = self.logs[party]
        number = 1 + sum(envelope.kind == "act" for envelope in log.envelopes)
        signs = kind == "sign"
        fields: dict[str, object] = {
            "schema": "entente/act/1",
            "agreement": AGREEMENT,
            "by": party,
            "id": f"{party}-{number}",
            "kind": kind,
            "refs": (),
            "digest": AGREEMENT if signs else None,
            "effective": None,
            "instant": None,
            "reading": None,
            "roots": (("jp", self.jp.digest), ("kr", self.kr.digest)) if signs else (),
            "note": "",
        }
        data = encode(ActStatement(**(fields | changes)))  # type: ignore[arg-type]
        signature = (signer or log.party.office).sign("act", data)
        return self.write(party, "act", [encode(SignedAct(data, "office", signature, None))])

    def deliver(self, party: str, act: str, to: str, at: int) -> int:
        """The claim that an act reached a party by hand at ``at``, signed by the party's office."""
        claim = encode(DeliveredClaim("entente/delivered/1", AGREEMENT, party, act, to, at, "hand", bytes(32)))
        signature = self.logs[party].party.office.sign("delivered", claim)
        return self.write(party, "delivered", [encode(SignedDelivery(claim, "office", signature, None))])

    def transfer(
        self,
        party: str,
        item: str,
        data: bytes | None = b"launch detected",
        *,
        approver: HybridKey | None = None,
        level: str | None = None,
        **changes: object,
    ) -> int:
        """An item released to the other party, its payload inline or beside; ``changes`` are fields of the header."""
        sender = self.logs[party].party
        salt = secret(item, 32)
        fields: dict[str, object] = {
            "schema": "entente/transfer/2",
            "item": item,
            "agreement": AGREEMENT,
            "terms": AGREEMENT,
            "sender": party,
            "recipients": (self.other(party),),
            "title": f"Report {item}",
            "filename": "report.txt",
            "media_type": "text/plain",
            "marking": MarkingBody(level or {"jp": "極秘", "kr": "군사Ⅱ급비밀"}[party], party, (), None),
            "purpose": "missile-warning",
            "precedence": "FLASH",
            "reality": "exercise",
            "composed": self.now,
            "payload": PayloadRef(len(data or b""), salt, payload_digest(salt, [data or b""]), b"", 0),
            "standing": None,
            "relation": None,
            "stream": None,
        }
        header = encode(TransferHeader(**(fields | changes)))  # type: ignore[arg-type]
        digest = hashlib.sha256(header).digest()
        approval = encode(ApprovalStatement("entente/approval/1", AGREEMENT, item, digest, "office", "p1", self.now))
        approvals = (Approval(approval, (approver or sender.office).sign("approval", approval)),)
        body = encode(Transfer(header, approvals))
        bodies = [body] if data is None else [body, data]
        outside: dict[str, object] = {"precedence": "FLASH", "reality": changes.get("reality", "exercise")}
        if isinstance(reference := changes.get("payload"), PayloadRef) and reference.segments:
            outside["payload"] = reference.size
        return self.write(party, "transfer", bodies, **outside)

    def receive(self, party: str, refused: dict[int, str] | None = None) -> int:
        """The machine receipt for every act and transfer of the other party not answered yet."""
        log, other = self.logs[party], self.logs[self.other(party)]
        open_ = [e.seq for e in other.envelopes[log.answered :] if e.kind in ("act", "transfer")]
        refusals = tuple(Refused(seq, code) for seq, code in sorted((refused or {}).items()))
        accepted = tuple((seq, seq) for seq in open_ if seq not in (refused or {}))
        log.answered = other.size
        of = ReceivedOf(other.party.id, other.incarnation, accepted, refusals)
        return self.write(party, "received", [encode(Received((of,)))])

    def bring_into_force(self) -> None:
        """Keys, document, signatures, completion and their receipts: in force from then on."""
        self.keys("jp")
        self.write("jp", "document", [DOCUMENT])
        self.act("jp", "sign")
        self.act("jp", "notify_completion")
        self.keys("kr")
        self.act("kr", "sign")
        self.act("kr", "notify_completion")
        self.receive("kr")
        self.receive("jp")

    def frames(self) -> list[AnyFrame]:
        """Each log in two frames, the first cosigned as well as the whole."""
        frames: list[AnyFrame] = []
        for name, log in self.logs.items():
            peer = self.logs[self.other(name)].party
            half = max(1, log.size // 2)
            frames += [log.frame(0, half), log.frame(half), log.cosigned(peer, half), log.cosigned(peer)]
        return frames

    def evidence(self) -> bytes:
        return b"".join(write_frames(MAGIC, self.frames()))


def lived_world() -> World:
    """An agreement in force, two items one way and one back, a refusal and one item unanswered."""
    world = World()
    world.bring_into_force()
    world.transfer("kr", "item-1")
    world.transfer("kr", "item-2", b"second")
    world.receive("jp", {world.logs["kr"].size - 1: "OTHER"})
    world.transfer("jp", "item-3")
    world.receive("kr")
    world.transfer("kr", "item-4")
    return world


def in_force_history(party: Party) -> KeyHistory:
    """The keys of a party whose log begins with its first statement."""
    return party.history().apply(0, *party.statement())
