"""One writer at a time: an operating-system lock beside the ledger.

Contract: it never waits, reads no process number, and does not trust the mere existence of a file. Raises `LedgerError`
when another process writes, and when the folder is missing or cannot be written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from engine.errors import LedgerError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["WriterLock"]

_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # how the systems say that somebody else has the lock


class WriterLock:
    """The right to append to the ledger at `path`: a lock on the file `PATH-lock`, held until `release`.

    The lock ends with its process, so a killed writer blocks nobody; the file it leaves means nothing by itself.
    SQLite's own lock cannot serve: it is free between two appends, where another writer would slip in.
    """

    def __init__(self, path: Path) -> None:
        real = path.resolve()
        if not os.path.isdir(real.parent):  # unlike Path.is_dir, it never raises
            raise LedgerError(f"{path} cannot be written: {path.parent} is not a folder; create that folder first")
        self._file = real.with_name(f"{real.name}-lock")
        try:
            while not self._try():
                pass
        except OSError as error:
            if error.errno in _TAKEN and error.filename is None:  # a refusal of the lock, not of the file
                problem, fix = "is in use by another process", "wait for it or choose another --out"
            else:
                problem, fix = f"cannot be written ({error.strerror})", "choose an --out that can be written"
            raise LedgerError(f"{path} {problem}; {fix}") from error

    def _try(self) -> bool:
        """Lock the file; False if its last holder deleted it meanwhile, for then the lock guards nothing."""
        fd = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(fd)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(fd), self._file.stat()):
                    self._fd = fd
                    return True
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
        return False

    def release(self) -> None:
        """Delete the file, then let go: the other way round, the next holder's file would be deleted."""
        with contextlib.suppress(OSError):  # Windows keeps open files; an empty lock file does no harm
            self._file.unlink()
        os.close(self._fd)


def _lock(fd: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
