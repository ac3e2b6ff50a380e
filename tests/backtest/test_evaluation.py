"""Many forecasters: the tests keep their size, see a planted one, and agree with a plain resampling of sessions."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
import pytest

from backtest.evaluation import confidence_set, spa
from engine.errors import InputError

Array = npt.NDArray[np.float64]


def field(seed: int, n: int, k: int, *, good: int | None = None) -> tuple[Array, Array]:
    """Brier losses of k forecasters who guess around a base rate of .54, one of whom may know something; the base's."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.54).astype(np.float64)
    p = 0.54 + 0.02 * rng.standard_normal((n, k))
    if good is not None:
        p[:, good] = 0.54 + 0.16 * (y - 0.54) + 0.05 * rng.standard_normal(n)
    return (p - y[:, None]) ** 2, (0.54 - y) ** 2


def plain(lead: Array, resamples: int = 4000) -> tuple[float, float, float]:
    """Hansen's three p-values with draws of single sessions, from his formulas: lower, consistent, upper."""
    n, rng = len(lead), np.random.default_rng(99)
    mean, spread = lead.mean(axis=0), lead.std(axis=0)
    found = np.sqrt(n) * (mean / spread).max()
    limit = -spread / np.sqrt(n) * np.sqrt(2.0 * np.log(np.log(n)))
    centres = [np.maximum(mean, 0.0), np.where(mean >= limit, mean, 0.0), mean]
    drawn = np.array([lead[rng.integers(0, n, n)].mean(axis=0) for _ in range(resamples)])
    low, middle, high = (float((np.sqrt(n) * ((drawn - c) / spread).max(axis=1) > found).mean()) for c in centres)
    return low, middle, high


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_p_values_are_those_of_the_formulas(seed: int) -> None:
    losses, benchmark = field(seed, 400, 6)
    losses[:, 2] += 0.05 + 0.01 * np.random.default_rng(seed).standard_normal(400)  # one that is clearly worse
    found, wanted = spa(losses, benchmark, horizon=1), plain(benchmark[:, None] - losses)
    assert (found.p_lower, found.p_consistent, found.p_upper) == pytest.approx(wanted, abs=0.06)
    assert found.p_lower <= found.p_consistent <= found.p_upper and (found.n, found.k) == (400, 6)


def test_without_skill_few_are_called_better() -> None:
    """At 10%, by chance at most 9 of 40 (who guess around the base rate are a little worse than it)."""
    assert sum(spa(*field(seed, 250, 5), horizon=1).p_upper <= 0.1 for seed in range(40)) <= 9


def test_a_planted_one_is_found_among_twenty() -> None:
    losses, benchmark = field(7, 800, 20, good=11)
    assert spa(losses, benchmark, horizon=1).p_consistent < 0.01
    names = [f"f{column}" for column in range(20)]
    kept = confidence_set(losses, names, horizon=1)
    assert kept.names == ("f11",) and kept.p["f11"] == 1.0 and kept.p["f3"] < 0.1
    assert set(kept.p) == set(names) and (kept.size, kept.n) == (0.10, 800)


def test_no_p_value_is_zero() -> None:
    """Of a thousand resamples and the record none did as well as the record but itself: one in 1,001."""
    losses, benchmark = field(7, 800, 3, good=1)
    losses[:, 1] = benchmark - 0.1 - 0.01 * np.random.default_rng(7).standard_normal(800)
    assert spa(losses, benchmark, horizon=1)[:3] == pytest.approx((1 / 1001,) * 3)
    kept = confidence_set(losses, ["a", "b", "c"], horizon=1)
    assert (kept.names, kept.p["b"]) == (("b",), 1.0)
    assert kept.p["a"] == kept.p["c"] == pytest.approx(1 / 1001)


def test_one_noisy_forecaster_does_not_hide_a_good_one() -> None:
    """Without dividing by deviations the luck of the noisy one would be the measure of all."""
    losses, benchmark = field(8, 600, 3, good=1)
    losses[:, 0] = benchmark + 3.0 * np.random.default_rng(8).standard_normal(600)
    assert spa(losses, benchmark, horizon=1).p_consistent < 0.05


def test_equal_forecasters_stay_together_however_many() -> None:
    losses, benchmark = field(9, 500, 4)
    table = np.column_stack([benchmark, losses, benchmark, losses[:, 1]])
    names = ["base", "a", "b", "c", "d", "base again", "b again"]
    kept = confidence_set(table, names, horizon=2)
    assert kept.p["base"] == kept.p["base again"] and kept.p["b"] == kept.p["b again"]
    assert kept.block >= 2
    alone = confidence_set(np.column_stack([benchmark, benchmark]), ["x", "y"], horizon=1)
    assert (alone.names, alone.p) == (("x", "y"), {"x": 1.0, "y": 1.0})


def test_the_best_is_kept_nine_times_of_ten() -> None:
    """All are equally good here, so that each is the best; by chance at least 31 of 40."""
    held = 0
    for seed in range(40):
        losses = np.random.default_rng(seed).standard_normal((200, 3))
        held += "a" in confidence_set(losses, ["a", "b", "c"], horizon=1).names
    assert held >= 31


def test_blocks_are_as_long_as_a_claim() -> None:
    losses, benchmark = field(10, 400, 3)
    assert spa(losses, benchmark, horizon=21).block >= 21
    assert confidence_set(losses, ["a", "b", "c"], horizon=21).block >= 21


def test_equal_losses_give_equal_answers_and_none_that_differs_is_no_evidence() -> None:
    losses, benchmark = field(11, 300, 4)
    assert spa(losses, benchmark, horizon=1) == spa(losses.copy(), benchmark.copy(), horizon=1)
    same = np.column_stack([benchmark, benchmark])
    assert spa(same, benchmark, horizon=1)[:5] == (1.0, 1.0, 1.0, 300, 2)
    first, second = (spa(np.column_stack([losses, part]), benchmark, horizon=1) for part in (same, losses[:, :0]))
    assert first[:4] == second[:4]


@pytest.mark.parametrize(
    ("n", "k", "horizon", "change", "words"),
    [
        (12, 2, 1, None, "too few"),
        (100, 2, 13, None, "at least 104"),
        (100, 2, 0, None, "at least one session"),
        (100, 2, 1, np.nan, "forecaster 1 has no loss in row 5"),
        (100, 0, 1, None, "table of sessions by forecasters"),
    ],
)
def test_losses_that_cannot_be_judged(n: int, k: int, horizon: int, change: float | None, words: str) -> None:
    losses, benchmark = field(1, n, k)
    if change is not None:
        losses[5, 1] = change
    with pytest.raises(InputError, match=words):
        spa(losses, benchmark, horizon=horizon)
    with pytest.raises(InputError, match=words):
        confidence_set(losses, [str(column) for column in range(k)], horizon=horizon)


def test_a_constant_difference_is_a_mistake() -> None:
    losses, benchmark = field(1, 100, 2)
    with pytest.raises(InputError, match="the same amount"):
        spa(np.column_stack([losses, benchmark + 0.125]), benchmark, horizon=1)
    with pytest.raises(InputError, match="the same amount"):
        confidence_set(np.column_stack([benchmark, benchmark + 0.125]), ["a", "b"], horizon=1)
    with pytest.raises(InputError, match="finite numbers"):
        spa(losses, benchmark[1:], horizon=1)
    for names in (["a"], ["a", "a"]):
        with pytest.raises(InputError, match="a name of its own"):
            confidence_set(losses, names, horizon=1)
    with pytest.raises(InputError, match="strictly between"):
        confidence_set(losses, ["a", "b"], horizon=1, size=10)


def test_without_the_extra_the_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "arch", None)
    monkeypatch.setitem(sys.modules, "arch.bootstrap", None)
    with pytest.raises(InputError, match="workshop-desk\\[study\\]"):
        spa(*field(1, 100, 2), horizon=1)
