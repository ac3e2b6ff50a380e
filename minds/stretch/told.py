"""What minds say over a stretch of sessions, written as the ledger keeps it.

Contract: a view is that of `minds.ahead`, and so the mind's own of that day. Where it cannot be made ahead the lean is
None, and the mind has to be asked on the day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.calendar import Days
from engine.claims import Target
from engine.signals.compute import SignalFrame
from minds.ahead import Weighed, is_table, weighed
from minds.baseline import RULES
from minds.baseline.kind import Baseline, leans_of
from minds.evidence import LEAST, Term, bound
from minds.protocol import Mind
from minds.stretch.texts import column, fields, members, woven
from minds.view import Missing

__all__ = ["Told", "told_ahead"]

_Bools = npt.NDArray[np.bool_]


class Told(NamedTuple):
    """What one mind says on one target over some sessions, an entry a session in each innermost sequence.

    Attributes:
        leans: None where it has to be asked.
        said: the text that the ledger keeps of the view; empty likewise.
        signals: the signals that views rest on, and whether the view of each session rests on each.
        missing: evidence that it lacked.
    """

    leans: list[float | None]
    said: list[bytes]
    signals: Mapping[str, _Bools]
    missing: list[tuple[Missing, ...]]

    def part(self, some: slice) -> Told:
        """The same of some of these sessions."""
        signals = {name: where[some] for name, where in self.signals.items()}
        return Told(self.leans[some], self.said[some], signals, self.missing[some])


def told_ahead(
    minds: Sequence[Mind], targets: Sequence[Target], frame: SignalFrame, days: Days, sessions: range
) -> list[list[Told]]:
    """What each mind says on each target on each of `sessions`, whose days are `days`."""
    shared: dict[tuple[str, tuple[Term, ...]], Told] = {}
    found = []
    for target in targets:
        told = []
        for mind in minds:
            if isinstance(mind, Baseline) and type(mind) in RULES:  # strangers' have to be asked
                told.append(_by_rule(mind, target, frame, days, sessions))
            elif is_table(mind):
                key = mind.name, mind.table(target.role)
                if key not in shared:  # a mind may say the same of every target
                    shared[key] = _by_evidence(mind, target.role, frame, sessions)
                told.append(shared[key])
            else:
                told.append(_nothing(len(sessions)))
        found.append(told)
    return found


def _by_evidence(mind: Mind, role: str, frame: SignalFrame, sessions: range) -> Told:
    told, found = _nothing(len(sessions)), weighed(mind, role, frame, sessions)
    if found is None or len(set(found.rows)) < len(found.rows):
        return told
    signals = {term.signal: np.zeros(len(sessions), np.bool_) for term in found.terms}
    for seen in sorted(set(found.seen[found.usable].tolist())):
        table = bound(found.terms, seen, frame.index.absent)
        if table.weight < LEAST:
            continue
        where = found.usable & (found.seen == seen)
        rows = np.flatnonzero(where)
        days = slice(None) if rows.size == where.size else rows
        leans = found.total[days].tolist()
        for at in table.places:
            signals[found.terms[at].signal][days] = found.amounts[at][days] != 0.0
        said = _texts(found, sorted(table.places, key=lambda at: found.terms[at].signal), days, leans)
        if rows.size == where.size:
            told = Told(leans, said, {}, [table.missing] * len(sessions))
            break
        for row, lean, text in zip(rows.tolist(), leans, said, strict=True):
            told.leans[row], told.said[row], told.missing[row] = lean, text, table.missing
    return told._replace(signals={name: where for name, where in signals.items() if where.any()})


def _texts(
    found: Weighed, places: Sequence[int], days: npt.NDArray[np.intp] | slice, leans: list[float]
) -> list[bytes]:
    """What `minds.record.kept_view` makes of views on some days from the terms at some places, as texts."""
    parts = []
    for at in places:
        amounts = found.amounts[at][days]
        used = amounts != 0.0
        parts.append((found.terms[at].signal, column(amounts.tolist()), None if used.all() else used.tolist()))
    evidence = members(parts, len(leans))
    return woven(fields([("evidence", evidence), ("lean", column(leans))]), len(leans))


def _by_rule(mind: Baseline, target: Target, frame: SignalFrame, days: Days, sessions: range) -> Told:
    """The same of a mind that is one rule; where it is silent it has to be asked why."""
    leans = leans_of(mind, target, frame, days, sessions)
    texts, signal = column(leans), mind.signal.format(target=target.role)
    evidence = fields([(signal, texts)] if signal else [])
    said = woven(fields([("evidence", evidence), ("lean", texts)]), len(leans))
    spoken = [lean is not None for lean in leans]
    return _nothing(len(sessions))._replace(
        leans=leans, said=[text if here else b"" for text, here in zip(said, spoken, strict=True)],
        signals={signal: np.array(spoken)} if signal else {},
    )  # fmt: skip


def _nothing(count: int) -> Told:
    return Told([None] * count, [b""] * count, {}, [()] * count)
