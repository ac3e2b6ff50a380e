"""Laws of the ledger: equal inputs give equal bytes, in any order and any process, and however often a run is cut."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from backtest.replay import first_session
from backtest.run import load_market, run_backtest
from backtest.settings import Settings
from engine.errors import InputError
from engine.ledger import Ledger
from engine.sources.base import Loaded
from engine.universe import Universe
from scenarios import Scenario, read_scenario
from scenarios.source import ScenarioSource, run_of
from scenarios.strategies import SMALL
from tests.laws.lawbook import PAIRS, TARGETS, law, live_worlds
from tests.runs import ROOT

MINDS = ("macro", "flow", "contrarian")
RUNS = live_worlds(max_sessions=12)


class Left(NamedTuple):
    """What a run leaves behind."""

    head: str
    bodies: tuple[bytes, ...]
    scores: bytes


class Killed(Exception):
    """A run that was ended half way."""


class Shuffled:
    """A scenario whose bars are handed over in another order."""

    name = "scenario"

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.source, self.chance = ScenarioSource(scenario), random.Random(seed)

    def load(self, universe: Universe, until: date | None) -> Loaded:
        """The same bars."""
        loaded = self.source.load(universe, until)
        order = sorted(loaded.bars)
        self.chance.shuffle(order)
        return loaded._replace(bars={symbol: loaded.bars[symbol] for symbol in order})


def asked(scenario: Scenario) -> Settings:
    """Settings of a run through a drawn world; one whose first or last day is dark is refused, and passed over."""
    _, start, end = run_of(scenario)
    settings = Settings("scenario", SMALL, start, end, MINDS, TARGETS, essays=0, pairs=PAIRS)
    try:
        first_session(load_market(ScenarioSource(scenario), settings)[0], settings)
    except InputError:
        assume(False)
    return settings


def go(scenario: Scenario, out: Path, source: Any = None, kill: int = 0, resume: bool = False) -> Left:
    """One run; `kill` ends it after so many sessions."""

    def told(done: int, sessions: int, day: str) -> None:
        if done == kill:
            raise Killed

    run_backtest(asked(scenario), source or ScenarioSource(scenario), out, resume=resume, progress=told)
    return left(out)


def left(out: Path) -> Left:
    with Ledger.open(out / "ledger.sqlite") as ledger:
        return Left(str(ledger.verify()), tuple([entry.body for entry in ledger.entries()]), scores(out))


def scores(out: Path) -> bytes:
    return (out / "scores.json").read_bytes()


@law(8, 100)
@given(RUNS, st.integers(0, 99))
def test_the_order_of_what_comes_in(scenario: Scenario, seed: int) -> None:
    """Two runs with the same bars in any order end in the same ledger head and the same scores."""
    with tempfile.TemporaryDirectory() as folder:
        one = go(scenario, Path(folder, "one"))
        assert go(scenario, Path(folder, "two"), Shuffled(scenario, seed)) == one


@law(10, 150)
@given(RUNS, st.data())
def test_resuming(scenario: Scenario, data: st.DataObject) -> None:
    """A run that is cut after any session, and again, resumes to the bytes of one that was not."""
    with tempfile.TemporaryDirectory() as folder:
        whole = go(scenario, Path(folder, "whole"))
        out, sessions = Path(folder, "cut"), len(whole.bodies) - 1
        for cut in data.draw(st.lists(st.integers(1, sessions), min_size=1, max_size=2), label="cuts"):
            try:
                go(scenario, out, kill=cut, resume=out.exists())
            except Killed:
                with Ledger.open(out / "ledger.sqlite") as ledger:
                    kept = [entry.body for entry in ledger.entries()]
                assert kept == list(whole.bodies[: len(kept)]) and len(kept) >= cut + 1
        assert go(scenario, out, resume=True) == whole


@law(1, 12)
@given(
    st.lists(RUNS, min_size=3, max_size=3), st.sampled_from(["0", "1", "4242"]), st.sampled_from(["UTC", "Asia/Tokyo"])
)
def test_other_processes(scenarios: list[Scenario], seed: str, zone: str) -> None:
    """Another process, with another hash seed and time zone, writes the same ledgers."""
    found = [head(scenario) for scenario in scenarios]
    code = "import sys, tests.conftest; from tests.laws.test_ledger_and_resume import heads; heads(sys.stdin.read())"
    env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps([repr(scenario) for scenario in scenarios]),
        cwd=ROOT, env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == found


def head(scenario: Scenario) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return go(scenario, Path(folder, "run")).head


def heads(texts: str) -> None:
    """Print the ledger heads of some scenarios: what the other process runs."""
    print(json.dumps([head(read_scenario(text)) for text in json.loads(texts)]))
