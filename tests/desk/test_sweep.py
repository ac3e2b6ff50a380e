"""`workshop sweep`: what people see, exit codes, refusals; text from files is text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runs import main
from tests.sweeps import GRID, write_grid

GONE = """
[[markets]]
data = "csv:nowhere"
name = "[red]gone[/red]"
universe = "us"
windows = [{ start = "2016-01-04", end = "2016-12-30" }]
"""


def test_a_dry_run_lists_the_cells_and_runs_none(tmp_path: Path) -> None:
    grid = write_grid(tmp_path)
    ran = main("sweep", grid, "--dry-run")
    assert (ran.code, ran.out) == (0, "")
    assert "    6  world.toml, world 3 2010-01-04 to 2010-03-30, MKT:1,GRO:2: flow, rules" in ran.err
    assert "6 cells; nothing was run" in ran.err
    listed = json.loads(main("sweep", grid, "--dry-run", "--json").out)
    assert [(cell["cell"], cell["minds"], cell["world"]) for cell in listed] == [
        (1, "macro", 1), (2, "flow", 1), (3, "macro", 2), (4, "flow", 2), (5, "macro", 3), (6, "flow", 3),
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid.toml", "world.toml"]


def test_the_best_stands_beside_n_and_p(tmp_path: Path) -> None:
    ran = main("sweep", write_grid(tmp_path), "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (0, "")
    assert "The best of 2 settings" in ran.err
    assert "against the base rate (Hansen's SPA over 60 sessions)" in ran.err
    told = main("sweep", tmp_path / "grid.toml", "--out", tmp_path / "out", "--resume", "--json")
    assert (told.code, told.err) == (0, "")
    assert json.loads(told.out) == json.loads((tmp_path / "out" / "summary.json").read_text())


def test_a_cell_that_fails_is_told_and_the_exit_code_is_one(tmp_path: Path) -> None:
    grid = write_grid(tmp_path, GRID.replace('["macro", "flow"]', '["flow"]') + GONE)
    ran = main("sweep", grid, "--out", tmp_path / "out")
    assert ran.code == 1
    assert "1 of 4 cells not done:" in ran.err
    assert "[red]gone[/red] 2016-01-04 to 2016-12-30" in ran.err
    assert "No comparison: no setting is done." in ran.err
    assert "The only setting has a direction skill" in ran.err


@pytest.mark.parametrize(("arguments", "told"), [
    (["grid.toml"], "Missing option '--out'"),
    (["grid.toml", "--out", "o", "--workers", "2", "--cluster", "tcp://127.0.0.1:1"], "not both"),
    (["grid.toml", "--out", "o", "--workers", "0"], "0 is not in the range"),
    (["none.toml", "--out", "o"], "the grid file none.toml does not exist"),
    (["grid.toml", "--out", "grid.toml/x"], "cannot write to the folder"),
])  # fmt: skip
def test_bad_input_costs_a_sentence(
    tmp_path: Path, arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_grid(tmp_path)
    monkeypatch.chdir(tmp_path)
    ran = main("sweep", *arguments)
    assert ran.code == 2
    assert told in ran.err
    assert len(ran.err.strip().splitlines()) == 1
