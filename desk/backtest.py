"""`workshop backtest`: options to settings, progress while it runs, a table at the end."""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path
from typing import Any

from backtest.folder import REPORT, RunFolder
from backtest.run import Done, run_backtest
from backtest.settings import (
    Settings,
    default_pairs,
    default_targets,
    names,
    parse_essays,
    parse_pairs,
    parse_targets,
)
from desk.adviser import advice_estimate, open_adviser
from desk.data import cache_folder, open_data
from desk.models import ModelOptions, Models
from desk.progress import progress_bar, resumable
from desk.show import console, print_json
from desk.summary import summary
from desk.summary_arms import arms
from desk.trading import accounts, asked_rule
from desk.watch import waiting_told
from desk.writer import account_lines, estimate_line, open_writer
from minds.registry import load_minds
from regimes.registry import load_regime

__all__ = ["command"]


def command(
    *,
    data: str,
    universe: str | None,
    start: str | None,
    end: str | None,
    out: str,
    minds: str | None,
    pairs: str | None,
    regime: str,
    targets: str | None,
    essays: str,
    seed: int,
    resume: bool,
    report: bool,
    trade: bool,
    cost: float | None,
    progress_every: int,
    as_json: bool,
    writer: str,
    adviser: str | None,
    cutoff: str | None,
    **asking: Any,
) -> None:
    """Run a backtest as asked on the command line; `asking` are the fields of `ModelOptions`."""
    opened = open_data(data, universe, start, end)
    (first, last), roles = opened.days(), opened.universe
    called = default_targets(roles) if targets is None else parse_targets(targets, roles)
    models = Models(ModelOptions(**asking), Path(out) / "calls")
    written = open_writer(writer, models)
    advises = open_adviser(adviser, cutoff, models, end=last, invented=opened.invented)
    models.check("add --writer litellm:MODEL or --adviser litellm:MODEL, or replay:DIR for either")
    settings = Settings(
        source=opened.name,
        universe=roles,
        start=first,
        end=last,
        minds=tuple(mind.name for mind in load_minds(names(minds))),
        targets=called,
        pairs=default_pairs(called) if pairs is None else parse_pairs(pairs, called),
        regime=load_regime(regime).name,
        essays=parse_essays(essays),
        adviser=advises,
        seed=seed,
    )
    rule = asked_rule(trade, cost)
    if written is not None:
        console().print(estimate_line(written, settings), soft_wrap=True)
    if advises is not None:
        console().print(advice_estimate(advises, settings, models), soft_wrap=True)
    with (
        resumable(Path(out)),
        progress_bar(32, progress_every) as progress,
        waiting_told(),
        contextlib.redirect_stdout(sys.stderr),  # what a plug-in prints
    ):
        done = run_backtest(
            settings,
            opened.source,
            Path(out),
            resume=resume,
            progress=progress,
            cache=cache_folder(),
            writer=None if written is None else written.writer,
            report=report,
            trade=rule,
        )
    if as_json:
        print_json(done.scores)
    else:
        _tell(done, out, report)
    if written is not None:
        for line in account_lines(written.writer.account()):
            console().print(line, soft_wrap=True)
    if advises is not None and (written is None or adviser != writer):
        console().print(advises.memory, soft_wrap=True)


def _tell(done: Done, out: str, report: bool) -> None:
    screen = console()
    for part in summary(done.scores):
        screen.print(part)
    for part in arms(done.scores, RunFolder(Path(out)).read_json("run.json")):
        screen.print(part)
    if "trading" in done.scores:
        for part in accounts(done.scores["trading"]):
            screen.print(part)
    if done.notices:
        first = done.notices[0]
        screen.print(
            f"{len(done.notices)} notices on the data in {out}/run.json, such as {first.symbol}: {first.detail}"
        )
    if done.fits:
        more = f" (and {len(done.fits) - 1} more in {out}/run.json)" if len(done.fits) > 1 else ""
        screen.print(f"On the regime model: {done.fits[0]}{more}", soft_wrap=True)
    if done.essay is not None:
        screen.print(f"Read the last essay: {done.essay}", soft_wrap=True)
    if report:
        screen.print(f"Open the report:     {Path(out) / REPORT}", soft_wrap=True)
    screen.print(f"Check the record:    workshop ledger verify {shlex.quote(out)}", soft_wrap=True)
