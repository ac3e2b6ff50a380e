"""Correlations of a segment: how each symbol's shock is mixed from independent ones.

Contract: without pairs a symbol's shock is `l * F + sqrt(1 - l^2) * e`, with its loading l on the common factor F and a
shock e of its own (the one-factor model), so any loadings from -1 to 1 are a valid correlation. Pairs replace products
of loadings in the matrix of the factor and the symbols that pairs name; a matrix that is no correlation is refused. The
mix depends on the segment and the universe's names for the symbol, never on which other symbols have bars.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from engine.bars import FloatArray
from engine.universe import Universe
from scenarios.kinds import refuse
from scenarios.lookup import symbols_of

__all__ = ["FACTOR", "mixes"]

FACTOR = ""
"""The common factor, where symbols are named."""
_TOLERANCE = 1e-9


def mixes(
    pairs: Mapping[str, float], loading: Callable[[str], float], universe: Universe, where: str
) -> Callable[[str], dict[str, float]]:
    """Symbol -> the weight of each independent shock in its own, by symbol, and of the factor.

    Args:
        pairs: `"one,other"` -> correlation, of roles or symbols.
        loading: symbol -> its loading on the factor, from -1 to 1.
        universe: says which symbol a role is.
        where: for messages.

    Raises:
        InputError: a pair names a group, or one symbol twice, or the pairs do not fit together.
    """
    wanted: dict[tuple[str, str], float] = {}
    for names, number in pairs.items():
        found = [symbols_of(universe, name, where) for name in names.split(",")]
        one, other = sorted(symbols[0] for symbols in found)
        if any(len(symbols) != 1 for symbols in found) or one == other or (one, other) in wanted:
            refuse(f"{where}: {names!r}", "does not name two single symbols once", "write two roles or symbols")
        wanted[one, other] = number
    named = sorted({symbol for pair in wanted for symbol in pair})
    rows = _factored(_matrix(named, wanted, loading), where) if named else np.zeros((0, 0))
    shocks = (FACTOR, *named)
    known = {symbol: dict(zip(shocks, rows[at].tolist(), strict=True)) for at, symbol in enumerate(named, 1)}

    def mix(symbol: str) -> dict[str, float]:
        weight = loading(symbol)
        return known.get(symbol) or {FACTOR: weight, symbol: math.sqrt(max(0.0, 1.0 - weight * weight))}

    return mix


def _matrix(named: list[str], wanted: Mapping[tuple[str, str], float], loading: Callable[[str], float]) -> FloatArray:
    load = np.array([1.0, *(loading(symbol) for symbol in named)])
    matrix = np.outer(load, load)
    np.fill_diagonal(matrix, 1.0)
    for (one, other), number in wanted.items():
        i, j = named.index(one) + 1, named.index(other) + 1
        matrix[i, j] = matrix[j, i] = number
    return matrix


def _factored(matrix: FloatArray, where: str) -> FloatArray:
    """Lower-triangular square root (Cholesky), also of a matrix that is singular; refuses one that is none."""
    least = float(np.linalg.eigvalsh(matrix).min())
    if least < -_TOLERANCE:
        refuse(
            where, f"and the loadings together are no correlation (least eigenvalue {least:.2f})",
            "move the pairs towards the products of their loadings, or the loadings towards 0",
        )  # fmt: skip
    size = len(matrix)
    root: FloatArray = np.zeros((size, size))
    for i in range(size):
        for j in range(i + 1):
            rest = float(matrix[i, j] - root[i, :j] @ root[j, :j])
            if i == j:
                root[i, i] = math.sqrt(max(0.0, rest))
            elif root[j, j] > math.sqrt(_TOLERANCE):
                root[i, j] = rest / root[j, j]
    return root
