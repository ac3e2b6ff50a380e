"""One cell of a sweep: a whole replay, and what is kept of it.

Contract: the same cycle as `backtest.run`, entry for entry, so that a cell's ledger head is that of the backtest with
its settings; nothing is written, and no essay. `run_cell` raises nothing but what ends a process: a cell that cannot
run says why. What it gives back is plain numbers and text, without a path or a time in it.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import orjson

from backtest.folder import versions
from backtest.history import History
from backtest.leak_alarm import leak_alarm
from backtest.replay import Replay, first_session
from backtest.run import load_market, no_collector
from backtest.scores import ScoreBook
from backtest.settings import Settings
from engine.bars import FloatArray
from engine.errors import WorkshopError, told
from engine.ledger_chain import BEFORE_ALL, GENESIS, digest_of
from engine.market import Market
from engine.sources import Source, open_source
from minds.registry import load_minds
from regimes.registry import load_regime
from scenarios.model import Scenario
from scenarios.source import ScenarioSource

__all__ = ["Cell", "Contest", "Found", "Place", "Setting", "Task", "cell_key", "program", "run_cell"]

_KINDS = ("direction", "interval", "relative", "volatility", "drawdown")


class Place(NamedTuple):
    """Where bars come from.

    Attributes:
        source: as a run records it: `sample`, `csv` or `scenario:NAME`.
        path: of a folder; empty for others.
        scenario: the world, its seed in it.
        world: seed of a drawn world where the grid names one.
    """

    source: str
    path: str = ""
    scenario: Scenario | None = None
    world: int | None = None


class Contest(NamedTuple):
    """What cells have in common that made the same claims and can be compared one by one."""

    market: str
    world: int | None
    start: str
    end: str
    targets: str


class Setting(NamedTuple):
    """What can be chosen, the market apart."""

    minds: str
    regime: str
    pairs: str
    seed: int


@dataclass(frozen=True)
class Cell:
    """One combination of a grid.

    Attributes:
        key: what it is kept under; equal for equal backtests.
        market: name of its market.
        place: where its bars come from.
        settings: of the backtest.
    """

    key: str
    market: str
    place: Place
    settings: Settings

    @property
    def contest(self) -> Contest:
        """Where it competes."""
        asked = self.settings
        targets = ",".join([target.key for target in asked.targets])
        return Contest(self.market, self.place.world, str(asked.start), str(asked.end), targets)

    @property
    def setting(self) -> Setting:
        """As what it competes."""
        asked = self.settings
        pairs = ",".join([pair.key for pair in asked.pairs])
        return Setting(",".join(asked.minds), asked.regime, pairs, asked.seed)

    def says(self) -> str:
        """One line for people."""
        contest, setting = self.contest, self.setting
        world = "" if contest.world is None else f", world {contest.world}"
        pairs = f", {setting.pairs}" if setting.pairs else ""
        seed = f", seed {setting.seed}" if setting.seed else ""
        return (
            f"{contest.market}{world} {contest.start} to {contest.end}, {contest.targets}: "
            f"{setting.minds}, {setting.regime}{pairs}{seed}"
        )


class Task(NamedTuple):
    """What a worker is handed.

    Attributes:
        cell: the combination.
        judge: kind of claims of which the leads are kept.
        cache: folder in which a regime model may keep its fits, as for `run_backtest`.
        program: what the sweep runs; a worker that runs something else refuses.
    """

    cell: Cell
    judge: str
    cache: Path | None
    program: str


class Found(NamedTuple):
    """What is kept of a cell.

    Attributes:
        status: `done`; `alarm` when a record in it is too good to be true, whose scores are withheld; `failed`.
        error: why it is not done, in one sentence; empty when it is.
        figures: name -> number or text, the same names for all cells that are done.
        leads: Brier score (or the score of the kind that is judged) of the base rate less that of the call, summed over
            the claims that were made in a session and divided by the number of targets; one for each session, 0 where
            nothing was claimed or settled. Above zero, the calls were better.
    """

    status: str
    error: str = ""
    figures: Mapping[str, Any] = MappingProxyType({})
    leads: FloatArray = np.zeros(0)


def cell_key(market: str, place: Place, settings: Settings) -> str:
    """A digest of all that decides what a cell finds, but for the bars of a folder."""
    world = None if place.scenario is None else repr(place.scenario)
    text = orjson.dumps([
        market, place.source, world, settings.genesis(str(settings.start)).decode(), str(settings.end)
    ])  # fmt: skip
    return hashlib.sha256(text).hexdigest()[:24]


@functools.cache
def program() -> str:
    """The versions that decide a cell's bytes: of this program, of Python, and of the packages that do arithmetic."""
    found = versions(None)
    return orjson.dumps([found["python"], found["machine"], found["packages"]]).decode()


def run_cell(task: Task) -> Found:
    """Run one cell; what goes wrong is told in what comes back."""
    cell = task.cell
    try:
        if task.program != program():
            raise WorkshopError(f"the worker runs {program()} and the sweep {task.program}; install the same on both")
        with contextlib.redirect_stdout(sys.stderr), no_collector():
            return _run(task)
    except WorkshopError as error:
        said = str(error)
    except Exception as error:  # a cell that fails must not take the others with it
        said = told(error)
    path = cell.place.path
    return Found("failed", said.replace(path, cell.market) if path else said)


def _run(task: Task) -> Found:
    settings, market = task.cell.settings, _market(task.cell)
    start = first_session(market, settings)
    minds, model = load_minds(settings.minds, settings.seed), load_regime(settings.regime, task.cache)
    replay = Replay(market, minds, settings.targets, model, start, settings.pairs, seed=settings.seed)
    genesis = settings.genesis(market.calendar.labels[start])
    book = ScoreBook(History(settings.minds, orjson.loads(genesis)))
    head, entries = digest_of(BEFORE_ALL, 0, GENESIS.encode(), b"", genesis), 1
    for session, text, _ in itertools.chain.from_iterable(book.follow(replay.pieces())):
        head = digest_of(head, entries, b"cycle", session.encode(), text)
        entries += 1
    figures = {"first": market.calendar.labels[start], "sessions": replay.sessions, "data": replay.digest, "head": head}
    alarm = leak_alarm(*book.sides())
    if alarm is not None:
        return Found("alarm", alarm.says(), figures)
    weights = replay.cycle.desks[settings.targets[0].key].synthesis.weights()
    scores = book.table(head, replay.cycle.synthesis_copies(), weights)
    return Found("done", "", figures | _figures(scores), _leads(book.history, task.judge))


def _figures(scores: dict[str, Any]) -> dict[str, Any]:
    """The plain numbers of the scores, under names that tell where they stand: `direction_brier`."""
    found = {f"claims_{name}": value for name, value in scores["claims"].items()}
    for kind in _KINDS:
        found |= {
            f"{kind}_{name}": value
            for name, value in scores["kinds"][kind].items()
            if value is None or isinstance(value, int | float)
        }
    return found


def _leads(history: History, judge: str) -> FloatArray:
    claims = history.claims[judge].settled()
    leads = np.zeros(len(history))
    np.add.at(leads, claims.day, claims.base_score - claims.score)
    return leads / max(len(claims.codes()), 1)


def _market(cell: Cell) -> Market:
    """The bars of a cell, which the worker keeps for the next one."""
    place, settings = cell.place, cell.settings
    known = repr((place, settings.universe, settings.end))
    market = _MARKETS.pop(known, None)
    if market is None:
        market = load_market(_source(cell), settings)[0]
    _MARKETS[known] = market  # the last is the one that was used last
    while len(_MARKETS) > _KEPT:
        _MARKETS.pop(next(iter(_MARKETS)))
    return market


_KEPT = 3
_MARKETS: dict[str, Market] = {}
"""The markets that this process has seen last; nothing writes into a market."""


def _source(cell: Cell) -> Source:
    place = cell.place
    if place.scenario is not None:
        return ScenarioSource(place.scenario, place.source)
    spec = f"{place.source}:{place.path}" if place.path else place.source
    return open_source(spec)
