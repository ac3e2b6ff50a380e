"""Runs over invented markets, every claim and verdict worked out once more from the raw bars, slowly.

Worlds have holes, halts, late listings and bad prints; minds are the built-in ones, one that knows tomorrow, one that
knows it and says the opposite, and one that flips. What is compared here never comes from the product's own columns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from engine.bars import Bars
from engine.claims import Claim, Target, Verdict
from engine.market import Market
from engine.signals.table import signal_table
from minds.intervals import Band, IntervalForecaster
from minds.protocol import Mind
from minds.record import CycleRecord
from minds.registry import load_minds
from minds.view import View
from tests.runs import TARGETS, Fixed, Prices, records, snapshots
from tests.worlds import WORLD, invented_bars

SESSIONS, START = 640, 90
MANY = (*TARGETS, Target("MKT", "market", 2), Target("MKT", "market", 5), Target("GRO", "growth", 3))
ODD = (Target("AU", "gold", 4), Target("S05", "S05", 1), Target("S11", "S11", 2), Target("SML", "small", 1))


class World(NamedTuple):
    """One run and the raw prices that it came from."""

    prices: Prices
    run: list[CycleRecord]
    targets: tuple[Target, ...]

    def at(self, claim: Claim) -> int:
        return self.prices.at[claim.session]

    def claims(self, kind: str = "") -> list[Claim]:
        return [claim for record in self.run for claim in record.claims if kind in ("", claim.kind)]

    def verdicts(self) -> dict[str, Verdict]:
        return {verdict.id: verdict for record in self.run for verdict in record.verdicts}


def knowing(prices: Prices, targets: Sequence[Target], name: str, sign: float) -> Mind:
    """A mind that knows what will happen, and says it (or its opposite) with all its might."""
    leans = {}
    for target in targets:
        for at, session in enumerate(prices.sessions[: -target.horizon]):
            ratio = prices.ratio(target.symbol, at, at + target.horizon)
            if ratio is not None:
                leans[session, target.key] = sign if ratio > 1.0 else -sign
    return Fixed(name, leans)


def flipping(prices: Prices, targets: Sequence[Target]) -> Mind:
    return Fixed("flips", {
        (session, target.key): (-1.0) ** (at // 7) * (0.1 + 0.9 * (at % 5) / 4)
        for target in targets for at, session in enumerate(prices.sessions)
    })  # fmt: skip


KINDS = ("built-in", "seer", "liar", "all")
CASES = [
    (1, "built-in", TARGETS),
    (2, "seer", MANY),
    (3, "liar", MANY),
    (4, "all", MANY),
    (5, "seer", ODD),
    (6, "all", ODD),
]


@cache
def world(case: int) -> World:
    seed, kind, targets = CASES[case]
    bars = invented_bars(seed, SESSIONS)
    prices = Prices(bars)
    assert len(prices.sessions) == SESSIONS, "a session on which no symbol at all has a bar"
    built_in, seer, liar = load_minds(), knowing(prices, targets, "seer", 1.0), knowing(prices, targets, "liar", -1.0)
    minds: Mapping[str, tuple[Mind, ...]] = {
        "built-in": built_in, "seer": (seer,), "liar": (liar,),
        "all": (*built_in, seer, liar, flipping(prices, targets)),
    }  # fmt: skip
    return World(prices, records(Market.build(WORLD, bars), START, targets, minds[kind]), targets)


every = pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{kind}-{seed}" for seed, kind, _ in CASES])


@every
def test_published_is_resolved_and_void_and_open(case: int) -> None:
    here = world(case)
    published = {claim.id: claim for claim in here.claims()}
    verdicts = [verdict for record in here.run for verdict in record.verdicts]
    assert len(published) == len(here.claims()) and len(verdicts) == len(here.verdicts()), "no identity twice"
    assert set(here.verdicts()) <= set(published)
    still_open = {claim.id for claim in published.values() if here.at(claim) + claim.horizon >= SESSIONS}
    assert set(published) - set(here.verdicts()) == still_open
    assert still_open, "the last sessions leave claims open"
    assert [record.session for record in here.run] == here.prices.sessions[START:]


@every
def test_a_verdict_comes_when_its_sessions_have_traded_and_not_before(case: int) -> None:
    here = world(case)
    due = {claim.id: here.at(claim) + claim.horizon for claim in here.claims()}
    for record in here.run:
        for verdict in record.verdicts:
            assert verdict.settled == record.session == here.prices.sessions[due[verdict.id]]


@every
def test_claims_say_what_was_known(case: int) -> None:
    """Reference, identity, instants and deadline; which targets could speak at all."""
    here = world(case)
    for record in here.run:
        for claim in record.claims:
            assert claim.session == record.session and claim.as_of == record.as_of.isoformat()
            assert claim.id == f"{claim.session}/{claim.symbol}/{claim.kind}/{claim.horizon}"
            assert claim.reference == here.prices.of(claim.symbol, here.at(claim), "close")
            planned = here.at(claim) + claim.horizon
            if planned < SESSIONS and not "2001-08-27" <= claim.session <= "2001-09-10":
                assert claim.deadline == here.prices.sessions[planned]
            if claim.kind == "direction":
                assert claim.probability is not None and 0.0 < claim.probability < 1.0
    for target in here.targets:
        closed = {
            here.prices.sessions[at] for at in range(START, SESSIONS) if here.prices.of(target.symbol, at) is None
        }
        held = {r.session for r in here.run for g in r.gates if (g.gate, g.target) == ("reference", target.key)}
        assert held == closed
        spoke = {claim.session for claim in here.claims() if (claim.symbol, claim.horizon) == target[::2]}
        assert not spoke & closed


@every
def test_every_verdict_again_from_the_bars(case: int) -> None:
    here = world(case)
    verdicts, results = here.verdicts(), set()
    for claim in here.claims():
        if claim.id not in verdicts:
            continue
        verdict, start = verdicts[claim.id], here.at(claim)
        results.add(verdict.result)
        ratio = here.prices.ratio(claim.symbol, start, start + claim.horizon)
        if ratio is None:
            assert (verdict.result, verdict.outcome, verdict.score) == ("void", None, None)
            assert verdict.reason == f"no bar for {claim.symbol} on {verdict.settled}"
        elif claim.kind == "direction":
            _check_direction(claim, verdict, ratio)
        else:
            _check_interval(claim, verdict, ratio)
    assert results == {"right", "wrong", "void"}


def _check_direction(claim: Claim, verdict: Verdict, ratio: float) -> None:
    assert claim.probability is not None and claim.base_rate is not None
    if ratio == 1.0:
        assert (verdict.result, verdict.outcome, verdict.score) == ("void", None, None)
        assert verdict.reason == f"{claim.symbol} closed unchanged"
        return
    rose = ratio > 1.0
    assert verdict.outcome == rose and verdict.reason == ""
    assert verdict.result == ("right" if (claim.probability >= 0.5) == rose else "wrong")
    given_to_it = claim.probability if rose else 1.0 - claim.probability
    assert verdict.score == pytest.approx((1.0 - given_to_it) ** 2, abs=1e-14)
    assert verdict.base_score == pytest.approx((claim.base_rate - rose) ** 2, abs=1e-14)
    assert verdict.log_score == pytest.approx(-math.log(min(max(given_to_it, 0.02), 0.98)), rel=1e-12)
    assert verdict.realised == pytest.approx(ratio - 1.0, abs=1e-15)


def _check_interval(claim: Claim, verdict: Verdict, ratio: float) -> None:
    low, high, base_low, base_high = claim.low, claim.high, claim.base_low, claim.base_high
    assert low is not None and high is not None and base_low is not None and base_high is not None
    realised = ratio - 1.0
    assert verdict.outcome == (low <= realised <= high) and verdict.result == ("right" if verdict.outcome else "wrong")
    for score, (bottom, top) in ((verdict.score, (low, high)), (verdict.base_score, (base_low, base_high))):
        outside = max(bottom - realised, 0.0) + max(realised - top, 0.0)
        assert score == pytest.approx(top - bottom + 10.0 * outside, rel=1e-12)
    assert verdict.log_score is None


@every
def test_base_rates_again_from_the_bars(case: int) -> None:
    """(rises + .54 * 500) / (rises and falls + 500) over all returns of that horizon that had ended by then."""
    here = world(case)
    checked = 0
    for target in here.targets:
        ratios = [here.prices.ratio(target.symbol, at, at + target.horizon) for at in range(SESSIONS - target.horizon)]
        for claim in here.claims("direction"):
            if (claim.symbol, claim.horizon) != target[::2]:
                continue
            known = [ratio for ratio in ratios[: max(here.at(claim) - target.horizon + 1, 0)] if ratio is not None]
            rises, falls = sum(ratio > 1.0 for ratio in known), sum(ratio < 1.0 for ratio in known)
            assert claim.base_rate == pytest.approx((rises + 0.54 * 500) / (rises + falls + 500), rel=1e-14)
            checked += 1
    assert checked > 300


@every
def test_base_intervals_again_from_the_bars(case: int) -> None:
    here = world(case)
    for target in here.targets:
        ratios = [here.prices.ratio(target.symbol, at, at + target.horizon) for at in range(SESSIONS - target.horizon)]
        for claim in [item for item in here.claims("interval") if (item.symbol, item.horizon) == target[::2]][::9]:
            known = [ratio - 1.0 for ratio in ratios[: here.at(claim) - target.horizon + 1] if ratio is not None]
            assert (claim.base_low, claim.base_high) == pytest.approx(tuple(np.quantile(known, [0.1, 0.9])), rel=1e-12)
            assert claim.low is not None and claim.high is not None and -1.0 < claim.low < claim.high


@every
def test_intervals_start_when_250_returns_have_a_scale(case: int) -> None:
    here = world(case)
    for target in here.targets:
        mine = [claim for claim in here.claims("interval") if (claim.symbol, claim.horizon) == target[::2]]
        first = min((here.at(claim) for claim in mine), default=SESSIONS)
        ended = range(min(first, SESSIONS - 1) - target.horizon + 1)
        returns = sum(here.prices.ratio(target.symbol, at, at + target.horizon) is not None for at in ended)
        # A volatility needs a window of 256 sessions and sixty returns in it; then 250 outcomes must have come.
        assert not mine or (first >= 255 + 250 and returns >= 250 + 55), (target.key, first, returns)
        assert mine or returns < 250 + 280, target.key


def test_intervals_again_from_returns_and_volatility() -> None:
    """Each morning after: first the return that has just ended is taken in, then the interval of the day is made.

    The volatility signal and the forecaster are tested by themselves; here: who tells it what, and when.
    """
    here = world(1)
    found = snapshots(Market.build(WORLD, invented_bars(CASES[1][0], SESSIONS)), signal_table(WORLD))
    sigmas = [snapshot.value("market.vol_forecast_1d") for snapshot in found]
    for horizon in (1, 5):
        claims = {here.at(claim): claim for claim in here.claims("interval") if claim[2:4] == ("MKT", horizon)}
        forecaster, bands = IntervalForecaster(horizon), list[Band | None]()
        for at, sigma in enumerate(sigmas):
            ratio = here.prices.ratio("MKT", at - horizon, at) if at >= horizon else None
            if ratio is not None:
                forecaster.observe(math.log(ratio), sigmas[at - horizon], bands[at - horizon])
            bands.append(forecaster.predict(sigma))
            band = bands[-1]
            if at >= START and band is not None and here.prices.of("MKT", at) is not None:
                assert (claims[at].low, claims[at].high) == pytest.approx(
                    (math.exp(band.low) - 1.0, math.exp(band.high) - 1.0), rel=1e-9
                )  # fmt: skip
            else:
                assert at not in claims
        assert len(claims) > 100


@every
def test_the_synthesis_keeps_its_bound(case: int) -> None:
    """Summed over whatever was published: ours <= base rate's + .3466 for each forecast ever outstanding at a time."""
    here = world(case)
    verdicts = here.verdicts()
    scored = [verdicts[claim.id] for claim in here.claims("direction") if claim.id in verdicts]
    ours = [verdict.score for verdict in scored if verdict.score is not None]
    theirs = [verdict.base_score for verdict in scored if verdict.base_score is not None]
    copies = sum(target.horizon for target in here.targets)
    assert len(ours) == len(theirs) > 100
    assert math.fsum(ours) <= math.fsum(theirs) + copies * math.log(2.0) / 2.0 + 1e-9
    for target in here.targets:  # each target keeps a bound of its own
        mine = [verdict for verdict in scored if verdict.id.split("/")[1::2] == [target.symbol, str(target.horizon)]]
        gap = math.fsum((verdict.score or 0.0) - (verdict.base_score or 0.0) for verdict in mine)
        assert gap <= target.horizon * math.log(2.0) / 2.0 + 1e-9


def test_a_mind_that_knows_the_future_is_heard_and_one_that_lies_is_not() -> None:
    for case, better in ((1, True), (2, False)):
        here = world(case)
        gaps = [
            (verdict.score or 0.0) - (verdict.base_score or 0.0)
            for verdict in here.verdicts().values() if "/direction/" in verdict.id and verdict.score is not None
        ]  # fmt: skip
        assert (sum(gaps) < -10.0) == better


@every
def test_no_two_open_calls_on_one_symbol_ever_disagree(case: int) -> None:
    here = world(case)
    standing: dict[str, Claim] = {}
    for record in here.run:
        for verdict in record.verdicts:
            standing.pop(verdict.id, None)
        standing |= {claim.id: claim for claim in record.claims if claim.kind == "direction"}
        sides: dict[str, set[bool]] = {}
        for claim in standing.values():
            sides.setdefault(claim.symbol, set()).add((claim.probability or 0.0) >= 0.5)
        assert all(len(side) == 1 for side in sides.values()), record.session


def test_the_netting_gate_had_something_to_do() -> None:
    held = [gate.target for record in world(1).run for gate in record.gates if gate.gate == "netting"]
    assert len(held) > 50 and {"MKT:1", "MKT:5", "GRO:3"} <= set(held)
    probabilities = [claim.probability or 0.0 for claim in world(1).claims("direction")]
    assert min(probabilities) < 0.45 and max(probabilities) > 0.55


def test_a_netted_call_is_not_published_but_its_interval_is() -> None:
    seen: list[str] = []
    for record in world(1).run:
        for gate in record.gates:
            if gate.gate == "netting":
                kinds = {claim.kind for claim in record.claims if f"{claim.symbol}:{claim.horizon}" == gate.target}
                assert "direction" not in kinds
                assert gate.target in record.forecasts, "what the synthesis would have said stays on record"
                seen.extend(kinds)
    assert seen.count("interval") > 20


# --- days that mean something ---------------------------------------------------------------------------------------


def test_the_exchange_closed_without_notice_on_2001_09_11() -> None:
    """Claims keep the deadline that could be named; they settle when their sessions have traded."""
    here = world(0)
    assert here.prices.sessions[here.prices.at["2001-09-10"] + 1] == "2001-09-17"
    verdicts = here.verdicts()
    for horizon, session, deadline, settled in (
        (1, "2001-09-07", "2001-09-10", "2001-09-10"),
        (1, "2001-09-10", "2001-09-11", "2001-09-17"),
        (2, "2001-09-07", "2001-09-11", "2001-09-17"),
        (2, "2001-09-10", "2001-09-12", "2001-09-18"),
        (1, "2001-09-17", "2001-09-18", "2001-09-18"),
    ):
        found = [c for c in here.claims() if (c.session, c.horizon) == (session, horizon)]
        assert found
        for claim in found:
            assert claim.deadline == deadline
            assert verdicts[claim.id].settled == settled and "no bar" not in verdicts[claim.id].reason


@pytest.mark.parametrize(
    ("session", "deadline"),
    [
        ("2001-04-12", "2001-04-16"),  # Good Friday was 13 April
        ("2001-07-03", "2001-07-05"),  # Independence Day
        ("2001-11-21", "2001-11-23"),  # Thanksgiving, then a short Friday
        ("2001-12-31", "2002-01-02"),
    ],
)
def test_holidays_are_no_deadline(session: str, deadline: str) -> None:
    found = [claim for claim in world(0).claims() if (claim.session, claim.horizon) == (session, 1)]
    assert found and {claim.deadline for claim in found} == {deadline}
    assert {world(0).verdicts()[claim.id].settled for claim in found} == {deadline}


def test_a_short_day_speaks_earlier() -> None:
    """Half an hour after the close: 13:30 in New York on the day after Thanksgiving, else 16:30."""
    instants = {record.session: record.as_of.isoformat() for record in world(0).run}
    assert instants["2001-11-23"] == "2001-11-23T18:30:00+00:00"
    assert instants["2001-11-26"] == "2001-11-26T21:30:00+00:00"
    assert instants["2001-07-05"] == "2001-07-05T20:30:00+00:00"  # summer time


# --- who is asked, and what becomes of silence ----------------------------------------------------------------------


def test_silent_minds_publish_no_direction_and_one_alone_is_capped() -> None:
    prices = world(0).prices
    days = prices.sessions[300:]
    alone = {(day, "MKT:1"): 1.0 for day in days[:-60]}
    run = records(
        Market.build(WORLD, invented_bars(1, SESSIONS)), 300, TARGETS[:1], [Fixed("a", alone), Fixed("b", {})]
    )
    for record in run[:-60]:
        shaky = record.reading.status == "degraded"
        held = [gate for gate in record.gates if gate.gate != "reference"]
        assert all((gate.gate, gate.action) == ("coverage", "cap") for gate in held)
        assert all(shaky == gate.reason.startswith("the regime is degraded") for gate in held)
        assert shaky or [gate.reason for gate in held] == ["only a speaks"]
        assert record.debates["MKT:1"].label == "lone"
    for record in run[-60:]:
        assert not [claim for claim in record.claims if claim.kind == "direction"]
        assert [(gate.gate, gate.action) for gate in record.gates] == [("coverage", "abstain")]
        assert record.debates["MKT:1"] == ("silent", 0.0, ())


def test_views_stand_in_the_runs_order_and_what_they_lack_stands_once() -> None:
    for record in world(3).run:
        for said in record.views.values():
            assert [item.mind for item in said] == ["macro", "flow", "contrarian", "seer", "liar", "flips"]
        lacking = {item.signal for said in record.views.values() for spoken in said for item in spoken.missing}
        assert [item.signal for item in record.missing] == sorted(lacking)


def test_track_records_again_from_the_record() -> None:
    """What an essay may quote of each speaker: sides counted from views and verdicts, by the label of that day."""
    market = Market.build(WORLD, invented_bars(4, SESSIONS))
    run = records(market, START, TARGETS, load_minds(), essays=1)
    counts: dict[tuple[str, str], list[int]] = {}
    said: dict[str, tuple[CycleRecord, Claim]] = {}
    for record in run:
        for verdict in record.verdicts:
            then, claim = said[verdict.id]
            if claim.kind != "direction" or verdict.outcome is None:
                continue
            sides = {
                view.mind: view.lean for view in then.views[f"{claim.symbol}:{claim.horizon}"] if isinstance(view, View)
            }
            for name, lean in {**sides, "synthesis": (claim.probability or 0.0) - 0.5}.items():
                for label in (then.reading.label, "all") if lean else ():
                    cell = counts.setdefault((name, label), [0, 0, 0])
                    cell[0] += 1
                    cell[1] += (lean > 0.0) == (verdict.outcome == 1)
                    cell[2] += verdict.outcome
        said |= {claim.id: (record, claim) for claim in record.claims}
    shown = run[-1].records
    assert [item.mind for item in shown[::2]] == ["macro", "flow", "contrarian", "synthesis"]
    for item in shown:
        n, right, rises = counts.get((item.mind, item.regime), (0, 0, 0))
        assert item.regime in (run[-1].reading.label, "all")
        assert (item.n, item.right) == (n, right)
        assert item.base == (pytest.approx(max(rises, n - rises) / n) if n else None)
    assert max(item.n for item in shown) > 500
    weights = [item.weight for item in shown if item.regime == "all" and item.weight is not None]
    assert len(weights) == 3 and 0.0 < sum(weights) < 1.0


def test_warming_up_teaches_the_same_base_rate_however_early_the_run_begins() -> None:
    bars = invented_bars(1, SESSIONS)
    early, late = (records(Market.build(WORLD, bars), start, TARGETS) for start in (START, 400))
    known = {claim.id: claim for record in early for claim in record.claims}
    same = 0
    for claim in (claim for record in late for claim in record.claims):
        before = known.get(claim.id)
        if before is None:
            continue
        same += 1
        assert (claim.base_rate, claim.base_low, claim.base_high, claim.reference, claim.deadline) == (
            before.base_rate, before.base_low, before.base_high, before.reference, before.deadline,
        )  # fmt: skip
    assert same > 300


def test_a_symbol_without_any_bar_is_never_called() -> None:
    bars: dict[str, Bars] = {symbol: item for symbol, item in invented_bars(1, 300).items() if symbol != "GRO"}
    run = records(Market.build(WORLD, bars), 280, TARGETS)
    assert all(claim.symbol != "GRO" for record in run for claim in record.claims)
    assert all(any((gate.gate, gate.target) == ("reference", "GRO:1") for gate in record.gates) for record in run)
