"""Scripted days in real history: returns that move all later prices along, levels that stand for their day.

Contract: only what is written down changes, and what follows from it: a scripted return multiplies that bar and every
later one, so that all other returns stay those of the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from engine.bars import FloatArray
from engine.universe import Universe
from scenarios.faults import Feed
from scenarios.kinds import refuse
from scenarios.lookup import names_of, pick
from scenarios.model import ScriptedDay

__all__ = ["rewrite"]

_OPEN, _HIGH, _LOW, _CLOSE, _ADJUSTED, _VOLUME = range(6)
_PARTS = {"opens": _OPEN, "highs": _HIGH, "lows": _LOW}


def rewrite(
    feeds: Mapping[str, Feed], scripted: Iterable[tuple[np.datetime64, ScriptedDay]], universe: Universe, where: str
) -> None:
    """Change the feeds in place, day after day.

    Raises:
        InputError: a symbol that is named on a day has no bar then, or none before it.
    """
    for day, script in scripted:
        for symbol in universe.symbols:
            feed = feeds.get(symbol)
            level = symbol in universe.levels
            names = names_of(universe, symbol)
            moves = {part: pick(getattr(script, part), names) for part in ("returns", *_PARTS)} if not level else {}
            points = pick(script.levels, names) if level else None
            wanted = points is not None or any(move is not None for move in moves.values())
            at = 0 if feed is None else int(np.searchsorted(feed.days, day))
            there = feed is not None and at < len(feed.days) and feed.days[at] == day
            if wanted and not (there and at):
                named = {name for part in ("returns", *_PARTS, "levels") for name in getattr(script, part)}
                if named & set(names[:-1]):  # `all` means those that there are
                    refuse(f"{where} days", f"names {symbol}, which has no bar on {day} and before it", "leave it out")
                continue
            if feed is None or not there:
                continue
            if points is not None:
                feed.values[:_VOLUME, at] = points
            if wanted and points is None:
                _move(feed.values, at, moves)
            feed.values[_VOLUME, at] = np.round(feed.values[_VOLUME, at] * script.volume)


def _move(values: FloatArray, at: int, moves: Mapping[str, float | None]) -> None:
    to = moves["returns"]
    if to is not None:
        values[:_VOLUME, at:] *= (1.0 + to) * values[_ADJUSTED, at - 1] / values[_ADJUSTED, at]
    before = values[_CLOSE, at - 1]
    for part, row in _PARTS.items():
        move = moves[part]
        if move is not None:
            values[row, at] = before * (1.0 + move)
    bar = values[:, at]
    bar[_HIGH] = max(bar[_HIGH], bar[_OPEN], bar[_CLOSE])
    bar[_LOW] = min(bar[_LOW], bar[_OPEN], bar[_CLOSE])
