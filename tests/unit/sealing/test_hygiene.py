"""No secret reaches a log: not by repr, not by an error's text, not by pickling; and every error says what to do."""

import inspect
import pickle
from datetime import UTC, datetime

import pytest

from entente.sealing import errors
from entente.sealing.certificates import make_tls_identity
from entente.sealing.keyfile import lock_keys, unlock_keys
from entente.sealing.seal import NewEpoch, SealingKey, set_up_epoch
from entente.sealing.signing import HybridKey, NodeKey

KEYS = [HybridKey.from_secret(bytes(range(64))), NodeKey.generate(), SealingKey.generate()]


def spellings(secret: bytes) -> set[str]:
    halves = {secret, secret[:32], secret[-32:]}
    return {half.hex() for half in halves} | {repr(half)[2:-1] for half in halves}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: type(key).__name__)
def test_a_key_shows_no_secret(key: HybridKey | NodeKey | SealingKey) -> None:
    for shown in (repr(key), str(key), f"{key}", f"{[key]}"):
        assert not any(spelling in shown for spelling in spellings(key.secret()))
        assert type(key).__name__ in shown


@pytest.mark.parametrize("key", KEYS, ids=lambda key: type(key).__name__)
def test_a_key_is_not_pickled_by_accident(key: HybridKey | NodeKey | SealingKey) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_an_epoch_shows_no_secret() -> None:
    epoch = set_up_epoch(SealingKey.generate().public, agreement=b"", writer="jp", recipient_party="kr")
    assert isinstance(epoch, NewEpoch)
    for shown in (repr(epoch), str(epoch), f"{[epoch]}"):
        assert not any(spelling in shown for spelling in spellings(epoch.secret))
        assert epoch.epoch.hex() in shown


def test_a_tls_identity_shows_neither_key_nor_password() -> None:
    made = make_tls_identity("kr", not_before=datetime(2026, 11, 1, tzinfo=UTC))
    for shown in (repr(made), str(made), f"{[made]}"):
        assert made.password.decode() not in shown
        assert "PRIVATE" not in shown


def test_an_error_tells_no_passphrase() -> None:
    locked = lock_keys({"root": b"secret"}, b"correct horse", cost="light")
    with pytest.raises(errors.WrongPassphraseError) as caught:
        unlock_keys(locked, b"battery staple")
    assert "battery" not in str(caught.value)


def test_every_error_has_a_code_of_its_own_and_a_remedy() -> None:
    found = [error for _, error in inspect.getmembers(errors, inspect.isclass) if issubclass(error, Exception)]
    assert len(found) > 8
    for error in found:
        assert issubclass(error, errors.SealingError)
        assert error.remedy.endswith(".")
        assert error.__name__ in (errors.__doc__ or "")
    assert len({error.code for error in found}) == len(found)
    assert len({error.remedy for error in found}) == len(found)
