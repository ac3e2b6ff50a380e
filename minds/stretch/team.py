"""Who is at work all through a run of stretches: the targets with their claims, the odds, the pairs.

Contract: nothing here belongs to one session.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.calendar import TradingCalendar
from engine.claims import Target
from minds.cycle import Cycle
from minds.pairs import PairDesk
from minds.stretch.at_hand import Prices
from minds.stretch.column import Column
from minds.stretch.line import Line
from minds.synthesis import Synthesis

__all__ = ["Called", "Team"]


class Called(NamedTuple):
    """A target, and what goes with it.

    Attributes:
        key: its name.
        target: what is called.
        synthesis: who combines.
        line: its open direction claims.
        band: its interval claims.
        overlaps: the lines of which calls may be open when the next one is made.
    """

    key: str
    target: Target
    synthesis: Synthesis
    line: Line
    band: Column
    overlaps: list[Line]


class Team(NamedTuple):
    """Who is at work all through a run.

    Attributes:
        cycle: whose sessions these are.
        calendar: of the run.
        prices: what it sees of the market.
        targets: what is called.
        odds: the odds of a month.
        pairs: what is compared, with its open claims.
    """

    cycle: Cycle
    calendar: TradingCalendar
    prices: Prices
    targets: Sequence[Called]
    odds: Sequence[Column]
    pairs: Sequence[tuple[PairDesk, Line]]

    @property
    def lines(self) -> list[Line]:
        """All open claims in which minds have a part, in the order in which they settle."""
        return [*[called.line for called in self.targets], *[line for _, line in self.pairs]]

    @property
    def columns(self) -> list[Column]:
        """All claims in which they have none."""
        return [*[called.band for called in self.targets], *self.odds]
