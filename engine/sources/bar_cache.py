"""An append-only store of daily bars on disk: one SQLite file, which grows and is never rewritten.

Contract: `add` stores a symbol's new bars, what was told about them and what was asked, all or nothing; a process
that dies at any instant leaves the file as it was before. A stored bar never changes: the database refuses updates
and deletes, and a SHA-256 chain over each symbol's bars shows an edit made in spite of that. Two runs may share a
file; the later one sees the earlier one's bars. A damaged or foreign file raises `DataError` that names it, and is
left untouched; one that cannot be opened, written or waited for raises `InputError`. Bars are kept as they came:
checks are the reader's business.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from engine.bars import FIELDS
from engine.sources.bar_cache_file import damaged, open_store, sentences
from engine.sources.overlap import Change, RawBars

__all__ = ["Answer", "BarCache"]


_BAR_BYTES = 8 * (1 + len(FIELDS))


class Answer(NamedTuple):
    """What the vendor said when it was asked.

    Attributes:
        session: ISO day of the last session that had closed.
        final: a bar up to `session` that this answer lacks will not come any more.
        problem: why there are no bars, or empty.
        currency: of the prices; empty when not told.
        zone: IANA name of the exchange's zone; empty when not told.
    """

    session: str
    final: bool
    problem: str = ""
    currency: str = ""
    zone: str = ""


class BarCache:
    """The store in `file`, created when missing. Use it as a context manager."""

    def __init__(self, file: Path) -> None:
        """Open `file`, and create it with its folder when it is missing.

        Raises:
            DataError: the file is damaged or not a store of this format.
            InputError: it cannot be opened or created.
        """
        self.file = file
        self._db = open_store(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    @property
    def way_out(self) -> str:
        """What to do when the stored past is no longer wanted: the last clause of an error or notice."""
        return f"delete {self.file} to fetch everything afresh"

    def bars(self, symbol: str) -> RawBars | None:
        """All stored bars of `symbol`, oldest first, proven unchanged; None when there are none.

        Raises:
            DataError: they are not what was stored.
        """
        parts, digest = list[npt.NDArray[np.int64]](), ""
        with sentences(self.file):
            query = "SELECT last, count, data, digest FROM bars WHERE symbol = ? ORDER BY id"
            for last, count, data, stored in self._db.execute(query, (symbol,)):
                digest = _digest(digest, data)
                if digest != stored or len(data) != count * _BAR_BYTES:
                    raise damaged(self.file, f"does not hold the bars of {symbol} up to {last} as they were stored")
                parts.append(np.frombuffer(data, "<i8").reshape(1 + len(FIELDS), -1))
        return _unpacked(np.concatenate(parts, axis=1)) if parts else None

    def changes(self, symbol: str) -> tuple[Change, ...]:
        """What was ever told about the stored bars of `symbol`, in the order in which it was found."""
        query = "SELECT kind, day, field, old, new FROM changes WHERE symbol = ? ORDER BY id"
        with sentences(self.file):
            rows = self._db.execute(query, (symbol,)).fetchall()
            return tuple(
                Change(*row[:3], *(np.nan if value is None else float(value) for value in row[3:])) for row in rows
            )

    def answer(self, symbol: str) -> Answer | None:
        """The latest answer about `symbol`; None when nobody asked."""
        query = "SELECT session, final, problem, currency, zone FROM answers WHERE symbol = ? ORDER BY id DESC LIMIT 1"
        with sentences(self.file):
            row = self._db.execute(query, (symbol,)).fetchone()
        return None if row is None else Answer(row[0], bool(row[1]), *row[2:])

    def add(
        self,
        symbol: str,
        answer: Answer,
        *,
        after: np.datetime64 | None = None,
        bars: RawBars | None = None,
        changes: Iterable[Change] = (),
    ) -> bool:
        """Store an answer and its new bars, all or nothing.

        Args:
            symbol: whose.
            answer: what was asked and said.
            after: the last stored day that `bars` was joined to; None for none.
            bars: bars later than `after`.
            changes: what the answer says about bars stored before.

        Returns:
            False, with nothing stored, when another run has appended since: read again and join again.
        """
        if bars is not None and not len(bars.days):
            bars = None
        if bars is not None and after is not None and bars.days[0] <= after:
            raise ValueError(f"{symbol}: bars from {bars.days[0]} on do not follow {after}")
        with sentences(self.file), self._transaction():
            query = "SELECT last, digest FROM bars WHERE symbol = ? ORDER BY id DESC LIMIT 1"
            last, digest = self._db.execute(query, (symbol,)).fetchone() or (None, "")
            if last != (None if after is None else str(after)):
                return False
            if bars is not None:
                data = _packed(bars)
                first, last, count = str(bars.days[0]), str(bars.days[-1]), len(bars.days)
                self._db.execute(
                    "INSERT INTO bars (symbol, first, last, count, data, digest) VALUES (?, ?, ?, ?, ?, ?)",
                    (symbol, first, last, count, data, _digest(digest, data)),
                )
            self._db.executemany(
                "INSERT INTO changes (symbol, kind, day, field, old, new) VALUES (?, ?, ?, ?, ?, ?)",
                ((symbol, *change) for change in changes),
            )
            self._db.execute(
                "INSERT INTO answers (symbol, session, final, problem, currency, zone) VALUES (?, ?, ?, ?, ?, ?)",
                (symbol, *answer),
            )
        return True

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite itself has rolled back after some errors
                self._db.execute("ROLLBACK")
            raise


def _packed(bars: RawBars) -> bytes:
    """Days since 1970-01-01 as int64, then each field as float64: one after the other, little-endian."""
    fields = b"".join(bars.columns[name].astype("<f8").tobytes() for name in FIELDS)
    return bars.days.astype("datetime64[D]").astype("<i8").tobytes() + fields


def _unpacked(rows: npt.NDArray[np.int64]) -> RawBars:
    values = rows[1:].view("<f8").astype(np.float64)
    return RawBars(rows[0].astype("datetime64[D]"), dict(zip(FIELDS, values, strict=True)))


def _digest(before: str, data: bytes) -> str:
    """SHA-256 over the digest before and the new bars."""
    return hashlib.sha256(before.encode() + data).hexdigest()
