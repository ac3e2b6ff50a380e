"""docs/scenarios.md against the code: every key, type and default, every preset, and every example runs."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from scenarios import build, find_scenario, library, read_scenario
from scenarios.expect import CLAUSES, Timed
from scenarios.fields import rows
from scenarios.model import FAULTS, Fault, History, Jumps, News, Scenario, ScriptedDay, Segment
from scenarios.presets import PRESETS
from tests.runs import ROOT, main

DOC = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
TABLES = [
    [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in block.splitlines()[2:]]
    for block in re.findall(r"(?:^\|.*\n)+", DOC, flags=re.M)
]
TIMED = [item.name for item in dataclasses.fields(Timed)]


def described(cls: type, *, skip: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    return [(f"`{row.name}`", row.words, row.default, row.about) for row in rows(cls) if row.name not in skip]


@pytest.mark.parametrize("cls", [Scenario, History, Segment, Jumps, ScriptedDay, News, Fault, Timed])
def test_every_key_stands_in_its_table(cls: type) -> None:
    assert described(cls) in TABLES


def test_every_clause_stands_in_the_table() -> None:
    assert [row for cls in CLAUSES.values() for row in described(cls, skip=tuple(TIMED))] in TABLES


def test_presets_and_faults_stand_in_theirs() -> None:
    numbers = {
        tuple(cells[:3]) for table in TABLES for cells in table if cells[0].strip("`") in PRESETS
    }  # fmt: skip
    assert numbers == {(f"`{name}`", f"{preset.drift:g}", f"{preset.volatility:g}") for name, preset in PRESETS.items()}
    assert [f"`{kind}`" for kind in FAULTS] in [[cells[0] for cells in table] for table in TABLES]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOC, flags=re.M | re.S)


def test_the_examples_are_scenarios_and_programs() -> None:
    (example,) = blocks("toml")
    assert len(build(read_scenario(example)).days) == 60
    for program in blocks("python"):  # of our own document
        names: dict[str, Any] = {}
        exec(program, names)
        for name, item in names.items():
            if name.startswith("test_"):
                item()


@pytest.mark.parametrize("line", "".join(blocks("sh")).splitlines())
def test_the_commands_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line)
    assert words[0] == "workshop"
    ran = main(*words[1:])
    assert ran.code == 0, ran.err


def test_the_library_stands_in_its_table() -> None:
    assert [(f"`{name}`", find_scenario(name).title) for name in library()] in TABLES


def test_the_run_that_is_shown_is_what_is_printed() -> None:
    (shown,) = blocks("text")
    assert main("scenario", "run", "good-friday").err.endswith(shown)


def test_links_lead_somewhere() -> None:
    assert [link for link in re.findall(r"\]\(([^)]+)\)", DOC) if not (ROOT / "docs" / link).exists()] == []
