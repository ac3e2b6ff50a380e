"""Climatology against slow, obvious versions: exact under truncation, delay and voids."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.scoring import BaseRate, ExpandingQuantile, RunningQuantile, climatology, climatology_interval, tails

outcome_lists = st.lists(st.sampled_from([0.0, 1.0, math.nan]), max_size=80)
# Repeats, spikes, flat stretches and voids: what returns look like when data go wrong.
value_lists = st.lists(
    st.one_of(st.floats(-0.2, 0.2), st.sampled_from([0.0, 0.01, -0.01, 1e8, -1e8, math.nan])), max_size=60
)
delays = st.integers(1, 25)


def test_climatology_by_hand() -> None:
    # Two pseudo-observations at .5; the void at position 2 is never counted.
    got = climatology([1, 0, math.nan, 1], prior=0.5, strength=2)
    assert got.tolist() == pytest.approx([1 / 2, 2 / 3, 2 / 4, 2 / 4])
    later = climatology([1, 0, math.nan, 1], prior=0.5, strength=2, delay=2)
    assert later.tolist() == pytest.approx([1 / 2, 1 / 2, 2 / 3, 2 / 4])


def test_climatology_defaults_are_the_published_ones() -> None:
    assert climatology([1, 1])[1] == pytest.approx((1 + 270) / 501)


@given(outcome_lists, st.integers(0, 100), st.integers(1, 600), delays)
def test_climatology_is_the_rate_of_what_was_known(y: list[float], percent: int, strength: int, delay: int) -> None:
    prior = Fraction(percent, 100)
    got = climatology(y, prior=float(prior), strength=strength, delay=delay)
    for t in range(len(y)):
        known = [int(y[i]) for i in range(len(y)) if i + delay <= t and not math.isnan(y[i])]
        assert got[t] == pytest.approx(float((sum(known) + prior * strength) / (len(known) + strength)), abs=1e-15)


@given(outcome_lists, st.floats(0.0, 1.0), st.floats(0.5, 600.0), delays)
def test_base_rate_has_the_same_bits(y: list[float], prior: float, strength: float, delay: int) -> None:
    rate, values = BaseRate(prior, strength), []
    for t in range(len(y)):
        if t >= delay:
            rate.add(y[t - delay])
        values.append(rate.value)
    assert climatology(y, prior=prior, strength=strength, delay=delay).tolist() == values
    known = y[: max(len(y) - delay, 0)]
    assert rate.count == sum(not math.isnan(value) for value in known)


@given(outcome_lists, value_lists, delays, st.integers(0, 80))
def test_truncated_history_gives_the_same_bits(y: list[float], x: list[float], delay: int, cut: int) -> None:
    assert climatology(y[:cut], delay=delay).tolist() == climatology(y, delay=delay)[:cut].tolist()
    part = climatology_interval(x[:cut], delay=delay, minimum=3)
    full = climatology_interval(x, delay=delay, minimum=3)
    np.testing.assert_array_equal(part.low, full.low[:cut])
    np.testing.assert_array_equal(part.high, full.high[:cut])


@given(outcome_lists, delays, st.data())
def test_the_future_does_not_matter(y: list[float], delay: int, data: st.DataObject) -> None:
    t = data.draw(st.integers(0, len(y)))
    first_unknown = max(t - delay + 1, 0)
    other = y[:first_unknown] + [0.0 if value == 1.0 else 1.0 for value in y[first_unknown:]]
    assert climatology(y, delay=delay)[: t + 1].tolist() == climatology(other, delay=delay)[: t + 1].tolist()


@given(value_lists, delays, st.integers(1, 12))
def test_interval_equals_numpy_quantiles_of_what_was_known(x: list[float], delay: int, minimum: int) -> None:
    band = climatology_interval(x, delay=delay, minimum=minimum)
    for t in range(len(x)):
        known = [value for value in x[: max(t - delay + 1, 0)] if not math.isnan(value)]
        if len(known) < minimum:
            assert math.isnan(band.low[t]) and math.isnan(band.high[t])
        else:
            assert (band.low[t], band.high[t]) == (np.quantile(known, 0.1), np.quantile(known, 0.9))


def test_interval_on_a_long_history_equals_numpy() -> None:
    x = np.random.default_rng(7).standard_t(4, 1500) * 0.01
    band = climatology_interval(x, delay=2)
    assert np.isnan(band.low[:251]).all() and not np.isnan(band.low[251:]).any()
    for t in range(251, 1500, 50):
        assert (band.low[t], band.high[t]) == tuple(np.quantile(x[: t - 1], [0.1, 0.9]))


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.floats(0.0, 1.0))
def test_expanding_quantile_equals_numpy(x: list[float], q: float) -> None:
    past = ExpandingQuantile()
    for value in x:
        past.add(value)
    past.add(math.nan)
    assert len(past) == len(x)
    assert past.quantile(q) == np.quantile(x, q)


@given(
    st.lists(st.floats(-1e3, 1e3) | st.sampled_from([0.0, -0.0, 1.0]), max_size=30),
    st.lists(st.floats(-1e3, 1e3) | st.sampled_from([0.0, -0.0, 1.0]), max_size=30),
    st.floats(0.0, 1.0) | st.sampled_from([0.0, 0.1, 0.5, 0.75, 0.9, 1.0]),
)
def test_running_quantile_equals_numpy_after_every_value(early: list[float], late: list[float], q: float) -> None:
    past = RunningQuantile(q)
    past.extend([*early, math.nan])
    past.add(math.nan)
    for count, value in enumerate(late, len(early) + 1):
        past.add(value)
        assert len(past) == count
        assert past.value == np.quantile([*early, *late][:count], q)
    ahead = RunningQuantile(q)
    ahead.extend(early)
    followed = ahead.follow([math.nan, *late])
    assert followed[1:] == [np.quantile([*early, *late][:count], q) for count in range(len(early) + 1, len(past) + 1)]
    assert followed[0] == np.quantile(early, q) if early else math.isnan(followed[0])


def test_running_quantile_refuses_what_it_cannot_hold() -> None:
    past = RunningQuantile(0.5)
    with pytest.raises(InputError):
        _ = past.value
    with pytest.raises(InputError):
        past.add(math.inf)
    with pytest.raises(InputError):
        past.extend([1.0, -math.inf])
    with pytest.raises(InputError):
        past.follow([math.inf])
    with pytest.raises(InputError):
        RunningQuantile(1.1)
    assert len(past) == 0


def test_tails_are_the_round_numbers_a_reader_expects() -> None:
    assert [tails(level) for level in (0.5, 0.8, 0.9, 0.95)] == [(0.25, 0.75), (0.1, 0.9), (0.05, 0.95), (0.025, 0.975)]


def test_empty_history_is_an_empty_answer() -> None:
    assert climatology([]).shape == (0,)
    assert climatology_interval([]).low.shape == (0,)


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match=r"position 1 holds 2\.0"):
        climatology([0, 2])
    with pytest.raises(InputError, match=r"\(1, 2\)"):
        climatology([[0, 1]])
    with pytest.raises(InputError, match="delay must be at least 1"):
        climatology([0, 1], delay=0)
    with pytest.raises(InputError, match="whole number"):
        climatology([0, 1], delay=1.5)  # type: ignore[arg-type]  # the wrong type is the point
    with pytest.raises(InputError, match="prior"):
        climatology([0, 1], prior=54)
    with pytest.raises(InputError, match="strength"):
        BaseRate(0.54, 0)
    with pytest.raises(InputError, match=r"0\.5"):
        BaseRate(0.54, 500).add(0.5)
    with pytest.raises(InputError, match="inf"):
        climatology_interval([math.inf])
    with pytest.raises(InputError, match="level"):
        climatology_interval([0.0], level=80)
    with pytest.raises(InputError, match="minimum"):
        climatology_interval([0.0], minimum=0)
    with pytest.raises(InputError, match="0 values"):
        ExpandingQuantile().quantile(0.5)
    with pytest.raises(InputError, match="inf"):
        ExpandingQuantile().add(-math.inf)
