"""docs/minds.md tells the truth: its commands run, its minds pass, its table is the list of checks."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from minds.checks import run_checks
from minds.checks.kit import CHECKS, each_check
from minds.checks.otherwise import class_in_file
from tests.runs import ROOT
from tests.venvs import Venv

TEXT = (ROOT / "docs" / "minds.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, flags=re.M | re.S)
CODE = [text for language, text in BLOCKS if language == "python"]
LINES = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]


def test_every_block_is_run_here() -> None:
    assert {language for language, _ in BLOCKS} == {"sh", "python"}
    assert len(CODE) == 5


def test_the_readme_counts_them() -> None:
    assert "asks nineteen questions" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(CHECKS) == 19


def test_the_table_is_the_list_of_checks() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", TEXT, flags=re.M)
    assert rows == [(name, str(check.__doc__).strip()) for name, check in CHECKS.items()]


@pytest.mark.parametrize(("number", "name"), [(0, "Patience"), (1, "Week")])
def test_its_minds_pass(number: int, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    file = tmp_path / f"minds_doc_{name.lower()}.py"
    file.write_text(CODE[number], encoding="utf-8")
    results = run_checks(class_in_file(file, name))
    assert {result.name: result.told for result in results if result.outcome != "passed"} == {}


def test_its_example_of_expected_failures_names_checks_that_there_are() -> None:
    where: dict[str, object] = {"each_check": each_check}
    exec(CODE[3], where)
    exec(CODE[4], where)  # refuses a name that no check has
    assert set(vars(where["Feeds"])["expected_failures"]) <= set(CHECKS)


@pytest.mark.slow
def test_its_commands_run_in_the_order_of_the_page(tmp_path: Path) -> None:
    venv = Venv(tmp_path)
    for line in LINES:
        words = shlex.split(line.replace("2010-01-04", "2018-06-01"))
        env = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        words = words[len(env) :]
        if words[0] == "pip":
            venv.install(*words[2:])
        else:
            ran = venv.workshop(*words[1:], env=env)
            assert ran.code == 0, (line, ran.err)
            if env:
                assert "momentum" not in ran.err and "flow" in ran.err
    (venv.home / "test_doc.py").write_text(CODE[2], encoding="utf-8")
    ran = venv.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_doc.py")
    assert ran.code == 0 and f"{len(CHECKS)} passed" in ran.out, ran.out
