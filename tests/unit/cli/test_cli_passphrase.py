"""Passphrases come from a person, a descriptor or the service manager, and from nowhere else."""

import ctypes
import os
import resource
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.cli.output import CommandError, InputError
from entente.cli.passphrase import CREDENTIAL, Passphrases


def piped(data: bytes) -> Passphrases:
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return Passphrases(reading)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


def test_a_descriptor_gives_one_line_for_each_key_and_its_last_line_for_those_after() -> None:
    passphrases = piped(b"one\ntwo\r\n")
    assert [passphrases.get("a key") for _ in range(4)] == [b"one", b"two", b"two", b"two"]


def test_a_descriptor_needs_no_line_end() -> None:
    assert piped(b"one word").get("a key") == b"one word"


@pytest.mark.parametrize("data", [b"", b"\n", b"\nsecond\n", b"first\n\n"])
def test_an_empty_passphrase_is_none(data: bytes) -> None:
    with pytest.raises(InputError) as refused:
        piped(data).get("a key")
    assert refused.value.code == "NO_PASSPHRASE"


def test_a_descriptor_that_is_not_open_is_unreadable_input() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(InputError) as refused:
        Passphrases(reading).get("a key")
    assert refused.value.exit_code == 2


def test_the_service_managers_credential_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / CREDENTIAL).write_bytes(b"from systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Passphrases().get("the node") == b"from systemd"


def test_a_descriptor_goes_before_the_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / CREDENTIAL).write_bytes(b"from systemd\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert piped(b"from a pipe\n").get("the node") == b"from a pipe"


def test_without_any_and_nobody_to_ask_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        with pytest.raises(CommandError) as refused:
            Passphrases().get("office treaty")
    assert refused.value.exit_code == 1
    assert "office treaty" in refused.value.message
    assert "--passphrase-fd" in refused.value.remedy
    assert CREDENTIAL in refused.value.remedy


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Cs")), min_size=1, max_size=40))
def test_one_passphrase_is_the_same_bytes_however_a_keyboard_composes_it(text: str) -> None:
    composed = piped(normalize("NFC", text).encode() + b"\n").get("a key")
    assert composed == piped(normalize("NFD", text).encode() + b"\n").get("a key")


def test_bytes_that_are_no_text_are_taken_as_they_are() -> None:
    assert piped(b"\xff\xfe\n").get("a key") == b"\xff\xfe"


def test_a_process_that_has_a_passphrase_leaves_no_core_and_cannot_be_read() -> None:
    piped(b"secret\n").get("a key")
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE
