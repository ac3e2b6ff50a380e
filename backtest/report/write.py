"""From a run's folder to its report, and back into the folder.

Contract: the report that ends a run and the one that `workshop report` makes from its folder later are the same bytes.
A folder without scores (no finished backtest, or one that the leak alarm stopped) is refused with `InputError`, and a
ledger that does not hold with `ChainError`; then nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backtest.folder import REPORT, RunFolder
from backtest.history import History
from backtest.report.page import page
from backtest.report.study import study
from engine.errors import InputError
from engine.ledger import Ledger

__all__ = ["report_again", "write_report"]

_ESSAY = re.compile(r"(\d{4}-\d\d-\d\d)-[\w-]+\.md")


def write_report(
    folder: RunFolder,
    history: History,
    scores: dict[str, Any],
    run: dict[str, Any],
    heads: Sequence[str],
    studied: dict[str, Any] | None = None,
) -> Path:
    """Write the report of a run into its folder and return its path.

    Args:
        folder: where the run is.
        history: what the run said and what came of it.
        scores: the document of `scores.json`.
        run: the document of `run.json`.
        heads: digest of each session's ledger entry, in order.
        studied: what `backtest.report.study.study` found, where somebody asked.
    """
    return folder.write_text(REPORT, page(history, scores, run, heads, _essays(folder), studied))


def report_again(path: Path, *, studied: bool = False) -> tuple[Path, dict[str, Any]]:
    """Make the report of the run in a folder anew; gives its path and the run's scores.

    Args:
        path: the run's folder.
        studied: whether to add the tests of many forecasters at once, which take seconds and the extra `study`.
    """
    folder = RunFolder(path)
    if not folder.begun:
        raise InputError(f"{path} holds no run; give the --out folder of a finished backtest")
    run = folder.read_json("run.json")
    if run.get("leak_alarm"):
        raise InputError(f"the leak alarm stopped the scores of {path}: find the leak with `workshop audit` first")
    scores = folder.read_json("scores.json")
    with Ledger.open(folder.ledger) as ledger:
        history = History.read(ledger)
        heads = [entry.digest for entry in ledger.entries(1)]
    if not heads or heads[-1] != scores.get("digest"):
        raise InputError(f"{path} holds scores of another ledger: finish the run with --resume, or run it again")
    try:
        found = study(history) if studied else None
        return write_report(folder, history, scores, run, heads, found), scores
    except (KeyError, TypeError) as error:
        raise InputError(f"{path} was made by another version ({error!r}); run the backtest again") from error


def _essays(folder: RunFolder) -> dict[str, str]:
    """ISO day -> name of the essay's file."""
    found = {}
    for path in sorted((folder.path / "essays").glob("*.md")):
        if match := _ESSAY.fullmatch(path.name):
            found[match[1]] = path.name
    return found
