"""Minds as tables: a lean is a weighted sum of evidence terms.

Contract: a term adds weight * clip(z / full, -1, 1), so contributions are exact and can be printed. The weights of a
mind's terms for one target are scaled to sum to 1 in absolute value. Two kinds of absence are kept apart:
- a signal that has never had a value (no symbol for its role, history still too short) leaves its weight unused;
- a signal that has gone missing could have argued the other way with all its weight, so |lean| is reduced by that
  weight.
Hence losing an input never adds confidence. With less than half of the usable weight present, the mind abstains.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.claims import Target
from engine.signals.compute import Row
from engine.snapshot import Snapshot
from minds.view import Abstention, Contribution, Missing, View
from regimes.reading import RegimeReading

__all__ = ["EvidenceMind", "Term"]


_LEAST = 0.2
"""Below this share of a mind's whole weight there is nothing to speak from."""


class Term(NamedTuple):
    """One piece of evidence.

    Attributes:
        signal: name of the signal; `{target}` stands for the target's role.
        weight: its share of the lean, positive when a high value speaks for a rise.
        high: what a high value reads as, a clause without digits.
        low: what a low value reads as.
        full: standard deviations at which the term has its whole weight.
        only: roles of targets that it speaks about; empty for all.
    """

    signal: str
    weight: float
    high: str
    low: str
    full: float = 2.0
    only: tuple[str, ...] = ()


class _Table(NamedTuple):
    """A mind's terms for one role of target, as far as a universe and its history can feed them.

    Attributes:
        absent: the universe's absent signals, by which the table knows its universe.
        terms: terms whose signal has had a value; all terms' weights, these and the others, sum to 1 in absolute value.
        signals: their signals.
        weight: what their weights add up to.
        waiting: signals that have not had a value yet.
        missing: what the mind lacks: roles without a symbol, and what it waits for.
    """

    absent: Mapping[str, str]
    terms: tuple[Term, ...]
    signals: tuple[str, ...]
    weight: float
    waiting: tuple[str, ...]
    missing: tuple[Missing, ...]

    def fits(self, snapshot: Snapshot) -> bool:
        """Whether it was made for this universe, and nothing that it waits for has come."""
        return self.absent is snapshot.absent and not any(map(snapshot.seen, self.waiting))


class EvidenceMind:
    """A mind that is a table of terms; subclasses set `name` and `terms`."""

    name: str
    terms: tuple[Term, ...]

    def __init__(self) -> None:
        self._tables: dict[str, _Table] = {}
        self._alike = not any(term.only or "{target}" in term.signal for term in self.terms)
        self._last: tuple[Snapshot, View | Abstention] | None = None

    def table(self, role: str) -> tuple[Term, ...]:
        """All terms for targets of one role: signals resolved, weights summing to 1 in absolute value."""
        mine = [term for term in self.terms if not term.only or role in term.only]
        total = sum(abs(term.weight) for term in mine)
        return tuple(term._replace(signal=term.signal.format(target=role), weight=term.weight / total) for term in mine)

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Weigh the evidence; once a snapshot for a mind that says the same of every target."""
        if not self._alike:
            return self._weigh(snapshot, target)
        if self._last is None or self._last[0] is not snapshot:
            self._last = (snapshot, self._weigh(snapshot, target))
        said = self._last[1]
        return said if said.target == target.key else said._replace(target=target.key)

    def _weigh(self, snapshot: Snapshot, target: Target) -> View | Abstention:
        table = self._tables.get(target.role)
        if table is None or not table.fits(snapshot):
            table = self._tables[target.role] = self._fed(target.role, snapshot)
        values, zs = snapshot.values_and_zs(table.signals)
        if None in zs and not all(map(snapshot.seen, table.signals)):  # the table was made for a later day
            table = self._tables[target.role] = self._fed(target.role, snapshot)
            values, zs = snapshot.values_and_zs(table.signals)
        if table.weight < _LEAST:
            return Abstention(self.name, target.key, _too_little(table.weight, table.missing), table.missing)
        if None in zs:
            return self._with_losses(snapshot, target, table, values, zs)
        return self._view(target, [_part(*row) for row in zip(table.terms, values, zs, strict=True)], table.missing)

    def _view(self, target: Target, parts: list[Contribution], missing: tuple[Missing, ...]) -> View | Abstention:
        lean = sum([part[1] for part in parts])
        if lean == 0.0:
            return Abstention(self.name, target.key, "its evidence cancels out", missing)
        if 1.0 < abs(lean) < 1.0 + 1e-9:  # the scaled weights add up to one only to the last bit
            lean = math.copysign(1.0, lean)
        return View(self.name, target.key, lean, tuple([part for part in parts if part[1]]), missing)

    def _with_losses(
        self, snapshot: Snapshot, target: Target, table: _Table, values: Row, zs: Row
    ) -> View | Abstention:
        """The careful path: some signal that has had values has none today."""
        parts = [_part(*row) for row in zip(table.terms, values, zs, strict=True) if row[2] is not None]
        lost = [term for term, z in zip(table.terms, zs, strict=True) if z is None]
        missing = (*[Missing(term.signal, snapshot.why_missing(term.signal)) for term in lost], *table.missing)
        doubt = sum([abs(term.weight) for term in lost])
        have = table.weight - doubt
        if have < 0.5 * table.weight or have < _LEAST:
            return Abstention(self.name, target.key, _too_little(have, missing), missing)
        lean = sum([part.amount for part in parts])
        if abs(lean) <= doubt:
            return Abstention(self.name, target.key, _outweighed(lost), missing)
        keep = 1.0 - doubt / abs(lean)
        return self._view(target, [part._replace(amount=part.amount * keep) for part in parts], missing)

    def _fed(self, role: str, snapshot: Snapshot) -> _Table:
        terms, absent = self.table(role), snapshot.absent
        live = tuple([term for term in terms if snapshot.seen(term.signal)])
        waiting = tuple([term.signal for term in terms if not snapshot.seen(term.signal) and term.signal not in absent])
        missing = [Missing(name, "its history is still too short") for name in waiting]
        missing += [Missing(term.signal, absent[term.signal]) for term in terms if term.signal in absent]
        weight = sum([abs(term.weight) for term in live])
        return _Table(absent, live, tuple([term.signal for term in live]), weight, waiting, tuple(missing))


def _part(term: Term, value: float | None, z: float | None) -> Contribution:
    """The contribution of a term whose signal has a z-score, and so a value."""
    assert value is not None and z is not None
    signal, weight, high, low, full, _ = term
    share = z / full
    share = 1.0 if share > 1.0 else -1.0 if share < -1.0 else share
    return Contribution(signal, weight * share, value, high if share > 0.0 else low)


def _too_little(have: float, missing: Sequence[Missing]) -> str:
    names = ", ".join(item.signal for item in missing[:3])
    return f"too little of its evidence is there ({have:.0%} by weight); it lacks {names}"


def _outweighed(lost: Sequence[Term]) -> str:
    return f"what it sees is weaker than what it lacks ({', '.join(term.signal for term in lost[:3])})"
