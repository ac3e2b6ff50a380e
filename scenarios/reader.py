"""Read a scenario: a TOML text or file to a `Scenario`, refused in one sentence where it is not one.

Contract: nothing but `InputError` comes out, whatever the text; its message names the file and the place in it. What
is accepted obeys every bound of the schema, and its parts fit together (`scenarios.checks`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scenarios.checks import check
from scenarios.fields import read_table
from scenarios.model import Scenario
from scenarios.toml_text import file_text, parsed

__all__ = ["read_file", "read_scenario"]


def read_scenario(text: str, *, name: str = "scenario") -> Scenario:
    """Read the text of a scenario file.

    Args:
        text: TOML.
        name: the file, for messages.

    Raises:
        InputError: it is not TOML, or breaks the schema of docs/scenarios.md.
    """
    scenario: Scenario = read_table(Scenario, parsed(text, name, "scenario"), f"{name}:")
    check(scenario, name)
    return scenario


def read_file(path: str) -> Scenario:
    """Read a scenario file; see `read_scenario`.

    Raises:
        InputError: it does not exist, is not UTF-8 text, or is no scenario.
    """
    return _beside(Path(path), read_scenario(file_text(path, "scenario"), name=Path(path).name))


def _beside(path: Path, scenario: Scenario) -> Scenario:
    """The scenario with the folder of its history, if it has one, told from here rather than from its own file."""
    history = scenario.history
    if history is None or not history.source.startswith("csv:"):
        return scenario
    folder = path.parent / history.source.removeprefix("csv:")  # an absolute one stays as it is
    return replace(scenario, history=replace(history, source=f"csv:{folder}"))
