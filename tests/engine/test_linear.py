"""Small regressions against numpy and scikit-learn, and the promise on bits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from engine.linear import _products, least_squares, logistic, sigmoid


def design(seed: int, n: int = 400, features: int = 3) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return np.vstack([np.ones(n), draw.normal(size=(features - 1, n))])


@given(st.integers(0, 10_000))
def test_least_squares_equals_numpy(seed: int) -> None:
    x = design(seed)
    y = np.array([0.5, -1.0, 2.0]) @ x + np.random.default_rng(seed + 1).normal(size=400)
    expected = np.linalg.lstsq(x.T, y, rcond=None)[0]
    assert least_squares(x, y) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_logistic_equals_scikit_learn(seed: int) -> None:
    x = design(seed)
    draw = np.random.default_rng(seed + 100)
    y = (draw.uniform(size=400) < sigmoid(np.array([-1.0, 1.5, -0.5]) @ x)).astype(float)
    known = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-12, max_iter=10_000).fit(x.T, y).coef_[0]
    assert logistic(x, y, ridge=1.0) == pytest.approx(known, abs=1e-6)


def test_separable_outcomes_stay_finite() -> None:
    x = np.vstack([np.ones(200), np.linspace(-1, 1, 200)])
    found = logistic(x, (x[1] > 0).astype(float), ridge=1.0)
    assert found is not None
    assert np.isfinite(found).all()
    assert abs(found[1]) < 20


def test_start_does_not_change_the_answer() -> None:
    x = design(1)
    y = (x[1] + np.random.default_rng(5).normal(size=400) > 0).astype(float)
    cold, warm = logistic(x, y), logistic(x, y, start=np.array([0.3, 1.0, -0.2]))
    assert cold is not None
    assert warm == pytest.approx(cold, abs=1e-8)


def test_memory_layout_changes_no_bit() -> None:
    x = design(2)
    y = (x[1] > 0.2).astype(float)
    assert np.array_equal(least_squares(x, y), least_squares(np.asfortranarray(x), y))
    first, second = logistic(x, y), logistic(np.asfortranarray(x), y)
    assert first is not None and second is not None
    assert np.array_equal(first, second)


@pytest.mark.parametrize("n", [1, 2, 63, 8191, 8192, 8193, 20_000])
@pytest.mark.parametrize("rows", [1, 2, 5, 8])
def test_a_sum_of_products_is_the_same_bits_whatever_else_is_worked_out(n: int, rows: int) -> None:
    """Else a forecast would hang on how many features, or sessions, stand beside those that it is made of."""
    draw = np.random.default_rng(n + rows)
    x, y = draw.normal(size=(rows, n)) * 1e3, draw.normal(size=(3, n))
    found = _products(x, y)
    assert found.shape == (rows, 3)
    for row, sums in zip(x, found, strict=True):
        for other, total in zip(y, sums, strict=True):
            assert total == np.einsum("i,i->", row.copy(), other.copy())
            assert total == pytest.approx(math.fsum((row * other).tolist()), rel=1e-9, abs=1e-7)


def test_long_series_are_fitted_as_well() -> None:
    x = design(3, n=9000)
    y = np.array([0.5, -1.0, 2.0]) @ x + np.random.default_rng(4).normal(size=9000)
    assert least_squares(x, y) == pytest.approx(np.linalg.lstsq(x.T, y, rcond=None)[0], rel=1e-6)
