"""Calibration figures against hand-made numbers, scikit-learn's isotonic fit, and their identities."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from engine.errors import InputError
from engine.scoring import Murphy, bias, brier, corp, ece, murphy

outcome = st.sampled_from([0.0, 1.0])
# Coarse values tie often, fine ones rarely.
forecast = st.one_of(st.integers(0, 10).map(lambda tenth: tenth / 10), st.floats(0.0, 1.0))
claims = st.lists(st.tuples(outcome, forecast), min_size=1, max_size=60)
distinct_claims = st.lists(st.tuples(outcome, st.floats(0.0, 1.0)), min_size=1, max_size=60, unique_by=lambda c: c[1])


def test_bias_by_hand() -> None:
    assert bias([1, 0, 0, 0], [0.5, 0.5, 0.25, 0.25]) == 0.125


def test_ece_by_hand() -> None:
    # Sorted: .1 .2 | .3 .4 | .9 with bins of 2, 2, 1; means .15 .35 .9; rates .5 0 1.
    # .4 * .35 + .4 * .35 + .2 * .1 = .30
    assert ece([0, 1, 0, 0, 1], [0.4, 0.1, 0.2, 0.3, 0.9], bins=3) == pytest.approx(0.30)


def test_ece_keeps_equal_forecasts_in_input_order() -> None:
    # All tie: the first two claims are the first bin, |.5 - 1|, the last two the second, |.5 - 0|.
    assert ece([1, 1, 0, 0], [0.5] * 4, bins=2) == 0.5
    assert ece([1, 0, 1, 0], [0.5] * 4, bins=2) == 0.0
    # Bins of two and one: the first is right on average, the last misses by .5.
    assert ece([1, 0, 0], [0.5] * 3, bins=2) == pytest.approx(0.5 / 3)


def test_ece_with_fewer_claims_than_bins_judges_each_claim() -> None:
    assert ece([1, 0], [0.75, 0.5], bins=5) == pytest.approx((0.25 + 0.5) / 2)


def test_murphy_by_hand() -> None:
    # .2 five times with one event, .6 five times with four: m = .5.
    # REL = .5*0 + .5*.04 = .02; RES = .5*.09 + .5*.09 = .09; UNC = .25; Brier = .16*.5 + .2*.5 = .18
    y = [1, 0, 0, 0, 0, 1, 1, 1, 1, 0]
    got = murphy(y, [0.2] * 5 + [0.6] * 5, bins=2)
    assert tuple(got) == pytest.approx((0.02, 0.09, 0.25, 0.0))
    assert brier(y, [0.2] * 5 + [0.6] * 5).mean() == pytest.approx(0.18)
    assert murphy(y, [0.2] * 5 + [0.6] * 5, bins=None) == got


def total(parts: Murphy) -> float:
    return parts.reliability - parts.resolution + parts.uncertainty


@given(claims)
def test_murphy_adds_up_when_bins_hold_one_forecast(data: list[tuple[float, float]]) -> None:
    y, p = np.array(data).T
    parts = murphy(y, p, bins=None)
    assert total(parts) == pytest.approx(brier(y, p).mean(), abs=1e-12)
    assert parts.within == pytest.approx(0.0, abs=1e-15)
    assert parts.reliability >= 0 and parts.resolution >= 0


@given(claims, st.integers(1, 8))
def test_murphy_adds_up_in_any_bins_with_what_they_hide(data: list[tuple[float, float]], bins: int) -> None:
    y, p = np.array(data).T
    parts = murphy(y, p, bins=bins)
    assert total(parts) + parts.within == pytest.approx(brier(y, p).mean(), abs=1e-12)


def test_corp_by_hand() -> None:
    # Rates by forecast: .2 -> 1/2, .5 -> 0/1, .9 -> 1/1. The first two pool to 1/3.
    # Brier(p) = (.04 + .64 + .25 + .01)/4 = .235; Brier(c) = (2*(1/9) + 4/9)/4 = 1/6; UNC = .25
    parts = corp([0, 1, 0, 1], [0.2, 0.2, 0.5, 0.9])
    assert parts.recalibrated.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0])
    assert (parts.mcb, parts.dsc, parts.unc) == pytest.approx((0.235 - 1 / 6, 0.25 - 1 / 6, 0.25))


def test_corp_of_a_constant_forecast_is_its_bias() -> None:
    parts = corp([1, 0, 0, 0], [0.5] * 4)
    assert (parts.mcb, parts.dsc, parts.unc) == (0.0625, 0.0, 0.1875)


@given(claims)
def test_corp_equals_isotonic_regression(data: list[tuple[float, float]]) -> None:
    y, p = np.array(data).T
    # scikit-learn merges forecasts closer than its own resolution; rank them so that only true ties tie.
    ranks = np.unique(p, return_inverse=True)[1].astype(np.float64)
    expected = IsotonicRegression().fit(ranks, y).predict(ranks)
    np.testing.assert_allclose(corp(y, p).recalibrated, expected, atol=1e-12)


@pytest.mark.parametrize("shape", ["noise", "slow staircase"])
def test_recalibration_of_a_long_record_is_isotonic_regression(shape: str) -> None:
    rng = np.random.default_rng(7)
    p = rng.uniform(0.3, 0.7, 4000)
    y = (rng.random(4000) < p).astype(float)
    if shape == "slow staircase":  # rates that rise, then misses that undo one step after the other
        step = np.repeat(np.arange(40), 50)
        y = np.append(np.tile(np.arange(50), 40) < step + 5, np.zeros(2000)).astype(float)
        p = np.append(step / 100.0, 0.4 + np.arange(2000) / 10_000.0)
    expected = IsotonicRegression().fit(p, y).predict(p)
    np.testing.assert_allclose(corp(y, p).recalibrated, expected, atol=1e-12)


@given(claims)
def test_corp_adds_up_and_no_term_is_negative(data: list[tuple[float, float]]) -> None:
    y, p = np.array(data).T
    parts = corp(y, p)
    assert parts.mcb >= 0 and parts.dsc >= 0 and parts.unc >= 0
    assert parts.mcb - parts.dsc + parts.unc == pytest.approx(brier(y, p).mean(), abs=1e-12)
    assert brier(y, parts.recalibrated).mean() == pytest.approx(parts.unc - parts.dsc, abs=1e-12)


@given(st.lists(st.tuples(outcome, st.sampled_from([0.1, 0.4, 0.7])), min_size=1, max_size=8))
def test_no_monotone_map_on_a_grid_beats_corp(data: list[tuple[float, float]]) -> None:
    y, p = np.array(data).T
    best = brier(y, corp(y, p).recalibrated).mean()
    for a, b, c in itertools.combinations_with_replacement(np.linspace(0, 1, 9), 3):
        mapped = np.select([p == 0.1, p == 0.4], [a, b], c)
        assert best <= brier(y, mapped).mean() + 1e-12


@given(claims)
def test_recalibrated_forecasts_have_nothing_left_to_recalibrate(data: list[tuple[float, float]]) -> None:
    y, p = np.array(data).T
    once = corp(y, p).recalibrated
    again = corp(y, once)
    np.testing.assert_array_equal(again.recalibrated, once)
    assert again.mcb == 0.0
    assert np.all(np.diff(once[np.argsort(p, kind="stable")]) >= 0)


@given(distinct_claims, st.randoms(use_true_random=False))
def test_order_of_claims_does_not_matter(data: list[tuple[float, float]], rng: random.Random) -> None:
    shuffled = list(data)
    rng.shuffle(shuffled)
    y, p = np.array(data).T
    other_y, other_p = np.array(shuffled).T
    assert bias(y, p) == bias(other_y, other_p)
    assert ece(y, p) == ece(other_y, other_p)
    assert murphy(y, p) == murphy(other_y, other_p)
    assert corp(y, p)[:3] == corp(other_y, other_p)[:3]


@given(claims, st.randoms(use_true_random=False))
def test_order_of_tied_claims_does_not_matter_to_corp(data: list[tuple[float, float]], rng: random.Random) -> None:
    shuffled = list(data)
    rng.shuffle(shuffled)
    assert corp(*np.array(data).T)[:3] == corp(*np.array(shuffled).T)[:3]


def test_noise_floor_of_a_perfect_forecaster() -> None:
    # Simulated before this code was written: 500 calls, true p spread .05 around .54: median ECE .039, MCB .0052.
    rng = np.random.default_rng(20)
    p = np.clip(rng.normal(0.54, 0.05, (200, 500)), 0.02, 0.98)
    y = (rng.random(p.shape) < p).astype(np.float64)
    assert np.median([ece(*pair) for pair in zip(y, p, strict=True)]) == pytest.approx(0.039, abs=0.004)
    assert np.median([corp(*pair).mcb for pair in zip(y, p, strict=True)]) == pytest.approx(0.0052, abs=0.0008)


@pytest.mark.parametrize("figure", [bias, ece, murphy, corp])
def test_bad_input_is_refused(figure: Callable[[list[float], list[float]], object]) -> None:
    with pytest.raises(InputError, match="nothing to score"):
        figure([], [])
    with pytest.raises(InputError, match=r"\(2,\).*\(1,\)"):
        figure([0, 1], [0.5])
    with pytest.raises(InputError, match="0 or 1"):
        figure([0.5], [0.5])
    with pytest.raises(InputError, match="between 0 and 1"):
        figure([1], [1.5])


def test_bins_must_be_counted() -> None:
    with pytest.raises(InputError, match="bins must be at least 1"):
        ece([1], [0.5], bins=0)
    with pytest.raises(InputError, match="bins must be at least 1"):
        murphy([1], [0.5], bins=0)
