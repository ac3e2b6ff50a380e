"""docs/audit.md tells the truth: its commands run, and its example is what the audit prints about its mind."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from backtest.audit.findings import Test
from tests.runs import ROOT, main
from tests.shelf import put_up

TEXT = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, flags=re.M | re.S)
COMMANDS = [line for name, text in BLOCKS if name == "sh" for line in text.splitlines()]
QUICK = {"--dates": "1", "--start": "1953-08-03", "--end": "1953-12-31"}


def quick(words: list[str]) -> list[str]:
    """The command with fewer dates and a shorter range; what it shows does not depend on how much it tries."""
    for option, value in QUICK.items():
        if option in words:
            words[words.index(option) + 1] = value
        elif option == "--dates" or "--data" not in words:
            words += [option, value]
    return words + ([] if "--regime" in words else ["--regime", "rules"])


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_run(command: str) -> None:
    program, *words = shlex.split(command)
    assert program == "workshop"
    ran = main(*quick(words))
    assert ran.code == 0, ran.err


def test_the_example_is_what_the_audit_says_of_its_mind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = [text for name, text in BLOCKS if name == "python"]
    (shown,) = [text for name, text in BLOCKS if text.startswith("FOUND")]
    with put_up(tmp_path, monkeypatch) as shelf:
        shelf.put("peek", code)
        ran = main("audit", "--mind", "peek", "--regime", "rules", "--start", "2018-10-01", "--end", "2018-12-31",
                   "--dates", "1")  # fmt: skip
    assert ran.code == 1
    assert shown in ran.err


def test_every_test_has_its_line_in_the_table() -> None:
    told = re.findall(r"^\| `(\w+)` \|", TEXT, flags=re.M)
    assert told == list(get_args(Test))


def test_its_declaration_is_one_that_the_audit_reads() -> None:
    (line,) = [text for _, text in BLOCKS if text.startswith("expanding")]
    found: dict[str, dict[str, str]] = {}
    exec(line, found)
    assert found["expanding"] == {"mymind.signal": "a base rate over all of history"}
