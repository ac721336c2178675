"""What one office signed alone, where the terms ask for two, counts for nobody: not at a node, and not offline."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_pair import Forger, new_pair, refusals
from support_stop import AGREEMENT, Pair, Party, verified

from entente.node import agreements
from entente.record.bodies import (
    ActStatement,
    SaidValue,
    SignedAct,
    SignedKeys,
    SignedStep,
    Signer,
    StepStatement,
    TextRef,
)
from entente.record.frames import encode_frame
from entente.sealing.canonical import encode

TERMS = AGREEMENT.read_bytes() + b"\n[notices]\ntwo_persons = true\n"
DAY = 86_400_000
OFFICES = {"treaty": ("bind",), "minister": ("bind",), "release": ("release",)}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Two nodes before anything is signed."""
    made = new_pair(tmp_path, OFFICES)
    yield made
    made.close()


def an_act(party: Party, agreement: bytes) -> list[bytes]:
    said = encode(
        ActStatement("entente/act/1", agreement, party.party, f"{party.party}-1", "declare_reading", (), None, None,
                     None, "spent", (), "")
    )  # fmt: skip
    return [encode(SignedAct(said, "treaty", party.office("treaty").sign("act", said), None))]


def a_note(party: Party, agreement: bytes) -> list[bytes]:
    said = tuple(SaidValue(*each) for each in (("act", "", "kr-3"), ("to", "", "jp"), ("form", "", "record")))
    text = TextRef("en", "text/plain", hashlib.sha256(b"N").digest(), 1)
    statement = encode(
        StepStatement("entente/step/1", agreement, "kr", "kr-note-1", b"", "note", "send", ("jp", "kr"), (), said,
                      (text,), (Signer("treaty", "t1"),), bytes(16))
    )  # fmt: skip
    return [encode(SignedStep(statement, (party.office("treaty").sign("step", statement),))), b"N"]


@pytest.mark.parametrize("kind", ["act", "step"])
def test_neither_a_node_nor_whoever_verifies_counts_it_whatever_date_its_writer_gives_it(
    pair: Pair, tmp_path: Path, kind: str
) -> None:
    """Dated before the document itself, so that whoever goes by instants feeds it first."""
    jp, kr = pair
    agreement = agreements.propose(jp.node, TERMS).agreement
    pair.connect()
    forger, old, card = Forger(kr, agreement), jp.node.instant() - DAY, kr.node.card
    keys = forger.entry("keys", encode(SignedKeys(card.statement, card.signature)), instant=old)
    bodies = an_act(kr, agreement) if kind == "act" else a_note(kr, agreement)
    jp.arriving([encode_frame(forger.frame(keys, forger.entry(kind, *bodies, instant=old + 1)))])
    assert list(refusals(jp).values()) == ["SECOND_PERSON_MISSING"]
    assert (jp.ledger.projection.acts, jp.ledger.projection.steps.matters) == ({}, {})
    report = verified(tmp_path, jp)
    assert (report.acts, report.matters) == ((), ())
    assert [bad.code for bad in report.bad] == ["SECOND_PERSON_MISSING"]


@pytest.mark.parametrize("kind", ["act", "step"])
def test_what_stands_before_the_document_in_its_log_counts_for_nobody(pair: Pair, kind: str) -> None:
    """How many are to sign it nobody could tell."""
    jp, kr = pair
    agreement = hashlib.sha256(TERMS).digest()
    forger = Forger(kr, agreement)
    bodies = an_act(kr, agreement) if kind == "act" else a_note(kr, agreement)
    pair.connect()
    jp.arriving(
        [encode_frame(forger.frame(*forger.beginning(), forger.entry(kind, *bodies), forger.entry("document", TERMS)))]
    )
    assert (jp.ledger.projection.acts, jp.ledger.projection.steps.matters) == ({}, {})
    assert list(jp.ledger.projection.documents) == [agreement.hex()]
    assert list(refusals(jp).values()) == ["NO_DOCUMENT"]
