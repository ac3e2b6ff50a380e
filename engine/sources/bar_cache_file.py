"""The file behind `engine.sources.bar_cache`: how it is made, how it is known again, and what its errors mean.

Contract: a store appears at its path whole or not at all. A file that is damaged or not ours raises `DataError` and is
left untouched; one that cannot be opened, written or waited for raises `InputError`; each in one sentence that names
the file.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.errors import DataError, InputError, WorkshopError

__all__ = ["create", "damaged", "open_store", "sentences"]

SYNCHRONOUS = "FULL"  # what was added is on the disk, whatever happens to the power; it is rare and worth the wait
WAIT_SECONDS = 30.0  # another run holds the file only while it appends one symbol

_APPLICATION = 0x574B4243  # "WKBC" in the file's header: `file` and this module tell it from any other database
_FORMAT = 1
_TABLES = {
    # One row for each append: a row for each bar takes ten times as long to read. `data` holds the numbers as bytes
    # (engine.sources.bar_cache says how), `digest` covers all of the symbol's bars up to here.
    "bars": "id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, "
    "count INTEGER NOT NULL, data BLOB NOT NULL, digest TEXT NOT NULL",
    "changes": "id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, kind TEXT NOT NULL, day TEXT NOT NULL, "
    "field TEXT NOT NULL, old REAL, new REAL",
    "answers": "id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, session TEXT NOT NULL, final INTEGER NOT NULL, "
    "problem TEXT NOT NULL, currency TEXT NOT NULL, zone TEXT NOT NULL",
}
_NO_ACCESS = ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PERM")


def open_store(file: Path) -> sqlite3.Connection:
    """Open the store in `file` in autocommit, after making an empty one where nothing is."""
    with sentences(file):
        if not os.path.lexists(file):
            create(file)
        if file.is_file() and file.stat().st_size == 0:
            raise damaged(file, "is empty")
        db = sqlite3.connect(file, isolation_level=None, timeout=WAIT_SECONDS)
        try:
            db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
            _check(db, file)
        except BaseException:
            db.close()
            raise
    return db


def create(file: Path) -> None:
    """Make an empty store appear at `file`, by linking a finished one; another run's, if it was first, stands."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{file.name}-new-", dir=file.parent)
    os.close(handle)
    draft = Path(name)
    try:
        with contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as db:
            db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
            db.execute("BEGIN")
            db.execute(f"PRAGMA application_id = {_APPLICATION}")
            db.execute(f"PRAGMA user_version = {_FORMAT}")
            for table, columns in _TABLES.items():
                db.execute(f"CREATE TABLE {table} ({columns})")
                db.execute(f"CREATE INDEX {table}_by_symbol ON {table} (symbol, id)")
                for verb in ("UPDATE", "DELETE"):
                    db.execute(
                        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                        "BEGIN SELECT RAISE(ABORT, 'the cache is append-only'); END"
                    )
            db.execute("COMMIT")
        try:
            os.link(draft, file)  # unlike a rename, never over the file of a run that was first
        except FileExistsError:
            pass
        except OSError:
            os.replace(draft, file)  # a file system without links
    finally:
        draft.unlink(missing_ok=True)


def _check(db: sqlite3.Connection, file: Path) -> None:
    """Refuse what is no store of this format."""
    pragmas = ("application_id", "user_version", "page_size", "page_count")
    application, version, page, pages = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas)
    if application != _APPLICATION:
        raise DataError(
            "this is a database of another program, not a cache of bars",
            where=str(file),
            fix="choose another folder for the cache, or move that file away",
        )
    if version != _FORMAT:
        raise damaged(file, f"has cache format {version}, this Workshop reads {_FORMAT}")
    if file.stat().st_size < page * pages:  # SQLite reads zeros where the last page was cut, and goes on
        raise damaged(file, "was cut short")
    found = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not found.issuperset(_TABLES):
        raise damaged(file, f"has lost its table {min(_TABLES.keys() - found)}")


def damaged(file: Path, what: str) -> DataError:
    """The error for a store that cannot be trusted."""
    fix = "move that file away or delete it, and everything is fetched afresh"
    return DataError(f"the cache {what}", where=str(file), fix=fix)


@contextlib.contextmanager
def sentences(file: Path) -> Iterator[None]:
    """Turn what SQLite, the system, or a value of the wrong kind in the file raises into one sentence."""
    try:
        yield
    except WorkshopError:
        raise
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")  # absent where Python itself raised it
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise InputError(f"another run holds the cache {file}; wait until it ends and run again") from error
        if name.startswith(_NO_ACCESS):
            raise _refused(file, str(error)) from error
        raise damaged(file, f"is damaged or not a cache ({error})") from error
    except OSError as error:
        raise _refused(file, error.strerror or str(error)) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise damaged(file, f"is damaged ({error})") from error


def _refused(file: Path, reason: str) -> InputError:
    return InputError(
        f"the cache {file} cannot be opened or written ({reason}); check its permissions and the space on its disk, "
        "or choose another folder for the cache"
    )
