"""Laws of every run: numbers in their ranges, calls that settle and do not contradict, labels that do not flap.

Everything is worked out again from the claims, the verdicts and the raw bars of the world.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import TradingCalendar
from engine.claims import Claim
from minds.gates import side
from minds.view import View
from regimes.reading import LABELS
from scenarios import Fault, Scenario
from tests.laws.lawbook import PAIRS, TARGETS, Ran, law, live_worlds, ran

WORLDS = live_worlds(max_sessions=40)


@law(20, 200)
@given(WORLDS)
def test_ranges(scenario: Scenario) -> None:
    """Probabilities and base rates lie strictly between 0 and 1, leans from -1 to 1, and a lean is its evidence."""
    run = ran(scenario, seer=True)
    for claim in run.claims:
        if claim.kind == "interval":
            assert claim.low is not None and claim.high is not None and -1.0 < claim.low <= claim.high < math.inf
        else:
            assert claim.probability is not None and 0.0 < claim.probability < 1.0
            assert claim.base_rate is not None and 0.0 < claim.base_rate < 1.0
    for record in run.records:
        assert record.reading.score is None or -1.0 <= record.reading.score <= 1.0
        assert 0.0 <= record.reading.coverage <= 1.0 + 1e-12
        for said in [item for items in record.views.values() for item in items if isinstance(item, View)]:
            assert -1.0 <= said.lean <= 1.0
            total = sum(part.amount for part in said.contributions)
            assert said.mind == "seer" or abs(total - said.lean) <= 1e-9


@law(20, 200)
@given(WORLDS, st.sampled_from(["growth", "small", "market"]))
def test_every_claim_settles(scenario: Scenario, role: str) -> None:
    """Every claim has one verdict, once its sessions have traded, or a deadline after the end; a void says why."""
    frozen = Fault("stale", role, scenario.sessions // 2, 3)  # prices that do not move, among what else is wrong
    run = ran(replace(scenario, faults=(*scenario.faults, frozen)), seer=True)
    calendar, last = run.market.calendar, run.market.size - 1
    claims = {claim.id: claim for claim in run.claims}
    assert len(claims) == len(run.claims), "one identity, one claim"
    verdicts = {verdict.id: verdict for verdict in run.verdicts}
    assert len(verdicts) == len(run.verdicts) and verdicts.keys() <= claims.keys()
    for claim in run.claims:
        at = calendar.position(claim.session)
        assert claim.session < claim.deadline == scheduled(calendar, at, claim.horizon)
        if at + claim.horizon > last:
            assert claim.id not in verdicts
            continue
        verdict = verdicts[claim.id]
        assert verdict.settled == calendar.labels[at + claim.horizon] >= claim.deadline
        assert (verdict.result == "void") == bool(verdict.reason) == (verdict.outcome is None)
        assert (verdict.result == "void") == nothing_to_grade(run, claim, at)
    for record in run.records:
        assert all(verdict.settled == record.session for verdict in record.verdicts)


def scheduled(calendar: TradingCalendar, at: int, horizon: int) -> str:
    """The day on which a claim falls due, by the schedule that stood when it was made, counted day by day."""
    today = calendar.days[at]
    sudden = [day for day, known in calendar.surprises if day > today and known > today]
    return str(
        sorted([*calendar.days[at + 1 : at + 1 + horizon].tolist(), *[day.item() for day in sudden]])[horizon - 1]
    )


def nothing_to_grade(run: Ran, claim: Claim, at: int) -> bool:
    """Whether a bar is missing at either end, or two prices that are compared have not moved apart."""
    moves = []
    for symbol in [claim.symbol] if claim.versus is None else [claim.symbol, claim.versus]:
        prices = (
            run.market.column(symbol)[[at, at + claim.horizon]].tolist() if symbol in run.market.rows else [math.nan]
        )
        if any(price != price for price in prices):
            return True
        moves.append(prices[1] / prices[0])
    if claim.kind == "direction":
        return bool(moves[0] == 1.0)
    return claim.kind == "relative" and bool(moves[0] == moves[1])


@law(20, 200)
@given(WORLDS)
def test_open_calls_agree(scenario: Scenario) -> None:
    """No two direction calls that are open on one symbol at a time take different sides."""
    run = ran(scenario, seer=True, early=60)
    held: dict[str, Claim] = {}
    for record in run.records:
        for verdict in record.verdicts:
            held.pop(verdict.id, None)
        held |= {claim.id: claim for claim in record.claims if claim.kind == "direction"}
        sides = defaultdict(set)
        for claim in held.values():
            sides[claim.symbol].add(side(claim.probability or 0.0))
        assert all(len(taken) == 1 for taken in sides.values())


@law(15, 150)
@given(WORLDS)
def test_a_call_or_a_reason(scenario: Scenario) -> None:
    """On every session every target has a direction call, or a gate that says why there is none."""
    for record in ran(scenario).records:
        called = {(claim.symbol, claim.horizon) for claim in record.claims if claim.kind == "direction"}
        stopped = {gate.target: gate.reason for gate in record.gates if gate.action == "abstain"}
        for target in TARGETS:
            assert ((target.symbol, target.horizon) in called) != (target.key in stopped)
        compared = {f"{claim.symbol}-over-{claim.versus}:{claim.horizon}" for claim in record.claims if claim.versus}
        for pair in PAIRS:
            assert (pair.key in compared) != (pair.key in stopped)
        assert all(stopped.values())


@law(15, 200)
@given(WORLDS)
def test_the_synthesis_bound(scenario: Scenario) -> None:
    """On any run, each target's total Brier score exceeds its base rate's by ln 2 / 2 a copy at most."""
    run = ran(scenario, seer=True, early=60)
    claims = {claim.id: claim for claim in run.claims}
    excess: dict[tuple[object, ...], float] = defaultdict(float)
    waiting: dict[tuple[object, ...], int] = defaultdict(int)
    most: dict[tuple[object, ...], int] = defaultdict(int)
    for record in run.records:
        for verdict in record.verdicts:
            claim = claims[verdict.id]
            if claim.kind not in ("direction", "relative"):
                continue
            key = desk(claim)
            waiting[key] -= 1
            if verdict.outcome is not None:
                assert claim.probability is not None and claim.base_rate is not None
                ours, theirs = claim.probability - verdict.outcome, claim.base_rate - verdict.outcome
                excess[key] += ours * ours - theirs * theirs
        for claim in record.claims:
            if claim.kind in ("direction", "relative"):
                waiting[desk(claim)] += 1
                most[desk(claim)] = max(most[desk(claim)], waiting[desk(claim)])
        for key, found in excess.items():
            assert found <= math.log(2.0) / 2.0 * most[key] + 1e-9


def desk(claim: Claim) -> tuple[object, ...]:
    return claim.kind, claim.symbol, claim.versus, claim.horizon


EDGES = {
    ("risk_on", "neutral"), ("risk_on", "risk_off"), ("risk_on", "crisis"), ("neutral", "risk_on"),
    ("neutral", "risk_off"), ("neutral", "crisis"), ("risk_off", "neutral"), ("risk_off", "crisis"),
    ("crisis", "risk_off"), ("crisis", "neutral"),
}  # fmt: skip
"""Written down once more: a crisis never ends in risk-on, nor does risk-off."""


@law(20, 250)
@given(live_worlds(min_sessions=30, max_sessions=90, regimes=("crisis", "melt_up", "slide", "recovery", "calm")))
def test_labels_last(scenario: Scenario) -> None:
    """Labels change along the table; risk-off lasts five sessions and risk-on three, unless something worse comes."""
    readings = [record.reading for record in ran(scenario, early=60).records]
    for before, now in pairwise(readings):
        assert before.label == now.label or (before.label, now.label) in EDGES
        assert now.sessions == (before.sessions + 1 if now.label == before.label else 1)
        assert (now.since == before.since) == (now.label == before.label)
    stays = [(label, [reading.sessions for reading in stay]) for label, stay in groupby(readings, lambda r: r.label)]
    assert all(label in LABELS for label, _ in stays)
    for (label, lasted), (then, _) in pairwise(stays):
        if label == "risk_off" and then == "neutral":
            assert lasted[-1] >= 5
        if label == "risk_on" and then == "neutral":
            assert lasted[-1] >= 3
        if label == "crisis":
            assert lasted[-1] >= 5, "it takes five calm sessions, and the first of a crisis is not calm"
