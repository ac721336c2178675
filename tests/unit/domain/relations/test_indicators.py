"""Indicators: files of values read strictly, and every revision of a value kept."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relation_world import EN, World, make

from entente.domain.relations.indicators import Point, Revision, SeriesError, faults, parse_series, series
from entente.domain.relations.matters import take
from entente.domain.relations.steps import Text

I = "kr-indicator-1"  # noqa: E741 - as the other kinds are named in their tests
FOLLOW: dict[str, Any] = {"title": {"en": "Imports of resist"}, "unit": "t", "source": "Customs service"}


@pytest.fixture
def world() -> World:
    world = World()
    world.do("kr", I, "follow", **FOLLOW)
    return world


def observe(world: World, *files: bytes, at: int = 0) -> dict[str, bytes]:
    """Observe files one by one; their bytes by digest."""
    held = {}
    for data in files:
        digest = hashlib.sha256(data).hexdigest()
        world.at += 1000
        text = Text("en", "text/csv", digest, len(data))
        assert take(world.matters, make("kr", I, "observe", at=world.at, texts=(text,), period="2019-07")) is None
        held[digest] = data
    return held


def test_a_series_is_followed_with_its_unit_and_source_until_it_is_closed(world: World) -> None:
    assert {name: world.show(I)[name] for name in FOLLOW} == FOLLOW
    assert world.state(I) == "followed"
    world.do("kr", I, "close", summary=EN)
    assert world.state(I) == "closed"


@pytest.mark.parametrize(("words", "media_type"), [({"en": "a"}, "text/plain"), ({"en": "a", "ko": "b"}, "text/csv")])
def test_an_observation_is_one_file_of_values(world: World, words: dict[str, str], media_type: str) -> None:
    assert world.code("kr", I, "observe", words, media_type=media_type) == "NOT_ONE_CSV"
    assert world.show(I)["observations"] == []


def test_only_its_owner_observes(world: World) -> None:
    assert world.code("jp", I, "observe", {"en": "a"}, media_type="text/csv") == "NOT_YOURS"


def test_a_later_file_takes_the_place_of_an_earlier_value_and_the_revision_is_kept(world: World) -> None:
    held = observe(world, b"period,value\n2019-08,12\n2019-07,10.5\n", b"period,value\n2019-07,9.75\n2019-08,12\n")
    found = series(world[I], held)
    assert found.points == (Point("2019-07", "9.75"), Point("2019-08", "12"))
    assert found.revisions == (Revision("2019-07", "10.5", "9.75", world.at),)
    assert (found.missing, found.faults) == ((), {})
    assert [each["period"] for each in world.show(I)["observations"]] == ["2019-07", "2019-07"]


def test_a_file_that_is_not_at_hand_or_not_readable_is_named_and_the_rest_is_read(world: World) -> None:
    held = observe(world, b"period,value\n2019-07,1\n", b"nonsense", b"period,value\n2019-08,2\n")
    gone, bad, _ = held
    del held[gone]
    found = series(world[I], held)
    assert found.points == (Point("2019-08", "2"),)
    assert found.missing == (gone,)
    assert found.faults == {bad: "line 1: 'nonsense' is not the header 'period,value'"}


def test_rows_are_read_in_the_files_order_with_either_end_of_line() -> None:
    rows = (Point("2019-07-04", "-12.5"), Point("2019-07", "0"))
    assert parse_series(b"period,value\n2019-07-04,-12.5\n2019-07,0\n") == rows
    assert parse_series(b"period,value\n2019-07," + b"1" * 40) == (Point("2019-07", "1" * 40),)
    assert parse_series(b"period,value\r\n2019-07-04,-12.5\r\n2019-07,0") == rows


@pytest.mark.parametrize(
    ("data", "line", "text"),
    [
        (b"", 1, "'' is not the header 'period,value'"),
        (b"Period,Value\n2019-07,1\n", 1, "'Period,Value' is not the header 'period,value'"),
        (b"period,value\n", 1, "there are no rows after the header"),
        (b"\xef\xbb\xbfperiod,value\n2019-07,1\n", 1, "a byte order mark; save it as UTF-8 without one"),
        (b"period,value\n2019-07,1\n2019-08,\xff\n", 3, "this is not UTF-8"),
        (b"period,value\n2019-07,1\n\n2019-08,1\n", 3, "'' is no period and value with a comma between them"),
        (b"period,value\n2019-07\n", 2, "'2019-07' is no period and value with a comma between them"),
        (b"period,value\n2019,1\n", 2, "'2019' is no date such as 2019-07-04, nor a month"),
        (b"period,value\n2019-13,1\n", 2, "'2019-13' is no date such as 2019-07-04, nor a month"),
        (b"period,value\n2019-02-29,1\n", 2, "'2019-02-29' is no date such as 2019-07-04, nor a month"),
        (b"period,value\n2019-07, 1\n", 2, "' 1' is no decimal such as -12.5"),
        (b"period,value\n2019-07,1e3\n", 2, "'1e3' is no decimal such as -12.5"),
        (b"period,value\n2019-07,01\n", 2, "'01' is no decimal such as -12.5"),
        (b"period,value\n2019-07,1,000\n", 2, "'1,000' is no decimal such as -12.5"),
        (b"period,value\n2019-07,\n", 2, "'' is no decimal such as -12.5"),
        (b"period,value\n2019-07," + b"1" * 41, 2, f"'{'1' * 40}' is no decimal such as -12.5"),
        (b"period,value\n2019-07,1\n2019-08,2\n2019-07,3\n", 4, "2019-07 stands on line 2 too"),
    ],
)
def test_what_is_written_otherwise_is_refused_with_its_line(data: bytes, line: int, text: str) -> None:
    with pytest.raises(SeriesError) as refused:
        parse_series(data)
    assert (refused.value.line, refused.value.text) == (line, text)
    assert faults(data) == f"line {line}: {text}"


def test_a_file_without_a_fault_has_none_and_one_with_a_fault_the_one_that_the_series_names(world: World) -> None:
    good, bad = b"period,value\n2019-07,1\n", b"a,b\n2019-07,1\n"
    held = observe(world, good, bad)
    assert faults(good) is None
    assert list(series(world[I], held).faults.values()) == [faults(bad)]


VALUES = st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda value: f"{abs(value):f}"[:40])
ROWS = st.dictionaries(st.dates().map(str) | st.dates().map(lambda day: str(day)[:7]), VALUES, min_size=1)


@given(ROWS)
def test_every_well_written_file_reads_back_as_written(rows: dict[str, str]) -> None:
    data = "period,value\n" + "".join(f"{period},{value}\n" for period, value in rows.items())
    assert parse_series(data.encode()) == tuple(Point(*row) for row in rows.items())


@given(st.binary() | st.text().map(lambda text: f"period,value\n{text}".encode("utf-8", "surrogatepass")))
def test_whatever_the_bytes_they_are_rows_or_an_error_with_a_line(data: bytes) -> None:
    try:
        assert all(isinstance(point, Point) for point in parse_series(data))
    except SeriesError as error:
        assert 1 <= error.line <= data.count(b"\n") + 1
