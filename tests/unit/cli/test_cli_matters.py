"""Matters at the command line: made from the tables, and an office signs what was asked and nothing else."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run
from test_cli_signing import AGREEMENT, changed, signature_of, status

from entente.domain.relations.indicators import faults
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import Kind, Text, wording
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
        opening=b"",
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
        nonce=bytes(16),
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


COMMON = b"We agree on this.\n"


def test_the_example_of_an_observation_is_a_file_of_figures_in_the_form_that_its_help_gives() -> None:
    shown = " ".join(run("indicator", "observe", "--help", passphrase=None).output.split())
    assert "entente indicator observe /var/lib/entente kr-indicator-1 --text en=figures.csv" in shown.replace("\\ ", "")
    assert "the first line 'period,value'" in shown
    assert faults(b"period,value\n2019-07,10.5\n") is None
    assert "'2019-07,10.5'" in shown


def adopt(liar: FalseNode, shown: bytes) -> Any:
    """kr adopts a joint statement by the digest of its text; the node shows ``shown`` as that text."""
    reference = TextRef("en", "text/plain", hashlib.sha256(COMMON).digest(), len(COMMON))
    digest = wording((Text("en", "text/plain", reference.digest.hex(), reference.size),))
    said = (SaidValue("wording", "", digest),)
    data = encode(
        statement(
            matter="jp-statement-1", opening=bytes(32), kind="statement", verb="adopt", refs=(), said=said, texts=()
        )
    ).hex()
    text = {"lang": "en", "media_type": "text/plain", "sha256": reference.digest.hex(), "text": shown.decode()}
    matter = {"id": "jp-statement-1", "title": {"en": "Joint"}, "steps": [{"texts": [text], "wording": digest}]}
    liar.answers["step.prepare"] = lambda _: {
        "statement": data,
        "matter": "jp-statement-1",
        "agreement": AGREEMENT.hex(),
    }
    liar.answers["matter.show"] = lambda _: matter
    liar.answers["step.commit"] = lambda _: {"matter": "jp-statement-1", "entry": 9, "state": "joint"}
    return run(
        "statement", "adopt", liar.path, "jp-statement-1", "--wording", digest, "--office", "treaty", "--person", "t1",
        "--yes",
    )  # fmt: skip


def test_an_office_signs_a_common_text_only_beside_the_words_that_give_its_digest(liar: FalseNode) -> None:
    ran = adopt(liar, COMMON)
    assert ran.exit_code == 0, ran.output
    assert "We agree on this." in ran.output
    assert "about en: Joint" in ran.output


def test_an_office_does_not_sign_another_text_under_the_digest_of_a_common_one(liar: FalseNode) -> None:
    ran = adopt(liar, b"We agree on nothing.\n")
    assert ran.exit_code == 1
    assert "step.commit" not in liar.commands()


def test_what_somebody_wrote_is_no_markup_on_a_screen(liar: FalseNode) -> None:
    title = {"en": "licensing [/x] [bold red]ACTUAL[/]"}
    line = {"id": "jp-measure-1", "title": title, "between": ["jp", "kr"], "state": "announced"}
    line |= {"changed": "2019-11-22T09:00:00.000Z"}
    liar.answers["matter.list"] = lambda _: [line]
    liar.answers["agreement.status"] = status
    shown = " ".join(run("measure", "list", liar.path, passphrase=None).output.split())
    assert "[/x] [bold red]ACTUAL[/]" in shown
