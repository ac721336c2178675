"""The pages under docs/spec state the bytes that this code makes."""

import hashlib
import re
from pathlib import Path

import pytest
from msgspec import msgpack

from entente.sealing import errors, identity, keyfile
from entente.sealing.canonical import encode, encode_json
from entente.sealing.identity import fingerprint_words, make_root, root_digest
from entente.sealing.seal import SEGMENT, ItemSeal, SealingKey, WrapBinding, payload_digest, payload_key, seal_segment
from entente.sealing.signing import HybridKey
from entente.sealing.suites import KINDS, prefixed

SPEC = Path(__file__).parents[3] / "docs" / "spec"
PAGES = {name: (SPEC / f"{name}.md").read_text() for name in ("encoding", "sealing", "keys", "cards", "keyfile")}
AGREEMENT = bytes(range(32))
CONTENT_KEY = bytes(range(100, 132))
KEY = HybridKey.from_secret(bytes(range(64)))


def stated(page: str, value: bytes | str) -> bool:
    return f"\n    {value.hex() if isinstance(value, bytes) else value}\n" in PAGES[page]


def test_the_registry_of_prefixes_is_the_pages() -> None:
    table = PAGES["encoding"].split("## Registered prefixes")[1]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == KINDS


def test_the_examples_of_sealing_are_what_is_made() -> None:
    key_id = SealingKey.from_secret(bytes(range(96))).public.id
    assert f"`{key_id.hex()}`" in PAGES["sealing"]
    assert stated("sealing", prefixed("epoch", msgpack.encode(["E1", AGREEMENT, "jp", "kr", bytes(8), key_id])))
    binding = WrapBinding(AGREEMENT, b"t" * 32, "jp", "kr", "jp-0001", b"h" * 32, bytes(8))
    assert stated("sealing", prefixed("wrap", encode(binding)))
    assert stated("sealing", CONTENT_KEY)
    body = ItemSeal(CONTENT_KEY, AGREEMENT, "jp", "jp-0001").seal(0, b"title")
    assert stated("sealing", body)
    assert stated("sealing", payload_key(CONTENT_KEY))
    assert stated("sealing", seal_segment(payload_key(CONTENT_KEY), 0, True, b"rest"))
    assert stated("sealing", payload_digest(bytes(32), [b"rest"]))
    assert f"{SEGMENT:,} bytes" in PAGES["sealing"]


def test_the_examples_of_keys_are_what_is_made() -> None:
    assert stated("keys", KEY.public.ed25519)
    assert stated("keys", hashlib.sha256(KEY.public.mldsa65).digest())
    assert stated("keys", KEY.sign("act", b"statement").ed25519)
    assert f"{identity.MAX_STATEMENT:,} bytes" in PAGES["keys"]
    assert f"at most {identity.MAX_OFFICES} of" in PAGES["keys"]
    assert all(f"`{role}`" in PAGES["keys"] for role in identity.ROLES)


def test_the_example_of_a_root_card_is_what_is_made() -> None:
    card = make_root("kr", KEY.public, simulated=True, successor=None)
    assert stated("cards", root_digest(card))
    assert stated("cards", " ".join(fingerprint_words(root_digest(card))))
    shown = re.sub(r'"mldsa65": "[^"]+"', '"mldsa65": "... 2,604 characters ..."', card.decode())
    assert "".join(f"    {line}\n" for line in shown.splitlines()) in PAGES["cards"]
    assert f"{identity.MAX_CARD:,} bytes" in PAGES["cards"]


def test_the_members_of_cards_are_those_of_the_code() -> None:
    for kind in (identity.RootCard, identity.PairingCard):
        rows = [f"| {name} |" for name in kind.__struct_fields__]
        places = [PAGES["cards"].find(row, PAGES["cards"].find(f"## {kind.__name__[:-4]}")) for row in rows]
        assert -1 not in places
        assert places == sorted(places)


@pytest.mark.parametrize("cost", ["interactive", "light"])
def test_the_costs_of_a_key_file_are_the_pages(cost: keyfile.Cost) -> None:
    kdf = keyfile.COSTS[cost]
    assert f"| `{cost}` | {kdf.memory_kib} | {kdf.passes} | {kdf.lanes} |" in PAGES["keyfile"]
    shown = encode_json(keyfile.COSTS["interactive"]).decode().strip().replace("\n", "\n      ")
    assert f'      "kdf": {shown},\n' in PAGES["keyfile"]
    assert f"{keyfile.MAX_KEYFILE:,} bytes" in PAGES["keyfile"]
    assert f"{keyfile.MAX_MEMORY_KIB:,} KiB" in PAGES["keyfile"]


def test_every_code_on_the_pages_is_an_errors() -> None:
    codes = {error.code for error in vars(errors).values() if isinstance(error, type)}
    on_pages = {code for page in PAGES.values() for code in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", page)}
    assert on_pages <= codes
    assert codes - on_pages <= {"SEALING"}
