"""The cycle: one session from snapshot to record. The only path, for a day in 2003 and for today.

Contract: `prime` and `warm` let the learners see sessions before the run; `run` makes a session's calls. Sessions come
in order, each once. Within a session: settle what is due, learn from it, ask, debate, combine, gate, claim. Nothing is
read but the snapshot and the feed behind it, and feedback enters only as verdicts that are already due.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine.claims import Claim, Pair, Target, Verdict, claim_id
from engine.resolve import resolve
from engine.signals.spec import Signal
from engine.snapshot import Feed, Snapshot
from minds import gates
from minds.ahead import Ahead
from minds.baseline import Baseline
from minds.debate import debate
from minds.known import Known
from minds.pairs import PairDesk
from minds.protocol import Mind, ask
from minds.record import CycleRecord, MindRecord
from minds.risk import RiskDesk
from minds.synthesis import Forecast
from minds.tally import Tally
from minds.target import TargetDesk
from minds.view import Abstention, Debate, GateResult, Missing, View
from minds.waiting import Draft, Waiting
from regimes.odds import MONTH, Facts
from regimes.reading import RegimeReading

__all__ = ["Cycle", "Desk"]

Desk = TargetDesk | RiskDesk | PairDesk
Said = tuple[View | Abstention, ...]


class Cycle:
    """Runs sessions in order and remembers what it may."""

    def __init__(
        self, feed: Feed, minds: Sequence[Mind], targets: Sequence[Target], pairs: Sequence[Pair] = (),
        baselines: Sequence[Baseline] = (),
    ) -> None:  # fmt: skip
        self.minds, self.targets, self.baselines = tuple(minds), tuple(targets), tuple(baselines)
        self.names = tuple(mind.name for mind in minds)
        self.desks = {target.key: TargetDesk(target, self.names) for target in targets}
        roles = {target.symbol: target.role for target in targets}
        # Score, volatility index and threshold belong to the lead; on other symbols the odds did not beat the base rate
        # beyond doubt, and a claim that says little only repeats the lead's month.
        self.risks = [RiskDesk(symbol, role) for symbol, role in list(roles.items())[:1]]
        self.pairs = [PairDesk(pair, self.names) for pair in pairs]
        self._siblings = {
            symbol: [desk for desk in self.desks.values() if desk.target.symbol == symbol] for symbol in roles
        }
        self.tally = Tally((*self.names, "synthesis"))
        self._all: list[Desk] = [*self.desks.values(), *self.risks, *self.pairs]
        self._lacking: tuple[list[tuple[Missing, ...]], tuple[Missing, ...], str] = ([], (), "")
        self._nothing: tuple[tuple[None, ...], ...] = ((None,) * len(self.minds),) * len(self.desks)
        self._feed = feed
        self._prices = {symbol: feed.prices(symbol) for symbol in roles}
        self._quotes = {symbol: feed.prices(symbol, "close") for symbol in roles}
        self.count = 0

    def prime(self, sessions: int) -> None:
        """Take in the first `sessions` sessions, before any `warm`."""
        for pair in self.pairs if sessions else ():
            first, second = (
                self._feed.history(target.symbol, sessions - 1, sessions, "adj_close")
                for target in (pair.pair.first, pair.pair.second)
            )
            pair.prime(first, second)

    def warm(self, at: int, score: float | None, facts: Sequence[Facts]) -> None:
        """Learn from session `at`, before the run, with its regime score: no call is made."""
        for risk, known in zip(self.risks, facts, strict=True):
            risk.take(known, score)
        for pair in self.pairs:
            pair.learn(self._feed, at)

    def run(
        self, snapshot: Snapshot, reading: RegimeReading, *, quote: bool = False, ahead: Ahead | None = None
    ) -> CycleRecord:
        """Make this session's calls.

        Args:
            snapshot: what is known.
            reading: the regime.
            quote: whether to gather the readings that an essay may cite as well.
            ahead: what is at hand for this session, in a run that has it from the first session on.
        """
        self.count += 1
        verdicts = [
            verdict for desk in self._all for verdict in self.settle(desk, snapshot.at, snapshot.session, self._prices)
        ]
        views: dict[str, Said] = {}
        debates: dict[str, Debate] = {}
        forecasts: dict[str, Forecast] = {}
        claims: list[Claim] = []
        held: list[GateResult] = []
        as_of = snapshot.as_of.isoformat()
        ahead = ahead or self._by_itself(snapshot, reading)
        for (key, desk), made, known in zip(self.desks.items(), ahead.views, ahead.known, strict=True):
            said = tuple([
                ask(mind, snapshot, reading, desk.target) if view is None else view
                for mind, view in zip(self.minds, made, strict=True)
            ])  # fmt: skip
            views[key], debates[key] = said, debate(said)
            draft = self._draft(desk.target, snapshot, as_of, claims, held)
            if draft is not None:
                forecast = self._call(desk, draft, reading, said, known, claims, held)
                if forecast is not None:
                    forecasts[key] = forecast
        self._call_risks(snapshot, as_of, reading, ahead.facts, claims)
        self._call_pairs(snapshot, as_of, reading, views, claims, held, forecasts)
        lacks = [spoken.missing for said in views.values() for spoken in said]
        missing, since = self.lacking(lacks, snapshot.session)
        return CycleRecord(
            cycle=self.count, session=snapshot.session, as_of=snapshot.as_of, timezone=self._feed.calendar.timezone,
            data=snapshot.data, reading=reading, targets=self.targets, views=views, debates=debates,
            claims=tuple(claims), gates=tuple(held), verdicts=tuple(verdicts),
            records=self._records(reading) if quote else (), missing=missing,
            signals=_quotes(snapshot) if quote else {}, forecasts=forecasts, missing_since=since,
            events=snapshot.events() if quote else (), baselines=ahead.baselines,
        )  # fmt: skip

    def synthesis_copies(self) -> int:
        """Copies of the aggregator over all targets: the D of the synthesis bound."""
        return sum(len(desk.synthesis.copies) for desk in self.desks.values())

    def settle(self, desk: Desk, now: int, session: str, prices: Mapping[str, Sequence[float | None]]) -> list[Verdict]:
        """Grade what is due at one desk, and let those learn who had a part in it.

        Args:
            desk: whose claims.
            now: position of the session.
            session: its ISO day.
            prices: symbol -> adjusted closes by session.
        """
        verdicts = []
        waits = desk.open
        while waits and waits[0].due <= now:
            claim, due, label, leans = waits.popleft()
            span = slice(due - claim.horizon, due + 1)
            versus = prices[claim.versus][span] if claim.versus else ()
            verdict = resolve(claim, prices[claim.symbol][span], session, versus)
            verdicts.append(verdict)
            if leans:
                self.learn(desk, claim.kind, claim.id, claim.probability, label, leans, verdict.outcome)
        return verdicts

    def learn(
        self, desk: Desk, kind: str, identity: str, probability: float | None, label: str,
        leans: tuple[float | None, ...], outcome: int | None,
    ) -> None:  # fmt: skip
        """Let minds and synthesis learn what became of a claim in which they had a part; None: it is void."""
        if not isinstance(desk, RiskDesk):
            desk.synthesis.settle(identity, outcome)
            if kind == "direction" and outcome is not None:
                self.tally.add(label, (*leans, (probability or 0.0) - 0.5), outcome)

    def _draft(
        self, target: Target, snapshot: Snapshot, as_of: str, claims: list[Claim], held: list[GateResult]
    ) -> Draft | None:
        """What today's claims on a target have in common, unless a gate says that there can be none."""
        session = snapshot.session
        identity = claim_id(session, target.symbol, "direction", target.horizon)
        stop = gates.unique_gate(target, identity, claims) if claims else None
        draft = self._common(target.symbol, target.horizon, snapshot, as_of)
        if draft is None:
            stop = gates.reference_gate(target, None, session)
        else:
            stop = stop or gates.calendar_gate(target, draft.deadline, session)
        if stop is not None:
            held.append(stop)
            return None
        return draft

    def _common(self, symbol: str, horizon: int, snapshot: Snapshot, as_of: str) -> Draft | None:
        """The same without gates; None when there is no close to measure from."""
        reference = self._quotes[symbol][snapshot.at]
        if reference is None:
            return None
        deadline = self._feed.calendar.deadline(snapshot.at, horizon)
        return Draft(symbol, horizon, snapshot.session, as_of, reference, deadline, snapshot.at + horizon)

    def _call(
        self, desk: TargetDesk, draft: Draft, reading: RegimeReading, said: Said, known: Known,
        claims: list[Claim], held: list[GateResult],
    ) -> Forecast | None:  # fmt: skip
        """Publish the direction and interval claims of one target as far as the gates let them."""
        made = self._direction(desk, draft, reading, said, known.base, claims, held)
        band = known.band
        if band is not None:
            identity = claim_id(draft.session, draft.symbol, "interval", draft.horizon)
            claim = draft.claim(
                "interval", identity, None, None, math.expm1(band.low), math.expm1(band.high), known.low,
                known.high,
            )  # fmt: skip
            claims.append(claim)
            desk.open.append(Waiting(claim, draft.due, reading.label))
        return made

    def _direction(
        self, desk: TargetDesk, draft: Draft, reading: RegimeReading, said: Said, base: float,
        claims: list[Claim], held: list[GateResult],
    ) -> Forecast | None:  # fmt: skip
        checked = gates.coverage_gate(desk.target, reading, said)
        if checked is not None:
            held.append(checked)
            if checked.action == "abstain":
                return None
        leans = tuple([item.lean if isinstance(item, View) else None for item in said])
        made = desk.synthesis.forecast(base, leans, gates.COVERAGE_CAP if checked else 1.0)
        standing = [item.claim for other in self._siblings[draft.symbol] for item in other.open]
        netted = gates.netting_gate(desk.target, made.probability, standing) if standing else None
        if netted is not None:
            held.append(netted)
            return made
        identity = claim_id(draft.session, draft.symbol, "direction", draft.horizon)
        claim = draft.claim("direction", identity, made.probability, made.base)
        desk.synthesis.publish(claim.id, made)
        desk.open.append(Waiting(claim, draft.due, reading.label, leans))
        claims.append(claim)
        return made

    def _by_itself(self, snapshot: Snapshot, reading: RegimeReading) -> Ahead:
        """What a session knows when nothing was worked out ahead."""
        known = tuple([desk.know(self._feed, snapshot) for desk in self.desks.values()])
        plain = {
            target.key: tuple([
                said.lean if isinstance(said := ask(mind, snapshot, reading, target), View) else None
                for mind in self.baselines
            ])
            for target in self.targets
        }  # fmt: skip
        return Ahead(self._nothing, known, (None,) * len(self.risks), plain)

    def _call_risks(
        self, snapshot: Snapshot, as_of: str, reading: RegimeReading, facts: Sequence[Facts | None],
        claims: list[Claim],
    ) -> None:  # fmt: skip
        for risk, known in zip(self.risks, facts, strict=True):
            if known is None:
                risk.look(snapshot, reading.score)
            else:
                risk.take(known, reading.score)
            draft = self._common(risk.symbol, MONTH, snapshot, as_of)
            if draft is not None:
                claims.extend(risk.call(draft, reading.label))

    def _call_pairs(
        self, snapshot: Snapshot, as_of: str, reading: RegimeReading, views: Mapping[str, Said], claims: list[Claim],
        held: list[GateResult], forecasts: dict[str, Forecast],
    ) -> None:  # fmt: skip
        by_symbol = {desk.target.symbol: views[key] for key, desk in reversed(self.desks.items())}
        for pair in self.pairs:
            pair.learn(self._feed, snapshot.at)
            draft = self._common(pair.pair.first.symbol, pair.pair.horizon, snapshot, as_of)
            if draft is None or snapshot.price(pair.pair.second.symbol) is None:
                held.append(pair.without_close())
                continue
            said = pair.call(draft, by_symbol, reading.label)
            if isinstance(said, GateResult):
                held.append(said)
            else:
                claims.append(said[0])
                forecasts[pair.pair.key] = said[1]

    def lacking(self, lacks: list[tuple[Missing, ...]], session: str) -> tuple[tuple[Missing, ...], str]:
        """What anybody lacks, each once, by name, and since when; it hardly ever differs from the session before."""
        before, missing, since = self._lacking
        if lacks != before or not since:
            by_name = {item.signal: item for lacked in lacks for item in lacked}
            found = tuple([by_name[name] for name in sorted(by_name)])
            self._lacking = (lacks, found, since if since and found == missing else session)
        return self._lacking[1:]

    def _records(self, reading: RegimeReading) -> tuple[MindRecord, ...]:
        weights = self.desks[self.targets[0].key].synthesis.weights()
        return tuple(
            self.tally.record(name, regime, weights.get(name))
            for name in (*self.names, "synthesis")
            for regime in (reading.label, "all")
        )


def _quotes(snapshot: Snapshot) -> dict[str, Signal]:
    readings = ((name, snapshot.signal(name)) for name in snapshot.names())
    return {name: reading for name, reading in readings if reading is not None}
