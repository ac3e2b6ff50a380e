"""The calendar against the NYSE's own days, 1990-2026: written down here, and derived a second time from its rules.

No expected answer below is worked out by the calendar or by the library under it.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import calendar as module
from engine.calendar import PUBLISH_AFTER_CLOSE, TradingCalendar, parse_day
from engine.errors import InputError

HOLIDAYS = """
1990 01-01 02-19 04-13 05-28 07-04 09-03 11-22 12-25
1991 01-01 02-18 03-29 05-27 07-04 09-02 11-28 12-25
1992 01-01 02-17 04-17 05-25 07-03 09-07 11-26 12-25
1993 01-01 02-15 04-09 05-31 07-05 09-06 11-25 12-24
1994 02-21 04-01 05-30 07-04 09-05 11-24 12-26
1995 01-02 02-20 04-14 05-29 07-04 09-04 11-23 12-25
1996 01-01 02-19 04-05 05-27 07-04 09-02 11-28 12-25
1997 01-01 02-17 03-28 05-26 07-04 09-01 11-27 12-25
1998 01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25
1999 01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24
2000 01-17 02-21 04-21 05-29 07-04 09-04 11-23 12-25
2001 01-01 01-15 02-19 04-13 05-28 07-04 09-03 11-22 12-25
2002 01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25
2003 01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25
2004 01-01 01-19 02-16 04-09 05-31 07-05 09-06 11-25 12-24
2005 01-17 02-21 03-25 05-30 07-04 09-05 11-24 12-26
2006 01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25
2007 01-01 01-15 02-19 04-06 05-28 07-04 09-03 11-22 12-25
2008 01-01 01-21 02-18 03-21 05-26 07-04 09-01 11-27 12-25
2009 01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25
2010 01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24
2011 01-17 02-21 04-22 05-30 07-04 09-05 11-24 12-26
2012 01-02 01-16 02-20 04-06 05-28 07-04 09-03 11-22 12-25
2013 01-01 01-21 02-18 03-29 05-27 07-04 09-02 11-28 12-25
2014 01-01 01-20 02-17 04-18 05-26 07-04 09-01 11-27 12-25
2015 01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25
2016 01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26
2017 01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25
2018 01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-25
2019 01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25
2020 01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25
2021 01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24
2022 01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26
2023 01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25
2024 01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25
2025 01-01 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25
2026 01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25
"""

SUDDEN = {
    # day without trading: day on which the exchange said so, None when nobody could know on an earlier session
    "1994-04-27": "1994-04-25",  # mourning for President Nixon, who died on a Friday night
    "2001-09-11": None,
    "2001-09-12": None,
    "2001-09-13": None,
    "2001-09-14": None,
    "2004-06-11": "2004-06-07",  # President Reagan; said on the Monday
    "2007-01-02": "2006-12-29",  # President Ford; the NYSE said so on the Friday
    "2012-10-29": None,  # hurricane Sandy; decided on the Sunday night
    "2012-10-30": None,
    "2018-12-05": "2018-12-01",  # President G. H. W. Bush; said on the Saturday
    "2025-01-09": "2024-12-30",  # President Carter; said on the Monday
}

HALF_DAYS = """
1990 12-24@14
1991 12-24@14
1992 11-27@14 12-24@14
1993 11-26
1994 11-25
1995 07-03 11-24
1996 07-05 11-29 12-24
1997 07-03 11-28 12-24 12-26
1998 11-27 12-24
1999 11-26 12-31
2000 07-03 11-24
2001 07-03 11-23 12-24
2002 07-05 11-29 12-24
2003 07-03 11-28 12-24 12-26
2004 11-26
2005 11-25
2006 07-03 11-24
2007 07-03 11-23 12-24
2008 07-03 11-28 12-24
2009 11-27 12-24
2010 11-26
2011 11-25
2012 07-03 11-23 12-24
2013 07-03 11-29 12-24
2014 07-03 11-28 12-24
2015 11-27 12-24
2016 11-25
2017 07-03 11-24
2018 07-03 11-23 12-24
2019 07-03 11-29 12-24
2020 11-27 12-24
2021 11-26
2022 11-25
2023 07-03 11-24
2024 07-03 11-29 12-24
2025 07-03 11-28 12-24
2026 11-27 12-24
"""

NEW_YORK = ZoneInfo("America/New_York")


def listed(table: str) -> list[str]:
    rows = [line.split() for line in table.strip().splitlines()]
    return [f"{year}-{day}" for year, *days in rows for day in days]


CLOSED = {date.fromisoformat(day) for day in listed(HOLIDAYS)}
KNOWN_FROM = {date.fromisoformat(day): date.fromisoformat(known or day) for day, known in SUDDEN.items()}
CLOSING_HOUR = {date.fromisoformat(item[:10]): int(item[11:] or 13) for item in listed(HALF_DAYS)}
EVERY_DAY = [date(1990, 1, 1) + timedelta(n) for n in range((date(2026, 12, 31) - date(1990, 1, 1)).days + 1)]
SESSIONS = [day for day in EVERY_DAY if day.weekday() < 5 and day not in CLOSED and day not in KNOWN_FROM]


@pytest.fixture(scope="module")
def nyse() -> TradingCalendar:
    return TradingCalendar.load("XNYS", date(1990, 1, 1), date(2026, 12, 31))


@pytest.fixture(scope="module")
def always() -> TradingCalendar:
    return TradingCalendar.load("24/7", date(2020, 1, 1), date(2021, 1, 1))


def easter(year: int) -> date:
    """The anonymous Gregorian algorithm (Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), (i, k) = divmod(b, 4), divmod(c, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    m = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114, 31)
    return date(year, month, day + 1)


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th such weekday of a month; n = -1 is the last."""
    days = [day for day in EVERY_DAY if (day.year, day.month, day.weekday()) == (year, month, weekday)]
    return days[n - 1 if n > 0 else n]


def observed(day: date) -> date:
    """NYSE Rule 7.2: Saturday moves to Friday, Sunday to Monday."""
    return day + timedelta({5: -1, 6: 1}.get(day.weekday(), 0))


def by_rule(year: int) -> list[date]:
    days = [
        nth(year, 2, 0, 3),
        easter(year) - timedelta(2),
        nth(year, 5, 0, -1),
        nth(year, 9, 0, 1),
        nth(year, 11, 3, 4),
    ]
    days += [observed(date(year, 7, 4)), observed(date(year, 12, 25))]
    if date(year, 1, 1).weekday() != 5:  # the Friday before would be the last day of a quarter
        days.append(observed(date(year, 1, 1)))
    if year >= 1998:
        days.append(nth(year, 1, 0, 3))
    if year >= 2022:
        days.append(observed(date(year, 6, 19)))
    return sorted(days)


def as_scheduled(today: date, horizon: int) -> date:
    """The deadline, one day at a time: what was open by all that anyone knew on `today`."""
    day = today
    while horizon:
        day += timedelta(1)
        closed = day.weekday() > 4 or day in CLOSED or KNOWN_FROM.get(day, date.max) <= today
        horizon -= not closed
    return day


@pytest.mark.parametrize("year", range(1990, 2027))
def test_the_table_of_holidays_follows_from_the_rules(year: int) -> None:
    assert sorted(day for day in CLOSED if day.year == year) == by_rule(year)


def test_sessions_are_all_weekdays_but_the_listed_closures(nyse: TradingCalendar) -> None:
    assert nyse.labels[: len(SESSIONS)] == [day.isoformat() for day in SESSIONS]
    assert nyse.labels[len(SESSIONS)] > "2026-12-31"


def test_every_close_is_at_four_in_new_york_or_at_one_on_half_days(nyse: TradingCalendar) -> None:
    for at, day in enumerate(SESSIONS):
        hour = CLOSING_HOUR.get(day, 16)
        assert nyse.close(at) == datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK), day
    assert set(CLOSING_HOUR) < set(SESSIONS)


def test_closes_step_an_hour_in_utc_when_the_clocks_change(nyse: TradingCalendar) -> None:
    def hour(day: str) -> int:
        return nyse.close(nyse.position(day)).hour

    assert [hour(day) for day in ("2018-03-09", "2018-03-12", "2018-11-02", "2018-11-05")] == [21, 20, 20, 21]
    # Until 2006 summer time ended on the last Sunday of October.
    assert [hour(day) for day in ("2006-10-27", "2006-10-30")] == [20, 21]


def test_a_cycle_speaks_half_an_hour_after_the_close(nyse: TradingCalendar) -> None:
    assert nyse.as_of(nyse.position("2018-02-05")) == datetime(2018, 2, 5, 21, 30, tzinfo=UTC)
    assert nyse.as_of(nyse.position("2018-12-24")) == datetime(2018, 12, 24, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize("horizon", [1, 2, 5, 21])
def test_every_deadline_is_what_the_day_could_have_named(nyse: TradingCalendar, horizon: int) -> None:
    wrong = [
        (day, nyse.deadline(at, horizon))
        for at, day in enumerate(SESSIONS[:-horizon])
        if nyse.deadline(at, horizon) != as_scheduled(day, horizon).isoformat()
    ]
    assert not wrong


@pytest.mark.parametrize(
    ("day", "horizon", "deadline"),
    [
        ("2026-04-02", 1, "2026-04-06"),  # the seed's call: Friday the 3rd is Good Friday
        ("2026-04-02", 2, "2026-04-07"),
        ("2018-03-29", 1, "2018-04-02"),
        ("2018-02-02", 1, "2018-02-05"),  # Friday to Monday
        ("2001-09-10", 1, "2001-09-11"),  # nobody knew
        ("2001-09-10", 2, "2001-09-12"),
        ("2001-09-10", 5, "2001-09-17"),
        ("2001-09-17", 1, "2001-09-18"),
        ("2012-10-26", 1, "2012-10-29"),
        ("2012-10-26", 2, "2012-10-30"),
        ("2012-10-31", 1, "2012-11-01"),
        ("2018-11-30", 2, "2018-12-04"),
        ("2018-11-30", 3, "2018-12-05"),  # President Bush died that night
        ("2018-12-04", 1, "2018-12-06"),  # announced on the 1st
        ("2025-01-08", 1, "2025-01-10"),
        ("2024-12-27", 8, "2025-01-09"),
        ("2006-12-29", 1, "2007-01-03"),
        ("2006-12-28", 2, "2007-01-02"),
        ("2018-12-24", 1, "2018-12-26"),
    ],
)
def test_deadlines_people_remember(nyse: TradingCalendar, day: str, horizon: int, deadline: str) -> None:
    assert nyse.deadline(nyse.position(day), horizon) == deadline


def test_closures_before_1990_that_were_no_surprise() -> None:
    old = TradingCalendar.load("XNYS", date(1968, 1, 1), date(1985, 12, 31))
    assert old.deadline(old.position("1968-06-18"), 1) == "1968-06-20"  # Wednesdays of the paperwork crisis
    assert old.deadline(old.position("1985-09-26"), 1) == "1985-09-27"  # hurricane Gloria


@given(st.integers(0, len(SESSIONS) - 90), st.integers(1, 64))
def test_a_later_horizon_is_a_later_deadline(at: int, horizon: int) -> None:
    nyse = TradingCalendar.load("XNYS", date(1990, 1, 1), date(2026, 12, 31))
    assert nyse.labels[at] < nyse.deadline(at, horizon)
    assert horizon == 64 or nyse.deadline(at, horizon) < nyse.deadline(at, horizon + 1)


@given(st.dates(date(1990, 1, 1), date(2026, 8, 1)), st.integers(0, 4000))
def test_any_bounds_give_the_same_sessions(first: date, length: int) -> None:
    last = min(first + timedelta(length), date(2026, 8, 1))
    found = TradingCalendar.load("XNYS", first, last)
    end = last + timedelta(128)  # enough for 64 sessions
    assert found.labels == [day.isoformat() for day in SESSIONS if first <= day <= end]
    assert [str(day) for day, _ in found.surprises] == [
        day for day in SUDDEN if first.isoformat() <= day <= end.isoformat()
    ]
    assert found.closes.shape == found.days.shape


@given(
    st.datetimes(datetime(1990, 1, 3), datetime(2026, 12, 1)), st.sampled_from(["UTC", "Asia/Tokyo", "America/Lima"])
)
def test_the_last_closed_session_is_final_and_the_next_is_not(instant: datetime, zone: str) -> None:
    nyse = TradingCalendar.load("XNYS", date(1990, 1, 1), date(2026, 12, 31))
    now = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    at = nyse.last_closed(now)
    assert nyse.close(at) + PUBLISH_AFTER_CLOSE <= now < nyse.close(at + 1) + PUBLISH_AFTER_CLOSE


def test_a_session_becomes_final_at_the_very_second(nyse: TradingCalendar) -> None:
    at = nyse.position("2018-12-31")
    final = datetime(2018, 12, 31, 16, 30, tzinfo=NEW_YORK)
    assert nyse.last_closed(final) == at
    assert nyse.last_closed(final - timedelta(seconds=1)) == at - 1
    assert nyse.last_closed(datetime(1980, 1, 1, tzinfo=UTC)) == -1


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the platform cannot change its time zone in process")
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/New_York"])
def test_the_machines_time_zone_changes_nothing(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    module._exchange.cache_clear()
    try:
        nyse = TradingCalendar.load("XNYS", date(2018, 1, 1), date(2018, 12, 31))
        assert nyse.as_of(nyse.position("2018-07-03")) == datetime(2018, 7, 3, 17, 30, tzinfo=UTC)
        assert nyse.last_closed(datetime(2018, 7, 3, 17, 30, tzinfo=UTC)) == nyse.position("2018-07-03")
        assert nyse.deadline(nyse.position("2018-07-03"), 1) == "2018-07-05"
    finally:
        monkeypatch.undo()
        time.tzset()
        assert os.environ.get("TZ") == before


def test_crypto_never_closes(always: TradingCalendar) -> None:
    assert all(later - earlier == np.timedelta64(1, "D") for earlier, later in pairwise(always.days))
    christmas = always.position("2020-12-25")
    assert always.deadline(christmas, 1) == "2020-12-26"
    assert always.deadline(christmas, 21) == "2021-01-15"
    assert always.close(christmas) == datetime(2020, 12, 26, tzinfo=UTC)
    assert always.position("2020-02-29") - always.position("2020-02-28") == 1
    assert not always.surprises


def test_a_closed_day_is_answered_with_its_neighbours(nyse: TradingCalendar) -> None:
    assert not nyse.is_session("2026-04-03")
    assert nyse.is_session(date(2026, 4, 6))
    with pytest.raises(InputError, match="closed on 2026-04-03; the nearest sessions are 2026-04-02 and 2026-04-06"):
        nyse.position("2026-04-03")


def test_days_outside_the_bounds_are_refused(nyse: TradingCalendar) -> None:
    for day in ("1989-12-29", "2030-01-02"):
        with pytest.raises(InputError, match="outside the calendar XNYS"):
            nyse.position(day)
        assert not nyse.is_session(day)


@pytest.mark.parametrize("text", ["", "today", "now", "2018-13-01", "NaT", "31.12.2018"])
def test_what_is_no_day_is_refused(nyse: TradingCalendar, text: str) -> None:
    with pytest.raises(InputError, match="is not a day; write it as YYYY-MM-DD"):
        nyse.position(text)
    with pytest.raises(InputError, match="is not a day; write it as YYYY-MM-DD"):
        parse_day(text)


def test_a_day_is_read_as_iso() -> None:
    assert parse_day("2018-12-31") == date(2018, 12, 31)
    with pytest.raises(InputError, match="--start '2018-02-30' is not a day"):
        parse_day("2018-02-30", what="--start")


@pytest.mark.parametrize(
    ("name", "first", "last", "words"),
    [
        ("XNYS", date(2018, 1, 2), date(2018, 1, 1), "the range starts on 2018-01-02 but ends on 2018-01-01"),
        ("NYSE?", date(2018, 1, 1), date(2018, 1, 2), "no exchange is called 'NYSE\\?'"),
        ("XNYS", date(2018, 1, 1), date(9999, 12, 1), "no calendar reaches 9999-12-01"),
        ("XNYS", date(2018, 1, 1), date(2400, 1, 1), "cannot cover 2018-01-01"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(name: str, first: date, last: date, words: str) -> None:
    with pytest.raises(InputError, match=words):
        TradingCalendar.load(name, first, last)


def test_horizons_and_positions_have_bounds(nyse: TradingCalendar) -> None:
    for horizon in (0, -1, 65, 10**9):
        with pytest.raises(InputError, match="give 1 to 64"):
            nyse.deadline(0, horizon)
    with pytest.raises(InputError, match="before the deadline"):
        nyse.deadline(len(nyse) - 1, 1)
    with pytest.raises(InputError, match="no session before it is known"):
        nyse.deadline(-1, 1)
    with pytest.raises(InputError, match="no session before it is known"):
        nyse.close(-1)


def test_the_longest_claim_of_the_last_day_can_be_dated() -> None:
    found = TradingCalendar.load("XNYS", date(2018, 1, 1), date(2018, 12, 31))
    assert found.deadline(found.position("2018-12-31"), 64) == as_scheduled(date(2018, 12, 31), 64).isoformat()


def test_an_instant_without_a_zone_is_refused(nyse: TradingCalendar) -> None:
    with pytest.raises(InputError, match="has no time zone"):
        nyse.last_closed(datetime(2018, 12, 31, 21, 30))


def test_nobody_can_write_into_a_shared_calendar(nyse: TradingCalendar) -> None:
    with pytest.raises(ValueError, match="read-only"):
        nyse.days[0] = np.datetime64("2018-01-01")


@pytest.mark.parametrize(
    ("name", "closed"),
    [("XHKG", "2023-07-17"), ("XMOS", "2020-06-24"), ("XLJU", "2017-02-02")],
    ids=["typhoon Talim", "the victory parade", "a fault of the trading system"],
)
def test_exchanges_whose_single_closures_come_in_other_forms(name: str, closed: str) -> None:
    """exchange_calendars gives them as timestamps, numpy days or texts, exchange by exchange."""
    found = TradingCalendar.load(name, date(2016, 1, 4), date(2024, 1, 5))
    assert not found.is_session(closed)
    assert closed in [str(day) for day, _ in found.surprises]


def test_a_calendar_that_cannot_be_worked_out_is_refused_in_one_short_sentence() -> None:
    with pytest.raises(InputError, match="the calendar XTAE cannot cover 2015-01-01") as told:
        TradingCalendar.load("XTAE", date(2015, 1, 1), date(2024, 1, 1))
    assert len(str(told.value)) < 300


def test_stamps_are_the_texts_of_the_instants() -> None:
    calendar = TradingCalendar.load("XNYS", date(2018, 1, 2), date(2018, 12, 31))
    at = calendar.position("2018-06-29")
    assert calendar.stamps(at, at + 9) == [instant.isoformat() for instant in calendar.instants(at, at + 9)]
    assert calendar.stamps(at, at) == []
