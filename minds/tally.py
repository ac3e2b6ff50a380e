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
        self._cells: dict[tuple[str, str], list[int]] = {}
        self._settled: list[tuple[str, tuple[float | None, ...], int]] = []

    def add(self, regime: str, leans: tuple[float | None, ...], outcome: int) -> None:
        """One settled claim: a lean of each speaker, above zero where it called a rise; `outcome` is 1 when it rose.

        It is only counted when somebody asks: a long replay quotes no record on most of its days.
        """
        self._settled.append((regime, leans, outcome))

    def _count(self, speaker: str, regime: str, lean: float | None, outcome: int) -> None:
        if lean is None or lean == 0.0:
            return
        cell = self._cells.get((speaker, regime))
        if cell is None:
            cell = self._cells[speaker, regime] = [0, 0, 0]
        cell[0] += 1
        cell[1] += (lean > 0.0) == (outcome == 1)
        cell[2] += outcome

    def record(self, speaker: str, regime: str, weight: float | None) -> MindRecord:
        """The record of one speaker under one label (`all` for every label)."""
        for under, leans, outcome in self._settled:
            for name, lean in zip(self.speakers, leans, strict=True):
                self._count(name, under, lean, outcome)
        self._settled.clear()
        cells = [cell for (name, label), cell in self._cells.items() if name == speaker and regime in (label, "all")]
        n, right, rises = (sum(cell[at] for cell in cells) for at in range(3))
        return MindRecord(speaker, regime, n, right, max(rises, n - rises) / n if n else None, weight)
