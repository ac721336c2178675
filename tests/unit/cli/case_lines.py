"""The case of 2016 to 2023, line by line: the dates that are public, and the states that they mean."""

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from entente.domain.agreement.instants import EPOCH, parse_instant

CASE = Path(__file__).parents[3] / "examples" / "scenarios" / "jp-kr-2016-2023"
LATER = parse_instant("2024-01-01T00:00:00Z")


def day(at: int) -> str:
    """The day in both capitals: neither has changed its clocks in these years."""
    return (EPOCH + timedelta(milliseconds=at, hours=9)).date().isoformat()


class Line(NamedTuple):
    """A dated line: when, the phase in each view, and the states of matters that are others than on the line before."""

    at: str
    jp: str
    kr: str
    now: dict[str, str] = {}  # noqa: RUF012 - read only


LINES = [
    # 23 November 2016: signed at 10:00, the later notification at 11:30
    Line("2016-11-23T09:59:59.999+09:00", "draft", "draft"),
    Line("2016-11-23T10:00:00+09:00", "signed", "signed"),
    Line("2016-11-23T11:29:59.999+09:00", "signed", "signed"),
    Line("2016-11-23T11:30:00+09:00", "in_force", "in_force"),
    Line("2018-11-23T00:00:00+09:00", "in_force", "in_force"),
    # July 2019: licences for three materials
    Line("2019-07-01T10:00:00+09:00", "in_force", "in_force", {"jp-measure-1": "announced"}),
    Line("2019-07-03T23:59:59.999+09:00", "in_force", "in_force"),
    Line("2019-07-04T00:00:00+09:00", "in_force", "in_force", {"jp-measure-1": "in_force"}),
    Line(
        "2019-07-31T12:00:00+09:00",
        "in_force",
        "in_force",
        {"kr-indicator-1": "followed", "jp-indicator-1": "followed"},
    ),
    # August 2019: jp's list; an announcement that changes nothing; the notice by hand
    Line("2019-08-02T10:30:00+09:00", "in_force", "in_force", {"jp-measure-2": "announced"}),
    Line("2019-08-22T18:20:00+09:00", "in_force", "in_force", {"kr-statement-1": "issued"}),
    Line("2019-08-23T17:29:59.999+09:00", "in_force", "in_force"),
    Line("2019-08-23T17:30:00+09:00", "notice_running", "notice_running"),
    Line("2019-08-23T17:37:00+09:00", "notice_running", "notice_running", {"kr-note-1": "delivered"}),
    Line("2019-08-23T23:59:59+09:00", "notice_running", "notice_running", {"kr-note-1": "acknowledged"}),
    Line("2019-08-28T00:00:00+09:00", "notice_running", "notice_running", {"jp-measure-2": "in_force"}),
    # September to November 2019: DS590, kr's list, exchange while the notice runs, consultations
    Line("2019-09-11T20:00:00+09:00", "notice_running", "notice_running", {"kr-measure-1": "announced"}),
    Line("2019-09-16T20:00:00+09:00", "notice_running", "notice_running", {"kr-measure-1": "in_force"}),
    Line("2019-09-18T20:00:00+09:00", "notice_running", "notice_running", {"kr-measure-2": "in_force"}),
    Line("2019-10-02T07:12:00+09:00", "notice_running", "notice_running"),
    Line("2019-10-03T20:00:00+09:00", "notice_running", "notice_running", {"jp-statement-1": "issued"}),
    Line("2019-10-11T23:00:00+09:00", "notice_running", "notice_running"),
    Line("2019-11-19T23:00:00+09:00", "notice_running", "notice_running"),
    # 22 November 2019, 18:00: six hours before the end
    Line("2019-11-22T17:59:59.999+09:00", "notice_running", "notice_running"),
    Line("2019-11-22T18:00:00+09:00", "notice_suspended", "notice_suspended"),
    Line(
        "2019-11-22T18:01:00+09:00",
        "notice_suspended",
        "notice_suspended",
        {"kr-note-2": "delivered", "kr-measure-1": "suspended", "kr-statement-2": "issued"},
    ),
    Line(
        "2019-11-22T18:59:59+09:00",
        "notice_suspended",
        "notice_suspended",
        {"jp-statement-2": "issued", "kr-note-2": "acknowledged"},
    ),
    Line(
        "2019-11-22T20:00:00+09:00",
        "notice_suspended",
        "notice_suspended",
        {"kr-statement-3": "issued", "kr-arrangement-1": "standing", "jp-dialogue-1": "open"},
    ),
    Line("2019-11-22T23:59:59.999+09:00", "notice_suspended", "notice_suspended", {"jp-meeting-1": "proposed"}),
    Line("2019-11-23T00:00:00+09:00", "notice_suspended", "notice_suspended"),
    # 23 November to December 2019: Nagoya, a summit sought; Vienna, round 7; resist eased; Chengdu
    Line(
        "2019-11-23T17:00:00+09:00",
        "notice_suspended",
        "notice_suspended",
        {"jp-meeting-1": "held", "kr-meeting-1": "proposed"},
    ),
    Line("2019-11-29T20:00:00+09:00", "notice_suspended", "notice_suspended", {"jp-meeting-2": "agreed"}),
    Line("2019-12-04T23:59:59+09:00", "notice_suspended", "notice_suspended", {"jp-meeting-2": "held"}),
    Line("2019-12-16T23:00:00+09:00", "notice_suspended", "notice_suspended"),
    Line(
        "2019-12-20T20:00:00+09:00",
        "notice_suspended",
        "notice_suspended",
        {"jp-measure-1": "eased", "kr-meeting-1": "agreed"},
    ),
    Line("2019-12-24T20:00:00+09:00", "notice_suspended", "notice_suspended", {"kr-meeting-1": "held"}),
    # 2020: it may be woken; round 8 by video; DS590 again, the panel; two readings
    Line("2020-01-09T20:00:00+09:00", "notice_suspended", "notice_suspended", {"kr-statement-4": "issued"}),
    Line("2020-03-10T20:00:00+09:00", "notice_suspended", "notice_suspended"),
    Line("2020-06-02T20:00:00+09:00", "notice_suspended", "notice_suspended", {"kr-measure-1": "in_force"}),
    Line("2020-06-18T20:00:00+09:00", "notice_suspended", "notice_suspended"),
    Line("2020-06-29T23:00:00+09:00", "notice_suspended", "notice_suspended"),
    Line("2020-07-29T23:00:00+09:00", "notice_suspended", "notice_suspended"),
    Line("2020-08-24T11:00:00+09:00", "notice_suspended", "notice_suspended", {"kr-statement-5": "issued"}),
    Line("2020-08-24T12:00:00+09:00", "in_force", "notice_suspended"),
    Line("2020-08-24T13:00:00+09:00", "in_force", "notice_suspended", {"jp-statement-3": "issued"}),
    Line("2020-11-23T00:00:00+09:00", "in_force", "notice_suspended"),
    Line("2022-10-05T09:20:00+09:00", "in_force", "notice_suspended"),
    # 2023: settlement
    Line("2023-03-16T20:00:00+09:00", "in_force", "notice_suspended", {"jp-meeting-3": "held"}),
    Line("2023-03-17T20:00:00+09:00", "in_force", "notice_suspended", {"kr-statement-6": "issued"}),
    Line("2023-03-21T09:59:59.999+09:00", "in_force", "notice_suspended"),
    Line("2023-03-21T10:00:00+09:00", "in_force", "in_force"),
    Line("2023-03-21T12:00:00+09:00", "in_force", "in_force", {"kr-note-3": "acknowledged"}),
    Line(
        "2023-03-23T12:00:00+09:00",
        "in_force",
        "in_force",
        {"jp-measure-1": "withdrawn", "kr-measure-1": "withdrawn"},
    ),
    Line("2023-04-24T12:00:00+09:00", "in_force", "in_force", {"kr-measure-2": "withdrawn"}),
    Line("2023-06-27T12:00:00+09:00", "in_force", "in_force"),
    Line(
        "2023-07-21T12:00:00+09:00",
        "in_force",
        "in_force",
        {"jp-measure-2": "withdrawn", "kr-arrangement-1": "ended"},
    ),
    Line(
        "2023-12-19T12:00:00+09:00",
        "in_force",
        "in_force",
        {"kr-statement-7": "issued", "jp-statement-4": "issued"},
    ),
]
