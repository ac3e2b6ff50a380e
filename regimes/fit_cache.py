"""Fits that were made before, by the digest of all that decides them.

Contract: a cached fit is the very fit that would be made again, so a run gives the same readings with a full cache, an
empty one or none. A file appears whole or not at all. One that is damaged is put aside by making the fit anew; that,
and a folder that cannot be written, is told in `notices` and never stops a run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.files import write_whole

__all__ = ["FitCache", "digest"]

_MEMORY: dict[str, list[Any]] = {}


def digest(settings: dict[str, Any], returns: Sequence[float]) -> str:
    """SHA-256 of the settings of a fit and of the numbers it is made from."""
    found = hashlib.sha256(json.dumps(settings, sort_keys=True).encode() + b"\n")
    found.update(np.array(returns, "<f8").tobytes())
    return found.hexdigest()


class FitCache:
    """JSON documents by key: files in a folder, or the memory of this process where there is none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = None if folder is None else folder / "regimes"
        self.notices: list[str] = []

    def get(self, key: str) -> list[Any] | None:
        """The document under `key`; None when there is none, or none that can be trusted."""
        if self._folder is None:
            return _MEMORY.get(key)
        path = self._path(self._folder, key)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            document = stored["fit"]
            if stored["check"] != _check(key, document) or not isinstance(document, list):
                raise ValueError
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            self._tell(f"the cached fit {path} was damaged and has been made anew")
            return None
        return document

    def put(self, key: str, document: list[Any]) -> None:
        """Keep a document; what is not possible is told and left."""
        if self._folder is None:
            _MEMORY[key] = document
            return
        text = json.dumps({"check": _check(key, document), "fit": document}) + "\n"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(self._folder, key), text.encode())
        except OSError as error:
            self._tell(f"fits cannot be kept in {self._folder} ({error.strerror}); they are made anew in each run")

    def _tell(self, notice: str) -> None:
        if notice not in self.notices:
            self.notices.append(notice)

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / f"{key[:32]}.json"


def _check(key: str, document: object) -> str:
    """Ties a document to its key, so that neither a changed digit nor a renamed file passes."""
    return hashlib.sha256(f"{key} {json.dumps(document)}".encode()).hexdigest()
