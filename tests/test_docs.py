"""Every command and example in the documents is run.

Contract: a block that is neither run here nor named here with a reason fails the test, so that a new example cannot rot
unseen.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minds.baseline import BASELINES
from tests.runs import ROOT, main

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.M | re.S)
SHORT = {"2002-01-02": "2018-06-01", "1999-01-04": "2018-06-01", "1994-01-03": "2012-01-03"}
"""Long ranges start later here: what an example shows does not depend on how many years it takes."""


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def commands() -> list[list[str]]:
    lines = [line for name in ("console", "sh") for text in blocks(name) for line in text.splitlines()]
    return [shlex.split(line.replace(".venv/bin/", "")) for line in lines if line.strip()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a newcomer's: a finished run of the sample, and prices of their own."""
    folder = tmp_path_factory.mktemp("newcomer")
    run = ["backtest", "--start", "2018-06-01", "--end", "2018-12-31", "--out", str(folder / "runs" / "sample")]
    assert main(*run).code == 0
    (folder / "prices").mkdir()
    for symbol, ours in {"_GSPC": "SPY", "_IXIC": "QQQ", "_VIX": "_VIX"}.items():
        shutil.copy(ROOT / "engine" / "data" / "sample" / f"{symbol}.csv.gz", folder / "prices" / f"{ours}.csv.gz")
    return folder


def test_every_block_is_of_a_kind_that_is_run_or_read() -> None:
    assert {name for name, _ in BLOCKS} <= {"console", "sh", "python", "toml", ""}
    assert {words[0] for words in commands()} <= {"make", "workshop"}


@pytest.mark.parametrize("words", [words for words in commands() if words[0] == "workshop"], ids=" ".join)
def test_commands_of_the_readme_run(words: list[str], desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    ran = main(*[SHORT.get(word, word) for word in words[1:]])
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("target", [words[1] for words in commands() if words[0] == "make"])
def test_make_targets_of_the_readme_exist(target: str) -> None:
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_plug_in_of_the_readme_installs_and_is_graded(tmp_path: Path) -> None:
    """The tutorial as it stands: two files, one install, then the mind is listed, asked and graded."""
    (code,), (project,) = blocks("python"), blocks("toml")
    (tmp_path / "momentum_mind.py").write_text(code, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*install, "--target", str(site), str(tmp_path)], check=True, capture_output=True)
    listed = json.loads(_run(site, "minds", "list", "--json"))
    assert [item["name"] for item in listed] == ["macro", "flow", "contrarian", *BASELINES, "momentum"]
    out = ["--start", "2018-06-01", "--end", "2018-12-31", "--out", str(tmp_path / "run"), "--essays", "none"]
    scores = json.loads(_run(site, "backtest", "--minds", "macro,momentum", *out, "--json"))
    assert scores["minds"]["momentum"]["views"] > 200
    assert scores["minds"]["momentum"]["n"] > 200


def _run(site: Path, *arguments: str) -> str:
    """The command line in a process of its own that also sees the plug-in."""
    code = f"import sys; sys.path.insert(0, {str(site)!r}); from desk.cli import main; main({list(arguments)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout
