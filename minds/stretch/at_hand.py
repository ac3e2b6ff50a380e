"""What is at hand for a stretch of sessions, in columns, before the first of them is run.

Contract: nothing here is made of what the minds have said or learned; what belongs to one session says nothing of a
later one, but for `Prices.came_to`, which is looked at on the day on which a claim falls due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from engine.bars import FloatArray
from engine.snapshot import Snapshot
from minds.baseline.kind import Leans
from minds.known import Known
from minds.stretch.slot import Closes
from minds.stretch.told import Told
from regimes.odds import Facts
from regimes.reading import RegimeReading

__all__ = ["AtHand", "Prices"]


class AtHand(NamedTuple):
    """What is at hand for some sessions in a row, an entry a session in each innermost sequence.

    Attributes:
        first: position of the first session.
        as_of: ISO instants.
        data: digests of the bars known.
        readings: the regime.
        told: for each target and mind what it says.
        baselines: what they say.
        known: for each target what is known of it.
        facts: for each symbol with odds what they are made from.
        values: the value of each signal on each session, shape (signals, sessions).
        places: where each signal stands among these.
        snapshot: the snapshot of the session at a position, for those who must be asked; asked for in order.
    """

    first: int
    as_of: Sequence[str]
    data: Sequence[str]
    readings: Sequence[RegimeReading]
    told: Sequence[Sequence[Told]]
    baselines: Sequence[Leans]
    known: Sequence[Sequence[Known]]
    facts: Sequence[Sequence[Facts]]
    values: FloatArray
    places: Mapping[str, int]
    snapshot: Callable[[int], Snapshot]

    def part(self, start: int, stop: int) -> AtHand:
        """Some sessions of these, counted from the first."""
        some = slice(start, stop)
        told = {id(each): each.part(some) for everyone in self.told for each in everyone}
        return self._replace(
            first=self.first + start, as_of=self.as_of[some], data=self.data[some], readings=self.readings[some],
            told=[[told[id(each)] for each in everyone] for everyone in self.told],
            baselines=self.baselines[some], known=[each[some] for each in self.known],
            facts=[each[some] for each in self.facts], values=self.values[:, some],
        )  # fmt: skip


class Prices(NamedTuple):
    """Prices of the whole run and what claims come to by them; all lists go by position of the session.

    Attributes:
        adjusted: symbol -> adjusted closes; only settlement reads them.
        quoted: symbol -> quoted closes, of which a session reads its own.
        came_to: (kind, symbol or pair, horizon) -> see `engine.resolve.came_to`.
    """

    adjusted: Mapping[str, Closes]
    quoted: Mapping[str, Closes]
    came_to: Mapping[tuple[str, str, int], Closes]
