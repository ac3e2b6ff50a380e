"""Tables of made-up claims whose figures are known: coverage of windows, evidence that goes again, skill that ends."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

from backtest.claims import Claims
from backtest.evidence import evidence_path, mean_e_value
from backtest.score_tables import direction, interval
from backtest.skill import _bridge, by_year, drift, skill_between
from engine.scoring import skill_bootstrap

Array = npt.NDArray[np.float64]
DAYS = [f"{2001 + at // 250}-01-{1 + at % 28:02d}" for at in range(3000)]


def claims(y: Array, p: Array | None = None, *, horizons: tuple[int, ...] = (1,), b: float = 0.5) -> Claims:
    """One claim a session and target, in order of settlement; y in the order session by session, target by target."""
    targets, n = len(horizons), y.size
    at = np.arange(n)
    said = np.full(n, b) if p is None else p
    day, target = at // targets, at % targets
    due = day + np.array(horizons)[target]
    order = np.lexsort((target, due))
    base = np.full(n, b)
    given = np.where(y == 1.0, said, 1.0 - said)
    columns = {
        "target": target, "day": day, "due": due, "y": y, "p": said, "b": base, "score": (said - y) ** 2,
        "base_score": (base - y) ** 2, "log_score": -np.log(np.clip(given, 0.02, 0.98)),
    }  # fmt: skip
    names = tuple((f"S{number}", horizon) for number, horizon in enumerate(horizons))
    return Claims(names, {name: values[order] for name, values in columns.items()})


def lead_of(some: Claims) -> Array:
    return -np.log(np.where(some.y == 1.0, some.b, 1.0 - some.b)) - some.log_score


def test_coverage_of_each_window() -> None:
    """300 claims held by turns of four in five; then a hundred that all hold: the last window holds 220 of 250."""
    y = np.concatenate([np.tile([1.0, 1.0, 1.0, 1.0, 0.0], 60), np.ones(100)])
    found = interval(claims(y))["rolling"]
    assert found == {"window": 250, "n": 151, "lowest": 0.8, "highest": 0.88, "outside": 0.0}
    found = interval(claims(np.append(y, np.ones(5))))["rolling"]
    assert (found["highest"], found["outside"]) == (221 / 250, pytest.approx(1 / 156))


def test_windows_are_those_of_each_target() -> None:
    """One target always holds and one never does: no window of either holds 80%, whatever both together do."""
    y = np.tile([1.0, 0.0], 300)
    assert interval(claims(y, horizons=(1, 1)))["rolling"] == {
        "window": 250, "n": 102, "lowest": 0.0, "highest": 1.0, "outside": 1.0,
    }  # fmt: skip
    assert interval(claims(y[:498], horizons=(1, 1)))["rolling"] is None, "249 on each are no window"


def test_evidence_that_came_and_went_is_still_seen_at_its_peak() -> None:
    y = np.concatenate([np.ones(60), np.zeros(60)])
    found = direction(claims(y, np.full(120, 0.6)))
    assert found["e_peak"] == pytest.approx(1.2**60)
    assert found["e_value"] == pytest.approx(1.2**60 * 0.8**60)


def test_the_path_is_the_mean_of_games_that_do_not_overlap() -> None:
    """Horizon 2: claims 0, 2, 4, ... are one game and 1, 3, 5, ... another; each settled two sessions later."""
    some = claims(np.array([1.0, 0.0, 1.0, 1.0]), np.full(4, 0.6), horizons=(2,))
    path = np.exp(evidence_path(some, lead_of(some)))
    assert path.tolist() == pytest.approx([1.0, 1.0, 1.1, 1.0, (1.44 + 0.8) / 2, (1.44 + 0.96) / 2])
    assert path[-1] == pytest.approx(mean_e_value(some, lead_of(some)))


def test_a_game_of_two_targets_at_once() -> None:
    some = claims(np.array([1.0, 0.0, 1.0, 0.0]), np.full(4, 0.6), horizons=(1, 3))
    # S0: 1.2 at session 1, 1.44 at 2; S1 has claims of sessions 0 and 1, two games: .8 at 3 and at 4
    wanted = [1.0, (1.2 + 2) / 3, (1.44 + 2) / 3, (1.44 + 0.8 + 1) / 3, (1.44 + 1.6) / 3]
    assert np.exp(evidence_path(some, lead_of(some))).tolist() == pytest.approx(wanted)


def test_evidence_beyond_a_float_is_the_largest_there_is() -> None:
    found = direction(claims(np.ones(3000), np.full(3000, 0.98)))
    assert math.isfinite(found["e_value"]) and math.isfinite(found["e_peak"]) and found["e_peak"] > 1e307


def test_without_skill_evidence_hardly_ever_peaks() -> None:
    """At most 5% may ever reach 20; by chance at most 18 of 200."""
    rng, seen = np.random.default_rng(3), 0
    for _ in range(200):
        y = (rng.random(400) < 0.5).astype(np.float64)
        some = claims(y, 0.5 + 0.05 * rng.standard_normal(400).clip(-3, 3), horizons=(1, 2))
        seen += float(evidence_path(some, lead_of(some)).max()) >= math.log(20.0)
    assert seen <= 18


def test_targets_that_move_together_count_once() -> None:
    """The same outcomes on five targets are no more than on one: the interval of the skill stays as wide."""
    rng = np.random.default_rng(4)
    y = (rng.random(600) < 0.5).astype(np.float64)
    p = 0.5 + 0.05 * rng.standard_normal(600)
    one, five = claims(y, p), claims(np.repeat(y, 5), np.repeat(p, 5), horizons=(1,) * 5)
    assert skill_between(five, five.score, five.base_score) == pytest.approx(
        skill_between(one, one.score, one.base_score)
    )


def test_blocks_are_as_long_as_the_longest_horizon() -> None:
    """Also where the losses do not remember one another."""
    rng = np.random.default_rng(6)
    y = (rng.random(1200) < 0.5).astype(np.float64)
    some = claims(y, 0.5 + 0.05 * rng.standard_normal(1200), horizons=(1, 21))
    sums = [np.bincount(some.day, loss) for loss in (some.score, some.base_score)]
    found = skill_between(some, some.score, some.base_score)
    assert found == pytest.approx(skill_bootstrap(sums[0], sums[1], horizon=21))
    assert found != pytest.approx(skill_bootstrap(sums[0], sums[1], horizon=1))
    month = claims(y[:150], some.p[:150], horizons=(21,))
    assert drift(month, DAYS) is None and skill_between(month, month.score, month.base_score) is None
    assert drift(claims(y[:150], some.p[:150]), DAYS) is not None
    assert by_year(claims(y[:80], some.p[:80], horizons=(21,)), DAYS)["2001"]["skill_interval"] is None


def test_too_few_claims_have_no_interval() -> None:
    few = claims(np.ones(15), np.full(15, 0.6))
    assert skill_between(few, few.score, few.base_score) is None
    assert drift(few, DAYS) is None and by_year(few, DAYS)["2001"]["skill_interval"] is None
    nothing = few.take(np.array([], np.int64))
    assert drift(nothing, DAYS) is None and by_year(nothing, DAYS) == {}
    same = claims(np.ones(500))
    assert drift(same, DAYS) is None, "who always says the base rate gains nothing that could change"


def test_a_skill_that_ends_is_drift_and_one_that_stays_is_not() -> None:
    rng = np.random.default_rng(5)
    y = (rng.random(1500) < 0.5).astype(np.float64)
    told = 0.5 + 0.1 * (2 * y - 1) * (rng.random(1500) < 0.7)
    blind = 0.5 + 0.1 * (2 * (rng.random(1500) < 0.5) - 1)
    ends = drift(claims(y, np.where(np.arange(1500) < 900, told, blind)), DAYS)
    stays = drift(claims(y, told), DAYS)
    assert ends is not None and stays is not None
    assert ends["p"] < 0.001 and ends["on"][:4] in ("2004", "2005") and stays["p"] > 0.05


def test_drift_is_as_rare_as_it_says_without_a_change() -> None:
    """At 5%, by chance at most 19 of 200; on windows of five sessions."""
    seen = 0
    for seed in range(200):
        steps = np.random.default_rng(seed).standard_normal(604)
        y = (np.convolve(steps, np.ones(5), "valid") > 0.0).astype(np.float64)
        p = 0.5 + 0.05 * np.random.default_rng([1, seed]).standard_normal(600).clip(-3, 3)
        found = drift(claims(y, p, horizons=(5,)), DAYS)
        seen += found is not None and found["p"] < 0.05
    assert seen <= 19


@pytest.mark.parametrize("distance", [0.05, 0.2, 0.5, 0.8276, 1.0, 1.36, 2.0, 5.0])
def test_the_bridge_is_kolmogorov(distance: float) -> None:
    assert _bridge(distance) == pytest.approx(special.kolmogorov(distance), abs=1e-10)
    assert _bridge(distance) == pytest.approx(stats.kstwobign.sf(distance), abs=1e-10)


def test_years_are_those_in_which_claims_were_made() -> None:
    y = np.tile([1.0, 0.0], 300)
    found = by_year(claims(y, np.where(np.arange(600) < 250, 0.5 + 0.1 * (2 * y - 1), 0.5)), DAYS)
    assert {year: row["n"] for year, row in found.items()} == {"2001": 250, "2002": 250, "2003": 100}
    assert found["2001"]["skill"] == pytest.approx(1 - 0.16 / 0.25) and found["2002"]["skill"] == 0.0
    assert found["2002"]["skill_interval"] == pytest.approx([0.0, 0.0])
