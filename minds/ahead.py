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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray
from engine.calendar import Days
from engine.claims import Target
from engine.signals.compute import SignalFrame
from minds.baseline.kind import Baseline, Leans, leans_of
from minds.evidence import LEAST, Bound, EvidenceMind, Term, bound
from minds.known import Known
from minds.protocol import Mind
from minds.texts import column, fields, woven
from minds.view import Evidence, Missing, View
from regimes.odds import Facts

__all__ = ["Ahead", "Told", "Views", "told_ahead", "views_ahead"]

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


class Told(NamedTuple):
    """What one mind says on one target over some sessions, an entry a session in each list.

    Attributes:
        leans: None where it has to be asked.
        said: the text that the ledger keeps of the view; empty likewise.
        signals: the signals that the view rests on, in the mind's order.
        missing: evidence that it lacked.
    """

    leans: list[float | None]
    said: list[bytes]
    signals: list[tuple[str, ...]]
    missing: list[tuple[Missing, ...]]

    def until(self, stop: int) -> Told:
        """The same of the first sessions of these."""
        return Told(self.leans[:stop], self.said[:stop], self.signals[:stop], self.missing[:stop])


def views_ahead(minds: Sequence[Mind], targets: Sequence[Target], frame: SignalFrame, sessions: range) -> list[Views]:
    """The views of each session."""
    nothing: list[tuple[View | None, ...]] = [()] * len(sessions)
    found = [
        zip(*[_views(mind, target, frame, sessions) for mind in minds], strict=True) if minds else nothing
        for target in targets
    ]
    return list(zip(*found, strict=True)) if found else [()] * len(sessions)


def told_ahead(
    minds: Sequence[Mind], targets: Sequence[Target], frame: SignalFrame, days: Days, sessions: range
) -> list[list[Told]]:
    """What each mind says on each target on each of `sessions`, whose days are `days`, as the ledger writes it."""
    shared: dict[tuple[str, tuple[Term, ...]], Told] = {}
    found = []
    for target in targets:
        told = []
        for mind in minds:
            if isinstance(mind, Baseline):
                told.append(_told_plainly(mind, target, frame, days, sessions))
                continue
            key = (mind.name, mind.table(target.role) if isinstance(mind, EvidenceMind) else ())
            if key not in shared:  # a mind may say the same of every target
                shared[key] = _told(mind, target.role, frame, sessions)
            told.append(shared[key])
        found.append(told)
    return found


def _told(mind: Mind, role: str, frame: SignalFrame, sessions: range) -> Told:
    count = len(sessions)
    told = _nothing(count)
    for group in _groups(mind, role, frame, sessions):
        said = _texts(group.signals, group.amounts, group.leans)
        if len(said) == count:
            return Told(list(group.leans), said, [group.signals] * count, [group.table.missing] * count)
        for day, lean, text in zip(group.days, group.leans, said, strict=True):
            told.leans[day], told.said[day] = lean, text
            told.signals[day], told.missing[day] = group.signals, group.table.missing
    return told


def _told_plainly(mind: Baseline, target: Target, frame: SignalFrame, days: Days, sessions: range) -> Told:
    """The same of a mind that is one rule; where it is silent it has to be asked why."""
    kept = all(getattr(getattr(mind, name), "__func__", None) is getattr(Baseline, name) for name in ("view", "leans"))
    if not kept:
        return _nothing(len(sessions))
    leans = leans_of(mind, target, frame, days, sessions)
    signals = (mind.signal.format(target=target.role),) if mind.signal else ()
    texts = _texts(signals, [leans] * len(signals), leans)
    return _nothing(len(sessions))._replace(
        leans=leans,
        said=[b"" if lean is None else text for lean, text in zip(leans, texts, strict=True)],
        signals=[() if lean is None else signals for lean in leans],
    )


def _texts(
    signals: Sequence[str], amounts: Sequence[Sequence[float | None]], leans: Sequence[float | None]
) -> list[bytes]:
    """What `minds.record.kept_view` makes of views with this evidence, as texts."""
    evidence = dict(zip(signals, map(column, amounts), strict=True))  # what is said last of a signal counts
    return woven(fields([("evidence", fields(sorted(evidence.items()))), ("lean", column(leans))]), len(leans))


def _nothing(count: int) -> Told:
    return Told([None] * count, [b""] * count, [()] * count, [()] * count)


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
    if not isinstance(mind, EvidenceMind) or not all(
        getattr(getattr(mind, name), "__func__", None) is getattr(EvidenceMind, name) for name in ("view", "table")
    ):
        return
    terms = mind.table(role)
    if not 0 < len(terms) <= _MOST or not all(term.signal in frame.index.at for term in terms):
        return
    first = sessions.start - frame.first
    stretch = slice(first, sessions.stop - frame.first)
    rows = [frame.index.at[term.signal] for term in terms]
    weighed = _weigh(terms, [frame.zs[row, stretch] for row in rows], [frame.seen[row, stretch] for row in rows])
    for both in sorted(set(weighed.sets[weighed.usable].tolist())):
        table = bound(terms, both & (1 << _MOST) - 1, frame.index.absent)
        if table.weight < LEAST:
            continue
        days = np.flatnonzero(weighed.usable & (weighed.sets == both))
        used = [at for at in table.places if both >> (at + _MOST) & 1]
        yield _Group(
            table, used, tuple([terms[at].signal for at in used]), [rows[at] for at in used],
            [weighed.amounts[at][days].tolist() for at in used], weighed.total[days].tolist(), days.tolist(),
            days + first,
        )  # fmt: skip


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
