"""Read a scenario: a TOML text or file to a `Scenario`, refused in one sentence where it is not one.

Contract: nothing but `InputError` comes out, whatever the text; its message names the file and the place in it. What
is accepted obeys every bound of the schema, and its parts fit together (`scenarios.checks`).
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import InputError
from scenarios.checks import check
from scenarios.fields import read_table
from scenarios.model import Scenario

__all__ = ["read_file", "read_scenario"]

_LARGEST = 1_000_000
"""Characters of a file."""


def read_scenario(text: str, *, name: str = "scenario") -> Scenario:
    """Read the text of a scenario file.

    Args:
        text: TOML.
        name: the file, for messages.

    Raises:
        InputError: it is not TOML, or breaks the schema of docs/scenarios.md.
    """
    if len(text) > _LARGEST:
        raise InputError(f"{name} has {len(text):,} characters; a scenario has at most {_LARGEST:,}")
    scenario: Scenario = read_table(Scenario, _parsed(text, name), f"{name}:")
    check(scenario, name)
    return scenario


def read_file(path: str) -> Scenario:
    """Read a scenario file; see `read_scenario`.

    Raises:
        InputError: it does not exist, is not UTF-8 text, or is no scenario.
    """
    if not os.path.isfile(path):  # Path.is_file raises for a name that is too long
        raise InputError(f"the scenario file {path} does not exist; give a path to a .toml file")
    try:
        with Path(path).open("rb") as file:
            raw = file.read(4 * _LARGEST + 1)
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"the scenario file {path} is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"the scenario file {path} cannot be read: {error.strerror}; check it") from None
    return _beside(Path(path), read_scenario(text.replace("\r\n", "\n"), name=Path(path).name))


def _beside(path: Path, scenario: Scenario) -> Scenario:
    """The scenario with the folder of its history, if it has one, told from here rather than from its own file."""
    history = scenario.history
    if history is None or not history.source.startswith("csv:"):
        return scenario
    folder = path.parent / history.source.removeprefix("csv:")  # an absolute one stays as it is
    return replace(scenario, history=replace(history, source=f"csv:{folder}"))


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{name} is nested too deeply; a scenario has tables in lists and no more") from None
    except ValueError as error:  # TOMLDecodeError, or an int of thousands of digits
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{name} is not valid TOML: {reason}; mend that line") from None
