"""The results of a sweep as one Parquet file: a row a cell, in the order of the grid.

Contract: the same rows give the same bytes with the same version of pyarrow. A column has one type; what a cell does
not have is null. No time, no path, no number of tries: these are in `run.json`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from backtest.sweep.contest import Row
from engine.errors import InputError

__all__ = ["NAMES", "to_parquet"]

NAMES = (
    "cell", "key", "market", "source", "universe", "world", "start", "end", "targets", "minds", "regime", "pairs",
    "seed", "status", "error",
)  # fmt: skip
"""Columns that say which cell a row is and what became of it."""

_WHOLE = ("cell", "world", "seed")


def to_parquet(rows: Sequence[Row]) -> bytes:
    """The file.

    Raises:
        InputError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InputError(
            "a sweep needs the package pyarrow; install the extra: pip install 'workshop-desk[sweep]'"
        ) from None
    figures = {name for row in rows for name in row if name not in (*NAMES, "leads")}
    columns = [*NAMES, *sorted(figures)]
    arrays = {name: pa.array([row.get(name) for row in rows], _type(pa, name, rows)) for name in columns}
    arrays["leads"] = pa.array([row["leads"] for row in rows], pa.list_(pa.float64()))
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink, compression="zstd", row_group_size=len(rows) or None)
    return sink.getvalue()


def _type(pa: Any, name: str, rows: Sequence[Row]) -> Any:
    values = [row[name] for row in rows if row.get(name) is not None]
    if name in _WHOLE or (values and all(type(value) is int for value in values)):
        return pa.int64()
    return pa.string() if name in NAMES or (values and isinstance(values[0], str)) else pa.float64()
