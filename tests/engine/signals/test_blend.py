"""Blends against a plain loop over sessions, and a frame that starts late against the whole one."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.bars import FloatArray
from engine.signals.blend import Blend, blended
from engine.signals.compute import compute_signals
from engine.signals.table import signal_table
from engine.snapshot import Feed, session_rows
from tests.worlds import WORLD, invented_market

NAN = float("nan")
ZS = st.lists(st.lists(st.sampled_from([NAN, NAN, -3.0, -0.7, 0.0, 0.3, 2.5]), min_size=3, max_size=3), max_size=12)


def slow(blend: Blend, zs: list[list[float]]) -> list[list[float]]:
    """Session by session: amounts of the terms, their sum, and the set of terms."""
    found, seen = [], set[int]()
    for today in zs:
        here = {at for at, z in enumerate(today) if not math.isnan(z)}
        seen |= here
        amounts = [w * max(-1.0, min(1.0, z / f)) for w, z, f in zip(blend.weights, today, blend.fulls, strict=True)]
        total = 0.0
        for at in sorted(here):
            total += amounts[at]
        found.append([*(amounts[at] if at in here else NAN for at in range(3)), total,
                      -1.0 if seen - here else float(sum(2**at for at in seen))])  # fmt: skip
    return found


@given(
    zs=ZS,
    weights=st.tuples(*[st.sampled_from([-0.5, 0.1, 0.3])] * 3),
    fulls=st.tuples(*[st.sampled_from([1.0, 2.0])] * 3),
)
def test_a_blend_is_the_sum_that_one_would_write_down(
    zs: list[list[float]], weights: tuple[float, ...], fulls: tuple[float, ...]
) -> None:
    blend = Blend(("a", "b", "c"), weights, fulls)
    columns = [np.array([today[at] for today in zs]) for at in range(3)]
    had = [np.logical_or.accumulate(~np.isnan(z)) if len(z) else np.zeros(0, np.bool_) for z in columns]
    found = np.zeros((blend.width, len(zs)))
    blended(blend, columns, had, found)
    np.testing.assert_array_equal(found.T, np.array(slow(blend, zs)).reshape(-1, blend.width))


def test_a_frame_from_a_later_session_has_the_same_rows() -> None:
    market, table = invented_market(5, 320), signal_table(WORLD)
    blend = Blend(("market.ret_1d", "credit.spread_5d"), (0.5, -0.5), (2.0, 1.0))
    whole = compute_signals(market, table, [blend])
    for first in (0, 1, 250, 319):
        late = compute_signals(market, table, [blend], first, ["market.realised_vol_21d"])
        assert [_plain(row.numbers) for row in late.rows(first, 320)] == [
            _plain(row.numbers) for row in whole.rows(first, 320)
        ]
        assert [row[1:] for row in late.rows(first, 320)] == [row[1:] for row in whole.rows(first, 320)]
        before: FloatArray = whole.values[whole.index.at["market.realised_vol_21d"], :first]
        np.testing.assert_array_equal(late.early["market.realised_vol_21d"], before)


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
