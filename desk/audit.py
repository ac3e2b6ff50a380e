"""`workshop audit`: runs the audit and prints what it found.

Contract: exit code 0 when nothing was found, 1 when something was, 2 for bad input. Names and values of plug-ins are
shown as text.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from datetime import date
from itertools import groupby

import numpy as np

from backtest.audit.audit import Plan, audit
from backtest.audit.findings import Report
from backtest.audit.subject import installed
from backtest.settings import default_targets
from desk.data import open_data
from desk.progress import progress_bar
from desk.show import console, print_json
from desk.watch import waiting_told
from engine.errors import InputError
from engine.market import Market
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
    opened = open_data(data, universe, start, end)
    if opened.start is not None and opened.end is not None and opened.start > opened.end:
        raise InputError(f"--start {opened.start} lies after --end {opened.end}; swap them")
    roles = opened.universe
    loaded = opened.source.load(roles, opened.end)
    market = Market.build(roles, loaded.bars, loaded.events, loaded.closes)
    called = default_targets(roles)
    if opened.end is None:
        last = _last(market, [target.symbol for target in called])
        market = market if start and start > market.calendar.labels[last] else market.cut(last + 1)
    first = _start(market, None if start is None else opened.start)  # a scenario's own days would leave out its past
    models = tuple(regime) or tuple(item.name for item in list_regimes() if not item.error)
    subject = installed(tuple(mind) or None, models, called)
    with progress_bar() as progress, waiting_told(), contextlib.redirect_stdout(sys.stderr):  # what a plug-in prints
        report = audit(Plan(subject, market, first, dates, seed), progress)
    if as_json:
        print_json(report.document())
    else:
        _tell(report)
    if not report.clean:
        sys.exit(1)


def _last(market: Market, symbols: Sequence[str]) -> int:
    """The last session on which each of these has a bar, of those that have any."""
    columns = [market.column(symbol) for symbol in symbols if symbol in market.rows]
    return min(int(np.flatnonzero(~np.isnan(column))[-1]) for column in columns)


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
    screen, checked = console(), report.checked
    parts = [f"{len(checked['signals'])} signals"] + [
        f"{len(checked[kind])} {noun}{'s' * (len(checked[kind]) != 1)} ({', '.join(checked[kind])})"
        for kind, noun in (("minds", "mind"), ("regimes", "regime model"))
    ]
    screen.print(
        f"{', '.join(parts)}, {checked['first']} to {checked['last']}; {len(checked['futures'])} other futures after "
        f"each of {', '.join(checked['dates'])}",
        soft_wrap=True,
    )
    _tell_warm_up(report)
    for note in report.notes:
        screen.print(f"Note: {note.says()}", soft_wrap=True)
    for finding in report.findings:
        screen.print(f"FOUND  {finding.says()}", soft_wrap=True)
    for led in report.followed:
        screen.print(f"       {led.says()}", soft_wrap=True)
    found = len({(item.kind, item.name) for item in report.findings})
    screen.print("Nothing moved that must not." if report.clean else f"{found} to be mended.")


def _tell_warm_up(report: Report) -> None:
    """What hangs on the length of history for good, and how much of the rest could be judged."""
    from rich.table import Table
    from rich.text import Text

    screen = console()
    shown = [row for row in report.warm_up if row.fails or row.declared]
    if shown:
        table = Table("output", "settles after", "why", title="What hangs on the length of history")
        for (name, why), rows in groupby(shown, key=lambda row: (row.name, row.declared or "it is not declared")):
            same = list(rows)
            longest = None if any(row.settles is None for row in same) else max(row.settles or 0 for row in same)
            settles = "never" if longest is None else f"{longest} sessions"
            table.add_row(Text(f"{name}: {', '.join(row.part for row in same)}"), settles, Text(why))
        screen.print(table)
    unknown = sum(row.settles is None and row not in shown for row in report.warm_up)
    if unknown:
        screen.print(f"{unknown} outputs need more history than there is, to say when they settle")
