"""Checks of what a mind is and says: its declaration, its answers one by one, its speed."""

from __future__ import annotations

import math
import re
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from numbers import Real
from typing import Any, NamedTuple

from engine.claims import Target
from engine.errors import told
from engine.signals.table import signal_table
from minds.checks.failed import CheckFailed
from minds.checks.markets import SESSIONS
from minds.checks.trial import ASKED, TARGETS, Trial, plainly, pushed
from minds.protocol import ask, own_signals
from minds.view import Abstention, Contribution, Missing, View

__all__ = ["adds_up", "answers_soundly", "clear_errors", "declared_well", "lean_in_range", "reports_speed"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_LONGEST_LINE = 100


def declared_well(trial: Trial) -> None:
    """It has a short lower-case name, a docstring whose first line says what it does, and sound signals of its own."""
    mind = trial.mind()
    name = getattr(mind, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CheckFailed(
            f"its name is {name!r}; give it a `name` of up to 30 small letters, digits and underscores, a letter first"
        )
    doc = type(mind).__doc__
    line = doc.strip().split("\n")[0].strip() if isinstance(doc, str) else ""
    if not line or len(line) > _LONGEST_LINE:
        raise CheckFailed(
            f"the first line of its docstring has {len(line)} characters; `workshop minds list` shows that line, so "
            f"say there in up to {_LONGEST_LINE} characters what it leans on"
        )
    standard = {spec.name for spec in signal_table(trial.stage.market.universe, [item.symbol for item in TARGETS])}
    for spec in own_signals(mind):
        if spec.name in standard:
            raise CheckFailed(f"its own signal {spec.name!r} has a name of the standard table; choose another name")
        if not spec.reads.strip():
            raise CheckFailed(f"its own signal {spec.name!r} does not say what it `reads`; put it in a few words")


def answers_soundly(trial: Trial) -> None:
    """It answers without failing, with a View or an Abstention on what it was asked, under its own name."""
    mind = trial.mind()
    for where, target, said, _ in _raw(trial):
        if isinstance(said, BaseException):
            raise CheckFailed(
                f"{where} it failed with {told(said)}; return an Abstention with the reason when it cannot speak"
            )
        if not isinstance(said, (View, Abstention)):
            raise CheckFailed(f"{where} it returned {type(said).__name__}; return a View or an Abstention")
        if (said.mind, said.target) != (mind.name, target.key):
            raise CheckFailed(
                f"{where} it answered as {said.mind!r} on {said.target!r}; begin answers with self.name, target.key"
            )
        if not isinstance(said.missing, tuple) or not all(isinstance(item, Missing) for item in said.missing):
            raise CheckFailed(
                f"{where} its `missing` is not a tuple of Missing; write one Missing(signal, reason) each"
            )
        if isinstance(said, Abstention) and not (isinstance(said.reason, str) and said.reason.strip()):
            raise CheckFailed(f"{where} it abstained without a reason; say in a clause why it is silent")


def lean_in_range(trial: Trial) -> None:
    """Every lean is a finite number from -1 to 1."""
    for where, _, said, _ in _raw(trial):
        if isinstance(said, View) and not (_is_finite(said.lean) and -1.0 <= said.lean <= 1.0):
            raise CheckFailed(f"{where} its lean was {said.lean!r}; keep it a finite number from -1 to 1")


def adds_up(trial: Trial) -> None:
    """Contributions are finite and add up to the lean."""
    for where, _, said, _ in _raw(trial):
        if not isinstance(said, View) or not said.contributions:
            continue
        parts: Any = said.contributions
        if not isinstance(parts, tuple) or not all(isinstance(part, Contribution) for part in parts):
            raise CheckFailed(f"{where} its contributions were no tuple of Contribution; make them one")
        for part in parts:
            if not (_is_finite(part.amount) and _is_finite(part.value)):
                raise CheckFailed(
                    f"{where} {part.signal} contributed {part.amount!r} with the value {part.value!r}; both must be "
                    "finite numbers"
                )
            if not (isinstance(part.signal, str) and isinstance(part.reads, str) and part.reads.strip()):
                raise CheckFailed(f"{where} a contribution had no signal or no words; give both as text")
        total = math.fsum(part.amount for part in parts)
        if _is_finite(said.lean) and not abs(total - said.lean) <= 1e-9:
            raise CheckFailed(
                f"{where} its contributions added up to {total:+.6f} and its lean was {said.lean:+.6f}; make the lean "
                "their sum"
            )


def clear_errors(trial: Trial) -> None:
    """What it raises, if anything, becomes an abstention that names the error and says what was wrong."""
    for where, _, said, again in _raw(trial):
        if not isinstance(said, BaseException):
            continue
        if not str(said).strip():
            raise CheckFailed(f"{where} it raised {type(said).__name__} without a text; say in it what was wrong")
        if not isinstance(said, Exception):
            raise CheckFailed(f"{where} it raised {type(said).__name__}, which ends programs; raise an Exception")
        heard = again()
        if not (isinstance(heard, Abstention) and type(said).__name__ in heard.reason):
            raise CheckFailed(
                f"{where} it raised {type(said).__name__} and, asked again, {plainly(heard)}; fail the same way twice"
            )


def reports_speed(trial: Trial) -> str:
    """How long a view takes; reported, never judged."""
    mind = trial.mind()
    stage, rounds = trial.stage, []
    snapshots = [(stage.snapshot(at), stage.readings[at]) for at in ASKED]
    for _ in range(3):
        began = time.perf_counter()
        for snapshot, reading in snapshots:
            for target in TARGETS:
                ask(mind, snapshot, reading, target)
        rounds.append((time.perf_counter() - began) / (len(snapshots) * len(TARGETS)))
    return f"{1e6 * statistics.median(rounds):.1f} microseconds a view"


class _Said(NamedTuple):
    """An answer as it came (or the error), where it was given, and a way to ask the desk's way once more."""

    where: str
    target: Target
    said: Any
    again: Callable[[], View | Abstention]


def _raw(trial: Trial) -> Iterator[_Said]:
    """One mind on every session, and on some with every signal as far out as it can be."""
    mind = trial.mind()
    for words, stage, sessions in (
        ("", trial.stage, range(SESSIONS)),
        (" with every signal at +3 standard deviations", pushed(trial.stage, 3.0), ASKED[-3:]),
        (" with every signal at -3 standard deviations", pushed(trial.stage, -3.0), ASKED[-3:]),
    ):
        for snapshot in stage.each(sessions):
            reading = stage.readings[snapshot.at]
            for target in TARGETS:
                said: Any
                try:
                    said = mind.view(snapshot, reading, target)
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # a stranger's code
                    said = error
                where = f"asked about {target.key} on {snapshot.session}{words}"
                yield _Said(where, target, said, partial(ask, mind, snapshot, reading, target))


def _is_finite(x: object) -> bool:
    return isinstance(x, Real) and not isinstance(x, bool) and math.isfinite(x)
