"""A run's folder: `run.json`, `ledger.sqlite`, `scores.json`, `report.html`, `essays/`.

Contract: files are written whole (temporary file, fsync, rename), so that a reader never meets half of one.
`scores.json` is a function of the ledger; timings and paths stand in `run.json` only. A folder that holds a ledger is
never overwritten.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.files import clear_parts, write_whole

__all__ = ["LEDGER", "REPORT", "RunFolder", "commit_asked", "versions"]

LEDGER = "ledger.sqlite"
REPORT = "report.html"
_PACKAGES = ("workshop-desk", "numpy", "pandas", "exchange-calendars", "transitions", "orjson")


class RunFolder:
    """Where one run keeps what it made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ledger = path / LEDGER

    @property
    def begun(self) -> bool:
        """Whether a ledger is there; False too where the path cannot be looked at, as `make` then says."""
        return os.path.exists(self.ledger)  # Path.exists raises for a name that is too long or a folder that is closed

    def make(self) -> None:
        """Create the folder; `InputError` when that is not possible."""
        try:
            (self.path / "essays").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot write to the folder {self.path}: {error.strerror}; choose another --out"
            ) from error

    def clear(self) -> None:
        """Remove the beginnings of files that a killed run has left; for the one who holds the ledger's lock."""
        try:
            clear_parts(self.path)
            clear_parts(self.path / "essays")
        except OSError as error:
            raise InputError(
                f"cannot tidy up the folder {self.path}: {error.strerror}; choose another --out"
            ) from error

    def write_json(self, name: str, document: dict[str, Any]) -> None:
        """Write one JSON document, keys sorted, so that equal documents are equal bytes."""
        self._write(self.path / name, json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n")

    def write_essay(self, name: str, text: str) -> Path:
        """Write one essay under `essays/` and return its path."""
        path = self.path / "essays" / name
        self._write(path, text)
        return path

    def write_text(self, name: str, text: str) -> Path:
        """Write one of the run's documents as it is and return its path."""
        self._write(self.path / name, text)
        return self.path / name

    def write_bytes(self, name: str, content: bytes) -> Path:
        """Write a document that is no text, and return its path."""
        path = self.path / name
        self._write(path, content)
        return path

    def remove(self, name: str) -> None:
        """Take one of the run's documents away, if it is there."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"cannot remove {self.path / name}: {error.strerror}; remove it by hand") from error

    def read_json(self, name: str) -> dict[str, Any]:
        """Read one of the run's documents."""
        path = self.path / name
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError(f"{self.path} holds no {name}; give the --out folder of a finished backtest") from None
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path} cannot be read as JSON ({error}); run the backtest again into a new folder"
            ) from error
        if not isinstance(document, dict):
            raise InputError(f"{path} is not a document of a backtest; run it again into a new folder")
        return document

    def _write(self, path: Path, content: str | bytes) -> None:
        try:
            write_whole(path, content.encode() if isinstance(content, str) else content)
        except OSError as error:
            raise InputError(
                f"cannot write {path}: {error.strerror}; free some space or choose another --out"
            ) from error


def versions(commit: str | None) -> dict[str, Any]:
    """What the run was made with: commit, Python, machine type, package versions."""
    return {
        "commit": commit,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def _version(package: str) -> str | None:
    """What `metadata.version` says, without parsing the package's whole description; None when it is not installed."""
    try:
        found = metadata.distribution(package)
        said = re.search(r"^Version:[ \t]*(\S+)", found.read_text("METADATA") or "", re.MULTILINE)
        return said[1] if said else found.version
    except metadata.PackageNotFoundError:
        return None


@contextlib.contextmanager
def commit_asked() -> Iterator[Callable[[], str | None]]:
    """Asks git about the checkout that this code runs from, while the block does something else.

    Yields:
        What gives the answer: the commit, with `+` for local changes; None outside a checkout, or where git fails.
    """
    here = Path(__file__).resolve().parents[1]
    git = None
    if (here / ".git").exists():
        with contextlib.suppress(OSError):
            git = subprocess.Popen(
                ["git", "-C", str(here), "status", "--porcelain=v2", "--branch", "--untracked-files=no"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                # A question must not stand in a commit's way. `git describe --dirty` would lock the index all the same,
                # and whoever is killed with it leaves the lock behind.
                env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            )  # fmt: skip

    def answer() -> str | None:
        if git is None:
            return None
        try:
            said, _ = git.communicate(timeout=10)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None
        return _commit(said) if git.returncode == 0 else None

    try:
        yield answer
    finally:
        if git is not None:
            if git.poll() is None:
                git.terminate()  # not kill: what it holds it may put away
            git.communicate()


def _commit(status: str) -> str | None:
    """The commit of a checkout, by `git status`; None before the first one."""
    head = re.search(r"^# branch\.oid ([0-9a-f]+)$", status, re.MULTILINE)
    changed = any(line and not line.startswith("#") for line in status.splitlines())
    return head[1] + "+" * changed if head else None
