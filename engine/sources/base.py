"""What a source of bars is.

Contract: a source hands over checked bars (engine.bar_checks) of those symbols of the universe that it has, and nothing
dated after `until`. What comes after `until` can neither change a byte of the answer nor raise: it is cut away before
anything is parsed or checked. A symbol that the source lacks, or that has no bar yet, is absent from the answer, and
the notices say so; only the symbol of the market role must be there. Events may be of any time: the market leaves out
what was not yet known.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

from engine.bar_checks import Repair
from engine.bars import Bars
from engine.events import Event
from engine.universe import Universe

__all__ = ["Loaded", "Source"]


class Loaded(NamedTuple):
    """What a source found.

    Attributes:
        bars: symbol -> its bars, at least one each.
        notices: what was repaired or stands out, sorted by symbol; the kind `absent` is a symbol without bars.
        events: headlines, filings and numbers, checked by `engine.events.check_events`.
        closes: ISO days of sessions that closed at another instant than the exchange's timetable says, with that
            instant, aware.
    """

    bars: dict[str, Bars]
    notices: tuple[Repair, ...]
    events: tuple[Event, ...] = ()
    closes: Mapping[str, datetime] = MappingProxyType({})


class Source(Protocol):
    """Where bars come from."""

    @property
    def name(self) -> str:
        """Short name, part of every run's settings: `sample`, `csv`."""

    def load(self, universe: Universe, until: date | None) -> Loaded:
        """The bars of a universe up to and including the day `until`, the end of knowledge; None for all.

        Raises:
            InputError: the source cannot be opened, or has nothing for the market role.
            DataError: a table breaks the contract of engine.bars.
        """
