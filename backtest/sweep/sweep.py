"""Run a grid: the cells that are missing, then the table and the summary of all.

Contract: a finished cell is a file of its own under `cells/`, written whole, so a sweep can be killed at any instant
and `resume` runs only what is missing; cells that failed are run again then. `results.parquet` and `summary.json` are
made of those files, in the order of the grid: the same bytes whoever ran what, when and how often. Times, tries and
versions stand in `run.json` only.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backtest.folder import RunFolder, commit_asked, versions
from backtest.run import Progress
from backtest.sweep.cell import Cell, Found, Task, program, run_cell
from backtest.sweep.contest import Row, summarise
from backtest.sweep.grid import Grid, cells_of
from backtest.sweep.pool import ALONE, TRIES, Crew, Run, run_cells
from backtest.sweep.table import to_parquet
from engine.errors import InputError

__all__ = ["Swept", "run_sweep"]

_CELLS, _RESULTS, _SUMMARY = "cells", "results.parquet", "summary.json"


@dataclass(frozen=True)
class Swept:
    """What a sweep leaves behind.

    Attributes:
        summary: the document of `summary.json`.
        troubles: for each cell that is not done, what it is and why.
        results: the Parquet file.
    """

    summary: dict[str, Any]
    troubles: tuple[tuple[Cell, str], ...]
    results: Path


def run_sweep(
    grid: Grid, out: Path, *, crew: Crew = ALONE, resume: bool = False, progress: Progress | None = None,
    cache: Path | None = None, run: Run = run_cell,
) -> Swept:  # fmt: skip
    """Run every cell of a grid that is not there yet.

    Args:
        grid: what is tried.
        out: folder of the sweep.
        crew: who does the work.
        resume: whether to continue the sweep that is in the folder.
        progress: told after each cell.
        cache: folder in which a regime model may keep its fits, as for `run_backtest`.
        run: runs one cell; another one is for tests.

    Raises:
        InputError: the grid, the folder or the cluster cannot be used, or an extra is missing.
        WorkshopError: the workers are gone, or have seen different bars.
    """
    with commit_asked() as commit:
        began = time.perf_counter()
        cells, folder = cells_of(grid), RunFolder(out)
        _check_free(out, resume)
        to_parquet([])  # a missing extra is told before the work, not after it
        kept = {cell.key: found for cell in cells if (found := _read(folder, cell, grid.judge)) is not None}
        missing = [cell for cell in cells if cell.key not in kept]
        _make(out)
        done = len(kept)

        def keep(at: int, found: Found) -> None:
            nonlocal done
            cell = missing[at]
            folder.write_json(f"{_CELLS}/{cell.key}.json", _document(found, grid.judge))
            kept[cell.key] = found
            done += 1
            if progress is not None:
                progress(done, len(cells), cell.market)

        resumed = done
        if progress is not None:
            progress(done, len(cells), "starting")
        tries = run_cells([Task(cell, grid.judge, cache, program()) for cell in missing], crew, keep, run)
        rows = [_row(number, cell, kept[cell.key]) for number, cell in enumerate(cells, 1)]
        ran = time.perf_counter()
        summary = summarise(rows, title=grid.title, judge=grid.judge)
        folder.write_bytes(_RESULTS, to_parquet(rows))
        folder.write_json(_SUMMARY, summary)
        folder.write_json("run.json", {
            "schema": 1,
            "cells": {"all": len(cells), "kept_from_before": resumed, "tried_again": sum(count > 1 for count in tries)},
            "crew": {"workers": crew.workers, "cluster": bool(crew.cluster), "tries": TRIES},
            "timings": {"cells_seconds": ran - began, "total_seconds": time.perf_counter() - began},
            **versions(commit()),
        })  # fmt: skip
    troubles = tuple((cell, kept[cell.key].error) for cell in cells if kept[cell.key].status != "done")
    return Swept(summary, troubles, out / _RESULTS)


def _check_free(out: Path, resume: bool) -> None:
    if (out / "ledger.sqlite").exists():
        raise InputError(f"{out} holds a backtest; choose another --out")
    if (out / _CELLS).exists() and not resume:
        raise InputError(f"{out} already holds a sweep; add --resume to continue it, or choose another --out")


def _make(out: Path) -> None:
    try:
        (out / _CELLS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write to the folder {out}: {error.strerror}; choose another --out") from error


def _document(found: Found, judge: str) -> dict[str, Any]:
    return {
        "schema": 1,
        "judge": judge,
        "program": program(),
        **found._asdict(),
        "figures": dict(found.figures),
        "leads": found.leads.tolist(),
    }


def _read(folder: RunFolder, cell: Cell, judge: str) -> Found | None:
    """What an earlier run has kept of a cell; None when that is nothing, damaged, failed, or of another program."""
    with contextlib.suppress(InputError, KeyError, TypeError, ValueError):
        document = folder.read_json(f"{_CELLS}/{cell.key}.json")
        if (document["schema"], document["judge"], document["program"]) == (1, judge, program()):
            found = Found(
                document["status"], document["error"], document["figures"], np.array(document["leads"], float)
            )
            return None if found.status == "failed" else found
    return None


def _row(number: int, cell: Cell, found: Found) -> Row:
    contest, setting = cell.contest, cell.setting
    asked = cell.settings
    return {
        "cell": number, "key": cell.key, "source": asked.source, "universe": asked.universe.name,
        **contest._asdict(), **setting._asdict(), "status": found.status, "error": found.error or None,
        "data": None, **found.figures, "leads": found.leads,
    }  # fmt: skip
