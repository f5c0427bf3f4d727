"""A date as an outlet wrote it in, the moments it may mean out.

    "2018-06-02T09:16:55-04:00"  ->  one moment
    "2018-06-02 09:16"           ->  26 hours: the clock does not say its zone
    "2 June 2018"                ->  50 hours: that day, anywhere on Earth
    "03/04/2018"                 ->  from 3 March to 4 April's readings, both covered
    "30 Feb 2018", year 9999, 0  ->  nothing: impossible

Ordering articles by a date that says less than it seems to names the wrong
original, so the uncertainty is kept from the start.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, time, timedelta, timezone

Interval = tuple[datetime | None, datetime | None]

_UNKNOWN: Interval = (None, None)
_FIRST_YEAR, _LAST_YEAR = 1600, 9999
"""The first weekly newspapers are of 1605; an earlier year is a slip."""
HOUR_MICROSECONDS = 3_600_000_000
DAY_MICROSECONDS = 24 * HOUR_MICROSECONDS
EARLIEST_ZONE = timedelta(hours=14)
LATEST_ZONE = timedelta(hours=12)
"""How far clocks are ahead of UTC, in Kiribati, and behind it, on Baker Island, at most."""
_CLOCK_SLACK = timedelta(days=2)
"""A publisher's clock may run ahead, and a date may be tomorrow's elsewhere."""
_MIDNIGHT = time()
_TICK = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""An unset clock shows this moment; no outlet means it."""
# A longer value is a sentence, not a date; patterns are not asked of it.
_LONGEST = 100
_TWO_DIGIT_PIVOT = 69
"""POSIX: 69-99 are of the 1900s, 00-68 of the 2000s."""

MONTHS = (
    ("jan", "ene", "جنوری"), ("feb", "fev", "fév", "فروری"), ("mar", "mär", "مارچ"),
    ("apr", "abr", "avr", "اپریل"), ("may", "mai", "مئی"), ("jun", "juin", "جون"),
    ("jul", "juil", "جولائی"), ("aug", "ago", "août", "اگست"), ("sep", "set", "ستمبر"),
    ("oct", "okt", "out", "اکتوبر"), ("nov", "نومبر"), ("dec", "dez", "dic", "déc", "دسمبر"),
)  # fmt: skip
"""How each month's names begin, English first; and last its whole name in Urdu."""
_MONTH_NUMBERS = {names[0]: number for number, names in enumerate(MONTHS, 1)}
_ZONES = {
    "z": 0, "utc": 0, "ut": 0, "gmt": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
"""Names with one meaning in RFC 2822; any other name leaves the zone open."""

_MONTH = (
    r"(?P<month_name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? ?)?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_CLOCK = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r" ?(?P<half>[ap]\.?m\.?)?"
)
_ZONE = r"(?:(?P<zone_name>[a-z]{1,5})?(?P<offset>[+-]\d{1,2}(?::?\d{2})?)?)(?: ?\([a-z ]{1,40}\))?"
_WHEN = rf"(?:(?:,? (?:at )?|t){_CLOCK} ?{_ZONE})?"

_MARKED_MONTH = r"(?P<year>\d{4}) ?[年년] ?(?P<month>\d{1,2}) ?[月월]"

_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,9})?", re.ASCII)
_WRITTEN = (
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_WHEN}",
    rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.{_YEAR}{_WHEN}",
    rf"(?P<one>\d{{1,2}})(?P<mark>[-/])(?P<two>\d{{1,2}})(?P=mark){_YEAR}{_WHEN}",
    rf"{_DAY}(?:[-/., ]| of )?{_MONTH}[-/., ]*{_YEAR}{_WHEN}",
    rf"{_MONTH}[-/ ]?{_DAY}(?:, ?|[-/ ])(?P<year>\d{{4}}){_WHEN}",
    rf"{_MONTH} {_DAY} {_CLOCK} ?{_ZONE} (?P<year>\d{{4}})",
    rf"{_MARKED_MONTH} ?(?P<day>\d{{1,2}}) ?[日일号號]{_WHEN}",
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})",
    _MARKED_MONTH,
    rf"{_MONTH}[-/, ]{{1,2}}(?P<year>\d{{4}})",
)
_EPOCH_UNITS = ((1e8, 1e11, 1), (1e11, 1e14, 1e3), (1e14, 1e17, 1e6), (1e17, 1e20, 1e9))
"""Counts since 1970 from March 1973 on: seconds, then milli-, micro- and nanoseconds."""


def parse_interval(value: str | float | date | datetime | Interval | None) -> Interval:
    """Return the earliest and the latest moment that `value` may mean.

    Both are in UTC, to the microsecond. Both are None when the value is absent,
    not understood, or impossible: no such day, before 1600, more than two days
    ahead of now, or the moment 0 of an unset clock. `is_given` tells absence
    from the rest.

    Args:
        value: ISO 8601; RFC 2822; day.month.year; a month written in English; year, month
            and day as Chinese, Japanese and Korean mark them; slashes, in both readings
            where both exist; year and month; a year; a count of
            seconds, milli-, micro- or nanoseconds since 1970; a date; a datetime; a tuple
            of two datetimes with zones, which is such an interval already.
    """
    if isinstance(value, str):
        return _parse_text(value.strip())
    if value is None or value != value:  # noqa: PLR0124 - NaN and NaT
        return _UNKNOWN
    if isinstance(value, datetime):
        return _of_clock(value)
    if isinstance(value, date):
        return _of_day(datetime(value.year, value.month, value.day))  # noqa: DTZ001
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _of_number(value)
    return _of_tuple(value) if isinstance(value, tuple) else _UNKNOWN


def _of_tuple(value: Interval) -> Interval:
    """Take an interval as it is, if it is one: two moments, in order."""
    match value:
        case (datetime() as start, datetime() as end) if start.tzinfo and end.tzinfo:
            return (start.astimezone(UTC), end.astimezone(UTC)) if start <= end else _UNKNOWN
    return _UNKNOWN


def _parse_text(value: str) -> Interval:
    """Try the machine form first: nearly all dates of a collection have it."""
    if value[4:5] != "-":
        return _parse_written(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return _parse_written(value)
    return _of_day(moment) if len(value) <= len("2018-06-02") else _of_clock(moment)


def is_given(value: object) -> bool:
    """Tell whether a date value says anything, understood or not."""
    if isinstance(value, str):
        return bool(value) and not value.isspace()
    return value is not None and value == value  # noqa: PLR0124 - NaN and NaT


def _of_clock(moment: datetime) -> Interval:
    """Return the interval of a clock reading; without a zone it may be any zone's.

    A midnight without a zone is a day whose clock was filled in, by a database
    or a data frame.
    """
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        return _UNKNOWN
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
        return _plausible(moment, moment, unset=moment == _EPOCH)
    if moment.time() == _MIDNIGHT:
        return _of_day(moment)
    moment = moment.replace(tzinfo=UTC)
    return _plausible(moment - EARLIEST_ZONE, moment + LATEST_ZONE, unset=False)


def _of_day(midnight: datetime, n_days: int = 1) -> Interval:
    """Return the interval of whole days anywhere on Earth, from a naive midnight."""
    if not _FIRST_YEAR <= midnight.year < _LAST_YEAR:
        return _UNKNOWN
    start = midnight.replace(tzinfo=UTC)
    end = start + timedelta(days=n_days) + LATEST_ZONE - _TICK
    return _plausible(start - EARLIEST_ZONE, end, unset=start == _EPOCH and n_days == 1)


def _plausible(earliest: datetime, latest: datetime, *, unset: bool) -> Interval:
    if unset or earliest > datetime.now(UTC) + _CLOCK_SLACK:
        return _UNKNOWN
    return earliest, latest


def _of_number(value: float) -> Interval:
    """Read a compact date, a year, or a count of time since 1970."""
    if 0 <= value < _EPOCH_UNITS[-1][0] and value == int(value):
        compact = _of_compact(str(int(value)))
        if compact is not None:
            return compact
    for low, high, per_second in _EPOCH_UNITS:
        if low <= value < high:
            try:
                return _of_clock(_EPOCH + timedelta(seconds=value / per_second))
            except OverflowError:
                return _UNKNOWN
    return _UNKNOWN


def _of_compact(digits: str) -> Interval | None:
    """Read 2018, 20180602 or 20180602091655; None for any other digits."""
    try:
        if len(digits) == len("20180602"):
            return _of_day(datetime.strptime(digits, "%Y%m%d"))  # noqa: DTZ007
        if len(digits) == len("20180602091655"):
            return _of_clock(datetime.strptime(digits, "%Y%m%d%H%M%S"))  # noqa: DTZ007
        if len(digits) == len("2018"):
            return _of_months(int(digits), 1, 12)
    except ValueError:
        return None
    return None


def _of_months(year: int, month: int, n_months: int) -> Interval:
    """Return the interval of whole months.

    Raises:
        ValueError: no such month.
    """
    if not _FIRST_YEAR <= year < _LAST_YEAR:
        return _UNKNOWN
    start = datetime(year, month, 1)  # noqa: DTZ001
    past = year * 12 + month - 1 + n_months
    end = datetime(past // 12, past % 12 + 1, 1)  # noqa: DTZ001
    return _of_day(start, (end - start).days)


@functools.cache
def _written() -> tuple[re.Pattern[str], ...]:
    """Compile the written forms where one is met: most collections have none."""
    return tuple(re.compile(_WEEKDAY + form, re.ASCII | re.IGNORECASE) for form in _WRITTEN)


def _parse_written(value: str) -> Interval:
    """Read the forms that `datetime.fromisoformat` does not, or reads wrongly."""
    if _NUMBER.fullmatch(value):
        return _of_number(float(value) if "." in value else int(value))
    if "T" in value or "W" in value:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            return _of_day(moment) if len(value) <= len("2018W22") + 1 else _of_clock(moment)
    if len(value) > _LONGEST:
        return _UNKNOWN
    value = " ".join(value.split())
    for pattern in _written():
        match = pattern.fullmatch(value)
        if match:
            try:
                return _of_match(match.groupdict())
            except (ValueError, OverflowError):
                return _UNKNOWN
    return _UNKNOWN


def _of_match(parts: dict[str, str | None]) -> Interval:
    """Turn the named parts of a written date into its interval.

    Raises:
        ValueError: no such day, month, or time of day.
    """
    year = _year(parts["year"] or "")
    if parts.get("one"):
        return _of_readings(year, int(parts["one"] or 0), int(parts["two"] or 0), parts)
    name = parts.get("month_name")
    month = _MONTH_NUMBERS[name[:3].lower()] if name else int(parts["month"] or 0)
    if not parts.get("day"):
        return _of_months(year, month, 1)
    return _of_parts(year, month, int(parts["day"] or 0), parts)


def _of_readings(year: int, one: int, two: int, parts: dict[str, str | None]) -> Interval:
    """Cover month/day and day/month, where both are days of the calendar."""
    found = []
    for month, day in ((one, two), (two, one)):
        try:
            earliest, latest = _of_parts(year, month, day, parts)
        except ValueError:
            continue
        if earliest and latest:
            found.append((earliest, latest))
    if not found:
        return _UNKNOWN
    return min(earliest for earliest, _ in found), max(latest for _, latest in found)


def _of_parts(year: int, month: int, day: int, parts: dict[str, str | None]) -> Interval:
    midnight = datetime(year, month, day)  # noqa: DTZ001
    if not parts.get("hour"):
        return _of_day(midnight)
    return _of_clock(_at_clock(midnight, parts).replace(tzinfo=_zone(parts)))


def _at_clock(midnight: datetime, parts: dict[str, str | None]) -> datetime:
    """Add the time of day; 24:00 is the next midnight, a leap second the one before it.

    Raises:
        ValueError: no such time of day.
    """
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    half = parts["half"]
    if not half and parts["minute"] is None:
        raise ValueError("an hour alone is no time of day")
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    fraction = int((parts["fraction"] or "").ljust(6, "0")[:6])
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second or fraction)):
        raise ValueError("no such time of day")
    seconds = hour * 3600 + minute * 60 + min(second, 59)
    return midnight + timedelta(seconds=seconds, microseconds=fraction)


def _zone(parts: dict[str, str | None]) -> timezone | None:
    """Return the zone, or None where its name is unknown or says "unknown" (-0000).

    Raises:
        ValueError: an offset no zone has.
    """
    offset, name = parts["offset"], (parts["zone_name"] or "").lower()
    if not offset:
        return timezone(timedelta(hours=_ZONES[name])) if name in _ZONES else None
    if offset == "-0000":
        return None
    digits = offset[1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    if hours > 14 or minutes > 59:
        raise ValueError("no such zone")
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1))


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= _TWO_DIGIT_PIVOT else 2000)
