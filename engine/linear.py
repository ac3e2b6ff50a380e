"""Small regressions whose bits do not depend on threads or memory layout.

Contract: designs have a handful of columns and any number of rows, shape (features, n). Sums run over contiguous
columns one by one, since a matrix product may be split over threads differently on the next run. Fits are stabilised by
a small ridge, so that a column without variation gives a finite answer; nothing here looks at the order of rows as
time, that is the caller's duty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from engine.bars import FloatArray

__all__ = ["least_squares", "logistic", "sigmoid"]

_STEPS = 30
_SETTLED = 1e-3
"""Newton's error after a step is of the order of the step squared: a last step of a thousandth leaves a millionth."""


def least_squares(x: FloatArray, y: FloatArray, *, ridge: float = 1e-6) -> FloatArray:
    """Coefficients that minimise |y - x'b|^2 + ridge * |b|^2; x has shape (features, n), y shape (n,)."""
    x = np.ascontiguousarray(x)
    return _solve(x, x, np.array([_dot(row, y) for row in x]), ridge)


def logistic(x: FloatArray, y: FloatArray, *, ridge: float = 1.0, start: FloatArray | None = None) -> FloatArray | None:
    """Coefficients of a logistic regression of y in {0, 1}, by Newton's method; None if it does not settle.

    Maximises the log likelihood less ridge / 2 * |b|^2, which keeps separable data finite.
    """
    x = np.ascontiguousarray(x)
    weights = [0.0] * len(x) if start is None else start.tolist()
    for _ in range(_STEPS):
        p = sigmoid(_weighted(x, weights))
        missed, spread = y - p, p * (1.0 - p)
        slope = np.array([_dot(row, missed) - ridge * weight for row, weight in zip(x, weights, strict=True)])
        step = _solve(x, [row * spread for row in x], slope, ridge).tolist()
        weights = [weight + by for weight, by in zip(weights, step, strict=True)]
        if max(map(abs, step)) < _SETTLED:
            return np.array(weights)
    return None


def sigmoid(z: FloatArray) -> FloatArray:
    """1 / (1 + exp(-z)); where exp overflows the answer is 0, as it should be."""
    with np.errstate(over="ignore"):
        found = np.exp(-z)
    found += 1.0
    return np.divide(1.0, found, out=found)


def _weighted(x: FloatArray, weights: Sequence[float]) -> FloatArray:
    total, part = np.zeros(x.shape[1]), np.empty(x.shape[1])
    for row, weight in zip(x, weights, strict=True):
        total += np.multiply(row, weight, out=part)
    return total


def _dot(a: FloatArray, b: FloatArray) -> float:
    """Sum of products in one pass and one order; no library of matrix products, whose threads would choose theirs."""
    return float(np.einsum("i,i->", a, b))


def _solve(x: FloatArray, scaled: Iterable[FloatArray], right: FloatArray, ridge: float) -> FloatArray:
    gram = ridge * np.eye(len(x))
    for at, row in enumerate(scaled):
        for other in range(at, len(x)):
            total = _dot(row, x[other])
            gram[at, other] += total
            if other != at:
                gram[other, at] += total
    return np.asarray(np.linalg.solve(gram, right), np.float64)
