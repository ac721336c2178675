"""docs/spec/sealing.md, "At rest": content keys are locked as the page says."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from entente.sealing.errors import NotOpenedError
from entente.sealing.seal import RestSeal

PAGE = (Path(__file__).parents[3] / "docs" / "spec" / "sealing.md").read_text()
STORAGE = bytes(range(100, 132))
SEQ = (1_048_577).to_bytes(8, "big")


def test_a_content_key_at_rest_opens_under_the_key_on_the_page() -> None:
    stated = PAGE.split("where the storage key is the content key above, is\n\n    ")[1].split("\n")[0]
    locked = RestSeal(STORAGE, b"itemkeys/2/1").seal(SEQ, b"k" * 32)
    assert len(locked) == 60
    assert AESGCM(bytes.fromhex(stated)).decrypt(locked[:12], locked[12:], SEQ) == b"k" * 32


@pytest.mark.parametrize(("kind", "seq"), [(b"itemkeys/2/0", SEQ), (b"itemkeys/3/1", SEQ), (b"itemkeys/2/1", bytes(8))])
def test_a_slot_of_another_log_block_or_entry_does_not_open(kind: bytes, seq: bytes) -> None:
    locked = RestSeal(STORAGE, b"itemkeys/2/1").seal(SEQ, b"k" * 32)
    with pytest.raises(NotOpenedError):
        RestSeal(STORAGE, kind).open(seq, locked)
