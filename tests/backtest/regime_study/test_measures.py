"""Accuracy, delay, alarms and outcomes against scikit-learn, pandas, a closed form and counts by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, matthews_corrcoef

from backtest.regime_study.dating import Bear
from backtest.regime_study.measures import (
    YEAR,
    agreement,
    balanced_accuracy,
    detection,
    false_alarms,
    flips,
    interval_by_years,
    median,
)
from backtest.regime_study.outlook import followed, outcomes, volatility_ratio
from backtest.regime_study.warning import warnings
from engine.scoring import wilson

said = st.integers(2, 300).flatmap(
    lambda n: st.tuples(
        st.lists(st.booleans(), min_size=n, max_size=n), st.lists(st.sampled_from([-1, 0, 1]), min_size=n, max_size=n)
    )
)


@given(said)
def test_agreement_is_that_of_scikit_learn(pair: tuple[list[bool], list[int]]) -> None:
    off, phase = np.array(pair[0]), np.array(pair[1], np.int8)
    dated = phase >= 0
    found = agreement(off, phase)
    if len(set(phase[dated].tolist())) < 2:
        assert found is None and balanced_accuracy(off, phase) is None
        return
    assert found is not None
    assert found.balanced_accuracy == pytest.approx(balanced_accuracy_score(phase[dated] == 1, off[dated]))
    if len(set(off[dated].tolist())) < 2:
        assert found.mcc is None
    else:
        assert found.mcc == pytest.approx(matthews_corrcoef(phase[dated] == 1, off[dated]), abs=1e-12)
    assert (found.sessions, found.bear_sessions) == (dated.sum(), (phase == 1).sum())


def test_detection_by_hand() -> None:
    closes = np.array([100, 90, 80, 60, 50, 70, 100, 80, 75, 100, 84, 100], float)
    bears = [Bear(0, 2, 4, 6, 0.5), Bear(6, 7, 8, 9, 0.25), Bear(9, 10, 10, None, 0.16)]
    off = np.array([1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1], bool)
    # First: off on the peak itself does not count; the third session after it stands at 60, 40 of 50 lost. Second: at
    # once, 20 of 25 lost. Third: never called, its one session passed.
    found = detection(off, bears, closes)
    assert [call.delay for call in found] == [3, 1, None]
    assert [call.lost for call in found] == pytest.approx([0.8, 0.8, 1.0])


def test_false_alarms_and_flips_by_hand() -> None:
    off = np.array([1, 1, 0, 1, 0, 1, 1, 0, 1, 0], bool)
    phase = np.array([0, 0, 0, 0, 1, 1, 0, 0, -1, 0], np.int8)
    # Spells begin at 3 (bull: false), 5 (bear: right), 8 (undecided: neither); the one at 0 was there before.
    assert false_alarms(off, phase) == 1
    assert flips(off) == 7
    assert flips(np.array(["a", "a", "b"])) == 1


def test_median() -> None:
    assert (median([]), median([3.0, 1.0, 2.0]), median([1, 2])) == (None, 2.0, 1.5)


@given(st.lists(st.floats(-5.0, 5.0), min_size=5, max_size=12))
def test_the_interval_of_a_mean_of_whole_years_is_the_textbook_one(yearly: list[float]) -> None:
    """For a mean of equal blocks the jackknife is the standard error of the block means."""
    values = np.repeat(yearly, YEAR)
    found = interval_by_years(values.size, lambda kept: float(values[kept].mean()))
    reach = 1.959964 * np.std(yearly, ddof=1) / math.sqrt(len(yearly))
    assert found == pytest.approx((np.mean(yearly) - reach, np.mean(yearly) + reach), abs=1e-6)


def test_the_interval_of_a_ratio_is_symmetric_in_logs() -> None:
    values = np.repeat([1.0, 2.0, 4.0, 2.0, 1.0, 3.0], YEAR)
    plain = interval_by_years(values.size, lambda kept: float(values[kept].mean()), log=True)
    upside_down = interval_by_years(values.size, lambda kept: 1.0 / float(values[kept].mean()), log=True)
    assert plain is not None and upside_down is not None
    assert (1 / upside_down.high, 1 / upside_down.low) == pytest.approx(plain)


@pytest.mark.parametrize(("sessions", "value"), [(5 * YEAR - 1, 1.0), (6 * YEAR, None)])
def test_no_interval_without_years_or_figure(sessions: int, value: float | None) -> None:
    assert interval_by_years(sessions, lambda kept: value) is None


def test_no_interval_when_one_year_carries_the_figure() -> None:
    there = np.arange(6 * YEAR) < 10
    assert interval_by_years(6 * YEAR, lambda kept: 1.0 if there[kept].any() else None) is None


@pytest.mark.parametrize("seed", [1, 2])
def test_outcomes_with_pandas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    closes = np.exp(np.cumsum(rng.normal(0, 1, 700) * rng.choice([0.005, 0.02], 700)))
    closes[100] = closes[99]
    found = outcomes(closes)
    price = pd.Series(closes)
    moves = pd.Series(np.log(closes)).diff()
    assert found.next_return == pytest.approx(moves.shift(-1).to_numpy(), nan_ok=True)
    volatility = moves.rolling(21).std().shift(-21) * math.sqrt(252)
    assert found.volatility == pytest.approx(volatility.to_numpy(), nan_ok=True, rel=1e-9)
    lowest = pd.concat([price.shift(-ahead) for ahead in range(1, 22)], axis=1).min(axis=1, skipna=False)
    fell = (lowest <= 0.95 * price).where(lowest.notna()).astype(float)
    assert found.loss.tolist() == pytest.approx(fell.tolist(), nan_ok=True)
    for at in (272, 273, 400, 678, 679):
        ended = volatility[: at - 20].dropna()  # the month after session s has ended by s + 21
        if len(ended) < 252 or math.isnan(volatility[at]):
            assert math.isnan(found.high[at])
        else:
            assert found.high[at] == float(volatility[at] > ended.quantile(0.75))


def test_followed_by_hand() -> None:
    closes = np.array([100, 101, 101, 99, 100, 102, 101], float)
    group = np.array([1, 1, 0, 1, 1, 0, 1], bool)
    phase = np.array([0, 1, 1, -1, 1, 0, 0], np.int8)
    found = followed(group, outcomes(closes), phase)
    # After 0: up, 1: unchanged, 3: up, 4: up, 6: nothing yet.
    assert found.up == (1.0, 3, wilson(3, 3))
    assert (found.sessions, found.spells, found.median_spell) == (5, 3, 2.0)
    assert found.in_bear == 2 / 4
    moves = [math.log(101 / 100), 0.0, math.log(100 / 99), math.log(102 / 100)]
    assert (found.mean, found.deviation) == pytest.approx((np.mean(moves), np.std(moves, ddof=1)))
    assert found.volatility is None and found.high is None and found.loss is None


def test_a_month_counts_once_in_its_interval() -> None:
    rng = np.random.default_rng(5)
    closes = np.exp(np.cumsum(rng.normal(0, 0.02, 1000)))
    everything = np.ones(1000, bool)
    found = followed(everything, outcomes(closes), np.zeros(1000, np.int8)).loss
    assert found is not None
    assert (found.n, found.interval) == (979, wilson(found.rate * 979 / 21, 979 / 21))


def test_volatility_ratio_of_two_worlds() -> None:
    """Alternating moves of 1% and then of 3%: the month after a session in the middle of each is known."""
    moves = np.tile([1.0, -1.0], 100) * np.repeat([0.01, 0.03], 100)
    outcome = outcomes(np.exp(np.cumsum(moves)))
    off = np.arange(200) >= 100
    away = (np.arange(200) >= 79) & (np.arange(200) < 100)  # months that straddle the switch
    kept = type(outcome)(*(np.where(away, np.nan, column) for column in outcome))
    assert volatility_ratio(off, kept) == pytest.approx(3.0, rel=1e-9)
    assert volatility_ratio(np.zeros(200, bool), kept) is None


def test_warnings_by_hand() -> None:
    """Forty sessions; the label changes at 12 (from a side), 20 (from neutral) and 30 (from a side)."""
    labels = np.repeat([0, 1, 2, 0], [12, 8, 10, 10])
    sided = labels != 1
    fired = np.zeros(40, bool)
    fired[[1, 5, 25]] = True
    found = warnings(fired, labels, sided)
    # Judged: sessions 0 to 29, whose next ten are all there. A change follows within ten after 2-11, 10-19 and 20-29.
    # Fired 1 (no: 12 is eleven away), 5, 25. Could fire: 0-11 and 20-29, of which 10 + 10 precede a change.
    assert (found.fired, found.share) == (3, 3 / 30)
    assert found.after == 2 / 3
    assert found.base == (20 / 22, 28 / 30)
    assert found.n_base == (22, 30)
    assert found.lift == pytest.approx((2 / 3 / (20 / 22), 2 / 3 / (28 / 30)))
    assert found.interval == (None, None)
    # Of the changes at 12 and 30, from a side: warned at 1 (eleven before) and at 25 (five before).
    assert (found.changes, found.recall, found.lead) == (2, 1.0, 8.0)


def test_a_warning_about_an_earlier_label_foretells_nothing() -> None:
    labels = np.repeat([0, 2, 0], [20, 5, 30])
    fired = np.zeros(55, bool)
    fired[19] = True  # about the first label, which ends at once; the second ends six sessions later, unwarned
    found = warnings(fired, labels, np.ones(55, bool))
    assert (found.changes, found.recall, found.lead) == (2, 0.5, 1.0)


def test_a_warning_too_early_foretells_nothing() -> None:
    labels = np.repeat([0, 2], [50, 30])
    for at, recall in ((29, 0.0), (30, 1.0), (49, 1.0)):
        fired = np.arange(80) == at
        assert warnings(fired, labels, np.ones(80, bool)).recall == recall


def test_a_detector_that_never_fires_has_no_rate() -> None:
    labels = np.repeat([0, 2], [50, 30])
    found = warnings(np.zeros(80, bool), labels, np.ones(80, bool))
    assert (found.fired, found.share, found.after, found.lift) == (0, 0.0, None, (None, None))
    assert (found.recall, found.lead) == (0.0, None)


def test_a_coin_has_no_lift_and_an_oracle_has_all() -> None:
    rng = np.random.default_rng(7)
    labels = np.cumsum(rng.random(30 * YEAR) < 0.02) % 2
    coin = rng.random(labels.size) < 0.2
    soon = np.array([len(set(labels[at : at + 11].tolist())) > 1 for at in range(labels.size)])
    by_chance, knowing = (warnings(fired, labels, np.ones(labels.size, bool)) for fired in (coin, soon))
    low, high = by_chance.interval[1] or (math.nan, math.nan)
    assert low < 1.0 < high
    assert knowing.after == 1.0
    assert knowing.lift[1] == pytest.approx(1.0 / soon[:-10].mean())
