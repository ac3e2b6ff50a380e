"""Files that appear whole or not at all.

Contract: a reader meets the old content or the new, never half of either, whenever the writer dies; several threads and
processes may write at the same time. What the system refuses is an `OSError`, for the caller to put into words.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

__all__ = ["clear_parts", "write_whole"]

_PART = ".part-"


def write_whole(path: Path, content: bytes, *, sync_folder: bool = False) -> None:
    """Write a file in a folder that exists: beside it first, then onto the disk, then under its name.

    Args:
        path: the file.
        content: all of it.
        sync_folder: whether its new name, too, has to survive a power cut as soon as this returns; that is one more
            wait for the disk.

    Raises:
        OSError: it cannot be written; nothing of it is left.
    """
    part = path.parent / f"{_PART}{os.getpid()}-{threading.get_ident()}"
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if sync_folder:
        _sync(path.parent)


def clear_parts(folder: Path) -> None:
    """Remove what killed writers have left in a folder into which nobody is writing now.

    Raises:
        OSError: a file cannot be removed, or the folder cannot be read.
    """
    for part in folder.glob(f"{_PART}*"):
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Put a folder's list of names onto the disk; systems that cannot do this do without."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
