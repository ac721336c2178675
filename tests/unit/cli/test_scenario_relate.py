"""Steps about matters in a scenario: read by the tables of the record, and told by their dotted keys where wrong."""

import hashlib
from pathlib import Path

import pytest
from scenario_text import CLOCK, HEAD, PART, problems, read

from entente.cli.scenario_record import record_of
from entente.domain.agreement.instants import parse_instant

AT = "2019-09-11T16:00:00+09:00"


def relate(verb: str, *lines: str, at: str = AT, party: str = "kr", matter: str = "kr-measure-1") -> str:
    """A step as it is written."""
    head = ("[[part.step]]", 'do = "relate"', f'at = "{at}"', f'party = "{party}"')
    return "\n".join((*head, f'matter = "{matter}"', f'verb = "{verb}"', *lines)) + "\n"


TITLE = 'say.title = { en = "Complaint", ja = "提訴" }'
ANNOUNCE = relate("announce", 'say.subject = "complaint"', TITLE)
LATER = "2019-09-16T18:00:00+09:00"
FIRST = "part[0].step[0]"
SECOND = "part[0].step[1]"


def wrong(folder: Path, *steps: str) -> list[str]:
    return [where for where, _ in problems(folder, HEAD + PART + "".join(steps))]


def test_a_step_says_what_the_record_would_hold(tmp_path: Path) -> None:
    suspend = relate(
        "suspend",
        'refs = ["kr-measure-1"]',
        'say.condition.en = "While talks go on"',
        'say.effective = "2019-09-16T09:00:00Z"',
        'texts.ko = "연습"',
        'texts.en = "EXERCISE"',
        at=LATER,
    )
    record = record_of(read(tmp_path, HEAD + PART + ANNOUNCE + suspend))
    announced, suspended = record.steps
    assert (announced.by, announced.at, announced.matter, announced.kind, announced.verb) == (
        "kr", parse_instant(AT), "kr-measure-1", "measure", "announce",
    )  # fmt: skip
    assert announced.values == {"subject": "complaint", "title": {"en": "Complaint", "ja": "提訴"}}
    assert suspended.refs == ("kr-measure-1",)
    assert suspended.get("effective") == parse_instant(LATER)
    assert [(text.lang, text.media_type, text.size) for text in suspended.texts] == [
        ("en", "text/plain", 8), ("ko", "text/plain", 6),
    ]  # fmt: skip
    assert [record.files[text.sha256].decode() for text in suspended.texts] == ["EXERCISE", "연습"]
    assert record.matters(parse_instant(LATER))["kr-measure-1"].state == "suspended"


def test_a_text_may_be_a_file_and_is_what_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "values.csv").write_text("period,value\n2019-07,1\n")
    follow = relate("follow", 'say = { title = { en = "T" }, unit = "u", source = "s" }', matter="kr-indicator-1")
    observe = relate("observe", 'texts.en.file = "values.csv"', at=LATER, matter="kr-indicator-1")
    noted = relate("suspend", 'texts = { en = { file = "note.txt" }, ja = "演習" }', at="2019-09-17T00:00:00+09:00")
    record = record_of(read(tmp_path, HEAD + PART + ANNOUNCE + follow.replace("16:00", "16:01") + observe + noted))
    assert [(text.lang, text.media_type) for step in record.steps for text in step.texts] == [
        ("en", "text/csv"), ("en", "text/plain"), ("ja", "text/plain"),
    ]  # fmt: skip
    (values,) = record.series(parse_instant("2020-01-01T00:00:00Z")).values()
    assert [(point.period, point.value) for point in values.points] == [("2019-07", "1")]


def test_where_a_digest_belongs_a_file_stands_for_its_own(tmp_path: Path) -> None:
    enforce = relate("enforce", 'say.evidence = [{ file = "note.txt" }, { file = "scenario.toml" }]', at=LATER)
    text = HEAD + PART + ANNOUNCE + enforce
    evidence = record_of(read(tmp_path, text)).steps[1].get("evidence")
    assert evidence == tuple(hashlib.sha256(data).hexdigest() for data in (b"EXERCISE", text.encode()))


def test_a_number_may_be_written_as_one(tmp_path: Path) -> None:
    propose = relate("propose", 'say = { title = { en = "T" }, level = "working" }', party="jp", matter="jp-dialogue-1")
    accept = relate("accept", at="2019-09-12T00:00:00+09:00", matter="jp-dialogue-1")
    window = 'say.window = "2019-10-01T00:00:00+09:00/2019-10-01T01:00:00+09:00"'
    convene = relate("convene", "say.round = 7", window, at=LATER, matter="jp-dialogue-1")
    record = record_of(read(tmp_path, HEAD + PART + propose + accept + convene))
    assert record.steps[2].get("round") == 7


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ('say.subject = "war"', "say.subject"),
        ('say.titel = { en = "T" }', "say.titel"),
        ('say.title = "T"', "say.title"),
        ('say.title = { en = "T", ja = " " }', "say.title.ja"),
        ('say.title = { en = "T", ja = "blank at the end " }', "say.title.ja"),
        ('say.title = { en = "T", english = "T" }', "say.title.english"),
        ('say.forum = ["WTO", "ICJ"]', "say.forum"),
        ('say.forum = { en = "WTO" }', "say.forum"),
        ("say.forum = 1.5", "say.forum"),
        ("say.forum = true", "say.forum"),
        ('say.effective = "tomorrow"', "say.effective"),
        ('say.evidence = ["5e5e", "00"]', "say.evidence[0]"),
        ('say.evidence = { file = "none.txt" }', "say.evidence.file"),
        ('say.evidence = [{ file = "none.txt" }]', "say.evidence[0].file"),
        ('say.evidence = { file = "note.txt", size = 1 }', "say.evidence.size"),
        ('say.Evidence = "x"', "say.Evidence"),
        ('texts.en = ""', "texts.en"),
        ('texts.english = "T"', "texts.english"),
        ('texts.en = { file = "none.txt" }', "texts.en.file"),
        ('texts.en = { file = "scenario.toml" }', "texts.en.file"),
        ('between = ["kr"]', "between"),
        ('between = ["kr", "us"]', "between[1]"),
        ('refs = ["kr-9"]', "refs[0]"),
        ('refs = ["kr-measure-1"]', "refs[0]"),
        ('refs = ["kr-3"]', "refs[0]"),
        ('item = "note"', "item"),
        ('files.en = "note.txt"', "files"),
        ('expect.code = ""', "expect.code"),
        ('expect.outcome = "received"', "expect"),
        ('expect.matter.kr-measure-1 = "over"', "expect.matter.kr-measure-1"),
        ('expect.matter.kr-measure-2 = "ended"', "expect.matter.kr-measure-2"),
        ('expect.matter.measure = "ended"', "expect.matter.measure"),
    ],
)
def test_what_is_wrong_is_told_by_its_dotted_key(tmp_path: Path, line: str, where: str) -> None:
    lines = [each for each in ('say.subject = "complaint"', TITLE) if each[:10] != line[:10]]
    found = wrong(tmp_path, relate("announce", *lines, line))
    assert found[0] == f"{FIRST}.{where}"
    assert set(found) <= {f"{FIRST}.{where}", f"{FIRST}.say.evidence[1]"}


@pytest.mark.parametrize(
    ("step", "where"),
    [
        (relate("announce", TITLE), "say.subject"),
        (relate("dance"), "verb"),
        (relate("Dance"), "verb"),
        (relate("announce", matter="measure-1"), "matter"),
        (relate("announce", matter="kr-treaty-1"), "matter"),
        (ANNOUNCE.replace("kr-measure-1", "jp-measure-1"), "matter"),
        (ANNOUNCE.replace("kr-measure-1", "kr-measure-2"), "matter"),
        (ANNOUNCE.replace('party = "kr"', 'party = "us"'), "party"),
        (ANNOUNCE.replace('matter = "kr-measure-1"\n', ""), "matter"),
        (ANNOUNCE.replace('verb = "announce"\n', ""), "verb"),
        (ANNOUNCE.replace(f'at = "{AT}"\n', ""), "at"),
        (relate("suspend"), "matter"),
        (
            relate("issue", 'say = { title = { en = "T" }, attribution = "none" }', matter="kr-statement-1"),
            "texts",
        ),
    ],
)
def test_a_step_of_the_wrong_form_is_told_by_its_dotted_key(tmp_path: Path, step: str, where: str) -> None:
    assert f"{FIRST}.{where}" in wrong(tmp_path, step)


def test_a_text_beside_a_verb_that_carries_none_is_told(tmp_path: Path) -> None:
    propose = relate(
        "propose", 'say = { title = { en = "T" }, level = "working" }', 'texts.en = "T"', matter="kr-dialogue-1"
    )
    assert wrong(tmp_path, propose) == [f"{FIRST}.texts"]


def test_more_values_than_a_step_may_carry_are_told(tmp_path: Path) -> None:
    agenda = ", ".join(f'"point {number}"' for number in range(33))
    lines = ('say.title.en = "T"', 'say.level = "working"', f"say.agenda = [{agenda}]")
    assert wrong(tmp_path, relate("propose", *lines, matter="kr-dialogue-1")) == [f"{FIRST}.say.agenda"]


@pytest.mark.parametrize("line", ['matter = "kr-measure-1"', 'verb = "end"', 'say.unit = "u"', 'texts.en = "T"',
                                  'refs = ["kr-1"]', 'between = ["jp", "kr"]'])  # fmt: skip
def test_only_a_step_about_a_matter_says_such_things(tmp_path: Path, line: str) -> None:
    assert wrong(tmp_path, CLOCK, line + "\n") == [f"{FIRST}.{line.split()[0].split('.')[0]}"]


def test_everything_wrong_with_every_step_is_told_at_once(tmp_path: Path) -> None:
    first = relate("announce", 'say.subject = "war"', 'say.title = { en = "", ja = "x " }', 'say.nothing = "T"')
    second = relate("dance", 'texts.en.file = "none.txt"', at=LATER)
    assert wrong(tmp_path, first.replace('en = "", ', ""), second) == [
        f"{FIRST}.say.nothing", f"{FIRST}.say.subject", f"{FIRST}.say.title.ja", f"{SECOND}.texts.en.file",
        f"{SECOND}.verb",
    ]  # fmt: skip


def test_a_mistake_names_what_would_be_right(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, HEAD + PART + ANNOUNCE.replace("kr-measure-1", "kr-measure-4"))
    assert found[1] == "announce opens the next measure of kr, which is not kr-measure-4"


# What there is by then


def test_a_step_is_of_a_matter_that_an_earlier_one_opened(tmp_path: Path) -> None:
    enforce = relate("enforce", at=LATER)
    assert read(tmp_path, HEAD + PART + ANNOUNCE + enforce)
    before = enforce.replace(LATER, "2019-09-10T00:00:00+09:00")
    assert wrong(tmp_path, before, ANNOUNCE) == [f"{FIRST}.matter"]


def test_what_a_step_names_is_there_by_then(tmp_path: Path) -> None:
    opened = relate("open", 'say.title.en = "T"', at=LATER, matter="kr-arrangement-1")
    lines = ('say.term = "wto"', 'say.summary.en = "S"', 'say.while = ["kr-measure-1", "jp-dialogue-1"]')
    term = relate("undertake", *lines, at="2019-09-17T00:00:00+09:00", matter="kr-arrangement-1")
    assert wrong(tmp_path, ANNOUNCE, opened, term) == ["part[0].step[2].say.while[1]"]


LATE = 'say = { title = { en = "T" }, attribution = "none", embargo = "2019-09-30T00:00:00Z" }'


def test_what_the_node_numbers_apart_has_a_number_apart_that_stands_for_it(tmp_path: Path) -> None:
    def issue(number: int, *lines: str, at: str = AT) -> str:
        return relate("issue", *lines, 'texts.en = "T"', at=at, matter=f"kr-statement-{number}")

    plain = issue(1, 'say = { title = { en = "T" }, attribution = "none" }', at=LATER)
    assert read(tmp_path, HEAD + PART + issue(10_000_000, LATE) + plain)
    assert read(tmp_path, HEAD + PART + issue(99_999_999, LATE) + plain)
    for number in (1, 9_999_999, 100_000_000):
        assert wrong(tmp_path, issue(number, LATE)) == [f"{FIRST}.matter"]
    assert wrong(tmp_path, issue(10_000_000, LATE), issue(10_000_000, LATE, at=LATER)) == [f"{SECOND}.matter"]
    assert wrong(tmp_path, plain.replace("statement-1", "statement-10000000")) == [f"{FIRST}.matter"]
    assert wrong(tmp_path, issue(10_000_000, LATE).replace('"kr-statement', '"jp-statement')) == [f"{FIRST}.matter"]


def test_a_party_that_a_step_names_is_one(tmp_path: Path) -> None:
    lines = ('say = { title = { en = "T" }, attribution = "none", about = "us", claim = { en = "C" } }',)
    issue = relate("issue", *lines, 'texts.en = "T"', matter="kr-statement-1")
    assert wrong(tmp_path, issue) == [f"{FIRST}.say.about"]


def test_a_note_records_an_act_that_is_written_by_then(tmp_path: Path) -> None:
    send = relate("send", 'say = { act = "kr-1", to = ["jp"], form = "record" }', 'texts.en = "T"', matter="kr-note-1")
    act = '[[part.step]]\ndo = "act"\nact = "kr-1"\n'
    assert read(tmp_path, HEAD + PART + act + send)
    assert wrong(tmp_path, send) == [f"{FIRST}.say.act"]


def test_the_matters_of_a_part_that_is_replayed_are_there(tmp_path: Path) -> None:
    first = ANNOUNCE.replace('do = "relate"', 'do = "relate"\nid = "a"')
    again = PART.replace("one", "two").replace("One", "Two") + 'replay = "one"\nuntil = "a"\n'
    scenario = read(tmp_path, HEAD + PART + first + again + relate("enforce", at=LATER))
    assert [step.verb for step in record_of(scenario, "two").steps] == ["announce", "enforce"]
    assert [step.verb for step in record_of(scenario).steps] == ["announce"]
    other = PART.replace("one", "two").replace("One", "Two")
    assert wrong(tmp_path, first, other, relate("enforce", at=LATER)) == ["part[1].step[0].matter"]


def test_the_acts_of_a_part_that_is_replayed_are_there(tmp_path: Path) -> None:
    act = '[[part.step]]\ndo = "act"\nact = "kr-3"\nid = "a"\n'
    again = PART.replace("one", "two").replace("One", "Two") + 'replay = "one"\nuntil = "a"\n'
    named = ANNOUNCE + 'refs = ["kr-3"]\n'
    assert read(tmp_path, HEAD + PART + act + again + named)
    assert wrong(tmp_path, act, PART.replace("one", "two"), named) == ["part[1].step[0].refs[0]"]


@pytest.mark.parametrize("before", [ANNOUNCE, '[[part.step]]\ndo = "act"\nact = "kr-3"\n'])
def test_no_step_has_the_instant_of_a_step_or_an_act_before_it(tmp_path: Path, before: str) -> None:
    at = AT if before == ANNOUNCE else "2019-08-23T17:30:00+09:00"
    other = ANNOUNCE.replace("kr-measure-1", "jp-measure-1").replace('party = "kr"', 'party = "jp"').replace(AT, at)
    assert wrong(tmp_path, before, other) == [f"{SECOND}.at"]
    later = other.replace(at, at.replace(":00+", ":00.001+"))
    assert read(tmp_path, HEAD + PART + before + later)


# What must be refused


def test_a_step_that_must_be_refused_is_in_no_record(tmp_path: Path) -> None:
    theirs = relate("withdraw", 'expect.code = "NOT_YOURS"', party="jp", at=LATER)
    record = record_of(read(tmp_path, HEAD + PART + ANNOUNCE + theirs))
    assert [step.by for step in record.steps] == ["kr"]


def test_a_step_that_must_be_refused_may_be_of_a_matter_that_is_not_there_and_opens_none(tmp_path: Path) -> None:
    nothing = relate("suspend", 'expect.code = "NO_SUCH_MATTER"')
    assert read(tmp_path, HEAD + PART + nothing)
    refused = ANNOUNCE + 'expect.code = "NOT_YOURS"\n'
    assert wrong(tmp_path, refused, relate("enforce", at=LATER)) == [f"{SECOND}.matter"]
    assert read(tmp_path, HEAD + PART + refused + ANNOUNCE.replace(AT, LATER))


# Between whom


def test_a_matter_is_between_all_parties_or_those_named_and_stays_between_them(tmp_path: Path) -> None:
    scenario = read(tmp_path, HEAD + PART + ANNOUNCE + relate("enforce", at=LATER))
    assert [step.audience for step in record_of(scenario).steps] == [("jp", "kr"), ("jp", "kr")]
    three = (tmp_path / "three.toml", HEAD.splitlines()[4].partition('"')[2].rstrip('"'))
    text = Path(three[1]).read_text().replace('parties = ["jp", "kr"]', 'parties = ["jp", "kr", "us"]')
    text += '\n[party.us]\nname = { en = "US" }\nzone = "America/New_York"\nauthorities = []\n'
    text = text.replace('kr = ["군사Ⅱ급비밀"]', 'kr = ["군사Ⅱ급비밀"]\nus = ["SECRET"]')
    text = text.replace('kr = ["군사Ⅲ급비밀"]', 'kr = ["군사Ⅲ급비밀"]\nus = ["CONFIDENTIAL"]')
    three[0].write_text(text)
    head = HEAD.replace(three[1], str(three[0]))
    opened = ANNOUNCE + 'between = ["us", "kr"]\n'
    scenario = read(tmp_path, head + PART + opened + relate("enforce", at=LATER))
    assert [step.audience for step in record_of(scenario).steps] == [("kr", "us"), ("kr", "us")]
    without_its_writer = ANNOUNCE + 'between = ["us", "jp"]\n'
    scenario = read(tmp_path, head + PART + without_its_writer)
    assert record_of(scenario).steps[0].audience == ("jp", "kr", "us")
