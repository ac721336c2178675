"""Words around matters at the command line: what was done, what waits for whose signature, and the command for it."""

import hashlib
import itertools
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from false_node import FalseNode, false_node, run
from test_cli_matters import AGREEMENT, COMMON, statement
from test_cli_signing import changed, status

from entente.cli import matters
from entente.cli.matter_words import DEEDS, done, example
from entente.domain.relations.fields import hear
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import Kind, Said, Text, wording
from entente.record.bodies import SaidValue, TextRef
from entente.sealing.canonical import encode

WORDS = (Text("en", "text/plain", "ab" * 32, 5),)
DIGEST = wording(WORDS)
AT = "2019-11-22T09:00:00.000Z"
VERBS = [(kind, name) for kind, table in TABLES.items() for name in table.verbs]


@pytest.fixture
def liar(tmp_path: Path) -> Iterator[FalseNode]:
    with false_node(tmp_path) as node:
        node.answers["agreement.status"] = status
        yield node


# What was done


@pytest.mark.parametrize(("kind", "name"), VERBS)
def test_every_step_says_what_it_did_or_its_matters_new_state_does(kind: Kind, name: str) -> None:
    verb = TABLES[kind].verbs[name]
    assert verb.to is not None or f"{kind} {name}" in DEEDS
    said = tuple(SaidValue(field, "", "7") for field, spec in verb.fields.items() if spec.required)
    told = done(changed(statement(), kind=kind, verb=name, matter=f"kr-{kind}-1", said=said), "open")
    assert f"kr-{kind}-1" in told


@pytest.mark.parametrize(
    ("kind", "verb", "said", "state", "told"),
    [
        ("dialogue", "hold", {"round": "7"}, "open", "round 7 of jp-dialogue-1 is held"),
        ("dialogue", "assign", {"action": "list", "to": "kr"}, "open", "action list of jp-dialogue-1 is kr's to do"),
        ("dialogue", "adjourn", {}, "adjourned", "jp-dialogue-1 is adjourned"),
        ("statement", "adopt", {"wording": "ab"}, "proposed", "wording ab of jp-statement-1 is signed"),
        ("statement", "adopt", {"wording": "ab"}, "joint",
         "wording ab of jp-statement-1 is signed, and jp-statement-1 is joint"),
    ],
)  # fmt: skip
def test_what_was_done_is_made_from_the_verb_and_its_fields(
    kind: Kind, verb: str, said: dict[str, str], state: str, told: str
) -> None:
    values = tuple(SaidValue(name, "", value) for name, value in said.items())
    assert done(changed(statement(), kind=kind, verb=verb, matter=f"jp-{kind}-1", said=values), state) == told


def test_a_proposal_says_the_digest_that_the_others_are_to_sign() -> None:
    text = TextRef("en", "text/plain", bytes.fromhex(WORDS[0].sha256), WORDS[0].size)
    proposal = changed(
        statement(), kind="arrangement", verb="propose", matter="kr-arrangement-1", said=(), texts=(text,)
    )
    assert done(proposal, "standing") == f"a common wording of kr-arrangement-1 is proposed: {DIGEST}"


# Examples in the help


@pytest.mark.parametrize(("kind", "name"), VERBS)
def test_an_example_is_a_command_that_means_something(kind: Kind, name: str) -> None:
    """Every option is one of the command's, and every value reads as its field; a beginning stands for a digest."""
    verb = TABLES[kind].verbs[name]
    words = shlex.split(example(kind, name, verb).replace("\\\n", " "))
    assert "..." not in " ".join(words)
    command = matters.group_of(kind).commands[name.replace("_", "-")]
    given = dict(itertools.pairwise(words))
    options = {option for word in command.params for option in word.opts}
    assert {word for word in words if word.startswith("--")} <= options
    said = []
    for field, spec in verb.fields.items():
        value = given.get(f"--{field.replace('_', '-')}")
        assert (value is not None) == spec.required
        if value is not None and field != "wording":
            lang, _, text = value.partition("=") if spec.languages else ("", "", value)
            said.append(Said(field, lang, spec.write(spec.read(text))))
    fields = {field: spec for field, spec in verb.fields.items() if field != "wording"}
    hear(fields, said)


@pytest.mark.parametrize(("kind", "article"), [("arrangement", "an"), ("indicator", "an"), ("measure", "a")])
def test_a_kind_has_its_article(kind: str, article: str) -> None:
    assert f"Show {article} {kind}: every step" in run(kind, "show", "--help", passphrase=None).output


# Wordings by their first digits


def adopt(liar: FalseNode, given: str, *proposed: str) -> Any:
    """kr adopts a joint statement of jp, of which these digests are proposed, the first over a text that is shown."""
    reference = TextRef("en", "text/plain", bytes.fromhex(proposed[0]), len(COMMON))
    whole = wording((Text("en", "text/plain", sha(), len(COMMON)),))
    data = encode(statement(matter="jp-statement-1", opening=bytes(32), kind="statement", verb="adopt", refs=(),
                            said=(SaidValue("wording", "", whole),), texts=()))  # fmt: skip
    text = {"lang": "en", "media_type": "text/plain", "sha256": reference.digest.hex(), "text": COMMON.decode()}
    steps = [{"verb": "propose", "texts": [text], "wording": digest} for digest in proposed]
    prepared = {"statement": data.hex(), "matter": "jp-statement-1", "agreement": AGREEMENT.hex()}
    liar.answers["step.prepare"] = lambda _: prepared
    liar.answers["matter.show"] = lambda _: {"id": "jp-statement-1", "title": {"en": "Joint"}, "steps": steps}
    liar.answers["step.commit"] = lambda _: {"matter": "jp-statement-1", "entry": 9, "state": "joint"}
    return run("statement", "adopt", liar.path, "jp-statement-1", "--wording", given, "--office", "treaty",
               "--person", "t1", "--yes")  # fmt: skip


def sha() -> str:
    return hashlib.sha256(COMMON).hexdigest()


def test_the_first_eight_digits_name_a_wording_and_it_is_shown_whole_before_it_is_signed(liar: FalseNode) -> None:
    whole = wording((Text("en", "text/plain", sha(), len(COMMON)),))
    ran = adopt(liar, whole[:8], whole)
    assert ran.exit_code == 0, ran.output
    assert dict(liar.asked)["step.prepare"]["say"] == {"wording": whole}
    before, _, _ = ran.output.partition("What is written stays")
    assert whole in before
    assert COMMON.decode().strip() in before


@pytest.mark.parametrize(("digits", "more", "told"), [(7, "", False), (8, "0", True), (8, "same", True)])
def test_fewer_digits_or_those_of_none_or_of_several_name_no_wording(
    liar: FalseNode, digits: int, more: str, told: bool
) -> None:
    whole = wording((Text("en", "text/plain", sha(), len(COMMON)),))
    given = "0" * 8 if more == "0" else whole[:digits]
    ran = adopt(liar, given, whole, *([whole[:63] + ("1" if whole[63] == "0" else "0")] if more == "same" else []))
    assert ran.exit_code == 2
    assert "step.prepare" not in liar.commands()
    assert (whole in ran.output) is told


# What is proposed and not signed by all


def version(by: str, signed: list[str], text: str = "We agree.") -> dict[str, Any]:
    return {"by": by, "at": AT, "entry": 7, "summary": {"en": text}, "wording": DIGEST, "texts": [], "signed": signed}


def found(kind: str, **view: Any) -> dict[str, Any]:
    base = {
        "id": f"jp-{kind}-1",
        "kind": kind,
        "owner": "jp",
        "between": ["jp", "kr"],
        "state": "open",
        "steps": [],
        "met": [],
    }
    return base | {"title": {"en": "A title"}} | view


def wordings(*proposed: dict[str, Any]) -> dict[str, Any]:
    return {"own": {}, "proposed": list(proposed), "agreed": None}


ROUND = {"state": "held", "window": [AT, AT], "earlier": [], "place": "Tokyo", "video": False, "zone": "Asia/Tokyo",
         "participants": []}  # fmt: skip
MEETING = {"level": "leader", "host_event": {}, "host_place": "", "attendees": [], "principals": [], "offered_by": "jp",
           "windows": [], "agreed": None, "place": "", "zone": "", "round": ""}  # fmt: skip
STATEMENT = {"attribution": "on_record", "source": "", "embargo": None, "out": None, "versions": [{}, {}, {}],
             "withdrawn": None, "about": "", "claim": {}, "reply": None, "answer": ""}  # fmt: skip


@pytest.mark.parametrize("signed", [["jp"], ["jp", "kr"]])
@pytest.mark.parametrize(
    ("kind", "view", "command"),
    [
        ("arrangement", lambda w: {"review": None, "terms": {}, "wordings": w}, "arrangement adopt"),
        ("dialogue", lambda w: {"level": "working", "agenda": [], "rounds": {"7": ROUND | {"minutes": w}},
                                "actions": {}}, "dialogue adopt-minutes"),
        ("meeting", lambda w: MEETING | {"record": w}, "meeting adopt-record"),
        ("statement", lambda w: STATEMENT | {"state": "proposed", "wordings": w}, "statement adopt"),
    ],
)  # fmt: skip
def test_a_proposal_stands_in_the_head_until_all_have_signed_with_the_command_to_sign_it(
    liar: FalseNode, kind: str, view: Any, command: str, signed: list[str]
) -> None:
    matter = found(kind, **view(wordings(version("jp", signed))))
    liar.answers["matter.show"] = lambda _: matter
    liar.answers["agreement.documents"] = lambda _: {"documents": {}}
    ran = run(kind, "show", liar.path, f"jp-{kind}-1", passphrase=None)
    assert ran.exit_code == 0, ran.output
    lines = [line.strip() for line in ran.output.splitlines()]
    if len(signed) == 2:
        assert not any(line.startswith("to sign it") for line in lines)
        return
    assert DIGEST in lines
    assert "We agree." in lines
    assert "signed by jp; not by kr" in lines
    options = f"{'--round 7 ' if kind == 'dialogue' else ''}--wording {DIGEST[:16]}"
    assert f"to sign it: entente {command} {liar.path} jp-{kind}-1 {options} --office ID --person ID" in lines


def test_who_has_signed_a_proposal_is_asked_for_nothing(liar: FalseNode) -> None:
    liar.answers["matter.show"] = lambda _: found(
        "arrangement", review=None, terms={}, wordings=wordings(version("kr", ["kr"]))
    )
    liar.answers["agreement.documents"] = lambda _: {"documents": {}}
    shown = run("arrangement", "show", liar.path, "jp-arrangement-1", passphrase=None).output
    assert "signed by kr; not by jp" in shown
    assert "to sign it" not in shown


@pytest.mark.parametrize(("versions", "said"), [(2, "once"), (3, "twice"), (4, "3 times")])
def test_a_statement_says_in_words_how_often_it_was_corrected(liar: FalseNode, versions: int, said: str) -> None:
    view = STATEMENT | {"wordings": None, "versions": [{}] * versions, "attribution": "background", "source": "2019-7"}
    liar.answers["matter.show"] = lambda _: found("statement", **view)
    liar.answers["agreement.documents"] = lambda _: {"documents": {}}
    shown = run("statement", "show", liar.path, "jp-statement-1", passphrase=None).output
    assert [line.split() for line in shown.splitlines() if "corrected" in line] == [["corrected", *said.split()]]
    assert "reference 2019-7 in the registry" in shown
