"""Sharpe ratios against the worked examples of the papers, scipy's moments, and simulated managers without skill."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from backtest.trading.sharpe import Moments, best_by_chance, minimum_track, moments, probabilistic, spread
from engine.errors import InputError


def deflated(ours: Moments, trials: int, variance: float) -> float:
    """As the trading view has it."""
    return probabilistic(ours, best_by_chance(trials, variance))


def record(sharpe: float, n: int = 1250, skew: float = 0.0, kurtosis: float = 3.0) -> Moments:
    return Moments(n, sharpe, 1.0, sharpe, skew, kurtosis)


@pytest.mark.parametrize(("shape", "psr"), [((0.0, 3.0), 0.982), ((-2.448, 10.164), 0.913)])
def test_the_hedge_fund_of_2012(shape: tuple[float, float], psr: float) -> None:
    # Two years of monthly returns, annual ratio 1.59: probable under normality, less than 95% with its true shape.
    assert round(probabilistic(record(0.458, 24, *shape)), 3) == psr


@pytest.mark.parametrize(
    ("a_year", "shape", "years"),
    [(250, (0, 3), 2.73), (52, (0, 3), 2.83), (12, (0, 3), 3.24), (12, (-0.72, 5.78), 4.99)],
)
def test_years_that_two_needs_to_be_more_than_one(a_year: int, shape: tuple[float, float], years: float) -> None:
    needed = minimum_track(record(2 / math.sqrt(a_year), 10, *shape), 1 / math.sqrt(a_year))
    assert needed is not None
    assert round(needed / a_year, 2) == years


def test_the_deflated_ratio_of_2014() -> None:
    # Five years of daily returns, annual ratio 2.5, the best of 100 with an annual variance of 1/2; then of 46, and of
    # 88 had the returns been normal.
    variance, ours = 0.5 / 250, record(2.5 / math.sqrt(250), 1250, -3.0, 10.0)
    assert round(best_by_chance(100, variance), 4) == 0.1132
    assert round(deflated(ours, 100, variance), 4) == pytest.approx(0.9004, abs=2e-4)
    assert round(deflated(ours, 46, variance), 4) == pytest.approx(0.9505, abs=2e-4)
    assert round(deflated(record(2.5 / math.sqrt(250)), 88, variance), 4) == pytest.approx(0.9505, abs=2e-4)


returns = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.integers(3, 300).map(lambda n: np.random.default_rng(seed).standard_t(4, n) * 0.01)
)


@given(returns)
def test_moments_are_scipys(series: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    found = moments(series)
    assert found is not None
    assert found.n == series.size
    assert found.mean == pytest.approx(series.mean())
    assert found.deviation == pytest.approx(np.std(series, ddof=1))
    assert found.sharpe == pytest.approx(found.mean / found.deviation)
    assert found.skew == pytest.approx(float(stats.skew(series)), abs=1e-9)
    assert found.kurtosis == pytest.approx(float(stats.kurtosis(series, fisher=False)))


@given(st.lists(st.sampled_from([-0.02, 0.03]), min_size=3, max_size=60).filter(lambda some: len(set(some)) == 2))
def test_two_outcomes_only_have_an_answer_too(some: list[float]) -> None:
    found = moments(np.array(some))  # kurtosis is 1 + skew**2 here, the least there is
    assert found is not None
    assert 0.0 <= probabilistic(found) <= 1.0


@pytest.mark.parametrize("series", [[], [0.01], [0.0] * 50, [0.01] * 50, [0.1 + 0.2, 0.3] * 9])
def test_no_variation_no_ratio(series: list[float]) -> None:
    assert moments(np.array(series)) is None


def test_the_ratio_is_uniform_without_skill() -> None:
    # 2,000 managers who toss coins with fat-tailed stakes: PSR against 0 must be spread like a p-value.
    draw = np.random.default_rng(3)
    found = []
    for _ in range(2000):
        made = moments(draw.choice([-1.0, 1.0], 400) * draw.standard_t(6, 400) * 0.01)
        assert made is not None
        found.append(probabilistic(made))
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) > 0.95) == pytest.approx(0.05, abs=0.015)


def test_the_best_of_many_coins_is_what_chance_gives() -> None:
    draw = np.random.default_rng(4)
    ratios = draw.normal(0.0, 0.06, (4000, 50))
    assert ratios.max(axis=1).mean() == pytest.approx(best_by_chance(50, 0.06**2), rel=0.02)


@given(st.floats(-0.3, 0.3), st.integers(10, 5000), st.integers(1, 500), st.integers(1, 500), st.floats(0.0, 0.1))
def test_more_trials_prove_less(sharpe: float, n: int, few: int, more: int, variance: float) -> None:
    low, high = sorted((few, more))
    ours = record(sharpe, n)
    assert deflated(ours, high, variance) <= deflated(ours, low, variance) <= probabilistic(ours) + 1e-12
    assert deflated(ours, 1, variance) == probabilistic(ours)


@given(st.floats(0.01, 0.5), st.floats(-2.0, 2.0), st.floats(0.0, 20.0), st.floats(0.6, 0.99))
def test_the_minimum_track_is_where_the_probability_is_reached(
    sharpe: float, skew: float, more: float, confidence: float
) -> None:
    shape = (skew, 1.0 + skew * skew + more)
    needed = minimum_track(record(sharpe, 10, *shape), 0.0, confidence)
    assert needed is not None
    z = sharpe * math.sqrt(needed - 1.0) / math.sqrt(1.0 - skew * sharpe + (shape[1] - 1.0) / 4.0 * sharpe**2)
    assert stats.norm.cdf(z) == pytest.approx(confidence)


def test_what_cannot_be_asked() -> None:
    assert minimum_track(record(-0.1)) is None
    assert minimum_track(record(0.1), 0.1) is None
    with pytest.raises(InputError, match="confidence"):
        minimum_track(record(0.1), confidence=0.5)
    with pytest.raises(InputError, match="trial"):
        best_by_chance(0, 1.0)
    with pytest.raises(InputError, match="variance"):
        best_by_chance(3, float("nan"))
    assert (spread([]), spread([0.3])) == (0.0, 0.0)
    assert spread([0.1, 0.2, 0.4]) == pytest.approx(np.var([0.1, 0.2, 0.4], ddof=1))
