"""The part of a stretch of sessions that goes day by day: what falls due is settled, minds are asked, calls are made.

Contract: sessions come in order, each once; as in `Cycle.run`, a session settles first, and everything that it decides
is decided from what is at hand for it and from verdicts that are due by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from engine.claims import Target
from minds import gates
from minds.protocol import ask
from minds.stretch.at_hand import AtHand
from minds.stretch.column import Column
from minds.stretch.line import Leaned
from minds.stretch.slot import Closes
from minds.stretch.team import Called, Team
from minds.view import Abstention, GateResult, View

__all__ = ["Minutes", "Sitting", "Spoken"]


class Course(NamedTuple):
    """One target on these sessions, an entry a session in each sequence.

    Attributes:
        called: the target.
        base: base rates.
        reference: quoted closes.
        deadline: ISO days on which claims fall due.
        leans: of each mind, None where it is silent, or has not been asked yet.
        experts: base rate and recalibrated probabilities, None where nothing was combined.
    """

    called: Called
    base: Sequence[float]
    reference: Closes
    deadline: Sequence[str]
    leans: list[Leaned]
    experts: list[Leaned | None]


Spoken = tuple[View | Abstention, ...]


class Minutes(NamedTuple):
    """What some sessions have come to, beside what is at hand for them; rows count from the first.

    Attributes:
        sessions: ISO days.
        courses: the targets.
        compared: for each pair and session base rate and recalibrated probabilities; None where there are none.
        held: (row, what a gate did), in order.
        asked: row -> target -> what everybody says, where somebody had to be asked.
    """

    sessions: Sequence[str]
    courses: Sequence[Course]
    compared: Sequence[list[Leaned | None]]
    held: list[tuple[int, GateResult]]
    asked: dict[int, dict[str, Spoken]]

    def until(self, stop: int) -> Minutes:
        """What the sessions before one of them have come to."""
        courses = [each._replace(leans=each.leans[:stop], experts=each.experts[:stop]) for each in self.courses]
        return Minutes(
            self.sessions[:stop], courses, [each[:stop] for each in self.compared],
            [(row, result) for row, result in self.held if row < stop],
            {row: asked for row, asked in self.asked.items() if row < stop},
        )  # fmt: skip


class Sitting:
    """Runs some sessions in a row.

    Attributes:
        minutes: what they have come to so far.
    """

    def __init__(self, team: Team, days: AtHand) -> None:
        self._team, self._days = team, days
        count, first = len(days.as_of), days.first
        stretch = range(first, first + count)
        courses = [
            Course(
                called, [each.base for each in known], called.line.slot.quoted[first : stretch.stop],
                team.calendar.deadlines(first, stretch.stop, called.target.horizon),
                list(zip(*[each.leans for each in told], strict=True)) if told else [()] * count, [None] * count,
            )
            for called, told, known in zip(team.targets, days.told, days.known, strict=True)
        ]  # fmt: skip
        self.minutes = Minutes(
            team.calendar.labels[first : stretch.stop], courses, [[None] * count for _ in team.pairs], [], {}
        )
        self._lines, self._odd = team.lines, _odd(team.columns)

    def day(self, row: int) -> None:
        """Run a session, counted from the first."""
        at = self._days.first + row
        for line in self._lines:
            line.settle(at, row)
        for odd in self._odd.get(row, ()):
            odd.settle(row)
        for course in self.minutes.courses:
            self._call(course, at, row)
        if self._team.pairs:
            self._compare(at, row)

    def _call(self, course: Course, at: int, row: int) -> None:
        """Publish the direction claim of one target as far as the gates let it."""
        leans, called, held = course.leans[row], course.called, self.minutes.held
        said = None
        if None in leans:
            said = self._ask(called.target, leans, row)
            leans = course.leans[row] = tuple([item.lean if isinstance(item, View) else None for item in said])
        session, share = self.minutes.sessions[row], 1.0
        stop = None
        if course.reference[row] is None:
            stop = gates.reference_gate(called.target, None, session)
        elif course.deadline[row] <= session:
            stop = gates.calendar_gate(called.target, course.deadline[row], session)
        if stop is not None:
            held.append((row, stop))
            return
        reading = self._days.readings[row]
        if said is not None or reading.status == "degraded" or not leans:
            everyone = zip(self._team.cycle.names, leans, strict=True)
            said = said or tuple([View(name, called.key, lean or 0.0) for name, lean in everyone])
            checked = gates.coverage_gate(called.target, reading, said)
            if checked is not None:
                held.append((row, checked))
                share = gates.COVERAGE_CAP
                if checked.action == "abstain":
                    return
        made = called.synthesis.forecast(course.base[row], leans, share)
        course.experts[row] = made.experts
        rise = made.probability >= 0.5
        if any([line.opposes(rise) for line in called.overlaps]):
            standing = [claim for line in called.overlaps for claim in line.standing()]
            netted = gates.netting_gate(called.target, made.probability, standing)
            if netted is not None:
                held.append((row, netted))
                return
        called.line.add(at, row, session, made, reading.label, leans)

    def _ask(self, target: Target, leans: Leaned, row: int) -> Spoken:
        """Ask those whose view was not made ahead; of the others the lean is enough."""
        days = self._days
        snapshot, reading = days.snapshot(days.first + row), days.readings[row]
        said = tuple([
            ask(mind, snapshot, reading, target) if lean is None else View(mind.name, target.key, lean)
            for mind, lean in zip(self._team.cycle.minds, leans, strict=True)
        ])  # fmt: skip
        self.minutes.asked.setdefault(row, {})[target.key] = said
        return said

    def _compare(self, at: int, row: int) -> None:
        """Publish the relative claims."""
        by_symbol = {course.called.target.symbol: course.leans[row] for course in reversed(self.minutes.courses)}
        quoted, adjusted = self._team.prices.quoted, self._team.prices.adjusted
        for (desk, line), experts in zip(self._team.pairs, self.minutes.compared, strict=True):
            first, second = desk.pair.first.symbol, desk.pair.second.symbol
            desk.learn_from(adjusted[first], adjusted[second], at)
            if quoted[first][at] is None or quoted[second][at] is None:
                self.minutes.held.append((row, desk.without_close()))
                continue
            found = desk.forecast(by_symbol)
            if isinstance(found, GateResult):
                self.minutes.held.append((row, found))
                continue
            made, leans = found
            experts[row] = made.experts
            line.add(at, row, self.minutes.sessions[row], made, self._days.readings[row].label, leans)


def _odd(columns: Sequence[Column]) -> dict[int, list[Column]]:
    """Those which have to look at a claim, by session."""
    found: dict[int, list[Column]] = {}
    for each in columns:
        for row in each.odd:
            found.setdefault(row, []).append(each)
    return found
