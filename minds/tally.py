"""The running record behind each speaker: how often its side was right, by regime.

Contract: counts settled direction claims only; a mind without a side (silent, or a lean of exactly 0) is not counted.
Nothing here weighs or forecasts; it is what an essay quotes, always with n and what the more frequent side alone would
have had.
"""

from __future__ import annotations

from collections.abc import Sequence

from minds.record import MindRecord

__all__ = ["Tally"]


class Tally:
    """Counts by (speaker, regime)."""

    def __init__(self, speakers: Sequence[str]) -> None:
        self.speakers = tuple(speakers)
        self._cells: dict[str, list[list[int]]] = {}  # regime -> for each speaker: settled, right, rises
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
        cells = [each[place] for under, each in self._cells.items() if regime in (under, "all")]
        n, right, rises = (sum([cell[at] for cell in cells]) for at in range(3))
        return MindRecord(speaker, regime, n, right, max(rises, n - rises) / n if n else None, weight)

    def _count(self) -> None:
        for regime, leans, outcome in self._settled:
            cells = self._cells.get(regime)
            if cells is None:
                cells = self._cells[regime] = [[0, 0, 0] for _ in self.speakers]
            for cell, lean in zip(cells, leans, strict=True):
                if lean:
                    cell[0] += 1
                    cell[1] += (lean > 0.0) == (outcome == 1)
                    cell[2] += outcome
        self._settled.clear()
