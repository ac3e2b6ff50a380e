"""Checks that an answer depends on what was asked and on nothing else: no order, no memory, no surroundings."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from engine.errors import told
from minds.checks.failed import CheckFailed, Skipped, compare
from minds.checks.globals import restored, shared
from minds.checks.otherwise import another_process, other_surroundings
from minds.checks.trial import ASKED, TARGETS, Answers, Trial, answers
from minds.protocol import ask

__all__ = [
    "deterministic",
    "leaves_things_alone",
    "other_surroundings_same_answers",
    "picklable",
    "same_in_another_process",
    "stateless",
]


def deterministic(trial: Trial) -> None:
    """The same snapshot gives the same answer: asked twice, and asked of another object."""
    mind = trial.mind()
    for at in ASKED:
        snapshot, reading = trial.stage.snapshot(at), trial.stage.readings[at]
        first = {(at, target.key): ask(mind, snapshot, reading, target) for target in TARGETS}
        again = {(at, target.key): ask(mind, snapshot, reading, target) for target in TARGETS}
        compare(trial, first, again, when="asked again at once", todo="take out whatever is random or counts calls")
    compare(
        trial, trial.ordinary, answers(trial.mind(), trial.stage), when="of a new object",
        todo="take out what is random, and what is kept in the class or the module",
    )  # fmt: skip
    compare(
        trial, trial.ordinary, trial.ordinary | trial.ahead(mind), when="with its evidence weighed ahead, as in a run,",
        todo="leave `table` and the name as they are from one call to the next",
    )  # fmt: skip


def stateless(trial: Trial) -> None:
    """The order of sessions and of targets changes nothing, nor does what was asked before."""
    todo = "let `view` depend on its arguments alone, or key what it keeps by session and target"
    backwards = answers(trial.mind(), trial.stage, ASKED[::-1])
    compare(trial, trial.ordinary, backwards, when="with the sessions in reverse", todo=todo)
    turned = answers(trial.mind(), trial.stage, targets=TARGETS[::-1])
    compare(trial, trial.ordinary, turned, when="with the targets in reverse", todo=todo)
    alone: Answers = {}
    for at in ASKED[-6:]:
        for target in TARGETS:
            alone |= answers(trial.mind(), trial.stage, (at,), (target,))
    compare(trial, trial.ordinary, alone, when="asked about nothing else", todo=todo)


def leaves_things_alone(trial: Trial) -> None:
    """It changes neither what it is given nor what is global."""
    mind = trial.mind()
    with restored():
        answers(mind, trial.stage, ASKED[:1])  # what is imported on first use may set things up once
    for at in ASKED[-6:]:
        snapshot, reading, universe = trial.stage.snapshot(at), trial.stage.readings[at], trial.stage.market.universe
        before = copy.deepcopy((universe, dict(snapshot.absent), reading)), _readings_of(snapshot), shared()
        with restored():
            for target in TARGETS:
                ask(mind, snapshot, reading, target)
            now = (universe, dict(snapshot.absent), reading), _readings_of(snapshot), shared()
        where = f"asked on {snapshot.session} it changed"
        if now[0] != before[0]:
            raise CheckFailed(
                f"{where} the universe, the reading or the reasons that it was given; copy before changing"
            )
        if now[1] != before[1]:
            raise CheckFailed(f"{where} the snapshot; keep what it works out in local variables")
        for name, value in before[2].items():
            if now[2][name] != value:
                raise CheckFailed(
                    f"{where} {name}, which others in the same program use; keep a copy or a generator of its own"
                )


def picklable(trial: Trial) -> None:
    """A pickled copy, made fresh or after use, gives the same answers."""
    mind = trial.mind()
    for when in ("a pickled copy of a new object", "a pickled copy of an object in use"):
        try:
            twin = pickle.loads(pickle.dumps(mind))
        except Exception as error:  # whatever a stranger's attributes raise
            raise CheckFailed(
                f"{when} cannot be made: {told(error)}; define the class at the top of a module, and keep no "
                "functions, files or snapshots in the object"
            ) from error
        compare(
            trial, trial.ordinary, answers(twin, trial.stage), when=f"of {when}",
            todo="let the answers depend on nothing that a pickle leaves behind",
        )  # fmt: skip
        answers(mind, trial.stage, ASKED[-2:])


def other_surroundings_same_answers(trial: Trial) -> None:
    """Another clock, other random seeds and other environment variables change nothing."""
    expected = trial.ordinary  # asked now, so that what is imported on first use is there
    for days in (1, 100, 4000):
        with other_surroundings(trial.mind(), days) as changed:
            found = answers(trial.mind(), trial.stage)
        compare(
            trial, expected, found, when=f"with {changed}",
            todo="take the day from snapshot.session, and let nothing depend on clock, chance or environment",
        )  # fmt: skip


def same_in_another_process(trial: Trial) -> None:
    """Another process with another hash seed, time zone and working folder gives the same answers."""
    try:
        found = another_process(trial.factory)
    except LookupError as error:
        raise Skipped(str(error)) from error
    for (at, key), said in trial.ordinary.items():
        for heard in found:
            if repr(said) != heard[f"{at} {key}"]:
                day = trial.stage.market.calendar.labels[at]
                raise CheckFailed(
                    f"asked about {key} on {day} it said {said!r} here and {heard[f'{at} {key}']} in a process with "
                    "another hash seed, time zone and working folder; sort what comes out of sets, and read no files "
                    "by relative path"
                )


def _readings_of(snapshot: Any) -> list[Any]:
    return [snapshot.session, snapshot.at, snapshot.as_of, snapshot.data, snapshot.values_and_zs(snapshot.names())]
