"""The ledger: an append-only record of claims and of what became of them, each entry chained to the last by SHA-256.

Contract
--------
- *Acknowledged means kept.* When `append` or `extend` returns, its entries are in the file whatever happens to the
  process; with `durable=True` also whatever happens to the power. After a failed append the ledger refuses further
  ones: when a disk has failed, nobody knows what a second try would do.
- *Nothing is ever edited.* The database refuses it (`engine.ledger_sql`), and the chain shows it (`engine.ledger_chain`
  has the formula). What a chain alone cannot show is a cut tail, or a record written anew as a whole: for that,
  `verify` takes a head that an essay printed.
- *Nothing is read unchecked.* What `entries`, `entry` and `find` give matches its digest, or they raise `ChainError`.
- One writer, any number of readers, also while the writer is busy. A killed writer blocks nobody.
- Bodies are canonical JSON text made by the caller; the ledger does not look inside. For people, two views do:
  `claims` (session, id, kind, symbol, horizon, probability, low, high, base_rate, reference, deadline) and `verdicts`
  (session, id, outcome, result, brier), one row per element of the body's arrays of these names. They are
  conveniences: no number that Workshop prints comes from them.

Raises `LedgerError` (exit code 2) where a file is missing, locked, foreign, full or not writable, and `ChainError`
(exit code 1) where a ledger was read and does not hold. `sqlite3.Error` never escapes.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine import ledger_sql as sql
from engine.errors import ChainError, InputError, LedgerError, WorkshopError
from engine.ledger_chain import (
    BEFORE_ALL,
    GENESIS,
    REPAIR,
    Entry,
    Head,
    body_text,
    digest_of,
    digest_text,
    linked,
)
from engine.ledger_lock import WriterLock

__all__ = ["Entry", "Head", "Ledger"]

_READ = "SELECT seq, kind, key, body, digest FROM entries WHERE seq >= ? ORDER BY seq LIMIT ?"
_BATCH = 256  # rows per read: no statement stays open between reads, so a slow reader never holds up the writer


class Ledger:
    """A ledger file, open for reading or for appending; a context manager.

    Attributes:
        path: the file as the caller named it.
        head: as of `open`, the latest `append` or the latest `verify`, whichever came last.
    """

    def __init__(self, path: Path, lock: WriterLock | None, *, durable: bool) -> None:
        """For `create` and `open` only, which say what is raised; `lock` is the ledger's once this returns."""
        self.path = path
        self.head = Head(0, BEFORE_ALL)
        self._lock = lock
        self._refusal = "" if lock else "was opened for reading; open it with writable=True to append"
        self._db: sqlite3.Connection | None = None
        try:
            self._db = sql.connect(path)
            self._cursor = self._db.cursor()  # one for all appends
            sql.check_format(self._db, path)
            self.head = self._last()
            if lock:
                self.verify()  # nothing is ever appended to a record that does not hold, nor is its file touched
                sql.tune_writer(self._db, path, durable=durable)
            else:
                self._db.execute("PRAGMA query_only = ON")
        except BaseException as error:
            self._disconnect()
            if isinstance(error, sql.FAULTS):
                raise sql.explain(error, path) from error
            raise

    @classmethod
    def create(cls, path: Path, genesis: bytes, *, durable: bool = False) -> Self:
        """Start a ledger whose entry 0 (kind "genesis", key "") has the body `genesis`, and open it for appending.

        Args:
            path: a file that does not exist yet, in a folder that does.
            genesis: UTF-8 text, what this record is about.
            durable: sync each append to the disk.

        Raises:
            LedgerError: the file exists, its folder does not or cannot be written, or another process is at it.
            InputError: `genesis` is not UTF-8.
        """
        first = (0, GENESIS, "", body_text(genesis), digest_of(BEFORE_ALL, 0, GENESIS.encode(), b"", genesis))
        return cls._take(path, first, durable=durable)

    @classmethod
    def open(cls, path: Path, *, writable: bool = False, durable: bool = False) -> Self:
        """Open an existing ledger; for appending it is verified first and taken for this process alone.

        Raises:
            LedgerError: missing, a folder, empty, foreign, of another format, locked, or (`writable`) in use by another
                writer or not writable.
            ChainError: damaged, or (`writable`) its chain does not hold.
        """
        sql.check_file(path)
        return cls._take(path, None, durable=durable) if writable else cls(path, None, durable=False)

    @classmethod
    def _take(cls, path: Path, first: tuple[int, str, str, str, str] | None, *, durable: bool) -> Self:
        """Lock, build the file if there is a `first` entry for it, and open; the lock is let go if any of it fails."""
        lock = WriterLock(path)
        try:
            if first is not None:
                sql.check_free(path)
                sql.build(path, first, durable=durable)
            return cls(path, lock, durable=durable)
        except BaseException:
            lock.release()
            raise

    def append(self, kind: str, key: str, body: bytes) -> Head:
        """Add one entry in one transaction; when this returns, the entry is acknowledged and kept.

        Args:
            kind: what sort of entry, such as "session"; not empty, not "genesis".
            key: what it is about, such as the session "2018-12-31"; keys may repeat.
            body: UTF-8 text (canonical JSON), kept byte for byte.

        Raises:
            InputError: a text cannot be stored; nothing was written, and the ledger goes on.
            LedgerError: opened for reading, closed, the disk is full or failed, or an earlier append failed.
        """
        return self.extend(kind, [(key, body)])[0]

    def extend(self, kind: str, entries: Sequence[tuple[str, bytes]]) -> list[Head]:
        """Add several entries of one kind in one transaction: when this returns, all of them are kept, and none if not.

        Args:
            kind: as for `append`.
            entries: the key and the body of each, in order.

        Returns:
            The head after each.

        Raises:
            InputError: a text cannot be stored; nothing was written, and the ledger goes on.
            LedgerError: as `append`.
        """
        if self._refusal:
            raise LedgerError(f"{self.path} {self._refusal}")
        if not kind or kind == GENESIS:
            raise InputError(f"'{kind}' cannot be the kind of a ledger entry; name one, such as 'session'")
        seq, digest = self.head
        rows, heads = [], []
        for key, body in entries:
            text = body_text(body)
            try:
                digest = digest_of(digest, seq, kind.encode(), key.encode(), body)
            except UnicodeEncodeError as error:
                raise InputError(f"kind {kind!r} or key {key!r} is not valid text; use plain characters") from error
            rows.append((seq, kind, key, text, digest))
            seq += 1
            heads.append(Head(seq, digest))
        if rows:
            self._insert(rows)
            self.head = heads[-1]
        return heads

    def _insert(self, rows: list[tuple[int, str, str, str, str]]) -> None:
        """All rows or none; a single one is a transaction by itself."""
        cursor, alone = self._cursor, len(rows) == 1
        try:
            if not alone:
                cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", rows)
            if not alone:
                cursor.execute("COMMIT")
        except sql.FAULTS as error:
            self._refusal = f"takes no more entries since entry {rows[0][0]} failed ({error}); open it again to go on"
            with contextlib.suppress(sqlite3.Error):
                cursor.execute("ROLLBACK")
            raise sql.explain(error, self.path) from error
        except BaseException:  # an interruption between two rows
            self._refusal = f"takes no more entries since entry {rows[0][0]} was interrupted; open it again to go on"
            with contextlib.suppress(sqlite3.Error):
                cursor.execute("ROLLBACK")
            raise

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """The entries from number `start` (counted from 0) on, in order, each checked against the digest before it.

        Raises:
            ChainError: while iterating, at the first entry that is missing, changed or unreadable.
        """
        return self._walk(start, _BATCH)

    def _walk(self, start: int, batch: int) -> Iterator[Entry]:
        if start < 0:
            raise InputError(f"{self.path} has no entry {start}; count from 0")
        expected, previous = max(start - 1, 0), BEFORE_ALL  # the entry before `start` only lends its digest
        since = expected or -(2**63)  # from the very beginning, lest a row below 0 hide there
        while rows := self._ask(_READ, since, batch):
            for row in rows:
                if row[0] != expected:
                    raise ChainError(f"{self.path}: entry {expected} is missing, {row[0]} is in its place; {REPAIR}")
                if expected >= start:
                    yield linked(self.path, previous, row)
                previous = digest_text(row[4])
                since = expected = expected + 1

    def genesis(self) -> bytes:
        """The body of entry 0."""
        return self.entry(0).body

    def entry(self, seq: int) -> Entry:
        """Entry number `seq`, checked against the digest before it; `InputError` when there is none."""
        for entry in self._walk(seq, 2):
            return entry
        raise InputError(f"{self.path} has no entry {seq}; its last is {self._last().entries - 1}")

    def find(self, key: str) -> list[Entry]:
        """The entries with this key, oldest first, each checked; scans the file, as an index would slow each append."""
        return [self.entry(seq) for (seq,) in self._ask("SELECT seq FROM entries WHERE key = ? ORDER BY seq", key)]

    def verify(self, expected: Head | None = None) -> Head:
        """Check each digest, the file's structure and the database's guards; give the head that was found.

        Args:
            expected: a head this ledger once had, such as `Head.parse` reads from an essay. Only this can show that
                entries were cut off at the end, or that the whole record was written anew.

        Raises:
            ChainError: names the first entry that does not hold, or what else is wrong.
            InputError: `expected` is not a head.
        """
        if expected is not None and (expected.entries < 1 or len(expected.digest) < 16):
            raise InputError(f"'{expected}' is not a ledger head; give a number of entries and 16 digits or more")
        anchors = [self.head, *([expected] if expected else [])]
        head = Head(0, BEFORE_ALL)
        for entry in self.entries():
            head = Head(entry.seq + 1, entry.digest)
            for anchor in anchors:
                if anchor.entries == head.entries and not head.digest.startswith(anchor.digest):
                    raise ChainError(f"{self.path}: entry {entry.seq} makes the head {head}, not {anchor}; {REPAIR}")
        for anchor in anchors:
            if anchor.entries > head.entries:
                raise ChainError(f"{self.path}: entry {head.entries} is missing, it once reached {anchor}; {REPAIR}")
        if self._db is not None and (fault := sql.structure_fault(self._db, self.path)):
            raise ChainError(f"{self.path}: every entry holds, but {fault}; {REPAIR}")
        self.head = head
        return head

    def _last(self) -> Head:
        """The head that the last row states, unchecked."""
        if not (rows := self._ask("SELECT seq, digest FROM entries ORDER BY seq DESC LIMIT 1")):
            raise ChainError(f"{self.path}: entry 0 is missing, nothing is left; {REPAIR}")
        seq, digest = rows[0]
        if not isinstance(seq, int):
            raise ChainError(f"{self.path}: an entry has {seq!r} for its number; {REPAIR}")
        return Head(seq + 1, digest_text(digest))

    def _ask(self, statement: str, *parameters: int | str) -> list[Any]:
        if self._db is None:
            raise LedgerError(f"{self.path} {self._refusal}")
        try:
            return self._db.execute(statement, parameters).fetchall()
        except sql.FAULTS as error:
            raise sql.explain(error, self.path) from error
        except (OverflowError, UnicodeEncodeError):
            return []  # a number beyond 64 bits, a text that is none: nothing stored can match it

    def _disconnect(self) -> None:
        db, self._db, self._refusal = self._db, None, "was closed; open it again"
        if db is not None:
            self._cursor.close()  # or its statement would keep the connection alive, and the journal in its place
            db.close()

    def close(self) -> None:
        """Leave one file, synced to the disk, and let the next writer in; a second call does nothing.

        Raises:
            LedgerError: the disk refused; what was acknowledged is still in the file and its journal.
        """
        lock, self._lock = self._lock, None
        try:
            if self._db is not None and lock:
                sql.close_writer(self._db)
        except sql.FAULTS as error:
            raise sql.explain(error, self.path) from error
        finally:
            self._disconnect()
            if lock:
                lock.release()

    def __enter__(self) -> Self:
        """The open ledger itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; an error that is on its way already is not hidden by one of closing."""
        try:
            self.close()
        except WorkshopError:
            if error is None:
                raise
