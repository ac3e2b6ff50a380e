"""Scores against hand-made numbers: centre, scale, floor, and how many observations they need."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.signals.scales import least_of, log_of, log_score, median_score, standard_score


def test_nine_tenths_of_a_window_are_enough() -> None:
    assert [least_of(width) for width in (1, 2, 5, 10, 21, 63, 252, 504)] == [2, 2, 5, 9, 19, 57, 227, 454]


def test_a_logarithm_exists_for_positive_numbers_only() -> None:
    got = log_of(np.array([math.e, 0.0, -1.0, np.nan, 1.0]))
    np.testing.assert_array_equal(got, [1.0, np.nan, np.nan, np.nan, 0.0])


def test_standard_score_by_hand() -> None:
    # 2, 4, 4, 4, 5, 5, 7, 9: mean 5, sample deviation sqrt(32 / 7)
    x = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    assert standard_score(x, 8)[-1] == pytest.approx(4.0 / math.sqrt(32.0 / 7.0))
    assert standard_score(x, 8, floor=8.0)[-1] == pytest.approx(0.5)
    assert np.isnan(standard_score(x, 8)[:-1]).all()
    assert math.isnan(standard_score(np.full(8, 3.0), 8)[-1]), "what never moves has no scale"


def test_median_score_by_hand() -> None:
    # logs 0, 1, 2, 3, 10: median 2, deviations 2 1 0 1 8 with median 1
    x = np.exp([0.0, 1.0, 2.0, 3.0, 10.0])
    assert median_score(x, 5)[-1] == pytest.approx(8.0 / 1.4826)


def test_a_calm_level_is_scaled_by_the_floor_of_an_eighth() -> None:
    x = np.full(504, 20.0)
    x[-1] = 22.0
    assert median_score(x)[-1] == pytest.approx(math.log(1.1) / 0.12)
    mean = math.log(1.1) / 504.0
    assert log_score(x)[-1] == pytest.approx((math.log(1.1) - mean) / 0.12)


def test_scores_need_454_of_504_sessions() -> None:
    rng = np.random.default_rng(1)
    for holes, there in ((50, True), (51, False)):
        x = np.exp(rng.normal(size=504))
        x[rng.choice(503, holes, replace=False)] = np.nan
        assert np.isfinite(median_score(x)[-1]) == there
        assert np.isfinite(log_score(x)[-1]) == there
