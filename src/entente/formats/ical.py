"""iCalendar (RFC 5545) of what comes due and what is arranged, for a desk's own calendar.

Pure: events in, bytes out. Nothing is fetched, nobody is invited: there is no organiser and no attendee that a calendar
program could write to.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

EXERCISE = "SIMULATED EXERCISE: "
"""What stands before everything of a simulated node: the file is read into calendars of real offices."""
Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]


class Entry(NamedTuple):
    """Something in a calendar; instants in ms. ``ends`` None: a moment. ``alarms``: ms before it, each one alarm.

    ``day``: it stands on that whole day, whatever zone the calendar is read in, and its alarms at the same instants.
    ``sequence`` and ``modified`` say which of two entries of one ``uid`` is the newer; ``modified`` None: this file's.
    """

    uid: str
    begins: int
    ends: int | None
    summary: str
    description: str
    place: str = ""
    status: Status = "CONFIRMED"
    alarms: tuple[int, ...] = ()
    day: date | None = None
    sequence: int = 0
    modified: int | None = None


def calendar(name: str, entries: Iterable[Entry], *, stamped: int, simulated: bool) -> bytes:
    """The calendar's bytes. ``stamped`` is the instant (ms) at which it was made; times are in UTC.

    ``simulated``: the node is, and its name and every summary and description say so first.
    """
    # Here and not above: it takes 0.1 s to load, and a node starts without it.
    from icalendar import Alarm, Calendar, Event

    before = EXERCISE if simulated else ""
    made = Calendar()
    made.add("prodid", "-//entente-node//entente//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", before + name)
    for entry in entries:
        event = Event()
        event.add("uid", entry.uid)
        event.add("dtstamp", _moment(stamped))
        event.add("dtstart", entry.day or _moment(entry.begins))
        if entry.ends is not None:
            event.add("dtend", _moment(entry.ends))
        event.add("last-modified", _moment(stamped if entry.modified is None else entry.modified))
        event.add("sequence", entry.sequence)
        event.add("summary", before + entry.summary)
        event.add("description", before + entry.description)
        event.add("status", entry.status)
        event.add("transp", "OPAQUE" if entry.ends is not None else "TRANSPARENT")
        if entry.place:
            event.add("location", entry.place)
        for length in entry.alarms:
            alarm = Alarm()
            alarm.add("action", "DISPLAY")
            alarm.add("description", before + entry.summary)
            if entry.day is None:
                alarm.add("trigger", -timedelta(milliseconds=length))
            else:
                # A length of time before a date is counted from the reader's own midnight, which is another instant.
                alarm.add("trigger", _moment(entry.begins - length), parameters={"VALUE": "DATE-TIME"})
            event.add_component(alarm)
        made.add_component(event)
    data: bytes = made.to_ical()
    return data


def _moment(instant: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)
