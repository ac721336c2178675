"""Fields: one way to write each value, and what was said is what is heard."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.domain.agreement.instants import MAX_INSTANT, MIN_INSTANT, format_instant
from entente.domain.relations import fields
from entente.domain.relations.fields import MAX_MANY, MAX_VALUE, Field, FormError, hear, say
from entente.domain.relations.matters import TABLES
from entente.domain.relations.steps import MAX_TEXT, MAX_TEXTS, Said, Text, wording

LINE = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=40).filter(
    lambda text: text == text.strip() and fields.UNSEEN.search(text) is None
)
INSTANTS = st.integers(MIN_INSTANT, MAX_INSTANT)
WINDOWS = st.tuples(INSTANTS, INSTANTS).filter(lambda pair: pair[0] < pair[1])
KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "TEXT": LINE,
    "LANG=TEXT": LINE,
    "INSTANT": INSTANTS,
    "DATE": st.dates(date(1900, 1, 1), date(2999, 12, 31)),
    "ID": st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
    "PARTY": st.sampled_from(["jp", "kr"]),
    "MATTER": st.sampled_from(["jp-measure-1", "kr-dialogue-12"]),
    "REFERENCE": st.from_regex(r"[A-Za-z][A-Za-z/._-]{0,20}[0-9][A-Za-z0-9/._-]{0,42}|[0-9]", fullmatch=True),
    "SHA256": st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    "ZONE": st.sampled_from(["Asia/Seoul", "Europe/Vienna"]),
    "INSTANT/INSTANT": WINDOWS,
    "NUMBER": st.integers(1, 999_999),
}
"""What a field may mean, by how it is written."""


def meanings(field: Field) -> st.SearchStrategy[Any]:
    one = KNOWN.get(field.metavar, st.sampled_from(field.metavar.split("|")))
    if field.languages:
        return st.dictionaries(st.from_regex(r"[a-z]{2,3}", fullmatch=True), one, min_size=1, max_size=4)
    return st.lists(one, min_size=1, max_size=4).map(tuple) if field.many else one


def written(field: Field, value: Any) -> Any:
    """A meaning as somebody writes it down."""
    if field.languages:
        return {lang: field.write(each) for lang, each in value.items()}
    return [field.write(each) for each in value] if field.many else field.write(value)


@pytest.mark.parametrize(
    ("kind", "verb", "name", "text", "remedy"),
    [
        ("dialogue", "convene", "window", "2019-12-16T10:00:00Z/2019-12-16T01:00:00Z", "earlier instant first"),
        ("dialogue", "convene", "zone", "Asia/Nowhere", "name a zone of the IANA data, such as Asia/Seoul"),
        ("meeting", "hold", "dialogue", "nosuch", "such as kr-dialogue-1"),
        ("arrangement", "report", "of", "Korea!", "such as kr"),
        ("arrangement", "adopt", "wording", "abc", "64 digits"),
    ],
)
def test_who_wrote_what_means_nothing_is_told_what_to_write(
    kind: Any, verb: str, name: str, text: str, remedy: str
) -> None:
    with pytest.raises(FormError) as refused:
        TABLES[kind].verbs[verb].fields[name].parse(name, text)
    assert remedy in refused.value.remedy


@pytest.mark.parametrize("more", [0, 1])
def test_a_text_beside_a_step_has_a_bound_and_no_more(more: int) -> None:
    text = Text("en", "text/plain", "0" * 64, MAX_TEXT + more)
    if not more:
        assert TABLES["arrangement"].read("propose", (), (text,)) == {}
        return
    with pytest.raises(FormError) as refused:
        TABLES["arrangement"].read("propose", (), (text,))
    assert "65,536" in refused.value.text


VERBS = [verb.fields for table in TABLES.values() for verb in table.verbs.values()]


@given(st.data())
def test_what_was_said_is_what_is_heard(data: st.DataObject) -> None:
    verb = data.draw(st.sampled_from(VERBS))
    meant = {
        name: data.draw(meanings(field), label=name)
        for name, field in verb.items()
        if field.required or data.draw(st.booleans())
    }
    said = say(verb, {name: written(verb[name], value) for name, value in reversed(meant.items())})
    assert hear(verb, said) == meant
    assert [each.name for each in said] == sorted((each.name for each in said), key=list(verb).index)


@given(st.data())
def test_values_out_of_order_or_said_twice_are_not_heard(data: st.DataObject) -> None:
    verb = {"title": fields.worded("T"), "level": fields.text("L"), "agenda": fields.several(fields.text("A"))}
    said = [Said("title", "en", "t"), Said("title", "ko", "t"), Said("level", "", "l"), Said("agenda", "", "a")]
    order = data.draw(st.permutations(said))
    if order == said:
        assert hear(verb, order)["agenda"] == ("a",)
    else:
        with pytest.raises(FormError, match="out of order"):
            hear(verb, order)
    for twice in said[:3]:
        with pytest.raises(FormError, match="stands twice"):
            hear(verb, sorted([*said, twice], key=lambda each: (list(verb).index(each.name), each.lang)))


def test_an_instant_is_written_with_any_offset_and_carried_in_utc() -> None:
    verb = {"at": fields.instant("A"), "window": fields.window("W")}
    given_ = {"at": "2019-11-22T18:00:00+09:00", "window": "2019-11-22T18:00:00+09:00/2019-11-22T18:00:00.001+09:00"}
    assert [each.value for each in say(verb, given_)] == [
        "2019-11-22T09:00:00.000Z", "2019-11-22T09:00:00.000Z/2019-11-22T09:00:00.001Z",
    ]  # fmt: skip
    with pytest.raises(FormError, match="not the way to write it") as refused:
        hear(verb, [Said("at", "", "2019-11-22T18:00:00+09:00")])
    assert refused.value.remedy == "write '2019-11-22T09:00:00.000Z'"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.text("F"), ""),
        (fields.text("F"), " a"),
        (fields.text("F"), "a\u3000"),
        (fields.text("F"), "a\nb"),
        (fields.text("F"), "a\u202eb"),
        (fields.text("F"), "a\u200bb"),
        (fields.text("F"), "a\u2028b"),
        (fields.text("F"), "가\u3164나"),
        (fields.text("F"), "a\x7fb"),
        (fields.text("F"), "a\ud800b"),
        (fields.text("F"), "a\U000e0041b"),
        (fields.choice("F", "yes", "no"), "maybe"),
        (fields.ident("F"), "A"),
        (fields.ident("F"), "a" * 65),
        (fields.party("F"), "j p"),
        (fields.matter("F"), "kr-treaty-1"),
        (fields.matter("F"), "kr-measure-0"),
        (fields.reference("F"), "Kim"),
        (fields.reference("F"), "Kim You-geun"),
        (fields.reference("F"), "registry 2019/11/22-7"),
        (fields.reference("F"), "/7"),
        (fields.reference("F"), "7:1"),
        (fields.reference("F"), "a\u0661"),
        (fields.reference("F"), "号7"),
        (fields.reference("F"), "7" * 65),
        (fields.digest("F"), "0" * 63),
        (fields.digest("F"), "A" * 64),
        (fields.instant("F"), "2019-11-22T18:00:00"),
        (fields.day("F"), "2019-02-29"),
        (fields.day("F"), "20190228"),
        (fields.zone("F"), "Asia/Edo"),
        (fields.window("F"), "2019-11-22T18:00:00Z"),
        (fields.window("F"), "2019-11-22T18:00:00Z/2019-11-22T18:00:00Z"),
        (fields.window("F"), "2019-11-22T18:00:00Z/2019-11-22T17:00:00Z"),
        (fields.count("F"), "0"),
        (fields.count("F"), "07"),
        (fields.count("F"), "1000000"),
    ],
)
def test_text_that_means_nothing_is_refused_when_said_and_when_heard(field: Field, value: str) -> None:
    for attempt in (lambda: say({"f": field}, {"f": value}), lambda: hear({"f": field}, [Said("f", "", value)])):
        with pytest.raises(FormError) as refused:
            attempt()
        assert (refused.value.where, refused.value.remedy != "") == ("f", True)


@pytest.mark.parametrize(
    ("field", "value", "meaning"),
    [
        (fields.zone("F"), "Asia/Seoul", "Asia/Seoul"),
        (fields.matter("F"), "kr-measure-1", "kr-measure-1"),
        (fields.party("F"), "kr", "kr"),
        (fields.choice("F", "yes", "no"), "no", "no"),
        (fields.count("F"), "7", 7),
        (fields.count("F"), "999999", 999_999),
        (fields.ident("F"), "a" * 64, "a" * 64),
        (fields.reference("F"), "2019/11/22-7", "2019/11/22-7"),
        (fields.reference("F"), "A.b_c-" + "d" * 57 + "1", "A.b_c-" + "d" * 57 + "1"),
        (fields.day("F"), "2020-02-29", date(2020, 2, 29)),
    ],
)
def test_a_value_is_read_as_what_it_means(field: Field, value: str, meaning: Any) -> None:
    assert hear({"f": field}, [Said("f", "", value)]) == {"f": meaning}


def test_japanese_and_korean_lines_keep_their_wide_spaces() -> None:
    assert hear({"f": fields.text("F")}, [Said("f", "", "日本国\u3000外務省")]) == {"f": "日本国\u3000外務省"}


@pytest.mark.parametrize(
    ("given_", "text"),
    [
        ({}, "a: it is missing"),
        ({"a": "x", "z": "y"}, "z: there is no such field here"),
        ({"a": "x", "w": "no language"}, "w: it is said in no language"),
        ({"a": "x", "w": {"english": "y"}}, "w: 'english' is no language here"),
        ({"a": "x" * (MAX_VALUE + 1)}, f"a: a value of {MAX_VALUE + 1} characters"),
        ({"a": "x", "m": ["y"] * (MAX_MANY + 1)}, f"m: more than {MAX_MANY} of them"),
    ],
)
def test_what_is_missing_unknown_or_too_much_is_refused(given_: dict[str, Any], text: str) -> None:
    verb = {"a": fields.text("A").must(), "w": fields.worded("W"), "m": fields.several(fields.text("M"))}
    with pytest.raises(FormError) as refused:
        say(verb, given_)
    assert str(refused.value) == text


def test_the_longest_value_and_the_most_values_are_heard() -> None:
    verb = {"a": fields.text("A"), "m": fields.several(fields.text("M"))}
    said = say(verb, {"a": "x" * MAX_VALUE, "m": ["y"] * MAX_MANY})
    assert len(hear(verb, said)["m"]) == MAX_MANY


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([], "a: it is missing"),
        ([Said("z", "", "y")], "z: there is no such field here"),
        ([Said("a", "en", "y")], "a: 'en' is no language here"),
        ([Said("a", "", "y"), Said("w", "", "y")], "w: '' is no language here"),
        ([Said("a", "", "y"), Said("w", "EN", "y")], "w: 'EN' is no language here"),
    ],
)
def test_what_is_carried_otherwise_than_its_table_says_is_not_heard(said: list[Said], text: str) -> None:
    verb = {"a": fields.text("A").must(), "w": fields.worded("W")}
    with pytest.raises(FormError) as refused:
        hear(verb, said)
    assert str(refused.value) == text


def test_a_single_value_may_be_given_where_several_may() -> None:
    verb = {"m": fields.several(fields.day("M"))}
    assert hear(verb, say(verb, {"m": "2019-11-22"})) == {"m": (date(2019, 11, 22),)}


def text(lang: str, data: str = "a") -> Text:
    return Text(lang, "text/plain", f"{data.encode().hex():0<64}", len(data))


@pytest.mark.parametrize(
    ("verb", "texts", "message"),
    [
        ("propose", (text("en"),), "texts: propose carries no text"),
        ("minute", (), "texts: minute carries a text"),
        ("minute", (text("en"), text("en", "b")), "texts: two texts in one language"),
        ("minute", tuple(text(f"a{chr(97 + n)}") for n in range(MAX_TEXTS + 1)), f"texts: {MAX_TEXTS + 1} texts"),
        ("sign", (), "verb: a dialogue has no 'sign'"),
    ],
)
def test_a_step_carries_the_texts_that_its_verb_asks_for(verb: str, texts: tuple[Text, ...], message: str) -> None:
    said = {"minute": {"round": "1"}, "propose": {"title": {"en": "t"}, "level": "working"}}.get(verb, {})
    table = TABLES["dialogue"]
    known = table.verbs.get(verb)
    with pytest.raises(FormError) as refused:
        table.read(verb, say(known.fields, said) if known else (), texts)
    assert str(refused.value) == message


def test_as_many_texts_as_a_step_may_carry_are_read() -> None:
    texts = tuple(text(f"a{chr(97 + n)}") for n in range(MAX_TEXTS))
    assert TABLES["dialogue"].read("minute", (Said("round", "", "1"),), texts) == {"round": 1}


@given(st.permutations([text("en"), text("ja", "b"), text("ko", "c")]))
def test_the_order_of_its_languages_is_no_part_of_a_wording(texts: list[Text]) -> None:
    assert wording(tuple(texts)) == wording((text("en"), text("ja", "b"), text("ko", "c")))


@pytest.mark.parametrize(
    "other",
    [text("ja"), text("en")._replace(media_type="text/csv"), text("en")._replace(size=2), text("en", "b")],
)
def test_any_other_byte_language_or_kind_is_another_wording(other: Text) -> None:
    assert wording((text("en"),)) != wording((other,))


@given(INSTANTS)
def test_every_instant_has_one_way_to_be_written(at: int) -> None:
    field = fields.instant("I")
    assert field.parse("i", format_instant(at)) == at


@pytest.mark.parametrize("day", ["1899-12-31", "3000-01-01", "0001-01-01", "9999-12-31"])
def test_a_day_around_which_there_is_no_arithmetic_is_refused(day: str) -> None:
    with pytest.raises(FormError):
        hear({"f": fields.day("F")}, [Said("f", "", day)])
