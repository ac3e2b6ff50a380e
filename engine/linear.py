"""Small regressions whose bits do not depend on threads or memory layout.

Contract: designs have a handful of columns and any number of rows, shape (features, n). Sums run over contiguous
columns one by one, since a matrix product may be split over threads differently on the next run. Fits are stabilised by
a small ridge, so that a column without variation gives a finite answer; nothing here looks at the order of rows as
time, that is the caller's duty.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray

__all__ = ["least_squares", "logistic", "sigmoid"]

_BUFFER = 8192
_STEPS = 30
_SETTLED = 1e-3
"""Newton's error after a step is of the order of the step squared: a last step of a thousandth leaves a millionth."""


def least_squares(x: FloatArray, y: FloatArray, *, ridge: float = 1e-6) -> FloatArray:
    """Coefficients that minimise |y - x'b|^2 + ridge * |b|^2; x has shape (features, n), y shape (n,)."""
    x = np.ascontiguousarray(x)
    return _solve(_products(x, x), _products(x, y[np.newaxis])[:, 0], ridge)


def logistic(x: FloatArray, y: FloatArray, *, ridge: float = 1.0, start: FloatArray | None = None) -> FloatArray | None:
    """Coefficients of a logistic regression of y in {0, 1}, by Newton's method; None if it does not settle.

    Maximises the log likelihood less ridge / 2 * |b|^2, which keeps separable data finite.
    """
    x = np.ascontiguousarray(x)
    weights = [0.0] * len(x) if start is None else start.tolist()
    for _ in range(_STEPS):
        p = sigmoid(_weighted(x, weights))
        missed, spread = y - p, p * (1.0 - p)
        slope = _products(x, missed[np.newaxis])[:, 0] - ridge * np.array(weights)
        step = _solve(_products(x * spread, x), slope, ridge).tolist()
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


def _products(x: FloatArray, y: FloatArray) -> FloatArray:
    """Sums of products of each row of `x` with each of `y`, shape (rows of x, rows of y), each in one order.

    No library of matrix products, whose threads would choose theirs. Rows that are longer than numpy's buffer would be
    added up in pieces that hang on how many there are, so they are taken one by one.
    """
    if x.shape[1] <= _BUFFER:
        found: FloatArray = np.einsum("ij,kj->ik", x, y)
        return found
    return np.array([[np.einsum("i,i->", row, other) for other in y] for row in x])


@functools.cache
def _below(size: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of what lies below the diagonal."""
    return np.tril_indices(size, -1)


def _solve(gram: FloatArray, right: FloatArray, ridge: float) -> FloatArray:
    """Of a symmetric system, whose upper half counts: the lower one may differ in the last bit."""
    rows, columns = _below(len(gram))
    gram[rows, columns] = gram[columns, rows]
    gram.flat[:: len(gram) + 1] += ridge
    return np.asarray(np.linalg.solve(gram, right), np.float64)
