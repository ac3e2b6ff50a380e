"""A drawn market on disk: as many symbols and sessions as a large run has, without anybody's data.

Contract: the same bytes for the same universe, days and seed; nothing in it resembles a real instrument.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from engine.bars import COLUMNS
from engine.calendar import TradingCalendar
from engine.sources.csv_folder import file_stem
from engine.universe import Universe
from scenarios.generator import draw
from scenarios.model import Segment

__all__ = ["write_world"]

_REGIMES = ("calm", "chop", "risk_off", "recovery", "calm", "melt_up", "slide", "crisis", "recovery")
_STRETCH = 120
"""Sessions of one regime before the next."""


def write_world(folder: Path, universe: Universe, first: date, last: date, seed: int = 1) -> int:
    """Write a CSV file of daily bars for every symbol of `universe`, and say how many there are."""
    days = TradingCalendar.load(universe.calendar, first, last).days.astype(str)
    segments = [Segment(_STRETCH, _REGIMES[at % len(_REGIMES)]) for at in range(len(days) // _STRETCH + 1)]
    drawn = draw(seed, universe, (), segments, {}, "the drawn world")
    for symbol, fields in drawn.items():
        rows = np.round(fields[:, : len(days)], 4).T.tolist()
        lines = [",".join([day, *map(repr, row)]) for day, row in zip(days.tolist(), rows, strict=True)]
        (folder / f"{file_stem(symbol)}.csv").write_text("\n".join([",".join(COLUMNS), *lines, ""]), encoding="utf-8")
    return len(drawn)
