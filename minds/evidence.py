"""Minds as tables: a lean is a weighted sum of evidence terms.

Contract: a term adds weight * clip(z / full, -1, 1), so contributions are exact and can be printed. The weights of a
mind's terms for one target are scaled to sum to 1 in absolute value. Two kinds of absence are kept apart:
- a signal that has never had a value (no symbol for its role, history still too short) leaves its weight unused;
- a signal that has gone missing could have argued the other way with all its weight, so |lean| is reduced by that
  weight.
Hence losing an input never adds confidence. With less than half of the usable weight present, the mind abstains.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from engine.claims import Target
from engine.signals.blend import Blend
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
        terms: terms whose signal has had a z-score; all terms' weights, these and the others, sum to 1 in absolute
            value.
        places: where they stand among all terms.
        signals: their signals.
        reads: for each, what it reads as when it takes from the lean and when it adds to it.
        weight: what their weights add up to.
        missing: what the mind lacks: roles without a symbol, and signals that have not had a value yet.
    """

    terms: tuple[Term, ...]
    places: tuple[int, ...]
    signals: tuple[str, ...]
    reads: tuple[tuple[str, str], ...]
    weight: float
    missing: tuple[Missing, ...]


class EvidenceMind:
    """A mind that is a table of terms; subclasses set `name` and `terms`."""

    name: str
    terms: tuple[Term, ...]

    def __init__(self) -> None:
        self._alike: bool | None = None  # whether the terms are the same for every target
        self._last: tuple[Snapshot, View | Abstention] | None = None
        self._blends: dict[str, Blend] = {}
        self._absent: Mapping[str, str] | None = None
        self._tables: dict[tuple[str, float], _Table] = {}  # by role and set of terms, for the universe of `_absent`

    def __reduce__(self) -> tuple[type[EvidenceMind], tuple[()]]:
        """A copy starts anew: what is remembered between calls only saves time."""
        return type(self), ()

    def table(self, role: str) -> tuple[Term, ...]:
        """All terms for targets of one role: signals resolved, weights summing to 1 in absolute value."""
        mine = [term for term in self.terms if not term.only or role in term.only]
        total = sum(abs(term.weight) for term in mine)
        return tuple(term._replace(signal=term.signal.format(target=role), weight=term.weight / total) for term in mine)

    def blend(self, role: str) -> Blend:
        """The same as a weighted sum that a run can compute over whole columns; always the same object for a role."""
        if role not in self._blends:
            terms = self.table(role)
            self._blends[role] = Blend(*zip(*[(term.signal, term.weight, term.full) for term in terms], strict=True))
        return self._blends[role]

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Weigh the evidence; once a snapshot for a mind that says the same of every target."""
        if self._alike is None:
            self._alike = not any(term.only or "{target}" in term.signal for term in self.terms)
        if not self._alike:
            return self._weighed(snapshot, target)
        if self._last is None or self._last[0] is not snapshot:
            self._last = (snapshot, self._weighed(snapshot, target))
        said = self._last[1]
        return said if said.target == target.key else said._replace(target=target.key)

    def _weighed(self, snapshot: Snapshot, target: Target) -> View | Abstention:
        numbers = snapshot.blend(self._blends.get(target.role) or self.blend(target.role))
        if numbers is None or numbers[-1] < 0.0:
            return self._weigh(snapshot, target)
        table = self._fed(snapshot, target.role, numbers[-1])
        values = snapshot.values(table.signals)
        amounts = numbers[:-2] if len(numbers) == len(values) + 2 else [numbers[at] for at in table.places]
        return self._view(target, table, amounts, values, numbers[-2], table.missing)

    def _weigh(self, snapshot: Snapshot, target: Target) -> View | Abstention:
        """The careful path: when a signal that has had values has none today, or when no blend was computed."""
        signals = self.blend(target.role).signals
        seen = sum([2.0**at for at, name in enumerate(signals) if snapshot.seen(name)])
        table = self._fed(snapshot, target.role, seen)
        values, zs = snapshot.values_and_zs(table.signals)
        amounts = [0.0 if z is None else _amount(term, z) for term, z in zip(table.terms, zs, strict=True)]
        lean = 0.0
        for amount in amounts:  # not sum(), which adds in another way from Python 3.12 on
            lean += amount
        lost = [term for term, z in zip(table.terms, zs, strict=True) if z is None]
        if not lost:
            return self._view(target, table, amounts, values, lean, table.missing)
        missing = (*[Missing(term.signal, snapshot.why_missing(term.signal)) for term in lost], *table.missing)
        doubt = sum([abs(term.weight) for term in lost])
        have = table.weight - doubt
        if have < 0.5 * table.weight or have < _LEAST:
            return Abstention(self.name, target.key, _too_little(have, missing), missing)
        if abs(lean) <= doubt:
            return Abstention(self.name, target.key, _outweighed(lost), missing)
        keep = 1.0 - doubt / abs(lean)
        amounts = [amount * keep for amount in amounts]
        lean = 0.0
        for amount in amounts:
            lean += amount
        return self._view(target, table, amounts, values, lean, missing)

    def _view(
        self, target: Target, table: _Table, amounts: Sequence[float], values: Row, lean: float,
        missing: tuple[Missing, ...],
    ) -> View | Abstention:  # fmt: skip
        """What the amounts add up to; a term that adds nothing is not evidence."""
        if table.weight < _LEAST:
            return Abstention(self.name, target.key, _too_little(table.weight, missing), missing)
        if lean == 0.0:
            return Abstention(self.name, target.key, "its evidence cancels out", missing)
        if 1.0 < abs(lean) < 1.0 + 1e-9:  # the scaled weights add up to one only to the last bit
            lean = math.copysign(1.0, lean)
        reads = [words[amount > 0.0] for words, amount in zip(table.reads, amounts, strict=True)]
        parts = tuple(map(_contribution, zip(table.signals, amounts, values, reads, strict=True)))
        if 0.0 in amounts:
            parts = tuple([part for part in parts if part.amount])
        return View(self.name, target.key, lean, parts, missing)

    def _fed(self, snapshot: Snapshot, role: str, which: float) -> _Table:
        """The terms of the set `which` (see `engine.signals.blend.blended`)."""
        if self._absent is not snapshot.absent:
            self._absent, self._tables = snapshot.absent, {}
        found = self._tables.get((role, which))
        if found is None:
            found = self._tables[role, which] = _table(self.table(role), int(which), snapshot.absent)
        return found


def _table(terms: Sequence[Term], which: int, absent: Mapping[str, str]) -> _Table:
    places = tuple([at for at in range(len(terms)) if which >> at & 1])
    live = tuple([terms[at] for at in places])
    names = [term.signal for at, term in enumerate(terms) if at not in places]
    missing = [Missing(name, "its history is still too short") for name in names if name not in absent]
    missing += [Missing(name, absent[name]) for name in names if name in absent]
    reads = [(term.low, term.high) if term.weight > 0.0 else (term.high, term.low) for term in live]
    weight = sum([abs(term.weight) for term in live])
    return _Table(live, places, tuple([term.signal for term in live]), tuple(reads), weight, tuple(missing))


_contribution: Callable[[tuple[str, float, float | None, str]], Contribution]
_contribution = functools.partial(tuple.__new__, Contribution)  # `_make` at a third of its time


def _amount(term: Term, z: float) -> float:
    share = z / term.full
    return term.weight * (1.0 if share > 1.0 else -1.0 if share < -1.0 else share)


def _too_little(have: float, missing: Sequence[Missing]) -> str:
    names = ", ".join(item.signal for item in missing[:3])
    return f"too little of its evidence is there ({have:.0%} by weight); it lacks {names}"


def _outweighed(lost: Sequence[Term]) -> str:
    return f"what it sees is weaker than what it lacks ({', '.join(term.signal for term in lost[:3])})"
