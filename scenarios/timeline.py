"""The sessions of a scenario: which day is its session 1, and where a session number or a day stands.

Contract: positions count the sessions of the world, warm-up included, from 0. A session number counts those of the run
from 1, so 0 is the last before it. Only real sessions of the universe's exchange exist, surprises included.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from engine.calendar import TradingCalendar, parse_day
from engine.errors import InputError
from scenarios.kinds import Place, refuse
from scenarios.lookup import universe_for
from scenarios.model import Scenario

__all__ = ["Timeline", "timeline_of"]

_BEFORE_HISTORY = 5
"""Years before the start of a history in which a scripted session may lie."""


@dataclass(frozen=True)
class Timeline:
    """Sessions of a world.

    Attributes:
        calendar: starts on the world's first session; goes on after its last.
        first: position of session 1.
        size: number of sessions of the world, so that the run is `first` to before `size`.
    """

    calendar: TradingCalendar
    first: int
    size: int

    @property
    def days(self) -> tuple[str, ...]:
        """The run's sessions as ISO days: session n is `days[n - 1]`."""
        return tuple(self.calendar.labels[self.first : self.size])

    def position(self, place: Place, where: str) -> int:
        """Where a session number or day stands.

        Raises:
            InputError: outside the world, or a day without a session.
        """
        if isinstance(place, int):
            at = self.first + place - 1
        else:
            try:
                at = self.calendar.position(place)
            except InputError as error:
                raise InputError(f"{where}: {error}; write one of the world's sessions") from None
        if not 0 <= at < self.size:
            low, high = 1 - self.first, self.size - self.first
            span = f"{self.calendar.labels[0]} to {self.calendar.labels[self.size - 1]}"
            refuse(where, f"is {place}", f"write a session from {low} to {high}, or a day from {span}")
        return at


def timeline_of(scenario: Scenario, where: str) -> Timeline:
    """The sessions of a scenario's world.

    Raises:
        InputError: the exchange is not known for these days, or the range holds no session.
    """
    name = universe_for(scenario).calendar
    if scenario.history is not None:
        start, end = parse_day(scenario.history.start), parse_day(scenario.history.end)
        calendar = TradingCalendar.load(name, start - timedelta(days=_BEFORE_HISTORY * 365), end)
        first, size = np.searchsorted(calendar.days, [np.datetime64(start, "D"), np.datetime64(end, "D") + 1]).tolist()
        if first >= size:
            refuse(where, f"has no session from {start} to {end}", "widen [history]")
        return Timeline(calendar, first, size)
    start = parse_day(scenario.start)
    before, after = (int(1.6 * sessions) + 30 for sessions in (scenario.warm_up, scenario.sessions))
    try:
        calendar = TradingCalendar.load(name, start - timedelta(days=before), start + timedelta(days=after))
        days = calendar.days
        first = int(np.searchsorted(days, np.datetime64(start, "D"))) - scenario.warm_up
        if first < 0 or first + scenario.warm_up + scenario.sessions > len(days):
            raise OverflowError
    except OverflowError:
        refuse(where, f"reaches outside the days that calendars know, around {start}", "write fewer sessions")
    part = replace(calendar, days=days[first:], closes=calendar.closes[first:])
    return Timeline(part, scenario.warm_up, scenario.warm_up + scenario.sessions)
