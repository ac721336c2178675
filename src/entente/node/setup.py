"""Making a node's directory, and pairing with a peer (docs/guide/administrator.md).

``init`` makes the party's root key and its successor, the node's own keys, one key per office, the link's certificate,
and signs them together in the first key statement. Every private key is written encrypted and nowhere else.
"""

import json
from datetime import timedelta
from os import urandom
from pathlib import Path
from typing import Literal

import msgspec

from entente.node.clock import real_time
from entente.node.errors import RefusedError, UsageError
from entente.node.home import PARTY, SETTINGS_SCHEMA, Home, Settings, write_durably
from entente.sealing.certificates import make_tls_identity
from entente.sealing.errors import SealingError
from entente.sealing.identity import (
    KeyStatement,
    OfficeKey,
    PairingCard,
    check_addresses,
    make_card,
    make_root,
    parse_card,
    root_digest,
    sign_statement,
    words_match,
)
from entente.sealing.keyfile import lock_keys
from entente.sealing.seal import SealingKey
from entente.sealing.signing import HybridKey, NodeKey
from entente.sealing.suites import SUITE

OFFICES: dict[str, tuple[str, ...]] = {"treaty": ("bind",), "release": ("release",)}
"""The offices made when none are named: one that binds the party by formal acts, one that approves releases."""


def init(
    path: Path,
    party: str,
    passphrase: bytes,
    *,
    simulated: bool,
    listen: str = "127.0.0.1:7433",
    advertise: str = "",
    offices: dict[str, tuple[str, ...]] | None = None,
) -> Home:
    """Make a node's directory.

    Raises:
        UsageError: the directory is not empty, the party's id or an address is malformed, or the passphrase is empty.
    """
    if not PARTY.fullmatch(party):
        raise UsageError("BAD_PARTY", f"{party!r} is no party id", "Use 1 to 64 of a-z, 0-9 and '-'.")
    if path.exists() and any(path.iterdir()):
        raise UsageError("NOT_EMPTY", f"{path} exists and is not empty", "Name a new directory; nothing was changed.")
    address = advertise or listen
    for text in (f"{listen[:-1]}1" if listen.endswith(":0") else listen, address):  # port 0: any, and the card names it
        try:
            check_addresses((text,))
        except SealingError as error:
            raise UsageError("BAD_ADDRESS", str(error), "Write it as gateway.example:7433.") from error
    if not passphrase:
        raise UsageError("NO_PASSPHRASE", "keys are never kept without a passphrase", "Give one.")
    for folder in ("keys", "tls", "peers", "payloads"):
        (path / folder).mkdir(mode=0o700, parents=True)
    path.chmod(0o700)
    settings = Settings(SETTINGS_SCHEMA, party, simulated, listen, address)
    _make_keys(path, settings, passphrase, offices or OFFICES)
    write_durably(path / "node.toml", settings_toml(settings))  # last: with it the directory is a node's
    return Home(path)


def settings_toml(settings: Settings) -> bytes:
    """The settings file's text, without what is empty; a JSON string or boolean is a TOML one."""
    lines = (f"{key} = {json.dumps(value)}" for key, value in msgspec.structs.asdict(settings).items() if value != "")
    return (
        "# The node's settings; see docs/guide/administrator.md. Nothing here is secret.\n" + "\n".join(lines) + "\n"
    ).encode()


def _make_keys(path: Path, settings: Settings, passphrase: bytes, offices: dict[str, tuple[str, ...]]) -> None:
    cost: Literal["light", "interactive"] = "light" if settings.simulated else "interactive"

    def keep(name: str, secrets: dict[str, bytes]) -> None:
        write_durably(path / "keys" / f"{name}.key", lock_keys(secrets, passphrase, cost=cost))

    root, following = HybridKey.generate(), HybridKey.generate()
    next_card = make_root(settings.party, following.public, simulated=settings.simulated, successor=None)
    root_card = make_root(settings.party, root.public, simulated=settings.simulated, successor=root_digest(next_card))
    checkpoint, cosign, storage = NodeKey.generate(), NodeKey.generate(), urandom(32)
    tls = make_tls_identity(settings.party, not_before=real_time() - timedelta(hours=1))
    sealing = SealingKey.generate()
    office_keys = {office: HybridKey.generate() for office in offices}
    statement = KeyStatement(
        schema="entente/keys/1",
        suite=SUITE,
        party=settings.party,
        root=root_digest(root_card),
        number=1,
        simulated=settings.simulated,
        checkpoint=checkpoint.public,
        cosign=cosign.public,
        tls=tls.spki,
        offices=tuple(
            OfficeKey(office, roles, office_keys[office].public.ed25519, office_keys[office].public.mldsa65)
            for office, roles in sorted(offices.items())
        ),
    )
    data, signature = sign_statement(root, statement)
    card = make_card(
        checkpoint,
        root=root_card,
        statement=data,
        signature=signature,
        sealing=sealing.public,
        tls_certificate=tls.certificate.decode(),
        addresses=(settings.advertise,),
    )
    keep("root", {"key": root.secret()})
    keep("root-next", {"key": following.secret(), "card": next_card})
    keep(
        "node",
        {
            "checkpoint": checkpoint.secret(),
            "cosign": cosign.secret(),
            "storage": storage,
            "tls-password": tls.password,
            "card-sealing": sealing.secret(),
        },
    )
    for office, key in office_keys.items():
        keep(f"office-{office}", {"key": key.secret()})
    write_durably(path / "tls" / "cert.pem", tls.certificate)
    write_durably(path / "tls" / "key.pem", tls.key)
    write_durably(path / "root.json", root_card)
    write_durably(path / "card.json", card)


def read_card(data: bytes) -> PairingCard:
    """A peer's pairing card, checked throughout.

    Raises:
        UsageError: something in it does not hold.
    """
    try:
        return parse_card(data)
    except SealingError as error:
        raise UsageError(error.code, f"the card cannot be used: {error}", error.remedy) from error


def check_pairing(home: Home, card: PairingCard, typed_words: str) -> None:
    """Whether a peer's card may be trusted: another party, of the same reality, with the words read out.

    Raises:
        UsageError: one's own card.
        RefusedError: a simulated node with a real one, other words, or another root than the one already trusted.
    """
    root = card.root_card
    if root.party == home.party:
        raise UsageError("OWN_CARD", "this is the node's own card", "Use the card of the other party.")
    if root.simulated != home.settings.simulated:
        raise RefusedError("SIMULATED", "a simulated node never pairs with a real one", "Use a node of the same kind.")
    if not words_match(root_digest(card.root), typed_words):
        raise RefusedError(
            "WORDS_DIFFER", "the words are not those of this card", "Have them read out again, by voice."
        )
    known = home.path / "peers" / f"{root.party}.json"
    if known.exists() and parse_card(known.read_bytes()).root != card.root:
        raise RefusedError(
            "ROOT_DIFFERS", f"{root.party} is paired under another root key", "Only a root succession changes it."
        )
