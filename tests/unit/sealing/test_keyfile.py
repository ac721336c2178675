"""docs/spec/keyfile.md: secrets under a passphrase, and no work for whoever hands in a hostile file."""

import re
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.sealing import keyfile
from entente.sealing.errors import BadKeyfileError, SealingError, WrongPassphraseError
from entente.sealing.keyfile import lock_keys, unlock_keys

SECRETS = {"root": bytes(range(64)), "checkpoint": bytes(32), "한국": b""}
LOCKED = lock_keys(SECRETS, b"exercise", cost="light")


@settings(max_examples=20)
@given(st.dictionaries(st.text(max_size=5), st.binary(max_size=40), max_size=4), st.binary(min_size=1, max_size=20))
def test_keys_come_back(secrets: dict[str, bytes], passphrase: bytes) -> None:
    assert unlock_keys(lock_keys(secrets, passphrase, cost="light"), passphrase) == secrets


def test_a_key_file_is_argon2id_and_aes_gcm_as_documented() -> None:
    file = msgspec.json.decode(LOCKED)
    salt, nonce, ciphertext = (msgspec.convert(file[name], bytes) for name in ("salt", "nonce", "ciphertext"))
    key = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=1024).derive(b"exercise")
    context = b"entente/keyfile/1\0" + msgspec.msgpack.encode(["entente/keyfile/1", 1024, 1, 1, salt])
    plain = msgspec.msgpack.decode(AESGCM(key).decrypt(nonce, ciphertext, context))
    assert plain == [[[name, SECRETS[name]] for name in sorted(SECRETS)]]


def test_the_cost_for_real_nodes_is_that_of_rfc_9106() -> None:
    file = msgspec.json.decode(lock_keys(SECRETS, b"passphrase"))
    assert file["kdf"] == {"name": "argon2id", "memory_kib": 65536, "passes": 3, "lanes": 4}
    assert len(msgspec.convert(file["salt"], bytes)) == 16


def test_another_passphrase_does_not_open() -> None:
    for passphrase in (b"Exercise", b"exercise ", b"x"):
        with pytest.raises(WrongPassphraseError):
            unlock_keys(LOCKED, passphrase)


def test_an_empty_passphrase_is_refused() -> None:
    with pytest.raises(WrongPassphraseError, match="empty"):
        lock_keys(SECRETS, b"", cost="light")
    with pytest.raises(WrongPassphraseError, match="empty"):
        unlock_keys(LOCKED, b"")


def test_each_file_has_a_salt_and_nonce_of_its_own() -> None:
    files = [msgspec.json.decode(lock_keys(SECRETS, b"x", cost="light")) for _ in range(8)]
    assert len({file["salt"] for file in files}) == len({file["nonce"] for file in files}) == 8


def test_no_bit_of_a_key_file_may_change() -> None:
    for at in range(len(LOCKED)):
        changed = bytearray(LOCKED)
        changed[at] ^= 1
        with pytest.raises(SealingError):
            unlock_keys(bytes(changed), b"exercise")


@pytest.mark.parametrize(
    "changes",
    [
        {"memory_kib": 256 * 1024 + 1},
        {"memory_kib": 2**63},
        {"memory_kib": 7},
        {"memory_kib": 8, "lanes": 2},
        {"memory_kib": -1},
        {"passes": 11},
        {"passes": 0},
        {"lanes": 9},
        {"lanes": 0},
        {"name": "scrypt"},
    ],
)
def test_parameters_out_of_bounds_cost_nothing(changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_work(*_: object) -> bytes:
        raise AssertionError("the parameters were used before they were checked")

    monkeypatch.setattr(keyfile, "_derive", no_work)
    data = LOCKED
    for name, value in changes.items():
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        data = re.sub(rb'"%s": [^,\n]+' % name.encode(), f'"{name}": {shown}'.encode(), data)
    assert data != LOCKED
    with pytest.raises(BadKeyfileError):
        unlock_keys(data, b"exercise")


@pytest.mark.parametrize("field", ["salt", "nonce"])
def test_salt_and_nonce_have_their_length(field: str) -> None:
    with pytest.raises(BadKeyfileError, match="bounds"):
        unlock_keys(re.sub(rb'"%s": "[^"]+"' % field.encode(), b'"%s": "AAAA"' % field.encode(), LOCKED), b"exercise")


@pytest.mark.parametrize("data", [b"", b"{}", b"null", LOCKED[:-1], LOCKED + b"\n"])
def test_what_is_no_key_file_is_refused(data: bytes) -> None:
    with pytest.raises(BadKeyfileError):
        unlock_keys(data, b"exercise")


def test_a_box_that_opens_and_holds_no_keys_is_refused() -> None:
    file = msgspec.json.decode(LOCKED, type=keyfile._Keyfile)
    key = keyfile._derive(b"exercise", file.kdf, file.salt)
    box = AESGCM(key).encrypt(file.nonce, b"\xc0", keyfile._context(file.kdf, file.salt))
    forged = keyfile.encode_json(msgspec.structs.replace(file, ciphertext=box))
    with pytest.raises(BadKeyfileError, match="does not hold keys"):
        unlock_keys(forged, b"exercise")


def test_a_key_file_too_large_is_not_even_parsed() -> None:
    with pytest.raises(BadKeyfileError, match="at most"):
        unlock_keys(LOCKED + b" " * 1024 * 1024, b"exercise")
