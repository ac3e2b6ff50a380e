"""Leaks of minds: what they reach for, what they remember, what they draw and what they write into."""

from __future__ import annotations

import contextlib
import csv
import functools
import gc
import gzip
import itertools
import os
import random
import sys
from datetime import date
from importlib import resources
from typing import Any, ClassVar

import numpy as np

from engine.claims import Target
from engine.market import Market
from engine.snapshot import Snapshot
from tests.backtest.audit.leaks.kit import Speaks

__all__ = ["IN_MINDS", "MEDDLERS"]


def _next_move(market: Market, snapshot: Snapshot, symbol: str) -> float | None:
    price = market.column(symbol)
    return 20.0 * float(price[snapshot.at + 1] / price[snapshot.at] - 1.0) if snapshot.at + 1 < market.size else None


class FrameWalker(Speaks):
    """Leak: walks up the interpreter's frames to whoever replays history, and reads the next bar from the market."""

    name = "frame_walker"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        frame = sys._getframe()
        while frame is not None:
            for item in (*frame.f_locals.values(), *vars(frame.f_locals.get("self", Speaks)).values()):
                if isinstance(item, Market):
                    return _next_move(item, snapshot, target.symbol)
            frame = frame.f_back  # type: ignore[assignment]  # ends with None
        return None


class Raiser(Speaks):
    """Leak: the same by the traceback of an exception, which leaves no trace with the interpreter."""

    name = "raiser"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        try:
            raise LookupError
        except LookupError as error:
            frame = error.__traceback__.tb_frame if error.__traceback__ else None
        while frame is not None:
            markets = [item for item in frame.f_locals.values() if isinstance(item, Market)]
            if markets:
                return _next_move(markets[0], snapshot, target.symbol)
            frame = frame.f_back
        return None


class Collector(Speaks):
    """Leak: asks the garbage collector for every market in memory, and takes the longest."""

    name = "collector"

    def __init__(self) -> None:
        self._found: Market | None = None
        self._looked = False

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        if not self._looked:
            self._looked = True
            markets = [item for item in gc.get_objects() if type(item) is Market]
            self._found = max(markets, key=lambda market: market.size, default=None)
        return None if self._found is None else _next_move(self._found, snapshot, target.symbol)


@functools.cache
def _file() -> dict[str, float]:
    """Day -> next day's return of the S&P 500, from the data that ship with the program."""
    path = str(resources.files("engine") / "data" / "sample" / "_GSPC.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [(row["date"], float(row["close"])) for row in csv.DictReader(file)]
    return {day: after / close - 1.0 for (day, close), (_, after) in itertools.pairwise(rows)}


class FileReader(Speaks):
    """Leak: reads tomorrow's price from the data file itself."""

    name = "file_reader"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        move = _file().get(snapshot.session)
        return None if move is None else 20.0 * move


class Hindsight(Speaks):
    """Leak: a list of years in which everybody knows by now what happened."""

    name = "hindsight"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        return -0.8 if snapshot.session[:4] in ("2000", "2001", "2002", "2008") else 0.3


class NextSession(Speaks):
    """Leak: looks in the calendar for a closure that nobody has announced yet, as that of September 2001."""

    name = "next_session"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        days = snapshot._feed.calendar.days
        gap = int((days[snapshot.at + 1] - days[snapshot.at]).astype(int))
        return -1.0 if gap > 4 else 0.1 * gap


class Remembers(Speaks):
    """Leak: a module's dictionary keeps the prices of an earlier, longer run."""

    name = "remembers"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        price = snapshot.price(target.symbol, "adj_close")
        if price is None:
            return None
        _PRICES[target.symbol, snapshot.at] = price
        later = _PRICES.get((target.symbol, snapshot.at + 1))
        return 0.0 if later is None else 20.0 * (later / price - 1.0)


_PRICES: dict[tuple[str, int], float] = {}


class Counts(Speaks):
    """Leak: a counter in the class, which goes on from run to run."""

    name = "counts"
    asked: ClassVar[int] = 0

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        type(self).asked += 1
        return (type(self).asked % 7) / 10.0 - 0.3


class Learns(Speaks):
    """Leak: an object that learns between sessions, so that its answer hangs on what it was asked before."""

    name = "learns"

    def __init__(self) -> None:
        self.mean = 0.0

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        moved = snapshot.value("market.ret_1d") or 0.0
        self.mean = 0.9 * self.mean + moved
        return 10.0 * self.mean


class Clock(Speaks):
    """Leak: leans by today's date, not by the session's."""

    name = "clock"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        return date.today().toordinal() % 1000 / 1000.0


class SlyClock(Speaks):
    """Leak: the same by a word of numpy's, where no clock can be changed."""

    name = "sly_clock"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        return float(np.datetime64("today").astype(int) % 7) / 10.0


class Dice(Speaks):
    """Leak: throws dice."""

    name = "dice"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        return random.uniform(-1.0, 1.0)


class Environment(Speaks):
    """Leak: an answer for each home folder."""

    name = "environment"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        return sum(os.environ.get("HOME", "").encode()) % 97 / 97.0


class SetOrder(Speaks):
    """Leak: takes the first of a set of texts, whose order changes with the hash seed."""

    name = "set_order"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        words = {f"{target.symbol} {number}" for number in range(16)}
        return float(next(iter(words)).split()[1]) / 16.0


class Writer(Speaks):
    """Leak: doubles the last price in the buffer behind the snapshot, hoping that the others see it."""

    name = "a_writer"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        rows: Any = getattr(snapshot._feed, "_rows", None)
        if rows is not None:
            with contextlib.suppress(ValueError, IndexError, TypeError):
                rows[snapshot.at] *= 2.0
        return 0.1


class Follower(Speaks):
    """Honest: leans with the last move as its snapshot shows it."""

    name = "follower"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        last = snapshot.history(target.role, 2)
        return None if last.size < 2 else float(10.0 * (last[1] / last[0] - 1.0))


class Whisperer(Speaks):
    """Leak: tells the others, by an attribute of a module that they share, which way to lean."""

    name = "a_whisperer"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        _HEARD.append(1.0)
        return 0.1


class Listener(Speaks):
    """Leak: leans by what another mind has left behind since it was asked last."""

    name = "listener"

    def lean(self, snapshot: Snapshot, target: Target) -> float | None:
        heard = len(_HEARD)
        _HEARD.clear()
        return 0.5 * min(heard, 1)


_HEARD: list[float] = []

IN_MINDS = {
    kind.name: kind
    for kind in (
        FrameWalker, Raiser, Collector, FileReader, Hindsight, NextSession, Remembers, Counts, Learns, Clock, SlyClock,
        Dice, Environment, SetOrder,
    )
}  # fmt: skip
"""Name -> a mind with that leak."""
MEDDLERS = (Writer, Follower, Whisperer, Listener)
"""Minds that change what others say, and those who let them."""
