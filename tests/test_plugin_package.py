"""A stranger's package: installed into an environment of its own, in a checkout of its own, and used like ours.

The package (tests/plugin_package) has two minds that share a signal, and a regime model. What its signal should say is
worked out here from the sample's bars.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.ledger import Ledger
from engine.sources import open_source
from engine.universe import load_universe
from minds.baseline import BASELINES
from minds.checks.kit import CHECKS
from tests.runs import ROOT, Ran
from tests.venvs import Venv

pytestmark = pytest.mark.slow
RANGE = ("--start", "2018-06-01", "--end", "2018-12-31")


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Venv]:
    """An environment with the package installed from a checkout of its own."""
    folder = tmp_path_factory.mktemp("stranger")
    checkout = shutil.copytree(
        ROOT / "tests" / "plugin_package", folder / "tidal-minds", ignore=shutil.ignore_patterns("__pycache__")
    )
    subprocess.run(["git", "init", "-q", str(checkout)], check=True)
    venv = Venv(folder)
    venv.install(checkout)
    shutil.rmtree(checkout / "tidal")  # what is used from here on is what was installed
    yield venv


@pytest.fixture(scope="module")
def graded(venv: Venv) -> Path:
    """The folder of a run with its minds and its regime model."""
    ran = venv.workshop("backtest", *RANGE, "--minds", "spring_tide,macro,ebb", "--regime", "moon", "--out", "graded",
                        "--essays", "3")  # fmt: skip
    assert ran.code == 0, ran.err
    assert {"ebb", "spring_tide", "macro"} <= {line.split()[0] for line in ran.err.splitlines() if line.strip()}
    return venv.home / "graded"


def document(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_its_minds_and_its_regime_model_are_listed(venv: Venv) -> None:
    listed = document(venv.workshop("minds", "list", "--json"))
    assert [item["name"] for item in listed] == ["macro", "flow", "contrarian", *BASELINES, "ebb", "spring_tide"]
    ebb = next(item for item in listed if item["name"] == "ebb")
    assert ebb == {
        "name": "ebb", "distribution": "tidal-minds", "version": "3.1", "location": "tidal.minds:Ebb",
        "summary": "Leans against high water, the less the longer the call.", "error": "",
    }  # fmt: skip
    models = document(venv.workshop("regimes", "list", "--json"))
    assert [item["name"] for item in models] == ["rules", "markov", "sma200", "moon"]
    assert document(venv.workshop("doctor", "--json"))


def test_a_mind_of_its_passes_every_check(venv: Venv) -> None:
    found = document(venv.workshop("minds", "check", "spring_tide", "--json"))
    assert {item["name"]: item["told"] for item in found["checks"] if item["outcome"] != "passed"} == {}
    assert [item["name"] for item in found["checks"]] == list(CHECKS)


def test_its_own_tests_pass_where_it_is_installed(venv: Venv) -> None:
    ran = venv.run("-m", "pytest", "-q", "-p", "no:cacheprovider", venv.home.parent / "tidal-minds" / "tests")
    assert ran.code == 0 and f"{2 * len(CHECKS)} passed" in ran.out, ran.out + ran.err


def test_its_minds_are_graded(graded: Path) -> None:
    scores = json.loads((graded / "scores.json").read_text(encoding="utf-8"))
    run = json.loads((graded / "run.json").read_text(encoding="utf-8"))
    assert run["settings"]["minds"] == ["macro", "ebb", "spring_tide"]
    assert set(scores["minds"]) == {"macro", "ebb", "spring_tide"}
    assert run["settings"]["regime"] == "moon"
    asked = len(run["settings"]["targets"]) * scores["range"]["sessions"]
    for name in ("ebb", "spring_tide"):
        entry = scores["minds"][name]
        assert entry["views"] + entry["abstained"] == asked
        assert entry["n"] > 200 and 0.0 <= entry["hit_rate"] <= 1.0 and entry["weight"] is not None


def test_what_they_said_follows_from_the_bars(graded: Path) -> None:
    universe = load_universe("sample")
    bars = open_source("sample").load(universe, date(2018, 12, 31)).bars[universe.roles["market"]]
    close = {str(day): price for day, price in zip(bars.days, bars.adj_close, strict=True)}
    days = sorted(close)
    with Ledger.open(graded / "ledger.sqlite") as ledger:
        bodies = [json.loads(entry.body) for entry in ledger.entries(1)]
    assert len(bodies) > 140
    for body in bodies:
        at = days.index(body["session"])
        window = np.array([close[day] for day in days[at - 62 : at + 1]])
        level = (window[-1] - window.min()) / (window.max() - window.min())
        for key, views in body["views"].items():
            horizon = int(key.split(":")[1])
            assert views["ebb"]["lean"] == pytest.approx(-(level - 0.5) / np.sqrt(horizon), abs=1e-9), (
                body["session"],
                key,
            )


def test_the_essay_names_its_minds_and_can_be_read_back(venv: Venv, graded: Path) -> None:
    for essay in sorted((graded / "essays").iterdir()):
        text = essay.read_text(encoding="utf-8").lower()
        assert "ebb" in text
        assert document(venv.workshop("parse", essay, "--json"))["problems"] == []


def test_the_ledger_holds(venv: Venv, graded: Path) -> None:
    assert document(venv.workshop("ledger", "verify", graded, "--json"))["ok"]


def test_a_run_that_does_not_ask_for_it_is_the_same_with_and_without_it(venv: Venv) -> None:
    one, two = "with", "without"
    options = ("backtest", *RANGE, "--essays", "none", "--out")
    assert venv.workshop(*options, one).code == 0
    assert venv.workshop(*options, two, env={"WORKSHOP_MINDS": "macro,flow,contrarian"}).code == 0
    assert (venv.home / one / "scores.json").read_bytes() == (venv.home / two / "scores.json").read_bytes()


def test_it_can_be_left_out(venv: Venv) -> None:
    ran = venv.workshop("backtest", *RANGE, "--minds", "ebb", "--out", "no", env={"WORKSHOP_MINDS": "macro"})
    assert ran.code == 2 and "WORKSHOP_MINDS leaves out the mind 'ebb'" in ran.err
    assert not (venv.home / "no").exists()


def test_what_is_installed_there_is_not_here(venv: Venv) -> None:
    """The environment that runs the tests has not been touched."""
    from minds.registry import list_minds

    assert [item.name for item in list_minds()] == ["macro", "flow", "contrarian", *BASELINES]
