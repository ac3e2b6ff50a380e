"""docs/arms.md tells the truth: its command runs, and its table names the keys of a real run and no others."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from backtest.evidence import ENOUGH
from minds.synthesis import EDGE
from tests.runs import ROOT, main

TEXT = (ROOT / "docs" / "arms.md").read_text(encoding="utf-8")


def test_its_command_leaves_the_arms_that_it_describes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = re.findall(r"^```sh\n(.*?)\n```", TEXT, flags=re.M | re.S)
    monkeypatch.chdir(tmp_path)
    ran = main(*shlex.split(line.replace("1999-01-04", "2018-06-01"))[1:])
    assert ran.code == 0, ran.err
    assert "What each part is worth" in ran.err
    run = json.loads((tmp_path / "runs" / "sample" / "run.json").read_text(encoding="utf-8"))
    assert run["adviser"] is None
    arms = json.loads((tmp_path / "runs" / "sample" / "scores.json").read_text(encoding="utf-8"))["arms"]
    rows = re.findall(r"^\| (`.*?) \|", TEXT, flags=re.M)
    named = [set(re.findall(r"`(\w+)`", cell)) for cell in rows]
    steps = {name for name, row in arms.items() if row["stage"] == "step"}
    keys = set().union(*(row.keys() for row in arms.values()))
    assert set().union(*named) == steps | {"adviser"} | keys
    assert {name.partition(":")[0] for name in arms if ":" in name} == {"mind", "baseline", "without"}
    assert all(row["says"].endswith(".") for row in arms.values())


def test_its_numbers_are_those_of_the_code() -> None:
    assert f"base rate + {EDGE:.2f} × lean" in TEXT and f"e-value of {ENOUGH:.0f} on" in TEXT
