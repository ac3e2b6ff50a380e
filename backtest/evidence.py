"""Evidence: an e-value over claims that overlap and move together.

Contract: a pure function of columns. An e-value of 20 or more is what skill may be claimed from; it may be looked at
after every claim.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from backtest.history import Claims
from engine.bars import FloatArray

__all__ = ["mean_e_value"]

_FULL = math.log(sys.float_info.max)


def mean_e_value(claims: Claims, lead: FloatArray) -> float:
    """The mean e-value over sequences of claims that do not overlap.

    Claims of one target whose windows overlap, and targets that move together, are not a fair game one after the other.
    Each target's claims are dealt into as many sequences as its horizon has sessions; a mean of e-values is one again,
    whatever their dependence (Vovk & Wang 2021).

    Args:
        claims: n of them, those of each target in order.
        lead: log of the probability given to what happened, over that of the reference, in nats, shape (n,).
    """
    games = []
    for code in claims.codes():
        mine, horizon = np.flatnonzero(claims.target == code), claims.names[code][1]
        games += [mine[turn::horizon] for turn in range(min(horizon, mine.size))]
    games.sort(key=lambda game: int(game[0]))  # by first claim, so that the sum has one order
    grown = [float(np.cumsum(lead[game])[-1]) for game in games]
    return sum(math.exp(total) if total < _FULL else sys.float_info.max for total in grown) / len(grown)
