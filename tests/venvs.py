"""Virtual environments of their own, outside the checkout: what a user's looks like after `pip install` of Workshop.

Contract: nothing is fetched. An environment sees the packages of the one that runs the tests and the code under test;
what is installed into it lands in it alone. Commands run in a folder that is not the checkout.
"""

from __future__ import annotations

import os
import site
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import desk
from tests.runs import Ran

__all__ = ["Venv"]

_CODE = Path(str(desk.__file__)).resolve().parents[1]


class Venv:
    """One environment in `folder`, made on the spot, whose commands run in `folder / "home"`."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        self.python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        (own,) = (folder / "venv").glob("lib/python3*/site-packages")
        shared = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()])
        lines = [str(_CODE), *(f"import site; site.addsitedir({entry!r})" for entry in shared)]
        (own / "shared.pth").write_text("\n".join([*lines, ""]), encoding="utf-8")

    def run(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Ran:
        """Python with `arguments`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
        found = subprocess.run(
            [str(self.python), *map(str, arguments)],
            cwd=self.home, capture_output=True, text=True, check=False, env={**kept, **(env or {})},
        )  # fmt: skip
        return Ran(found.returncode, found.stdout, found.stderr)

    def install(self, *what: str | Path) -> None:
        """`pip install` without network, build isolation and dependencies: all of these are there."""
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "-q"]
        pip = [sys.executable, "-m", "pip", "--python", self.python, "install", *options, *what]
        done = subprocess.run([str(word) for word in pip], cwd=self.home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def workshop(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> Ran:
        """The command line."""
        return self.run("-c", "from desk.cli import main; main()", *arguments, env=env)
