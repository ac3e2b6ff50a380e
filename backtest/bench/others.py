"""The same day in other backtesters: per bar a callback that reads fifteen columns and asks four trivial minds.

Contract: both run their plainest way, over bars and columns that were worked out before, with no orders, no plots and
no observers; what is timed is their `run`. That is far less than a cycle does, which also computes its signals, makes
claims, settles them and keeps a ledger. The packages are imported when they are asked for; without them there is no
figure.
"""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from typing import Any

import numpy as np

__all__ = ["backtesting_seconds", "backtrader_seconds", "bars"]

_COLUMNS = 15
_MINDS = tuple(tuple((3 * mind + place) % _COLUMNS for place in range(4)) for mind in range(4))
"""For each mind the columns that it reads."""


def bars(sessions: int) -> Any:
    """A data frame of daily bars and fifteen columns, drawn from a fixed seed."""
    import pandas as pd

    rng = np.random.default_rng(1)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0002, 0.01, sessions)))
    frame = pd.DataFrame(
        {"Open": close, "High": close * 1.01, "Low": close * 0.99, "Close": close, "Volume": np.full(sessions, 1e6)},
        index=pd.bdate_range("1999-01-04", periods=sessions),
    )
    for column in range(_COLUMNS):
        frame[f"s{column}"] = rng.normal(size=sessions)
    return frame


def opinion(signals: list[float]) -> float:
    """What four minds think on average, each a clipped mean of four signals."""
    total = 0.0
    for places in _MINDS:
        lean = sum([signals[place] for place in places]) / 4.0
        total += max(-1.0, min(1.0, lean))
    return total / len(_MINDS)


def backtrader_seconds(frame: Any) -> float:
    """Seconds of one run; `ImportError` where it is not installed.

    The feed hands on numbers from lists: the feed for pandas that comes with it takes three times as long as the run.
    """
    import backtrader as bt

    names = tuple(f"s{column}" for column in range(_COLUMNS))
    fields = ("open", "high", "low", "close", "volume", *names)
    numbers = [frame[name.capitalize() if name in fields[:5] else name].tolist() for name in fields]
    rows = list(zip(map(float, map(bt.date2num, frame.index)), *numbers, strict=True))

    class Feed(bt.feed.DataBase):  # type: ignore[misc]  # it has no types
        lines = names

        def start(self) -> None:
            super().start()
            self.rows = iter(rows)
            self.filled = [getattr(self.lines, name) for name in ("datetime", *fields)]

        def _load(self) -> bool:
            row = next(self.rows, None)
            if row is None:
                return False
            for line, number in zip(self.filled, row, strict=True):
                line[0] = number
            return True

    class Desk(bt.Strategy):  # type: ignore[misc]  # it has no types
        def __init__(self) -> None:
            self.columns = [getattr(self.data, name) for name in names]
            self.leans: list[float] = []

        def next(self) -> None:
            self.leans.append(opinion([column[0] for column in self.columns]))

    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(Feed())
    cerebro.addstrategy(Desk)
    began = time.perf_counter()
    (done,) = cerebro.run()
    seconds = time.perf_counter() - began
    assert len(done.leans) == len(frame)
    return seconds


def backtesting_seconds(frame: Any) -> float:
    """Seconds of one run; `ImportError` where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from backtesting import Backtest, Strategy

        class Desk(Strategy):  # type: ignore[misc]  # it has no types
            def init(self) -> None:
                self.columns = [
                    self.I(lambda column=column: frame[f"s{column}"].to_numpy(), name=f"s{column}")
                    for column in range(_COLUMNS)
                ]
                self.leans: list[float] = []

            def next(self) -> None:
                self.leans.append(opinion([column[-1] for column in self.columns]))

        test = Backtest(frame, Desk)
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            began = time.perf_counter()
            done = test.run()
            seconds = time.perf_counter() - began
    assert len(done["_strategy"].leans) >= len(frame) - 1
    return seconds
