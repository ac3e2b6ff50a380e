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
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from engine.claims import Target
from engine.signals.compute import Row
from engine.snapshot import Snapshot
from minds.view import Abstention, Contribution, Missing, View
from regimes.reading import RegimeReading

__all__ = ["LEAST", "Bound", "EvidenceMind", "Term", "bound"]


LEAST = 0.2
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


class Bound(NamedTuple):
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
        self._terms: dict[str, tuple[Term, ...]] = {}
        self._absent: Mapping[str, str] | None = None
        self._bound: dict[tuple[str, int], Bound] = {}  # by role and set of terms, for the universe of `_absent`

    def table(self, role: str) -> tuple[Term, ...]:
        """All terms for targets of one role: signals resolved, weights summing to 1 in absolute value."""
        mine = [term for term in self.terms if not term.only or role in term.only]
        total = sum(abs(term.weight) for term in mine)
        return tuple(term._replace(signal=term.signal.format(target=role), weight=term.weight / total) for term in mine)

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Weigh the evidence."""
        terms = self._terms.get(target.role)
        if terms is None:
            terms = self._terms[target.role] = self.table(target.role)
        seen = sum([snapshot.seen(term.signal) << at for at, term in enumerate(terms)])
        table = self._fed(snapshot, target.role, seen)
        values, zs = snapshot.values_and_zs(table.signals)
        amounts = [0.0 if z is None else _amount(term, z) for term, z in zip(table.terms, zs, strict=True)]
        lean = _added(amounts)
        lost = [term for term, z in zip(table.terms, zs, strict=True) if z is None]
        if not lost:
            return self._view(target, table, amounts, values, lean, table.missing)
        missing = (*[Missing(term.signal, snapshot.why_missing(term.signal)) for term in lost], *table.missing)
        doubt = sum([abs(term.weight) for term in lost])
        have = table.weight - doubt
        if have < 0.5 * table.weight or have < LEAST:
            return Abstention(self.name, target.key, _too_little(have, missing), missing)
        if abs(lean) <= doubt:
            return Abstention(self.name, target.key, _outweighed(lost), missing)
        keep = 1.0 - doubt / abs(lean)
        amounts = [amount * keep for amount in amounts]
        return self._view(target, table, amounts, values, _added(amounts), missing)

    def _view(
        self, target: Target, table: Bound, amounts: Sequence[float], values: Row, lean: float,
        missing: tuple[Missing, ...],
    ) -> View | Abstention:  # fmt: skip
        """What the amounts add up to; a term that adds nothing is not evidence."""
        if table.weight < LEAST:
            return Abstention(self.name, target.key, _too_little(table.weight, missing), missing)
        if lean == 0.0:
            return Abstention(self.name, target.key, "its evidence cancels out", missing)
        if 1.0 < abs(lean) < 1.0 + 1e-9:  # the scaled weights add up to one only to the last bit
            lean = math.copysign(1.0, lean)
        parts = [
            Contribution(signal, amount, cast(float, value), words[amount > 0.0])  # a z-score comes with a value
            for signal, amount, value, words in zip(table.signals, amounts, values, table.reads, strict=True)
            if amount
        ]
        return View(self.name, target.key, lean, tuple(parts), missing)

    def _fed(self, snapshot: Snapshot, role: str, seen: int) -> Bound:
        """`bound` for one role, remembered."""
        if self._absent is not snapshot.absent:
            self._absent, self._bound = snapshot.absent, {}
        found = self._bound.get((role, seen))
        if found is None:
            found = self._bound[role, seen] = bound(self.table(role), seen, snapshot.absent)
        return found


def bound(terms: Sequence[Term], which: int, absent: Mapping[str, str]) -> Bound:
    """The terms in the set `which`, a number with a bit for each, in a universe with these absent signals."""
    places = tuple([at for at in range(len(terms)) if which >> at & 1])
    live = tuple([terms[at] for at in places])
    names = [term.signal for at, term in enumerate(terms) if at not in places]
    missing = [Missing(name, "its history is still too short") for name in names if name not in absent]
    missing += [Missing(name, absent[name]) for name in names if name in absent]
    reads = [(term.low, term.high) if term.weight > 0.0 else (term.high, term.low) for term in live]
    weight = sum([abs(term.weight) for term in live])
    return Bound(live, places, tuple([term.signal for term in live]), tuple(reads), weight, tuple(missing))


def _added(amounts: Iterable[float]) -> float:
    """Their sum, one after the other, as columns are added; not sum(), which does it otherwise from Python 3.12 on."""
    total = 0.0
    for amount in amounts:
        total += amount
    return total


def _amount(term: Term, z: float) -> float:
    share = z / term.full
    return term.weight * (1.0 if share > 1.0 else -1.0 if share < -1.0 else share)


def _too_little(have: float, missing: Sequence[Missing]) -> str:
    names = ", ".join(item.signal for item in missing[:3])
    return f"too little of its evidence is there ({have:.0%} by weight); it lacks {names}"


def _outweighed(lost: Sequence[Term]) -> str:
    return f"what it sees is weaker than what it lacks ({', '.join(term.signal for term in lost[:3])})"
