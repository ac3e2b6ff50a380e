"""What the ledger asks of SQLite: the schema and its guards, making, opening and closing a file, what an error means.

Contract: nothing here knows the hash chain (`engine.ledger` does). A file that is not ours is never changed. Each
function that touches a file raises `LedgerError` (missing, locked, foreign, full) or `ChainError` (damaged);
`explain` turns whatever SQLite raises into one of the two, so that none escapes.

The guards live in the database, so that no other program can edit a record by accident either: a row is never updated
or deleted, and the only row that may be inserted is the next one. They are triggers that run *before* the statement,
which is why INSERT OR REPLACE and upserts are refused too, whatever the caller's `recursive_triggers` says. Somebody
who drops the triggers first can still edit; then the chain tells.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import sys
from pathlib import Path

from engine.errors import ChainError, LedgerError, WorkshopError

__all__ = [
    "FAULTS",
    "build",
    "check_file",
    "check_format",
    "check_free",
    "close_writer",
    "connect",
    "explain",
    "structure_fault",
    "tune_writer",
]

APPLICATION_ID = 0x574B4C47  # "WKLG" in the file header: `file` and this module tell a ledger from any other database
SCHEMA_VERSION = 2
BUSY_SECONDS = 5.0  # how long a statement waits for another program's short lock; the writer lock never waits

# Measured over 4 to 64 KiB: an append of 1 to 3 KB writes the fewest bytes to the journal with pages that hold a few of
# them (4 KiB needs leaf, parent and header each time; 32 KiB and more copy and checksum mostly old rows).
PAGE_SIZE = 16384
# A journal of half a megabyte is overwritten in place and stays in the processor's cache; a larger one is slower, since
# the system keeps finding new memory for it. Without fsync a checkpoint costs next to nothing.
CHECKPOINT_PAGES = 64

_TABLE = """CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  digest TEXT NOT NULL
) STRICT"""

_GUARDS = {
    "only_the_next_entry": """CREATE TRIGGER only_the_next_entry BEFORE INSERT ON entries
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), -1) + 1 FROM entries)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: an entry takes the next number'); END""",
    "no_update": """CREATE TRIGGER no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no entry is ever changed'); END""",
    "no_delete": """CREATE TRIGGER no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: no entry is ever deleted'); END""",
}


def _view(name: str, columns: str) -> str:
    """A view with one row per element of the body's array `name`; a body that is not JSON has no rows."""
    fields = ",\n".join(f"  json_extract(item.value, '$.{column}') AS {column}" for column in columns.split())
    source = f"json_each(CASE WHEN json_valid(entries.body) THEN entries.body END, '$.{name}')"
    return f"CREATE VIEW {name} AS SELECT\n  entries.key AS session,\n{fields}\nFROM entries, {source} AS item"


_VIEWS = {
    "claims": _view("claims", "id kind symbol horizon probability low high base_rate reference deadline"),
    "verdicts": _view("verdicts", "id result outcome realised score base_score log_score reason"),
}

_SCHEMA = {"entries": _TABLE, **_GUARDS, **_VIEWS}


def _sidecar(path: Path, suffix: str) -> Path:
    """The file beside `path` whose name ends in `suffix`, such as SQLite's own `-wal`; symbolic links are followed."""
    real = path.resolve()
    return real.with_name(real.name + suffix)


def check_file(path: Path) -> None:
    """Refuse with a `LedgerError` what is plainly no ledger: nothing there, a folder, an empty file."""
    try:
        state = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise LedgerError(f"there is no ledger at {path}; check the path, or start a run that writes one") from None
    except OSError as error:
        raise explain(error, path) from error
    if stat.S_ISDIR(state.st_mode):
        raise LedgerError(f"{path} is a folder, not a ledger; name the file in it, such as {path / 'ledger.sqlite'}")
    if state.st_size == 0:
        raise LedgerError(f"{path} is an empty file, not a ledger; remove it and start again")


def check_free(path: Path) -> None:
    """Refuse with a `LedgerError` to create `path` over a file, or beside a journal that SQLite would play into it."""
    for file in (path.resolve(), _sidecar(path, "-wal"), _sidecar(path, "-journal")):
        if os.path.lexists(file):
            raise LedgerError(f"{file} exists already; resume that run, move the file away or choose another --out")


def check_format(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not a ledger of this format; reads only the header.

    Raises:
        LedgerError: foreign, or written by another version.
        sqlite3.Error: the caller explains it.
    """
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LedgerError(f"{path} is a database of another program, not a Workshop ledger; choose another --out")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA_VERSION:
        way = "upgrade Workshop" if version > SCHEMA_VERSION else "use the Workshop that wrote it"
        raise LedgerError(f"{path} has ledger format {version} and this Workshop reads format {SCHEMA_VERSION}; {way}")


def connect(path: Path, *, mode: str = "rw") -> sqlite3.Connection:
    """Open `path` in autocommit; text comes back as bytes, because a digest covers bytes and damage may not decode.

    Readers use "rw" as well (with `query_only`): SQLite must be allowed to finish what a killed writer left behind.
    It falls back to reading by itself where the file is write-protected.
    """
    if sqlite3.sqlite_version_info < (3, 37):  # STRICT tables
        has = sqlite3.sqlite_version
        raise LedgerError(f"{path} needs SQLite 3.37 or newer and this Python carries {has}; use another Python")
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS)
    db.text_factory = bytes
    return db


def build(path: Path, first: tuple[int, str, str, str, str], *, durable: bool) -> None:
    """Write a complete ledger with its first row at `path`, or nothing: the file appears whole, by a rename.

    Raises:
        LedgerError: it cannot be written.
    """
    fresh = _sidecar(path, "-new")
    try:
        for stale in (fresh, _sidecar(fresh, "-journal")):  # of a killed run: nobody was told that it existed
            stale.unlink(missing_ok=True)
        with contextlib.closing(connect(fresh, mode="rwc")) as db:
            db.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
            db.execute("BEGIN")
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            for statement in _SCHEMA.values():
                db.execute(statement)
            db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", first)
            db.execute("COMMIT")
        fresh.rename(path.resolve())
        if durable and sys.platform != "win32":
            folder = os.open(path.resolve().parent, os.O_RDONLY)
            try:
                os.fsync(folder)  # a rename survives a power cut only once the folder is on the disk
            finally:
                os.close(folder)
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error


def tune_writer(db: sqlite3.Connection, path: Path, *, durable: bool) -> None:
    """Set the journal of a connection that will append.

    A write-ahead log hands each commit to the operating system before `execute` returns, so no death of the process
    loses it, and readers go on reading. `durable` adds an fsync per commit, against loss of power. Without it nothing
    is synced before `close_writer`: syncing at checkpoints only (NORMAL) doubles the cost of an append, and what it
    buys, after a power cut in mid-run, is the beginning of a backtest that can be run again.
    """
    db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != b"wal":
        raise LedgerError(f"{path} is where SQLite cannot keep a write-ahead log; choose an --out on a local disk")
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")


def close_writer(db: sqlite3.Connection) -> None:
    """Bring everything into one file and sync it; a file out of WAL mode can be read from a read-only folder too."""
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA busy_timeout = 0")
    try:
        db.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_BUSY":
            raise
        # A reader has the file open and needs the log: copy and sync what we can, the last reader clears it away.
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")


def structure_fault(db: sqlite3.Connection, path: Path) -> str | None:
    """What is wrong with the file apart from its entries, or None.

    Damaged pages could make SQLite overwrite an entry later, and a missing guard would let others do it. Views and
    tables that people add for themselves are left alone.
    """
    try:
        report = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        rows = db.execute("SELECT name, sql FROM sqlite_schema WHERE tbl_name IN ('entries', 'claims', 'verdicts')")
        found = dict(rows.fetchall())
    except FAULTS as error:
        raise explain(error, path) from error
    if report != b"ok":
        return f"its pages are damaged ({report.decode(errors='replace')})"
    for name, sql in _SCHEMA.items():
        stored = found.pop(name.encode(), None)
        if stored != sql.encode():
            return f"the database's '{name}' {'is missing' if stored is None else 'was changed'}"
    strangers = sorted(name.decode(errors="replace") for name in found)
    return f"'{strangers[0]}' was added to its table" if strangers else None


_IN_USE = ("is in use by another process", "wait for it or choose another --out")
_NO_ACCESS = ("cannot be opened or written", "check the permissions of file and folder, or choose another --out")
# What a statement can raise: damage may also reach Python as an error text or column name that is no UTF-8, or as a
# size that no memory holds.
FAULTS = (sqlite3.Error, UnicodeDecodeError, MemoryError)
_CAUSES = {  # the beginning of SQLite's name for the error: what is wrong, what to do
    "SQLITE_NOTADB": ("is not a Workshop ledger", "choose another --out or move that file away"),
    "SQLITE_BUSY": _IN_USE,
    "SQLITE_LOCKED": _IN_USE,
    "SQLITE_FULL": ("cannot grow, what was acknowledged is kept", "free space on the disk and resume"),
    "SQLITE_IOERR": ("cannot be read or written, what was acknowledged is kept", "check the disk and resume"),
    "SQLITE_READONLY": _NO_ACCESS,
    "SQLITE_CANTOPEN": _NO_ACCESS,
    "SQLITE_CONSTRAINT": ("was changed by another program", "verify it, then open it again"),
}


def explain(error: Exception, path: Path) -> WorkshopError:
    """The sentence for one of `FAULTS` or an `OSError`: a `ChainError` for damage, else a `LedgerError`."""
    if isinstance(error, OSError):
        return LedgerError(f"{path} {_NO_ACCESS[0]} ({error.strerror}); {_NO_ACCESS[1]}")
    name = getattr(error, "sqlite_errorname", "")  # absent where Python itself raised it
    if name.startswith("SQLITE_CORRUPT") or isinstance(error, UnicodeDecodeError):
        return ChainError(f"{path} is damaged ({error}); restore it from a copy, or rebuild it by a new run")
    for start, (problem, fix) in _CAUSES.items():
        if name.startswith(start):
            return LedgerError(f"{path} {problem} ({error}); {fix}")
    return LedgerError(f"{path} cannot be used as a ledger ({error}); verify it, or choose another --out")
