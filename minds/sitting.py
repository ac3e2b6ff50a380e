"""The part of a stretch of sessions that goes day by day: what falls due is settled, minds are asked, calls are made.

Contract: sessions come in order, each once; as in `Cycle.run`, a session settles first, and everything that it decides
is decided from what is at hand for it and from verdicts that are due by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from engine.calendar import TradingCalendar
from engine.claims import Target
from minds import gates
from minds.at_hand import Days, Prices
from minds.column import Column
from minds.cycle import Cycle
from minds.debate import debate, debates_ahead
from minds.line import Leans, Line
from minds.page import Page, pages, signals_texts
from minds.pairs import PairDesk
from minds.piece import Calls, Docket, Piece
from minds.protocol import ask
from minds.record import canonical, kept_view
from minds.slot import Path
from minds.synthesis import Synthesis
from minds.texts import column, fields, woven
from minds.view import Abstention, DebateLabel, GateResult, Missing, View

__all__ = ["Called", "Sitting", "Team"]

_Said = tuple[View | Abstention, ...]
_Lacks = list[tuple[Missing, ...]]


class Called(NamedTuple):
    """A target, and what goes with it.

    Attributes:
        key: its name.
        target: what is called.
        synthesis: who combines.
        line: its open direction claims.
        band: its interval claims.
        overlaps: the lines of which calls may be open when the next one is made.
    """

    key: str
    target: Target
    synthesis: Synthesis
    line: Line
    band: Column
    overlaps: list[Line]


class Team(NamedTuple):
    """Who is at work all through a run.

    Attributes:
        cycle: whose sessions these are.
        calendar: of the run.
        prices: what it sees of the market.
        targets: what is called.
        odds: the odds of a month.
        pairs: what is compared, with its open claims.
    """

    cycle: Cycle
    calendar: TradingCalendar
    prices: Prices
    targets: Sequence[Called]
    odds: Sequence[Column]
    pairs: Sequence[tuple[PairDesk, Line]]

    @property
    def lines(self) -> list[Line]:
        """All open claims in which minds have a part, in the order in which they settle."""
        return [*[called.line for called in self.targets], *[line for _, line in self.pairs]]

    @property
    def columns(self) -> list[Column]:
        """All claims in which they have none."""
        return [*[called.band for called in self.targets], *self.odds]


class _Course(NamedTuple):
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
    reference: Path
    deadline: Sequence[str]
    leans: list[Leans]
    experts: list[Leans | None]


class Sitting:
    """Runs some sessions in a row."""

    def __init__(self, team: Team, days: Days) -> None:
        self._team, self._days = team, days
        count, first = len(days.as_of), days.first
        stretch = range(first, first + count)
        self._sessions = team.calendar.labels[first : stretch.stop]
        self._courses = [
            _Course(
                called, [each.base for each in known], called.line.slot.quoted[first : stretch.stop],
                team.calendar.deadlines(first, stretch.stop, called.target.horizon),
                list(zip(*[each.leans for each in told], strict=True)) if told else [()] * count, [None] * count,
            )
            for called, told, known in zip(team.targets, days.told, days.known, strict=True)
        ]  # fmt: skip
        self._compared: list[list[Leans | None]] = [[None] * count for _ in team.pairs]
        self._held: list[tuple[int, GateResult]] = []
        self._asked: dict[int, dict[str, _Said]] = {}
        self._lines, self._odd = team.lines, _odd(team.columns)

    def day(self, row: int) -> None:
        """Run a session, counted from the first."""
        at = self._days.first + row
        for line in self._lines:
            line.settle(at, row)
        for odd in self._odd.get(row, ()):
            odd.settle(row)
        for course in self._courses:
            self._call(course, at, row)
        if self._team.pairs:
            self._compare(at, row)

    def _call(self, course: _Course, at: int, row: int) -> None:
        """Publish the direction claim of one target as far as the gates let it."""
        leans, called = course.leans[row], course.called
        said = None
        if None in leans:
            said = self._ask(called.target, leans, row)
            leans = course.leans[row] = tuple([item.lean if isinstance(item, View) else None for item in said])
        session, share = self._sessions[row], 1.0
        if course.reference[row] is None:
            return self._hold(row, gates.reference_gate(called.target, None, session))
        if course.deadline[row] <= session:
            return self._hold(row, gates.calendar_gate(called.target, course.deadline[row], session))
        reading = self._days.readings[row]
        if said is not None or reading.status == "degraded" or not leans:
            everyone = zip(self._team.cycle.names, leans, strict=True)
            said = said or tuple([View(name, called.key, lean or 0.0) for name, lean in everyone])
            checked = gates.coverage_gate(called.target, reading, said)
            if checked is not None:
                self._hold(row, checked)
                share = gates.COVERAGE_CAP
                if checked.action == "abstain":
                    return None
        made = called.synthesis.forecast(course.base[row], leans, share)
        course.experts[row] = made.experts
        rise = made.probability >= 0.5
        for line in called.overlaps:
            if line.opposes(rise):
                standing = [claim for each in called.overlaps for claim in each.standing()]
                return self._hold(row, gates.netting_gate(called.target, made.probability, standing))
        called.line.add(at, row, session, made, reading.label, leans)
        return None

    def _hold(self, row: int, result: GateResult | None) -> None:
        """A gate has looked."""
        if result is not None:
            self._held.append((row, result))

    def _ask(self, target: Target, leans: Leans, row: int) -> _Said:
        """Ask those whose view was not made ahead; of the others the lean is enough."""
        days = self._days
        snapshot, reading = days.snapshot(days.first + row), days.readings[row]
        said = tuple([
            ask(mind, snapshot, reading, target) if lean is None else View(mind.name, target.key, lean)
            for mind, lean in zip(self._team.cycle.minds, leans, strict=True)
        ])  # fmt: skip
        self._asked.setdefault(row, {})[target.key] = said
        return said

    def _compare(self, at: int, row: int) -> None:
        """Publish the relative claims."""
        by_symbol = {course.called.target.symbol: course.leans[row] for course in reversed(self._courses)}
        quoted, adjusted = self._team.prices.quoted, self._team.prices.adjusted
        for (desk, line), experts in zip(self._team.pairs, self._compared, strict=True):
            first, second = desk.pair.first.symbol, desk.pair.second.symbol
            desk.learn_from(adjusted[first], adjusted[second], at)
            if quoted[first][at] is None or quoted[second][at] is None:
                self._hold(row, desk.without_close())
                continue
            found = desk.forecast(by_symbol)
            if isinstance(found, GateResult):
                self._hold(row, found)
                continue
            made, leans = found
            experts[row] = made.experts
            line.add(at, row, self._sessions[row], made, self._days.readings[row].label, leans)

    def piece(self, count: int) -> Piece:
        """What the first so many sessions, all that have been run, have come to."""
        team, whole = self._team, self._days
        days = self._days = whole if count == len(whole.as_of) else whole.part(0, count)
        debates = [
            debates_ahead(course.leans[:count]) if team.cycle.minds else _SILENT * count for course in self._courses
        ]
        for row, by_target in self._asked.items():
            for course, stood in zip(self._courses, debates, strict=True):
                if row < count and (said := by_target.get(course.called.key)) is not None:
                    stood[row] = debate(said)[:2]
        dockets = self._dockets(count, debates)
        gates = [(row, result) for row, result in self._held if row < count]
        signals, missing, news = self._rests_on(count)
        synthesis = {course.called.key: course.experts[:count] for course in self._courses}
        synthesis |= {desk.pair.key: each[:count] for (desk, _), each in zip(team.pairs, self._compared, strict=True)}
        first = team.cycle.count + 1
        team.cycle.count += count
        texts = pages(Page(
            days.as_of, days.baselines, [each.said for each in dockets], first, days.data,
            self._debates(debates), gates, missing, days.readings, self._sessions[:count], signals, synthesis,
            [each.settled for each in dockets], self._views(count),
        ))  # fmt: skip
        silences = [
            (row, item.mind, key, item.reason)
            for row, by_target in self._asked.items() if row < count
            for key, said in by_target.items() for item in said if isinstance(item, Abstention)
        ]  # fmt: skip
        return Piece(
            self._sessions[:count], days.readings, dockets, days.baselines, gates, silences, news, texts,
        )  # fmt: skip

    def _dockets(self, count: int, debates: Sequence[Sequence[tuple[DebateLabel, float]]]) -> list[Docket]:
        """The claims and verdicts, in the order in which a session has them."""
        found, first = [], self._days.first
        for course, stood in zip(self._courses, debates, strict=True):
            said, settled = course.called.line.take(first)
            rows = said.until(count).rows
            calls = Calls(
                [stood[row] for row in rows], [course.leans[row] for row in rows],
                [course.experts[row] or () for row in rows],
            )  # fmt: skip
            found += [Docket(course.called.line.slot, said, settled, calls), _docket(course.called.band)]
        found += [_docket(each) for each in self._team.odds]
        found += [Docket(line.slot, *line.take(first)) for _, line in self._team.pairs]
        return [each._replace(said=each.said.until(count), settled=each.settled.until(count)) for each in found]

    def _debates(self, debates: Sequence[Sequence[tuple[DebateLabel, float]]]) -> dict[str, list[bytes]]:
        """The texts of the debates."""
        found = {}
        for course, stood in zip(self._courses, debates, strict=True):
            labels, convictions = zip(*stood, strict=True)
            parts = b"[", column(labels), b",", column(convictions), b"]"
            found[course.called.key] = woven(parts, len(stood))
        return found

    def _views(self, count: int) -> dict[str, list[bytes]]:
        """The texts of the views."""
        names, known = self._team.cycle.names, dict[tuple[int, ...], list[bytes]]()
        found = {}
        for course, told in zip(self._courses, self._days.told, strict=True):
            key, same = course.called.key, tuple(map(id, told))
            if same not in known:  # minds may say the same of several targets
                said = sorted(zip(names, [each.said for each in told], strict=True))
                known[same] = woven(fields(said), count)
            found[key] = known[same]
            asked = [
                (row, by_target[key]) for row, by_target in self._asked.items() if row < count and key in by_target
            ]
            if asked:
                found[key] = list(found[key])
            for row, items in asked:
                texts = [(each.said[row] or canonical(kept_view(item))) for each, item in zip(told, items, strict=True)]
                found[key][row] = woven(fields(sorted(zip(names, texts, strict=True))), 1)[0]
        return found

    def _rests_on(self, count: int) -> tuple[list[bytes], list[bytes], list[tuple[int, dict[str, str]]]]:
        """The texts of signals and of what is missing, and when what is missing was news."""
        days, lacking = self._days, self._team.cycle.lacking
        everyone = [each for told in days.told for each in told]
        everyone = list({id(each): each for each in reversed(everyone)}.values())[::-1]  # what is said last counts
        nothing: list[tuple[()]] = [()] * count
        lacks = list(zip(*[each.missing for each in everyone], strict=True)) or nothing
        signals = signals_texts([each.signals for each in everyone], days.values, days.places)
        missing: list[bytes] = []
        news: list[tuple[int, dict[str, str]]] = []
        last: tuple[tuple[Missing, ...], ...] | None = None
        since = ""
        for row, (session, lacked) in enumerate(zip(self._sessions, lacks, strict=False)):
            asked = self._asked.get(row)
            if asked is None and lacked == last:
                missing.append(orjson.dumps(since))
                continue
            told = list(lacked)
            if asked is not None:
                values, told = self._with_asked(asked, row)
                signals[row] = canonical(values)
            found, since = lacking(told, session)
            if since < session:
                missing.append(orjson.dumps(since))
            else:
                news.append((row, dict(found)))
                missing.append(canonical(news[-1][1]))
            last = None if asked is not None else lacked
        return signals, missing, news

    def _with_asked(self, asked: Mapping[str, _Said], row: int) -> tuple[dict[str, float], _Lacks]:
        """Values of signals, and what is lacking, where somebody was asked; what is said last counts."""
        days, values, lacking = self._days, dict[str, float](), _Lacks()
        for course, everyone in zip(self._courses, days.told, strict=True):
            said = asked.get(course.called.key) or (None,) * len(everyone)
            for item, told in zip(said, everyone, strict=True):
                if item is None or told.said[row]:
                    names = [name for name, where in told.signals.items() if where[row]]
                    values |= {name: float(days.values[days.places[name], row]) for name in names}
                    lacking.append(told.missing[row])
                else:
                    parts = item.contributions if isinstance(item, View) else ()
                    values |= {part.signal: part.value for part in parts}
                    lacking.append(item.missing)
        return values, lacking


_SILENT: list[tuple[DebateLabel, float]] = [("silent", 0.0)]


def _docket(claims: Column) -> Docket:
    return Docket(claims.slot, claims.said, claims.settled())


def _odd(columns: Sequence[Column]) -> dict[int, list[Column]]:
    """Those which have to look at a claim, by session."""
    found: dict[int, list[Column]] = {}
    for each in columns:
        for row in each.odd:
            found.setdefault(row, []).append(each)
    return found
