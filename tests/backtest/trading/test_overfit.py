"""Overfitting against a slow version with one loop per split, and against variants whose truth is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from backtest.trading.overfit import Overfit, overfitting
from engine.errors import InputError

Array = npt.NDArray[np.float64]


def sharpe(series: Array) -> float:
    deviation = float(np.std(series, ddof=1))
    return float(series.mean()) / deviation if deviation > 1e-12 else 0.0


def slowly(returns: Array, blocks: int) -> tuple[float, float, int]:
    """Share of splits with logit <= 0, share with a loss, number of splits: as the paper describes it."""
    length = len(returns) // blocks
    parts = np.split(returns[len(returns) - length * blocks :], blocks)
    logits, losses = [], []
    for taken in itertools.combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[k] for k in taken])
        outside = np.concatenate([parts[k] for k in range(blocks) if k not in taken])
        best = int(np.argmax([sharpe(column) for column in inside.T]))
        ratios = [sharpe(column) for column in outside.T]
        omega = rankdata(ratios)[best] / (len(ratios) + 1)
        logits.append(math.log(omega / (1 - omega)))
        losses.append(ratios[best] < 0)
    return float(np.mean(np.array(logits) <= 1e-12)), float(np.mean(losses)), len(logits)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 9), st.sampled_from([2, 4, 6]), st.integers(0, 5))
def test_the_fast_way_is_the_slow_way(seed: int, variants: int, length: int, blocks: int, more: int) -> None:
    draw = np.random.default_rng(seed)
    returns = draw.normal(0.0, 0.01, (blocks * length + min(more, blocks - 1), variants))
    returns[:, 0] *= draw.integers(0, 2)  # now and then one that never trades
    found = overfitting(returns, blocks)
    assert (found.pbo, found.loss, found.splits) == pytest.approx(slowly(returns, blocks))
    assert (found.variants, found.length) == (variants, length)


def test_all_halves_of_sixteen_blocks() -> None:
    found = overfitting(np.random.default_rng(1).normal(size=(320, 3)))
    assert found.splits == math.comb(16, 8) == 12_870


def test_one_that_is_truly_better_is_chosen_and_stays_the_best() -> None:
    returns = np.random.default_rng(2).normal(0.0, 0.01, (1600, 5))
    returns[:, 3] += 0.01
    assert overfitting(returns) == Overfit(0.0, 0.0, 12_870, 5, 100)


def test_among_equals_the_choice_is_worth_half() -> None:
    # Twenty variants without skill, forty times: on average the winner lands in either half of the others.
    draw = np.random.default_rng(5)
    found = [overfitting(draw.normal(0.0, 0.01, (160, 20)), 8).pbo for _ in range(40)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_a_winner_of_single_blocks_is_found_out() -> None:
    # Each variant is splendid in one block of its own and a little bad elsewhere: who wins a half has had his day.
    draw = np.random.default_rng(6)
    returns = draw.normal(-0.001, 0.01, (16, 40, 16))
    for block in range(16):
        returns[block, :, block] += 0.02
    found = overfitting(returns.reshape(640, 16))
    assert found.pbo > 0.9
    assert found.loss > 0.9


@pytest.mark.parametrize(
    ("shape", "blocks", "said"),
    [((320, 1), 16, "two variants"), ((31, 2), 16, "32 periods"), ((320,), 16, "shape"), ((320, 2), 5, "even")],
)
def test_what_cannot_be_asked(shape: tuple[int, ...], blocks: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        overfitting(np.zeros(shape), blocks)
