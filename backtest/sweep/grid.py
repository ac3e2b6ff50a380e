"""A grid as values: read from a TOML file, every combination of it a cell.

Contract: strict. A key that does not exist is refused with the nearest that does, and every name (a mind, a regime
model, a universe, a target) is looked up before anything runs, so that a slip costs a sentence and not a night. Two
combinations that come to the same backtest are refused too. Paths in the file count from its folder.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

from backtest.settings import Settings, default_pairs, default_targets, names, parse_pairs, parse_targets
from backtest.sweep.cell import Cell, Place, cell_key
from backtest.sweep.several import MOST_CELLS, Seeds, Several
from engine.errors import InputError
from engine.universe import Universe, load_universe
from minds.registry import load_minds
from regimes.registry import load_regime
from scenarios.fields import Tables, key, read_table
from scenarios.kinds import Choice, Day, Text
from scenarios.model import Scenario
from scenarios.source import find_scenario, run_of
from scenarios.toml_text import file_text, parsed

__all__ = ["JUDGED", "Grid", "Market", "Window", "cells_of", "read_grid", "read_grid_file"]

JUDGED = ("direction", "interval", "relative", "volatility", "drawdown")
"""Kinds of claims by which settings can be compared."""
_NEVER = (date.min, date.min)


@dataclass(frozen=True)
class Window:
    """A range of days."""

    start: str = key(Day(), "first day")
    end: str = key(Day(), "last day and end of knowledge")


@dataclass(frozen=True)
class Market:
    """What all settings are tried on."""

    data: str = key(Text(300, empty=False), "`sample`, `csv:DIR` or `scenario:NAME`, as for `workshop backtest`")
    name: str = key(Text(60), "what it is called in the results", "", shown="`data`, without a path")
    universe: str = key(Text(300), "name or file", "", shown="as for `workshop backtest`")
    targets: tuple[str, ...] = key(
        Several(Text(300, empty=False)), "symbols or roles with sessions ahead, such as `\"QQQ:1,IWM:2\"`", (),
        shown="as for `workshop backtest`",
    )  # fmt: skip
    windows: tuple[Window, ...] = key(
        Tables(partial(read_table, Window), 1000),
        "days of each run; a scenario has its own",
        (),
        shown="the scenario's",
    )
    worlds: tuple[int, ...] = key(Seeds(), "seeds of a drawn scenario, each another world", (), shown="the scenario's")


@dataclass(frozen=True)
class Grid:
    """A sweep: every setting on every market."""

    title: str = key(Text(200), "one line for people", "")
    minds: tuple[str, ...] = key(
        Several(Text(500, empty=False)),
        'minds that sit together, such as `"macro,flow"`',
        ("macro,flow,contrarian",),
        shown="`macro,flow,contrarian`",
    )
    regime: tuple[str, ...] = key(Several(Text(60, empty=False)), "regime model", ("rules",), shown="`rules`")
    pairs: tuple[str, ...] = key(
        Several(Text(300, empty=False)),
        'pairs of targets, such as `"IWM>QQQ:1"`',
        (),
        shown="as for `workshop backtest`",
    )
    seed: tuple[int, ...] = key(Seeds(), "of the coin, and of any mind that has a use for one", (0,), shown="0")
    judge: str = key(Choice(JUDGED, "kind of claim"), "by which claims settings are compared", "direction")
    markets: tuple[Market, ...] = key(
        Tables(partial(read_table, Market), 100), "what all settings are tried on", factory=tuple, shown="required"
    )


class _Opened(NamedTuple):
    """A market with its seed, opened."""

    name: str
    place: Place
    universe: Universe
    window: tuple[date, date] | None


def read_grid_file(path: str) -> Grid:
    """Read a grid file; paths in it are told from its folder.

    Raises:
        InputError: it does not exist, is not UTF-8 text, is not TOML, or breaks the schema of docs/sweeps.md.
    """
    grid = read_grid(file_text(path, "grid"), name=Path(path).name)
    return replace(grid, markets=tuple(_beside(Path(path).parent, market) for market in grid.markets))


def read_grid(text: str, *, name: str = "grid") -> Grid:
    """Read the text of a grid file.

    Args:
        text: TOML.
        name: the file, for messages.

    Raises:
        InputError: it is not TOML, or breaks the schema of docs/sweeps.md.
    """
    grid: Grid = read_table(Grid, parsed(text, name, "grid"), f"{name}:")
    if not grid.markets:
        raise InputError(f"{name}: has no [[markets]]; add one with data and windows")
    return grid


def cells_of(grid: Grid) -> list[Cell]:
    """Every combination, in the order of the file: markets with their targets, windows and seeds first, then settings.

    Raises:
        InputError: a name in the grid is unknown, a market has no days, two combinations are the same, or there are too
            many.
    """
    minds = [tuple(mind.name for mind in load_minds(names(text))) for text in grid.minds]
    regimes = [load_regime(name).name for name in grid.regime]
    settings = len(minds) * len(regimes) * max(len(grid.pairs), 1) * len(grid.seed)
    count = settings * sum(_times(market) for market in grid.markets)
    if count > MOST_CELLS:
        raise InputError(f"the grid has {count:,} cells; try fewer values, {MOST_CELLS:,} cells at most")
    cells: list[Cell] = []
    named: dict[str, int] = {}
    for number, market in enumerate(grid.markets, 1):
        where = f"markets {number}"
        for opened, targets, (start, end) in _trials(market, where):
            if named.setdefault(opened.name, number) != number:
                raise InputError(f"{where}: two markets are called {opened.name!r}; give each a name of its own")
            called = parse_targets(targets, opened.universe) if targets else default_targets(opened.universe)
            for some, regime, pairs, seed in itertools.product(minds, regimes, grid.pairs or ("",), grid.seed):
                compared = parse_pairs(pairs, called) if pairs else default_pairs(called)
                asked = Settings(
                    opened.place.source, opened.universe, start, end, some, called, regime, 0, compared, None, seed
                )
                cells.append(Cell(cell_key(opened.name, opened.place, asked), opened.name, opened.place, asked))
    _check_different(cells)
    return cells


def _times(market: Market) -> int:
    """How often each setting is tried on a market."""
    return max(len(market.targets), 1) * max(len(market.windows), 1) * max(len(market.worlds), 1)


def _trials(market: Market, where: str) -> Iterator[tuple[_Opened, str, tuple[date, date]]]:
    """Each world of a market with each of its targets and windows."""
    for opened in _open(market, where):
        if not market.windows and opened.window is None:
            raise InputError(f'{where} has no windows; add windows = [{{ start = "2002-01-02", end = "2018-12-31" }}]')
        windows = [(date.fromisoformat(item.start), date.fromisoformat(item.end)) for item in market.windows]
        for start, end in windows:
            if start > end:
                raise InputError(f"{where}: a window's start {start} lies after its end {end}; swap them")
        for targets in market.targets or ("",):
            for window in windows or [opened.window or _NEVER]:
                yield opened, targets, window


def _open(market: Market, where: str) -> Iterator[_Opened]:
    kind, _, rest = market.data.partition(":")
    if kind == "scenario":
        yield from _worlds(market, rest, where)
        return
    if market.data != "sample" and not (kind == "csv" and rest):
        raise InputError(
            f"{where}: data {market.data!r} cannot be swept; write sample, csv:DIR or scenario:NAME "
            "(each worker reads the data for itself, so they must not change meanwhile)"
        )
    if market.worlds:
        raise InputError(f"{where}: worlds are seeds of a drawn scenario, and {kind} is none; leave them out")
    universe = load_universe(market.universe or ("sample" if kind == "sample" else "us"))
    yield _Opened(market.name or kind, Place(kind, rest), universe, None)


def _worlds(market: Market, name: str, where: str) -> Iterator[_Opened]:
    """The worlds of a scenario, one for each seed."""
    scenario = find_scenario(name)
    if market.worlds and scenario.history is not None:
        raise InputError(f"{where}: worlds are seeds of a drawn scenario, and {name} lies over real history")
    called = Path(name).name
    own, start, end = run_of(scenario)
    universe = load_universe(market.universe) if market.universe else own
    for seed in market.worlds or (None,):
        world: Scenario = scenario if seed is None else replace(scenario, seed=seed)
        yield _Opened(market.name or called, Place(f"scenario:{called}", "", world, seed), universe, (start, end))


def _beside(folder: Path, market: Market) -> Market:
    """The market with its files told from here rather than from the grid's folder, whole, for workers elsewhere."""
    kind, _, rest = market.data.partition(":")
    data, universe = market.data, market.universe
    if rest and (kind == "csv" or rest.endswith(".toml")):
        data = f"{kind}:{(folder / rest).resolve()}"
    if universe.endswith(".toml"):
        universe = str((folder / universe).resolve())
    return replace(market, data=data, universe=universe)


def _check_different(cells: list[Cell]) -> None:
    seen: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        first = seen.setdefault(cell.key, number)
        if first != number:
            raise InputError(
                f"cells {first} and {number} of the grid are the same backtest ({cell.says()}); leave one of them out"
            )
