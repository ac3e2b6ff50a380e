"""`workshop sweep`: a grid, who works on it, a bar meanwhile, and at the end what the best of so many is worth.

Contract: exit code 1 when a cell is not done; its error is told. The best never stands without the number that were
tried, its chance under luck alone, and the base rate's score beside its own. Text from files is shown as text.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backtest.sweep.cell import Cell
from backtest.sweep.grid import cells_of, read_grid_file
from backtest.sweep.pool import Crew
from backtest.sweep.sweep import Swept, run_sweep
from desk.data import cache_folder
from desk.progress import progress_bar
from desk.show import console, percent, print_json, visible
from minds.text import plural

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["command"]

_SHOWN = 10
"""Settings of a contest, cells of a list and troubles that are shown."""
_LISTED = 40


def command(
    path: str, *, out: str | None, workers: int, cluster: str | None, resume: bool, dry_run: bool, as_json: bool
) -> None:
    """Run a sweep as asked on the command line."""
    grid = read_grid_file(path)
    if dry_run:
        _list(cells_of(grid), as_json=as_json)
        return
    if out is None:
        raise click.UsageError("Missing option '--out'.", click.get_current_context(silent=True))
    with progress_bar() as progress, contextlib.redirect_stdout(sys.stderr):  # what a plug-in prints
        swept = run_sweep(
            grid, Path(out), crew=Crew(workers, cluster or ""), resume=resume, progress=progress, cache=cache_folder()
        )
    if as_json:
        print_json(swept.summary)
    else:
        _tell(swept, out)
    if swept.troubles:
        sys.exit(1)


def _list(cells: Sequence[Cell], *, as_json: bool) -> None:
    """The cells that would run."""
    if as_json:
        print_json([
            {"cell": number, "key": cell.key, **cell.contest._asdict(), **cell.setting._asdict()}
            for number, cell in enumerate(cells, 1)
        ])  # fmt: skip
        return
    screen = console()
    for number, cell in enumerate(cells[:_LISTED], 1):
        screen.print(visible(f"{number:5}  {cell.says()}"), soft_wrap=True)
    if len(cells) > _LISTED:
        screen.print(f"       ... and {len(cells) - _LISTED:,} more; --json lists them all")
    screen.print(f"{plural(len(cells), 'cell')}; nothing was run")


def _tell(swept: Swept, out: str) -> None:
    screen, summary = console(), swept.summary
    for contest in summary["contests"]:
        screen.print(_table(contest, summary["judge"]))
        screen.print(_verdict(contest, summary["judge"]), soft_wrap=True)
    if len(summary["contests"]) > 1 and summary["best"] is not None:
        screen.print(_overall(summary["best"], len(summary["contests"])), soft_wrap=True)
    counts = summary["cells"]
    if swept.troubles:
        screen.print(f"{len(swept.troubles):,} of {plural(counts['all'], 'cell')} not done:", style="red")
        for cell, error in swept.troubles[:_SHOWN]:
            screen.print(visible(f"  {cell.says()}\n    {error}"), soft_wrap=True)
        if len(swept.troubles) > _SHOWN:
            screen.print(f"  ... and {len(swept.troubles) - _SHOWN:,} more in {out}/results.parquet")
    screen.print(f"All {plural(counts['all'], 'cell')}: {shlex.quote(str(swept.results))}", soft_wrap=True)


def _table(contest: dict[str, Any], judge: str) -> Table:
    """The best settings of a contest, with the columns in which they differ."""
    from rich.table import Table

    ranking = contest["ranking"]
    differ = [name for name in ("minds", "regime", "pairs", "seed") if len({entry[name] for entry in ranking}) > 1]
    targets = contest["targets"]
    table = Table(
        title=visible(f"{contest['market']} {contest['start']} to {contest['end']}, {judge} on {targets}"),
        caption=f"{min(_SHOWN, len(ranking))} of {contest['settings']}, by lead a session" if ranking else None,
    )
    for name in differ or ["minds"]:
        table.add_column(name, overflow="fold")
    for name in ("n", "score", "base", "skill", "E", "best?"):
        table.add_column(name, justify="right", no_wrap=True)
    for entry in ranking[:_SHOWN]:
        table.add_row(
            *[visible(str(entry[name])).replace(",", ", ") for name in differ or ["minds"]], f"{entry['n']:,}",
            _number(entry["score"]), _number(entry["climatology"]), percent(entry["skill"]), _short(entry["e_value"]),
            {True: "maybe", False: "no", None: "–"}[entry["kept"]],
        )  # fmt: skip
    return table


def _verdict(contest: dict[str, Any], judge: str) -> str:
    """One sentence: the best of how many, and how often luck alone looks as good."""
    if contest["superior"] is None:
        return f"No comparison: {contest['reason']}."
    p, tried = contest["superior"]["p_consistent"], contest["settings"]
    who = "The only setting" if tried == 1 else f"The best of {tried} settings"
    chance = f"p = {p:.3f} against the base rate (Hansen's SPA over {contest['superior']['n']:,} sessions)"
    means = "luck alone looks as good that often" if p > 0.05 else "luck alone seldom looks as good"
    skill = contest["ranking"][0]["skill"]
    has = "made no claims" if skill is None else f"has a {judge} skill of {percent(skill)}"
    shown = f"{who} {has}, {chance}: {means}."
    left = contest["settings"] - contest["compared"]
    return shown + (f" {plural(left, 'setting')} not compared, as not done." if left else "")


def _overall(best: dict[str, Any], contests: int) -> str:
    p = "no p-value, as a contest has none" if best["p"] is None else f"p = {best['p']:.3f} (times {contests} contests)"
    claim = "skill is claimed" if best["skill_claimed"] else "no skill is claimed"
    return f"Best of all {best['of']} tried: {percent(best['skill'])} on {visible(best['market'])}, {p}; {claim}."


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"
