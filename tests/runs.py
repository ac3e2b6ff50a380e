"""Short runs for tests: invented worlds through the replay, snapshots of signals that a test makes up, folders of CSV
files, the command line.

Contract: everything is a function of its arguments. What a test compares against is worked out here, or in the test,
from the raw bars, never from the product's own figures.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson

from backtest.replay import Replay
from engine.bars import COLUMNS, FIELDS, Bars, FloatArray
from engine.claims import Target
from engine.market import Market
from engine.signals.compute import compute_signals
from engine.signals.spec import SignalSpec
from engine.snapshot import Feed, Snapshot, session_events, session_rows
from engine.universe import Universe
from minds.protocol import Mind
from minds.record import CycleRecord, body
from minds.registry import load_minds
from minds.view import Abstention, View
from regimes.reading import RegimeReading
from regimes.rules import RulesModel
from tests.worlds import WORLD, invented_bars

__all__ = [
    "READING",
    "ROOT",
    "TARGETS",
    "Fixed",
    "Prices",
    "Ran",
    "bodies",
    "calm_bars",
    "command",
    "made_up",
    "main",
    "parsed",
    "records",
    "snapshots",
    "write_folder",
    "write_universe",
]  # fmt: skip

ROOT = Path(__file__).resolve().parents[1]
TARGETS = (Target("MKT", "market", 1), Target("GRO", "growth", 1), Target("SML", "small", 2))
READING = RegimeReading("neutral", 0.1, "choppy", "confirmed", "2000-01-03", 1, 1.0, (), ())


class Fixed:
    """A mind that knows beforehand what it will say: (session, target key) -> lean."""

    def __init__(self, name: str, leans: Mapping[tuple[str, str], float]) -> None:
        self.name, self.leans = name, leans

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """What was written down for this session, or nothing."""
        lean = self.leans.get((snapshot.session, target.key))
        if lean is None:
            return Abstention(self.name, target.key, "nothing is written down")
        return View(self.name, target.key, lean)


def records(
    market: Market, start: int = 120, targets: Sequence[Target] = TARGETS, minds: Sequence[Mind] | None = None,
    upto: int | None = None, essays: int = 0,
) -> list[CycleRecord]:  # fmt: skip
    """Records of sessions `start` to `upto` (to the end of the market without it)."""
    replay = Replay(market, load_minds() if minds is None else minds, targets, RulesModel(), start)
    return list(itertools.islice(replay.run(essays), None if upto is None else upto + 1 - start))


def bodies(
    market: Market, start: int = 120, targets: Sequence[Target] = TARGETS, minds: Sequence[Mind] | None = None,
    upto: int | None = None,
) -> list[bytes]:  # fmt: skip
    """What the ledger would keep of each session."""
    return [body(record) for record in records(market, start, targets, minds, upto)]


def parsed(run: Sequence[CycleRecord]) -> list[dict[str, object]]:
    """Bodies as documents."""
    return [orjson.loads(body(record)) for record in run]


def snapshots(market: Market, specs: Sequence[SignalSpec]) -> Iterator[Snapshot]:
    """The snapshots of all sessions with the given signals only."""
    frame = compute_signals(market, specs)
    feed = Feed(market.universe, market.calendar, market.symbols, market.size)
    rows, events = session_rows(market), session_events(market)
    for at, row in enumerate(frame.rows(0, market.size)):
        feed.reveal(rows[at : at + 1], events[at : at + 1])
        yield Snapshot(feed, frame.index, at, market.calendar.as_of(at), f"data-{at}", row)


def made_up(
    name: str, z: Sequence[float], values: Sequence[float] | None = None, *, max_age: int = 0, window: int = 1,
    roles: tuple[str, ...] = ("market",),
) -> SignalSpec:  # fmt: skip
    """A signal with the given z-scores (NaN: missing); its values are ten times as large unless they are given."""
    zs = np.array(z, float)
    return SignalSpec(
        name, "sigma", window, roles, lambda _: (10.0 * zs if values is None else np.array(values, float), zs),
        "made up", max_age,
    )  # fmt: skip


class Prices:
    """Raw bars as plain dictionaries: day -> number; no alignment, no arrays."""

    def __init__(self, bars: Mapping[str, Bars]) -> None:
        days = sorted({day for item in bars.values() for day in item.days.tolist()})
        self.sessions = [day.isoformat() for day in days]
        self.at = {day: place for place, day in enumerate(self.sessions)}
        self._tables = {
            name: {symbol: _by_day(item, getattr(item, name)) for symbol, item in bars.items()}
            for name in ("close", "adj_close")
        }

    def of(self, symbol: str, at: int, name: str = "adj_close") -> float | None:
        """Price of a symbol at a session, None without a bar."""
        return self._tables[name].get(symbol, {}).get(self.sessions[at])

    def ratio(self, symbol: str, start: int, end: int) -> float | None:
        """Adjusted close at `end` over that at `start`; None when either is missing."""
        first, last = self.of(symbol, start), self.of(symbol, end)
        return None if first is None or last is None else last / first


def _by_day(bars: Bars, column: FloatArray) -> dict[str, float]:
    return {day.isoformat(): value for day, value in zip(bars.days.tolist(), column.tolist(), strict=True)}


def calm_bars(seed: int, sessions: int, universe: Universe = WORLD) -> dict[str, Bars]:
    """Invented bars without the bad prints that a data folder may not hold."""
    return {symbol: _calm(item) for symbol, item in invented_bars(seed, sessions, universe).items()}


def _calm(bars: Bars) -> Bars:
    kept: list[int] = []
    for at, price in enumerate(bars.close.tolist()):
        before = bars.close[kept[-1]] if kept else price
        if max(abs(price), abs(before)) <= 10.0 * min(abs(price), abs(before)):
            kept.append(at)
    return Bars(bars.symbol, bars.days[kept].copy(), *(getattr(bars, name)[kept].copy() for name in FIELDS))


def write_folder(folder: Path, bars: Mapping[str, Bars], after: str = "") -> Path:
    """One CSV file per symbol, with `after` at the end of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for symbol, item in bars.items():
        columns = [getattr(item, name).tolist() for name in FIELDS]
        lines = [
            ",".join([day.isoformat(), *map(repr, row)]) for day, *row in zip(item.days.tolist(), *columns, strict=True)
        ]
        text = "\n".join([",".join(COLUMNS), *lines, ""])
        (folder / f"{symbol.replace('^', '_')}.csv").write_text(text + after, encoding="utf-8")
    return folder


def write_universe(path: Path, universe: Universe = WORLD) -> Path:
    """The universe as a file."""
    quoted = orjson.dumps
    lines = [f'name = "{universe.name}"', f'calendar = "{universe.calendar}"', "[roles]"]
    lines += [f'{role} = "{symbol}"' for role, symbol in universe.roles.items()]
    lines += ["[groups]", *(f"{role} = {quoted(list(names)).decode()}" for role, names in universe.groups.items())]
    lines += ["[levels]", f"symbols = {quoted(sorted(universe.levels)).decode()}"]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


def main(*arguments: str | Path) -> Ran:
    """`workshop ARGUMENTS` inside this process."""
    from desk.cli import main as run

    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
    assert code is None or isinstance(code, int)
    return Ran(code or 0, out.getvalue(), err.getvalue())


def command(*arguments: str | Path, env: Mapping[str, str] | None = None, code: str | None = None) -> Ran:
    """`workshop ARGUMENTS` in a process of its own (or the given Python code instead)."""
    text = "from desk.cli import main; main()" if code is None else code
    found = subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})},
    )  # fmt: skip
    return Ran(found.returncode, found.stdout, found.stderr)
