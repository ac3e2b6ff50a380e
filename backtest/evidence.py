"""Evidence: an e-value over claims that overlap and move together.

Contract: a pure function of columns. An e-value of 20 or more is what skill may be claimed from; it may be looked at
after every claim.
"""

from __future__ import annotations

import math
import sys

import numpy as np

from backtest.claims import Claims
from engine.bars import FloatArray

__all__ = ["ENOUGH", "FULL", "evidence_path", "mean_e_value"]

ENOUGH = 20.0
"""An e-value from here on may be called skill (Ville's inequality: a false alarm in at most one of twenty records)."""
FULL = math.log(sys.float_info.max)
"""Logs from here on have no number; what would be larger is written as the largest there is."""


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
    return sum(math.exp(total) if total < FULL else sys.float_info.max for total in grown) / len(grown)


def evidence_path(claims: Claims, lead: FloatArray) -> FloatArray:
    """The same after each session of a run: the log of the mean of all sequences, each as far as it is settled.

    A sequence that has no claim settled stands at one, so that the mean is a fair game from the first session on and
    its largest value may be quoted: it ever reaches 20 in at most one of twenty records without skill (Ville 1939).

    Args:
        claims: settled ones, n of them, those of each target in order.
        lead: as in `mean_e_value`, shape (n,).

    Returns:
        Natural logarithms after each session up to the last settlement, shape (last + 1,).
    """
    sessions = int(claims.due.max(initial=-1)) + 1
    total, games = np.full(sessions, -np.inf), 0
    for code in claims.codes():
        mine, horizon = np.flatnonzero(claims.target == code), claims.names[code][1]
        for turn in range(min(horizon, mine.size)):
            game = mine[turn::horizon]
            grown = np.bincount(claims.due[game], lead[game], sessions)
            total, games = np.logaddexp(total, np.cumsum(grown)), games + 1
    return total - math.log(games) if games else np.zeros(sessions)
