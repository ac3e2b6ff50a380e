"""What is worked out ahead over whole columns against the learners that go day by day, to the last bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bars import FloatArray
from engine.claims import Target
from engine.scoring import BaseRate, ExpandingQuantile
from minds.intervals import Band, IntervalForecaster
from minds.known import Known, known_ahead
from minds.target import TargetDesk
from tests.runs import made_up, snapshots
from tests.worlds import invented_market

SESSIONS = 700


def drawn(seed: int, holes: float, still: float) -> tuple[FloatArray, FloatArray]:
    """Closes and expected volatilities, with holes and days on which nothing moves."""
    rng = np.random.default_rng(seed)
    moves = np.where(rng.random(SESSIONS) < still, 0.0, rng.standard_t(3, SESSIONS) * 0.01)
    prices, sigmas = 50.0 * np.exp(np.cumsum(moves)), np.exp(rng.normal(-4.6, 0.3, SESSIONS))
    prices[rng.random(SESSIONS) < holes], sigmas[rng.random(SESSIONS) < holes] = np.nan, np.nan
    sigmas[rng.random(SESSIONS) < holes / 4.0] = 0.0
    prices[rng.random(SESSIONS) < holes / 4.0] = rng.choice([0.0, -1.0])  # as a level may have it
    return prices, sigmas


def day_by_day(prices: FloatArray, sigmas: FloatArray, horizon: int, first: int) -> list[Known]:
    """The same by the plain learners: one return after the other, as it ends."""
    base, past, intervals, found = BaseRate(), ExpandingQuantile(), IntervalForecaster(horizon), list[Known]()
    for at in range(len(prices)):
        start, end = (float(prices[place]) if place >= 0 else math.nan for place in (at - horizon, at))
        growth = end / start if start else math.nan
        if 0.0 < growth < math.inf:
            if growth != 1.0:
                base.add(growth > 1.0)
            past.add(growth - 1.0)
            if at >= first:
                begun = at - horizon - first
                then = (float(sigmas[begun]), found[begun].band) if begun >= 0 else (math.nan, None)
                intervals.observe(math.log(growth), then[0] if then[0] == then[0] else None, then[1])
        if at >= first:
            sigma = float(sigmas[at - first])
            band = intervals.predict(sigma if sigma == sigma else None)
            low, high = (past.quantile(level) if len(past) else math.nan for level in (0.1, 0.9))
            found.append(Known(base.value, band, low, high))
    return found


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6), horizon=st.sampled_from([1, 2, 5, 21]), first=st.sampled_from([0, 1, 3, 30, 400]),
    holes=st.sampled_from([0.0, 0.02, 0.3]), still=st.sampled_from([0.0, 0.1]),
)  # fmt: skip
def test_columns_say_what_the_days_say(seed: int, horizon: int, first: int, holes: float, still: float) -> None:
    prices, sigmas = drawn(seed, holes, still)
    found = known_ahead(prices, sigmas[first:], horizon, first)
    assert repr(found) == repr(day_by_day(prices, sigmas[first:], horizon, first)), "NaN equals NaN here"


def test_there_are_intervals_to_compare() -> None:
    prices, sigmas = drawn(3, 0.02, 0.1)
    bands = [known.band for known in known_ahead(prices, sigmas, 2, 0)]
    assert sum(band is not None for band in bands) > 250


@given(st.integers(1, SESSIONS), st.sampled_from([1, 5]))
def test_nothing_that_comes_later_is_known(stop: int, horizon: int) -> None:
    prices, sigmas = drawn(11, 0.02, 0.05)
    whole = known_ahead(prices, sigmas, horizon, 0)
    assert repr(known_ahead(prices, sigmas, horizon, 0, stop)) == repr(whole[stop:]), "a later beginning"
    assert repr(known_ahead(prices[:stop], sigmas[:stop], horizon, 0)) == repr(whole[:stop])


def test_a_desk_that_goes_day_by_day_knows_the_same() -> None:
    """The learner of `minds.target`, for a cycle that nobody works ahead for."""
    market = invented_market(7, 700)
    target = Target("MKT", "market", 2)
    desk, sigmas = TargetDesk(target, ["m"]), drawn(4, 0.1, 0.0)[1][: market.size]
    spec = made_up(desk.volatility, sigmas.tolist(), sigmas.tolist())
    found = [desk.know(snapshot._feed, snapshot) for snapshot in snapshots(market, [spec])]
    assert found[-1].band is not None
    assert repr(found) == repr(known_ahead(market.column("MKT"), sigmas, 2, 0))


@pytest.mark.parametrize("horizon", [1, 4])
def test_a_stretch_of_intervals_equals_single_ones(horizon: int) -> None:
    prices, sigmas = drawn(5, 0.05, 0.0)
    prices[~(prices > 0.0)] = math.nan
    moves = np.append([math.nan] * horizon, np.log(prices[horizon:] / prices[:-horizon])).tolist()
    one, bands = IntervalForecaster(horizon), list[Band | None]()
    for at, (move, sigma) in enumerate(zip(moves, sigmas.tolist(), strict=True)):
        if move == move:
            then = sigmas.item(at - horizon) if at >= horizon else math.nan
            one.observe(move, then if then == then else None, bands[at - horizon] if at >= horizon else None)
        bands.append(one.predict(sigma if sigma == sigma else None))
    many = IntervalForecaster(horizon)
    assert many.follow(moves, sigmas.tolist()) == bands
    assert many.predict(0.01) == one.predict(0.01), "and it goes on from there"
