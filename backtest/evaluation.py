"""Many forecasters at once: is the best of them better than the base rate, and which can be told apart?

Contract: functions of a table of losses, one row a session and one column a forecaster, lower is better. Of many
forecasters without skill one always looks good; these tests ask what the best of as many would have shown by luck. They
need the extra `study`; without it, and for losses that no test can judge, they raise `InputError`. Equal losses give
equal answers.
"""

from __future__ import annotations

import math
import types
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine import scoring
from engine.bars import FloatArray
from engine.errors import InputError

__all__ = ["Kept", "Superior", "confidence_set", "spa"]

_RESAMPLES = 1000
_LEAST = 8


class Superior(NamedTuple):
    """Whether the best of k forecasters beats the benchmark: the chance of a best as good when none does.

    Attributes:
        p_consistent: the p-value to quote.
        p_lower: a lower bound of it, for which forecasters that are worse than the benchmark do not count.
        p_upper: an upper bound, for which all count as if they were as good as it.
        n: sessions compared.
        k: forecasters compared.
        block: length of the blocks that were drawn, in sessions.
    """

    p_consistent: float
    p_lower: float
    p_upper: float
    n: int
    k: int
    block: int


class Kept(NamedTuple):
    """The forecasters that cannot be told from the best.

    Attributes:
        names: those that stay, in the order of the columns.
        p: forecaster -> p-value; those above `size` stay.
        size: chance of losing the best.
        n: sessions compared.
        block: length of the blocks that were drawn, in sessions.
    """

    names: tuple[str, ...]
    p: dict[str, float]
    size: float
    n: int
    block: int


def spa(losses: FloatArray, benchmark: FloatArray, *, horizon: int, seed: int = 0) -> Superior:
    """Test of superior predictive ability: is any forecaster better than the benchmark?

    Each difference of losses is divided by its long-run standard deviation, so that one noisy forecaster does not
    decide for all; its best mean is compared with that of a thousand resamples in circular blocks, as long as the
    horizon or as `engine.scoring.block_length` of the differences asks for, whichever is longer.

    Args:
        losses: shape (n, k), one row a session and one column a forecaster.
        benchmark: losses of the benchmark on the same sessions, shape (n,).
        horizon: sessions that the longest claim spans, at least 1.
        seed: of the draws.

    Returns:
        Three p-values, n, k and the length of blocks. Forecasters that never differ from the benchmark count in k and
        for nothing else; when none does, each p is 1.

    Raises:
        InputError: unusable losses, fewer than 16 sessions or eight blocks, a forecaster that is better or worse by the
            same amount in each session, or the extra `study` is missing.

    Source:
        Hansen (2005), A test for superior predictive ability; White (2000), A reality check for data snooping;
        Phipson & Smyth (2010), Permutation p-values should never be zero.
    """
    values, reference = _table(losses), np.asarray(benchmark, np.float64)
    if reference.shape != values.shape[:1] or not np.isfinite(reference).all():
        raise InputError(
            f"the benchmark's losses must be {len(values)} finite numbers, one for each row of the forecasters' losses"
        )
    n, k = values.shape
    lead = reference[:, None] - values
    lead = lead[:, (lead != 0.0).any(axis=0)]
    block = _block(lead, horizon)
    if not lead.shape[1]:
        return Superior(1.0, 1.0, 1.0, n, k, block)
    spread = np.array([scoring.block_deviation(column, block) for column in lead.T])
    if not (spread > 1e-12 * np.abs(lead.mean(axis=0))).all():
        raise InputError("a forecaster differs from the benchmark by the same amount in each session; check its losses")
    test = _arch().SPA(np.zeros(n), -lead / spread, block_size=block, reps=_RESAMPLES, bootstrap="circular", seed=seed)
    test.compute()
    lower, consistent, upper = (_counted(float(test.pvalues[name])) for name in ("lower", "consistent", "upper"))
    return Superior(consistent, lower, upper, n, k, block)


def confidence_set(
    losses: FloatArray, names: Sequence[str], *, horizon: int, size: float = 0.10, seed: int = 0
) -> Kept:
    """Model confidence set: forecasters are dropped, worst first, until those left cannot be told apart.

    The set holds the best forecaster with probability `1 - size` at least. Blocks are drawn as in `spa`, of the
    differences from the mean of all.

    Args:
        losses: shape (n, k), one row a session and one column a forecaster.
        names: of the forecasters, shape (k,).
        horizon: sessions that the longest claim spans, at least 1.
        size: chance of losing the best, in (0, 1).
        seed: of the draws.

    Returns:
        Who stays, and each one's p-value. Forecasters with equal losses stay or go together.

    Raises:
        InputError: as `spa`; names that are not one for each column.

    Source:
        Hansen, Lunde & Nason (2011), The model confidence set; the statistic is their T_max.
    """
    values = _table(losses)
    n, k = values.shape
    if len(names) != k or len(set(names)) != k:
        raise InputError(f"{len(names)} names for {k} forecasters; give each one a name of its own")
    if not 0.0 < size < 1.0:
        raise InputError(f"the size must lie strictly between 0 and 1, not {size!r}; for 10% write 0.1")
    distinct, same = np.unique(values, axis=1, return_inverse=True)
    away = distinct - distinct.mean(axis=1, keepdims=True)
    block = _block(away, horizon)
    found = np.ones(distinct.shape[1])
    if found.size > 1:
        if (np.ptp(away, axis=0) <= 1e-12 * np.abs(away).max()).any():
            raise InputError("two forecasters differ by the same amount in each session; check their losses")
        test = _arch().MCS(
            distinct, size, reps=_RESAMPLES, block_size=block, method="max", bootstrap="circular", seed=seed
        )
        test.compute()
        found = test.pvalues["Pvalue"].sort_index().to_numpy(np.float64)
    each = {name: _counted(p) for name, p in zip(names, found[same.ravel()].tolist(), strict=True)}
    return Kept(tuple(name for name in names if each[name] > size), each, size, n, block)


def _counted(share: float) -> float:
    """A p-value from the share of resamples that did as well: the record itself is one more, so that none is zero."""
    return (share * _RESAMPLES + 1.0) / (_RESAMPLES + 1.0)


def _table(losses: FloatArray) -> FloatArray:
    values = np.asarray(losses, np.float64)
    if values.ndim != 2 or not values.shape[1]:
        raise InputError(f"losses must be a table of sessions by forecasters, not of shape {values.shape}")
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0].tolist()
        raise InputError(f"forecaster {column} has no loss in row {row}; compare sessions on which all have one")
    return values


def _block(columns: FloatArray, horizon: int) -> int:
    """As long as a claim, and as half of the series ask for."""
    n = len(columns)
    if horizon < 1:
        raise InputError(f"a claim spans at least one session, not {horizon}")
    if n < 16 or n < _LEAST * horizon:
        raise InputError(f"{n} sessions are too few to compare; collect at least {max(16, _LEAST * horizon)}")
    wanted = [scoring.block_length(column) for column in columns.T]
    block = max(horizon, math.ceil(float(np.median(wanted)))) if wanted else horizon
    if n < _LEAST * block:
        raise InputError(f"{n} sessions remember {block} of one another; collect at least {_LEAST * block}")
    return block


def _arch() -> types.ModuleType:
    try:
        import arch.bootstrap
    except ImportError:
        raise InputError(
            "comparing many forecasters needs the package arch; install it with: pip install 'workshop-desk[study]'"
        ) from None
    return arch.bootstrap
