"""What the bodies say, one structure per kind of entry (docs/spec/bodies.md).

Each is parsed once by :func:`entente.sealing.canonical.decode`. A ``document`` entry's body is the agreement document
itself, byte for byte as the parties sign it.
"""

from typing import Literal

from entente.sealing.canonical import Wire
from entente.sealing.signing import Signature


class SignedKeys(Wire, frozen=True):
    """Kind ``keys``: a key statement (sealing.identity.KeyStatement, canonical) under the party's root signature."""

    statement: bytes
    signature: Signature


class SealingAnnouncement(Wire, frozen=True):
    """Kind ``sealing``: the party's public sealing key of the day (X-Wing); the log's checkpoint vouches for it."""

    suite: str
    key: bytes  # id: first 8 bytes of SHA-256 over mlkem768 || x25519
    mlkem768: bytes
    x25519: bytes


class EpochSetup(Wire, frozen=True):
    """Kind ``epoch``: a link-epoch key from the writer to one recipient, set up with hybrid HPKE."""

    suite: str
    recipient: str
    epoch: bytes
    key: bytes  # id of the recipient's sealing key
    sealed: bytes


class ActStatement(Wire, frozen=True):
    """What an office signs when it writes a formal act (lifecycle section 1).

    ``roots`` names every party's root-card digest, in the order of the agreement's parties, on a ``sign``, and is
    empty on other acts. Instants are milliseconds since the epoch. ``digest`` and ``roots`` digests are raw 32 bytes.
    """

    schema: Literal["entente/act/1"]
    agreement: bytes
    by: str
    id: str
    kind: str
    refs: tuple[str, ...]
    digest: bytes | None
    effective: int | None
    instant: int | None
    reading: str | None
    roots: tuple[tuple[str, bytes], ...]
    note: str


class SecondSignature(Wire, frozen=True):
    """The signature of a second office under the same bytes, where the terms ask for two persons."""

    office: str
    signature: Signature


class SignedAct(Wire, frozen=True):
    """Kind ``act``: the statement's bytes, the office that binds the party, its signature, and a second one if any."""

    act: bytes
    office: str
    signature: Signature
    second: SecondSignature | None


class DeliveredClaim(Wire, frozen=True):
    """What an office signs when it claims that an act of its party reached another by another allowed channel."""

    schema: Literal["entente/delivered/1"]
    agreement: bytes
    by: str
    act: str
    party: str
    instant: int
    channel: str
    evidence: bytes  # SHA-256 of the stamped copy or courier certificate


class SignedDelivery(Wire, frozen=True):
    """Kind ``delivered``: the claim's bytes, signed as a formal act is: it moves the day on which one counts."""

    claim: bytes
    office: str
    signature: Signature
    second: SecondSignature | None


class MarkingBody(Wire, frozen=True):
    """A marking as carried: the originator's own words are never changed on the way."""

    level: str
    originator: str
    caveats: tuple[str, ...]
    rel_to: tuple[str, ...] | None


class PayloadRef(Wire, frozen=True):
    """What was given: plaintext size, a salted digest of the plaintext, and the digest of its sealed bytes.

    ``segments`` is 0 for a payload carried inline as the entry's second body, else the number of sealed 1 MiB segments.
    """

    size: int
    salt: bytes
    digest: bytes
    sealed: bytes
    segments: int


class Relation(Wire, frozen=True):
    """What an item is to an earlier one of the same sender: it brings it up to date, or cancels it."""

    kind: Literal["update", "cancel"]
    item: str


class StreamPlace(Wire, frozen=True):
    """An item's place in an ordered feed of its sender; ``number`` counts from 1 without gaps."""

    stream: str
    number: int


class TransferHeader(Wire, frozen=True):
    """The signed header of an item (docs/spec/transfer.md). ``composed`` is in milliseconds since the epoch.

    ``standing`` is the id of the standing release under which it is released without an approval of its own.
    """

    schema: Literal["entente/transfer/2"]
    item: str
    agreement: bytes
    terms: bytes
    sender: str
    recipients: tuple[str, ...]
    title: str
    filename: str
    media_type: str
    marking: MarkingBody
    purpose: str
    precedence: str
    reality: str
    composed: int
    payload: PayloadRef
    standing: str | None
    relation: Relation | None
    stream: StreamPlace | None


class ApprovalStatement(Wire, frozen=True):
    """What a release authority signs: exactly this header, hence exactly these bytes, for these recipients."""

    schema: Literal["entente/approval/1"]
    agreement: bytes
    item: str
    header: bytes  # SHA-256 of the header's bytes
    office: str
    person: str  # pseudonymous id of the person within the office; two persons sign with different keys
    at: int


class Approval(Wire, frozen=True):
    """An approval and the office key's signature over its bytes."""

    statement: bytes
    signature: Signature


class Signer(Wire, frozen=True):
    """Who signs: an office, and a pseudonymous id of the person within it."""

    office: str
    person: str


class StandingStatement(Wire, frozen=True):
    """What release authorities sign in advance for a class of items (docs/spec/bodies.md, section 5).

    Instants are milliseconds since the epoch, ``expires`` the first at which it no longer holds. ``level`` is a
    ceiling, one of the party's own markings. An empty list allows nothing, or nobody.
    """

    schema: Literal["entente/standing/1"]
    agreement: bytes
    by: str
    id: str
    signers: tuple[Signer, ...]
    media_types: tuple[str, ...]
    level: str
    purposes: tuple[str, ...]
    recipients: tuple[str, ...]
    precedences: tuple[str, ...]
    realities: tuple[str, ...]
    caveats: tuple[str, ...]
    max_size: int
    begins: int
    expires: int
    note: str


class SignedStanding(Wire, frozen=True):
    """Kind ``standing``: the statement's bytes, and the signature of each of its signers in their order."""

    statement: bytes
    signatures: tuple[Signature, ...]


class RevocationStatement(Wire, frozen=True):
    """What a release authority signs to end one of its party's standing releases at once."""

    schema: Literal["entente/revocation/1"]
    agreement: bytes
    by: str
    id: str
    office: str
    person: str


class SignedRevocation(Wire, frozen=True):
    """Kind ``revocation``: the statement's bytes and the office's signature."""

    statement: bytes
    signature: Signature


class SaidValue(Wire, frozen=True):
    """One field of a step as carried; ``lang`` is "" where the value is of no language (docs/spec/relations.md)."""

    name: str
    lang: str
    value: str


class TextRef(Wire, frozen=True):
    """A text that travels as a body of its own beside a step: the SHA-256 of its bytes, and their number."""

    lang: str
    media_type: str
    digest: bytes
    size: int


class StepStatement(Wire, frozen=True):
    """What an office signs about a matter around the agreement (docs/spec/relations.md).

    ``audience``: the parties that the matter is between, the writer among them, in the agreement's order. ``opening``
    is the SHA-256 of the statement that opened the matter, empty on that one: nobody can put another in its place under
    an answer. ``texts`` are the entry's bodies from the second on. ``nonce`` is 16 random bytes: what was signed once
    counts once, and the same may be said again by signing anew.
    """

    schema: Literal["entente/step/1"]
    agreement: bytes
    by: str
    matter: str
    opening: bytes
    kind: str
    verb: str
    audience: tuple[str, ...]
    refs: tuple[str, ...]
    said: tuple[SaidValue, ...]
    texts: tuple[TextRef, ...]
    signers: tuple[Signer, ...]
    nonce: bytes


class SignedStep(Wire, frozen=True):
    """Kind ``step``, first body: the statement's bytes, and the signature of each of its signers in their order."""

    statement: bytes
    signatures: tuple[Signature, ...]


class Transfer(Wire, frozen=True):
    """Kind ``transfer``, first body: the header's bytes and the approvals that release it."""

    header: bytes
    approvals: tuple[Approval, ...]


class Refused(Wire, frozen=True):
    """An entry that the recipient did not accept, with a coarse code that tells nothing else."""

    seq: int
    code: str


class ReceivedOf(Wire, frozen=True):
    """What was accepted (inclusive ranges of sequence numbers) and refused of one log."""

    writer: str
    incarnation: str
    accepted: tuple[tuple[int, int], ...]
    refused: tuple[Refused, ...]


class Received(Wire, frozen=True):
    """Kind ``received``: the machine receipt, written after digests verify and the gate has spoken."""

    of: tuple[ReceivedOf, ...]


class Restart(Wire, frozen=True):
    """Kind ``restart``: first entry of a new incarnation; ``statement`` is signed by an office that binds the party."""

    statement: bytes
    office: str
    signature: Signature


class RestartStatement(Wire, frozen=True):
    """The last head of the incarnation before that the party knows of; both branches are kept."""

    schema: Literal["entente/restart/1"]
    agreement: bytes
    party: str
    previous: str
    size: int
    root: bytes
    incarnation: str


class NationalHead(Wire, frozen=True):
    """Kind ``national``: the national log's size and head, blinded with a salt that stays at home."""

    blinded: bytes
