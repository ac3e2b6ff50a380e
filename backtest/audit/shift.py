"""Shifted histories: other dates, other scales of prices.

Contract: `redated` moves every day by 28 years, after which the Gregorian calendar repeats itself with its weekdays and
leap years; an answer that changes knows the year, from a list of dates or from a file. `rescaled` multiplies prices by
powers of two, each symbol's by its own; levels stay. What hangs on the scale of a price is told and is no fault: an
index point or a dollar may mean something to a mind.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from backtest.audit.compare import Moved, moved_signals, moved_views
from backtest.audit.futures import with_columns
from backtest.audit.seen import look, signals_of
from backtest.audit.subject import Subject
from backtest.audit.trial import Whole
from engine.events import check_events
from engine.market import Market

__all__ = ["redated", "rescaled", "shifted"]

_CYCLE = 28 * 365 + 7
"""Days in 28 years, as long as no century without its leap day lies between."""
_LAST = np.datetime64("2071-01-01")


def redated(market: Market) -> Market:
    """The same history 28 years later, or earlier where it would run past 2099."""
    days = _CYCLE if market.calendar.days[-1] < _LAST else -_CYCLE
    calendar = market.calendar
    by, step = timedelta(days), np.timedelta64(days, "D")
    surprises = tuple((day + step, known + step) for day, known in calendar.surprises)
    moved = replace(calendar, days=calendar.days + step, closes=calendar.closes + step, surprises=surprises)
    events = [
        event._replace(
            available_at=event.available_at + by, occurred=(date.fromisoformat(event.occurred) + by).isoformat()
        )
        for event in market.events
    ]
    return replace(market, calendar=moved, events=check_events(events, where="the audit"))


def rescaled(market: Market) -> Market:
    """The same history with each price in another unit."""
    powers = [0 if symbol in market.universe.levels else row % 5 - 2 for row, symbol in enumerate(market.symbols)]
    factors = 2.0 ** np.array(powers)
    return with_columns(market, {name: column * factors[:, None] for name, column in market.columns.items()})


def shifted(subject: Subject, whole: Whole, other: Market, *, tolerance: float = 0.0) -> list[Moved]:
    """What moves by itself on a shifted history; days are compared by position, and texts not at all."""
    signals = signals_of(other, whole.specs)
    moved = moved_signals(whole.signals, signals, whole.window.stop, tolerance=tolerance)
    cast = subject.cast()
    seen = look(cast, subject.targets, other, whole.signals, whole.window, told=whole.told())
    return moved + moved_views(whole.seen, seen, whole.window.stop, words=False, tolerance=tolerance)
