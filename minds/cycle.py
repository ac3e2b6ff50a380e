"""The cycle: one session from snapshot to record. The only path, for a day in 2003 and for today.

Contract: `prime` and `warm` let the learners see sessions before the run; `run` makes a session's calls. Sessions come
in order, each once. Within a session: settle what is due, learn from it, ask, debate, combine, gate, claim. Nothing is
read but the snapshot and the feed behind it, and feedback enters only as verdicts that are already due.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from engine.bars import FloatArray
from engine.claims import Claim, Target, Verdict, claim_id
from engine.resolve import resolve
from engine.scoring import BaseRate, ExpandingQuantile
from engine.signals.spec import Signal
from engine.snapshot import Feed, Snapshot
from minds import gates
from minds.debate import debate
from minds.intervals import Band, IntervalForecaster
from minds.protocol import Mind, ask
from minds.record import CycleRecord, MindRecord
from minds.synthesis import Forecast, Synthesis
from minds.tally import Tally
from minds.view import Abstention, Debate, GateResult, Missing, View
from regimes.reading import RegimeReading

__all__ = ["Cycle"]

Said = tuple[View | Abstention, ...]


class _Open(NamedTuple):
    """A claim that waits for its deadline, and what is needed to grade who said it."""

    claim: Claim
    due: int
    label: str
    leans: tuple[float | None, ...]


class _Desk:
    """Everything that is learned about one target."""

    def __init__(self, target: Target, minds: Sequence[str]) -> None:
        self.target = target
        self.volatility = f"{target.role}.ewma_vol"
        self.base = BaseRate()
        self.past = ExpandingQuantile()
        self.intervals = IntervalForecaster(target.horizon)
        self.synthesis = Synthesis(minds)
        self.open: deque[_Open] = deque()
        self._said: deque[tuple[float | None, Band | None]] = deque()

    def prime(self, prices: FloatArray) -> None:
        """Base rate and past returns from long before the run, at once; intervals need no more than `warm`."""
        horizon = self.target.horizon
        growth = prices[horizon:] / prices[:-horizon]
        growth = growth[~np.isnan(growth)]
        for ratio in growth[growth != 1.0].tolist():
            self.base.add(ratio > 1.0)
        self.past.extend((growth - 1.0).tolist())
        self._said.extend([(None, None)] * min(horizon, len(prices)))

    def learn(self, feed: Feed, at: int) -> None:
        """The return that ends today joins the base rate and the intervals."""
        if len(self._said) < self.target.horizon:
            return
        sigma, band = self._said.popleft()
        start, end = feed.price(self.target.symbol, at - self.target.horizon), feed.price(self.target.symbol, at)
        if start is None or end is None:
            return
        realised = math.log(end / start)
        if realised != 0.0:
            self.base.add(realised > 0.0)
        self.past.add(end / start - 1.0)
        self.intervals.observe(realised, sigma, band)

    def look(self, snapshot: Snapshot) -> Band | None:
        """Today's interval, remembered for the day on which it can be checked."""
        sigma = snapshot.value(self.volatility)
        band = self.intervals.predict(sigma)
        self._said.append((sigma, band))
        return band


class Cycle:
    """Runs sessions in order and remembers what it may."""

    def __init__(self, feed: Feed, minds: Sequence[Mind], targets: Sequence[Target]) -> None:
        self.minds, self.targets = tuple(minds), tuple(targets)
        self.names = tuple(mind.name for mind in minds)
        self.desks = {target.key: _Desk(target, self.names) for target in targets}
        self._siblings = {
            symbol: [desk for desk in self.desks.values() if desk.target.symbol == symbol]
            for symbol in {target.symbol for target in targets}
        }
        self.tally = Tally((*self.names, "synthesis"))
        self._feed = feed
        self._count = 0

    def prime(self, sessions: int) -> None:
        """Take in the first `sessions` sessions of history, before any `warm`."""
        for desk in self.desks.values():
            if sessions:
                desk.prime(self._feed.history(desk.target.symbol, sessions - 1, sessions, "adj_close"))

    def warm(self, snapshot: Snapshot) -> None:
        """Learn from a session before the run: base rates and intervals see it, no call is made."""
        for desk in self.desks.values():
            desk.learn(self._feed, snapshot.at)
            desk.look(snapshot)

    def run(self, snapshot: Snapshot, reading: RegimeReading, *, quote: bool = False) -> CycleRecord:
        """Make this session's calls; `quote` also gathers the readings that an essay may cite."""
        self._count += 1
        verdicts = [verdict for desk in self.desks.values() for verdict in self._settle(desk, snapshot)]
        views: dict[str, Said] = {}
        debates: dict[str, Debate] = {}
        forecasts: dict[str, Forecast] = {}
        claims: list[Claim] = []
        held: list[GateResult] = []
        for key, desk in self.desks.items():
            desk.learn(self._feed, snapshot.at)
            band = desk.look(snapshot)
            said = tuple([ask(mind, snapshot, reading, desk.target) for mind in self.minds])
            views[key], debates[key] = said, debate(said)
            made = self._call(desk, snapshot, reading, said, band, claims, held)
            if made is not None:
                forecasts[key] = made
        return CycleRecord(
            cycle=self._count, session=snapshot.session, as_of=snapshot.as_of, timezone=self._feed.calendar.timezone,
            data=snapshot.data, reading=reading, targets=self.targets, views=views, debates=debates,
            claims=tuple(claims), gates=tuple(held), verdicts=tuple(verdicts),
            records=self._records(reading) if quote else (), missing=_missing(views.values()),
            signals=_quotes(snapshot) if quote else {}, forecasts=forecasts,
        )  # fmt: skip

    def synthesis_copies(self) -> int:
        """Copies of the aggregator over all targets: the D of the synthesis bound."""
        return sum(len(desk.synthesis.copies) for desk in self.desks.values())

    def _settle(self, desk: _Desk, snapshot: Snapshot) -> list[Verdict]:
        verdicts = []
        while desk.open and desk.open[0].due <= snapshot.at:
            waiting = desk.open.popleft()
            claim = waiting.claim
            start = self._feed.price(claim.symbol, waiting.due - claim.horizon)
            verdict = resolve(claim, start, self._feed.price(claim.symbol, waiting.due), snapshot.session)
            verdicts.append(verdict)
            if claim.kind != "direction":
                continue
            desk.synthesis.settle(claim.id, verdict.outcome)
            if verdict.outcome is not None:
                for name, lean in zip(self.names, waiting.leans, strict=True):
                    self.tally.add(name, waiting.label, lean, verdict.outcome)
                self.tally.add("synthesis", waiting.label, (claim.probability or 0.0) - 0.5, verdict.outcome)
        return verdicts

    def _call(
        self, desk: _Desk, snapshot: Snapshot, reading: RegimeReading, said: Said, band: Band | None,
        claims: list[Claim], held: list[GateResult],
    ) -> Forecast | None:  # fmt: skip
        """Publish the direction and interval claims of one target as far as the gates let them."""
        target, session = desk.target, snapshot.session
        reference = snapshot.price(target.symbol)
        deadline = self._feed.calendar.deadline(snapshot.at, target.horizon)
        identity = claim_id(session, target.symbol, "direction", target.horizon)
        for stop in (
            gates.reference_gate(target, reference, session),
            gates.calendar_gate(target, deadline, session),
            gates.unique_gate(target, identity, claims),
        ):
            if stop is not None:
                held.append(stop)
                return None
        assert reference is not None  # the reference gate has just said so
        due = snapshot.at + target.horizon
        about = (target.symbol, target.horizon, session, snapshot.as_of.isoformat(), reference, deadline)
        made = self._direction(desk, reading, said, Claim(identity, "direction", *about), due, claims, held)
        if band is not None and len(desk.past):
            claim = Claim(
                claim_id(session, target.symbol, "interval", target.horizon), "interval", *about,
                low=math.expm1(band.low), high=math.expm1(band.high),
                base_low=desk.past.quantile(0.1), base_high=desk.past.quantile(0.9),
            )  # fmt: skip
            claims.append(claim)
            desk.open.append(_Open(claim, due, reading.label, ()))
        return made

    def _direction(
        self, desk: _Desk, reading: RegimeReading, said: Said, draft: Claim, due: int,
        claims: list[Claim], held: list[GateResult],
    ) -> Forecast | None:  # fmt: skip
        checked = gates.coverage_gate(desk.target, reading, said)
        if checked is not None:
            held.append(checked)
            if checked.action == "abstain":
                return None
        leans = tuple([item.lean if isinstance(item, View) else None for item in said])
        made = desk.synthesis.forecast(desk.base.value, leans, gates.COVERAGE_CAP if checked else 1.0)
        standing = [item.claim for other in self._siblings[desk.target.symbol] for item in other.open]
        netted = gates.netting_gate(desk.target, made.probability, standing)
        if netted is not None:
            held.append(netted)
            return made
        claim = draft._replace(probability=made.probability, base_rate=made.base)
        desk.synthesis.publish(claim.id, made)
        desk.open.append(_Open(claim, due, reading.label, leans))
        claims.append(claim)
        return made

    def _records(self, reading: RegimeReading) -> tuple[MindRecord, ...]:
        weights = self.desks[self.targets[0].key].synthesis.weights()
        return tuple(
            self.tally.record(name, regime, weights.get(name))
            for name in (*self.names, "synthesis")
            for regime in (reading.label, "all")
        )


def _missing(views: Iterable[Said]) -> tuple[Missing, ...]:
    found = {item.signal: item for said in views for spoken in said for item in spoken.missing}
    return tuple(found[name] for name in sorted(found))


def _quotes(snapshot: Snapshot) -> dict[str, Signal]:
    readings = ((name, snapshot.signal(name)) for name in snapshot.names())
    return {name: reading for name, reading in readings if reading is not None}
