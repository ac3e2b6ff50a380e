"""`workshop audit`: runs the audit and prints what it found."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click
import numpy as np

from backtest.audit.audit import Plan, Progress, audit
from backtest.audit.findings import Report
from backtest.audit.subject import installed
from backtest.settings import default_targets
from desk.show import console, print_json
from engine.calendar import parse_day
from engine.errors import InputError
from engine.market import Market
from engine.sources import open_source
from engine.universe import load_universe
from regimes.registry import list_regimes

__all__ = ["command"]

_YEARS = 1260
"""Sessions of the range when no --start is given: five years."""


def command(
    *,
    data: str,
    universe: str | None,
    mind: Sequence[str],
    regime: Sequence[str],
    start: str | None,
    end: str | None,
    dates: int,
    seed: int,
    as_json: bool,
) -> None:
    """Audit as asked on the command line; exit code 1 when something was found."""
    first = None if start is None else parse_day(start, what="--start")
    last = None if end is None else parse_day(end, what="--end")
    if first is not None and last is not None and first > last:
        raise InputError(f"--start {first} lies after --end {last}; swap them")
    roles = load_universe(universe or ("sample" if data == "sample" else "us"))
    cache = Path(os.environ.get("WORKSHOP_CACHE") or Path(click.get_app_dir("workshop")) / "cache")
    source = open_source(data, universe=roles, now=datetime.now(UTC), cache=cache)
    loaded = source.load(roles, last)
    market = Market.build(roles, loaded.bars, loaded.events, loaded.closes)
    models = tuple(regime) or tuple(item.name for item in list_regimes() if not item.error)
    subject = installed(tuple(mind) or None, models, default_targets(roles))
    with _bar() as progress:
        report = audit(Plan(subject, market, _start(market, first), dates, seed), progress)
    if as_json:
        print_json(report.document())
    else:
        _tell(report)
    if not report.clean:
        sys.exit(1)


def _start(market: Market, first: date | None) -> int:
    """Position of the first session of the range.

    Raises:
        InputError: it lies before the data.
    """
    days = market.calendar.days[: market.size]
    if first is None:
        return max(market.size - _YEARS, market.size // 2)
    if np.datetime64(first, "D") < days[0]:
        raise InputError(f"the data begin on {days[0]}, after --start {first}; give a --start from {days[0]} on")
    return int(np.searchsorted(days, np.datetime64(first, "D")))


def _tell(report: Report) -> None:
    from rich.table import Table
    from rich.text import Text

    screen, checked = console(), report.checked
    screen.print(
        f"{len(checked['signals'])} signals, {len(checked['minds'])} minds ({', '.join(checked['minds'])}) and "
        f"{len(checked['regimes'])} regime models ({', '.join(checked['regimes'])}), {checked['first']} to "
        f"{checked['last']}; {len(checked['futures'])} other futures after each of {', '.join(checked['dates'])}",
    )
    if report.warm_up:
        table = Table(
            "output", "settles after", "why, where it never does", title="What hangs on the length of history"
        )
        for row in report.warm_up:
            if row.settles is None or row.fails:
                settles = "never" if row.settles is None else f"{row.settles} sessions"
                table.add_row(Text(f"{row.name} {row.part}"), settles, Text(row.declared or _untold(row.fails)))
        late = sum(row.settles is not None and not row.fails for row in report.warm_up)
        if table.row_count:
            screen.print(table)
        screen.print(f"{late} outputs settle within the history that they may need")
    for note in report.notes:
        screen.print(f"Note: {note.says()}", soft_wrap=True)
    for finding in report.findings:
        screen.print(f"FOUND  {finding.says()}", soft_wrap=True)
    for led in report.followed:
        screen.print(f"       {led.says()}", soft_wrap=True)
    found = len({(item.kind, item.name) for item in report.findings})
    screen.print("Nothing moved that must not." if report.clean else f"{found} of them must be mended.")


def _untold(fails: bool) -> str:
    return "not declared" if fails else "not enough history to judge"


@contextlib.contextmanager
def _bar() -> Iterator[Progress | None]:
    """A progress bar on stderr, and none where nobody watches."""
    screen = console()
    if not screen.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=screen, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("loading", total=None)
        yield lambda done, total, what: bar.update(task, completed=done, total=total, description=what)
