"""A frame that starts late against the whole one, and prices that grow with what is revealed."""

from __future__ import annotations

import numpy as np

from engine.bars import FloatArray
from engine.signals.compute import compute_signals
from engine.signals.table import signal_table
from engine.snapshot import Feed, session_rows
from tests.worlds import WORLD, invented_market


def test_a_frame_from_a_later_session_has_the_same_rows() -> None:
    market, table = invented_market(5, 320), signal_table(WORLD)
    whole = compute_signals(market, table)
    for first in (0, 1, 250, 319):
        late = compute_signals(market, table, first, ["market.realised_vol_21d"])
        assert [_plain(row.numbers) for row in late.rows(first, 320)] == [
            _plain(row.numbers) for row in whole.rows(first, 320)
        ]
        assert [row[1:] for row in late.rows(first, 320)] == [row[1:] for row in whole.rows(first, 320)]
        before: FloatArray = whole.values[whole.index.at["market.realised_vol_21d"], :first]
        np.testing.assert_array_equal(late.early["market.realised_vol_21d"], before)


def test_forecasts_that_are_fitted_late_are_the_same_forecasts() -> None:
    """Long enough for four refits; a forecast is only fitted for the half-years that are kept, unless all are asked."""
    market, names = invented_market(5, 900), ("market.vol_forecast_1d", "market.vol_forecast_21d")
    whole = compute_signals(market, signal_table(WORLD))
    for first in (400, 777, 899):
        late = compute_signals(market, signal_table(WORLD), first, names[:1])
        for name in names:
            kept = whole.column(name)[first:]
            assert np.isfinite(kept).any()
            np.testing.assert_array_equal(late.column(name), kept)
        np.testing.assert_array_equal(late.early[names[0]], whole.column(names[0])[:first])


def _plain(numbers: memoryview[float]) -> bytes:
    return numbers.tobytes()


def test_prices_grow_with_what_is_revealed() -> None:
    market = invented_market(5, 60)
    rows = session_rows(market)
    feed = Feed(market.universe, market.calendar, market.symbols, market.size)
    early = feed.prices("SML")
    feed.reveal(rows[:20])
    late, nothing = feed.prices("GRO", "close"), feed.prices("XYZ")
    for at in range(20, 40):
        feed.reveal(rows[at : at + 1])
    feed.reveal(rows[40:])
    for prices, symbol, name in ((early, "SML", "adj_close"), (late, "GRO", "close"), (nothing, "XYZ", "close")):
        assert prices == [feed.price(symbol, at, name) for at in range(60)]
