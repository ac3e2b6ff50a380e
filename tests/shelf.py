"""Distributions as pip leaves them: a module and its `.dist-info`, in a folder on the import path.

Contract: what is put on a shelf is found by entry point like anything that is installed; nothing of it outlives the
test, neither on the path nor among the loaded modules.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["Shelf", "put_up"]

SOUND = '''
class Mind:
    """Reads the tea leaves.

    And more.
    """
    name = "{name}"
    def view(self, snapshot, reading, target):
        raise NotImplementedError
'''


class Shelf:
    """A folder on the import path, with one distribution for each plug-in that is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(
        self, name: str, code: str | None = None, *, attribute: str = "Mind", package: str = "",
        group: str = "workshop.minds", points: str | None = None,
    ) -> None:  # fmt: skip
        """Install a distribution `stranger_PACKAGE` that offers `name`; `points` is its entry_points.txt as a whole."""
        module = f"stranger_{package or name}"
        (self.folder / f"{module}.py").write_text(SOUND.format(name=name) if code is None else code, encoding="utf-8")
        about = self.folder / f"{module}-1.2.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n", encoding="utf-8")
        text = f"[{group}]\n{name} = {module}:{attribute}\n" if points is None else points
        (about / "entry_points.txt").write_text(text, encoding="utf-8")


@contextlib.contextmanager
def put_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A shelf in `folder`, which must exist."""
    monkeypatch.syspath_prepend(str(folder))
    yield Shelf(folder)
    for name in [name for name in sys.modules if name.startswith("stranger_")]:
        del sys.modules[name]
