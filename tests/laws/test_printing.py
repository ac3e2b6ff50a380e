"""A law that fails prints its world, ready to be saved and run; `make properties` prints the counts that were made."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from scenarios import read_scenario
from tests.runs import ROOT, main

FALSE = '''
"""Laws that do not hold."""
from hypothesis import given, strategies as st
from tests.laws.lawbook import law, ran
from scenarios.strategies import worlds

@law(30, 30)
@given(worlds(warm_up=0, max_sessions=6, max_days=1, max_events=1))
def test_no_feed_ever_fails(scenario):
    """Every role has a bar on every session."""
    run = ran(scenario)
    assert not any("no bar" in gate.reason or "no close" in gate.reason for each in run.records for gate in each.gates)

@law(30, 30)
@given(st.integers())
def test_that_holds(number):
    """A number is itself."""
    assert number == number
'''


def test_the_suite_prints_a_failing_world_as_a_file_to_run(tmp_path: Path) -> None:
    (tmp_path / "test_false.py").write_text(FALSE, encoding="utf-8")
    world, run = tmp_path / "world.toml", tmp_path / "run"
    plugins = ["-p", "tests.conftest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    options = ["--hypothesis-profile=long", "--hypothesis-seed=1", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *options, str(tmp_path / "test_false.py")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    told = "\n".join(line.removeprefix("E").removeprefix("   ") for line in done.stdout.splitlines() if line[:1] == "E")
    text = re.search(r'^ *(title = "invented".*?)^ *,$', told, flags=re.M | re.S)
    assert text is not None, told
    lines = "\n".join(line.strip() for line in text[1].splitlines())
    scenario = read_scenario(lines)
    assert scenario.faults and scenario.sessions <= 3, "shrunk"
    world.write_text(lines, encoding="utf-8")
    ran = main("backtest", "--data", f"scenario:{world}", "--out", run, "--essays", "none")
    assert ran.code == 0, ran.err
    assert re.search(r"^ +30 +test_false.py::test_that_holds$", done.stdout, flags=re.M), done.stdout
    assert re.search(r" in all, 0 of 2 laws are state machines$", done.stdout, flags=re.M)
