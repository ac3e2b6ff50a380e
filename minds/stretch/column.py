"""Claims of one kind that minds have no part in, a whole stretch of sessions at once.

Contract: nobody learns from them. A claim whose prices have to be looked at is graded on the session on which it falls
due (`settle`); what the others come to stands in a column.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.claims import Verdict
from minds.cycle import Desk
from minds.stretch.slot import Numbers, Said, Settled, Slot
from minds.waiting import Waiting

__all__ = ["Column"]


class Column:
    """Claims of one kind and horizon, one a session at most.

    Attributes:
        slot: what the claims have in common.
        said: the claims of the stretch.
        odd: the sessions of the stretch for which `settle` has to be called.
    """

    def __init__(self, slot: Slot, desk: Desk) -> None:
        """Begin with nothing open."""
        self.slot, self._desk = slot, desk
        self._open: list[Numbers | None] = [None] * slot.horizon  # of the last sessions, as many as a claim is long
        self._labels = [""] * slot.horizon
        self.said = Said([], [], [], [])
        self.odd: dict[int, Numbers] = {}
        self._first = self._count = 0
        self._plain: tuple[list[int], list[Numbers], list[float]] = ([], [], [])
        self._alone: list[tuple[int, Verdict]] = []

    def take(self, first: int, labels: Sequence[str], said: Sequence[Numbers | None]) -> None:
        """What is claimed on the next sessions, the first of which has the position `first`; with their regimes."""
        slot, count = self.slot, len(said)
        made = [*self._open, *said]
        self._open, self._labels = made[count:], [*self._labels, *labels][count:]
        self._first, self._count, self._alone = first, count, []
        rows = [row for row, numbers in enumerate(said) if numbers is not None]
        self.said = slot.said(first, rows, [numbers for numbers in said if numbers is not None])
        came_to, self.odd, plain = slot.came_to[first : first + count], {}, list[tuple[int, Numbers, float]]()
        for row, (numbers, realised) in enumerate(zip(made, came_to, strict=False)):
            if numbers is None:
                continue
            if slot.plain(numbers, realised):
                plain.append((row, numbers, realised or 0.0))
            else:
                self.odd[row] = numbers
        self._plain = tuple(map(list, zip(*plain, strict=True))) if plain else ([], [], [])  # type: ignore[assignment]

    def settle(self, row: int) -> None:
        """Look at the claim that falls due on an odd session."""
        self._alone.append((row, self.slot.verdict(self._first + row, self.odd[row])))

    def settled(self) -> Settled:
        """The verdicts of the stretch."""
        return self.slot.settled(self._first, *self._plain, self._alone)

    def hand_back(self) -> None:
        """Give the open claims back to the desk."""
        waits = enumerate(zip(self._open, self._labels, strict=True), self._first + self._count)
        horizon = self.slot.horizon
        self._desk.open.extend(
            Waiting(self.slot.claim(due - horizon, numbers), due, label) for due, (numbers, label) in waits if numbers
        )
