"""Not one bit of a signal may depend on what comes after its session, nor on what came before its look-back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.bars import Bars, FloatArray
from engine.market import Market
from engine.signals.columns import Columns
from engine.signals.compute import SignalFrame, compute_signals
from engine.signals.spec import SignalSpec
from engine.signals.table import signal_table
from tests.worlds import WORLD, cut_bars, garbled, invented_bars, invented_market, later, same_bits

TABLE = signal_table(WORLD, ["S05", "AU"])
SESSIONS = 900
LONGEST = 800
"""Sessions after which no z looks back any further (two years of the longest average, and the age of an old value)."""


def _assert_same(one: SignalFrame, other: SignalFrame, upto: int) -> None:
    """All signals equal in every bit on sessions before `upto`."""
    assert one.index.absent == other.index.absent
    for row, spec in enumerate(one.index.specs):
        assert same_bits(one.values[row, :upto], other.values[row, :upto]), spec.name
        assert same_bits(one.zs[row, :upto], other.zs[row, :upto]), spec.name
        assert np.array_equal(one.ages[row, :upto], other.ages[row, :upto]), spec.name


@pytest.mark.parametrize("seed", [21, 22])
def test_cutting_the_market_changes_no_bit_of_any_signal(seed: int) -> None:
    market = invented_market(seed, SESSIONS)
    whole = compute_signals(market, TABLE)
    rng = np.random.default_rng(seed)
    for size in [1, 2, 64, *rng.integers(100, SESSIONS, 12).tolist()]:
        _assert_same(compute_signals(market.cut(size), TABLE), whole, size)


@pytest.mark.parametrize("seed", [31, 32])
def test_nonsense_after_a_session_changes_no_bit_up_to_it(seed: int) -> None:
    market = invented_market(seed, SESSIONS)
    whole = compute_signals(market, TABLE)
    rng = np.random.default_rng(seed)
    for known in [1, *rng.integers(250, SESSIONS, 12).tolist()]:
        _assert_same(compute_signals(garbled(market, rng, known, SESSIONS), TABLE), whole, known)


@pytest.mark.parametrize("seed", [41, 42])
def test_a_folder_cut_deleted_or_garbled_after_a_session_gives_the_same_bits(seed: int) -> None:
    """Through bars, as a data folder would: symbols that list later are not even in the cut one."""
    bars = invented_bars(seed, SESSIONS)
    market = Market.build(WORLD, bars)
    whole = compute_signals(market, TABLE)
    rng = np.random.default_rng(seed)
    seen_fewer = False
    for at in rng.integers(200, SESSIONS - 1, 8).tolist():
        last = market.calendar.days[at]
        cut = cut_bars(bars, last)
        seen_fewer |= len(cut) < len(bars)
        altered = {symbol: _altered(item, last, rng) for symbol, item in bars.items()}
        for known in (cut, altered):
            frame = compute_signals(Market.build(WORLD, known), TABLE)
            _assert_same(frame, whole, min(at + 1, frame.values.shape[1]))
    assert seen_fewer, "the world must have a symbol that lists late"


def _altered(bars: Bars, last: np.datetime64, rng: np.random.Generator) -> Bars:
    """Bars with the future rewritten: some days deleted, all prices after `last` other ones."""
    keep = (bars.days <= last) | (rng.random(len(bars)) < 0.7)
    factor = np.where(bars.days <= last, 1.0, np.exp(rng.normal(0.0, 0.5, len(bars))))
    prices = {name: (getattr(bars, name) * factor)[keep] for name in ("open", "high", "low", "close", "adj_close")}
    return replace(bars, days=bars.days[keep], volume=bars.volume[keep], **prices)


@pytest.mark.parametrize("seed", [51, 52])
def test_history_before_the_look_back_changes_no_bit(seed: int) -> None:
    """Start later, or put spikes and holes before the start: what has left every window leaves no trace."""
    table = [spec for spec in TABLE if spec.window <= LONGEST]
    rng = np.random.default_rng(seed)
    _assert_forgets(invented_market(seed, LONGEST + 250), table, [1, *rng.integers(2, 200, 5).tolist()], rng)


def test_history_before_the_look_back_of_a_fitted_signal_changes_no_bit() -> None:
    table = [spec for spec in TABLE if spec.window > LONGEST]
    sessions = max((spec.window for spec in table), default=0) + 400
    _assert_forgets(invented_market(53, sessions), table, [1, 97, 240], np.random.default_rng(53))


def _assert_forgets(market: Market, table: list[SignalSpec], starts: list[int], rng: np.random.Generator) -> None:
    whole = compute_signals(market, table)
    for start in starts:
        shorter, spiked = later(market, start), garbled(market, rng, 0, start)
        for frame, moved in ((compute_signals(shorter, table), start), (compute_signals(spiked, table), 0)):
            for row, spec in enumerate(table):
                first = start + spec.window + spec.max_age
                assert same_bits(frame.values[row, first - moved :], whole.values[row, first:]), (spec.name, start)
                first = start + max(LONGEST, spec.window)
                assert same_bits(frame.zs[row, first - moved :], whole.zs[row, first:]), (spec.name, start)


def test_the_declared_window_is_no_longer_than_what_the_value_looks_at() -> None:
    market = invented_market(71, 500)
    whole, rng = compute_signals(market, TABLE), np.random.default_rng(71)
    dates = (300, 404, 405, 450, 495, 499)
    for row, spec in enumerate(TABLE):
        if spec.window > LONGEST:  # a fit looks back to a day of the calendar, so its window is an upper bound
            continue
        changed = False
        for t in dates * 3:
            inside = garbled(market, rng, 0, t - spec.window + 2)
            frame = compute_signals(inside.cut(t + 1), [spec])
            changed |= not same_bits(frame.values[0, t:], whole.values[row, t : t + 1])
            if changed:
                break
        assert changed, spec.name


PEEKS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "tomorrow": lambda x: np.append(x[1:], np.nan),
    "the day after tomorrow's direction": lambda x: np.sign(np.append(x[2:], [np.nan, np.nan])),
    "the mean of all history": lambda x: x - np.nanmean(x),
    "the deviation of all history": lambda x: x / np.nanstd(x),
    "the extreme of all history": lambda x: x / np.nanmax(np.abs(x)),
    "a rank among all history": lambda x: np.where(np.isnan(x), np.nan, np.argsort(np.argsort(x)) / len(x)),
    "a centred mean": lambda x: np.convolve(np.nan_to_num(x), np.full(5, 0.2), mode="same"),
    "holes filled from later": lambda x: x[
        np.minimum.accumulate(np.where(np.isnan(x), len(x) - 1, np.arange(len(x)))[::-1])[::-1]
    ],
    "how much history there will be": lambda x: x + len(x),
    "the last value": lambda x: np.where(np.arange(len(x)) == 7, x[-1], x),
}
MEMORIES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "a running sum": lambda x: np.cumsum(np.nan_to_num(x)),
    "a difference of running sums": lambda x: np.diff(np.cumsum(np.nan_to_num(x) ** 2), prepend=0.0),
    "days since the start": lambda x: np.arange(len(x), dtype=float),
    "an expanding maximum": lambda x: np.maximum.accumulate(np.nan_to_num(x)),
}


def _planted(peek: Callable[[FloatArray], FloatArray]) -> SignalSpec:
    def make(columns: Columns) -> tuple[FloatArray, FloatArray]:
        value = peek(columns.ret("market").copy())
        return value, value

    return SignalSpec("planted", "return", 1, ("market",), make, "planted")


@pytest.mark.parametrize("name", PEEKS)
def test_the_law_catches_a_planted_peek(name: str) -> None:
    market, spec = invented_market(61, 400), [_planted(PEEKS[name])]
    whole, rng = compute_signals(market, spec), np.random.default_rng(61)
    with pytest.raises(AssertionError):
        for known in (100, 200, 300, *range(market.size // 3 - 1, market.size // 3 + 2)):
            _assert_same(compute_signals(market.cut(known), spec), whole, known)
            _assert_same(compute_signals(garbled(market, rng, known, market.size), spec), whole, known)


@pytest.mark.parametrize("name", MEMORIES)
def test_the_law_catches_a_memory_of_the_start(name: str) -> None:
    market, spec = invented_market(62, 400), [_planted(MEMORIES[name])]
    whole, shorter = compute_signals(market, spec), compute_signals(later(market, 37), spec)
    assert not same_bits(shorter.values[0, 10:], whole.values[0, 47:])
