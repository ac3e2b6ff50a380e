"""Claims of one kind that minds have no part in, a whole stretch of sessions at once.

Contract: nobody learns from them. A claim whose prices have to be looked at is graded on the session on which it falls
due (`settle`); what the others come to stands in a column.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.claims import Kind, Verdict
from minds.cycle import Desk
from minds.stretch.slot import Claimed, Closes, Due, Numbers, Settled, Slot
from minds.waiting import Waiting

__all__ = ["Column"]

_HUGE = 1e150  # beyond it a score might not be a number: such a claim is looked at by itself


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
        self.said = Claimed([], [], [], [])
        self.odd: dict[int, Numbers] = {}
        self._first = self._count = 0
        self._due: list[Due] = []
        self._alone: list[tuple[int, Verdict]] = []

    def take(self, first: int, labels: Sequence[str], said: Sequence[Numbers | None]) -> None:
        """What is claimed on the next sessions, the first of which has the position `first`; with their regimes."""
        slot, count = self.slot, len(said)
        made = [*self._open, *said]
        self._open, self._labels = made[count:], [*self._labels, *labels][count:]
        self._first, self._count, self._alone = first, count, []
        rows = [row for row, numbers in enumerate(said) if numbers is not None]
        self.said = slot.said(first, rows, [numbers for numbers in said if numbers is not None])
        self._due = _plain(slot.kind, made, slot.came_to[first : first + count])
        known = {row for row, _, _ in self._due}
        self.odd = {row: due for row, due in enumerate(made[:count]) if due is not None and row not in known}

    def settle(self, row: int) -> None:
        """Look at the claim that falls due on an odd session."""
        self._alone.append((row, self.slot.verdict(self._first + row, self.odd[row])))

    def settled(self) -> Settled:
        """The verdicts of the stretch."""
        return self.slot.settled(self._first, self._due, self._alone)

    def hand_back(self) -> None:
        """Give the open claims back to the desk."""
        waits = enumerate(zip(self._open, self._labels, strict=True), self._first + self._count)
        horizon = self.slot.horizon
        self._desk.open.extend(
            Waiting(self.slot.claim(due - horizon, numbers), due, label) for due, (numbers, label) in waits if numbers
        )


def _plain(kind: Kind, due: Sequence[Numbers | None], came_to: Closes) -> list[Due]:
    """What can be graded with others, of claims that fall due on each of some sessions."""
    both = enumerate(zip(due, came_to, strict=False))
    if kind != "interval":
        return [(row, said, x) for row, (said, x) in both if said is not None and x is not None]
    return [
        (row, said, x) for row, (said, x) in both if said is not None and x is not None and -_HUGE < x < _HUGE
        and -_HUGE < said[0] <= said[1] < _HUGE and -_HUGE < said[2] <= said[3] < _HUGE
    ]  # fmt: skip
