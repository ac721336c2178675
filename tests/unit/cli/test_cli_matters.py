"""Matters at the command line: made from the tables, and an office signs what was asked and nothing else."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run
from test_cli_signing import AGREEMENT, changed, signature_of, status

from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import Kind
from entente.node.home import Home
from entente.node.keyring import unlock_office
from entente.record.bodies import SaidValue, Signer, StepStatement, TextRef
from entente.sealing.canonical import encode

WORDS = b"What is complained of.\n"


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[FalseNode]:
    with false_node(tmp_path) as node:
        node.answers["agreement.status"] = status
        yield node


def code(ran: Any) -> str | None:
    error = json.loads(ran.stdout).get("error")
    return error["code"] if error is not None else None


def statement(**lie: Any) -> StepStatement:
    good = StepStatement(
        schema="entente/step/1",
        agreement=AGREEMENT,
        by="kr",
        matter="kr-measure-1",
        kind="measure",
        verb="announce",
        audience=("jp", "kr"),
        refs=("kr-3",),
        said=(
            SaidValue("subject", "", "complaint"),
            SaidValue("title", "en", "Complaint"),
            SaidValue("title", "ko", "제소"),
            SaidValue("reference", "", "DS590"),
        ),
        texts=(TextRef("en", "text/plain", hashlib.sha256(WORDS).digest(), len(WORDS)),),
        signers=(Signer("treaty", "t1"),),
    )
    return changed(good, **lie)  # type: ignore[no-any-return]


def announce(liar: FalseNode, folder: Path, **lie: Any) -> Any:
    data = encode(statement(**lie)).hex()
    liar.answers["step.prepare"] = lambda _: {"statement": data, "matter": "kr-measure-1", "agreement": AGREEMENT.hex()}
    liar.answers["step.commit"] = lambda _: {"matter": "kr-measure-1", "entry": 9, "state": "announced"}
    (folder / "text.txt").write_bytes(WORDS)
    return run(
        "measure", "announce", liar.path, "--subject", "complaint", "--title", "ko=제소", "--title", "en=Complaint",
        "--reference", "DS590", "--text", f"en={folder / 'text.txt'}", "--ref", "kr-3", "--with", "jp",
        "--office", "treaty", "--person", "t1", "--json",
    )  # fmt: skip


def test_a_step_that_is_what_was_asked_is_signed_over_its_bytes(liar: FalseNode, tmp_path: Path) -> None:
    ran = announce(liar, tmp_path)
    assert ran.exit_code == 0, ran.output
    given = dict(liar.asked)["step.commit"]
    (signature,) = given["signatures"]
    key = unlock_office(Home(liar.path).key_file("office-treaty"), b"four words for exercises")
    key.public.verify("step", bytes.fromhex(given["statement"]), signature_of({"signature": signature}))


@pytest.mark.parametrize(
    "lie",
    [
        {"agreement": bytes(32)},
        {"by": "jp"},
        {"matter": "kr-measure-2"},
        {"kind": "statement"},
        {"verb": "withdraw"},
        {"audience": ("jp", "kr", "us")},
        {"refs": ()},
        {"said": (SaidValue("subject", "", "other"), SaidValue("title", "en", "Complaint"))},
        {"texts": (TextRef("en", "text/plain", bytes(32), len(WORDS)),)},
        {"texts": (TextRef("ja", "text/plain", hashlib.sha256(WORDS).digest(), len(WORDS)),)},
        {"signers": (Signer("treaty", "t2"),)},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_an_office_signs_nothing_else_than_what_was_asked(liar: FalseNode, tmp_path: Path, lie: dict[str, Any]) -> None:
    assert code(announce(liar, tmp_path, **lie)) == "OTHER_BYTES"
    assert "step.commit" not in liar.commands()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--title", "no language"), ("--title", "en=again"), ("--text", "nofile"), ("--text", "en=/no/file")],
)
def test_a_value_that_means_nothing_is_refused_before_anything_is_prepared(
    liar: FalseNode, option: str, value: str
) -> None:
    ran = run(
        "measure", "announce", liar.path, "--subject", "other", "--title", "en=One", option, value,
        "--office", "treaty", "--person", "t1", "--json",
    )  # fmt: skip
    assert (ran.exit_code, code(ran) in ("BAD_OPTION", "NO_FILE")) == (2, True)
    assert liar.commands() == []


@pytest.mark.parametrize("kind", TABLES)
def test_every_verb_of_a_kind_is_a_command_with_its_fields(kind: Kind) -> None:
    for name, verb in TABLES[kind].verbs.items():
        shown = " ".join(run(kind, name.replace("_", "-"), "--help", passphrase=None).output.split())
        assert verb.help in shown
        assert all(f"--{field.replace('_', '-')}" in shown for field in verb.fields)
