"""The console script's way in: it says what the command line says, and `--version` costs nothing but Python itself.

What must not be loaded is read from the process itself, so that no clock is needed.
"""

from __future__ import annotations

import importlib.metadata
import json

import pytest

from tests.runs import Ran, command, main

SCRIPT = "from desk.entry import main; main()"
LOADED = """
import json, sys
before = set(sys.modules)
from desk.entry import main
main()
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def script(*arguments: str) -> Ran:
    return command(*arguments, code=SCRIPT)


def test_version_is_what_is_installed_and_what_the_command_line_says() -> None:
    ran = script("--version")
    assert ran == main("--version") == Ran(0, f"workshop, version {importlib.metadata.version('workshop-desk')}\n", "")


def test_version_loads_only_our_own_first_modules() -> None:
    said, loaded = command("--version", code=LOADED).out.splitlines()
    assert said.startswith("workshop, version ")
    assert set(json.loads(loaded)) <= {"desk", "desk.entry", "engine", "engine.version"}


@pytest.mark.parametrize("arguments", [["--version", "--help"], ["--help"], [], ["--versio"], ["minds", "--version"]])
def test_everything_else_is_the_command_line_s(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    assert script(*arguments) == command(*arguments)


def test_an_interruption_while_the_command_line_is_loaded() -> None:
    code = (
        "import builtins, desk.entry\nload = builtins.__import__\n"
        "def interrupted(name, *rest):\n"
        "    if name == 'desk.cli':\n        raise KeyboardInterrupt\n"
        "    return load(name, *rest)\n"
        "builtins.__import__ = interrupted\ndesk.entry.main()"
    )
    assert command("backtest", code=code) == Ran(130, "", "workshop: interrupted before anything was begun\n")
