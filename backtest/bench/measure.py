"""Times, ratios and peaks of memory of child processes and of functions, and the figures that they make.

Contract: a figure names what was set against what, and its goal is held or not by the median. Child processes get the
environment of this one without what changes how Python starts, and each command runs once unmeasured, so that its files
are at hand and its bytecode is compiled.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

__all__ = ["Child", "Figure", "Spread", "alternately", "child", "ratios", "spread", "timed"]

T = TypeVar("T")
_KEPT = {"PYTHONPATH", "PYTHONPYCACHEPREFIX"}
_WATCH = """
import os, sys, time
nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
began = time.perf_counter()
_, status, used = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[nowhere]), 0)
print(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A small process starts the one that is measured: a child's peak of memory begins at what its parent holds."""


class Spread(NamedTuple):
    """Smallest, median and largest of some measurements."""

    min: float
    median: float
    max: float

    def __str__(self) -> str:
        least, middle, most = (f"{x:,.0f}" if abs(x) >= 100.0 else f"{x:.3g}" for x in self)
        return f"{middle} ({least} to {most})"


class Figure(NamedTuple):
    """One line of the table.

    Attributes:
        name: for machines.
        what: for people.
        measured: None where it could not be measured; `what` then says why.
        goal: what the median should be, None without a goal.
        at_least: whether more is better.
    """

    name: str
    what: str
    measured: Spread | None
    goal: float | None = None
    at_least: bool = False

    @property
    def held(self) -> bool | None:
        """Whether the median is what it should be; None where there is nothing to say."""
        if self.goal is None or self.measured is None:
            return None
        return self.measured.median >= self.goal if self.at_least else self.measured.median <= self.goal


class Child(NamedTuple):
    """What a process took.

    Attributes:
        seconds: from start to end.
        processor: seconds of processor time, of all its threads.
        mebibytes: the most memory that it held at once.
    """

    seconds: float
    processor: float
    mebibytes: float


def child(command: Sequence[str]) -> Child:
    """Run a command and say what it took.

    Raises:
        RuntimeError: it failed; the text is what it said.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name in _KEPT}
    watch = [sys.executable, "-I", "-S", "-c", _WATCH, *command]
    ran = subprocess.run(watch, env=kept, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(f"{command[0]} ended with {ran.returncode}: {ran.stderr[-1000:]}")
    seconds, processor, most = map(float, ran.stdout.split())
    return Child(seconds, processor, most / (2**20 if sys.platform == "darwin" else 2**10))


def timed(work: Callable[[], object]) -> float:
    """Seconds that a function took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def alternately(ways: Sequence[Callable[[], T]], rounds: int) -> list[list[T]]:
    """Each way once unmeasured, then all of them in turn, `rounds` times; per way what its calls gave, in order."""
    for way in ways:
        way()
    found: list[list[T]] = [[] for _ in ways]
    for _ in range(rounds):
        for kept, way in zip(found, ways, strict=True):
            kept.append(way())
    return found


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Of what was measured side by side, pair by pair."""
    return spread([one / other for one, other in zip(ours, theirs, strict=True)])


def spread(values: Sequence[float]) -> Spread:
    """Smallest, median and largest."""
    return Spread(min(values), statistics.median(values), max(values))
