"""Ragged columns against the full arrays that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bars import FIELDS, FloatArray
from engine.ragged import Ragged, Young

SIZE = 12


@st.composite
def youngsters(draw: st.DrawFn) -> list[Young]:
    found = []
    for row in range(draw(st.integers(0, 4))):
        first = draw(st.integers(0, SIZE))
        length = draw(st.integers(0, SIZE - first))
        numbers: FloatArray = np.arange(length, dtype=np.float64) + 100.0 * row
        found.append(Young(first, tuple([numbers + 1000.0 * field for field in range(len(FIELDS))])))
    return found


def full(symbols: list[Young], field: int) -> FloatArray:
    """The obvious way: session by session."""
    return np.array(
        [
            [
                symbol.fields[field][at - symbol.first]
                if 0 <= at - symbol.first < len(symbol.fields[field])
                else np.nan
                for at in range(SIZE)
            ]
            for symbol in symbols
        ]
    ).reshape(len(symbols), SIZE)


@given(youngsters(), st.integers(0, SIZE), st.integers(0, SIZE))
def test_it_reads_like_full_arrays(symbols: list[Young], one: int, other: int) -> None:
    ragged, (start, stop) = Ragged(symbols, SIZE), sorted((one, other))
    places = range(1, 2 * len(symbols), 2)
    piece = ragged.stretch(start, stop, places, 2 * len(symbols) + 1)
    assert list(ragged) == list(FIELDS) and len(ragged) == len(FIELDS)
    for field, name in enumerate(FIELDS):
        wanted = full(symbols, field)
        for row in range(len(symbols)):
            assert np.array_equal(ragged.row(name, row), wanted[row], equal_nan=True)
        assert np.array_equal(ragged[name], wanted, equal_nan=True)
        assert np.array_equal(piece[:, field, list(places)], wanted[:, start:stop].T, equal_nan=True)
        assert np.isnan(piece[:, field, ::2]).all(), "places of nobody"
    for symbol, cut in zip(symbols, [symbol.until(stop) for symbol in symbols], strict=True):
        assert np.array_equal(full([cut], 2)[:, :stop], full([symbol], 2)[:, :stop], equal_nan=True)
        assert np.isnan(full([cut], 2)[:, stop:]).all()


def test_what_it_hands_out_cannot_be_written_to() -> None:
    ragged = Ragged([Young(3, (np.ones(4),) * len(FIELDS))], SIZE)
    for column in (ragged["close"], ragged.row("close", 0)):
        with pytest.raises(ValueError, match="read-only"):
            column[...] = 2.0
    with pytest.raises(KeyError):
        ragged["clsoe"]
