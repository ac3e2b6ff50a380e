"""Kills of a backtest at any moment, and what resuming makes of it: `python -m tests.kills 100`.

Contract: every run is the command line's, in a process of its own that is forked from a warm one, so that its life is
the work and not the start of Python. Half of the campaign is by the clock: moments are spread evenly over that life,
from the reading of options to the last file, and a run may be killed several times before it is left alone. The other
half goes through the steps of a life: a run is killed right before each thing that it does to a file of its folder, for
some last so short that no clock meets them. What counts is the folder in the end: the same files with the same bytes as
those of a run that nobody killed.

Two things may differ: the timings in `run.json`, and two counters in the header of the database file that SQLite
advances whenever a file is opened for writing ("file change counter" and "version-valid-for", bytes 24 and 92 of
its documented format). Every page of the ledger has to be the same.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from engine.ledger import Ledger
from tests.runs import Prices, calm_bars, write_folder, write_universe

__all__ = ["Found", "campaign", "steps"]

SESSIONS, FIRST, LAST = 230, 120, 219
STAGES = ("loading", "making the folder", "sessions", "closing", "scores", "report", "last steps")
MOST_KILLS = 4
_TOUCHES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "sqlite3.connect", "sqlite3.connect/handle")
"""Events of Python's audit at which a file is made, opened, renamed or removed."""


class Found(NamedTuple):
    """What a campaign has found.

    Attributes:
        chains: runs that were killed at least once and then resumed to the end.
        kills: how many kills there were.
        stages: how many of them fell into each part of a run's life.
        different: what was wrong, a line for each chain that did not end in the same bytes.
        seconds: an undisturbed life.
    """

    chains: int
    kills: int
    stages: dict[str, int]
    different: list[str]
    seconds: float


class _Scene:
    """A drawn market on the disk, the command that runs through it, and what an undisturbed run leaves."""

    def __init__(self, place: Path, sessions: int) -> None:
        for name in ("backtest.report.write", "backtest.trading", "desk.backtest", "desk.cli", "minds.template"):
            importlib.import_module(name)  # or every child would import them anew
        bars = calm_bars(71, SESSIONS)
        days = Prices(bars).sessions[FIRST : FIRST + sessions]
        write_universe(place / "world.toml")
        write_folder(place / "data", bars)
        self.place, self.out, self.entries = place, place / "out", sessions + 1
        self._arguments = [
            "backtest", "--data", f"csv:{place / 'data'}", "--universe", str(place / "world.toml"), "--start",
            days[0], "--end", days[-1], "--essays", "3", "--trade", "--resume", "--out",
        ]  # fmt: skip
        lives = [self._life(place / f"whole-{n}") for n in range(3)]
        self.whole, self.seconds = state(place / "whole-0"), sorted(lives)[1]
        assert state(place / "whole-1") == self.whole, "two runs that nobody killed differ"

    def _life(self, out: Path) -> float:
        began = time.perf_counter()
        code = _wait(self.start(out))
        assert code == 0, f"a run that nobody killed ended with exit code {code}"
        return time.perf_counter() - began

    def start(self, out: Path | None = None, cache: str = "cache", last_step: int = 0) -> int:
        """Run the command in a child of its own; its number."""
        child = os.fork()
        if child:
            return child
        code = 70
        try:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            os.environ["WORKSHOP_CACHE"] = str(self.place / cache)
            os.environ["GIT_DIR"] = os.devnull  # the commit may change under a campaign, and runs say it
            if last_step:
                _die_before(last_step, str(self.out))
            from desk.cli import main

            main([*self._arguments, str(out or self.out)])
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:
            os._exit(code)

    def stage(self) -> tuple[str, int]:
        """How far the killed run had come, and how many entries it had kept; seen in a copy, which reading may mend."""
        if not self.out.exists():
            return "loading", 0
        entries, probe = 0, self.place / "probe"
        shutil.copytree(self.out, probe)
        if (probe / "ledger.sqlite").exists():
            with Ledger.open(probe / "ledger.sqlite") as ledger:
                entries = ledger.verify().entries
        shutil.rmtree(probe)
        if not entries:
            return "making the folder", 0
        if entries < self.entries:
            return "sessions", entries
        made = [(self.out / name).exists() for name in ("scores.json", "run.json", "report.html")]
        return ("closing", "scores", "report", "last steps")[sum(made)], entries

    def resumed(self) -> str:
        """Run to the end and take the folder away; what is wrong with it, if anything is."""
        code = _wait(self.start())
        now, whole = state(self.out), self.whole
        shutil.rmtree(self.out)
        if not code and now == whole:
            return ""
        names = sorted(name for name in whole.keys() | now.keys() if whole.get(name) != now.get(name))
        return f"exit code {code}, {', '.join(names) or 'the same files'}"


def campaign(chains: int, seed: int = 1) -> Found:
    """Kill and resume so many runs, by the clock."""
    chance = random.Random(seed)
    stages, different, kills = Counter[str](), [], 0
    with tempfile.TemporaryDirectory() as scratch:
        scene = _Scene(Path(scratch), LAST - FIRST + 1)
        for chain in range(chains):
            moment = (chain + chance.random()) / chains * scene.seconds  # the first kills cover the life evenly
            wanted, landed, kept = chance.randint(1, MOST_KILLS), 0, 0
            while landed < wanted:
                child = scene.start(cache="cache" if chain % 2 else f"cache-{chain}")
                time.sleep(moment)
                os.kill(child, signal.SIGKILL)  # nobody has waited for it, so the number is still its own
                if _wait(child) == -signal.SIGKILL:
                    landed += 1
                    stage, entries = scene.stage()
                    stages[stage] += 1
                    if entries < kept:
                        different.append(f"chain {chain}: {kept} entries were kept, then {entries}")
                    kept = max(kept, entries)
                    moment = chance.random() * scene.seconds
                elif landed:
                    break
                else:  # it was faster than its kind
                    shutil.rmtree(scene.out)
                    moment, scene.seconds = 0.7 * moment, 0.7 * scene.seconds
            kills += landed
            if wrong := scene.resumed():
                different.append(f"chain {chain}: {wrong}")
        return Found(chains, kills, {stage: stages[stage] for stage in STAGES}, different, scene.seconds)


def steps(stride: int = 1) -> Found:
    """Kill a run right before each thing that it does to a file of its folder (each `stride`-th), and resume it."""
    stages, different, kills = Counter[str](), [], 0
    with tempfile.TemporaryDirectory() as scratch:
        scene = _Scene(Path(scratch), 12)
        for step in itertools.count(1, stride):
            if _wait(scene.start(last_step=step)) != -signal.SIGKILL:
                break
            kills += 1
            stages[scene.stage()[0]] += 1
            if wrong := scene.resumed():
                different.append(f"step {step}: {wrong}")
        return Found(kills, kills, {stage: stages[stage] for stage in STAGES}, different, scene.seconds)


def state(out: Path) -> dict[str, bytes]:
    """Every file and folder of a run with its bytes, less what may differ."""
    found = {}
    for path in out.rglob("*"):
        text = b"" if path.is_dir() else path.read_bytes()
        if path.name == "run.json":
            text = json.dumps({**json.loads(text), "timings": None}, sort_keys=True).encode()
        if path.name == "ledger.sqlite":
            text = text[:24] + text[28:92] + text[96:]
        found[str(path.relative_to(out))] = text
    return found


def _wait(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _die_before(step: int, folder: str) -> None:
    """Have this process killed right before the so-many-th thing that it does to a file of the folder."""
    left = step

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in _TOUCHES and any(str(name).startswith(folder) for name in arguments):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(heard)


def main() -> None:
    """Run a campaign and say what came of it."""
    chains = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    wrong = 0
    for what, found in (("at moments of the clock", campaign(chains)), ("before each step on a file", steps())):
        print(f"{found.chains} runs ({found.seconds:.2f} s undisturbed), {found.kills} kill -9 {what}:")
        for stage, n in found.stages.items():
            print(f"  {n:4} while {stage}")
        for line in found.different:
            print(line)
        print(f"{found.chains - len(found.different)} of {found.chains} resumed to the same bytes in every file")
        wrong += len(found.different)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
