"""What the best of so many is worth: from rows with leads that are made up, so that it is known who is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from backtest.sweep.contest import Row, summarise
from engine.bars import FloatArray
from engine.errors import WorkshopError

SESSIONS = 400


def row(cell: int, leads: FloatArray, **other: Any) -> Row:
    brier = 0.25 - float(leads.sum()) / SESSIONS
    return {
        "cell": cell, "market": "m", "world": None, "start": "2001-01-02", "end": "2002-12-31", "targets": "A:1",
        "minds": f"mind{cell}", "regime": "rules", "pairs": "", "seed": 0, "status": "done", "error": None, "data": "d",
        "direction_n": SESSIONS, "direction_brier": brier, "direction_brier_climatology": 0.25,
        "direction_e_value": 1.0, "leads": leads, **other,
    }  # fmt: skip


def noise(seed: int, mean: float = 0.0) -> FloatArray:
    return np.random.default_rng(seed).normal(mean, 0.02, SESSIONS)


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    return summarise(rows, title="t", judge="direction")


def test_the_one_that_is_better_is_found_and_the_rest_are_dropped() -> None:
    found = summary([row(at, noise(at, 0.01 if at == 3 else 0.0)) for at in range(1, 9)])
    (contest,) = found["contests"]
    assert contest["superior"]["p_consistent"] < 0.01
    assert (contest["superior"]["n"], contest["superior"]["k"]) == (SESSIONS, 8)
    assert contest["ranking"][0]["cells"] == [3]
    assert [entry["cells"] for entry in contest["ranking"] if entry["kept"]] == [[3]]
    assert contest["ranking"][0]["lead"] == pytest.approx(noise(3, 0.01).mean())
    assert contest["ranking"][0]["skill"] == pytest.approx(noise(3, 0.01).mean() / 0.25)


def test_the_best_of_many_that_are_worth_nothing_is_not_called_good() -> None:
    rows = [row(at, noise(at)) for at in range(200, 240)]
    alone = max(np.sqrt(SESSIONS) * float(item["leads"].mean()) / 0.02 for item in rows)
    found = summary(rows)
    assert alone > 1.96  # by itself it would pass for good
    assert found["contests"][0]["superior"]["p_consistent"] > 0.05
    assert found["best"]["of"] == 40
    assert not found["best"]["skill_claimed"]


def test_skill_takes_both_a_p_value_and_evidence_for_that_many() -> None:
    def best(e_value: float | None) -> Any:
        rows = [row(at, noise(at, 0.01 if at == 3 else 0.0), direction_e_value=e_value) for at in range(1, 9)]
        return summary(rows)["best"]

    assert (best(159.0)["skill_claimed"], best(160.0)["skill_claimed"]) == (False, True)
    assert best(160.0)["e_value_needed"] == 160.0
    assert not best(None)["skill_claimed"]  # a kind of claim that is given no e-value


def test_worlds_repeat_a_contest_and_are_averaged() -> None:
    rows = [row(at, noise(at, 0.002), world=at, minds="same") for at in range(1, 26)]
    found = summary(rows)
    (contest,) = found["contests"]
    (entry,) = contest["ranking"]
    assert (contest["worlds"], contest["settings"], found["best"]["of"]) == (25, 1, 1)
    assert entry["cells"] == list(range(1, 26))
    assert entry["n"] == 25 * 400
    assert entry["lead"] == pytest.approx(np.mean([noise(at, 0.002).mean() for at in range(1, 26)]))
    assert contest["superior"]["p_consistent"] < 0.01  # in no single world would that be seen
    assert summary(rows[:1])["contests"][0]["superior"]["p_consistent"] > 0.01


def test_several_contests_are_so_many_chances() -> None:
    def of(markets: int) -> Any:
        rows = [row(at, noise(at, 0.003 if at == 1 else 0.0), market=f"m{at}") for at in range(1, markets + 1)]
        return summary(rows)

    one, four = of(1), of(4)
    assert [len(found["contests"]) for found in (one, four)] == [1, 4]
    smallest = min(contest["superior"]["p_consistent"] for contest in four["contests"])
    assert four["best"]["p"] == pytest.approx(min(1.0, 4 * smallest))
    assert one["best"]["p"] == one["contests"][0]["superior"]["p_consistent"]


def test_what_is_not_done_does_not_compete_and_is_counted() -> None:
    rows = [row(at, noise(at)) for at in range(1, 5)]
    rows.append(row(5, np.zeros(0), status="failed", error="no", data=None))
    rows.append(row(6, np.zeros(0), status="alarm", error="leak"))
    found = summary(rows)
    (contest,) = found["contests"]
    assert found["cells"] == {"all": 6, "done": 4, "alarm": 1, "failed": 1}
    assert (contest["settings"], contest["compared"], contest["superior"]["k"]) == (6, 4, 4)
    assert found["best"]["of"] == 6


def test_where_nothing_is_done_there_is_no_best() -> None:
    found = summary([row(1, np.zeros(0), status="failed", error="no", data=None)])
    assert found["best"] is None
    assert found["contests"][0]["reason"] == "no setting is done"


def test_too_few_sessions_are_no_comparison() -> None:
    found = summary([row(at, noise(at)[:7], targets="A:5") for at in (1, 2)])
    (contest,) = found["contests"]
    assert contest["superior"] is None
    assert "too few" in contest["reason"]
    assert found["best"]["p"] is None
    assert not found["best"]["skill_claimed"]


def test_settings_that_say_the_same_stand_together() -> None:
    rows = [row(1, noise(6)), row(2, noise(6)), row(3, np.zeros(SESSIONS)), row(4, noise(4, -0.02))]
    kept = {entry["cells"][0]: entry["kept"] for entry in summary(rows)["contests"][0]["ranking"]}
    assert kept == {1: True, 2: True, 3: True, 4: False}


def test_silence_has_no_lead() -> None:
    (contest,) = summary([row(1, np.zeros(SESSIONS), direction_brier=None, direction_n=0)])["contests"]
    assert contest["superior"]["p_consistent"] == 1.0
    assert contest["ranking"][0]["skill"] is None


def test_workers_that_see_different_bars_are_found_out() -> None:
    with pytest.raises(WorkshopError, match="cells 1 and 2 have seen different bars of m"):
        summary([row(1, noise(1)), row(2, noise(2), data="other")])
