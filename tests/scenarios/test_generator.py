"""The generator against what was asked of it: volatility, drift and correlation within sampling error, bars in order.

The independent truths are the numbers in the segments and the standard errors of statistics books; streams are checked
by building worlds that must share bytes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from engine.bars import FIELDS, Bars, FloatArray
from engine.errors import InputError
from engine.universe import Universe
from scenarios import Jumps, Scenario, Segment, build
from scenarios.presets import PRESETS

YEARS = 40
SESSIONS = 252 * YEARS - 100
OWN = Universe(
    "own", "", "XNYS",
    {"market": "M", "growth": "G", "small": "S", "treasury_mid": "T", "volatility": "^V", "rate_10y": "Y"},
    {"stocks": ("A", "B")}, frozenset({"^V", "Y"}),
)  # fmt: skip


def world(*segments: Segment, universe: Universe = OWN, **more: Any) -> dict[str, Bars]:
    scenario = Scenario("t", universe=universe, start="2001-01-03", segments=segments, warm_up=0)
    return build(replace(scenario, **more)).loaded.bars


def returns(bars: Bars) -> FloatArray:
    found: FloatArray = np.diff(np.log(bars.adj_close))
    return found


ASKED = Segment(
    SESSIONS, "calm",
    drift={"market": 0.10, "growth": 0.05, "all": 0.0},
    volatility={"market": 0.15, "growth": 0.30, "T": 0.05, "stocks": 0.40, "all": 0.20},
    correlation={"market": 1.0, "growth": 0.9, "small": 0.5, "T": -0.6, "stocks": 0.0},
)  # fmt: skip
ASKED_VOLATILITY = {"M": 0.15, "G": 0.30, "S": 0.20, "T": 0.05, "A": 0.40, "B": 0.40}
ASKED_LOADING = {"M": 1.0, "G": 0.9, "S": 0.5, "T": -0.6, "A": 0.0, "B": 0.0}


@pytest.fixture(scope="module")
def normal() -> dict[str, FloatArray]:
    return {symbol: returns(bars) for symbol, bars in world(ASKED).items()}


@pytest.mark.parametrize("tails", [0.0, 5.0])
def test_volatility_is_what_was_asked(tails: float) -> None:
    """Of normal returns the sample deviation has a relative standard error of 1/sqrt(2n); of t with 5 twice that."""
    bars = world(replace(ASKED, tails=tails))
    for symbol, asked in ASKED_VOLATILITY.items():
        found = returns(bars[symbol]).std() * math.sqrt(252)
        assert found == pytest.approx(asked, rel=(9 if tails else 4) / math.sqrt(2 * SESSIONS)), symbol


def test_tails_are_as_fat_as_asked() -> None:
    """Student's t with 5 degrees of freedom, scaled to variance one, passes 4 deviations in 0.35% of sessions."""
    shares = []
    for tails in (0.0, 5.0):
        found = returns(world(replace(ASKED, tails=tails))["M"]) / (0.15 / math.sqrt(252))
        shares.append(float((np.abs(found) > 4).mean()))
    assert shares[0] < 0.0005
    assert shares[1] == pytest.approx(0.00353, abs=4 * math.sqrt(0.0035 / SESSIONS))


def test_drift_is_what_was_asked(normal: dict[str, FloatArray]) -> None:
    for symbol, asked in {"M": 0.10, "G": 0.05, "S": 0.0, "A": 0.0}.items():
        error = ASKED_VOLATILITY[symbol] / math.sqrt(YEARS)
        assert normal[symbol].mean() * 252 == pytest.approx(asked, abs=4 * error), symbol


def test_two_symbols_correlate_as_the_product_of_their_loadings(normal: dict[str, FloatArray]) -> None:
    for one, other in combinations(ASKED_LOADING, 2):
        asked = ASKED_LOADING[one] * ASKED_LOADING[other]
        found = np.corrcoef(normal[one], normal[other])[0, 1]
        assert found == pytest.approx(asked, abs=4 * (1 - asked**2) / math.sqrt(SESSIONS) + 1e-12), (one, other)


def test_pairs_replace_that_product_and_leave_the_others() -> None:
    found = {
        symbol: returns(bars) for symbol, bars in world(replace(ASKED, pairs={"growth,small": 0.1, "A,B": 0.7})).items()
    }
    wanted = {("G", "S"): 0.1, ("A", "B"): 0.7, ("M", "G"): 0.9, ("M", "S"): 0.5, ("G", "T"): -0.54, ("S", "T"): -0.3}
    for (one, other), asked in wanted.items():
        corr = np.corrcoef(found[one], found[other])[0, 1]
        assert corr == pytest.approx(asked, abs=4 * (1 - asked**2) / math.sqrt(SESSIONS)), (one, other)


def test_pairs_that_are_no_correlation_are_refused() -> None:
    with pytest.raises(InputError, match=r"segments 1\.pairs and the loadings together are no correlation"):
        world(replace(ASKED, sessions=5, pairs={"growth,market": -0.5}))
    with pytest.raises(InputError, match="does not name two single symbols once"):
        world(Segment(5, pairs={"market,stocks": 0.5}))


def test_jumps_come_as_often_and_as_large_as_asked() -> None:
    still = Segment(SESSIONS, "still", jumps=Jumps(0.05, -0.02))
    found = returns(world(still)["M"])
    jumped = np.abs(found) > 1e-9
    assert jumped.mean() == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / SESSIONS))
    assert found[jumped] == pytest.approx(-0.02)


@pytest.mark.parametrize("regime", PRESETS)
def test_bars_of_every_regime_are_in_order_and_levels_positive(regime: str) -> None:
    bars = world(Segment(400, regime), warm_up=100)
    for symbol, item in bars.items():
        assert (item.low <= np.minimum(item.open, item.close)).all(), symbol
        assert (item.high >= np.maximum(item.open, item.close)).all(), symbol
        if symbol not in OWN.levels and regime != "still":  # a session whose range is its open and close alone is rare
            assert (item.low < np.minimum(item.open, item.close)).mean() > 0.95, symbol
            assert (item.high > np.maximum(item.open, item.close)).mean() > 0.95, symbol
        assert (item.volume >= 0).all() and (item.volume == np.round(item.volume)).all()
    assert (bars["^V"].low > 0).all()


def test_the_volatility_index_follows_volatility_and_jumps_when_the_market_falls() -> None:
    bars = world(Segment(300, volatility={"market": 0.10}), Segment(300, volatility={"market": 0.50}))
    index = bars["^V"].close
    assert 8 < np.median(index[100:300]) < 16 and 40 < np.median(index[400:]) < 70
    moves = np.diff(np.log(index[:300]))
    assert np.corrcoef(moves, returns(bars["M"])[:299])[0, 1] < -0.6


def test_yields_wander_and_come_back() -> None:
    """An Ornstein-Uhlenbeck process whose deviation about 3.6 is 0.04 * sqrt(.98 / (2 * .01 - .01^2)) = 0.28 points."""
    level = world(Segment(SESSIONS, "calm"))["Y"].close
    assert level.mean() == pytest.approx(3.6, abs=0.15)
    assert level.std() == pytest.approx(0.28, rel=0.35)


# --- streams --------------------------------------------------------------------------------------------------------


def same(one: Bars, other: Bars, sessions: int) -> bool:
    pairs = [(getattr(one, name)[:sessions], getattr(other, name)[:sessions]) for name in FIELDS]
    return all(left.tobytes() == right.tobytes() for left, right in pairs)


def test_the_same_scenario_gives_the_same_bytes_and_another_seed_others() -> None:
    one, again, other = (world(Segment(50, "crisis"), seed=seed) for seed in (1, 1, 2))
    assert all(same(one[symbol], again[symbol], 50) and not same(one[symbol], other[symbol], 50) for symbol in one)


@pytest.mark.parametrize("last", [Segment(30, "crisis", pairs={"growth,small": 0.97}), Segment(7, "still"), None])
def test_what_comes_later_leaves_the_past_alone(last: Segment | None) -> None:
    first = Segment(60, "slide", jumps=Jumps(0.1, -0.03))
    longer = [replace(first, sessions=90)] if last is None else [first, last]
    one, other = world(first, warm_up=40), world(*longer, warm_up=40)
    assert all(len(other[symbol]) > len(one[symbol]) for symbol in one)
    assert all(same(one[symbol], other[symbol], 100) for symbol in one)


def test_a_symbol_does_not_depend_on_which_others_there_are() -> None:
    fewer = replace(OWN, roles={"market": "M", "small": "S", "volatility": "^V"}, groups={"stocks": ("B",)},
                    levels=frozenset({"^V"}))  # fmt: skip
    segment = Segment(80, "crisis", pairs={"small,B": 0.9})
    one, other = world(segment), world(segment, universe=fewer)
    assert set(other) == {"M", "S", "^V", "B"}
    assert all(same(one[symbol], other[symbol], 80) for symbol in other)


def test_prices_that_run_away_are_refused() -> None:
    with pytest.raises(InputError, match=r"takes .* outside prices from 1e-06 to 1e"):
        world(Segment(2000, drift={"all": 9.0}))
