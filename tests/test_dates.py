"""Dates as intervals: what each form may mean, and what means nothing."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe.dates import is_given, parse_interval

HOURS_OF_A_DAY_ANYWHERE = timedelta(hours=50) - timedelta(microseconds=1)
PAST = st.datetimes(
    datetime(1971, 1, 1),  # noqa: DTZ001
    datetime(2024, 1, 1),  # noqa: DTZ001
)
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda n: timezone(timedelta(minutes=n)))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "value",
    [
        "2018-06-02T09:16:55-04:00",
        "2018-06-02T09:16:55-0400",
        "2018-06-02 13:16:55Z",
        "2018-06-02T13:16:55.000Z",
        "20180602T131655Z",
        "Sat, 02 Jun 2018 09:16:55 -0400",
        "Sat, 2 Jun 2018 13:16:55 GMT",
        "Sat, 02 Jun 2018 09:16:55 EDT",
        "Saturday, 02-Jun-18 13:16:55 GMT",
        "Sat Jun 02 13:16:55 +0000 2018",
        "2018-06-02 13:16:55 UTC",
        "2018/06/02 09:16:55 -04:00",
        "June 2, 2018 at 9:16:55 a.m. EDT",
        "2 June 2018 18:46:55 +0530",
        "  2018-06-02T09:16:55-04:00\n",
        "1527945415",
        "1527945415.0",
        "1527945415000",
        1527945415,
        1527945415.0,
        1527945415000,
        1527945415000000,
        datetime(2018, 6, 2, 9, 16, 55, tzinfo=timezone(timedelta(hours=-4))),
    ],
)
def test_dates__a_clock_with_a_zone_is_one_moment(value: str | float | datetime) -> None:
    moment = utc(2018, 6, 2, 13, 16, 55)
    assert parse_interval(value) == (moment, moment)


@pytest.mark.parametrize(
    "value",
    [
        "2018-06-02T09:16:00",
        "2018-06-02 09:16",
        "20180602091600",
        "02.06.2018 09:16",
        "2018年6月2日 09:16",
        "2-JUN-2018 09:16:00.00",
        "June 2, 2018 9:16 am",
        "Sat Jun  2 09:16:00 2018",
        "2018-06-02 09:16:00 IST",
        "Sat, 02 Jun 2018 09:16:00 -0000",
        datetime(2018, 6, 2, 9, 16),  # noqa: DTZ001
    ],
)
def test_dates__a_clock_without_a_zone_may_be_any_zones(value: str | datetime) -> None:
    assert parse_interval(value) == (utc(2018, 6, 1, 19, 16), utc(2018, 6, 2, 21, 16))


@pytest.mark.parametrize(
    "value",
    [
        "2018-06-02",
        "20180602",
        20180602,
        "2018/06/02",
        "2018-6-2",
        "2018-W22-6",
        "2.6.2018",
        "02.06.18",
        "2 June 2018",
        "02-JUN-2018",
        "2nd of June, 2018",
        "2018年6月2日",
        "2018年06月02号",
        "2018년 6월 2일",
        "June 2, 2018",
        "Jun. 2, 2018",
        "Saturday, June 2, 2018",
        "2018-06-02 00:00:00",
        date(2018, 6, 2),
        datetime(2018, 6, 2),  # noqa: DTZ001
    ],
)
def test_dates__a_day_is_that_day_anywhere_on_earth(value: str | float | date) -> None:
    earliest, latest = parse_interval(value)
    assert earliest == utc(2018, 6, 1, 10)
    assert latest == earliest + HOURS_OF_A_DAY_ANYWHERE


@pytest.mark.parametrize(
    "value", ["2018-06", "2018/06", "June 2018", "Jun 2018", "JUNE, 2018", "2018年6月"]
)
def test_dates__a_month_covers_all_its_days(value: str) -> None:
    tick = timedelta(microseconds=1)
    assert parse_interval(value) == (utc(2018, 5, 31, 10), utc(2018, 7, 1, 12) - tick)


@pytest.mark.parametrize("value", ["2018", 2018])
def test_dates__a_year_covers_all_its_days(value: str | int) -> None:
    tick = timedelta(microseconds=1)
    assert parse_interval(value) == (utc(2017, 12, 31, 10), utc(2019, 1, 1, 12) - tick)


def test_dates__an_interval_is_taken_as_it_is_and_a_pair_that_is_none_is_unknown() -> None:
    day = parse_interval("2018-06-02")
    start, end = day
    assert start
    assert end
    assert parse_interval(day) == day
    naive = start.replace(tzinfo=None), end.replace(tzinfo=None)
    wrong: list[Any] = [(None, None), (start, None), (end, start), naive, (start,), ("2018", end)]
    assert [parse_interval(value) for value in wrong] == [(None, None)] * len(wrong)


def test_dates__slashes_cover_both_readings() -> None:
    earliest, latest = parse_interval("03/04/2018")
    assert earliest == parse_interval("2018-03-04")[0]
    assert latest == parse_interval("2018-04-03")[1]


@pytest.mark.parametrize("value", ["25/12/2018", "12/25/2018", "12-25-2018"])
def test_dates__slashes_with_one_reading_are_one_day(value: str) -> None:
    assert parse_interval(value) == parse_interval("2018-12-25")


def test_dates__the_newswire_of_1987_is_read() -> None:
    earliest, latest = parse_interval("26-FEB-1987 15:01:01.79")
    assert earliest == utc(1987, 2, 26, 1, 1, 1, 790_000)
    assert latest == utc(1987, 2, 27, 3, 1, 1, 790_000)


@pytest.mark.parametrize(
    ("value", "year"), [("01.12.14", 2014), ("01.12.87", 1987), ("01.12.00", 2000)]
)
def test_dates__two_digits_of_a_year_are_of_the_nearer_century(value: str, year: int) -> None:
    earliest, _ = parse_interval(value)
    assert earliest == utc(year, 11, 30, 10)


@pytest.mark.parametrize(
    "value",
    [
        "30 Feb 2018",
        "2018-02-30",
        "2018-13-01",
        "2018-00-10",
        "31.09.14",
        "13/13/2018",
        "9999-12-31T23:59:59Z",
        "9999-01-01",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00+14:00",
        "1599-12-31",
        "2018-06-02 25:00",
        "2018-06-02 24:01",
        "June 2, 2018 13:00 pm",
        "2018/06/02 09:16 +99:00",
        "1970-01-01",
        "1970-01-01T00:00:00Z",
        "1969-12-31T19:00:00-05:00",
        "0",
        0,
        -5,
        17,
        10**30,
        float("inf"),
        -float("inf"),
        True,
        datetime.max,  # noqa: DTZ901
        datetime.min,  # noqa: DTZ901
        "Published",
        "June 2",
        "2018-06-02 and more",
        "٢٠١٨-٠٦-٠٢",
        "9" * 10_000,
        "June " * 100_000,
    ],
)
def test_dates__what_is_impossible_or_not_understood_is_unknown(value: str | float) -> None:
    assert parse_interval(value) == (None, None)
    assert is_given(value)


@pytest.mark.parametrize("value", [None, "", "  \n", float("nan")])
def test_dates__an_absent_date_is_not_a_bad_one(value: str | float | None) -> None:
    assert parse_interval(value) == (None, None)
    assert not is_given(value)


def test_dates__the_future_is_impossible_past_two_days() -> None:
    now = datetime.now(UTC)
    assert parse_interval(now + timedelta(days=1, hours=23)) != (None, None)
    assert parse_interval(now + timedelta(days=2, hours=1)) == (None, None)
    assert parse_interval(time.time() + 1e7) == (None, None)


def test_dates__midnight_may_be_written_as_24_hours() -> None:
    assert parse_interval("2018/06/02 24:00:00Z") == parse_interval("2018-06-03T00:00:00Z")


def test_dates__a_leap_second_is_the_second_before_it() -> None:
    assert parse_interval("2016-12-31T23:59:60Z") == parse_interval("2016-12-31T23:59:59Z")


@given(PAST, ZONES)
def test_dates__iso_is_read_as_the_standard_library_reads_it(
    naive: datetime, zone: timezone
) -> None:
    moment = naive.replace(tzinfo=zone)
    assert parse_interval(moment.isoformat()) == (moment, moment)


@given(PAST, ZONES)
def test_dates__mail_dates_are_read_as_the_standard_library_writes_them(
    naive: datetime, zone: timezone
) -> None:
    moment = naive.replace(microsecond=0, tzinfo=zone)
    assert parse_interval(format_datetime(moment)) == (moment, moment)


@given(PAST, ZONES)
def test_dates__an_unzoned_clock_covers_its_moment_in_every_zone(
    naive: datetime, zone: timezone
) -> None:
    earliest, latest = parse_interval(naive.isoformat())
    assert earliest
    assert latest
    assert earliest <= naive.replace(tzinfo=zone) <= latest


@given(PAST, ZONES)
def test_dates__a_day_covers_each_of_its_moments_in_every_zone(
    naive: datetime, zone: timezone
) -> None:
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%B %d, %Y", "%Y-%m", "%Y"):
        earliest, latest = parse_interval(naive.strftime(form))
        assert earliest
        assert latest
        assert earliest <= naive.replace(tzinfo=zone) <= latest


@given(
    st.one_of(st.text(), st.floats(), st.integers(), st.datetimes(), st.from_regex(r"[\d:./ T-]*"))
)
def test_dates__any_value_gives_an_interval_or_nothing(value: str | float | datetime) -> None:
    earliest, latest = parse_interval(value)
    if earliest is None or latest is None:
        assert (earliest, latest) == (None, None)
    else:
        assert earliest <= latest
        assert earliest.tzinfo is UTC
        assert latest.tzinfo is UTC
