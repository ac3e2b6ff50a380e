"""Intervals, shrinkage and the e-process against statsmodels, hand-made numbers and full enumeration."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from engine.errors import InputError
from engine.scoring import (
    cell_rate,
    climatology,
    e_process,
    e_value,
    log_score,
    shrunk_rate,
    wilson,
)

probability = st.floats(0.0, 1.0)


def test_wilson_of_thirty_calls_by_hand() -> None:
    # "0.67 from 30 calls": f = 2/3, z = 1.96: (.6667 + .0640 -+ .1809) / 1.1280 = .488, .808
    assert wilson(20, 30) == pytest.approx((0.4878, 0.8077), abs=1e-4)


@given(st.integers(1, 3000), st.floats(0.0, 1.0), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
def test_wilson_agrees_with_statsmodels(n: int, part: float, level: float) -> None:
    k = round(part * n)
    low, high = wilson(k, n, level=level)
    assert (low, high) == pytest.approx(proportion_confint(k, n, alpha=1 - level, method="wilson"), abs=1e-10)
    assert 0.0 <= low <= k / n <= high <= 1.0


@given(st.integers(1, 500), st.data())
def test_wilson_is_symmetric(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = wilson(k, n)
    mirrored = wilson(n - k, n)
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-12)


def test_shrunk_rate_by_hand() -> None:
    assert shrunk_rate(0, 0, prior=0.54, strength=200) == 0.54
    assert shrunk_rate(20, 30, prior=0.54, strength=0) == pytest.approx(2 / 3)
    assert shrunk_rate(20, 30, prior=0.5, strength=70) == pytest.approx(55 / 100)


def test_cell_rate_by_hand() -> None:
    # Mind: (60 + 200*.5)/(100 + 200) = 160/300; cell: (20 + 500*160/300)/(30 + 500)
    assert cell_rate(20, 30, 60, 100, base=0.5) == pytest.approx((20 + 500 * 160 / 300) / 530)
    assert cell_rate(0, 0, 0, 0, base=0.54) == pytest.approx(0.54)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), probability)
def test_cell_rate_lies_between_what_was_seen_and_the_base(right: int, wrong: int, a: int, b: int, base: float) -> None:
    mind_k, mind_n = right + a, right + wrong + a + b
    got = cell_rate(right, right + wrong, mind_k, mind_n, base=base)
    seen = [base]
    seen += [right / (right + wrong)] if right + wrong else []
    seen += [mind_k / mind_n] if mind_n else []
    assert min(seen) - 1e-12 <= got <= max(seen) + 1e-12


def test_e_process_by_hand() -> None:
    # Ratios .75/.5, .5/.5, (1-.75)/(1-.5): 1.5, 1.5, .75
    path = e_process([1, 0, 0], [0.75, 0.5, 0.75], [0.5, 0.5, 0.5])
    assert np.exp(path).tolist() == pytest.approx([1.5, 1.5, 0.75])
    assert e_value([1, 0, 0], [0.75, 0.5, 0.75], [0.5, 0.5, 0.5]) == pytest.approx(0.75)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), probability, probability), max_size=50), st.integers(0, 50))
def test_e_process_is_the_lead_in_log_score(data: list[tuple[float, float, float]], cut: int) -> None:
    y, p, b = np.array(data).reshape(-1, 3).T
    path = e_process(y, p, b)
    lead = [math.fsum((log_score(y, b) - log_score(y, p))[: i + 1]) for i in range(len(data))]
    assert path.tolist() == pytest.approx(lead, abs=1e-9)
    assert e_process(y[:cut], p[:cut], b[:cut]).tolist() == path[:cut].tolist()
    assert (e_process(y, b, b) == 0).all()


def said(past: tuple[int, ...]) -> float:
    """Follow the last outcome, more boldly after two alike, and overstep the clip after three."""
    bold = [0.5, 0.7, 0.9, 1.0][min(3, len(past) - len(list(itertools.dropwhile(lambda o: o == past[-1], past[::-1]))))]
    return bold if past and past[-1] == 1 else 1 - bold


def expectation(reference: Callable[[tuple[int, ...]], float], steps: int) -> tuple[list[float], float]:
    """E[E_n] for each n, and P(E ever >= 2), when outcomes follow `reference`; every path of the tree is walked."""
    means, ever = [0.0] * steps, 0.0
    for path in itertools.product((0, 1), repeat=steps):
        b = [reference(path[:i]) for i in range(steps)]
        p = [said(path[:i]) for i in range(steps)]
        weight = math.prod(chance if hit else 1 - chance for hit, chance in zip(path, b, strict=True))
        e = np.exp(e_process(path, p, b))
        means = [mean + weight * value for mean, value in zip(means, e.tolist(), strict=True)]
        ever += weight * bool(e.max() >= 2.0)
    return means, ever


def test_e_process_is_a_martingale_when_outcomes_follow_the_reference() -> None:
    def base_rate(past: tuple[int, ...]) -> float:
        return float(climatology([*past, 0], prior=0.54, strength=5)[-1])

    means, ever = expectation(base_rate, 9)
    assert means == pytest.approx([1.0] * 9, abs=1e-12)
    assert ever <= 0.5  # Ville: P(E ever >= c) <= 1/c


@pytest.mark.parametrize("rare", [0.0, 0.004, 0.996, 1.0])
def test_e_process_stays_a_supermartingale_outside_the_clip(rare: float) -> None:
    means, ever = expectation(lambda past: rare, 8)
    assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise([1.0, *means]))
    assert ever <= 0.5


def test_e_value_of_nothing_is_where_the_process_starts() -> None:
    assert e_value([], [], []) == 1.0


def test_e_value_of_a_leak_is_still_a_number() -> None:
    n = 2000
    assert e_value([1] * n, [0.98] * n, [0.5] * n) == sys.float_info.max
    assert e_value([0] * n, [0.98] * n, [0.5] * n) == 0.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: wilson(0, 0), "0 right out of 0"),
        (lambda: wilson(4, 3), "4 right out of 3"),
        (lambda: wilson(-1, 3), "-1"),
        (lambda: wilson(1, 3, level=95), "level"),
        (lambda: shrunk_rate(4, 3, prior=0.5, strength=1), "4 right out of 3"),
        (lambda: shrunk_rate(1, 3, prior=54, strength=1), "prior"),
        (lambda: shrunk_rate(1, 3, prior=0.5, strength=-1), "strength"),
        (lambda: shrunk_rate(0, 0, prior=0.5, strength=0), "strength"),
        (lambda: cell_rate(5, 6, 4, 6, base=0.5), "cannot exceed"),
        (lambda: cell_rate(0, 6, 4, 8, base=0.5), "cannot exceed"),
        (lambda: e_process([1], [0.5], [0.5, 0.5]), r"\(1,\).*\(2,\)"),
        (lambda: e_process([1], [0.5], [1.5]), "reference forecasts b"),
    ],
)
def test_bad_input_is_one_sentence(call: Callable[[], object], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
