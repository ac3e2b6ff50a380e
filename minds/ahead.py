"""What can be worked out ahead over whole columns: above all the views of minds that are tables of evidence.

Contract: a view made ahead is the one that `EvidenceMind.view` gives on the day, to the last bit: an elementwise
function of the z-scores of its own session. Where anything is odd there is None, and the mind has to be asked on the
day: when something that it had is missing, when its evidence cancels out, when it weighs in a way of its own. Whoever
makes views ahead hands them over one session at a time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple, TypeGuard

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray
from engine.claims import Target
from engine.signals.compute import SignalFrame
from minds.baseline.kind import Leans
from minds.evidence import LEAST, Bound, EvidenceMind, Term, bound
from minds.known import Known
from minds.protocol import Mind
from minds.view import Evidence, Missing, View
from regimes.odds import Facts

__all__ = ["Ahead", "Views", "Weighed", "is_table", "views_ahead", "weighed"]

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
    for group in _groups(mind, target.role, frame, sessions):
        words = dict(zip(group.table.places, group.table.reads, strict=True))
        values = [frame.values[row, group.frame_days].tolist() for row in group.rows]
        evidence = map(
            Evidence,
            repeat(group.signals),
            zip(*group.amounts, strict=True),
            zip(*values, strict=True),
            repeat(tuple([words[at] for at in group.used])),
        )
        made = zip(repeat(mind.name), repeat(target.key), group.leans, evidence, repeat(group.table.missing))
        for day, view in zip(group.days, map(_view, made), strict=True):
            found[day] = view
    return found


class _Group(NamedTuple):
    """Sessions on which a mind speaks from the same terms.

    Attributes:
        table: the mind's terms, as far as they have been seen by then.
        used: places of those that add anything.
        signals: their signals.
        rows: where these stand in the frame.
        amounts: what each adds, a list over the sessions each.
        leans: what they add up to.
        days: the sessions, counted from the first of the stretch.
        frame_days: the same, counted from the first of the frame.
    """

    table: Bound
    used: list[int]
    signals: tuple[str, ...]
    rows: list[int]
    amounts: list[list[float]]
    leans: list[float]
    days: list[int]
    frame_days: npt.NDArray[np.intp]


def _groups(mind: Mind, role: str, frame: SignalFrame, sessions: range) -> Iterator[_Group]:
    """Where a mind's views can be made ahead; a session that is in no group has to be asked about."""
    found = weighed(mind, role, frame, sessions)
    if found is None:
        return
    sets = found.seen + (found.used << _MOST)
    for both in sorted(set(sets[found.usable].tolist())):
        table = bound(found.terms, both & (1 << _MOST) - 1, frame.index.absent)
        if table.weight < LEAST:
            continue
        days = np.flatnonzero(found.usable & (sets == both))
        used = [at for at in table.places if both >> (at + _MOST) & 1]
        yield _Group(
            table, used, tuple([found.terms[at].signal for at in used]), [found.rows[at] for at in used],
            [found.amounts[at][days].tolist() for at in used], found.total[days].tolist(), days.tolist(),
            days + sessions.start - frame.first,
        )  # fmt: skip


class Weighed(NamedTuple):
    """A mind's terms over some sessions.

    Attributes:
        terms: the terms.
        rows: where their signals stand in the frame.
        amounts: what each term adds, 0 where it has no z-score; shape (sessions,) each.
        total: their sum, in the order of the terms.
        seen: a bit for each term that has been seen by then.
        used: a bit for each that adds anything.
        usable: whether nothing is odd.
    """

    terms: tuple[Term, ...]
    rows: list[int]
    amounts: list[FloatArray]
    total: FloatArray
    seen: npt.NDArray[np.int64]
    used: npt.NDArray[np.int64]
    usable: npt.NDArray[np.bool_]


def is_table(mind: Mind) -> TypeGuard[EvidenceMind]:
    """Whether a mind is a table of evidence and nothing else: one that weighs in a way of its own has to be asked."""
    return isinstance(mind, EvidenceMind) and all(
        getattr(getattr(mind, name), "__func__", None) is getattr(EvidenceMind, name) for name in ("view", "table")
    )


def weighed(mind: Mind, role: str, frame: SignalFrame, sessions: range) -> Weighed | None:
    """A mind's terms for targets of one role; None for one that is no table of evidence, or weighs in its own way."""
    if not is_table(mind):
        return None
    terms = mind.table(role)
    if not 0 < len(terms) <= _MOST or not all(term.signal in frame.index.at for term in terms):
        return None
    stretch = slice(sessions.start - frame.first, sessions.stop - frame.first)
    rows = [frame.index.at[term.signal] for term in terms]
    count = len(sessions)
    total, seen, used = np.zeros(count), np.zeros(count, np.int64), np.zeros(count, np.int64)
    lost, amounts = np.zeros(count, np.bool_), []
    for at, (term, row) in enumerate(zip(terms, rows, strict=True)):
        z, had = frame.zs[row, stretch], frame.seen[row, stretch]
        known = ~np.isnan(z)
        amount = np.where(known, term.weight * np.clip(z / term.full, -1.0, 1.0), 0.0)
        amounts.append(amount)
        total += amount
        lost |= had & ~known
        seen += had.astype(np.int64) << at
        used += (amount != 0.0).astype(np.int64) << at
    return Weighed(terms, rows, amounts, total, seen, used, ~lost & (total != 0.0) & (np.abs(total) <= 1.0))


# What `View._make` does, at a third of its time: a replay makes tens of thousands.
_view: Callable[[tuple[str, str, float, Evidence, tuple[Missing, ...]]], View]
_view = functools.partial(tuple.__new__, View)
