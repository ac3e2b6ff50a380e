"""The same sweep on a real Dask cluster: a scheduler and two workers on loopback, one of them killed in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backtest.sweep.cell import Found
from backtest.sweep.grid import read_grid_file
from backtest.sweep.pool import Crew, run_cells
from backtest.sweep.sweep import run_sweep
from engine.errors import WorkshopError
from tests.runs import ROOT, main
from tests.sweeps import dies_at_first, left_behind, patient, quick, tasks, write_grid

pytestmark = pytest.mark.slow
QUIET = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical", "OPENBLAS_NUM_THREADS": "1"}


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path, *, nanny: bool = False) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        for _ in range(2):
            self._start("worker", "--nthreads", "1", "--nanny" if nanny else "--no-nanny", "--no-dashboard")
        self.client = self._connected()
        self.address: str = self.client.scheduler.address

    def _start(self, what: str, *options: str) -> None:
        command = [sys.executable, "-m", "distributed.cli.dask_" + what, "--scheduler-file", str(self._file), *options]
        with (self._folder / f"{what}{len(self.processes)}.log").open("wb") as log:
            env = {**os.environ, **QUIET, "PYTHONPATH": str(ROOT)}
            self.processes.append(subprocess.Popen(command, cwd=self._folder, env=env, stdout=log, stderr=log))

    def _connected(self) -> Any:
        from distributed import Client

        client: Any = Client(scheduler_file=str(self._file), timeout=60, set_as_default=False)
        client.wait_for_workers(2, timeout=60)
        return client

    def close(self) -> None:
        self.client.close()
        for process in reversed(self.processes):  # workers first: a nanny that is asked to end takes its own along
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(params=["bare"])
def cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Two workers; those with a nanny are started again when they die."""
    (tmp_path / "dask").mkdir()
    running = Cluster(tmp_path / "dask", nanny=request.param == "nanny")
    try:
        yield running
    finally:
        running.close()


def test_a_cluster_leaves_the_same_bytes_also_when_a_worker_is_killed(cluster: Cluster, tmp_path: Path) -> None:
    grid = write_grid(tmp_path)
    run_sweep(read_grid_file(str(grid)), tmp_path / "alone")
    ran = main("sweep", grid, "--cluster", cluster.address, "--out", tmp_path / "whole")
    assert ran.code == 0, ran.err
    assert left_behind(tmp_path / "whole") == left_behind(tmp_path / "alone")

    killed: list[int] = []

    def kill(done: int, total: int, what: str) -> None:
        if done == 1 and not killed:  # one cell is done, others are being worked on
            killed.append(cluster.processes[2].pid)
            time.sleep(0.1)
            os.kill(killed[0], signal.SIGKILL)

    crew = Crew(cluster=cluster.address)
    swept = run_sweep(read_grid_file(str(grid)), tmp_path / "killed", crew=crew, progress=kill, run=patient)
    assert killed and cluster.processes[2].wait(10) == -signal.SIGKILL
    assert len(cluster.client.scheduler_info()["workers"]) == 1
    assert swept.troubles == ()
    assert left_behind(tmp_path / "killed") == left_behind(tmp_path / "alone")


@pytest.mark.parametrize("cluster", ["nanny"], indirect=True)
def test_a_cell_that_kills_its_workers_is_told_and_the_others_are_done(cluster: Cluster, tmp_path: Path) -> None:
    found: dict[int, Found] = {}
    run_cells(tasks(tmp_path), Crew(cluster=cluster.address), found.__setitem__, dies_at_first)
    assert [found[at].status for at in range(6)] == ["done", "done", "failed", "done", "done", "done"]
    assert found[2].error == "it has killed every worker that the cluster gave it to"


@pytest.mark.parametrize(
    ("gone", "told"),
    [(slice(1, None), "none is left"), (slice(1), "the scheduler does not answer")],
    ids=["workers", "scheduler"],
)
def test_a_cluster_that_is_gone_ends_the_sweep(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: slice, told: str
) -> None:
    monkeypatch.setattr("backtest.sweep.pool._PATIENCE", 3)

    def kill(at: int, found: Found) -> None:
        for process in cluster.processes[gone]:
            process.kill()

    with pytest.raises(WorkshopError, match=rf"{told}.*add --resume"):
        run_cells(tasks(tmp_path), Crew(cluster=cluster.address), kill, patient)


def test_results_that_die_with_their_workers_end_the_sweep(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All cells are done, and all but the first lie on workers that are killed before anybody fetches them."""
    monkeypatch.setattr("backtest.sweep.pool._PATIENCE", 3)
    kept: list[int] = []

    def kill(at: int, found: Found) -> None:
        kept.append(at)
        time.sleep(2)
        for process in cluster.processes[1:]:
            process.kill()
            process.wait()

    with pytest.raises(WorkshopError, match=r"none is left.*add --resume"):
        run_cells(tasks(tmp_path), Crew(cluster=cluster.address), kill, quick)
    assert 1 <= len(kept) < 6
