"""Noise floors and the band against records that are invented claim by claim, and against published figures."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_diagnostics.scoring import SquaredError, decompose
from sklearn.isotonic import IsotonicRegression

from engine.errors import InputError
from engine.scoring import bias, consistency_band, corp, ece, noise_floor
from engine.scoring.noise import _monotone

Array = npt.NDArray[np.float64]


def said(name: str) -> Array:
    rng = np.random.default_rng(5)
    return {
        "few": np.linspace(0.4, 0.6, 60),
        "narrow": 0.54 + 0.02 * rng.standard_normal(500),
        "wide": rng.beta(2, 2, 800),
        "rare": rng.beta(1, 6, 400),
        "one": np.full(300, 0.54),
        "tied": np.round(0.54 + 0.02 * rng.standard_normal(900), 2),
    }[name]


@pytest.mark.parametrize("name", ["few", "narrow", "wide", "rare", "one", "tied"])
def test_floors_are_those_of_invented_records(name: str) -> None:
    """Both sides are drawn: 600 records here, 400 there; a 95% point of so many is good to about a tenth."""
    p, rng = said(name), np.random.default_rng(6)
    drawn = [(rng.random(p.size) < p).astype(np.float64) for _ in range(600)]
    found = noise_floor(p)
    for floor, figures in (
        (found.ece5, [ece(y, p) for y in drawn]),
        (found.mcb, [corp(y, p).mcb for y in drawn]),
        (found.bias, [abs(bias(y, p)) for y in drawn]),
    ):
        median, p95 = np.quantile(figures, [0.5, 0.95])
        step = 1.0 / p.size  # the figures of a record of few claims come in steps
        assert floor.median == pytest.approx(median, rel=0.16, abs=0.7 * step)
        assert floor.p95 == pytest.approx(p95, rel=0.16)


def test_the_miscalibration_is_the_one_that_model_diagnostics_means() -> None:
    p, rng = said("narrow"), np.random.default_rng(7)
    y = (rng.random(p.size) < p).astype(np.float64)
    table = decompose(y, p, scoring_function=SquaredError())
    assert corp(y, p).mcb == pytest.approx(table["miscalibration"][0], abs=1e-12)
    assert corp(y, p).dsc == pytest.approx(table["discrimination"][0], abs=1e-12)


@pytest.mark.parametrize(
    ("n", "floors"),
    [
        (250, {"ece5": (0.053, 0.089), "mcb": (0.0083, 0.0146)}),
        (500, {"ece5": (0.039, 0.065), "mcb": (0.0052, 0.0085), "bias": (0.014, 0.040)}),
        (1000, {"ece5": (0.028, 0.046), "mcb": (0.0033, 0.0052), "bias": (0.010, 0.032)}),
        (2500, {"ece5": (0.018, 0.029), "mcb": (0.0018, 0.0026)}),
    ],
)
def test_floors_by_size_of_the_record(n: int, floors: dict[str, tuple[float, float]]) -> None:
    """Figures of a forecaster whose probabilities have a deviation of .05 around .54, measured elsewhere."""
    found = noise_floor(np.clip(0.54 + 0.05 * np.random.default_rng(n).standard_normal(n), 0.02, 0.98))
    for name, wanted in floors.items():
        assert getattr(found, name) == pytest.approx(wanted, rel=0.17), name


def test_a_longer_record_has_less_noise_and_order_does_not_matter() -> None:
    p = said("wide")
    small, large = noise_floor(p[:200]), noise_floor(np.tile(p, 4))
    for name in ("ece5", "mcb", "bias"):
        assert getattr(large, name).median < getattr(small, name).median
        assert getattr(large, name).p95 < getattr(small, name).p95
    assert noise_floor(p[::-1]) == noise_floor(p.tolist()) == noise_floor(p)


def test_who_is_certain_makes_no_noise() -> None:
    for floor in noise_floor([0.0] * 10 + [1.0] * 10):
        assert floor == pytest.approx((0.0, 0.0), abs=1e-12)


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 40))
def test_rows_are_fitted_each_by_itself(seed: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    rates, weight = rng.random((rows, columns)), rng.integers(1, 9, columns).astype(np.float64)
    place = np.arange(columns)
    for row, fitted in zip(rates, _monotone(rates, weight), strict=True):
        wanted = IsotonicRegression().fit(place, row, sample_weight=weight).predict(place)
        assert fitted == pytest.approx(wanted, abs=1e-9)


def test_the_band_holds_as_many_perfect_curves_as_it_says() -> None:
    p, rng = np.sort(said("wide")), np.random.default_rng(8)
    at = p[[40, 200, 400, 600, 760]]
    low, high = consistency_band(p, at, level=0.9)
    held = np.zeros(at.size)
    for _ in range(500):
        curve = corp((rng.random(p.size) < p).astype(np.float64), p).recalibrated[[40, 200, 400, 600, 760]]
        held += (low <= curve) & (curve <= high)
    assert (np.abs(held / 500 - 0.9) < 0.05).all()
    assert (low < at).all() and (at < high).all()


def test_a_band_is_wider_for_fewer_claims_and_a_higher_level() -> None:
    p, at = said("wide"), [0.3, 0.5, 0.7]
    widths = [np.subtract(*consistency_band(part, at, level=level)[::-1]) for part, level in (
        (p, 0.5), (p, 0.95), (p[:100], 0.95),
    )]  # fmt: skip
    assert (widths[0] < widths[1]).all() and (widths[1] < widths[2]).all()
    low, high = consistency_band([0.02] * 20 + [0.98] * 20, [0.0, 1.0])
    assert (low >= 0.0).all() and (high <= 1.0).all()


def test_a_forecaster_who_says_sixty_where_it_is_fifty_two_is_off_the_floor() -> None:
    p, rng = np.full(1600, 0.60) + 0.001 * np.arange(1600) / 1600, np.random.default_rng(1)
    y = (rng.random(1600) < 0.52).astype(np.float64)
    floor = noise_floor(p)
    assert abs(bias(y, p)) > floor.bias.p95 and ece(y, p) > floor.ece5.p95 and corp(y, p).mcb > floor.mcb.p95


def test_what_has_no_floor_is_refused() -> None:
    with pytest.raises(InputError, match="no claims"):
        noise_floor([])
    with pytest.raises(InputError, match="between 0 and 1"):
        noise_floor([0.5, 1.2])
    with pytest.raises(InputError, match="level"):
        consistency_band([0.5], [0.5], level=95)
    assert math.isfinite(noise_floor([0.5]).ece5.p95)
