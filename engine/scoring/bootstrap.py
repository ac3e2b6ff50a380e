"""Resampling in blocks: how far a skill could have come out otherwise, had the same kinds of weeks come in other order.

Contract: losses in the order of their sessions; whole blocks of neighbours are drawn, so that what neighbours share
stays together. Equal losses give equal answers, bit for bit: the draws come from a seed that is a constant. Losses that
no interval can be had from raise `InputError`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.scoring import _checks as check
from engine.scoring._checks import FloatArray

__all__ = ["RESAMPLES", "block_deviation", "block_length", "long_run_deviation", "skill_bootstrap"]

RESAMPLES = 1000
_SEED = 0
_BLOCKS = 128
"""No more blocks than this: longer ones than needed cost nothing where there are so many, and drawing stays cheap."""
_LEAST = 8
"""Blocks without which nothing is said: of fewer, the spread of a sum is not known to within a half."""


def block_length(values: npt.ArrayLike) -> float:
    """Best length of circular blocks for the mean of a series, from its autocorrelations.

    The autocovariances up to a lag from which on five autocorrelations in a row are small, under a flat-top window.

    Args:
        values: a series in its order, shape (n,), n at least 16.

    Returns:
        At least 1, at most `min(3 * sqrt(n), n / 3)`; 1 for a series that does not vary.

    Raises:
        InputError: too few values, or one that is not finite.

    Source:
        Politis & White (2004), Automatic block-length selection for the dependent bootstrap, with the correction of
        Patton, Politis & White (2009).

    >>> import numpy as np
    >>> steps = np.random.default_rng(1).standard_normal(500)
    >>> block_length(steps) < 6.0 < block_length(np.convolve(steps, np.ones(21)))
    True
    """
    series = check.series(values, "values")
    n = series.size
    if n < 16:
        raise InputError(f"{n} values are too few to tell how long their memory is; pass at least 16")
    away = series - series.mean()
    if not float((away * away).sum()) > 1e-24 * n * max(float(series.mean()) ** 2, 1e-300):
        return 1.0
    run = max(5, int(math.log10(n)))
    longest = math.ceil(math.sqrt(n)) + run
    limit = 2.0 * math.sqrt(math.log10(n) / n)
    shared = np.array([float((away[lag:] * away[: n - lag]).sum()) for lag in range(longest + 1)])
    squares = away * away
    total, head = float(squares.sum()), np.concatenate([[0.0], np.cumsum(squares)])
    small = [
        abs(shared[lag]) < limit * math.sqrt((total - head[lag + 1]) * head[n - lag - 1]) for lag in range(longest + 1)
    ]
    quiet = next((lag for lag in range(longest - run + 1) if all(small[lag : lag + run])), None)
    reach = min(2 * max(quiet, 1), longest) if quiet is not None else longest
    lags = np.arange(1, reach + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - lags / reach))
    tail = shared[1 : reach + 1] / n * window
    spectrum, slope = shared[0] / n + 2.0 * float(tail.sum()), 2.0 * float((lags * tail).sum())
    if spectrum == 0.0:
        return 1.0
    best = (1.5 * (slope / spectrum) ** 2 * n) ** (1.0 / 3.0)
    most = math.ceil(min(3.0 * math.sqrt(n), n / 3.0))
    return float(max(1.0, min(best, most)))


def long_run_deviation(values: npt.ArrayLike, *, horizon: int) -> float:
    """Standard deviation of a sum of values that remember one another, for each root of a value.

    From sums over circular blocks that begin anywhere, as long as the horizon or as `block_length`, whichever is more.

    Args:
        values: a series in its order, shape (n,).
        horizon: sessions that each value spans, at least 1.

    Returns:
        Above zero; `sum(values)` strays from its mean by this times `sqrt(n)`.

    Raises:
        InputError: too few values for eight blocks, one that is not finite, or values that never vary.

    Source:
        Künsch (1989), The jackknife and the bootstrap for general stationary observations: the variance of a block sum.

    >>> import numpy as np
    >>> 0.85 < long_run_deviation(np.random.default_rng(1).standard_normal(900), horizon=1) < 1.15
    True
    """
    series, span = check.series(values, "values"), check.whole(horizon, "horizon", minimum=1)
    block = max(span, math.ceil(block_length(series)))
    if series.size < _LEAST * block:
        raise InputError(f"{series.size} values remember {block} of one another; collect at least {_LEAST * block}")
    found = block_deviation(series, block)
    if not found > 1e-12 * abs(float(series.mean())):
        raise InputError("the values never vary, so nothing can be said about chance; check them")
    return found


def block_deviation(values: FloatArray, block: int) -> float:
    """`long_run_deviation` for blocks of a length that is known, without its checks."""
    sums = _block_sums(values - values.mean(), block)
    return math.sqrt(float((sums * sums).mean()) / block)


def _block_sums(values: FloatArray, block: int) -> FloatArray:
    """Sums over the blocks that begin at each value, the record laid in a circle."""
    head = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[:block]]))])
    sums: FloatArray = head[block : block + values.size] - head[: values.size]
    return sums


def skill_bootstrap(
    loss: npt.ArrayLike, reference: npt.ArrayLike, *, horizon: int, level: float = 0.95
) -> tuple[float, float]:
    """Interval of the skill `1 - sum(loss) / sum(reference)` of claims that overlap, by a circular block bootstrap.

    The record is laid in a circle and made up anew from blocks that begin anywhere, a thousand times; the interval is
    the middle of the skills that come out. A block is as long as the longest of: the horizon, `block_length` of the
    difference of the losses, and a 128th of the record. Loss and reference are drawn together.

    Args:
        loss: losses of the forecaster, in order, one a session, shape (n,).
        reference: losses of the reference on the same claims, shape (n,).
        horizon: sessions that each claim spans, at least 1.
        level: of the interval, in (0, 1).

    Returns:
        Both ends, no unit.

    Raises:
        InputError: unequal or unusable losses, a reference without loss, fewer than 16 claims or eight blocks.

    Source:
        Politis & Romano (1992), A circular block-resampling procedure for stationary data; percentile interval: Efron
        & Tibshirani (1993), An introduction to the bootstrap, chapter 13.

    >>> import numpy as np
    >>> draw = np.random.default_rng(1)
    >>> low, high = skill_bootstrap(draw.uniform(0, 1, 400), draw.uniform(0, 2, 400), horizon=1)
    >>> low < 0.5 < high
    True
    """
    own, other = check.series(loss, "losses"), check.series(reference, "reference losses")
    check.same_shape(("losses", own), ("reference losses", other))
    span, tail = check.whole(horizon, "horizon", minimum=1), (1.0 - check.fraction(level, "level")) / 2.0
    n = own.size
    if n < 16 or n < _LEAST * span:
        raise InputError(f"{n} claims are too few for blocks of {span}; collect at least {max(16, _LEAST * span)}")
    if not float(other.sum()) > 0.0:
        raise InputError("the reference has no loss at all; there is nothing to be better than")
    block = max(span, math.ceil(block_length(own - other)), -(-n // _BLOCKS))
    if n < _LEAST * block:
        raise InputError(f"{n} claims remember {block} of one another; collect at least {_LEAST * block}")
    sums = _resampled(np.stack([own, other]), block)
    low, high = np.quantile(1.0 - sums[0] / sums[1], [tail, 1.0 - tail]).tolist()
    return low, high


def _resampled(losses: FloatArray, block: int) -> FloatArray:
    """Sums over each resample of rows of losses, shape (rows, resamples), from sums of blocks made once."""
    n = losses.shape[1]
    whole, rest = divmod(n, block)
    draw = np.random.default_rng(_SEED)
    starts = draw.integers(0, n, (whole, RESAMPLES))
    found = np.zeros((len(losses), RESAMPLES))
    for row, values in zip(found, losses, strict=True):
        row += _block_sums(values, block)[starts].sum(axis=0)
    if rest:
        last = draw.integers(0, n, RESAMPLES)
        for row, values in zip(found, losses, strict=True):
            row += _block_sums(values, rest)[last]
    return found
