"""Runs a cycle through stretches of sessions.

Contract: what `Stretch.run` gives of each session is, byte for byte, what `minds.record.body` makes of the record of
that session; after `close` the cycle stands where the days one by one would have left it. What depends on prices and
signals alone comes in columns (views, bases, intervals, what claims come to); whatever depends on yesterday's verdicts
goes day by day (`minds.stretch.sitting`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import attrgetter

from engine.calendar import TradingCalendar
from engine.claims import Kind
from minds.cycle import Cycle
from minds.known import Known
from minds.pairs import PairDesk
from minds.risk import RISKS, RiskDesk
from minds.stretch.at_hand import AtHand, Prices
from minds.stretch.column import Column
from minds.stretch.line import Line
from minds.stretch.piece import Piece
from minds.stretch.sitting import Sitting
from minds.stretch.slot import Numbers, Slot
from minds.stretch.team import Called, Team
from minds.stretch.writing import written
from regimes.odds import MONTH, Facts
from regimes.reading import RegimeReading

__all__ = ["Stretch"]


class Stretch:
    """Runs one cycle through stretches of sessions."""

    def __init__(self, cycle: Cycle, calendar: TradingCalendar, prices: Prices) -> None:
        """Begin with the first session of a run: nothing is open yet."""
        self._calendar, self._prices = calendar, prices
        lines = {
            key: Line(self._slot("direction", desk.target.symbol, desk.target.horizon), desk, cycle.tally)
            for key, desk in cycle.desks.items()
        }
        targets = []
        for key, desk in cycle.desks.items():
            symbol, _, horizon = target = desk.target
            siblings = [lines[other] for other, each in cycle.desks.items() if each.target.symbol == symbol]
            alone = horizon == 1 and len(siblings) == 1
            band = Column(self._slot("interval", symbol, horizon), desk)
            targets.append(Called(key, target, desk.synthesis, lines[key], band, [] if alone else siblings))
        self._risks = [
            (risk, [Column(self._slot(kind, risk.symbol, MONTH), risk) for kind in RISKS]) for risk in cycle.risks
        ]
        odds = [column for _, columns in self._risks for column in columns]
        pairs = [(desk, Line(self._pair_slot(desk), desk, None)) for desk in cycle.pairs]
        self._team = Team(cycle, calendar, prices, targets, odds, pairs)

    def _slot(self, kind: Kind, symbol: str, horizon: int) -> Slot:
        prices = self._prices
        came_to = prices.came_to["direction" if kind == "interval" else kind, symbol, horizon]  # of both the return
        return Slot(self._calendar, kind, symbol, horizon, came_to, prices.quoted[symbol], prices.adjusted[symbol])

    def _pair_slot(self, desk: PairDesk) -> Slot:
        prices, (first, second, horizon) = self._prices, desk.pair
        one, other = first.symbol, second.symbol
        return Slot(
            self._calendar, "relative", one, horizon, prices.came_to["relative", desk.pair.symbol, horizon],
            prices.quoted[one], prices.adjusted[one], (other, prices.adjusted[other]),
        )  # fmt: skip

    def run(self, days: AtHand) -> Iterator[Piece]:
        """What the next sessions come to; where one of them fails, what those before it come to, and its failure."""
        labels = [reading.label for reading in days.readings]
        for called, known in zip(self._team.targets, days.known, strict=True):
            called.band.take(days.first, labels, self._bands(called, known, days.first))
        for (risk, columns), facts in zip(self._risks, days.facts, strict=True):
            for column, said in zip(columns, self._odds(risk, facts, days.readings, days.first), strict=True):
                column.take(days.first, labels, said)
        sitting, done = Sitting(self._team, days), 0
        failure: BaseException | None = None
        try:
            for done in range(len(labels)):
                sitting.day(done)
            done = len(labels)
        except BaseException as error:
            failure = error
        if failure is None:
            yield written(self._team, days, sitting.minutes)
            return
        if done:
            yield written(self._team, days.part(0, done), sitting.minutes.until(done))
        raise failure

    def close(self) -> None:
        """Hand the open claims back to the cycle."""
        team, cycle = self._team, self._team.cycle
        for line in team.lines:
            line.hand_back()
        for column in team.columns:
            column.hand_back()
        for waiting in [*[desk.open for desk in cycle.desks.values()], *[risk.open for risk in cycle.risks]]:
            ordered = sorted(waiting, key=attrgetter("due"))
            waiting.clear()
            waiting.extend(ordered)

    def _bands(self, called: Called, known: Sequence[Known], first: int) -> list[Numbers | None]:
        """The intervals of one target; a gate that stops its calls stops these too."""
        quoted, horizon = called.band.slot.quoted, called.target.horizon
        labels, deadlines = self._calendar.labels, self._calendar.deadlines(first, first + len(known), horizon)
        return [
            None if band is None or quoted[at] is None or deadlines[at - first] <= labels[at]
            else (math.expm1(band.low), math.expm1(band.high), low, high)
            for at, (_, band, low, high) in enumerate(known, first)
        ]  # fmt: skip

    def _odds(
        self, risk: RiskDesk, facts: Sequence[Facts], readings: Sequence[RegimeReading], first: int
    ) -> list[list[Numbers | None]]:
        """How rough the next month will be, by kind."""
        quoted = self._prices.quoted[risk.symbol]
        found: list[list[Numbers | None]] = [[] for _ in RISKS]
        for at, (fact, reading) in enumerate(zip(facts, readings, strict=True), first):
            risk.take(fact, reading.score)
            there = quoted[at] is not None
            for said, odds in zip(found, risk.odds, strict=True):
                said.append(odds if there else None)
        return found
