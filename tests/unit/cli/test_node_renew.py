"""``entente node renew``: needs the root's passphrase and a stopped node, and says what it did."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from entente.node import setup
from entente.node.keyring import unlock


def entente(*arguments: str, passphrases: bytes) -> subprocess.CompletedProcess[str]:
    read, write = os.pipe()
    os.write(write, passphrases)
    os.close(write)
    try:
        return subprocess.run(
            [sys.executable, "-m", "entente", *arguments, "--passphrase-fd", str(read)],
            pass_fds=[read], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        os.close(read)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    setup.init(tmp_path / "jp", "jp", b"exercise root", simulated=True, listen="127.0.0.1:7433")
    return tmp_path / "jp"


def test_new_office_keys_are_under_their_own_passphrase(directory: Path) -> None:
    done = entente(
        "node", "renew", str(directory), "--office", "treaty", "--json",
        passphrases=b"exercise root\nexercise root\nexercise treaty\n",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["number"], answer["offices"]) == (2, ["treaty"])
    assert set(unlock(directory / "keys" / "office-treaty.key", b"exercise treaty")) == {"key"}


def test_a_wrong_root_passphrase_changes_nothing(directory: Path) -> None:
    before = {path: path.read_bytes() for path in directory.rglob("*.key")}
    done = entente("node", "renew", str(directory), "--json", passphrases=b"not the root's\n")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "WRONG_PASSPHRASE"
    assert {path: path.read_bytes() for path in directory.rglob("*.key")} == before


def test_keys_are_not_renewed_under_a_running_node(directory: Path) -> None:
    handle = os.open(directory / "node.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        done = entente("node", "renew", str(directory), "--json", passphrases=b"exercise root\n")
    finally:
        os.close(handle)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "ALREADY_RUNNING"
