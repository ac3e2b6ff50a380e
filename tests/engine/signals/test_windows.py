"""Window arithmetic against slow plain loops and pandas, and the law that only the window counts, bit for bit."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bars import FloatArray
from engine.signals import windows
from tests.worlds import same_bits

Windowed = Callable[..., FloatArray]
DECAY = 0.9

ONE_COLUMN: dict[str, Windowed] = {
    "sum": windows.window_sum,
    "mean": windows.window_mean,
    "std": windows.window_std,
    "max": windows.window_max,
    "min": windows.window_min,
    "median": windows.window_median,
    "mad": windows.window_mad,
    "ewma": lambda x, width, least=None: windows.window_ewma(x, width, DECAY, least=least),
    "corr": lambda x, width, least=None: windows.window_corr(x, np.cos(np.arange(len(x))) + x, width, least=least),
}
"""Every function of one column; the correlation is with a column made from it (tested on its own below)."""

usual = st.floats(-1.0, 1.0).map(lambda value: round(value, 6))
troubled = st.one_of(usual, st.just(math.nan), st.sampled_from([1e8, -1e8, 0.0, -0.0, 0.25, 0.25, 0.25]))


@st.composite
def columns(draw: st.DrawFn, least_size: int = 0) -> FloatArray:
    """Stretches of ordinary numbers, holes, spikes and standstill; often shorter than any window."""
    found: list[float] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            found += draw(st.lists(troubled, max_size=30))
        else:
            found += [draw(usual)] * draw(st.integers(1, 25))
    found += [0.5] * (least_size - len(found))
    return np.array(found, dtype=float)


widths = st.integers(1, 24)


def _slow(name: str, window: Sequence[float]) -> float:
    """The textbook formula on the valid values of one window, oldest first, summed without rounding."""
    valid = [value for value in window if not math.isnan(value)]
    if name == "sum":
        return math.fsum(valid)
    if name == "max":
        return max(valid)
    if name == "min":
        return min(valid)
    if name == "mean":
        return math.fsum(valid) / len(valid)
    if name == "median":
        return statistics.median(valid)
    if name == "mad":
        middle = statistics.median(valid)
        return statistics.median([abs(value - middle) for value in valid])
    weights = [DECAY**age for age in range(len(window))]
    pairs = [(w, v) for w, v in zip(weights, reversed(window), strict=True) if not math.isnan(v)]
    return math.fsum(w * v for w, v in pairs) / math.fsum(w for w, _ in pairs)


def _windows(x: FloatArray, width: int, least: int) -> list[tuple[int, list[float]]]:
    """(position, window) for each full window with enough observations."""
    found = []
    for at in range(width - 1, len(x)):
        window = x[at - width + 1 : at + 1].tolist()
        if sum(not math.isnan(value) for value in window) >= least:
            found.append((at, window))
    return found


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "median", "mad", "ewma"])
@given(x=columns(), width=widths, data=st.data())
def test_equals_the_plain_formula_window_by_window(name: str, x: FloatArray, width: int, data: st.DataObject) -> None:
    least = data.draw(st.integers(1, width))
    got = ONE_COLUMN[name](x, width, least=least)
    expected = dict(_windows(x, width, least))
    assert got.shape == x.shape
    for at, value in enumerate(got.tolist()):
        if at not in expected:
            assert math.isnan(value)
            continue
        scale = max(abs(item) for item in expected[at] if not math.isnan(item))
        assert value == pytest.approx(_slow(name, expected[at]), rel=1e-12, abs=1e-12 * width * scale)


@given(x=columns(), width=st.integers(2, 24), data=st.data())
def test_deviation_equals_two_pass_formula_and_is_absent_where_nothing_moves(
    x: FloatArray, width: int, data: st.DataObject
) -> None:
    least = data.draw(st.integers(2, width))
    got = windows.window_std(x, width, least=least)
    expected = dict(_windows(x, width, least))
    for at, value in enumerate(got.tolist()):
        if at not in expected:
            assert math.isnan(value)
            continue
        valid = [item for item in expected[at] if not math.isnan(item)]
        square = math.fsum(item * item for item in valid)
        mean = math.fsum(valid) / len(valid)
        spread = math.fsum((item - mean) ** 2 for item in valid)
        if len(set(valid)) == 1:
            assert math.isnan(value)
        elif spread > 2e-11 * square:
            error = 1e-12 * max(1.0, square / spread)
            assert value == pytest.approx(math.sqrt(spread / (len(valid) - 1)), rel=error)


@given(x=columns(), width=st.integers(3, 24), data=st.data())
def test_correlation_equals_two_pass_formula_over_common_positions(
    x: FloatArray, width: int, data: st.DataObject
) -> None:
    y = np.array(data.draw(st.lists(troubled, min_size=len(x), max_size=len(x))), dtype=float)
    got = windows.window_corr(x, y, width, least=2)
    assert not np.any(np.abs(got) > 1.0)
    for at in range(len(x)):
        window = slice(at - width + 1, at + 1)
        pairs = (
            []
            if at < width - 1
            else [p for p in zip(x[window], y[window], strict=True) if p[0] == p[0] and p[1] == p[1]]
        )
        if len(pairs) < 2 or len({p[0] for p in pairs}) == 1 or len({p[1] for p in pairs}) == 1:
            assert math.isnan(got[at])
            continue
        mx, my = (math.fsum(float(p[side]) for p in pairs) / len(pairs) for side in (0, 1))
        sxx, syy = math.fsum((p[0] - mx) ** 2 for p in pairs), math.fsum((p[1] - my) ** 2 for p in pairs)
        sxy = math.fsum((p[0] - mx) * (p[1] - my) for p in pairs)
        size_x, size_y = math.fsum(p[0] ** 2 for p in pairs), math.fsum(p[1] ** 2 for p in pairs)
        if sxx > 2e-11 * size_x and syy > 2e-11 * size_y:
            error = 1e-12 * max(size_x / sxx, size_y / syy)
            assert got[at] == pytest.approx(sxy / math.sqrt(sxx * syy), abs=error)


@pytest.mark.parametrize("width", [1, 2, 7, 21, 63, 252])
@pytest.mark.parametrize("name", ["sum", "mean", "std", "max", "min", "median"])
def test_agrees_with_pandas_on_ordinary_returns(name: str, width: int) -> None:
    rng = np.random.default_rng(width)
    x = rng.normal(0.0, 0.01, 700)
    x[rng.random(700) < 0.03] = np.nan
    least = max(2, width - width // 10) if width > 1 else 1
    got = ONE_COLUMN[name](x, width, least=least)
    rolling = pd.Series(x).rolling(width, min_periods=least)
    expected = getattr(rolling, name)().to_numpy(dtype=float).copy()
    expected[: width - 1] = np.nan  # pandas starts before the first full window
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-15)


def test_correlation_agrees_with_pandas() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=400)
    y = 0.6 * x + rng.normal(size=400)
    x[rng.random(400) < 0.03] = np.nan
    expected = pd.Series(x).rolling(63, min_periods=50).corr(pd.Series(y)).to_numpy(dtype=float).copy()
    expected[:62] = np.nan
    np.testing.assert_allclose(windows.window_corr(x, y, 63, least=50), expected, rtol=1e-10)


def test_exponential_mean_agrees_with_pandas_where_the_cut_tail_weighs_nothing() -> None:
    x = np.random.default_rng(6).normal(size=900) ** 2
    expected = pd.Series(x).ewm(alpha=0.06, adjust=True).mean().to_numpy(dtype=float)
    got = windows.window_ewma(x, 600, 0.94)
    np.testing.assert_allclose(got[599:], expected[599:], rtol=1e-12)


@given(x=columns(), width=widths)
def test_count_is_what_a_loop_counts(x: FloatArray, width: int) -> None:
    expected = [
        0 if at < width - 1 else sum(value == value for value in x[at - width + 1 : at + 1].tolist())
        for at in range(len(x))
    ]
    assert windows.window_count(x, width).tolist() == expected


@given(x=columns(), by=st.integers(0, 80))
def test_delay_moves_and_never_wraps(x: FloatArray, by: int) -> None:
    expected = [math.nan] * min(by, len(x)) + x.tolist()[: max(len(x) - by, 0)]
    assert same_bits(windows.delay(x, by), np.array(expected, dtype=float))


@pytest.mark.parametrize("name", ONE_COLUMN)
@given(x=columns(), width=widths, data=st.data())
def test_cutting_the_future_changes_no_bit(name: str, x: FloatArray, width: int, data: st.DataObject) -> None:
    least, cut = data.draw(st.integers(1, width)), data.draw(st.integers(0, len(x)))
    compute = partial(ONE_COLUMN[name], width=width, least=least)
    assert same_bits(compute(x[:cut]), compute(x)[:cut])


@pytest.mark.parametrize("name", ["sum", "mean", "std", "max", "min", "median", "mad", "ewma"])
@given(x=columns(), width=widths, data=st.data())
def test_starting_later_changes_no_bit_of_a_full_window(
    name: str, x: FloatArray, width: int, data: st.DataObject
) -> None:
    least, start = data.draw(st.integers(1, width)), data.draw(st.integers(0, len(x)))
    compute = partial(ONE_COLUMN[name], width=width, least=least)
    shorter = compute(x[start:])
    assert same_bits(shorter[width - 1 :], compute(x)[start + width - 1 :])
    assert np.isnan(shorter[: width - 1]).all()


@pytest.mark.parametrize("name", ["sum", "mean", "std", "max", "min", "median", "mad", "ewma"])
@given(x=columns(), width=widths, data=st.data())
def test_nothing_outside_the_window_counts(name: str, x: FloatArray, width: int, data: st.DataObject) -> None:
    if len(x) < width:
        return
    at = data.draw(st.integers(width - 1, len(x) - 1))
    changed = np.array(data.draw(st.lists(troubled, min_size=len(x), max_size=len(x))), dtype=float)
    changed[at - width + 1 : at + 1] = x[at - width + 1 : at + 1]
    compute = partial(ONE_COLUMN[name], width=width, least=1)
    assert same_bits(compute(changed)[at : at + 1], compute(x)[at : at + 1])


@given(x=columns(), y=columns(), width=widths, data=st.data())
def test_correlation_depends_on_the_window_alone(x: FloatArray, y: FloatArray, width: int, data: st.DataObject) -> None:
    size = min(len(x), len(y))
    x, y = x[:size], y[:size]
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    inner = windows.window_corr(x[start:stop], y[start:stop], width, least=2)
    whole = windows.window_corr(x, y, width, least=2)
    assert same_bits(inner[width - 1 :], whole[start + width - 1 : max(stop, start + width - 1)])


def test_a_spike_leaves_nothing_behind() -> None:
    calm = np.random.default_rng(9).normal(0.0, 0.01, 300)
    spiked = calm.copy()
    spiked[100] = 1e8
    for name, compute in ONE_COLUMN.items():
        if name != "corr":
            assert same_bits(compute(spiked, 21)[121:], compute(calm, 21)[121:]), name


def test_a_flat_stretch_has_no_deviation_and_no_correlation() -> None:
    for level in (0.0, 0.1, 1 / 3, 17.23, 1e8):
        flat = np.full(400, level)
        assert np.isnan(windows.window_std(flat, 63)).all()
        assert np.isnan(windows.window_corr(flat, np.arange(400.0), 63)).all()


@pytest.mark.parametrize("name", ONE_COLUMN)
def test_a_window_without_sessions_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="at least one session"):
        ONE_COLUMN[name](np.arange(4.0), 0)
