"""Trust in a party's keys: root cards, key statements, pairing cards (docs/spec/keys.md, docs/spec/cards.md).

A party is its root: a pair of public keys on a card whose SHA-256 people compare by voice, as twelve words. The root
signs key statements, and a statement names every other key the party uses. Statements are numbered; one that stands
later in the log and has a higher number replaces the one before it, and a key it does not repeat has ceased. Each root
commits to its successor's card, so that a lost root can be followed without anybody's leave.

What the caller still owes: that the root is the one it was given separately, that a statement's number is higher than
the last (:func:`check_replaces`), and that a key was valid at the log position where it was used.
"""

import hashlib
import hmac
import re
from functools import cache
from typing import Final, Literal, TypeVar

import msgspec
from mnemonic import Mnemonic

from entente.sealing.canonical import NotCanonicalError, Wire, decode, decode_json, encode, encode_json
from entente.sealing.certificates import check_certificate, ed25519_spki_digest
from entente.sealing.errors import BadCardError, BadKeyError, BadSignatureError, BadStatementError
from entente.sealing.seal import SealingPublic
from entente.sealing.signing import (
    ED25519_PUBLIC,
    MLDSA65_PUBLIC,
    HybridKey,
    HybridPublic,
    NodeKey,
    Signature,
    verify_node,
)
from entente.sealing.suites import SUITE, check_suite, prefixed

ROLES: Final = frozenset({"bind", "release", "restart"})
"""``bind``: formal acts and restarts; ``release``: approvals and consents; ``restart``: restarts alone."""
MAX_CARD: Final = 128 * 1024
MAX_STATEMENT: Final = 66 * 1024
MAX_OFFICES: Final = 32
MAX_ADDRESSES: Final = 16
WORDS: Final = 12
_Card = TypeVar("_Card", bound=msgspec.Struct)
_ID = re.compile(r"[a-z0-9-]{1,64}")
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\]):([1-9][0-9]{0,4})")


class RootCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A party's root: canonical JSON, public, compared by its digest.

    ``successor`` is the SHA-256, lower-case hex, of the root card that will follow this one, "" where none will.
    """

    schema: Literal["entente/root/1"]
    suite: str
    party: str
    simulated: bool
    ed25519: bytes
    mldsa65: bytes
    successor: str

    @property
    def public(self) -> HybridPublic:
        """The root's public keys."""
        return HybridPublic(self.ed25519, self.mldsa65)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the card's bytes; a card has one encoding only."""
        return root_digest(encode_json(self))


class OfficeKey(Wire, frozen=True):
    """An office of a party, what it may do (:data:`ROLES`), and its public keys."""

    id: str
    roles: tuple[str, ...]
    ed25519: bytes
    mldsa65: bytes

    @property
    def public(self) -> HybridPublic:
        """The office's public keys."""
        return HybridPublic(self.ed25519, self.mldsa65)


class KeyStatement(Wire, frozen=True):
    """Every key a party uses beside its root, as the root says (appended to each of the party's logs).

    ``root`` is the root card's digest; ``number`` counts from 1; ``checkpoint`` and ``cosign`` are raw Ed25519 keys;
    ``tls`` is the SHA-256 of the TLS key's SubjectPublicKeyInfo (DER).
    """

    schema: Literal["entente/keys/1"]
    suite: str
    party: str
    root: bytes
    number: int
    simulated: bool
    checkpoint: bytes
    cosign: bytes
    tls: bytes
    offices: tuple[OfficeKey, ...]

    def office(self, office: str, role: str) -> HybridPublic | None:
        """The keys of an office that holds ``role``, None where there is no such office or it does not."""
        return next((key.public for key in self.offices if key.id == office and role in key.roles), None)


class PairingCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a party hands another to be paired: its root card, key statement, sealing key, certificate, addresses.

    ``voucher`` is the checkpoint key's signature over everything that neither the root card nor the statement says:
    without it, whoever carries the card could put in a sealing key of his own.
    """

    schema: Literal["entente/card/1"]
    root: bytes
    statement: bytes
    signature: Signature
    sealing: SealingPublic
    tls_certificate: str
    addresses: tuple[str, ...]
    voucher: bytes

    @property
    def root_card(self) -> RootCard:
        """The root card in it, parsed."""
        return parse_root(self.root)

    @property
    def key_statement(self) -> KeyStatement:
        """The key statement in it, checked against its root."""
        root = self.root_card
        return check_statement(root, root_digest(self.root), self.statement, self.signature)


class _Vouched(Wire, frozen=True):
    statement: bytes
    sealing: SealingPublic
    tls_certificate: str
    addresses: tuple[str, ...]


def make_root(party: str, public: HybridPublic, *, simulated: bool, successor: bytes | None) -> bytes:
    """The bytes of a root card; ``successor`` is the digest of the card that will follow, None where none will.

    Raises:
        BadCardError: as for :func:`parse_root`.
    """
    following = successor.hex() if successor is not None else ""
    card = RootCard("entente/root/1", SUITE, party, simulated, public.ed25519, public.mldsa65, following)
    data = encode_json(card)
    parse_root(data)
    return data


def parse_root(card_bytes: bytes) -> RootCard:
    """Parse a root card and check its form. It proves nothing: compare its digest with what you were given.

    Raises:
        BadCardError: not canonical, or a field out of its range.
        UnknownSuiteError: for algorithms that this software does not have.
    """
    card = _parse(RootCard, card_bytes)
    check_suite(card.suite)
    if not _ID.fullmatch(card.party):
        raise BadCardError("the root card's party is not an id")
    if len(card.ed25519) != ED25519_PUBLIC or len(card.mldsa65) != MLDSA65_PUBLIC:
        raise BadCardError("a key on the root card is not of its length")
    if card.successor and not _HEX_DIGEST.fullmatch(card.successor):
        raise BadCardError("the root card's successor is not a digest")
    return card


def root_digest(card_bytes: bytes) -> bytes:
    """Plain SHA-256 of the card's bytes, so that ``sha256sum`` agrees."""
    return hashlib.sha256(card_bytes).digest()


def check_successor(old: RootCard, new_card_bytes: bytes) -> RootCard:
    """The card that follows ``old``, if it is the one that ``old`` committed to.

    Raises:
        BadCardError: no successor was named, this is not it, or it is of another party, kind of node, or the same key.
        UnknownSuiteError: as for :func:`parse_root`.
    """
    if not hmac.compare_digest(root_digest(new_card_bytes).hex(), old.successor):
        raise BadCardError("this is not the root card that the old one committed to")
    new = parse_root(new_card_bytes)
    if (new.party, new.simulated) != (old.party, old.simulated):
        raise BadCardError("a root's successor is of the same party and kind of node")
    if new.ed25519 == old.ed25519 or new.mldsa65 == old.mldsa65:
        raise BadCardError("a root's successor has new keys")
    return new


def fingerprint_words(digest: bytes) -> tuple[str, ...]:
    """Twelve words that stand for a root card's digest: BIP-39, English, over its first 128 bits and a checksum.

    They are read aloud by the card's owner. To pass off another card, a deceiver needs a second preimage of the words
    that were read, 2**128 work; the 2**64 of a collision would give one party two cards of its own with the same words,
    and every ``sign`` names the whole digest.

    Raises:
        ValueError: not a SHA-256 digest.
    """
    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError("words stand for a SHA-256 digest")
    return tuple(_english().to_mnemonic(digest[:16]).split(" "))


def words_match(digest: bytes, typed: str) -> bool:
    """Whether somebody typed the words of this digest, in constant time; case, spacing and punctuation do not count."""
    words = " ".join(re.findall(r"[^\W\d_]+", typed.casefold()))
    return hmac.compare_digest(words.encode(), " ".join(fingerprint_words(digest)).encode())


@cache
def _english() -> Mnemonic:
    return Mnemonic("english")


def sign_statement(root_key: HybridKey, statement: KeyStatement) -> tuple[bytes, Signature]:
    """The statement's bytes and the root's signature over them.

    Raises:
        BadStatementError: the statement's form is wrong; it is not signed.
    """
    _check_form(root_key.public, statement)
    data = encode(statement)
    return data, root_key.sign("keys", data)


def check_statement(root: RootCard, root_digest: bytes, statement_bytes: bytes, signature: Signature) -> KeyStatement:
    """Verify and parse a key statement: (1) signature, (2) form, (3) root, (4) party, (5) simulated or real.

    The caller owes: that ``root`` is trusted, and that the number is higher than before (:func:`check_replaces`).

    Raises:
        BadSignatureError: (1) not signed by this root.
        UnknownSuiteError: (1), (2) algorithms that this software does not have.
        BadStatementError: (2) to (5).
    """
    if len(statement_bytes) > MAX_STATEMENT:
        raise BadStatementError(f"a key statement has at most {MAX_STATEMENT} bytes")
    root.public.verify("keys", statement_bytes, signature)  # (1)
    try:
        statement = decode(KeyStatement, statement_bytes)
    except NotCanonicalError as error:
        raise BadStatementError(str(error)) from error
    _check_form(root.public, statement)  # (2)
    if not root_digest == root.digest == statement.root:  # (3)
        raise BadStatementError("the key statement names another root")
    if statement.party != root.party:  # (4)
        raise BadStatementError("the key statement is of another party than its root")
    if statement.simulated != root.simulated:  # (5)
        raise BadStatementError("a simulated node's keys never stand under a real root, nor the reverse")
    return statement


def _check_form(root: HybridPublic, statement: KeyStatement) -> None:
    check_suite(statement.suite)
    if not _ID.fullmatch(statement.party):
        raise BadStatementError("the key statement's party is not an id")
    if statement.number < 1:
        raise BadStatementError("key statements are numbered from 1")
    if {len(statement.root), len(statement.checkpoint), len(statement.cosign), len(statement.tls)} != {32}:
        raise BadStatementError("a digest or key of the statement is not of its length")
    if len(statement.offices) > MAX_OFFICES:
        raise BadStatementError(f"a key statement has at most {MAX_OFFICES} offices")
    for office in statement.offices:
        _check_office(office)
    if len({office.id for office in statement.offices}) != len(statement.offices):
        raise BadStatementError("two offices have the same id")
    _check_distinct(root, statement)


def _check_office(office: OfficeKey) -> None:
    if not _ID.fullmatch(office.id):
        raise BadStatementError("an office's name is not an id")
    if len(set(office.roles)) != len(office.roles) or not ROLES.issuperset(office.roles):
        raise BadStatementError(f"an office's roles are of {', '.join(sorted(ROLES))}, each once")
    if len(office.ed25519) != ED25519_PUBLIC or len(office.mldsa65) != MLDSA65_PUBLIC:
        raise BadStatementError("a key of an office is not of its length")


def _check_distinct(root: HybridPublic, statement: KeyStatement) -> None:
    """One key, one use: what one key signs then never counts as another's, and losing one loses one."""
    classical = [root.ed25519, statement.checkpoint, statement.cosign, *(key.ed25519 for key in statement.offices)]
    lattice = [root.mldsa65, *(key.mldsa65 for key in statement.offices)]
    if len(set(classical)) != len(classical) or len(set(lattice)) != len(lattice):
        raise BadStatementError("two of the keys are the same")
    if statement.tls in {ed25519_spki_digest(public) for public in classical}:
        raise BadStatementError("two of the keys are the same")


def check_replaces(held: KeyStatement, statement: KeyStatement) -> None:
    """Return if ``statement`` may follow ``held`` in a log; its root may be the successor of the one before.

    Raises:
        BadStatementError: its number is not higher, or it is of another party or kind of node.
    """
    if statement.number <= held.number:
        raise BadStatementError(f"key statement {statement.number} does not come after {held.number}")
    if (statement.party, statement.simulated) != (held.party, held.simulated):
        raise BadStatementError("a key statement is replaced by one of the same party and kind of node")


def make_card(
    checkpoint: NodeKey,
    *,
    root: bytes,
    statement: bytes,
    signature: Signature,
    sealing: SealingPublic,
    tls_certificate: str,
    addresses: tuple[str, ...],
) -> bytes:
    """The bytes of a pairing card, checked as the other party will check them.

    Raises:
        SealingError: as for :func:`parse_card`.
    """
    voucher = checkpoint.sign(_vouched(statement, sealing, tls_certificate, addresses))
    card = PairingCard("entente/card/1", root, statement, signature, sealing, tls_certificate, addresses, voucher)
    data = encode_json(card)
    parse_card(data)
    return data


def parse_card(data: bytes) -> PairingCard:
    """Parse a pairing card and check that its parts belong together.

    (1) form, (2) root card, (3) key statement under that root, (4) the voucher by the statement's checkpoint key,
    (5) sealing key, (6) certificate, (7) addresses. Whether the root is the party's, only its words can say.

    Raises:
        BadCardError: (1), (2), (5), (6), (7).
        BadStatementError: (3).
        BadSignatureError: (3), (4).
        UnknownSuiteError: algorithms that this software does not have.
    """
    card = _parse(PairingCard, data)  # (1)
    statement = card.key_statement  # (2), (3)
    message = _vouched(card.statement, card.sealing, card.tls_certificate, card.addresses)
    try:
        verify_node(statement.checkpoint, card.voucher, message)  # (4)
    except BadSignatureError as error:
        raise BadSignatureError("the card is not vouched for by the party's checkpoint key") from error
    try:
        card.sealing.check()  # (5)
    except BadKeyError as error:
        raise BadCardError(str(error)) from error
    check_certificate(card.tls_certificate, statement.party, statement.tls)  # (6)
    check_addresses(card.addresses)  # (7)
    return card


def _vouched(statement: bytes, sealing: SealingPublic, tls_certificate: str, addresses: tuple[str, ...]) -> bytes:
    """What the voucher signs; the statement names the root."""
    digest = hashlib.sha256(statement).digest()
    return prefixed("card", encode(_Vouched(digest, sealing, tls_certificate, addresses)))


def check_addresses(addresses: tuple[str, ...]) -> None:
    """Refuse a card's addresses where one is not ``host:port``, or there are too many.

    Raises:
        BadCardError: they are not.
    """
    if len(addresses) > MAX_ADDRESSES:
        raise BadCardError(f"a card has at most {MAX_ADDRESSES} addresses")
    for address in addresses:
        match = _ADDRESS.fullmatch(address)
        if match is None or int(match[1]) > 65535:
            raise BadCardError(f"{address[:64]!r} is not host:port")


def _parse(kind: type[_Card], data: bytes) -> _Card:
    if len(data) > MAX_CARD:
        raise BadCardError(f"a card has at most {MAX_CARD} bytes")
    try:
        return decode_json(kind, data)
    except NotCanonicalError as error:
        raise BadCardError(str(error)) from error
