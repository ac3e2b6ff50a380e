"""Relative and risk claims through whole replays of invented worlds, checked from the raw bars."""

from __future__ import annotations

from typing import Any

import pytest

from backtest.replay import Replay
from engine.claims import Pair, Target
from engine.market import Market
from minds.pairs import PairDesk
from minds.record import CycleRecord
from minds.registry import load_minds
from minds.synthesis import bound
from minds.view import Abstention, GateResult, View
from minds.waiting import Draft
from regimes.odds import MONTH
from regimes.rules import RulesModel
from tests.runs import TARGETS
from tests.worlds import WORLD, invented_bars

SESSIONS = 1300
START = 900
PAIR = Pair(TARGETS[2], TARGETS[1], 3)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market.build(WORLD, invented_bars(11, SESSIONS))


@pytest.fixture(scope="module")
def replay(market: Market) -> tuple[Replay, list[CycleRecord]]:
    made = Replay(market, load_minds(), TARGETS, RulesModel(), START, (PAIR,))
    return made, list(made.run())


def claims(records: list[CycleRecord], kind: str) -> dict[str, tuple[int, Any]]:
    return {
        claim.id: (START + at, claim)
        for at, record in enumerate(records)
        for claim in record.claims
        if claim.kind == kind
    }


def verdicts(records: list[CycleRecord], kind: str) -> dict[str, Any]:
    return {verdict.id: verdict for record in records for verdict in record.verdicts if f"/{kind}/" in verdict.id}


def test_every_relative_claim_is_graded_by_the_two_returns(
    market: Market, replay: tuple[Replay, list[CycleRecord]]
) -> None:
    made, settled = claims(replay[1], "relative"), verdicts(replay[1], "relative")
    assert len(settled) > 300
    small, growth = market.column("SML"), market.column("GRO")
    for identity, (at, claim) in made.items():
        assert claim.versus == "GRO"
        assert identity == f"{claim.session}/SML-over-GRO/relative/3"
        if at + 3 >= market.size:
            assert identity not in settled
            continue
        lead = small[at + 3] / small[at] - growth[at + 3] / growth[at]
        verdict = settled[identity]
        if lead == lead and lead != 0.0:
            assert verdict.outcome == int(lead > 0)
            assert verdict.score == pytest.approx((claim.probability - verdict.outcome) ** 2)
            assert verdict.realised == pytest.approx(lead)
        else:
            assert verdict.result == "void"


def test_the_base_rate_of_a_pair_is_how_often_the_first_did_better(
    market: Market, replay: tuple[Replay, list[CycleRecord]]
) -> None:
    small, growth = market.column("SML"), market.column("GRO")
    for _, (at, claim) in list(claims(replay[1], "relative").items())[::97]:
        leads = [small[t + 3] / small[t] - growth[t + 3] / growth[t] for t in range(at - 2)]
        known = [lead for lead in leads if lead == lead and lead != 0.0]
        assert claim.base_rate == pytest.approx((sum(lead > 0 for lead in known) + 250) / (len(known) + 500))


def test_relative_claims_keep_the_bound_of_the_synthesis(replay: tuple[Replay, list[CycleRecord]]) -> None:
    settled = [item for item in verdicts(replay[1], "relative").values() if item.outcome is not None]
    excess = sum(item.score - item.base_score for item in settled)
    copies = len(replay[0].cycle.pairs[0].synthesis.copies)
    assert copies <= 3
    assert excess <= bound(copies) + 1e-9


def test_every_risk_claim_whose_month_is_over_is_graded_on_its_month(
    market: Market, replay: tuple[Replay, list[CycleRecord]]
) -> None:
    falls = claims(replay[1], "drawdown")
    settled = verdicts(replay[1], "drawdown")
    assert len(settled) > 300
    for identity, (at, claim) in falls.items():
        assert claim.horizon == MONTH
        if at + MONTH >= market.size:
            assert identity not in settled
            continue
        prices = market.column(claim.symbol)[at : at + MONTH + 1]
        if prices[0] != prices[0] or prices[-1] != prices[-1]:
            assert settled[identity].result == "void"
            continue
        deepest = min(price for price in prices[1:] if price == price) / prices[0] - 1.0
        assert settled[identity].outcome == int(deepest <= -0.05)
        assert settled[identity].realised == pytest.approx(deepest)


def test_probabilities_of_risk_claims_are_never_certain(replay: tuple[Replay, list[CycleRecord]]) -> None:
    said = [claim for kind in ("volatility", "drawdown") for _, claim in claims(replay[1], kind).values()]
    assert said
    assert all(0.0 < claim.probability < 1.0 and 0.0 < claim.base_rate < 1.0 for claim in said)


def test_a_pair_without_a_mind_that_speaks_on_both_says_nothing() -> None:
    pair = Pair(Target("A", "A", 1), Target("B", "B", 1), 1)
    draft = Draft("A", 1, "2018-01-31", "", 100.0, "2018-02-01", 1)
    silent, view = Abstention("m", "A:1", "no data"), View("m", "B:1", 0.4)
    said = PairDesk(pair, ["m"]).call(draft, {"A": (silent,), "B": (view,)}, "neutral")
    assert isinstance(said, GateResult)
    assert (said.action, said.target) == ("abstain", "A-over-B:1")


def test_a_pair_takes_half_the_difference_of_the_leans() -> None:
    pair = Pair(Target("A", "A", 1), Target("B", "B", 1), 1)
    desk = PairDesk(pair, ["m"])
    said = desk.call(
        Draft("A", 1, "2018-01-31", "", 100.0, "2018-02-01", 1),
        {"A": (View("m", "A:1", 0.5),), "B": (View("m", "B:1", -0.3),)},
        "neutral",
    )
    assert not isinstance(said, GateResult)
    assert desk.open[0].leans == (0.4,)
    assert said[0].probability == pytest.approx(0.5)  # a mind without a record has no say
