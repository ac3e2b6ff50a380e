"""A cell is the backtest with its settings: the same ledger head, the same scores, leads that its ledger bears out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backtest.run import run_backtest
from backtest.sweep.cell import Task, program, run_cell
from backtest.sweep.grid import cells_of, read_grid, read_grid_file
from engine.ledger import Ledger
from scenarios.source import ScenarioSource
from tests.sweeps import WORLD, write_grid

GRID = """
minds = ["macro,flow,coin"]
seed = 7
[[markets]]
data = "scenario:world.toml"
targets = "market:1,growth:2"
"""


def the_task(folder: Path, judge: str = "direction") -> Task:
    long = WORLD.replace("warm_up = 300", "warm_up = 900")  # before that there are no intervals
    (cell,) = cells_of(read_grid_file(str(write_grid(folder, GRID, long))))
    return Task(cell, judge, None, program())


@pytest.mark.parametrize("judge", ["direction", "interval", "relative"])
def test_a_cell_is_a_backtest(tmp_path: Path, judge: str) -> None:
    task = the_task(tmp_path, judge)
    found, place = run_cell(task), task.cell.place
    assert place.scenario is not None
    done = run_backtest(task.cell.settings, ScenarioSource(place.scenario, "s"), tmp_path / "run")
    assert (found.status, found.error) == ("done", "")
    assert found.figures["head"] == done.head.digest
    scores = json.loads((tmp_path / "run" / "scores.json").read_text())
    assert found.figures["direction_brier"] == scores["kinds"]["direction"]["brier"]
    assert found.figures["interval_n"] == scores["kinds"]["interval"]["n"] > 50
    assert found.figures["claims_open"] == scores["claims"]["open"]
    assert all(value is None or isinstance(value, int | float | str) for value in found.figures.values())
    assert found.leads.tolist() == pytest.approx(leads(tmp_path / "run" / "ledger.sqlite", judge), abs=1e-15)


def leads(path: Path, judge: str) -> list[float]:
    """From the ledger, claim by claim: what each session's claims gained over the base rate, over the targets."""
    gained: dict[str, float] = {}
    targets: set[str] = set()
    with Ledger.open(path) as ledger:
        for entry in ledger.entries(1):
            body = json.loads(entry.body)
            gained[entry.key] = 0.0
            for verdict in body["verdicts"]:
                session, _, rest = verdict["id"].partition("/")
                if f"/{judge}/" in verdict["id"] and "score" in verdict:
                    gained[session] += verdict["base_score"] - verdict["score"]
                    targets.add(rest)
    return [total / max(len(targets), 1) for total in gained.values()]


def test_a_market_serves_many_cells_and_none_leaves_a_trace(tmp_path: Path) -> None:
    """The bars stay with the worker; a cell finds the same whether it comes first or after others."""
    text = GRID.replace('["macro,flow,coin"]', '["macro,flow,coin", "macro,flow,contrarian", "sma200"]')
    cells = cells_of(read_grid_file(str(write_grid(tmp_path, text))))
    given = [Task(cell, "direction", None, program()) for cell in cells]
    there, back = [run_cell(task) for task in given], [run_cell(task) for task in reversed(given)]
    assert [found.figures for found in there] == [found.figures for found in reversed(back)]
    assert len({found.figures["head"] for found in there}) == 3


def test_what_goes_wrong_is_told_without_a_path(tmp_path: Path) -> None:
    text = '[[markets]]\ndata = "csv:prices"\nname = "mine"\nuniverse = "us"\n'
    text += 'windows = [{ start = "2016-01-04", end = "2016-12-30" }]'
    (cell,) = cells_of(read_grid_file(str(write_grid(tmp_path, text))))
    found = run_cell(Task(cell, "direction", None, program()))
    assert found.status == "failed"
    assert "mine" in found.error
    assert str(tmp_path) not in found.error


def test_a_worker_with_another_program_refuses(tmp_path: Path) -> None:
    found = run_cell(the_task(tmp_path)._replace(program="another"))
    assert found.status == "failed"
    assert "the sweep another; install the same on both" in found.error


def test_days_that_the_data_do_not_have_fail_the_cell_and_not_the_sweep() -> None:
    (cell,) = cells_of(read_grid('[[markets]]\ndata = "sample"\nwindows = [{ start = 2030-01-02, end = 2030-02-01 }]'))
    found = run_cell(Task(cell, "direction", None, program()))
    assert (found.status, len(found.leads)) == ("failed", 0)
    assert "before --end 2030-02-01" in found.error or "start" in found.error
