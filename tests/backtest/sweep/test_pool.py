"""Many cells at a time: each result once, failures tried again, a worker's death a try for what it had and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from backtest.sweep.cell import Found
from backtest.sweep.pool import ALONE, TRIES, Crew, Run, run_cells
from engine.errors import InputError
from tests.sweeps import dies_at_first, fails_at_first, quick, tasks

TWO = Crew(2)


def swept(folder: Path, crew: Crew, run: Run) -> tuple[dict[int, Found], list[int]]:
    found: dict[int, Found] = {}

    def keep(at: int, result: Found) -> None:
        assert at not in found, "handed over twice"
        found[at] = result

    tries = run_cells(tasks(folder), crew, keep, run)
    assert sorted(found) == list(range(6))
    return found, tries


@pytest.mark.parametrize("crew", [ALONE, TWO], ids=["alone", "two"])
def test_every_cell_runs_once(tmp_path: Path, crew: Crew) -> None:
    found, tries = swept(tmp_path, crew, quick)
    assert tries == [1] * 6
    assert [found[at].figures["tries"] for at in range(6)] == [1] * 6


@pytest.mark.parametrize("crew", [ALONE, TWO], ids=["alone", "two"])
def test_what_fails_is_tried_again_and_then_told(tmp_path: Path, crew: Crew) -> None:
    found, tries = swept(tmp_path, crew, fails_at_first)
    assert [found[at].status for at in range(6)] == ["done", "done", "failed", "failed", "done", "done"]
    assert tries == [3, 3, 3, 3, 1, 1]
    assert found[2].error == "no luck in world 2"
    assert TRIES == 3


def test_a_death_costs_a_try_and_a_cell_that_kills_is_found_out_alone(tmp_path: Path) -> None:
    found, tries = swept(tmp_path, TWO, dies_at_first)
    assert [found[at].status for at in range(6)] == ["done", "done", "failed", "done", "done", "done"]
    assert found[2].error == "its worker died, 3 times out of 3"
    assert tries[2] == 3
    assert max(tries) <= TRIES


@pytest.mark.parametrize("crew", [ALONE, TWO], ids=["alone", "two"])
def test_what_cannot_be_kept_stops_the_sweep(tmp_path: Path, crew: Crew) -> None:
    """A full disk is no fault of a cell's: nothing is tried again."""

    def full(at: int, found: Found) -> None:
        raise InputError("no space left")

    with pytest.raises(InputError, match="no space left"):
        run_cells(tasks(tmp_path), crew, full, quick)


def test_a_cluster_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backtest.sweep.pool._PATIENCE", 1)
    with pytest.raises(InputError, match="no Dask scheduler answers at tcp"):
        run_cells(tasks(tmp_path), Crew(cluster="tcp://127.0.0.1:9"), lambda at, found: None)
