"""Comparison: whether one forecaster's losses are really lower than another's, when claims overlap.

Contract: two series of losses of the same claims in the order in which they were made, one for each session; plain
numbers out. A horizon of h sessions makes neighbouring losses share h - 1 of them, and a test that takes them for
independent finds "significance" in a fifth to two fifths of worthless comparisons; there is no option for that test
here. Losses that no test can judge (too few, or a difference without variation) raise `InputError`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.scoring import _checks as check
from engine.scoring._checks import FloatArray

__all__ = ["Comparison", "Gain", "dm_test", "gains", "skill_interval"]

_LEAST = 16
"""Claims from which a test is attempted: below, the cosine method is left with fewer than three degrees of freedom."""


class Comparison(NamedTuple):
    """Result of a Diebold-Mariano test.

    Attributes:
        mean: mean of `loss_a - loss_b`: below zero, a was better.
        t: the test statistic.
        df: degrees of freedom of its Student t reference distribution.
        p: two-sided p-value.
        n: claims compared.
    """

    mean: float
    t: float
    df: int
    p: float
    n: int


class Gain(NamedTuple):
    """What one forecaster's losses are less than another's, as a share of the other's.

    Attributes:
        skill: `1 - sum(loss) / sum(reference)`.
        low: lower end of its interval.
        high: upper end.
        p: two-sided p-value of equal expected losses.
        n: claims compared.
    """

    skill: float
    low: float
    high: float
    p: float
    n: int


def dm_test(
    loss_a: npt.ArrayLike, loss_b: npt.ArrayLike, *, horizon: int, method: Literal["ewc", "hln"] = "ewc"
) -> Comparison:
    """Test whether two forecasters of the same claims have equal expected loss.

    With `d = loss_a - loss_b`, n of them and mean m:

    `ewc`: `t = m / sqrt(V / n)`, V the mean square of the first `B = floor(0.4 * n**(2/3))` cosine coefficients
    `sqrt(2/n) * sum_s d_s * cos(pi * j * (s - 1/2) / n)`, read against a Student t with B degrees of freedom (fixed-b
    critical values). Good for any horizon that is short beside n.

    `hln`: V is `g_0 + 2 * (g_1 + ... + g_{h-1})` with autocovariances `g_k` (divisor n), the statistic is shrunk by
    `sqrt((n + 1 - 2h + h(h - 1)/n) / n)` and read against a Student t with n - 1 degrees of freedom. V may come out
    negative, in particular at long horizons; then there is no answer and `ewc` has one.

    Args:
        loss_a: losses of the first forecaster, one claim a session, in order, shape (n,).
        loss_b: losses of the second on the same claims, shape (n,).
        horizon: sessions that each claim spans, at least 1 and below n / 4.
        method: `ewc` or `hln`.

    Returns:
        Mean difference, statistic, degrees of freedom, two-sided p and n. Forecasters that never differ have t = 0 and
        p = 1.

    Raises:
        InputError: unequal or unusable losses, fewer than 16 claims or four horizons, an unknown method, or a
            difference whose variance cannot be estimated.

    Source:
        Diebold & Mariano (1995), Comparing predictive accuracy; Harvey, Leybourne & Newbold (1997), Testing the
        equality of prediction mean squared errors; Lazarus, Lewis, Stock & Watson (2018), HAR inference.

    >>> a, b = [0.1, 0.4] * 20, [0.2, 0.3] * 20
    >>> result = dm_test(a, b, horizon=1)
    >>> abs(result.mean) < 1e-9, result.df, result.n, round(result.p, 3)
    (True, 4, 40, 1.0)
    """
    first, second = check.series(loss_a, "losses a"), check.series(loss_b, "losses b")
    check.same_shape(("losses a", first), ("losses b", second))
    span = check.whole(horizon, "horizon", minimum=1)
    n = first.size
    if n < max(_LEAST, 4 * span + 1):
        raise InputError(
            f"{n} claims are too few to compare at a horizon of {span}; collect at least {max(_LEAST, 4 * span + 1)}"
        )
    d = first - second
    mean = float(d.mean())
    variance, df, shrink = _long_run(d, span, method)
    if not d.any():
        return Comparison(0.0, 0.0, df, 1.0, n)
    if variance <= 1e-24 * max(mean * mean, 1e-300):
        raise InputError(
            f"the difference of the losses has a long-run variance of {variance:.3g} by {method!r}, which no test can "
            "use; compare more claims" + (" or use method 'ewc'" if method == "hln" else "")
        )
    t = mean / math.sqrt(variance / n) * shrink
    return Comparison(mean, t, df, _two_sided(t, df), n)


def skill_interval(
    loss: npt.ArrayLike, reference: npt.ArrayLike, *, horizon: int, level: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of the skill `1 - sum(loss) / sum(reference)` of overlapping claims.

    The mean difference of the losses gets its interval from `dm_test` (cosine variance, Student t); dividing by the
    mean reference loss turns it into skill. The reference's own sampling error is left out: it is small beside the
    difference's.

    Args:
        loss: losses of the forecaster, one claim a session, in order, shape (n,).
        reference: losses of the reference on the same claims, shape (n,).
        horizon: sessions that each claim spans.
        level: of the interval, in (0, 1).

    Raises:
        InputError: as `dm_test`; a reference without loss.

    >>> import numpy as np
    >>> draw = np.random.default_rng(1)
    >>> low, high = skill_interval(draw.uniform(0, 1, 400), draw.uniform(0, 2, 400), horizon=1)
    >>> low < 0.5 < high
    True
    """
    test = dm_test(loss, reference, horizon=horizon)
    scale = float(check.series(reference, "reference losses").mean())
    if scale <= 0.0:
        raise InputError("the reference has no loss at all; there is nothing to be better than")
    error = abs(test.mean / test.t) if test.t else 0.0
    margin = _critical(1.0 - check.fraction(level, "level"), test.df) * error
    return (-test.mean - margin) / scale, (-test.mean + margin) / scale


def gains(losses: FloatArray, references: FloatArray, *, horizon: int, level: float = 0.95) -> list[Gain | None]:
    """What `dm_test` and `skill_interval` say of many pairs of forecasters at once, at a fraction of the time.

    Args:
        losses: a row for each pair, the losses of its first forecaster as for `skill_interval`, shape (k, n).
        references: the losses of its second, shape (k, n).
        horizon: sessions that each claim spans.
        level: of the intervals, in (0, 1).

    Returns:
        A gain for each row; None for a row on which those raise `InputError`, and for all rows where there are too few
        claims. Forecasters that never differ have an interval without width and p = 1.

    Raises:
        InputError: tables that are not finite numbers of one shape, or an option out of range.
    """
    if losses.ndim != 2 or losses.shape != references.shape or not np.isfinite([losses, references]).all():
        raise InputError("gains needs two tables of finite losses of one shape, a row for each pair")
    span, alpha = check.whole(horizon, "horizon", minimum=1), 1.0 - check.fraction(level, "level")
    rows, n = losses.shape
    if n < max(_LEAST, 4 * span + 1):
        return [None] * rows
    d = losses - references
    means, scales = d.mean(axis=1), references.mean(axis=1)
    df = int(0.4 * n ** (2.0 / 3.0))
    weights = _cosine_sums(d - means[:, None], df)
    variances = (weights * weights).sum(axis=1) * 2.0 / n / df
    critical, found = _critical(alpha, df), list[Gain | None]()
    some = zip(means.tolist(), variances.tolist(), scales.tolist(), np.any(d, axis=1).tolist(), strict=True)
    for mean, variance, scale, differ in some:
        if scale <= 0.0 or (differ and variance <= 1e-24 * max(mean * mean, 1e-300)):
            found.append(None)
            continue
        error = math.sqrt(variance / n)
        margin, p = critical * error, _two_sided(mean / error, df) if differ else 1.0
        found.append(Gain(0.0 - mean / scale, (0.0 - mean - margin) / scale, (margin - mean) / scale, p, n))
    return found


@lru_cache(maxsize=64)
def _critical(alpha: float, df: int) -> float:
    """The t beyond which a two-sided test has probability `alpha`, by bisection."""
    low, high = 0.0, 1e3
    while high - low > 1e-10 * max(high, 1.0):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _two_sided(middle, df) > alpha else (low, middle)
    return high


def _long_run(d: FloatArray, horizon: int, method: str) -> tuple[float, int, float]:
    """Long-run variance of d, degrees of freedom, and the small-sample factor of the statistic."""
    n = d.size
    away = d - d.mean()
    if method == "ewc":
        count = int(0.4 * n ** (2.0 / 3.0))
        weights = _cosine_sums(away, count)
        return float((weights * weights).sum()) * 2.0 / n / count, count, 1.0
    if method == "hln":
        shared = [float((away[k:] * away[: n - k]).sum()) / n for k in range(horizon)]
        shrink = math.sqrt((n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n)
        return shared[0] + 2.0 * math.fsum(shared[1:]), n - 1, shrink
    raise InputError(f"no method is called {method!r}; use 'ewc' or 'hln'")


def _cosine_sums(d: FloatArray, count: int) -> FloatArray:
    """`sum_s d_s * cos(pi * j * (s - 1/2) / n)` for j = 1 to `count`, by `cos(j+1)x = 2 cos(x) cos(jx) - cos(j-1)x`.

    s runs over the last axis of d, j over that of the result. The recurrence keeps eleven digits for the hundred
    frequencies of a test. Not a matrix product: the bits of one depend on the machine's library.
    """
    n = d.shape[-1]
    first = np.cos((np.arange(n) + 0.5) * (np.pi / n))
    twice, before, now = 2.0 * first, np.ones(n), first
    sums = np.empty((*d.shape[:-1], count))
    for j in range(count):
        sums[..., j] = (now * d).sum(axis=-1)
        before, now = now, twice * now - before
    return sums


def _two_sided(t: float, df: int) -> float:
    """P(|T| >= |t|) of a Student t: the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t^2)."""
    below, above = df / (df + t * t), t * t / (df + t * t)
    a, b = df / 2.0, 0.5
    if above == 0.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(below) + b * math.log(above))
    if below < (a + 1.0) / (a + b + 2.0):
        return front * _fraction(a, b, below) / a
    return 1.0 - front * _fraction(b, a, above) / b


def _fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method; for x < (a+1)/(a+b+2)."""
    tiny = 1e-300
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0), tiny)
    found, change = d, 0.0
    for m in range(1, 10_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0)),
        ):
            d = 1.0 / _away_from_zero(1.0 + step * d, tiny)
            c = _away_from_zero(1.0 + step / c, tiny)
            change = c * d
            found *= change
        if abs(change - 1.0) < 1e-15:
            break
    return found


def _away_from_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
