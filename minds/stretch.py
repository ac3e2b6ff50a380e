"""A stretch of sessions at once: what `Cycle.run` does on each day, for days of which nobody reads the record.

Contract: `Stretch.run` gives for each session, in order, the document that `minds.record.document` makes of the record
of that session, equal to the last bit; after `close` the cycle stands where the days one by one would have left it.
What depends on prices and signals alone comes in columns (views, bases, intervals, what claims come to); whatever
depends on yesterday's verdicts still goes day by day. What claims come to is looked at here on the day on which they
fall due, and nothing that is asked or combined can reach it. A mind whose view was not made ahead is asked on its day,
with the snapshot of that day.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from engine.bars import FloatArray
from engine.calendar import TradingCalendar
from engine.claims import Target, claim_id
from engine.snapshot import Snapshot
from minds import gates
from minds.ahead import Told
from minds.baseline.kind import Leans
from minds.column import Column
from minds.cycle import Cycle
from minds.debate import debate, debates_ahead
from minds.known import Known
from minds.line import Line, Today
from minds.protocol import ask
from minds.record import kept_reading, kept_view
from minds.risk import RISKS, RiskDesk
from minds.synthesis import Forecast, Synthesis
from minds.view import Abstention, DebateLabel, GateResult, Missing, View
from minds.waiting import Waiting
from regimes.odds import MONTH, Facts
from regimes.reading import RegimeReading

__all__ = ["Days", "Prices", "Stretch"]

Document = dict[str, Any]
_Leans = tuple[float | None, ...]
_Said = tuple[View | Abstention, ...]
_Names = tuple[tuple[str, ...], ...]


class Days(NamedTuple):
    """What is at hand for some sessions in a row, an entry a session in each sequence.

    Attributes:
        first: position of the first session.
        as_of: ISO instants.
        data: digests of the bars known.
        readings: the regime.
        told: for each target and mind what it says.
        baselines: what they say.
        known: for each session and target what is known of it.
        facts: for each session and symbol with odds what they are made from.
        values: the value of each signal on each session, shape (signals, sessions).
        places: where each signal stands among these.
        snapshot: the snapshot of the session at a position, for those who must be asked; asked for in order.
    """

    first: int
    as_of: Sequence[str]
    data: Sequence[str]
    readings: Sequence[RegimeReading]
    told: Sequence[Sequence[Told]]
    baselines: Sequence[Leans]
    known: Sequence[tuple[Known, ...]]
    facts: Sequence[tuple[Facts, ...]]
    values: FloatArray
    places: Mapping[str, int]
    snapshot: Callable[[int], Snapshot]


class Prices(NamedTuple):
    """Prices of the whole run and what claims come to by them; all lists go by position of the session.

    Attributes:
        adjusted: symbol -> adjusted closes, None where there is no bar; only settlement reads them.
        quoted: symbol -> quoted closes, of which a session reads its own.
        came_to: (kind, symbol or pair, horizon) -> see `engine.resolve.came_to`.
    """

    adjusted: Mapping[str, Sequence[float | None]]
    quoted: Mapping[str, Sequence[float | None]]
    came_to: Mapping[tuple[str, str, int], Sequence[float | None]]


class _Spoken(NamedTuple):
    """What the minds say on one target, an entry a session in each list."""

    leans: list[_Leans]
    views: list[Document]
    debates: Sequence[tuple[DebateLabel, float]]


class _Called(NamedTuple):
    """A target, and what goes with it.

    Attributes:
        key: its name.
        target: what is called.
        horizon: of its claims.
        synthesis: who combines.
        line: its open direction claims.
        band: its interval claims.
        quoted: quoted closes by position of the session.
        direction: end of the identity of its direction claims, after the session.
        interval: likewise.
        overlaps: the lines of which calls may be open when the next one is made.
    """

    key: str
    target: Target
    horizon: int
    synthesis: Synthesis
    line: Line
    band: Column
    quoted: Sequence[float | None]
    direction: str
    interval: str
    overlaps: list[Line]


class Stretch:
    """Runs one cycle through stretches of sessions."""

    def __init__(self, cycle: Cycle, calendar: TradingCalendar, prices: Prices) -> None:
        self._cycle, self._calendar, self._prices = cycle, calendar, prices
        came_to = prices.came_to
        lines = {}
        for key, desk in cycle.desks.items():
            moves = came_to["direction", desk.target.symbol, desk.target.horizon]
            lines[key] = Line(desk, "direction", moves, prices.adjusted)
        self._targets = []
        for key, desk in cycle.desks.items():
            symbol, _, horizon = target = desk.target
            moves = came_to["direction", symbol, horizon]
            siblings = [lines[other] for other, each in cycle.desks.items() if each.target.symbol == symbol]
            self._targets.append(_Called(
                key, target, horizon, desk.synthesis, lines[key],
                Column(desk, "interval", horizon, moves, prices.adjusted), prices.quoted[symbol],
                claim_id("", symbol, "direction", horizon), claim_id("", symbol, "interval", horizon),
                [] if horizon == 1 and len(siblings) == 1 else siblings,
            ))  # fmt: skip
        self._risks = [
            (risk, [Column(risk, kind, MONTH, came_to[kind, risk.symbol, MONTH], prices.adjusted) for kind in RISKS])
            for risk in cycle.risks
        ]
        self._pairs = [
            (desk, Line(desk, "relative", came_to["relative", desk.pair.symbol, desk.pair.horizon], prices.adjusted))
            for desk in cycle.pairs
        ]
        self._next = 0
        self._nobody: tuple[None, ...] = (None,) * len(cycle.minds)

    def close(self) -> None:
        """Hand the open claims back to the cycle."""
        at = self._next
        for called in self._targets:
            waiting = [*called.line.hand_back(), *called.band.waiting(at)]
            self._cycle.desks[called.key].open.extend(sorted(waiting, key=_due))
        for risk, columns in self._risks:
            risk.open.extend(sorted([item for column in columns for item in column.waiting(at)], key=_due))
        for desk, line in self._pairs:
            desk.open.extend(line.hand_back())

    def run(self, days: Days) -> Iterator[Document]:
        """The documents of the next sessions."""
        count, names = len(days.as_of), self._cycle.names
        spoken = [_spoken(told, names, count) for told in days.told]
        everyone = [each for told in days.told for each in told]
        nothing: list[tuple[Any, ...]] = [()] * count
        signals = list(zip(*[each.signals for each in everyone], strict=True)) if everyone else nothing
        missing = list(zip(*[each.missing for each in everyone], strict=True)) if everyone else nothing
        values = _values(days, signals)
        self._next = days.first + count
        labels = self._calendar.labels[days.first : self._next]
        each_day = list(zip(labels, days.as_of, [reading.label for reading in days.readings], strict=True))
        for at, called in enumerate(self._targets):
            called.band.take(days.first, each_day, self._bands(called, at, days, labels))
        for at, (risk, columns) in enumerate(self._risks):
            for column, said in zip(columns, self._odds(risk, at, days, labels), strict=True):
                column.take(days.first, each_day, said)
        for row in range(count):
            yield self._day(days, row, spoken, values[row], signals[row], missing[row])

    def _day(
        self, days: Days, row: int, spoken: Sequence[_Spoken], values: Document, rests_on: _Names,
        lacks: tuple[tuple[Missing, ...], ...],
    ) -> Document:  # fmt: skip
        cycle, at = self._cycle, days.first + row
        today = Today(at, self._calendar.labels[at], days.as_of[row], days.readings[row])
        cycle.count += 1
        verdicts: list[Document] = []
        for called in self._targets:
            called.line.settle(cycle, at, today.session, verdicts)
            called.band.settle(cycle, row, at, today.session, verdicts)
        for _, columns in self._risks:
            for column in columns:
                column.settle(cycle, row, at, today.session, verdicts)
        for _, line in self._pairs:
            line.settle(cycle, at, today.session, verdicts)
        views, debates, asked, leans = {}, {}, {}, {}
        for called, ahead, known in zip(self._targets, spoken, days.known[row], strict=True):
            key, mine = called.key, ahead.leans[row]
            said: _Said | None = None
            if None in mine:
                said = asked[key] = self._ask(called.target, mine, days, row)
                mine = tuple([item.lean if isinstance(item, View) else None for item in said])
                own = ahead.views[row]
                views[key] = {item.mind: own[item.mind] or kept_view(item) for item in said}
                debates[key] = debate(said)[:2]
            else:
                views[key], debates[key] = ahead.views[row], ahead.debates[row]
            leans[key] = mine
            self._call(called, mine, said, known.base, today)
            band = called.band.said[row]
            if band is not None:
                today.claims.append(band)
        today.claims += [
            claim for _, columns in self._risks for column in columns if (claim := column.said[row]) is not None
        ]
        self._call_pairs(leans, today)
        lacking = list(lacks)
        if asked:
            values, lacking = self._with_asked(asked, values, rests_on, lacks)
        missing, since = cycle.lacking(lacking, today.session)
        return {
            "as_of": today.as_of, "baselines": days.baselines[row], "claims": today.claims, "cycle": cycle.count,
            "data": days.data[row], "debates": debates, "gates": [gate._asdict() for gate in today.held],
            "missing": since if since < today.session else dict(missing), "reading": kept_reading(today.reading),
            "session": today.session, "signals": values, "synthesis": today.experts, "verdicts": verdicts,
            "views": views,
        }  # fmt: skip

    def _ask(self, target: Target, leans: _Leans, days: Days, row: int) -> _Said:
        """Ask those whose view was not made ahead; of the others the lean is enough."""
        snapshot, reading = days.snapshot(days.first + row), days.readings[row]
        return tuple([
            ask(mind, snapshot, reading, target) if lean is None else View(mind.name, target.key, lean)
            for mind, lean in zip(self._cycle.minds, leans, strict=True)
        ])  # fmt: skip

    def _call(self, called: _Called, leans: _Leans, said: _Said | None, base: float, today: Today) -> None:
        """Publish the direction claim of one target as far as the gates let it."""
        target, horizon, session = called.target, called.horizon, today.session
        reference = called.quoted[today.at]
        if reference is None:
            today.hold(gates.reference_gate(target, None, session))
            return
        deadline = self._calendar.deadline(today.at, horizon)
        if deadline <= session:
            today.hold(gates.calendar_gate(target, deadline, session))
            return
        made = self._direction(called, leans, said, base, today)
        if made is None:
            return
        identity = session + called.direction
        claim = {
            "base_rate": base, "deadline": deadline, "horizon": horizon, "id": identity, "kind": "direction",
            "probability": made.probability, "reference": reference, "symbol": target.symbol,
        }  # fmt: skip
        called.synthesis.publish(identity, made)
        called.line.add(today.at + horizon, claim, today, leans)

    def _direction(
        self, called: _Called, leans: _Leans, said: _Said | None, base: float, today: Today
    ) -> Forecast | None:
        """The direction to publish; None when a gate says that there can be none."""
        share = 1.0
        if said is not None or today.reading.status == "degraded" or not leans:
            everyone = zip(self._cycle.names, leans, strict=True)
            said = said or tuple([View(name, called.key, lean or 0.0) for name, lean in everyone])
            checked = gates.coverage_gate(called.target, today.reading, said)
            if checked is not None:
                today.held.append(checked)
                share = gates.COVERAGE_CAP
                if checked.action == "abstain":
                    return None
        made = called.synthesis.forecast(base, leans, share)
        today.experts[called.key] = made.experts
        wanted = gates.side(made.probability)
        if any([line.opposes(wanted) for line in called.overlaps]):
            standing = [claim for line in called.overlaps for claim in line.standing()]
            netted = gates.netting_gate(called.target, made.probability, standing)
            if netted is not None:
                today.held.append(netted)
                return None
        return made

    def _bands(self, called: _Called, place: int, days: Days, labels: Sequence[str]) -> list[Document | None]:
        """The interval claims of one target; a gate that stops its calls stops these too."""
        horizon, symbol, quoted = called.horizon, called.target.symbol, called.quoted
        found: list[Document | None] = []
        for at, (session, known) in enumerate(zip(labels, days.known, strict=True), days.first):
            _, band, low, high = known[place]
            reference = quoted[at]
            if band is None or reference is None:
                found.append(None)
                continue
            deadline = self._calendar.deadline(at, horizon)
            found.append(None if deadline <= session else {
                "base_high": high, "base_low": low, "deadline": deadline, "high": math.expm1(band.high),
                "horizon": horizon, "id": session + called.interval, "kind": "interval", "low": math.expm1(band.low),
                "reference": reference, "symbol": symbol,
            })  # fmt: skip
        return found

    def _odds(self, risk: RiskDesk, place: int, days: Days, labels: Sequence[str]) -> list[list[Document | None]]:
        """The claims on how rough the next month will be, by kind."""
        quoted, symbol = self._prices.quoted[risk.symbol], risk.symbol
        tails = [claim_id("", symbol, kind, MONTH) for kind in RISKS]
        found: list[list[Document | None]] = [[] for _ in RISKS]
        for row, (facts, reading) in enumerate(zip(days.facts, days.readings, strict=True)):
            at, session = days.first + row, labels[row]
            risk.take(facts[place], reading.score)
            reference = quoted[at]
            for kind, tail, odds, claims in zip(RISKS, tails, risk.odds, found, strict=True):
                if odds is None or reference is None:
                    claims.append(None)
                    continue
                p, base_rate, threshold = odds
                claims.append({
                    "base_rate": base_rate, "deadline": self._calendar.deadline(at, MONTH), "horizon": MONTH,
                    "id": session + tail, "kind": kind, "probability": p, "reference": reference, "symbol": symbol,
                    "threshold": threshold,
                })  # fmt: skip
        return found

    def _call_pairs(self, leans: Mapping[str, _Leans], today: Today) -> None:
        if not self._pairs:
            return
        by_symbol = {called.target.symbol: leans[called.key] for called in reversed(self._targets)}
        quoted, adjusted = self._prices.quoted, self._prices.adjusted
        for desk, line in self._pairs:
            first, second = desk.pair.first.symbol, desk.pair.second.symbol
            desk.learn_from(adjusted[first], adjusted[second], today.at)
            reference = quoted[first][today.at]
            if reference is None or quoted[second][today.at] is None:
                today.held.append(desk.without_close())
                continue
            made = desk.forecast(by_symbol)
            if isinstance(made, GateResult):
                today.held.append(made)
                continue
            forecast, each = made
            horizon = desk.pair.horizon
            identity = claim_id(today.session, desk.pair.symbol, "relative", horizon)
            claim = {
                "base_rate": forecast.base, "deadline": self._calendar.deadline(today.at, horizon), "horizon": horizon,
                "id": identity, "kind": "relative", "probability": forecast.probability, "reference": reference,
                "symbol": first, "versus": second,
            }  # fmt: skip
            desk.synthesis.publish(identity, forecast)
            today.experts[desk.pair.key] = forecast.experts
            line.add(today.at + horizon, claim, today, each)

    def _with_asked(
        self, asked: Mapping[str, _Said], values: Document, rests_on: _Names, lacks: tuple[tuple[Missing, ...], ...]
    ) -> tuple[Document, list[tuple[Missing, ...]]]:
        """Values of signals, and what is lacking, where somebody was asked; what is said last counts."""
        found, lacking = dict[str, float](), list[tuple[Missing, ...]]()
        said = [item for called in self._targets for item in asked.get(called.key, self._nobody)]
        for item, names, lacked in zip(said, rests_on, lacks, strict=True):
            if item is None or names:
                found |= {name: values[name] for name in names}
                lacking.append(lacked)
            else:
                parts = item.contributions if isinstance(item, View) else ()
                found |= {part.signal: part.value for part in parts}
                lacking.append(item.missing)
        return found, lacking


def _due(item: Waiting) -> int:
    return item.due


def _values(days: Days, rests_on: Sequence[_Names]) -> list[Document]:
    """Values of the signals that views rest on, session by session."""
    used = dict.fromkeys([name for each in set(rests_on) for some in each for name in some])
    rows = days.values[[days.places[name] for name in used]].T.tolist()
    places = {name: at for at, name in enumerate(used)}
    picks: dict[_Names, tuple[list[str], Callable[[list[float]], tuple[float, ...]]]] = {}
    found: list[Document] = []
    last: _Names | None = None
    names: list[str] = []
    pick: Callable[[list[float]], tuple[float, ...]] = tuple
    for each, row in zip(rests_on, rows, strict=True):
        if each != last:
            last = each
            if each not in picks:
                mine = sorted({name for some in each for name in some})
                # Two places more than there are names, so that there is a tuple in any case.
                picks[each] = mine, itemgetter(*[places[name] for name in mine], 0, 0) if mine else tuple
            names, pick = picks[each]
        found.append(dict(zip(names, pick(row), strict=False)))
    return found


def _spoken(told: Sequence[Told], names: Sequence[str], count: int) -> _Spoken:
    """What all minds say on one target, session by session."""
    if not told:
        return _Spoken([()] * count, [{}] * count, [("silent", 0.0)] * count)
    leans = list(zip(*[each.leans for each in told], strict=True))
    views = [dict(zip(names, row, strict=True)) for row in zip(*[each.said for each in told], strict=True)]
    return _Spoken(leans, views, debates_ahead(leans))
