"""Checkpoints, signed notes and cosignatures: one spelling, the right key, the right log."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.record.checkpoint import (
    MAX_NOTE,
    Checkpoint,
    CheckpointError,
    SignatureLine,
    convicts,
    cosign,
    cosigner_name,
    key_id,
    origin,
    parse_note,
    sign_checkpoint,
    verify_checkpoint,
    verify_cosignature,
)
from entente.sealing.signing import NodeKey

AGREEMENT = bytes(range(32))
ORIGIN = origin(AGREEMENT, "kr", "0123456789abcdef")
COSIGNER = cosigner_name(AGREEMENT, "jp")
KEY = NodeKey.from_secret(bytes(32))
WITNESS = NodeKey.from_secret(bytes([1]) * 32)
CHECKPOINT = Checkpoint(ORIGIN, 20852163, bytes(range(32, 64)))
NOTE = sign_checkpoint(CHECKPOINT, KEY)
COSIGNED = cosign(NOTE, WITNESS, COSIGNER, 1679315147)

# A checkpoint as a public log and its witnesses signed it; both verifier keys are those they publish.
PUBLIC_LOG = "arche2025h1.staging.ct.transparency.dev"
PUBLIC_LOG_KEY = "AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
PUBLIC_WITNESS = "remora.n621.de"
PUBLIC_WITNESS_KEY = "BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
PUBLIC_NOTE = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""  # noqa: E501


def raw_key(published: str, kind: int) -> bytes:
    data = base64.b64decode(published)
    assert data[0] == kind
    return data[1:]


def test_a_public_logs_checkpoint_and_its_witness_verify() -> None:
    log, witness = raw_key(PUBLIC_LOG_KEY, 1), raw_key(PUBLIC_WITNESS_KEY, 4)
    assert key_id(PUBLIC_LOG, b"\1", log).hex() == "ba2f06c0"
    assert key_id(PUBLIC_WITNESS, b"\4", witness).hex() == "da77ade7"
    assert verify_checkpoint(PUBLIC_NOTE, log, PUBLIC_LOG).size == 1432088532
    assert verify_cosignature(PUBLIC_NOTE, witness, PUBLIC_WITNESS) == 0x6A122120


def test_the_example_of_the_cosignature_specification_is_read() -> None:
    note = parse_note(
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
        "+xeMcTOAYQ8=\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0"
        "xUe+mbIUBkBIfZ+qnA==\n"
    )
    assert note.checkpoint.size == 20852163
    assert [signature.name for signature in note.signatures] == [
        "example.com/behind-the-sofa",
        "witness.example.com/w1",
    ]
    assert int.from_bytes(note.signatures[1].blob[:8], "big") == 1679315147


def test_origin_names_agreement_party_and_incarnation() -> None:
    assert f"entente/{AGREEMENT.hex()}/kr/0123456789abcdef" == ORIGIN
    assert f"entente/{AGREEMENT.hex()}/jp" == COSIGNER


def test_a_checkpoint_is_read_back_as_signed() -> None:
    assert verify_checkpoint(NOTE, KEY.public, ORIGIN) == CHECKPOINT
    assert verify_checkpoint(COSIGNED, KEY.public, ORIGIN) == CHECKPOINT
    assert verify_cosignature(COSIGNED, WITNESS.public, COSIGNER) == 1679315147
    assert COSIGNED.startswith(NOTE)
    assert COSIGNED.count("\n") == NOTE.count("\n") + 1


def test_a_checkpoint_of_another_log_is_refused() -> None:
    with pytest.raises(CheckpointError, match="is of entente/"):
        verify_checkpoint(NOTE, KEY.public, origin(AGREEMENT, "kr", "f" * 16))


def test_a_signature_by_another_key_is_refused() -> None:
    with pytest.raises(CheckpointError, match="no signature by the key"):
        verify_checkpoint(NOTE, WITNESS.public, ORIGIN)
    with pytest.raises(CheckpointError, match="no signature by the key"):
        verify_cosignature(COSIGNED, KEY.public, COSIGNER)


def test_a_checkpoint_signature_is_no_cosignature_and_the_reverse() -> None:
    by_log = cosign(NOTE, KEY, ORIGIN, 1)
    with pytest.raises(CheckpointError):
        verify_cosignature(NOTE, KEY.public, ORIGIN)
    assert verify_cosignature(by_log, KEY.public, ORIGIN) == 1
    lines = by_log.split("\n")
    with pytest.raises(CheckpointError):
        verify_checkpoint("\n".join([*lines[:4], *lines[5:]]), KEY.public, ORIGIN)


def test_the_time_is_part_of_what_is_cosigned() -> None:
    note = parse_note(COSIGNED)
    line = note.signatures[1]
    moved = line._replace(blob=(1679315148).to_bytes(8, "big") + line.blob[8:])
    with pytest.raises(CheckpointError, match="does not verify"):
        verify_cosignature(note._replace(signatures=(note.signatures[0], moved)).text(), WITNESS.public, COSIGNER)


@pytest.mark.parametrize("time_s", [-1, 2**63])
def test_a_time_that_cannot_be_stated_is_refused(time_s: int) -> None:
    with pytest.raises(CheckpointError, match="no time"):
        cosign(NOTE, WITNESS, COSIGNER, time_s)


def test_a_signed_time_out_of_range_is_refused() -> None:
    message = f"cosignature/v1\ntime {2**63}\n{CHECKPOINT.body()}".encode()
    line = SignatureLine(
        COSIGNER, key_id(COSIGNER, b"\4", WITNESS.public), (2**63).to_bytes(8, "big") + WITNESS.sign(message)
    )
    with pytest.raises(CheckpointError, match="malformed"):
        verify_cosignature(NOTE + line.line(), WITNESS.public, COSIGNER)


@pytest.mark.parametrize("size", [0, 1, 2**63 - 1])
def test_every_size_in_range_is_read(size: int) -> None:
    checkpoint = CHECKPOINT._replace(size=size)
    assert verify_checkpoint(sign_checkpoint(checkpoint, KEY), KEY.public, ORIGIN) == checkpoint


def test_one_key_signs_a_note_once() -> None:
    with pytest.raises(CheckpointError, match="by one key"):
        cosign(COSIGNED, WITNESS, COSIGNER, 1679315148)


BODY, _, SIGNATURES = NOTE.partition("\n\n")
SIZE = "20852163"
LAST = NOTE.rstrip("\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(NOTE[:-1], id="no newline at the end"),
        pytest.param(NOTE + "\n", id="a blank line at the end"),
        pytest.param(NOTE.replace("\n\n", "\n\n\n"), id="two blank lines"),
        pytest.param(NOTE.replace("\n\n", "\n"), id="no blank line"),
        pytest.param(BODY + "\n\n", id="no signature"),
        pytest.param(NOTE.replace("\n\n", "\nextension\n\n"), id="an extension line"),
        pytest.param(NOTE.replace(SIZE, "0" + SIZE), id="a leading zero"),
        pytest.param(NOTE.replace(SIZE, "-1"), id="a negative size"),
        pytest.param(NOTE.replace(SIZE, "+1"), id="a sign"),
        pytest.param(NOTE.replace(SIZE, "1_0"), id="an underscore"),
        pytest.param(NOTE.replace(SIZE, "１２"), id="digits of another script"),
        pytest.param(NOTE.replace(SIZE, str(2**63)), id="a size out of range"),
        pytest.param(NOTE.replace(SIZE, "9" * 5000), id="a size of 5000 digits"),
        pytest.param(NOTE.replace(SIZE, ""), id="no size"),
        pytest.param(NOTE.replace("\n", "\r\n"), id="carriage returns"),
        pytest.param(NOTE.replace(ORIGIN, "", 1), id="no origin"),
        pytest.param(NOTE.replace(ORIGIN, ORIGIN + "+a"), id="a plus in the origin"),
        pytest.param(NOTE.replace(ORIGIN, ORIGIN + "\u2003a"), id="a space in the origin"),
        pytest.param(NOTE.replace(ORIGIN, ORIGIN + "\x00"), id="a control character"),
        pytest.param(NOTE.replace("—", "-"), id="a hyphen for the dash"),
        pytest.param(NOTE.replace("— ", "—  "), id="two spaces after the dash"),
        pytest.param(LAST[:-1] + "\n", id="base64 without padding"),
        pytest.param(LAST[:-2] + chr(ord(LAST[-2]) + 1) + "=\n", id="base64 with bits to spare"),
        pytest.param(LAST[:-4] + " " + LAST[-4:] + "\n", id="a space in the base64"),
        pytest.param(BODY + f"\n\n— {ORIGIN} AAAA\n", id="a signature without even a key id"),
        pytest.param(BODY + f"\n\n— {ORIGIN} AAAAAA==\n", id="a key id without a signature"),
        pytest.param(NOTE + SIGNATURES, id="one signature twice"),
        pytest.param(NOTE + "".join(f"— w{n} AAAAAAA=\n" for n in range(16)), id="seventeen signatures"),
        pytest.param(NOTE.replace(ORIGIN, "a" * MAX_NOTE), id="too long"),
        pytest.param(f"{ORIGIN}\n1\nAAAA\n\n{SIGNATURES}", id="a short root"),
        pytest.param(f"{ORIGIN}\n1\n!\n\n{SIGNATURES}", id="a root that is no base64"),
    ],
)
def test_a_note_in_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        parse_note(text)


@given(st.integers(0, len(COSIGNED) - 1), st.characters(codec="utf-8"))
def test_no_character_of_a_cosigned_note_can_be_changed(place: int, character: str) -> None:
    changed = COSIGNED[:place] + character + COSIGNED[place + 1 :]
    if changed == COSIGNED:
        return
    with pytest.raises(CheckpointError):
        verify_checkpoint(changed, KEY.public, ORIGIN)
        verify_cosignature(changed, WITNESS.public, COSIGNER)


@given(st.text())
def test_any_text_is_parsed_or_refused_and_nothing_else(text: str) -> None:
    with contextlib.suppress(CheckpointError):
        assert parse_note(text).text() == text


def test_sixteen_signatures_are_read() -> None:
    note = parse_note(NOTE + "".join(f"— w{n} AAAAAAA=\n" for n in range(15)))
    assert len(note.signatures) == 16


def test_two_roots_for_one_size_convict_the_writer() -> None:
    other = CHECKPOINT._replace(root=bytes(32))
    assert convicts(NOTE, sign_checkpoint(other, KEY), KEY.public) == (CHECKPOINT, other)
    assert convicts(NOTE, sign_checkpoint(other, WITNESS), KEY.public, WITNESS.public) == (CHECKPOINT, other)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(NOTE, id="the same"),
        pytest.param(COSIGNED, id="the same, cosigned"),
        pytest.param(sign_checkpoint(CHECKPOINT._replace(size=1, root=bytes(32)), KEY), id="another size"),
        pytest.param(sign_checkpoint(CHECKPOINT._replace(origin="other", root=bytes(32)), KEY), id="another log"),
        pytest.param(sign_checkpoint(CHECKPOINT._replace(root=bytes(32)), WITNESS), id="forged by another"),
        pytest.param("nonsense", id="malformed"),
    ],
)
def test_nobody_is_convicted_by_less(other: str) -> None:
    assert convicts(NOTE, other, KEY.public) is None
