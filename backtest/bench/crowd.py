"""As many minds as a measurement wants: the built-in ones and copies of them under other names.

Contract: they come in by the door of every plug-in, an entry point of a package that is installed, here in a folder
that is taken away again; so what is measured is an ordinary run. A copy does the work of its original and knows nothing
of it.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from minds.builtin.contrarian import Contrarian
from minds.builtin.flow import Flow
from minds.builtin.macro import Macro

__all__ = ["FOUR", "crowd"]

FOUR = ("macro", "flow", "contrarian", "macro-2")
"""The four minds of the measurement: the built-in ones and one more."""
_BUILT_IN = {"macro": Macro, "flow": Flow, "contrarian": Contrarian}
_MODULE = """
from minds.builtin.{original} import {name}

class Copy({name}):
    name = {called!r}
"""


@contextlib.contextmanager
def crowd(most: int) -> Iterator[None]:
    """While it lasts, each built-in mind `macro` also has copies `macro-2` to `macro-{most}`."""
    with tempfile.TemporaryDirectory() as folder:
        home, points = Path(folder), ["[workshop.minds]"]
        for original, kind in _BUILT_IN.items():
            for at in range(2, most + 1):
                called, module = f"{original}-{at}", f"workshop_bench_{original}_{at}"
                text = _MODULE.format(original=original, name=kind.__name__, called=called)
                (home / f"{module}.py").write_text(text, encoding="utf-8")
                points.append(f"{called} = {module}:Copy")
        about = home / "workshop_bench-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: workshop-bench\nVersion: 1.0\n", encoding="utf-8")
        (about / "entry_points.txt").write_text("\n".join([*points, ""]), encoding="utf-8")
        sys.path.append(folder)
        try:
            yield
        finally:
            sys.path.remove(folder)
