"""What a baseline is: a mind that takes a side by one plain rule, always with the same strength.

Contract: `sides` is elementwise over sessions, so that whole columns can be worked out ahead (`leans_ahead`) and give
on each day what `view` gives there, to the last bit. A rule whose signal is missing, or takes no side, is silent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from engine.bars import FloatArray
from engine.calendar import Days
from engine.claims import Target
from engine.signals.compute import SignalFrame
from engine.snapshot import Snapshot
from minds.view import Abstention, Contribution, Missing, View
from regimes.reading import RegimeReading

__all__ = ["LEAN", "Baseline", "Leans", "leans_ahead", "leans_of", "side_of"]

LEAN = 0.25
"""How far a rule leans to its side: five points beside the base rate, a bold claim for a market and not an absurd one.
A rule knows a side and no strength, so any one number has to do."""

Leans = dict[str, tuple[float | None, ...]]
"""Target key -> the lean of each baseline, in their order; None where it is silent."""


class Baseline(ABC):
    """A mind that is one rule.

    Attributes:
        name: as for any mind.
        signal: the one that it reads, `{target}` standing for the target's role; empty for none.
        words: what that signal reads as when it speaks for a fall, and for a rise.
    """

    name: str
    signal: ClassVar[str] = ""
    words: ClassVar[tuple[str, str]] = ("", "")

    @abstractmethod
    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """The side on each of some sessions: 1 a rise, -1 a fall, 0 neither, NaN where it is silent; shape (n,).

        Args:
            target: what is called.
            days: the sessions, as days, shape (n,).
            values: values of the signal, NaN where missing or where there is none to read, shape (n,).
        """

    def leans(self, target: Target, days: Days, values: FloatArray | None = None) -> FloatArray:
        """The leans that go with `sides`; `values` may be left out where no signal is read."""
        return LEAN * self.sides(target, days, np.full(len(days), np.nan) if values is None else values)

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Apply the rule to one session."""
        signal = self.signal.format(target=target.role)
        value = snapshot.value(signal) if signal else None
        if signal and value is None:
            reason = snapshot.why_missing(signal)
            return Abstention(self.name, target.key, reason, (Missing(signal, reason),))
        days, values = np.array([snapshot.session], "datetime64[D]"), np.array([np.nan if value is None else value])
        lean = float(self.leans(target, days, values)[0])
        if lean != lean:
            return Abstention(self.name, target.key, "there is no side to take")
        if value is None:
            return View(self.name, target.key, lean)
        return View(self.name, target.key, lean, (Contribution(signal, lean, value, self.words[lean > 0.0]),))


def leans_ahead(
    minds: Sequence[Baseline], targets: Sequence[Target], frame: SignalFrame, days: Days, sessions: range
) -> list[Leans]:
    """What each baseline says of each target on each of `sessions`, whose days are `days`."""
    keys = [target.key for target in targets]
    rows = [
        list(zip(*[leans_of(mind, target, frame, days, sessions) for mind in minds], strict=True)) for target in targets
    ]
    return [dict(zip(keys, row, strict=True)) for row in zip(*rows, strict=True)] if rows else [{} for _ in sessions]


def leans_of(mind: Baseline, target: Target, frame: SignalFrame, days: Days, sessions: range) -> list[float | None]:
    """What one baseline says of one target, likewise; None where it is silent."""
    row = frame.index.at.get(mind.signal.format(target=target.role)) if mind.signal else None
    if mind.signal and row is None:
        return [None] * len(sessions)
    stretch = slice(sessions.start - frame.first, sessions.stop - frame.first)
    leans = mind.leans(target, days, None if row is None else frame.values[row, stretch])
    found: list[float | None] = leans.tolist()
    return [None if lean != lean else lean for lean in found] if np.isnan(leans).any() else found


def side_of(values: FloatArray) -> FloatArray:
    """The sign of each value, NaN for zero and for NaN."""
    return np.where(values > 0.0, 1.0, np.where(values < 0.0, -1.0, np.nan))
