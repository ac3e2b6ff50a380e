"""Alert and staleness against hand-computed cases and a second account of each rule."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regimes.reading import LABELS, Label
from regimes.staleness import ALERT_SESSIONS, AlertWatch, StaleWatch

labels = st.sampled_from(LABELS)
maybe = st.none() | st.floats(-1, 1)


def names(fired: tuple[object, ...]) -> list[str]:
    return [item.test for item in fired]  # type: ignore[attr-defined]  # a tuple of Fired, read loosely


def test_an_alert_holds_ten_sessions_and_then_ends() -> None:
    watch = AlertWatch()
    assert watch.update(22.1, 0.51, 0.2, 1.0, 0.0)
    held = [bool(watch.update(15.0, 0.0, 0.2, 1.0, 0.0)) for _ in range(12)]
    assert held == [True] * (ALERT_SESSIONS - 1) + [False] * 3


@pytest.mark.parametrize(
    ("numbers", "test"),
    [
        ((22.1, 0.51, None, None, None), ["volatility"]),
        ((22.0, 0.51, None, None, None), []),
        ((22.1, 0.50, None, None, None), []),
        ((None, None, 0.19, 1.61, None), ["volatility"]),
        ((None, None, 0.18, 1.61, None), []),
        ((30.0, 0.10, 0.19, 1.61, None), []),  # where there is an index, realised volatility has no say
        ((None, None, None, None, -2.6), ["fall"]),
        ((None, None, None, None, -2.5), []),
        ((40.0, 0.80, None, None, -3.0), ["volatility", "fall"]),
    ],
)
def test_what_raises_an_alert(numbers: tuple[float | None, ...], test: list[str]) -> None:
    assert names(AlertWatch().update(*numbers)) == test


@given(st.lists(st.tuples(labels, maybe, maybe, st.none() | st.floats(0, 1)), max_size=60))
def test_a_neutral_label_and_missing_inputs_never_fire(
    days: list[tuple[Label, float | None, float | None, float | None]],
) -> None:
    watch = StaleWatch()
    for label, score, ret, share in days:
        fired = names(watch.update(label, score, ret, share))
        if label == "neutral":
            assert fired == []
        assert not (score is None and "drift" in fired)
        assert not (ret is None and "likelihood" in fired)
        assert not (share is None and "behaviour" in fired)


@given(st.lists(st.tuples(st.sampled_from(["risk_on", "risk_off"]), st.floats(-1, 1)), max_size=60))
def test_drift_is_measured_from_the_best_score_of_this_label(days: list[tuple[Label, float]]) -> None:
    watch, spell = StaleWatch(), []
    before = None
    for label, score in days:
        spell = [*spell, score] if label == before else [score]
        before = label
        drift = max(spell) - score if label == "risk_on" else score - min(spell)
        assert ("drift" in names(watch.update(label, score, None, None))) == (drift >= 0.20)


def test_behaviour_needs_two_of_three_sessions() -> None:
    watch = StaleWatch()
    seen = [names(watch.update("risk_on", None, None, share)) for share in (0.2, 0.9, 0.3, 0.9, 0.9)]
    assert seen == [[], [], ["behaviour"], [], []]
    assert names(watch.update("risk_off", None, None, 0.9)) == []  # a new label begins anew
    assert names(watch.update("risk_off", None, None, 0.9)) == ["behaviour"]


def test_likelihood_equals_the_plain_sum() -> None:
    """Returns of one volatility for 300 sessions, then three times as wild: the CUSUM by scipy's own density."""
    draw = np.random.default_rng(7)
    returns = np.concatenate([draw.normal(0, 0.006, 300), draw.normal(0, 0.02, 40)]).tolist()
    watch, cusum = StaleWatch(), 0.0
    squares: list[float] = []
    fired_on: list[int] = []
    prior = {"risk_on": 0.75, "neutral": 1.0, "risk_off": 1.3, "crisis": 2.2}
    for at, ret in enumerate(returns):
        fired = {item.test: item.value for item in watch.update("risk_on", None, ret, None)}
        if len(squares) >= 60:
            overall = sum(squares) / len(squares)
            own = (sum(squares) + 60 * prior["risk_on"] ** 2 * overall) / (len(squares) + 60)
            variance = {label: prior[label] ** 2 * overall for label in LABELS} | {"risk_on": own}
            fit = {label: stats.t.logpdf(ret, 5, scale=math.sqrt(v * 3 / 5)) for label, v in variance.items()}
            rivals = [fit[x] - fit["risk_on"] for x in LABELS if abs(math.log(variance[x] / own)) > 2 * math.log(1.4)]
            cusum = max(0.0, 0.97 * cusum + max(rivals, default=0.0))
            assert ("likelihood" in fired) == (cusum > 2.0)
            if "likelihood" in fired:
                assert fired["likelihood"] == pytest.approx(cusum)
                fired_on.append(at)
        squares.append(ret * ret)
    assert set(range(315, 340)) <= set(fired_on)  # the wild days
    assert len([at for at in fired_on if at < 300]) < 60  # the calm ones
