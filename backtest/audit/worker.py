"""A process of its own for some runs: nothing of other runs is in its memory, and its surroundings can be others.

Contract: `start` sends a job to a new interpreter and `Running.result` waits for what it found. Jobs and answers go by
pickle through a folder that belongs to the two alone. Models and minds are given the signals and readings of the whole
run, so that what moves has moved by itself. A job that cannot be sent, or a child that dies, raises `InputError`.
"""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from backtest.audit import reach
from backtest.audit.seen import Reading, Seen, Signals, look, signals_of
from backtest.audit.subject import Cast, Subject
from backtest.audit.trial import Whole
from engine.errors import InputError
from engine.market import Market
from engine.signals.columns import Columns
from engine.signals.spec import SignalSpec, ValueAndZ

__all__ = ["Answer", "Outcome", "Run", "Running", "Surroundings", "run_until", "start", "work"]

Names = frozenset[tuple[str, str]]
"""(kind, name) of signals, models and minds."""

_NEEDED = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT", "WORKSHOP_MINDS", "WORKSHOP_REGIMES")
_BEGIN = """
import sys
sys.path[:] = {path!r}
from backtest.audit import clock
if {later!r} or {still!r}:
    clock.install({later!r}, still={still!r})
from backtest.audit.worker import work
work({folder!r})
"""


class Surroundings(NamedTuple):
    """What may differ between processes and must not matter.

    Attributes:
        hash_seed: decides the order of sets of texts.
        zone: time zone, empty for the parent's.
        later: seconds by which the clock is put forward.
        still: whether the clock stands.
        bare: whether the environment is reduced to what is needed, and the current folder is an empty one.
        seed: seed of the common random generators before each run; None leaves them alone.
        watch: whether to note what is reached for.
    """

    hash_seed: int = 0
    zone: str = ""
    later: float = 0.0
    still: bool = False
    bare: bool = False
    seed: int | None = None
    watch: bool = False


class Run(NamedTuple):
    """A run.

    Attributes:
        market: its history, which goes apart from the rest; None once it has been taken out.
        window: sessions on which models and minds are asked.
        signals: what models and minds are given, without declarations.
        told: readings for the minds, by session.
    """

    market: Market | None
    window: range
    signals: Signals
    told: Mapping[int, Reading]


class Outcome(NamedTuple):
    """What one run found: its own signals (their declarations by name only), readings and views."""

    signals: Signals
    seen: Seen


class Answer(NamedTuple):
    """All that a child sends back; `reached` says who reached for what."""

    outcomes: list[Outcome]
    reached: dict[tuple[str, str], list[str]]


class _Job(NamedTuple):
    subject: Subject
    runs: tuple[Run, ...]
    only: Names | None
    seed: int | None
    watch: bool


@dataclass
class Running:
    """A child at work."""

    process: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]

    def result(self) -> Answer:
        """Wait for it.

        Raises:
            InputError: it failed.
        """
        try:
            _, told = self.process.communicate()
            if self.process.returncode:
                lines = told.decode(errors="replace").strip().splitlines() or ["no word"]
                raise InputError(f"the audit's own process ended with {lines[-1]}; see that each plug-in loads by name")
            found: Answer = _read(self.folder.name, "answer")
            return found
        finally:
            self.stop()

    def stop(self) -> None:
        """End it, whatever it does, and clean up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.folder.cleanup()


def run_until(whole: Whole, sessions: int) -> Run:
    """The first `sessions` sessions of the real history, with what the whole run said in them."""
    market = whole.market if sessions == whole.market.size else whole.market.cut(sessions)
    given = replace(whole.signals.until(sessions), specs=())
    told = {at: reading for at, reading in whole.told().items() if at < sessions}
    return Run(market, range(whole.window.start, sessions), given, told)


def start(subject: Subject, runs: Sequence[Run], around: Surroundings, only: Names | None = None) -> Running:
    """Begin a job in a process of its own.

    Args:
        subject: who is run.
        runs: the runs, one after another, each with minds and models of its own.
        around: the surroundings.
        only: who takes part; None for everybody.

    Raises:
        InputError: what is audited cannot be sent.
    """
    folder = tempfile.TemporaryDirectory(prefix="workshop-audit-")
    try:
        bare = tuple(run._replace(market=None) for run in runs)
        _write(folder.name, "job", _Job(subject, bare, only, around.seed, around.watch))
        for number, run in enumerate(runs):
            _write(folder.name, f"market{number}", run.market)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        folder.cleanup()
        raise InputError(f"what is audited cannot be sent to a process ({error}); define it in a module") from error
    path = [item or os.getcwd() for item in sys.path]
    code = _BEGIN.format(path=path, later=around.later, still=around.still, folder=folder.name)
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=_environment(around, folder.name),
        cwd=folder.name if around.bare else None, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    return Running(process, folder)


def _environment(around: Surroundings, folder: str) -> dict[str, str]:
    found = {name: os.environ[name] for name in _NEEDED if name in os.environ} if around.bare else dict(os.environ)
    if around.bare:
        found |= {"HOME": folder, "USERPROFILE": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "USER": "nobody"}
    found["PYTHONHASHSEED"] = str(around.hash_seed)
    if around.zone:
        found["TZ"] = around.zone
    return found


def work(folder: str) -> None:
    """The child's part: read the job, do it, write the answer."""
    job: _Job = _read(folder, "job")
    if job.watch:
        reach.watch()
    outcomes = []
    for number, run in enumerate(job.runs):
        market: Market = _read(folder, f"market{number}")  # only now: what comes later must not be in memory before
        if job.seed is not None:
            random.seed(job.seed)
            np.random.seed(job.seed)
        outcomes.append(_outcome(job, market, run))
    _write(folder, "answer", Answer(outcomes, reach.reached()))


def _outcome(job: _Job, market: Market, run: Run) -> Outcome:
    def wanted(kind: str, name: str) -> bool:
        return job.only is None or (kind, name) in job.only

    cast = job.subject.cast()
    specs = job.subject.specs(market.universe, cast)
    own = signals_of(market, [_noted(spec) for spec in specs if wanted("signal", spec.name)])
    taking_part = Cast(
        tuple(mind for mind in cast.minds if wanted("mind", mind.name)),
        tuple(model for model in cast.models if wanted("regime", model.name)),
    )
    given = replace(run.signals, specs=specs)
    seen = look(taking_part, job.subject.targets, market, given, run.window, told=run.told)
    return Outcome(replace(own, specs=tuple(_named(spec) for spec in own.specs)), seen)


def _named(spec: SignalSpec) -> SignalSpec:
    """The declaration without its function, which may not be sent."""
    return spec._replace(make=_unmade)


def _unmade(columns: Columns) -> ValueAndZ:
    raise NotImplementedError("a declaration from another process")


def _noted(spec: SignalSpec) -> SignalSpec:
    """The signal, with a note of its name while it is made."""

    def make(columns: Any) -> ValueAndZ:
        reach.now("signal", spec.name)
        try:
            return spec.make(columns)
        finally:
            reach.now("", "")

    return spec._replace(make=make)


def _write(folder: str, name: str, item: object) -> None:
    with (Path(folder) / name).open("wb") as file:
        pickle.dump(item, file, pickle.HIGHEST_PROTOCOL)


def _read(folder: str, name: str) -> Any:
    with (Path(folder) / name).open("rb") as file:
        return pickle.load(file)
