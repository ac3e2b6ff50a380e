"""A sweep leaves the same bytes whoever ran it: alone, by two processes, interrupted, after deaths and failures."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from backtest.sweep.cell import Found, Task, run_cell
from backtest.sweep.grid import read_grid_file
from backtest.sweep.pool import Crew, Run
from backtest.sweep.sweep import Swept, run_sweep
from engine.errors import InputError
from tests.sweeps import GRID, dies_then_runs, left_behind, write_grid


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep by one process, and the grid beside it."""
    folder = tmp_path_factory.mktemp("alone")
    run_sweep(read_grid_file(str(write_grid(folder))), folder / "out")
    return folder


def again(folder: Path, out: Path, *, resume: bool = False, workers: int = 1, run: Run = run_cell) -> Swept:
    return run_sweep(read_grid_file(str(folder / "grid.toml")), out, resume=resume, crew=Crew(workers), run=run)


def test_it_leaves_a_row_for_each_cell(alone: Path) -> None:
    table = pq.read_table(alone / "out" / "results.parquet").to_pylist()
    assert [(row["cell"], row["world"], row["minds"]) for row in table] == [
        (1, 1, "macro"), (2, 1, "flow"), (3, 2, "macro"), (4, 2, "flow"), (5, 3, "macro"), (6, 3, "flow"),
    ]  # fmt: skip
    assert {row["status"] for row in table} == {"done"}
    assert [len(row["leads"]) for row in table] == [60] * 6
    assert {row["sessions"] for row in table} == {60}
    summary = json.loads((alone / "out" / "summary.json").read_text())
    assert summary["cells"] == {"all": 6, "done": 6, "alarm": 0, "failed": 0}
    assert summary["contests"][0]["superior"]["k"] == 2
    run = json.loads((alone / "out" / "run.json").read_text())
    assert run["cells"] == {"all": 6, "kept_from_before": 0, "tried_again": 0}


def test_no_path_and_no_time_is_in_the_results(alone: Path) -> None:
    for name, content in left_behind(alone / "out").items():
        assert str(alone).encode() not in content, name
        assert b"seconds" not in content, name


def test_two_processes_leave_the_same_bytes(alone: Path, tmp_path: Path) -> None:
    again(alone, tmp_path / "out", workers=2)
    assert left_behind(tmp_path / "out") == left_behind(alone / "out")


def test_a_worker_that_dies_costs_a_try_and_nothing_else(alone: Path, tmp_path: Path) -> None:
    grid = read_grid_file(str(alone / "grid.toml"))
    swept = run_sweep(grid, tmp_path / "out", crew=Crew(2), cache=tmp_path, run=dies_then_runs)
    assert swept.troubles == ()
    assert json.loads((tmp_path / "out" / "run.json").read_text())["cells"]["tried_again"] >= 2
    assert left_behind(tmp_path / "out") == left_behind(alone / "out")


@pytest.mark.parametrize("kept", [0, 2, 5])
def test_an_interrupted_sweep_goes_on_where_it_was(alone: Path, tmp_path: Path, kept: int) -> None:
    ran: list[str] = []

    def interrupted(task: Task) -> Found:
        if len(ran) == kept:
            raise KeyboardInterrupt
        ran.append(task.cell.key)
        return run_cell(task)

    with pytest.raises(KeyboardInterrupt):
        again(alone, tmp_path / "out", run=interrupted)
    assert len(list((tmp_path / "out" / "cells").iterdir())) == kept
    assert not (tmp_path / "out" / "summary.json").exists()
    with pytest.raises(InputError, match="already holds a sweep; add --resume"):
        again(alone, tmp_path / "out")
    again(alone, tmp_path / "out", resume=True)
    assert json.loads((tmp_path / "out" / "run.json").read_text())["cells"]["kept_from_before"] == kept
    assert left_behind(tmp_path / "out") == left_behind(alone / "out")


def test_damaged_and_failed_cells_are_run_again(alone: Path, tmp_path: Path) -> None:
    again(alone, tmp_path / "out")
    cut, failed, foreign, *_ = sorted((tmp_path / "out" / "cells").iterdir())
    cut.write_bytes(cut.read_bytes()[:100])
    for path, change in ((failed, {"status": "failed"}), (foreign, {"program": "another"})):
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    again(alone, tmp_path / "out", resume=True)
    assert json.loads((tmp_path / "out" / "run.json").read_text())["cells"]["kept_from_before"] == 3
    assert left_behind(tmp_path / "out") == left_behind(alone / "out")


def test_a_larger_grid_keeps_what_there_is(alone: Path, tmp_path: Path) -> None:
    again(alone, tmp_path / "out")
    grid = write_grid(tmp_path, GRID.replace('["macro"', '["contrarian", "macro"'))
    run_sweep(read_grid_file(str(grid)), tmp_path / "out", resume=True)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["cells"] == {"all": 9, "kept_from_before": 6, "tried_again": 0}


def test_a_cell_that_fails_is_a_row_with_its_error(alone: Path, tmp_path: Path) -> None:
    market = '\n[[markets]]\ndata = "csv:nowhere"\nname = "gone"\nuniverse = "us"\n'
    market += 'windows = [{ start = "2016-01-04", end = "2016-12-30" }]'
    grid = write_grid(tmp_path, GRID + market)
    swept = run_sweep(read_grid_file(str(grid)), tmp_path / "out")
    assert [cell.market for cell, _ in swept.troubles] == ["gone", "gone"]
    rows = pq.read_table(swept.results).to_pylist()
    assert [row["status"] for row in rows] == ["done"] * 6 + ["failed"] * 2
    assert "gone" in rows[6]["error"]
    assert rows[6]["direction_n"] is None
    assert rows[6]["leads"] == []
    whole = pq.read_table(io.BytesIO((alone / "out" / "results.parquet").read_bytes())).to_pylist()
    assert rows[:6] == whole  # the others are none the worse
    assert [contest["reason"] for contest in swept.summary["contests"]] == [None, "no setting is done"]


def test_a_mind_that_sees_the_future_is_told_and_its_scores_withheld(alone: Path, tmp_path: Path) -> None:
    def alarmed(task: Task) -> Found:
        return Found("alarm", "leak alarm: too good", {"sessions": 60, "data": str(task.cell.place.world)}, np.zeros(0))

    swept = again(alone, tmp_path / "out", run=alarmed)
    assert swept.summary["cells"] == {"all": 6, "done": 0, "alarm": 6, "failed": 0}
    assert swept.summary["best"] is None
    assert {error for _, error in swept.troubles} == {"leak alarm: too good"}
    assert json.loads((tmp_path / "out" / "run.json").read_text())["cells"]["tried_again"] == 0


def test_a_folder_that_holds_a_backtest_is_refused(alone: Path, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").touch()
    with pytest.raises(InputError, match="holds a backtest"):
        again(alone, tmp_path)
