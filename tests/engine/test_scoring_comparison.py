"""Diebold-Mariano tests against statsmodels, scipy, sums done by hand, and simulated losses that overlap."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft, stats

from engine.errors import InputError
from engine.scoring import dm_test, skill_interval
from engine.scoring.comparison import _cosine_sums, _two_sided

Array = npt.NDArray[np.float64]
Method = Literal["ewc", "hln"]

losses = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.integers(16, 200).map(lambda n: np.random.default_rng(seed).random((2, n)))
)


def test_hln_by_hand() -> None:
    # d = 1, -1, 3, 1, repeated four times: mean 1, away 0, -2, 2, 0; g0 = 32/16 = 2; lag 1: 15 products, of each four
    # 0, -4, 0 and between blocks 0: -16/16 = -1. V = 2 - 2 = 0 at h = 2, so only h = 1 has an answer:
    # t = 1 / sqrt(2/16) * sqrt((16 + 1 - 2)/16).
    a, b = np.array([1.0, 0.0, 3.0, 1.0] * 4), np.array([0.0, 1.0, 0.0, 0.0] * 4)
    found = dm_test(a, b, horizon=1, method="hln")
    assert (found.mean, found.df, found.n) == (1.0, 15, 16)
    assert found.t == pytest.approx(math.sqrt(8.0) * math.sqrt(15.0 / 16.0))
    with pytest.raises(InputError, match="variance"):
        dm_test(a, b, horizon=2, method="hln")


def test_ewc_by_hand() -> None:
    # d_s = 1 + cos(pi (s - 1/2) / 16): the mean is 1, the first cosine coefficient sqrt(2/16) * 16/2, all others 0.
    # B = floor(.4 * 16^(2/3)) = 2, V = (2/16 * 64) / 2 = 4, t = 1 / sqrt(4/16) = 2, and a Student t with two degrees
    # of freedom has P(|T| >= 2) = 1 - 2/sqrt(2 + 4).
    d = 1.0 + np.cos(np.pi * (np.arange(16) + 0.5) / 16)
    found = dm_test(d, np.zeros(16), horizon=1)
    assert (found.df, found.n) == (2, 16)
    assert (found.mean, found.t, found.p) == pytest.approx((1.0, 2.0, 1.0 - 2.0 / math.sqrt(6.0)))


@given(losses, st.integers(1, 3))
def test_hln_is_the_uniform_kernel_of_statsmodels(pair: Array, horizon: int) -> None:
    d, n = pair[0] - pair[1], pair.shape[1]
    kernel = {"maxlags": horizon - 1, "kernel": "uniform"}
    with np.errstate(invalid="ignore"):
        plain = float(sm.OLS(d, np.ones(n)).fit(cov_type="HAC", cov_kwds=kernel).tvalues[0])
    if math.isnan(plain):  # a negative variance
        return
    found = dm_test(*pair, horizon=horizon, method="hln")
    factor = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
    assert found.t == pytest.approx(plain * factor, rel=1e-8)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.t), n - 1), rel=1e-9)


@given(losses)
def test_ewc_is_the_cosine_transform_of_scipy(pair: Array) -> None:
    d, n = pair[0] - pair[1], pair.shape[1]
    count = math.floor(0.4 * n ** (2 / 3))
    coefficients = fft.dct(d, type=2, norm="ortho")[1 : count + 1]
    found = dm_test(*pair, horizon=1)
    assert found.df == count
    assert found.t == pytest.approx(d.mean() / math.sqrt((coefficients**2).mean() / n), rel=1e-9)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.t), count), rel=1e-9)


@given(losses, st.sampled_from(["ewc", "hln"]), st.floats(0.01, 100.0))
def test_the_order_turns_the_sign_and_the_unit_does_not_matter(pair: Array, method: Method, unit: float) -> None:
    one, other = dm_test(*pair, horizon=1, method=method), dm_test(*pair[::-1], horizon=1, method=method)
    assert (one.mean, one.t, one.p) == pytest.approx((-other.mean, -other.t, other.p))
    scaled = dm_test(*(pair * unit), horizon=1, method=method)
    assert (scaled.mean, scaled.t, scaled.p) == pytest.approx((one.mean * unit, one.t, one.p), rel=1e-6, abs=1e-12)


@given(st.floats(-60.0, 60.0), st.integers(1, 20_000))
def test_the_p_value_is_that_of_scipy(t: float, df: int) -> None:
    truth = float(2 * stats.t.sf(abs(t), df))
    assert _two_sided(t, df) == pytest.approx(truth, rel=1e-9, abs=1e-290)


def test_the_p_value_by_published_table() -> None:
    # Critical values of the Student t, two-sided 5% and 1%, as in any statistical table.
    for df, five, one in ((1, 12.706, 63.657), (2, 4.303, 9.925), (10, 2.228, 3.169), (30, 2.042, 2.750)):
        assert _two_sided(five, df) == pytest.approx(0.05, abs=5e-5)
        assert _two_sided(-one, df) == pytest.approx(0.01, abs=5e-5)


def overlapping(rng: np.random.Generator, sessions: int, horizon: int) -> tuple[Array, Array]:
    """Brier scores of two equally worthless forecasters with persistent opinions on whether `horizon` sessions rise."""
    moves = rng.standard_normal(sessions + horizon - 1)
    outcome = np.convolve(moves, np.ones(horizon), "valid") > 0
    noise = rng.standard_normal((2, sessions + 200))
    weights = 0.9 ** np.arange(80)
    opinion = np.array([np.convolve(row, weights)[200 : 200 + sessions] for row in noise]) * math.sqrt(1 - 0.9**2)
    first, second = (np.clip(0.5 + 0.08 * opinion, 0.02, 0.98) - outcome) ** 2
    return first, second


def naive(a: Array, b: Array) -> bool:
    d = a - b
    return bool(abs(d.mean()) > 1.96 * d.std(ddof=1) / math.sqrt(d.size))


@pytest.mark.parametrize(("horizon", "naive_at_least"), [(1, 0.0), (5, 0.2), (21, 0.35)])
def test_size_on_overlapping_claims(horizon: int, naive_at_least: float) -> None:
    """Nominal 5%; 400 draws leave a standard error of one point, so a sound test stays below 9%."""
    rng, draws = np.random.default_rng(20), 400
    rejected = {"naive": 0, "ewc": 0, "hln": 0}
    for _ in range(draws):
        pair = overlapping(rng, 600, horizon)
        rejected["naive"] += naive(*pair)
        rejected["ewc"] += dm_test(*pair, horizon=horizon).p < 0.05
        try:
            rejected["hln"] += dm_test(*pair, horizon=horizon, method="hln").p < 0.05
        except InputError:  # no positive variance: no verdict
            continue
    share = {name: count / draws for name, count in rejected.items()}
    assert share["naive"] >= naive_at_least
    assert 0.01 <= share["ewc"] <= 0.09
    assert 0.01 <= share["hln"] <= 0.09


@pytest.mark.parametrize("method", ["ewc", "hln"])
def test_a_real_difference_is_found(method: Method) -> None:
    rng = np.random.default_rng(4)
    a, b = overlapping(rng, 600, 5)
    assert dm_test(a, b + 0.05, horizon=5, method=method).p < 1e-3


def test_forecasters_that_never_differ() -> None:
    same = [0.25] * 40
    assert dm_test(same, same, horizon=2) == (0.0, 0.0, 4, 1.0, 40)


@given(losses, st.integers(1, 3), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_a_skill_interval_is_the_students_t_interval_of_the_cosine_variance(
    pair: Array, horizon: int, level: float
) -> None:
    (loss, reference), n = pair, pair.shape[1]
    gain = reference - loss
    count = math.floor(0.4 * n ** (2 / 3))
    sums = [sum(gain[s] * math.cos(math.pi * j * (s + 0.5) / n) for s in range(n)) for j in range(1, count + 1)]
    error = math.sqrt(sum(2.0 / n * total**2 for total in sums) / count / n)
    margin = stats.t.ppf((1 + level) / 2, count) * error
    wanted = (gain.mean() - margin) / reference.mean(), (gain.mean() + margin) / reference.mean()
    assert skill_interval(loss, reference, horizon=horizon, level=level) == pytest.approx(wanted, rel=1e-8, abs=1e-10)


def test_skill_interval_by_hand() -> None:
    # As above: gain 1 + cos(...) of a reference that loses 4 on average: mean 1, standard error sqrt(4/16) = 1/2, two
    # degrees of freedom, for which the 95% point is .95 * sqrt(2 / (1 - .95^2)) = 4.3027.
    gain = 1.0 + np.cos(np.pi * (np.arange(16) + 0.5) / 16)
    low, high = skill_interval(np.full(16, 4.0) - gain, np.full(16, 4.0), horizon=1)
    margin = 0.95 * math.sqrt(2.0 / (1.0 - 0.95**2)) / 2.0
    assert (low, high) == pytest.approx(((1.0 - margin) / 4.0, (1.0 + margin) / 4.0))


def test_a_forecaster_equal_to_its_reference_has_no_skill_and_no_doubt() -> None:
    assert skill_interval([0.25] * 40, [0.25] * 40, horizon=1) == (0.0, 0.0)


@pytest.mark.parametrize("n", [16, 500, 5010])
def test_cosine_sums_of_long_records_are_those_of_scipy(n: int) -> None:
    d, count = np.random.default_rng(n).normal(size=n), math.floor(0.4 * n ** (2 / 3))
    wanted = fft.dct(d, type=2)[1 : count + 1] / 2.0
    np.testing.assert_allclose(_cosine_sums(d, count), wanted, rtol=0.0, atol=1e-11 * math.sqrt(n))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: dm_test([0.1] * 15, [0.2] * 15, horizon=1), "15 claims are too few"),
        (lambda: dm_test([0.1] * 84, [0.2] * 84, horizon=21), "at least 85"),
        (lambda: dm_test([0.1] * 20, [0.2] * 21, horizon=1), r"\(20,\).*\(21,\)"),
        (lambda: dm_test([0.1] * 20, [0.25] * 20, horizon=1), "variance"),
        (lambda: dm_test([0.1] * 20, [0.25] * 20, horizon=1, method="hln"), "use method 'ewc'"),
        (lambda: skill_interval([0.1, 0.2] * 10, [0.0] * 20, horizon=1), "no loss at all"),
        (lambda: skill_interval([0.1, 0.2] * 10, [0.2] * 20, horizon=1, level=95), "level"),
        (lambda: dm_test([math.nan] * 20, [0.2] * 20, horizon=1), "losses a"),
        (lambda: dm_test([0.1, 0.2] * 10, [0.2] * 20, horizon=0), "horizon"),
        (lambda: dm_test([0.1, 0.2] * 10, [0.2] * 20, horizon=1, method="naive"), "'ewc' or 'hln'"),  # type: ignore[arg-type]  # a slip
    ],
)
def test_bad_input_is_one_sentence(call: Callable[[], object], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
