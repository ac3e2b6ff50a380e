"""`workshop minds new`: a small installable package with a mind that works, for the user to change.

Contract: writes four files into one folder and nothing else; a file that is there is never overwritten, and when one
cannot be written none is left behind. What it writes is what the README teaches (a test compares the two).
"""

from __future__ import annotations

import keyword
import os
import re
import shlex
from pathlib import Path

from desk.show import console, print_json
from engine.errors import InputError
from minds.registry import taken_names

__all__ = ["new"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_RANGE = "--start 2010-01-04 --end 2018-12-31"
_IMPORTED = ("Abstention", "Contribution", "View")

_MIND = '''from minds import Abstention, Contribution, View


class {title}:
    """Leans with the last month."""

    name = "{name}"

    def view(self, snapshot, reading, target):
        signal = f"{{target.role}}.ret_21d"
        z = snapshot.z(signal)
        if z is None:
            return Abstention(self.name, target.key, snapshot.why_missing(signal))
        lean = max(-1.0, min(1.0, z / 2))
        month = Contribution(signal, lean, snapshot.value(signal), "the month goes on")
        return View(self.name, target.key, lean, (month,))
'''

_PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{package}"
version = "0.1"

[project.entry-points."workshop.minds"]
{name} = "{module}:{title}"

[tool.hatch.build.targets.wheel]
include = ["{module}.py"]
"""

_TEST = """import pytest
from minds.checks import each_check

from {module} import {title}


@pytest.mark.parametrize("check", each_check({title}))
def test_{name}(check):
    check()
"""

_README = """# {package}

A mind for Workshop, called `{name}`. It leans with the last month; make it lean with what you know, in `{module}.py`.

```sh
pip install -e .
workshop minds list
workshop minds check {name}
workshop backtest --minds macro,{name} --start 2010-01-04 --end 2018-12-31 --out runs/{name}
pytest
```

The checks tell what a mind may not do: see the future, fail on missing data, let a headline move a number.
"""


def new(name: str, folder: str | None, *, as_json: bool) -> None:
    """Write the package of a mind called `name` into `folder`, without one into `NAME-mind`.

    Raises:
        InputError: the name cannot be a mind's or is taken, a file is there already, or the folder cannot be written.
    """
    words = _words(name)
    home = Path(words["package"] if folder is None else folder)
    files = {
        "pyproject.toml": _PROJECT,
        f"{words['module']}.py": _MIND,
        f"test_{words['module']}.py": _TEST,
        "README.md": _README,
    }
    _write(home, {file: text.format(**words) for file, text in files.items()})
    if as_json:
        print_json({"name": name, "folder": str(home), "files": sorted(files)})
        return
    screen, where = console(), shlex.quote(str(home))
    screen.print(f"Wrote {home}: {', '.join(files)}", soft_wrap=True)
    screen.print(f"Install it:  pip install -e {where}", soft_wrap=True)
    screen.print(f"Check it:    workshop minds check {name}", soft_wrap=True)
    screen.print(f"Grade it:    workshop backtest --minds macro,{name} {_RANGE} --out runs/{name}", soft_wrap=True)


def _words(name: str) -> dict[str, str]:
    """The mind's name as each file needs it."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot be the name of a mind; use up to 30 small letters, digits and underscores, a letter "
            "first, as in momentum"
        )
    title = "".join(part.capitalize() for part in name.split("_"))
    if keyword.iskeyword(name) or keyword.iskeyword(title) or title in _IMPORTED:
        raise InputError(f"{name!r} means something else in Python or in the mind's own file; choose another name")
    if name in taken_names():
        raise InputError(f"a mind called {name!r} is installed already; choose another name, or uninstall that one")
    return {"name": name, "title": title, "module": f"{name}_mind", "package": f"{name.replace('_', '-')}-mind"}


def _write(home: Path, files: dict[str, str]) -> None:
    there = [name for name in files if os.path.lexists(home / name)]  # Path.exists raises for a name that is too long
    if there:
        raise InputError(f"{home} already holds {', '.join(there)}; choose another --dir, nothing was written")
    written = []
    try:
        home.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with (home / name).open("x", encoding="utf-8", newline="\n") as file:
                written.append(home / name)
                file.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise InputError(f"cannot write to the folder {home}: {error.strerror}; choose another --dir") from error
