"""The table of signals against the same definitions written in pandas: two ways to the same numbers.

On invented markets with gaps, late listings and a flat stretch; the sample adds lags and levels that stand in for a
missing day.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from backtest.bench.pandas_columns import Frames
from backtest.bench.pandas_signals import pandas_signals
from engine.market import Market
from engine.signals.compute import SignalFrame, compute_signals
from engine.signals.table import signal_table
from engine.sources import open_source
from engine.universe import load_universe
from regimes.features import REGIME_SIGNALS
from tests.worlds import invented_market

TIES = {"breadth.above_50d", "breadth.above_200d"}
"""A price equal to its own average but for the last bit is above it in one arithmetic and not in the other."""


def sample(last: date) -> Market:
    universe = load_universe("sample")
    loaded = open_source("sample").load(universe, last)
    return Market.build(universe, loaded.bars, loaded.events, loaded.closes)


def frame(market: Market) -> SignalFrame:
    return compute_signals(market, (*signal_table(market.universe), *REGIME_SIGNALS))


@pytest.mark.parametrize(
    "market", [invented_market(3, 1500), invented_market(8, 900), sample(date(2018, 12, 31))], ids=repr
)
def test_pandas_says_the_same(market: Market) -> None:
    ours, theirs = frame(market), pandas_signals(Frames(market))
    fitted = {name for name in ours.index.at if ".vol_forecast_" in name}
    assert set(theirs) == set(ours.index.at) - set(ours.index.absent) - fitted
    for name, pair in theirs.items():
        row = ours.index.at[name]
        for mine, column in zip((ours.values[row], ours.zs[row]), pair, strict=True):
            other = column.to_numpy()
            np.testing.assert_array_equal(np.isnan(mine), np.isnan(other), err_msg=name)
            differ = ~np.isclose(mine, other, rtol=1e-9, atol=1e-9, equal_nan=True)
            assert differ.sum() <= (2 if name in TIES else 0), (name, np.flatnonzero(differ)[:5])


def test_a_stretch_of_a_market_is_the_end_of_the_whole() -> None:
    """The measurement gives pandas the sessions of the run and a thousand before them, no more."""
    market = invented_market(3, 2000)
    whole, stretch = pandas_signals(Frames(market)), pandas_signals(Frames(market, 600))
    for name, pair in stretch.items():
        for part, all_of_it in zip(pair, whole[name], strict=True):
            np.testing.assert_allclose(part.to_numpy()[1000:], all_of_it.to_numpy()[1600:], 1e-9, 1e-9, err_msg=name)
