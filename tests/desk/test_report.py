"""`workshop report`, and every command of docs/report.md."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from backtest.report.answer import answer
from tests.runs import ROOT, main

DOC = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"^```\n(.*?)^```", DOC, flags=re.M | re.S) for line in block.splitlines()]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "run"
    ran = main("backtest", "--start", "2018-10-01", "--end", "2018-12-31", "--out", folder)
    assert ran.code == 0 and f"Open the report:     {folder / 'report.html'}" in ran.err.replace("\n", "")
    return folder


def test_commands_of_the_document_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 3
    made = []
    for line in COMMANDS:
        ran = main(*shlex.split(line.replace("2015-01-02", "2018-06-01"))[1:])
        assert ran.code == 0, ran.err
        made.append((tmp_path / "runs" / "report" / "report.html").read_bytes())
    assert made[0] == made[1]
    assert b"Hansen's SPA" in made[2].replace(b"&#39;", b"'") and b"Hansen" not in made[1]


def test_json_has_the_sentences_and_the_place(run: Path) -> None:
    found = json.loads(main("report", run, "--json").out)
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    assert found == {"answer": list(answer(scores)), "report": str(run / "report.html")}


def test_people_read_the_sentences(run: Path) -> None:
    ran = main("report", run)
    words = " ".join(ran.err.split())
    assert ran.out == "" and words.startswith("On direction, no")
    assert "Open it in a browser:" in words


@pytest.mark.parametrize("where", ["nothing-here", "."])
def test_what_is_no_run_is_refused_in_one_sentence(where: str, tmp_path: Path) -> None:
    ran = main("report", tmp_path / where)
    assert ran.code == 2
    assert ran.err.startswith("workshop: ") and "holds no run" in ran.err and ran.err.count("\n") == 1


def test_a_scenario_that_is_kept_has_a_report(tmp_path: Path) -> None:
    assert main("scenario", "run", "good-friday", "--out", tmp_path / "kept").code == 0
    assert (tmp_path / "kept" / "report.html").stat().st_size > 700_000
