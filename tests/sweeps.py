"""Small sweeps for tests: a drawn world of some weeks, grids over it, and what a sweep leaves behind.

Contract: everything is a function of its arguments; what is written goes into the folder that is given.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from backtest.sweep.cell import Found, Task, program, run_cell
from backtest.sweep.grid import cells_of, read_grid_file

__all__ = [
    "GRID",
    "WORLD",
    "dies_at_first",
    "dies_then_runs",
    "fails_at_first",
    "left_behind",
    "patient",
    "quick",
    "tasks",
    "write_grid",
]

WORLD = """
title = "Some weeks"
start = "2010-01-04"
warm_up = 300

[universe.roles]
market = "MKT"
growth = "GRO"

[[segments]]
sessions = 60
"""
GRID = """
title = "Two tables in three worlds"
minds = ["macro", "flow"]

[[markets]]
data = "scenario:world.toml"
worlds = { first = 1, count = 3 }
targets = ["market:1,growth:2"]
"""


def write_grid(folder: Path, grid: str = GRID, world: str = WORLD) -> Path:
    """A grid file beside the world that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "world.toml").write_text(world, encoding="utf-8")
    path = folder / "grid.toml"
    path.write_text(grid, encoding="utf-8")
    return path


def left_behind(out: Path) -> dict[str, bytes]:
    """Every file that must be the same whoever made it."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "run.json"
    }


def tasks(folder: Path) -> list[Task]:
    """The cells of `GRID`, as a worker is handed them; `cache` is a folder in which the functions below keep count."""
    cells = cells_of(read_grid_file(str(write_grid(folder))))
    return [Task(cell, "direction", folder, program()) for cell in cells]


def count(task: Task) -> int:
    """How often this was called for a cell, this time included, whichever process called."""
    assert task.cache is not None
    with (task.cache / f"{task.cell.key}.tries").open("a+") as file:
        file.write(".")
        return file.tell()


def quick(task: Task) -> Found:
    """Something that was found, after so many tries."""
    return Found("done", "", {"tries": count(task)}, np.zeros(3))


def fails_at_first(task: Task) -> Found:
    """Fails twice in the first world, and always in the second."""
    tries, world = count(task), task.cell.place.world
    failed = world == 2 or (world == 1 and tries <= 2)
    return Found("failed", f"no luck in world {world}") if failed else Found("done", "", {"tries": tries}, np.zeros(3))


def dies_at_first(task: Task) -> Found:
    """Kills its process once in the first world, and always in the second where macro sits."""
    tries, world = count(task), task.cell.place.world
    if (world == 1 and tries == 1) or (world == 2 and task.cell.setting.minds == "macro"):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return Found("done", "", {"tries": tries}, np.zeros(3))


def dies_then_runs(task: Task) -> Found:
    """`run_cell`, which the first cell of the second world does not survive the first time."""
    if task.cell.place.world == 2 and count(task) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return run_cell(task)


def patient(task: Task) -> Found:
    """`run_cell` that takes its time, so that somebody can kill the worker meanwhile."""
    time.sleep(0.3)
    return run_cell(task)
