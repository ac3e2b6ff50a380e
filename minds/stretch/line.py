"""The direction claims of one target, or the relative ones of a pair, while a stretch of sessions goes by.

Contract: a claim is settled on the session on which it falls due, and those who had a part in it learn from it then, as
in `Cycle.settle`. What it came to is looked at on that day and not before.
"""

from __future__ import annotations

from collections import deque

from engine.claims import Claim, Verdict
from minds.pairs import PairDesk
from minds.stretch.slot import Claimed, Settled, Slot
from minds.synthesis import Forecast
from minds.tally import Tally
from minds.target import TargetDesk
from minds.waiting import Waiting

__all__ = ["Leaned", "Line"]

Leaned = tuple[float | None, ...]
_Open = tuple[int, str, float, float, str, Leaned]
"""Position of the session on which it settles, identity, probability, base rate, regime, each mind's lean (if any)."""


class Line:
    """One desk's open claims, in the order in which they were made.

    Attributes:
        slot: what the claims have in common.
    """

    def __init__(self, slot: Slot, desk: TargetDesk | PairDesk, tally: Tally | None) -> None:
        """Begin with nothing open; verdicts go to `tally`, if any."""
        self.slot = slot
        self._desk, self._tally, self._came_to = desk, tally, slot.came_to
        self._settle, self._publish = desk.synthesis.settle, desk.synthesis.publish
        self._waiting: deque[_Open] = deque()
        self._rises = 0  # how many of these are calls for a rise
        self._fresh()

    def _fresh(self) -> None:
        self._made: list[tuple[int, tuple[float, float]]] = []
        self._due: list[tuple[int, tuple[float, float], float]] = []
        self._alone: list[tuple[int, Verdict]] = []

    def add(self, at: int, row: int, session: str, made: Forecast, label: str, leans: Leaned) -> None:
        """A claim has been published.

        Args:
            at: position of the session.
            row: the same, counted from the first session of the stretch.
            session: its ISO day.
            made: the forecast.
            label: the regime.
            leans: each mind's lean, None where it was silent.
        """
        slot, p, base = self.slot, made.probability, made.base
        identity = session + slot.about
        self._publish(identity, made)
        self._waiting.append((at + slot.horizon, identity, p, base, label, leans))
        self._rises += p >= 0.5
        self._made.append((row, (p, base)))

    def settle(self, at: int, row: int) -> None:
        """Grade what falls due on a session, and let those learn who had a part in it."""
        waiting = self._waiting
        if not waiting or waiting[0][0] != at:
            return
        _, identity, p, base, label, leans = waiting.popleft()
        self._rises -= p >= 0.5
        realised = self._came_to[at]
        outcome: int | None
        if realised:
            outcome = 1 if realised > 0.0 else 0
            self._due.append((row, (p, base), realised))
        else:
            verdict = self.slot.verdict(at, (p, base))
            self._alone.append((row, verdict))
            outcome = verdict.outcome
        self._settle(identity, outcome)
        if self._tally is not None and outcome is not None:
            self._tally.add(label, (*leans, p - 0.5), outcome)

    def opposes(self, rise: bool) -> bool:
        """Whether an open claim is not on this side."""
        return self._rises < len(self._waiting) if rise else self._rises > 0

    def standing(self) -> list[Claim]:
        """All open claims, in the order in which they were made."""
        horizon = self.slot.horizon
        return [self.slot.claim(due - horizon, (p, base)) for due, _, p, base, _, _ in self._waiting]

    def take(self, first: int, count: int) -> tuple[Claimed, Settled]:
        """What has been claimed and settled since the last time, on so many sessions from the position `first` on."""
        said = self.slot.said(first, [row for row, _ in self._made], [numbers for _, numbers in self._made])
        settled = self.slot.settled(first, self._due, self._alone)
        self._fresh()
        return said.until(count), settled.until(count)

    def hand_back(self) -> None:
        """Give the open claims back to the desk."""
        self._desk.open.extend(
            Waiting(claim, item[0], item[4], item[5])
            for claim, item in zip(self.standing(), self._waiting, strict=True)
        )
        self._waiting.clear()
        self._rises = 0
