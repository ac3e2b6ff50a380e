"""Blocks against arch, against a bootstrap that copies every claim, and on records whose skill is known."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from arch.bootstrap import CircularBlockBootstrap, optimal_block_length
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.scoring import block_length, skill_bootstrap
from engine.scoring.bootstrap import RESAMPLES, _resampled

Array = npt.NDArray[np.float64]


def remembering(seed: int, n: int, span: int) -> Array:
    """Sums over `span` steps that neighbours share, of deviation 1."""
    steps = np.random.default_rng(seed).standard_normal(n + span - 1)
    return np.convolve(steps, np.ones(span), "valid") / math.sqrt(span)


@pytest.mark.parametrize("n", [16, 40, 250, 3000])
@pytest.mark.parametrize("span", [1, 2, 21])
@pytest.mark.parametrize("trend", [0.0, 2.0])
def test_the_length_is_that_of_arch(n: int, span: int, trend: float) -> None:
    series = remembering(n + span, n, span) + trend * np.arange(n) / n
    wanted = float(optimal_block_length(series)["circular"].iloc[0])
    assert block_length(series) == pytest.approx(max(wanted, 1.0), rel=1e-9)


def test_a_longer_memory_asks_for_longer_blocks() -> None:
    assert block_length(remembering(1, 2000, 1)) < 6 < block_length(remembering(1, 2000, 21)) < 140
    assert block_length([0.25] * 50) == 1.0
    assert block_length([1e9 + 0.1] * 50) == 1.0


@given(st.integers(0, 10**6), st.integers(16, 80), st.integers(1, 10))
@settings(max_examples=30, deadline=None)
def test_sums_of_blocks_are_sums_of_the_claims_in_them(seed: int, n: int, block: int) -> None:
    losses = np.random.default_rng(seed).random((2, n))
    draw = np.random.default_rng(0)
    starts = draw.integers(0, n, (n // block, RESAMPLES)).tolist()
    last = draw.integers(0, n, RESAMPLES).tolist() if n % block else []
    found = _resampled(losses, block)
    for turn in (0, 1, RESAMPLES - 1):
        places = [(begin[turn] + step) % n for begin in starts for step in range(block)]
        places += [(last[turn] + step) % n for step in range(n % block)] if last else []
        assert len(places) == n
        assert found[:, turn] == pytest.approx(losses[:, places].sum(axis=1), rel=1e-9)


@pytest.mark.parametrize("span", [1, 5])
def test_the_interval_is_that_of_arch(span: int) -> None:
    """Other draws, so equal but for the noise of a thousand resamples: a twentieth of the width or so."""
    shared = remembering(3, 1500, span)
    reference, own = 1.0 + 0.3 * shared, 0.95 + 0.28 * shared + 0.2 * remembering(4, 1500, span)
    block = max(span, math.ceil(block_length(own - reference)), 6)
    drawn = CircularBlockBootstrap(block, own, reference, seed=5)
    values = drawn.apply(lambda a, b: np.array([1.0 - a.sum() / b.sum()]), 4000)[:, 0]
    wanted = np.quantile(values, [0.025, 0.975])
    found = np.array(skill_bootstrap(own, reference, horizon=span))
    assert np.abs(found - wanted).max() < 0.12 * (wanted[1] - wanted[0])


def test_the_interval_covers_a_known_skill() -> None:
    """True skill .1 on windows of five sessions: 200 records of 600; by chance between 87% and 98%."""
    held = 0
    for seed in range(200):
        shared = remembering(seed, 600, 5)
        reference = 1.0 + 0.3 * shared
        own = 0.9 * reference + 0.3 * remembering(10_000 + seed, 600, 5)
        low, high = skill_bootstrap(own, reference, horizon=5)
        held += low < 0.1 < high
    assert 174 <= held <= 198


def test_equal_losses_give_equal_bits_and_no_difference_gives_zero() -> None:
    own, reference = np.random.default_rng(1).random((2, 300))
    assert skill_bootstrap(own, reference, horizon=3) == skill_bootstrap(own.tolist(), reference.tolist(), horizon=3)
    assert skill_bootstrap(own, own, horizon=3) == (0.0, 0.0)
    wide, narrow = (skill_bootstrap(own, reference, horizon=1, level=level) for level in (0.99, 0.5))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("losses", "reference", "horizon", "words"),
    [
        ([0.1] * 10, [0.2] * 10, 1, "too few"),
        ([0.1] * 100, [0.2] * 100, 13, "at least 104"),
        ([0.1] * 20, [0.0] * 20, 1, "no loss at all"),
        ([0.1] * 20, [0.2] * 19, 1, "do not match"),
        ([0.1] * 20, [0.2] * 20, 0, "horizon must be at least 1"),
        (np.arange(40.0), np.full(40, 9.0), 1, "remember"),
    ],
)
def test_what_cannot_be_said_is_refused(losses: Array, reference: Array, horizon: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        skill_bootstrap(losses, reference, horizon=horizon)


def test_few_values_have_no_length() -> None:
    with pytest.raises(InputError, match="at least 16"):
        block_length([0.1] * 15)
