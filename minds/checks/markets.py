"""The invented market on which minds are tried, and what is done to it.

Contract: the market is the scenario `trial.toml`, in which every role of the universe `us` is filled and feeds have all
their troubles; no number in it is real. `garbled` and `without` change it after one session or on some, `reworded`
changes what its events say.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from importlib import resources

import numpy as np

from engine.market import Market

__all__ = ["SESSIONS", "garbled", "invented", "reworded", "without"]

SESSIONS = 700
"""Enough for every signal to have found its scale, with some months to spare."""


@cache
def invented() -> Market:
    """The market of the trial."""
    from scenarios import build, read_scenario

    text = (resources.files("minds.checks") / "trial.toml").read_text(encoding="utf-8")
    return build(read_scenario(text, name="trial"), name="trial").market()


def garbled(market: Market, size: int, seed: int) -> Market:
    """The market with nonsense for all bars from session `size` on: holes, spikes, prices of zero and below."""
    rng, columns = np.random.default_rng(seed), {}
    for name, column in market.columns.items():
        later = column[:, size:]
        nonsense = rng.choice([np.nan, 0.0, -5.0, 1e8, 1e-8, 100.0], size=later.shape)
        mixed = np.where(rng.random(later.shape) < 0.5, nonsense, later * 1.7)
        columns[name] = np.concatenate([column[:, :size], mixed], axis=1)
    return replace(market, columns=columns)


def without(market: Market, symbols: Collection[str], sessions: Collection[int], back: int) -> Market:
    """The market without bars of `symbols` on each of `sessions` and on the `back` sessions before it."""
    rows = [market.rows[symbol] for symbol in symbols if symbol in market.rows]
    gone = sorted({at - ago for at in sessions for ago in range(back + 1) if at >= ago})
    columns = {}
    for name, column in market.columns.items():
        columns[name] = column.copy()
        columns[name][np.ix_(rows, gone)] = np.nan
    return replace(market, columns=columns)


def reworded(market: Market, words: str) -> Market:
    """The market whose events all say `words`, by another source; when, what kind, whom and how much stay."""
    return replace(market, events=tuple(event._replace(text=words, source=words[:100]) for event in market.events))
