"""Years, drift, cells, noise floors and the study of many: each figure is one of the scores', each verdict is due.

Scores are written down by hand. The study is run on an invented history whose best forecaster is known.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backtest.arms import Arm
from backtest.report import cards, study, years
from engine.errors import InputError


def scores(p: float) -> dict[str, Any]:
    cell = {"n": 40, "rate": 0.5, "low": 0.35, "high": 0.65, "base": 0.55, "shrunk": 0.532, "e_value": 0.7}
    return {
        "years": {"direction": {
            "2017": {"n": 500, "skill": 0.01, "skill_interval": [0.005, 0.02]},
            "2018": {"n": 20, "skill": -0.5, "skill_interval": None},
        }, "interval": {}},
        "drift": {"direction": {"cusum": 1.4, "on": "2018-02-05", "p": p}},
        "cells": {"n": 24, "e_mean": 1.08, "e_needed": 480.0},
        "minds": {"macro": {"by_horizon": {"2": {"crisis": cell}, "10": {"risk_on": cell}, "1": {"risk_on": cell}}}},
    }  # fmt: skip


def test_a_year_stands_with_n_and_interval_and_without_one_nothing_is_drawn() -> None:
    text = str(years.years(scores(0.3)))
    (first, second) = re.findall(r'<th scope="row">(201\d)</th>(.*?)</tr>', text)
    assert first[0] == "2017" and "500" in first[1] and "+0.50% to +2.00%" in first[1]
    assert 'class="drawn up"' in first[1] and 'x2="154.0"' in first[1], "the widest end is the strip's own"
    assert second[0] == "2018" and "<svg" not in second[1] and "not known" in second[1]
    assert "The same for" not in text, "a kind without years is not there"


@pytest.mark.parametrize(("p", "says"), [(0.3, "no drift can be told from chance"), (0.01, "the skill has changed")])
def test_drift_is_said_as_its_chance_allows(p: float, says: str) -> None:
    text = years.years(scores(p))
    assert says in text and "2018-02-05" in text and f"p = {p:.2f}" in text


def test_cells_come_by_horizon_and_say_what_one_alone_would_need() -> None:
    text = str(years.cells(scores(0.3)))
    assert re.findall(r"<td>(\d+)</td><td>(risk-on|crisis)</td>", text) == [
        ("1", "risk-on"),
        ("2", "crisis"),
        ("10", "risk-on"),
    ]
    assert "one alone would need an evidence of 480" in text and "their mean is 1.0," in text
    assert "53.2%" in text
    assert years.cells({"minds": {"macro": {}}}) is None


def direction(bias: float) -> dict[str, Any]:
    floors = {name: {"median": 0.004, "p95": 0.0086} for name in ("bias", "ece5", "mcb")}
    return {
        "n": 1000, "hit_rate": 0.54, "hit_rate_interval": [0.51, 0.57], "base_rate": 0.55, "brier": 0.25, "mcb": 0.001,
        "brier_climatology": 0.25, "skill": 0.0, "e_value": 1.0, "ece5": 0.005, "dsc": 0.0, "bias": bias,
        "noise": floors,
    }  # fmt: skip


@pytest.mark.parametrize(("bias", "tone"), [(-0.0117, "bad"), (0.0117, "bad"), (-0.0085, "good")])
def test_calibration_beyond_what_chance_shows_is_called_so(bias: float, tone: str) -> None:
    none = {"n": 0}
    kinds = {"direction": direction(bias), "interval": none, "volatility": none, "drawdown": none, "relative": none}
    text = cards.cards({"kinds": kinds, "synthesis": {"brier_sum": 1.0, "climatology_sum": 1.0, "bound": 0.7}})
    assert f'<article class="card {tone}"><h3>Calibration' in text
    assert ("beyond it: bias" in text) == (tone == "bad")


class Few:
    """Claims of one target, one a session, and forecasters of which one may know more."""

    def __init__(self, n: int, edge: float) -> None:
        draw = np.random.default_rng(7)
        self.p = np.clip(0.5 + edge * draw.standard_normal(n), 0.05, 0.95)
        self.y = (draw.random(n) < self.p).astype(float)
        self.day = np.arange(n)
        self.names = (("A", 1),)
        noise = np.clip(0.5 + 0.1 * draw.standard_normal((3, n)), 0.05, 0.95)
        self.arms = [Arm("climatology", "step", "", np.full(n, 0.5), np.ones(n))]
        self.arms += [Arm(f"baseline:{at}", "baseline", "climatology", p, p) for at, p in enumerate(noise)]
        self.arms.append(Arm("mind:known", "mind", "climatology", self.p, self.p))

    def codes(self) -> list[int]:
        return [0]

    def __len__(self) -> int:
        return self.y.size


def studied(monkeypatch: pytest.MonkeyPatch, few: Few) -> dict[str, Any]:
    monkeypatch.setattr(study, "arms", lambda _: (few, few.arms))
    return study.study(SimpleNamespace())  # type: ignore[arg-type]  # nothing of a history is asked but its arms


def test_the_study_finds_a_forecaster_that_knows_something(monkeypatch: pytest.MonkeyPatch) -> None:
    found = studied(monkeypatch, Few(1500, 0.2))
    assert found["spa"]["p_consistent"] < 0.01 and found["spa"]["k"] == 4
    assert found["kept"]["names"] == ("mind:known",)
    text = study.tables(found)
    assert "the best of them beats the base rate" in text and "Of 4 forecasters" in text
    assert re.findall(r'<th scope="row">([^<]+)</th>', str(text))[0] == "mind:known"


def test_the_study_claims_nothing_of_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    found = studied(monkeypatch, Few(1500, 0.001))
    assert found["spa"]["p_consistent"] > 0.05
    assert "climatology" in found["kept"]["names"]
    assert "luck explains the best of them" in study.tables(found)


def test_too_few_sessions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError):
        studied(monkeypatch, Few(5, 0.1))
