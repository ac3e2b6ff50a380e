"""The snapshot: all that was knowable at one instant, as copies. The only door to data.

Contract: a `Feed` owns buffers into which the replay copies one session at a time, so the rows after a snapshot are not
merely hidden, they are not there: neither `.base`, an index past the end nor a private name leads to tomorrow. Every
array that a snapshot hands out is a copy; every other value is immutable. A missing signal is None and has a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from engine.bars import FIELDS, FloatArray
from engine.errors import InputError
from engine.events import Event
from engine.feed import Feed, session_events, session_rows
from engine.signals.compute import Row, SignalIndex, SignalRow
from engine.signals.spec import Signal
from engine.universe import Universe

__all__ = ["Feed", "Snapshot", "session_events", "session_rows"]


class Snapshot:
    """What a mind may see.

    Attributes:
        session: ISO day of the session that has just closed.
        at: its position in the calendar.
        as_of: the aware UTC instant of this snapshot.
        data: digest of every bar known at this instant.
    """

    __slots__ = ("_ages", "_at", "_feed", "_index", "_numbers", "_seen", "_why", "as_of", "at", "data", "session")

    def __init__(self, feed: Feed, index: SignalIndex, at: int, as_of: datetime, data: str, row: SignalRow) -> None:
        self._feed, self._index, self._at = feed, index, index.at
        self._numbers, self._ages, self._seen = row
        self._why: dict[str, str] = {}
        self.at, self.as_of, self.data = at, as_of, data
        self.session = feed.calendar.labels[at]

    @property
    def universe(self) -> Universe:
        """Roles and symbols."""
        return self._feed.universe

    @property
    def absent(self) -> Mapping[str, str]:
        """Signals that can never have a value in this universe, with the reason; the same object all through a run."""
        return self._index.absent

    def value(self, name: str) -> float | None:
        """Value of a signal, None when it is missing; `InputError` when no such signal is declared."""
        try:
            value = self._numbers[self._at[name]]
        except KeyError:
            raise _undeclared(name) from None
        return None if value != value else value

    def z(self, name: str) -> float | None:
        """The signal in standard deviations, clipped to [-3, 3]; None when it or its scale is missing."""
        try:
            z = self._numbers[len(self._at) + self._at[name]]
        except KeyError:
            raise _undeclared(name) from None
        return None if z != z else z

    def values(self, names: tuple[str, ...]) -> Row:
        """Values of several signals at once, None where missing: the quick way to read a fixed list."""
        try:
            pick = self._index.picker(names)
        except KeyError as error:
            raise _undeclared(error.args[0]) from None
        return tuple([None if number != number else number for number in pick(self._numbers)])

    def values_and_zs(self, names: tuple[str, ...]) -> tuple[Row, Row]:
        """Values and z-scores of several signals at once, None where missing."""
        return self.values(names), tuple([self.z(name) for name in names])

    def seen(self, name: str) -> bool:
        """Whether the signal has ever had a z-score: False for a role that is empty or a history that is still too
        short.
        """
        try:
            return self._seen[self._at[name]] == 1
        except KeyError:
            raise _undeclared(name) from None

    def has(self, name: str) -> bool:
        """Whether a signal of that name is declared in this run."""
        return name in self._at

    def names(self) -> tuple[str, ...]:
        """All declared signals."""
        return tuple(self._at)

    def signal(self, name: str) -> Signal | None:
        """The whole reading of a signal, None when it is missing (see `why_missing`)."""
        value, column = self.value(name), self._at[name]
        spec = self._index.specs[column]
        if value is None:
            return None
        age = self._ages[column] + max((self.universe.lags.get(symbol, 0) for symbol in self._inputs(name)), default=0)
        counts = [self._count(symbol, spec.window + 1) for symbol in self._inputs(name)]
        return Signal(
            name=name, value=value, z=self.z(name), unit=spec.unit, window=spec.window,
            as_of=self._feed.calendar.labels[max(self.at - age, 0)], n_obs=min(spec.window, *counts) if counts else 0,
            max_age=spec.max_age, age=age,
        )  # fmt: skip

    def why_missing(self, name: str) -> str:
        """One clause on why a signal has no value (or no scale to judge it by); empty when it has both."""
        if name not in self._why:
            self._why[name] = self._reason(name)
        return self._why[name]

    def _reason(self, name: str) -> str:
        if self.value(name) is not None:
            return "" if self.z(name) is not None else "its history is too short to say what is usual"
        if name in self._index.absent:
            return self._index.absent[name]
        spec = self._index.specs[self._at[name]]
        for symbol in self._inputs(name):
            if self._feed.price(symbol, self.at) is None:
                return f"no bar for {symbol} on {self.session}"
            have = self._count(symbol, spec.window + 1)
            if have < spec.window:
                return f"{symbol} has {have} of the {spec.window} sessions that it needs"
        return "its inputs do not allow a value today"

    def history(self, role: str, sessions: int, field: str = "adj_close") -> FloatArray:
        """The last `sessions` values of one field, oldest first, as a copy; NaN where there is no bar.

        Raises:
            InputError: the field is not one of the bar table, or the role has no symbol.
        """
        if field not in FIELDS:
            raise _no_field(field)
        symbol = self.universe.symbol(role)
        if symbol is None:
            raise InputError(f"no history for {role!r}: {self.universe.why_missing(role)}")
        return self._feed.history(symbol, self.at, sessions, field)

    def price(self, symbol: str, field: str = "close") -> float | None:
        """A symbol's price at this session's close; None when there is no bar, `InputError` for an unknown field."""
        if field not in FIELDS:
            raise _no_field(field)
        return self._feed.price(symbol, self.at, field)

    def events(self, sessions: int = 5) -> tuple[Event, ...]:
        """What became known in the last `sessions` sessions, this one included; the earliest first.

        Their texts are a stranger's words: no number may be made from them.
        """
        return self._feed.events(self.at - sessions + 1, self.at) if sessions > 0 else ()

    def ahead(self, sessions: int) -> tuple[Event, ...]:
        """Events on the timetable: known by now, and to occur after today within the next `sessions` sessions.

        Raises:
            InputError: not 1 to 64 sessions.
        """
        last = self._feed.calendar.deadline(self.at, sessions)  # as it is scheduled today
        known = [event for event in self._feed.events(0, self.at) if self.session < event.occurred <= last]
        return tuple(sorted(known, key=lambda event: event.occurred))

    def _inputs(self, name: str) -> list[str]:
        universe = self.universe
        found: list[str] = []
        for role in self._index.specs[self._at[name]].roles:
            symbol = universe.symbol(role)
            found.extend([symbol] if symbol else universe.groups.get(role, ()))
        return found

    def _count(self, symbol: str, sessions: int) -> int:
        return int(np.count_nonzero(~np.isnan(self._feed.history(symbol, self.at, sessions, "adj_close"))))


def _no_field(field: str) -> InputError:
    return InputError(f"bars have no field {field!r}; choose one of {', '.join(FIELDS)}")


def _undeclared(name: str) -> InputError:
    return InputError(f"no signal is called {name!r}; `snapshot.names()` lists them")
