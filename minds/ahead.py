"""What can be worked out ahead over whole columns: above all the views of minds that are tables of evidence.

Contract: a view made ahead is the one that `EvidenceMind.view` gives on the day, to the last bit: an elementwise
function of the z-scores of its own session. Where anything is odd there is None, and the mind has to be asked on the
day: when something that it had is missing, when its evidence cancels out, when it weighs in a way of its own. Whoever
makes views ahead hands them over one session at a time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray
from engine.claims import Target
from engine.signals.compute import SignalFrame
from minds.baseline.kind import Leans
from minds.evidence import LEAST, EvidenceMind, Term, bound
from minds.known import Known
from minds.protocol import Mind
from minds.view import Evidence, Missing, View
from regimes.odds import Facts

__all__ = ["Ahead", "Views", "views_ahead"]

Views = tuple[tuple[View | None, ...], ...]
"""For each target and mind its view, or None where it must be asked."""

_MOST = 31
"""Terms beyond which two sets of them do not fit into a number of the processor's."""


class Ahead(NamedTuple):
    """What was worked out for one session.

    Attributes:
        views: see `Views`.
        known: for each target, what is known of it.
        facts: for each symbol with odds, what they are made from; None where it must still be gathered.
        baselines: what the baselines say.
    """

    views: Views
    known: tuple[Known, ...]
    facts: tuple[Facts | None, ...]
    baselines: Leans


def views_ahead(minds: Sequence[Mind], targets: Sequence[Target], frame: SignalFrame, sessions: range) -> list[Views]:
    """The views of each session."""
    nothing: list[tuple[View | None, ...]] = [()] * len(sessions)
    found = [
        zip(*[_views(mind, target, frame, sessions) for mind in minds], strict=True) if minds else nothing
        for target in targets
    ]
    return list(zip(*found, strict=True)) if found else [()] * len(sessions)


def _views(mind: Mind, target: Target, frame: SignalFrame, sessions: range) -> list[View | None]:
    found: list[View | None] = [None] * len(sessions)
    if not isinstance(mind, EvidenceMind) or not all(
        getattr(getattr(mind, name), "__func__", None) is getattr(EvidenceMind, name) for name in ("view", "table")
    ):
        return found
    terms = mind.table(target.role)
    if not 0 < len(terms) <= _MOST or not all(term.signal in frame.index.at for term in terms):
        return found
    stretch = slice(sessions.start - frame.first, sessions.stop - frame.first)
    rows = [frame.index.at[term.signal] for term in terms]
    weighed = _weigh(terms, [frame.zs[row, stretch] for row in rows], [frame.seen[row, stretch] for row in rows])
    for both in sorted(set(weighed.sets[weighed.usable].tolist())):
        table = bound(terms, both & (1 << _MOST) - 1, frame.index.absent)
        if table.weight < LEAST:
            continue
        days = np.flatnonzero(weighed.usable & (weighed.sets == both))
        words = dict(zip(table.places, table.reads, strict=True))
        used = [at for at in table.places if both >> (at + _MOST) & 1]
        evidence = map(
            Evidence,
            repeat(tuple([terms[at].signal for at in used])),
            zip(*[weighed.amounts[at][days].tolist() for at in used], strict=True),
            zip(*[frame.values[rows[at], stretch][days].tolist() for at in used], strict=True),
            repeat(tuple([words[at] for at in used])),
        )
        made = zip(repeat(mind.name), repeat(target.key), weighed.total[days].tolist(), evidence, repeat(table.missing))
        for day, view in zip(days.tolist(), map(_view, made), strict=True):
            found[day] = view
    return found


class _Weighed(NamedTuple):
    """A mind's terms over some sessions.

    Attributes:
        amounts: what each term adds, 0 where it has no z-score; shape (sessions,) each.
        total: their sum, in the order of the terms.
        sets: a bit for each term that has been seen by then, and further up one for each that adds anything.
        usable: whether nothing is odd.
    """

    amounts: list[FloatArray]
    total: FloatArray
    sets: npt.NDArray[np.int64]
    usable: npt.NDArray[np.bool_]


def _weigh(terms: Sequence[Term], zs: list[FloatArray], seen: list[npt.NDArray[np.bool_]]) -> _Weighed:
    sessions = len(zs[0])
    total, sets = np.zeros(sessions), np.zeros(sessions, np.int64)
    lost, amounts = np.zeros(sessions, np.bool_), []
    for at, (term, z, had) in enumerate(zip(terms, zs, seen, strict=True)):
        known = ~np.isnan(z)
        amount = np.where(known, term.weight * np.clip(z / term.full, -1.0, 1.0), 0.0)
        amounts.append(amount)
        total += amount
        lost |= had & ~known
        sets += (had.astype(np.int64) << at) + ((amount != 0.0).astype(np.int64) << (at + _MOST))
    return _Weighed(amounts, total, sets, ~lost & (total != 0.0) & (np.abs(total) <= 1.0))


# What `View._make` does, at a third of its time: a replay makes tens of thousands.
_view: Callable[[tuple[str, str, float, Evidence, tuple[Missing, ...]]], View]
_view = functools.partial(tuple.__new__, View)
