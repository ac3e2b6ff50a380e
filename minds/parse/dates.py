"""Deadlines: from the day of an essay to the session on which its calls fall due.

Contract: horizons count sessions of the calendar. The day of an essay is the date of its stamp; only a stamp that is
exactly a publication instant of the calendar names its session instead (a market that never closes publishes after
midnight). A deadline that a reader of clocks would not expect says which days were closed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from engine.calendar import TradingCalendar
from engine.errors import InputError
from minds.text import listing

__all__ = ["Deadline", "Start", "deadline", "disagreement", "start"]

_SAME = timedelta(seconds=60)
_WIDEST_ZONE = timedelta(hours=14)
_ZONE_STEP = 15 * 60


class Deadline(NamedTuple):
    """When a call falls due.

    Attributes:
        day: ISO session.
        reason: why it is not simply the day that the clock would give; empty when it is.
    """

    day: str
    reason: str


class Start(NamedTuple):
    """The session from which an essay's horizons count.

    Attributes:
        at: its position in the calendar.
        warning: why it is not the essay's own day; empty when it is.
    """

    at: int
    warning: str


def start(moment: datetime, calendar: TradingCalendar) -> Start:
    """The session of an essay's stamp.

    Raises:
        InputError: the calendar does not cover it.
    """
    if moment.tzinfo is not None:
        at = calendar.last_closed(moment)
        if at >= 0 and calendar.as_of(at) == moment:
            return Start(at, "")
    day = moment.date()
    at = int(np.searchsorted(calendar.days, np.datetime64(day, "D"), side="right")) - 1
    if at < 0 or day > calendar.days[-1].astype(date):
        raise InputError(f"{day} lies outside the calendar {calendar.name}, {calendar.days[0]} to {calendar.days[-1]}")
    session = calendar.labels[at]
    if session == day.isoformat():
        return Start(at, "")
    return Start(at, f"{day} is not an {calendar.name} session; horizons count from {session}")


def deadline(calendar: TradingCalendar, at: int, sessions: int, *, by_clock: bool) -> Deadline:
    """When a call made after session `at` falls due.

    Args:
        calendar: the sessions.
        at: position of the session it counts from.
        sessions: horizon.
        by_clock: whether the horizon was given in hours or days, so that a reader might count calendar days.

    Raises:
        InputError: the calendar ends before it.
    """
    due = calendar.deadline(at, sessions)
    if not by_clock:
        return Deadline(due, "")
    first = date.fromisoformat(calendar.labels[at])
    clock = min(first + timedelta(days=sessions), date.fromisoformat(due))
    days = [first + timedelta(days=step) for step in range(1, (clock - first).days + 1)]
    closed = [day.isoformat() for day in days if not calendar.is_session(day) and day.isoformat() != due]
    if not closed:
        return Deadline(due, "")
    verb = "is not an" if len(closed) == 1 else "are not"
    return Deadline(due, f"{listing(closed)} {verb} {calendar.name} session{'' if len(closed) == 1 else 's'}")


def disagreement(stamp: datetime, dateline: datetime, zone: str | None) -> str:
    """Why stamp and dateline cannot both be right; empty when they can.

    A stamp with a zone must show the dateline's clock in the exchange's zone, or, when that is unknown, in some zone
    on earth. A stamp without one must show the same clock.
    """
    if stamp.tzinfo is not None and zone is not None:
        gap = dateline - stamp.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    elif stamp.tzinfo is not None:
        gap = dateline - stamp.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0)
        if abs(gap) <= _WIDEST_ZONE and gap.total_seconds() % _ZONE_STEP == 0:
            return ""
    else:
        gap = dateline - stamp
    if abs(gap) < _SAME:
        return ""
    minutes = abs(int(gap.total_seconds())) // 60
    days, hours = divmod(minutes // 60, 24)
    apart = f"{f'{days} d ' if days else ''}{hours} h {minutes % 60} min"
    return f"the stamp {stamp} and the dateline {dateline:%Y-%m-%d %H:%M} disagree, they are {apart} apart"
