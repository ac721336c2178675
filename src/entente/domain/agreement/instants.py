"""Instants: whole milliseconds since 1970-01-01T00:00:00Z, written as RFC 3339.

An instant is a plain ``int`` everywhere in the domain: exact, fast to compare, free of time zones. Text has an offset
and at most three fractional digits (lifecycle 1); we write UTC with three digits and ``Z``. Leap seconds do not exist
here, as on the clocks that the parties use.
"""

import re
from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MIN_INSTANT = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // MILLISECOND
MAX_INSTANT = (datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC) - EPOCH) // MILLISECOND

_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_instant(text: str) -> int:
    """Read an RFC 3339 instant such as ``2019-11-23T00:00:00+09:00`` (lifecycle 1).

    Raises:
        ValueError: the text is no RFC 3339 instant, lacks an offset, has more than three fractional digits or lies
            outside the years 1 to 9999 in UTC; the message says which.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an RFC 3339 instant such as 2019-11-23T00:00:00+09:00")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, zulu, sign, offset_hour, offset_minute = match.groups()[6:]
    if zulu is None and sign is None:
        raise ValueError(f"{text!r} has no offset: write Z or one such as +09:00")
    if fraction is not None and len(fraction) > 3:
        raise ValueError(f"{text!r} has more than three fractional digits")
    if second == 60:
        raise ValueError(f"{text!r} is a leap second, which no clock here counts")
    offset = timedelta()
    if sign is not None:
        if int(offset_hour) > 23 or int(offset_minute) > 59:
            raise ValueError(f"{text!r} has an offset that does not exist")
        offset = timedelta(hours=int(offset_hour), minutes=int(offset_minute)) * (-1 if sign == "-" else 1)
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an instant: {error}") from None
    instant = (local - EPOCH - offset) // MILLISECOND + int((fraction or "0").ljust(3, "0"))
    if not MIN_INSTANT <= instant <= MAX_INSTANT:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999 in UTC")
    return instant


def parse_day(text: str) -> date:
    """Read a full date such as ``2019-11-22``.

    Raises:
        ValueError: it is written otherwise, or no such day exists.
    """
    if _DATE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a date such as 2019-11-22")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date: {error}") from None


def format_instant(instant: int) -> str:
    """Write an instant in UTC with three fractional digits: ``2019-11-22T15:00:00.000Z``."""
    moment = EPOCH + timedelta(milliseconds=instant)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
