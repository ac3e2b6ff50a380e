"""Markets with a known volatility on each day, and readings of them.

Contract: pure functions of their arguments. The market role is the only one that is filled; its price is what the
volatilities and a seed make of it, and has a bar on every session.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.bars import FloatArray
from engine.market import Market
from engine.signals.table import signal_table
from regimes.features import REGIME_SIGNALS
from regimes.model import RegimeModel, RegimeReader
from regimes.reading import RegimeReading
from tests.runs import snapshots
from tests.worlds import WORLD, invented_market, replaced

__all__ = ["ALONE", "flips", "in_turn", "planted", "priced", "read"]

ALONE = replace(WORLD, name="alone", roles={"market": "MKT"}, groups={})
"""A universe of one price."""


def in_turn(lengths: Sequence[int], first: float, second: float) -> FloatArray:
    """`first` for the first stretch, `second` for the next, and so on."""
    return np.repeat([(first, second)[at % 2] for at in range(len(lengths))], lengths)


def planted(seed: int, volatility: FloatArray, drift: FloatArray | float = 0.0005) -> Market:
    """A market with the given daily volatility and drift of log returns on each session."""
    draws = np.random.default_rng([seed, 77]).standard_normal(len(volatility))
    return priced(100.0 * np.exp(np.cumsum(drift + volatility * draws)))


def priced(prices: FloatArray) -> Market:
    """A market with these adjusted closes, NaN where there is no bar."""
    market = invented_market(1, len(prices), ALONE)
    columns = {name: column.copy() for name, column in market.columns.items()}
    columns["adj_close"][market.rows["MKT"]] = prices
    return replaced(market, columns)


def read(model: RegimeModel, market: Market) -> list[RegimeReading]:
    """Readings of every session, fitted as a replay does it."""
    reader = RegimeReader(model)
    everything = (*signal_table(market.universe), *REGIME_SIGNALS)
    return [reader.read(snapshot) for snapshot in snapshots(market, everything)]


def flips(readings: Sequence[RegimeReading]) -> int:
    """How often the label changes."""
    return sum(one.label != other.label for one, other in itertools.pairwise(readings))
