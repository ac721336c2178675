# ruff: noqa: E501 - tables of one case a line
"""What an agreement document and an acts document may say, and that everything wrong is said at once."""

from pathlib import Path
from typing import get_args

import pytest

from entente.domain.agreement.acts import Act, ActKind, parse_acts
from entente.domain.agreement.document import digest, parse_agreement, parse_computable
from entente.domain.agreement.problems import DocumentError
from entente.domain.agreement.terms import (
    Agreement,
    Authority,
    Force,
    Incidents,
    Limits,
    Notices,
    PartyTerms,
    ReleaseTerms,
    Term,
    Termination,
)

ROOT = Path(__file__).parents[4]
SAMPLE = (ROOT / "examples" / "agreements" / "jp-kr-2016.toml").read_text(encoding="utf-8")
ACTS = (ROOT / "examples" / "agreements" / "acts-2019.toml").read_text(encoding="utf-8")


def changed(old: str, new: str, text: str = SAMPLE) -> bytes:
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1).encode()


def added(extra: str, text: str = SAMPLE) -> bytes:
    return (text + "\n" + extra + "\n").encode()


def wheres(data: bytes) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        parse_agreement(data)
    assert not caught.value.unreadable
    assert all(problem.message and problem.remedy for problem in caught.value.problems)
    return [problem.where for problem in caught.value.problems]


def test_the_samples_are_in_order() -> None:
    agreement = parse_agreement(SAMPLE.encode())
    assert agreement.levels[0].native == {"jp": ("極秘", "特定秘密"), "kr": ("군사Ⅱ급비밀",)}
    assert agreement.article("termination", "lifecycle 4") == "21(3)"
    assert agreement.article("operation", "lifecycle 6") == "lifecycle 6"
    assert len(parse_acts(ACTS.encode())) == 8
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


WRONG = {
    "an unknown key at the top": (added("[extras]\nx = 1"), "extras"),
    "an unknown key in a table": (changed('counting = "last_day"', 'count = "last_day"'), "termination.count"),
    "a missing table": (changed('[survival]\nrule = "while_held"', ""), "survival"),
    "a missing key": (changed('lead = "P90D"\n', ""), "termination.lead"),
    "another schema": (changed("entente/agreement/1", "entente/agreement/2"), "schema"),
    "one party": (changed('parties = ["jp", "kr"]', 'parties = ["jp"]'), "parties"),
    "a party twice": (changed('parties = ["jp", "kr"]', 'parties = ["jp", "kr", "kr"]'), "parties[2]"),
    "a party without a table": (changed('parties = ["jp", "kr"]', 'parties = ["jp", "kr", "us"]'), "party.us"),
    "a table without a party": (added('[party.us]\nname = { en = "US" }\nzone = "UTC"'), "party.us"),
    "an id with capitals": (changed('parties = ["jp", "kr"]', 'parties = ["jp", "KR"]'), "parties[1]"),
    "a party named like a key of levels": (changed('parties = ["jp", "kr"]', 'parties = ["jp", "kr", "common"]'), "parties"),
    "an empty language map": (changed('name = { en = "Japan", ja = "日本国", ko = "일본국" }', "name = {}"), "party.jp.name"),
    "an empty text in a language map": (changed('en = "Japan"', 'en = " "'), "party.jp.name.en"),
    "a language that is none": (changed('{ en = "Japan"', '{ "e n" = "Japan"'), 'party.jp.name."e n"'),
    "a zone that does not exist": (changed("Asia/Tokyo", "Asia/Edo"), "party.jp.zone"),
    "a zone of termination that does not exist": (changed('zone = "Asia/Seoul"\nresume', 'zone = "KST"\nresume'), "termination.zone"),
    "a period with a time": (changed('lead = "P90D"', 'lead = "PT90H"'), "termination.lead"),
    "a period of nothing": (changed('length = "P1Y"', 'length = "P0Y"'), "term.length"),
    "end_of_term without a term": (changed('[term]\nlength = "P1Y"\nextension = "P1Y"\n', ""), "termination.rule"),
    "an extension of nothing": (changed('length = "P1Y"\n', "").replace(b"end_of_term", b"after_notice"), "term.extension"),
    "months without first_of_month": (changed('rule = "later_notification"', 'rule = "signature"\nmonths = 1'), "force.months"),
    "after without first_of_month": (changed('rule = "later_notification"', 'rule = "signature"\nafter = "signature"'), "force.after"),
    "first_of_month without months": (changed('rule = "later_notification"', 'rule = "first_of_month"\nafter = "signature"'), "force.months"),
    "first_of_month without after": (changed('rule = "later_notification"', 'rule = "first_of_month"\nmonths = 1'), "force.after"),
    "no month": (changed('rule = "later_notification"', 'rule = "first_of_month"\nafter = "signature"\nmonths = 0'), "force.months"),
    "a boolean month": (changed('rule = "later_notification"', 'rule = "first_of_month"\nafter = "signature"\nmonths = true'), "force.months"),
    "a number for a boolean": (added("[operation]\nunilateral = 0"), "operation.unilateral"),
    "a reading of nobody": (added('[reading.us]\nsuspended_notice = "spent"'), "reading.us"),
    "a reading that is none": (added('[reading.jp]\nsuspended_notice = "dead"'), "reading.jp.suspended_notice"),
    "a level twice": (changed('common = "CONFIDENTIAL"', 'common = "SECRET"'), "levels[1].common"),
    "a marking in two rows": (changed('jp = ["秘"]', 'jp = ["極秘"]'), "levels[1].jp"),
    "a marking twice in a row": (changed('jp = ["秘"]', 'jp = ["秘", "秘"]'), "levels[1].jp[1]"),
    "no marking": (changed('jp = ["秘"]', "jp = []"), "levels[1].jp"),
    "a marking of nobody": (changed('jp = ["秘"]', 'us = ["SECRET"]'), "levels[1].us"),
    "a handling of nobody": (changed('jp = ["秘"]', 'jp = ["秘"]\nhandling = { us = "x" }'), "levels[1].handling.us"),
    "a handling beside a marking": (changed('jp = ["秘"]', 'jp = ["秘"]\nhandling = { jp = "x" }'), "levels[1].handling.jp"),
    "no level": (SAMPLE[: SAMPLE.index("[[levels]]")].encode() + SAMPLE[SAMPLE.index("[third_party]") :].encode(), "levels"),
    "a channel for an unknown level": (added('[[channel]]\nlevel = "TOP"\nallow = ["link"]'), "channel[0].level"),
    "a channel that is none": (added('[[channel]]\nlevel = "SECRET"\nallow = ["fax"]'), "channel[0].allow[0]"),
    "two channel rows for a level": (added('[[channel]]\nlevel = "SECRET"\nallow = []\n[[channel]]\nlevel = "SECRET"\nallow = ["link"]'), "channel[1].level"),
    "copies of an unknown level": (added('[[reproduction]]\nlevel = "TOP"\ncopies = 1\nconsent = true'), "reproduction[0].level"),
    "fewer copies than none": (added('[[reproduction]]\nlevel = "SECRET"\ncopies = -1\nconsent = true'), "reproduction[0].copies"),
    "a disposition of an unknown level": (added('[[disposition]]\nlevel = "TOP"\ndestroy = "never"'), "disposition[0].level"),
    "a caveat twice": (added('[[caveats]]\ncode = "X"\nmeaning = { en = "a" }\n[[caveats]]\ncode = "X"\nmeaning = { en = "b" }'), "caveats[1].code"),
    "an authority twice": (changed('authorities = [{ id = "mod", name = { en = "Ministry of Defense", ja = "防衛省" } }]', 'authorities = [{ id = "a", name = { en = "A" } }, { id = "a", name = { en = "B" } }]'), "party.jp.authorities[1].id"),
    "a digest that is none": (added('[[text]]\nlang = "en"\nfile = "a.pdf"\nsha256 = "00"\nauthentic = true'), "text[0].sha256"),
    "another consent": (changed('consent = "prior_written"', 'consent = "tacit"'), "third_party.consent"),
    "a purpose twice": (changed('"maritime-safety", "exercise"', '"exercise", "exercise"'), "purposes.allowed[2]"),
    "a precedence that is none": (added('[precedence]\nURGENT = "PT1M"'), "precedence.URGENT"),
    "a duration that is none": (changed('interim = "P7D"', 'interim = "7 days"'), "incidents.interim"),
    "a limit of nothing": (added("[limits]\nmax_item = 0"), "limits.max_item"),
    "a limit beyond 64 bits": (added("[limits]\nmax_item = 9223372036854775808"), "limits.max_item"),
    "a date for a string": (changed('name = "jp-kr-2016"', "name = 2016-11-23"), "name"),
    "an id for a number": (changed('parties = ["jp", "kr"]', 'parties = ["jp", "kr", 3]'), "parties[2]"),
    "an array for a table": (changed('[survival]\nrule = "while_held"', "[[survival]]\nrule = 'while_held'"), "survival"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_document_may_not_say(name: str) -> None:
    data, where = WRONG[name]
    assert wheres(data) == [where]


def test_all_problems_are_reported_at_once() -> None:
    data = changed("Asia/Tokyo", "Asia/Edo").replace(b'lead = "P90D"', b'lead = "P0D"').replace(b"while_held", b"never")
    assert wheres(data) == ["party.jp.zone", "termination.lead", "survival.rule"]


def test_a_problem_names_what_is_allowed() -> None:
    with pytest.raises(DocumentError) as caught:
        parse_agreement(changed('counting = "last_day"', 'counting = "lastday"'))
    (problem,) = caught.value.problems
    assert problem.allowed == ("last_day", "boundary_day")
    with pytest.raises(DocumentError) as caught:
        parse_agreement(changed('counting = "last_day"', 'countin = "last_day"'))
    assert caught.value.problems[0].remedy == "did you mean counting?"


UNUSUAL = {
    "no standing list": changed("standing = []\n", ""),
    "a third party in the standing list": changed("standing = []", 'standing = ["us"]'),
    "no purpose at all: nobody may": changed('allowed = ["missile-warning", "maritime-safety", "exercise"]', "allowed = []"),
    "a party without a counterpart at a level": changed('jp = ["秘"]', 'handling = { jp = "取扱注意" }'),
    "an overflow without a length": changed('[term]\nlength = "P1Y"\nextension = "P1Y"', '[term]\noverflow = "next_day"').replace(
        b'rule = "end_of_term"', b'rule = "after_notice"'
    ),
    "ends with end_of_term": changed('resume = "immediate"', 'ends = "start_of_day"\nends_for = "all"'),
    "first_of_month": changed('rule = "later_notification"', 'rule = "first_of_month"\nmonths = 2\nafter = "notification"'),
    "lines ended as on Windows": SAMPLE.replace("\n", "\r\n").encode(),
    "every optional table": added(
        '[operation]\nunilateral = true\n[reading.jp]\nsuspended_notice = "spent"\n[notices]\nform = "electronic"\n'
        'two_persons = true\n[[caveats]]\ncode = "NUC"\nmeaning = { en = "x" }\n[precedence]\nFLASH = "PT10M"\n'
        '[[channel]]\nlevel = "SECRET"\nallow = ["link", "bundle", "courier", "hand", "oral"]\n[[reproduction]]\n'
        'level = "SECRET"\ncopies = 0\nconsent = true\n[[disposition]]\nlevel = "SECRET"\ndestroy = "never"\n'
        "[inspection]\ntitles = true\n[release]\ntwo_persons = true\nassurance = true\nfacility = true\n[limits]\n"
        'max_item = 1\nmax_skew = "PT1M"\nmax_uncertainty = "PT0.5S"\n[[text]]\nlang = "en"\nfile = "a"\n'
        f'sha256 = "{"0" * 64}"\nauthentic = false'
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_is_no_error(name: str) -> None:
    parse_agreement(UNUSUAL[name])


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"\xef\xbb\xbf" + SAMPLE.encode(), 1, 1),
        (b'a = "x"\nb = "\xff"', 2, 6),
        (b"a = 1\na = 2\n", 2, 6),
        (b"a = 1\nb\n", 2, 2),
        (b"a = [1,\n", 2, 1),
        (b"x = [" * 5000, 1, 1),
        (b"a = " + b"1" * 5000, 1, 5005),
        (b"a = 2021-02-30\n", 1, 5),
        (b"a = 1 # \x01", 1, 9),
        (b"a = 'x'\r b = 1", 1, 8),
        ((b"#" * 1024 + b"\n") * 1025, 1, 1),
    ],
)
def test_bytes_that_are_no_toml_are_unreadable_at_a_line_and_column(data: bytes, line: int, column: int) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_agreement(data)
    (problem,) = caught.value.problems
    assert caught.value.unreadable
    assert (problem.line, problem.where) == (line, "")
    assert problem.column is not None
    assert abs(problem.column - column) <= 5
    assert f"line {line}, column" in str(caught.value)


WRONG_ACTS = {
    "an unknown key": (added("[[acts]]", ACTS), ["acts"]),
    "an unknown field": (changed('kind = "sign"', 'kind = "sign"\nsigned = true', ACTS), ["act[0].signed"]),
    "a missing id": (changed('id = "kr-1"\n', "", ACTS), ["act[0].id"]),
    "an unknown kind": (changed('kind = "sign"', 'kind = "denounce"', ACTS), ["act[0].kind"]),
    "an id twice": (changed('id = "jp-1"', 'id = "kr-1"', ACTS), ["act[1].id"]),
    "an instant without offset": (changed("10:00:00+09:00", "10:00:00", ACTS), ["act[0].dispatched"]),
    "four fractional digits": (changed("10:00:00+09:00", "10:00:00.0001+09:00", ACTS), ["act[0].dispatched"]),
    "an instant that is no string": (
        changed('"2016-11-23T10:00:00+09:00"', "2016-11-23T10:00:00+09:00", ACTS), ["act[0].dispatched"]),
    "a receipt without offset": (changed("10:00:05+09:00", "10:00:05", ACTS), ["act[0].received.jp"]),
    "one instant for two acts of one writer": (
        changed("2016-11-23T11:00:00+09:00", "2016-11-23T10:00:00+09:00", ACTS), ["act[2].dispatched"]),
    "a declaration of nothing": (changed('reading = "spent"\n', "", ACTS), ["act[6].reading"]),
    "a reading where none belongs": (changed('kind = "sign"', 'kind = "sign"\nreading = "spent"', ACTS), ["act[0].reading"]),
    "an amendment of nothing": (changed('kind = "sign"', 'kind = "amend"', ACTS), ["act[0].digest", "act[0].effective"]),
    "an agreement on nothing": (changed('kind = "sign"', 'kind = "agree_termination"', ACTS), ["act[0].instant"]),
    "an act that is no table": (b"act = [1]", ["act[0]"]),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_ACTS)
def test_an_acts_document_may_not_say(name: str) -> None:
    data, expected = WRONG_ACTS[name]
    with pytest.raises(DocumentError) as caught:
        parse_acts(data)
    assert [problem.where for problem in caught.value.problems] == expected


def test_acts_may_come_in_any_order_and_refer_to_anything() -> None:
    parts = ACTS.split("[[act]]")
    shuffled = parts[0] + "[[act]]" + "[[act]]".join(part.rstrip() + "\n" for part in parts[:0:-1])
    assert sorted(act.id for act in parse_acts(shuffled.encode())) == sorted(
        act.id for act in parse_acts(ACTS.encode())
    )
    assert parse_acts(changed('refs = ["kr-3"]', 'refs = ["nobody-knows"]', ACTS))[5].refs == ("nobody-knows",)
    assert parse_acts(b"") == ()


def test_the_specification_names_every_key_and_every_kind_of_act() -> None:
    spec = ROOT / "docs" / "spec"
    text = (spec / "agreement.md").read_text(encoding="utf-8")
    structs = [Agreement, PartyTerms, Authority, Force, Term, Termination, Limits, Notices, ReleaseTerms, Incidents]
    keys = {field for struct in structs for field in struct.__struct_fields__}
    assert [key for key in sorted(keys) if key not in text] == []
    text = (spec / "acts.md").read_text(encoding="utf-8") + (spec / "lifecycle.md").read_text(encoding="utf-8")
    assert [name for name in (*get_args(ActKind), *Act.__struct_fields__) if f"`{name}`" not in text] == []


def test_an_end_for_one_party_alone_is_in_order_and_not_computed() -> None:
    data = changed('resume = "immediate"', 'ends_for = "party"')
    agreement = parse_agreement(data)
    assert agreement.termination.ends_for == "party"
    with pytest.raises(DocumentError) as refused:
        parse_computable(data)
    assert [problem.where for problem in refused.value.problems] == ["termination.ends_for"]
