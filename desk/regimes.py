"""`workshop regimes evaluate`: what the regime models were worth."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from backtest.regime_study.measures import YEAR
from backtest.regime_study.picture import check, draw
from backtest.regime_study.report import study_report
from backtest.regime_study.study import leave_out, run_models, span
from backtest.settings import names
from desk.data import cache_folder, open_data
from desk.regime_tables import regime_tables
from desk.show import console, print_json
from engine.errors import InputError
from engine.market import Market
from regimes.registry import list_regimes, load_regime

__all__ = ["evaluate"]

_WARM_UP = 600
"""Sessions that the longest window of the score needs; the study starts there unless told otherwise."""


def evaluate(
    *,
    data: str,
    universe: str | None,
    start: str | None,
    end: str | None,
    models: str | None,
    without: str | None,
    picture: str | None,
    as_json: bool,
) -> None:
    """Run the models over a range of days and print what they were worth."""
    if picture is not None:
        check(Path(picture))
    _, source, roles, first, last, _ = open_data(data, universe, start, end)
    roles = leave_out(roles, names(without) or ())
    chosen = [load_regime(name, cache_folder()) for name in names(models) or _all_that_load()]
    loaded = source.load(roles, last)
    market = Market.build(roles, loaded.bars, loaded.events, loaded.closes)
    studied = span(market, _start(market, first, last))
    with console().status("Reading the market session by session") as status:
        tracks = run_models(market, chosen, studied.at, lambda done, total, day: status.update(f"Reading {day}"))
    report = study_report(studied, tracks)
    if picture is not None:
        draw(studied, tracks, Path(picture))
    if as_json:
        print_json(report)
        return
    screen = console()
    for part in regime_tables(report):
        screen.print(part)
    if picture is not None:
        screen.print(f"See the picture: {picture}", soft_wrap=True)


def _all_that_load() -> list[str]:
    return [item.name for item in list_regimes() if not item.error]


def _start(market: Market, first: date | None, last: date | None) -> int:
    """Position of the first session of the study.

    Raises:
        InputError: the range lies outside the data, or holds less than a year.
    """
    days = market.calendar.days[: market.size]
    if last is not None and np.searchsorted(market.calendar.days, np.datetime64(last, "D"), side="right") > market.size:
        raise InputError(f"the data end on {days[-1]}, before --end {last}; give an --end up to {days[-1]}")
    if first is not None and np.datetime64(first, "D") < days[0]:
        raise InputError(f"the data begin on {days[0]}, after --start {first}; give a --start from {days[0]} on")
    at = min(_WARM_UP, market.size) if first is None else int(np.searchsorted(days, np.datetime64(first, "D")))
    if market.size - at < YEAR:
        raise InputError(
            f"a study needs {YEAR} sessions and finds {market.size - at} up to {days[-1]}; give an earlier --start or "
            "more history"
        )
    return at
