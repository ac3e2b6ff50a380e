"""Snapshots of a market without a backtest: what a mind would see at one session.

Contract: the feed behind a snapshot holds nothing after its session, and its signals are those of the market cut there.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.market import Market
from engine.signals.compute import compute_signals
from engine.signals.spec import SignalSpec
from engine.signals.table import signal_table
from engine.snapshot import Feed, Snapshot, session_events, session_rows
from regimes.features import REGIME_SIGNALS

__all__ = ["snapshot_at"]


def snapshot_at(market: Market, at: int, specs: Sequence[SignalSpec] = ()) -> Snapshot:
    """The snapshot of session `at` with the standard signals, those of the regime, and `specs`.

    Raises:
        ValueError: there is no such session.
    """
    if not 0 <= at < market.size:
        raise ValueError(f"the market has {market.size} sessions, so none at {at}")
    known = market.cut(at + 1)
    frame = compute_signals(known, (*signal_table(known.universe), *REGIME_SIGNALS, *specs))
    feed = Feed(known.universe, known.calendar, known.symbols, known.size)
    feed.reveal(session_rows(known), session_events(known))
    (row,) = frame.rows(at, at + 1)
    return Snapshot(feed, frame.index, at, known.calendar.as_of(at), known.digests(at)[0], row)
