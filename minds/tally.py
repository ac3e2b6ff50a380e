"""The running record behind each speaker: how often its side was right, by regime.

Contract: counts settled direction claims only; a mind without a side (silent, or a lean of exactly 0) is not counted.
Nothing here weighs or forecasts; it is what an essay quotes, always with n and what the more frequent side alone would
have had.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from minds.record import MindRecord

__all__ = ["Tally"]


class Tally:
    """Counts by (speaker, regime)."""

    def __init__(self, speakers: Sequence[str]) -> None:
        self.speakers = tuple(speakers)
        self._cells: dict[str, npt.NDArray[np.int64]] = {}  # regime -> settled, right, rises; of each speaker
        self._settled: list[tuple[str, tuple[float | None, ...], int]] = []

    def add(self, regime: str, leans: tuple[float | None, ...], outcome: int) -> None:
        """One settled claim: a lean of each speaker, above zero where it called a rise; `outcome` is 1 when it rose.

        It is only counted when somebody asks: a long replay quotes no record on most of its days.
        """
        self._settled.append((regime, leans, outcome))

    def record(self, speaker: str, regime: str, weight: float | None) -> MindRecord:
        """The record of one speaker under one label (`all` for every label)."""
        self._count()
        place = self.speakers.index(speaker)
        cells = [each[:, place].tolist() for under, each in self._cells.items() if regime in (under, "all")]
        n, right, rises = (sum([cell[at] for cell in cells]) for at in range(3))
        return MindRecord(speaker, regime, n, right, max(rises, n - rises) / n if n else None, weight)

    def _count(self) -> None:
        if not self._settled:
            return
        labels, leans, outcomes = zip(*self._settled, strict=True)
        self._settled.clear()
        sides, under = np.array(leans, np.float64), np.array(labels)
        rose = np.array(outcomes)[:, None] == 1
        sided = np.nan_to_num(sides) != 0.0
        for regime in dict.fromkeys(labels):
            mine = sided & (under == regime)[:, None]
            counts = [each.sum(axis=0) for each in (mine, mine & ((sides > 0.0) == rose), mine & rose)]
            self._cells[regime] = self._cells.get(regime, 0) + np.stack(counts)
