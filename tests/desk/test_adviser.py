"""`--adviser` and `--cutoff` on the command line: what cannot be used is one sentence; what it was worth is told."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from desk.summary import summary
from tests.backtest.test_advisers import CUTOFF, moody, run, seated
from tests.minds.llm.models import honest
from tests.runs import Ran, main

OPTIONS = ("--start", "2018-01-02", "--end", "2018-12-31", "--essays", "none")
Scores = dict[str, Any]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scores]:
    """A record of calls for that range, and the scores of the run that made it."""
    from minds.llm.scripted import Scripted

    folder = tmp_path_factory.mktemp("recorded")
    ran = run(folder / "run", seated(folder / "calls", Scripted(moody)))
    return folder / "calls", ran.scores


def backtest(folder: Path, *options: str) -> Ran:
    return main("backtest", *OPTIONS, "--out", str(folder), *options)


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_replayed_adviser_is_graded_and_told(recorded: tuple[Path, Scores], tmp_path: Path) -> None:
    calls, scores = recorded
    ran = backtest(tmp_path / "run", "--adviser", f"replay:{calls}", "--cutoff", str(CUTOFF))
    assert ran.code == 0, ran.err
    found = json.loads((tmp_path / "run" / "scores.json").read_text(encoding="utf-8"))["adviser"]
    assert found == scores["adviser"]
    told = words(ran.err)
    assert "Adviser scripted, advise/1: at most 190 calls" in told  # sessions of the sample from the cutoff on
    assert f"Adviser: spoke on {found['spoke']} sessions" in told
    assert f"on n={found['n']} settled calls" in told
    assert "Memory of scripted: not measured; run `workshop leak" in told
    assert "Traceback" not in ran.err


def test_json_is_one_document(recorded: tuple[Path, Scores], tmp_path: Path) -> None:
    ran = backtest(tmp_path / "run", "--adviser", f"replay:{recorded[0]}", "--cutoff", str(CUTOFF), "--json")
    assert json.loads(ran.out)["adviser"]["replay"] > 0


WRONG = {
    "no cutoff": (("--adviser", "replay:{calls}"), "--adviser needs --cutoff on real history"),
    "a cutoff for nobody": (("--cutoff", "2018-01-01"), "--cutoff is for a model that advises"),
    "never asked": (("--adviser", "replay:{calls}", "--cutoff", "2018-12-31"), "would never be asked"),
    "no day": (("--adviser", "replay:{calls}", "--cutoff", "soon"), "--cutoff"),
    "no form": (("--adviser", "gpt", "--cutoff", "2018-01-01"), "--adviser 'gpt' is not known"),
    "no folder": (("--adviser", "replay:/no/such", "--cutoff", "2018-01-01"), "no folder /no/such"),
    "other days": (("--adviser", "replay:{calls}", "--cutoff", "2018-01-10"), "holds no answer to prompt advise/1"),
    "a budget for nobody": (("--budget-usd", "1"), "--budget-usd needs a model; add --writer"),
}


@pytest.mark.parametrize(("options", "told"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_used_is_one_sentence(
    options: tuple[str, ...], told: str, recorded: tuple[Path, Scores], tmp_path: Path
) -> None:
    ran = backtest(tmp_path / "run", *[part.format(calls=recorded[0]) for part in options])
    assert ran.code == 2
    assert told in words(ran.err)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(("scenario", "code"), [("good-friday", 0), ("lehman-2008", 2)])
def test_an_invented_world_needs_no_cutoff_and_real_history_does(scenario: str, code: int, tmp_path: Path) -> None:
    from minds.llm.scripted import Scripted

    if code == 0:
        run(tmp_path / "first", seated(tmp_path / "calls", Scripted(honest)), None, data=f"scenario:{scenario}")
    (tmp_path / "calls").mkdir(exist_ok=True)
    ran = main(
        "backtest", "--data", f"scenario:{scenario}", "--essays", "none", "--out", str(tmp_path / "run"),
        "--adviser", f"replay:{tmp_path / 'calls'}",
    )  # fmt: skip
    assert ran.code == code, ran.err
    if code:
        assert "--cutoff on real history" in words(ran.err)


def told(**changed: Any) -> str:
    row = {
        "n": 200, "brier": 0.2480, "brier_without": 0.2490, "gain": 0.004, "gain_interval": [0.001, 0.007],
        "spoke": 210, "abstained": 3, "reasons": {"no answer, budget": 3}, "replay": 40, "k": 0.31, "weight": 0.2,
        "largest_shift": 0.11, "cap": 0.4,
    } | changed  # fmt: skip
    lines = [str(part) for part in summary(scores_with(row))]
    return words(lines[-1])


def scores_with(row: Scores) -> Scores:
    empty = {"n": 0, "e_value": 1.0}
    return {
        "range": {"sessions": 250, "start": date(2018, 1, 2), "end": date(2018, 12, 31)},
        "claims": {"published": 0, "resolved": 0, "void": 0, "open": 0},
        "kinds": {"direction": empty, "interval": empty}, "targets": {}, "risks": {}, "minds": {},
        "regimes": {"sessions": {}}, "synthesis": {}, "adviser": row,
    }  # fmt: skip


def test_the_summary_claims_no_more_than_the_interval() -> None:
    assert "It has earned its say on n=200" in told()
    assert "(95% +0.10% to +0.70%)" in told()
    assert "was not asked on 40 up to its cutoff" in told()
    assert "no answer, budget: 3" in told()
    assert "It has not earned a say on n=200" in told(gain_interval=[-0.001, 0.007])
    assert "It has cost on n=200" in told(gain_interval=[-0.007, -0.001])
    assert "It has not earned a say on n=200" in told(gain_interval=None)
    assert "No call with its advice has been settled yet" in told(n=0)
    assert "\x1b" not in told(reasons={"\x1b[31mred": 3})
