"""`--trade`: off unless asked for, in the scores, on the terminal and in the document that explains it."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from desk.trading import accounts
from tests.runs import ROOT, main

DOC = (ROOT / "docs" / "trading.md").read_text(encoding="utf-8")
RANGE = ("--start", "2018-07-02", "--end", "2018-12-31", "--essays", "none", "--no-report")


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Scores of a run of the sample with accounts."""
    out = tmp_path_factory.mktemp("trade") / "run"
    assert main("backtest", *RANGE, "--out", out, "--trade", "--cost", "7").code == 0
    found: dict[str, Any] = json.loads((out / "scores.json").read_text())
    return found


def test_nothing_else_changes(scores: dict[str, Any], tmp_path: Path) -> None:
    assert main("backtest", *RANGE, "--out", tmp_path / "plain").code == 0
    plain = json.loads((tmp_path / "plain" / "scores.json").read_text())
    assert plain == {key: value for key, value in scores.items() if key != "trading"}
    assert scores["trading"]["rule"]["cost_bp"] == 7.0


def test_each_account_is_told_beside_holding_and_fits_the_screen(scores: dict[str, Any]) -> None:
    screen = Console(file=io.StringIO(), width=80)
    for part in accounts(scores["trading"]):
        screen.print(part)
    assert isinstance(screen.file, io.StringIO)
    told = screen.file.getvalue()
    assert "…" not in told
    assert max(map(len, told.splitlines())) <= 80
    for target, row in scores["trading"]["targets"].items():
        held, both, long = told[told.index(f"{target} ") :].splitlines()[:3]
        for line, name in ((held, "buy_and_hold"), (both, "long_short"), (long, "long_only")):
            assert f"{row[name]['annual_return']:+.1%}" in line
            assert f" {row[name]['sharpe']:.2f} " in line
            assert f" {row[name]['psr']:.2f} " in line


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    for options, said in ((("--cost", "5"), "add --trade"), (("--trade", "--cost", "-1"), "cost of -1.0 basis points")):
        ran = main("backtest", *RANGE, "--out", tmp_path / "run", *options)
        assert ran.code == 2
        assert said in ran.err
        assert not (tmp_path / "run").exists()


def keys(document: dict[str, Any]) -> set[str]:
    """Every key that is no name of a target, a trial or a baseline."""
    found = set()
    for key, value in document.items():
        found.add(key)
        if key == "targets":
            for row in value.values():
                found |= keys(row)
        elif isinstance(value, dict):
            names = key in ("sharpe", "baselines")
            for part in value.values() if names else [value]:
                found |= keys(part) if isinstance(part, dict) else set()
    return found


def test_the_document_names_every_key(scores: dict[str, Any]) -> None:
    explained = set(re.findall(r"`([a-z_]+(?:\.[a-zA-Z_]+)*)`", DOC))
    explained |= {part for name in explained for part in name.split(".")}
    assert keys(scores["trading"]) <= explained


@pytest.mark.parametrize("line", re.findall(r"^workshop .*$", DOC, flags=re.M))
def test_its_commands_run(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = main(*[{"2015-01-02": "2018-11-01"}.get(word, word) for word in shlex.split(line)[1:]])
    assert ran.code == 0, ran.err
    assert "Accounts from the next close on" in ran.err
