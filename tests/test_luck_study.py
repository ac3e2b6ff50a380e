"""Luck seldom passes for skill, and an edge that is planted is found as often as theory says: the study in small."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from scipy.stats import binom, kstest

from tests.runs import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import luck_study
from luck_study import ENOUGH, Edge, coin_trial, edge_trial, main, power

SEEDS = range(1, 25)


@pytest.fixture(scope="module")
def coins() -> list[tuple[float, float, float]]:
    """Coins over five hundred sessions of the fifties, each the only mind of a whole run."""
    trials = [coin_trial(seed, 500, "1954-01-04") for seed in SEEDS]
    assert min(trial.n for trial in trials) > 440
    return [(trial.e_value, trial.p_spa_side, trial.p_spa) for trial in trials]


def test_coins_do_not_claim_skill(coins: list[tuple[float, float, float]]) -> None:
    claimed = sum(e_value >= ENOUGH for e_value, _, _ in coins)
    assert claimed <= binom.ppf(0.99, len(coins), 0.05)


def test_p_values_of_coins_are_uniform(coins: list[tuple[float, float, float]]) -> None:
    """Those of the sides, which are fair by construction; published calls pay for being bold, so theirs are larger."""
    assert kstest([side for _, side, _ in coins], "uniform").pvalue > 0.05
    assert kstest([published for _, _, published in coins], "uniform", alternative="greater").pvalue > 0.05


@pytest.mark.parametrize(("edge", "n"), [(Edge(0.56, 0.5), 427), (Edge(0.5, 0.5), 427)], ids=["planted", "none"])
def test_an_edge_is_found_as_often_as_theory_says(edge: Edge, n: int) -> None:
    trials = [edge_trial(seed, n, edge) for seed in SEEDS]
    expected = power(edge, n) if edge.right > edge.base else 0.05
    low, high = binom.ppf([0.005, 0.995], len(trials), expected)
    assert low <= sum(trial.p_side <= 0.05 for trial in trials) <= high
    assert low <= sum(trial.p_spa_side <= 0.05 for trial in trials) <= high
    right = np.mean([trial.right for trial in trials])
    assert abs(right - edge.right) < 4.0 * np.sqrt(0.25 / sum(trial.n for trial in trials))


@pytest.mark.parametrize(("edge", "n", "told"), [
    (Edge(0.55, 0.50), 654, 0.80), (Edge(0.56, 0.54), 3920, 0.80), (Edge(0.57, 0.54), 1757, 0.80),
    (Edge(0.56, 0.50), 427, 0.80),
])  # fmt: skip
def test_the_power_is_that_of_the_binomial_test(edge: Edge, n: int, told: float) -> None:
    """Exact tail probabilities, and sample sizes that are well known."""
    needed = binom.isf(0.05, n, edge.base) + 1
    assert power(edge, n) == pytest.approx(binom.sf(needed - 1, n, edge.right), abs=0.025)
    assert power(edge, n) == pytest.approx(told, abs=0.03)


def test_a_drawn_market_has_the_edge_that_it_is_asked_for() -> None:
    edge = Edge(0.56, 0.54)
    up, down = edge.stays
    share = (1.0 - down) / (2.0 - up - down)  # of rises in the long run, from the chain's own balance
    assert share == pytest.approx(edge.base)
    assert share * up + (1.0 - share) * down == pytest.approx(edge.right)


def test_the_study_prints_a_line_for_each_part(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(luck_study, "_COINS", (300,))
    monkeypatch.setattr(luck_study, "_EDGES", ((Edge(0.56, 0.5), 300),))
    assert main(["--seeds", "2"]) == 0
    coin, edge = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert coin["a coin, 300 sessions"]["trials"] == 2
    assert edge["56% right where 50% is usual, 300 sessions"]["power by normal theory"] == power(Edge(0.56, 0.5), 300)
