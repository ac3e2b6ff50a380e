"""Intervals hold what they promise on series they have never seen, and use only what they were told."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minds.intervals import Band, IntervalForecaster


def replay(returns: np.ndarray, sigma: np.ndarray) -> list[Band | None]:
    forecaster, said = IntervalForecaster(1), []
    for realised, scale in zip(returns, sigma, strict=True):
        band = forecaster.predict(float(scale))
        said.append(band)
        forecaster.observe(float(realised), float(scale), band)
    return said


def coverage(said: list[Band | None], returns: np.ndarray) -> float:
    pairs = [(band, realised) for band, realised in zip(said, returns, strict=True) if band is not None]
    held = sum(bool(band.low <= realised <= band.high) for band, realised in pairs)
    return held / len(pairs)


def test_coverage_when_the_scale_is_known() -> None:
    draw = np.random.default_rng(1)
    sigma = np.exp(draw.normal(-4.6, 0.4, 4000))
    returns = sigma * draw.standard_t(4, 4000)
    assert 0.78 < coverage(replay(returns, sigma), returns) < 0.82


def test_coverage_survives_a_scale_that_is_wrong_and_a_break() -> None:
    """The volatility it is told is constant, the true one triples half-way: the misses correct the levels."""
    draw = np.random.default_rng(2)
    returns = draw.normal(0, 0.01, 6000)
    returns[3000:] *= 3
    assert 0.77 < coverage(replay(returns, np.full(6000, 0.01)), returns) < 0.83


def test_first_interval_is_the_plain_quantile_of_the_past() -> None:
    draw = np.random.default_rng(3)
    past = draw.normal(0, 0.02, 250)
    forecaster = IntervalForecaster(4)
    for realised in past:
        assert forecaster.predict(0.01) is None
        forecaster.observe(float(realised), 0.01, None)
    band = forecaster.predict(0.015)
    assert band is not None
    expected = np.quantile(past / (0.01 * 2), [0.1, 0.9]) * 0.015 * 2
    assert (band.low, band.high) == pytest.approx(tuple(expected), rel=1e-12)


def test_only_the_last_750_returns_shape_it() -> None:
    draw = np.random.default_rng(4)
    past = draw.normal(0, 0.02, 1000)
    forecaster = IntervalForecaster(1)
    for realised in past:
        forecaster.observe(float(realised), 0.01, None)
    band = forecaster.predict(0.01)
    assert band is not None
    assert (band.low, band.high) == pytest.approx(tuple(np.quantile(past[-750:], [0.1, 0.9])), rel=1e-12)


def test_a_miss_widens_its_own_side_only() -> None:
    draw = np.random.default_rng(5)
    forecaster = IntervalForecaster(1)
    for realised in draw.normal(0, 0.02, 800):
        forecaster.observe(float(realised), 0.01, None)
    before = forecaster.predict(0.01)
    assert before is not None
    for _ in range(5):
        forecaster.observe(-math.inf, None, before)
    after = forecaster.predict(0.01)
    assert after is not None
    assert after.low < before.low
    assert after.high <= before.high  # the side that held may come in, never out


def test_no_interval_without_a_scale() -> None:
    forecaster = IntervalForecaster(1)
    for realised in np.linspace(-1, 1, 300):
        forecaster.observe(float(realised), 0.01, None)
    assert forecaster.predict(None) is None
    assert forecaster.predict(0.0) is None
