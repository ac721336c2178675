"""A party with every key it has, made once: key generation is dear and none of the tests changes a key."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from entente.sealing.certificates import make_tls_identity
from entente.sealing.identity import KeyStatement, OfficeKey, make_root, parse_root, root_digest, sign_statement
from entente.sealing.seal import SealingKey
from entente.sealing.signing import HybridKey, NodeKey

NOT_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)


def make_party(party: str, *, simulated: bool = True) -> SimpleNamespace:
    root_key, next_key, office_key = HybridKey.generate(), HybridKey.generate(), HybridKey.generate()
    successor = make_root(party, next_key.public, simulated=simulated, successor=None)
    card = make_root(party, root_key.public, simulated=simulated, successor=root_digest(successor))
    checkpoint, cosign = NodeKey.generate(), NodeKey.generate()
    tls = make_tls_identity(party, not_before=NOT_BEFORE)
    office = OfficeKey("treaty-desk", ("bind",), office_key.public.ed25519, office_key.public.mldsa65)
    statement = KeyStatement(
        "entente/keys/1",
        "E1",
        party,
        root_digest(card),
        1,
        simulated,
        checkpoint.public,
        cosign.public,
        tls.spki,
        (office,),
    )
    statement_bytes, signature = sign_statement(root_key, statement)
    return SimpleNamespace(
        party=party,
        root_key=root_key,
        office_key=office_key,
        card=card,
        root=parse_root(card),
        successor=successor,
        checkpoint=checkpoint,
        tls=tls,
        statement=statement,
        statement_bytes=statement_bytes,
        signature=signature,
        sealing=SealingKey.generate(),
    )


@pytest.fixture(scope="session")
def kr() -> SimpleNamespace:
    return make_party("kr")


@pytest.fixture(scope="session")
def jp() -> SimpleNamespace:
    return make_party("jp")


@pytest.fixture(scope="session")
def other_kr() -> SimpleNamespace:
    """Another root of the same name."""
    return make_party("kr")
