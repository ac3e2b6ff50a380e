"""One simple account: a position for each period, what it earns, what trading costs.

Contract: pure functions of arrays; capital of 1 at the start, cash earns nothing, positions are shares of capital. The
position of a period was chosen from what was known one session before the period begins. Whoever loses everything is
out: no position afterwards, no way back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from engine.bars import FloatArray
from engine.errors import InputError

__all__ = ["Account", "Rule", "positions", "trade"]

_MEAN_MOVE = math.sqrt(2.0 / math.pi)
"""Mean absolute move of a normal return, in standard deviations."""


@dataclass(frozen=True)
class Rule:
    """How calls become positions.

    Attributes:
        kelly: fraction of the Kelly stake, in (0, 1].
        cost_bp: cost of each trade, buying or selling, in basis points of what is traded.
    """

    kelly: float = 0.25
    cost_bp: float = 5.0

    @classmethod
    def stated(cls, rule: Mapping[str, Any]) -> Self:
        """The rule that `scores.json` states under `trading`."""
        return cls(rule["kelly"], rule["cost_bp"])

    def __post_init__(self) -> None:
        """Refuse what is no fraction and no cost."""
        if not 0.0 < self.kelly <= 1.0:
            raise InputError(f"a Kelly fraction of {self.kelly} is not possible; give more than 0 and at most 1")
        if not 0.0 <= self.cost_bp <= 1000.0:
            raise InputError(f"a cost of {self.cost_bp} basis points is not possible; give 0 to 1000")


@dataclass(frozen=True)
class Account:
    """What became of the capital; arrays of shape (n,), one element a period.

    Attributes:
        held: position during the period, as a share of capital.
        traded: what was bought or sold to get there, likewise.
        earned: return of the period after costs.
        equity: capital at its end.
    """

    held: FloatArray
    traded: FloatArray
    earned: FloatArray
    equity: FloatArray


def positions(p: FloatArray, against: FloatArray | float, sigma: FloatArray, kelly: float, least: float) -> FloatArray:
    """The stake of a part of Kelly's bet on the edge of `p` over `against`, within [least, 1].

    A move of normal size has the mean `sigma * sqrt(2 / pi)`, so an event of probability p adds
    `2 * (p - against) * sigma * sqrt(2 / pi)` to the expected return; Kelly's stake is that over `sigma**2`.

    Args:
        p: probabilities of a rise, shape (n,); NaN for no call, which is no position.
        against: what the edge is measured from: base rates, or one half.
        sigma: standard deviation of the return over the horizon, as published with the call; NaN is no position.
        kelly: fraction of the stake.
        least: -1, or 0 for long only.

    Source:
        Kelly (1956), A new interpretation of information rate; for returns Thorp (2006), The Kelly criterion.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        stake = kelly * 2.0 * (p - against) * _MEAN_MOVE / sigma
    return np.where((sigma > 0.0) & np.isfinite(stake), np.clip(stake, least, 1.0), 0.0)


def trade(wanted: FloatArray, returns: FloatArray, cost_bp: float) -> Account:
    """Hold `wanted` in each period, shape (n,), while the price makes `returns`; rebalance at the start of each.

    What is traded is the difference to what the last position has become by the move of the price. The last position
    is not closed.
    """
    held = wanted.astype(np.float64)
    growth = 1.0 + held * returns
    ruined = np.flatnonzero(growth <= 0.0)
    if ruined.size:
        growth[ruined[0]], growth[ruined[0] + 1 :] = 0.0, 1.0
        held[ruined[0] + 1 :] = 0.0
    before = np.zeros_like(held)
    grown = growth[:-1] > 0.0
    np.divide(held[:-1] * (1.0 + returns[:-1]), growth[:-1], out=before[1:], where=grown)
    traded = np.abs(held - before)
    kept: FloatArray = growth * (1.0 - cost_bp / 1e4 * traded)
    return Account(held, traded, kept - 1.0, np.multiply.accumulate(kept, dtype=np.float64))
