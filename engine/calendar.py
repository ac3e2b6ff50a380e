"""Exchange sessions: which days trade, when they close, and when a claim falls due.

Contract: built for explicit bounds, so that nothing depends on today's date; days outside them raise `InputError`,
never a guess. Horizons count sessions. A *deadline* is what a careful reader could have named on the day of
publication: closures that nobody had announced yet (11 September 2001, hurricane Sandy) are still sessions in it. A
claim settles after its sessions have really traded, so an unannounced closure moves settlement to the next session and
never voids a claim.

The rules of each exchange come from exchange_calendars; only the announcement days below are ours. What its rules give
for the NYSE from 1950 to 2049 also ships as a table (engine/data/calendars, written by tools/build_calendars.py), so
that most runs wait neither for that package nor for pandas; a test compares the two day by day.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import orjson

from engine.errors import InputError

__all__ = ["LONGEST_HORIZON", "PUBLISH_AFTER_CLOSE", "Days", "TradingCalendar", "parse_day"]

Days = npt.NDArray[np.datetime64]
"""Days as `datetime64[D]`, shape (n,), ascending."""

PUBLISH_AFTER_CLOSE = timedelta(minutes=30)
"""A cycle speaks half an hour after the close, when the day's bars (also of volatility indices) are final."""

_ANNOUNCED = {
    # Days of mourning are announced days ahead; what is not listed counts as announced only by happening.
    "1994-04-27": "1994-04-25",  # President Nixon
    "2004-06-11": "2004-06-07",  # President Reagan
    "2007-01-02": "2006-12-29",  # President Ford; Nasdaq spoke a day before the NYSE
    "2018-12-05": "2018-12-01",  # President G. H. W. Bush
    "2025-01-09": "2024-12-30",  # President Carter
}
_SCHEDULED = ("1956-12-24", "1958-12-26", "1961-05-29", "1968-02-12", "1968-07-05", "1968-11-11")
"""Single closures that were in the year's schedule all along: bridge days and old holidays."""
_PAPERWORK_CRISIS = (np.datetime64("1968-06-12"), np.datetime64("1968-12-31"))
"""The NYSE closed on Wednesdays to catch up with its paper, and said so beforehand."""
LONGEST_HORIZON = 64
_USUAL = (date(1950, 1, 1), date(2049, 12, 31))
"""The span that is worked out at once; any shorter one is a part of it."""
_TABLES = frozenset({"XNYS"})
"""Exchanges with a table of that span in engine/data/calendars."""


def parse_day(text: str, *, what: str = "date") -> date:
    """Read an ISO day such as `2018-12-31`; raise `InputError` that shows the form otherwise."""
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise InputError(f"{what} {text!r} is not a day; write it as YYYY-MM-DD, for example 2018-12-31") from None


@dataclass(frozen=True)
class TradingCalendar:
    """All sessions of one exchange between two bounds.

    Attributes:
        name: the exchange's code, such as `XNYS`; `24/7` for markets that never close.
        days: the sessions, shape (n,), `datetime64[D]`.
        closes: closing instants, shape (n,), `datetime64[s]` in UTC.
        surprises: unannounced closures as (day, day on which it was known), ascending.
        timezone: IANA name of the exchange's zone.
    """

    name: str
    days: Days
    closes: npt.NDArray[np.datetime64]
    surprises: tuple[tuple[np.datetime64, np.datetime64], ...] = ()
    timezone: str = "UTC"

    @classmethod
    def load(cls, name: str, first: date, last: date) -> TradingCalendar:
        """Load sessions from `first` to `last`, and enough beyond to date the longest claim.

        Raises:
            InputError: the exchange is unknown or the bounds are reversed.
        """
        if first > last:
            raise InputError(f"the range starts on {first} but ends on {last}; give --start before --end")
        try:
            end = last + timedelta(days=2 * LONGEST_HORIZON)
        except OverflowError:
            raise InputError(f"no calendar reaches {last}; give an earlier end") from None
        try:
            whole = _exchange(name, min(first, _USUAL[0]), max(end, _USUAL[1]))
        except InputError:
            whole = _exchange(name, first, end)  # some exchanges are known for less; or its message names our bounds
        low, high = np.datetime64(first, "D"), np.datetime64(end, "D")
        inside = slice(*np.searchsorted(whole.days, [low, high + 1]))
        surprises = tuple(pair for pair in whole.surprises if low <= pair[0] <= high)
        return cls(name, whole.days[inside], whole.closes[inside], surprises, whole.timezone)

    def __len__(self) -> int:
        return len(self.days)

    @cached_property
    def labels(self) -> list[str]:
        """The sessions as ISO text, in order."""
        found: list[str] = np.datetime_as_string(self.days).tolist()
        return found

    @cached_property
    def _closed_days(self) -> list[str]:
        return [str(day) for day, _ in self.surprises]

    def position(self, day: date | str | np.datetime64) -> int:
        """Index of a session; `InputError` names the nearest sessions when the exchange was closed."""
        wanted = _day(day)
        at = int(np.searchsorted(self.days, wanted))
        if at < len(self.days) and self.days[at] == wanted:
            return at
        if at == 0 or at == len(self.days):
            raise InputError(f"{wanted} lies outside the calendar {self.name}, {self.days[0]} to {self.days[-1]}")
        raise InputError(
            f"{self.name} was closed on {wanted}; the nearest sessions are {self.days[at - 1]} and {self.days[at]}"
        )

    def is_session(self, day: date | str | np.datetime64) -> bool:
        """Whether the exchange trades on that day."""
        at = int(np.searchsorted(self.days, _day(day)))
        return at < len(self.days) and bool(self.days[at] == _day(day))

    def close(self, at: int) -> datetime:
        """Closing instant of session `at`, aware, UTC; `InputError` before the calendar's first session."""
        if at < 0:
            raise InputError(f"the calendar {self.name} starts on {self.days[0]}; no session before it is known")
        stamp: datetime = self.closes[at].item()
        return stamp.replace(tzinfo=UTC)

    def as_of(self, at: int) -> datetime:
        """The instant at which the cycle of session `at` speaks."""
        return self.close(at) + PUBLISH_AFTER_CLOSE

    def instants(self, start: int, stop: int) -> list[datetime]:
        """`as_of` of the sessions from `start` to before `stop`."""
        stamps: list[datetime] = (self.closes[start:stop] + np.timedelta64(PUBLISH_AFTER_CLOSE)).tolist()
        return [stamp.replace(tzinfo=UTC) for stamp in stamps]

    def stamps(self, start: int, stop: int) -> list[str]:
        """The same as ISO texts, such as `2018-12-31T21:30:00+00:00`."""
        stamps = np.datetime_as_string(self.closes[start:stop] + np.timedelta64(PUBLISH_AFTER_CLOSE), unit="s")
        return [f"{stamp}+00:00" for stamp in stamps.tolist()]

    def last_closed(self, now: datetime) -> int:
        """Index of the last session whose bars are final at the aware instant `now`; -1 when there is none.

        Raises:
            InputError: `now` has no time zone, so that the answer would hang on the machine's.
        """
        if now.tzinfo is None:
            raise InputError(f"the instant {now.isoformat()} has no time zone; give one, such as +00:00")
        limit = np.datetime64((now - PUBLISH_AFTER_CLOSE).astimezone(UTC).replace(tzinfo=None), "s")
        return int(np.searchsorted(self.closes, limit, side="right")) - 1

    @cached_property
    def _deadlines(self) -> dict[int, list[str]]:
        return {}

    def deadline(self, at: int, horizon: int) -> str:
        """ISO day on which a claim of session `at` falls due, as it was scheduled on that day.

        Raises:
            InputError: the horizon is not from 1 to 64, `at` is negative, or the calendar ends before the deadline.
        """
        known = self._deadlines.get(horizon)
        if known is not None and 0 <= at < len(known):
            return known[at]
        if not 1 <= horizon <= LONGEST_HORIZON:
            raise InputError(f"a horizon of {horizon} sessions is not possible; give 1 to {LONGEST_HORIZON}")
        if at < 0:
            raise InputError(f"the calendar {self.name} starts on {self.days[0]}; no session before it is known")
        if at + horizon >= len(self.days):
            raise InputError(f"the calendar {self.name} ends on {self.days[-1]}, before the deadline")
        days = self._deadlines[horizon] = self.labels[horizon:]
        for closed, _ in self.surprises:  # elsewhere the schedule is what happened
            place = int(np.searchsorted(self.days, closed))
            for near in range(max(place - horizon - 1, 0), min(place + 1, len(days))):
                days[near] = self._scheduled(near, horizon)
        return days[at]

    def deadlines(self, start: int, stop: int, horizon: int) -> list[str]:
        """`deadline` of the sessions from `start` to before `stop`."""
        if start >= stop:
            return []
        self.deadline(start, horizon)
        self.deadline(stop - 1, horizon)
        return self._deadlines[horizon][start:stop]

    def _scheduled(self, at: int, horizon: int) -> str:
        today, plain = self.labels[at], self.labels[at + horizon]
        closed = self._closed_days
        near = range(bisect_right(closed, today), bisect_right(closed, plain))
        unknown = [self.surprises[i][0] for i in near if str(self.surprises[i][1]) > today]
        if not unknown:
            return plain
        expected = np.sort(np.concatenate([self.days[at + 1 : at + horizon + 1], np.array(unknown, "datetime64[D]")]))
        return str(expected[horizon - 1])


@lru_cache(maxsize=16)
def _exchange(name: str, first: date, last: date) -> TradingCalendar:
    """All sessions between two days; kept, because the rules take 0.25 s and every run asks for several spans."""
    return _from_table(name) if name in _TABLES and (first, last) == _USUAL else _from_rules(name, first, last)


def _from_table(name: str) -> TradingCalendar:
    """The usual span as it was written down: weekdays, with their exceptions, and the days on which the close moves."""
    table = orjson.loads((resources.files("engine") / "data" / "calendars" / f"{name}.json").read_bytes())
    closed, extra, sudden = (np.array(table[part], "datetime64[D]") for part in ("closed", "extra", "sudden"))
    weekdays = np.arange(np.datetime64(_USUAL[0], "D"), np.datetime64(_USUAL[1], "D") + 1)
    weekdays = weekdays[np.is_busday(weekdays, holidays=closed)]
    days = np.sort(np.concatenate([weekdays, extra]))
    moved = np.array(table["closes"], "datetime64[s]")
    since = moved.astype("datetime64[D]")
    closes = days + (moved - since)[np.searchsorted(since, days, side="right") - 1]
    return _calendar(name, days, closes, sudden, table["timezone"])


def _from_rules(name: str, first: date, last: date) -> TradingCalendar:
    import exchange_calendars  # late: it brings pandas, which costs more than most commands

    try:
        known = exchange_calendars.get_calendar(name, start=first.isoformat(), end=last.isoformat())
    except exchange_calendars.errors.InvalidCalendarName:
        raise InputError(f"no exchange is called {name!r}; use a code such as XNYS, or 24/7") from None
    except (ValueError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:200]  # one of them lists hundreds of days
        raise InputError(f"the calendar {name} cannot cover {first} to {last}: {reason}") from error
    days = known.sessions.to_numpy().astype("datetime64[D]")
    closes = known.closes.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    # Timestamps for most exchanges, texts or numpy's days for some (Hong Kong, Moscow): all begin with the day.
    closed = np.array(sorted({str(day)[:10] for day in known.adhoc_holidays}), "datetime64[D]")
    sudden = closed[[not _was_scheduled(day) for day in closed]] if len(closed) else closed
    return _calendar(name, days, closes, sudden, str(known.tz))


def _calendar(
    name: str, days: Days, closes: npt.NDArray[np.datetime64], sudden: Days, timezone: str
) -> TradingCalendar:
    days.flags.writeable = closes.flags.writeable = False
    surprises = tuple((day, np.datetime64(_ANNOUNCED.get(str(day), str(day)))) for day in sudden)
    return TradingCalendar(name, days, closes, surprises, timezone)


def _was_scheduled(day: np.datetime64) -> bool:
    first, last = _PAPERWORK_CRISIS
    saturday = np.is_busday(day, weekmask="Sat")  # until 1952 Saturdays traded, but not in summer
    return bool(saturday or str(day) in _SCHEDULED or first <= day <= last)


def _day(day: date | str | np.datetime64) -> np.datetime64:
    if isinstance(day, np.datetime64):
        whole: np.datetime64 = day.astype("datetime64[D]")
        return whole
    # Never np.datetime64(text): it takes "today" and "now" for days, and would read the clock.
    return np.datetime64((parse_day(day) if isinstance(day, str) else day).isoformat()[:10], "D")
