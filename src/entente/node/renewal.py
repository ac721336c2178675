"""Renewing a party's keys: a new key statement under the same root, in force from its place in each log on.

Made where the root key is, with the node stopped: new checkpoint and cosigning keys and, where asked for, new office
keys. The statement is entered into every log of the party as soon as each may be written; from that entry on the new
keys alone are valid, and nothing signed before loses its validity (docs/spec/keys.md). The link's key stays. The old
checkpoint key is kept, locked, for checkpoints over earlier entries that a peer may still lack.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import msgspec

from entente.node.agreements import usable
from entente.node.commit import Work, salted
from entente.node.errors import UsageError
from entente.node.home import Home, write_durably
from entente.node.ledger import Ledger
from entente.record.bodies import SignedKeys
from entente.sealing.canonical import encode
from entente.sealing.identity import KeyStatement, OfficeKey, make_card, parse_card, sign_statement
from entente.sealing.keyfile import lock_keys
from entente.sealing.signing import HybridKey, NodeKey

if TYPE_CHECKING:
    from entente.node.node import Node


def renew(
    home: Home,
    root: HybridKey,
    secrets: dict[str, bytes],
    passphrase: bytes,
    *,
    office_passphrase: bytes = b"",
    offices: Sequence[str] = (),
) -> KeyStatement:
    """Replace the node's signing keys, and those of the named offices; returns the new statement.

    ``secrets`` are the contents of the ``node`` key file, which ``passphrase`` locks again; ``office_passphrase`` locks
    the new office keys. After a crash on the way, renewing again makes everything whole.

    Raises:
        UsageError: no such office.
    """
    card = parse_card((home.path / "card.json").read_bytes())
    old = card.key_statement
    unknown = sorted(set(offices) - {office.id for office in old.offices})
    if unknown:
        known = ", ".join(office.id for office in old.offices)
        raise UsageError("NO_OFFICE", f"there is no office {unknown[0]!r}", f"One of: {known}.")
    cost: Literal["light", "interactive"] = "light" if home.settings.simulated else "interactive"
    checkpoint, cosign = NodeKey.generate(), NodeKey.generate()
    made = {office: HybridKey.generate() for office in offices}
    statement = msgspec.structs.replace(
        old,
        number=old.number + 1,
        checkpoint=checkpoint.public,
        cosign=cosign.public,
        offices=tuple(_office(office, made.get(office.id)) for office in old.offices),
    )
    data, signature = sign_statement(root, statement)
    new_card = make_card(
        checkpoint,
        root=card.root,
        statement=data,
        signature=signature,
        sealing=card.sealing,
        tls_certificate=card.tls_certificate,
        addresses=card.addresses,
    )
    kept = secrets | {
        f"checkpoint-{old.number}": _secret_of(secrets, "checkpoint", old.checkpoint),
        f"cosign-{old.number}": _secret_of(secrets, "cosign", old.cosign),
    }
    kept |= {"checkpoint": checkpoint.secret(), "cosign": cosign.secret()}
    for office, key in made.items():
        path = home.key_file(f"office-{office}")
        write_durably(path.with_suffix(".next"), lock_keys({"key": key.secret()}, office_passphrase, cost=cost))
    write_durably(home.key_file("node"), lock_keys(kept, passphrase, cost=cost))
    write_durably(home.path / "card.json", new_card)
    for office in made:
        path = home.key_file(f"office-{office}")
        path.with_suffix(".next").replace(path)
    return statement


def _secret_of(secrets: dict[str, bytes], name: str, public: bytes) -> bytes:
    """The secret of a key in force, by its public half: a renewal cut short may have left a newer one beside it."""
    for kept, secret in secrets.items():
        if kept.startswith(name) and NodeKey.from_secret(secret).public == public:
            return secret
    raise UsageError("NO_KEY", f"the {name} key in force is not in the key file", "Restore the node's key file.")


def _office(office: OfficeKey, key: HybridKey | None) -> OfficeKey:
    if key is None:
        return office
    return OfficeKey(office.id, office.roles, key.public.ed25519, key.public.mldsa65)


def enter_statement(node: "Node") -> None:
    """Enter the newest key statement into each of this party's logs that does not have it and may be written."""
    number = node.card.key_statement.number
    for ledger in list(node.ledgers.values()):
        log = ledger.own
        newest = log.keys.newest if log is not None and ledger.ready else None
        if newest is not None and newest.number < number:
            node.committer.run(partial(_append, node, ledger))


def _append(node: "Node", ledger: Ledger, unit: Work) -> None:
    signed = SignedKeys(node.card.statement, node.card.signature)
    unit.append(ledger, usable(ledger), "keys", [salted(encode(signed))])
