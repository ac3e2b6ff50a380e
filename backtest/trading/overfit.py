"""Probability of backtest overfitting: how often the variant that looked best was among the worse half afterwards.

Contract: pure and exact, all splits are tried and none is drawn. Bits do not depend on the machine's matrix library:
sums run over blocks, in order.

Source: Bailey, Borwein, Lopez de Prado & Zhu (2017), The probability of backtest overfitting, Journal of Computational
Finance 20(4): combinatorially symmetric cross-validation.
"""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray
from engine.errors import InputError

__all__ = ["BLOCKS", "Overfit", "overfitting"]

BLOCKS = 16
"""Stretches of equal length: 12,870 ways to take half of them."""


class Overfit(NamedTuple):
    """Result of the cross-validation.

    Attributes:
        pbo: share of splits in which the winner of one half is at or below the median of all in the other half.
        loss: share of splits in which the winner's Sharpe ratio in the other half is negative.
        splits: how many there were.
        variants: how many were compared.
        length: periods in a block.
    """

    pbo: float
    loss: float
    splits: int
    variants: int
    length: int


def overfitting(returns: FloatArray, blocks: int = BLOCKS) -> Overfit:
    """Cut the record into blocks, choose by Sharpe ratio on each half of them and look at the choice on the other half.

    With rank r (1 the worst, equals share their mean rank) of the chosen one among N on the other half,
    `logit(r / (N + 1)) <= 0` counts. A variant without variation in a half has a ratio of 0 there; among equals the
    first is chosen. Periods that do not fill the blocks are left out at the beginning.

    Args:
        returns: of each variant in each period, shape (n, variants), two variants at least.
        blocks: an even number.

    Raises:
        InputError: fewer than two variants, fewer than two periods a block, an odd number of blocks.
    """
    if blocks < 2 or blocks % 2:
        raise InputError(f"{blocks} blocks have no halves; give an even number, such as 16")
    if returns.ndim != 2 or returns.shape[1] < 2 or returns.shape[0] < 2 * blocks:
        raise InputError(
            f"returns of shape {returns.shape} cannot be cross-validated in {blocks} blocks; "
            f"give two variants and {2 * blocks} periods at least"
        )
    length, variants = returns.shape[0] // blocks, returns.shape[1]
    kept = returns[returns.shape[0] - length * blocks :]
    centre = kept.mean(axis=0)
    away = (kept - centre).reshape(blocks, length, variants)  # centred first: a variance from sums keeps its digits
    chosen = _ratios(away, centre, length * blocks // 2)
    # Splits stand in lexicographic order, so the halves that one leaves out are those of its mirror image.
    other = chosen[::-1]
    rows = np.arange(len(chosen))
    found = other[rows, chosen.argmax(axis=1)][:, None]
    rank = (other < found).sum(axis=1) + ((other == found).sum(axis=1) + 1.0) / 2.0
    below = rank <= (variants + 1) / 2.0
    return Overfit(float(below.mean()), float((found < 0.0).mean()), len(chosen), variants, length)


def _ratios(away: FloatArray, centre: FloatArray, n: int) -> FloatArray:
    """Sharpe ratio of each variant on each half of the blocks, shape (splits, variants)."""
    total, square = (_sums(values.sum(axis=1)) for values in (away, away * away))
    mean = total / n
    variance = square / n - mean * mean
    flat = variance <= 1e-12 * (square / n + 1e-300)
    deviation = np.sqrt(np.where(flat, 1.0, variance) * (n / (n - 1)))
    return np.where(flat, 0.0, (centre + mean) / deviation)


def _sums(parts: FloatArray) -> FloatArray:
    """Sums over each half of the parts, shape (splits, variants): what it takes of the first ones and of the last."""
    early, late = np.array_split(parts, 2)
    first, last = _halves(len(parts))
    return _subsets(early)[first] + _subsets(late)[last]


def _subsets(parts: FloatArray) -> FloatArray:
    """Sums over all subsets, shape (2**k, variants); bit j of a subset's number stands for part j."""
    found = np.zeros((1, parts.shape[1]))
    for part in parts:
        found = np.concatenate([found, found + part])
    return found


@functools.lru_cache(maxsize=4)
def _halves(blocks: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every half of the blocks, in lexicographic order, as the numbers of two subsets: of the first and last blocks."""
    early = (blocks + 1) // 2
    taken = np.array(list(itertools.combinations(range(blocks), blocks // 2)))
    bits = 1 << np.where(taken < early, taken, taken - early)
    return np.where(taken < early, bits, 0).sum(axis=1), np.where(taken < early, 0, bits).sum(axis=1)
