"""Exchange sessions: which days trade, when they close, and when a claim falls due.

Contract: built for explicit bounds, so that nothing depends on today's date; days outside them raise `InputError`, never a
guess. Horizons count sessions. A *deadline* is what a careful reader could have named on the day of publication: closures
that nobody had announced yet (11 September 2001, hurricane Sandy) are still sessions in it. A claim settles after its
sessions have really traded, so an unannounced closure moves settlement to the next session and never voids a claim.

Depends on exchange_calendars for the rules of each exchange; only the announcement days below are ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.errors import InputError

__all__ = ["PUBLISH_AFTER_CLOSE", "Days", "TradingCalendar", "parse_day"]

Days = npt.NDArray[np.datetime64]
"""Days as `datetime64[D]`, shape (n,), ascending."""

PUBLISH_AFTER_CLOSE = timedelta(minutes=30)
"""A cycle speaks half an hour after the close, when the day's bars (also of volatility indices) are final."""

_ANNOUNCED = {
    # Days of mourning are announced days ahead; what is not listed counts as announced only by happening.
    "1994-04-27": "1994-04-25",  # President Nixon
    "2004-06-11": "2004-06-07",  # President Reagan
    "2007-01-02": "2006-12-28",  # President Ford
    "2018-12-05": "2018-12-03",  # President G. H. W. Bush
    "2025-01-09": "2024-12-31",  # President Carter
}
_LONGEST_HORIZON = 64


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
    """

    name: str
    days: Days
    closes: npt.NDArray[np.datetime64]
    surprises: tuple[tuple[np.datetime64, np.datetime64], ...] = ()

    @classmethod
    def load(cls, name: str, first: date, last: date) -> TradingCalendar:
        """Load sessions from `first` to `last`, and enough beyond to date the longest claim.

        Raises:
            InputError: the exchange is unknown or the bounds are reversed.
        """
        import exchange_calendars  # late: it brings pandas, which a `--help` must not wait for

        if first > last:
            raise InputError(f"the range starts on {first} but ends on {last}; give --start before --end")
        end = last + timedelta(days=2 * _LONGEST_HORIZON)
        try:
            known = exchange_calendars.get_calendar(name, start=first.isoformat(), end=end.isoformat())
        except exchange_calendars.errors.InvalidCalendarName:
            raise InputError(f"no exchange is called {name!r}; use a code such as XNYS, or 24/7") from None
        except ValueError as error:
            raise InputError(f"the calendar {name} cannot cover {first} to {last}: {error}") from error
        days = known.sessions.to_numpy().astype("datetime64[D]")
        closes = known.closes.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
        closed = sorted({np.datetime64(day.date(), "D") for day in known.adhoc_holidays})
        surprises = tuple(
            (day, np.datetime64(_ANNOUNCED.get(str(day), str(day))))
            for day in closed
            if np.datetime64(first, "D") <= day <= np.datetime64(end, "D")
        )
        return cls(name, days, closes, surprises)

    def __len__(self) -> int:
        return len(self.days)

    @cached_property
    def labels(self) -> list[str]:
        """The sessions as ISO text, in order."""
        return [str(day) for day in self.days]

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
        """Closing instant of session `at`, aware, UTC."""
        stamp: datetime = self.closes[at].item()
        return stamp.replace(tzinfo=UTC)

    def as_of(self, at: int) -> datetime:
        """The instant at which the cycle of session `at` speaks."""
        return self.close(at) + PUBLISH_AFTER_CLOSE

    def last_closed(self, now: datetime) -> int:
        """Index of the last session whose bars are final at the aware instant `now`; -1 when there is none."""
        limit = np.datetime64((now - PUBLISH_AFTER_CLOSE).astimezone(UTC).replace(tzinfo=None), "s")
        return int(np.searchsorted(self.closes, limit, side="right")) - 1

    def deadline(self, at: int, horizon: int) -> str:
        """ISO day on which a claim of session `at` falls due, as it was scheduled on that day.

        Raises:
            InputError: the horizon is not a whole number from 1 to 64, or the calendar ends before it.
        """
        if not 1 <= horizon <= _LONGEST_HORIZON:
            raise InputError(f"a horizon of {horizon} sessions is not possible; give 1 to {_LONGEST_HORIZON}")
        if at + horizon >= len(self.days):
            raise InputError(f"the calendar {self.name} ends on {self.days[-1]}, before the deadline")
        today, plain = self.days[at], self.days[at + horizon]
        unknown = [day for day, known in self.surprises if today < day <= plain and known > today]
        if not unknown:
            return self.labels[at + horizon]
        expected = np.sort(np.concatenate([self.days[at + 1 : at + horizon + 1], np.array(unknown, "datetime64[D]")]))
        return str(expected[horizon - 1])

    def holidays(self, days: Iterable[np.datetime64]) -> list[np.datetime64]:
        """Those of `days` on which the exchange is closed."""
        return [day for day in days if not self.is_session(day)]


def _day(day: date | str | np.datetime64) -> np.datetime64:
    return np.datetime64(str(day)[:10], "D")
