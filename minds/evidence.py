"""Minds as tables: a lean is a weighted sum of evidence terms.

Contract: a term adds weight * clip(z / full, -1, 1), so contributions are exact and can be printed. The weights of a
mind's terms for one target are scaled to sum to 1 in absolute value. Two kinds of absence are kept apart:
- a signal that has never had a value (no symbol for its role, history still too short) leaves its weight unused;
- a signal that has gone missing could have argued the other way with all its weight, so |lean| is reduced by that
  weight.
Hence losing an input never adds confidence. With less than half of the usable weight present, the mind abstains.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.claims import Target
from engine.snapshot import Snapshot
from minds.view import Abstention, Contribution, Missing, View
from regimes.reading import RegimeReading

__all__ = ["EvidenceMind", "Term"]


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


class EvidenceMind:
    """A mind that is a table of terms; subclasses set `name` and `terms`."""

    name: str
    terms: tuple[Term, ...]

    def __init__(self) -> None:
        self._tables: dict[str, tuple[Term, ...]] = {}

    def table(self, target: Target) -> tuple[Term, ...]:
        """The terms for one target, signals resolved, weights summing to 1 in absolute value."""
        found = self._tables.get(target.role)
        if found is None:
            mine = [term for term in self.terms if not term.only or target.role in term.only]
            total = sum(abs(term.weight) for term in mine)
            found = tuple(
                term._replace(signal=term.signal.format(target=target.role), weight=term.weight / total)
                for term in mine
            )
            self._tables[target.role] = found
        return found

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Weigh the evidence."""
        amounts: list[tuple[Term, float]] = []
        lost: list[Term] = []
        unused: list[Term] = []
        lean, z_of = 0.0, snapshot.z
        for term in self.table(target):
            z = z_of(term.signal)
            if z is None:
                (lost if snapshot.seen(term.signal) else unused).append(term)
                continue
            share = z / term.full
            amount = term.weight * (1.0 if share > 1.0 else -1.0 if share < -1.0 else share)
            amounts.append((term, amount))
            lean += amount
        missing = tuple([Missing(term.signal, snapshot.why_missing(term.signal)) for term in (*lost, *unused)])
        doubt = sum([abs(term.weight) for term in lost])
        have = sum([abs(term.weight) for term, _ in amounts])
        if have < 0.5 * (have + doubt) or have < 0.2:
            return Abstention(self.name, target.key, _too_little(have, lost, unused), missing)
        if abs(lean) <= doubt:
            return Abstention(self.name, target.key, _undecided(lost), missing)
        keep = 1.0 - doubt / abs(lean)
        parts = tuple([_part(term, amount * keep, snapshot) for term, amount in amounts if amount])
        return View(self.name, target.key, sum([part.amount for part in parts]), parts, missing)


def _part(term: Term, amount: float, snapshot: Snapshot) -> Contribution:
    reads = term.high if (amount > 0) == (term.weight > 0) else term.low
    value = snapshot.value(term.signal)
    return Contribution(term.signal, amount, 0.0 if value is None else value, reads)


def _too_little(have: float, lost: list[Term], unused: list[Term]) -> str:
    names = ", ".join(term.signal for term in (lost or unused)[:3])
    return f"too little of its evidence is there ({have:.0%} by weight); it lacks {names}"


def _undecided(lost: list[Term]) -> str:
    if not lost:
        return "its evidence cancels out"
    return f"what it sees is weaker than what it lacks ({', '.join(term.signal for term in lost[:3])})"
