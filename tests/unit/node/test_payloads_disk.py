"""A payload on its way over a disk that takes a part of what is written, or refuses a sync: nothing is lost or torn."""

import hashlib
import os
from collections.abc import Callable
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from entente.node.payloads import Incoming
from entente.record.bodies import PayloadRef
from entente.sealing.seal import SEGMENT, payload_digest, payload_key, seal_segment

CLEAR = os.urandom(SEGMENT + 1000)
SALT, KEY = bytes(32), os.urandom(32)


def segments() -> list[bytes]:
    key = payload_key(KEY)
    return [seal_segment(key, 0, False, CLEAR[:SEGMENT]), seal_segment(key, 1, True, CLEAR[SEGMENT:])]


def arriving(path: Path, sealed: list[bytes]) -> Incoming:
    digest = hashlib.sha256(b"".join(sealed)).digest()
    return Incoming(path, PayloadRef(len(CLEAR), SALT, payload_digest(SALT, [CLEAR]), digest, 2), KEY)


def test_a_disk_that_takes_a_part_at_a_time_gets_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that was cut short raises nothing; it says so by its count alone."""
    real: Callable[..., int] = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda handle, data, at: real(handle, data[:700_000], at))
    sealed, path = segments(), tmp_path / "payload"
    payload = arriving(path, sealed)
    for index, data in enumerate(sealed):
        payload.take(index, data)
    assert path.read_bytes() == b"".join(sealed)
    assert (payload.whole, payload.verdict()) == (True, None)


@pytest.mark.parametrize("call", ["pwrite", "fsync"])
@pytest.mark.parametrize("index", [0, 1])
def test_a_segment_that_the_disk_refused_comes_again_and_is_judged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, index: int
) -> None:
    sealed, path = segments(), tmp_path / "payload"
    payload = arriving(path, sealed)
    if index:
        payload.take(0, sealed[0])

    def full(*_given: Any) -> int:
        raise OSError(ENOSPC, "no room")

    refused = call == "pwrite" or index == 1  # only the last segment is synced
    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        if refused:
            with pytest.raises(OSError, match="no room"):
                payload.take(index, sealed[index])
    assert payload.have == index
    for each in range(index, 2):
        payload.take(each, sealed[each])
    assert path.read_bytes() == b"".join(sealed)
    assert (payload.whole, payload.verdict()) == (True, None)
