"""The kit finds what is planted, finds nothing in what is sound, and says what to do in one sentence.

The truth is a list of minds that break the contract in one way each (`offenders`).
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import InputError
from minds.builtin.contrarian import Contrarian
from minds.builtin.flow import Flow
from minds.builtin.macro import Macro
from minds.checks import Check, CheckFailed, each_check
from minds.checks.kit import CHECKS
from tests.minds.checks import offenders
from tests.minds.checks.offenders import OFFENDERS, Bars, Own, Sound, Table
from tests.runs import ROOT, command

COSTLY = {
    "another_process", "other_surroundings", "names_what_is_missing", "never_bolder_with_less", "blind_to_the_future",
    "unmoved_by_text", "causal_signals",
}  # fmt: skip
"""Made of an offender only where they should find it; of the sound minds below all are made."""


OTHERS = [name for name in CHECKS if name != "another_process"]
"""A process of its own takes a second, and what it tells does not depend on the kind of mind."""


@pytest.mark.parametrize("check", each_check(Sound))
def test_a_sound_mind_passes(check: Check) -> None:
    check()


@pytest.mark.parametrize("check", each_check(Flow))
def test_flow_passes(check: Check) -> None:
    check()


@pytest.mark.parametrize("mind", [Macro, Contrarian, Own, Bars, Table], ids=lambda mind: mind.name)
def test_minds_of_other_kinds_pass(mind: type) -> None:
    ours = mind.__module__.startswith("minds.")
    results = [check.result() for check in each_check(mind) if ours or str(check) != "another_process"]
    assert [result.name for result in results if result.name != "another_process"] == OTHERS
    assert {result.name: result.told for result in results if result.outcome != "passed"} == {}


@pytest.mark.parametrize("mind", [mind for mind, wrong in OFFENDERS.items() if wrong], ids=lambda mind: mind.__name__)
def test_what_is_planted_is_found_and_nothing_else(mind: type) -> None:
    wrong = OFFENDERS[mind]
    results = [check.result() for check in each_check(mind) if str(check) in wrong or str(check) not in COSTLY]
    assert {result.name for result in results if not result.ok} == wrong, results
    for result in results:
        if not result.ok:
            assert "\n" not in result.told and "; " in result.told, "a sentence, with what to do at its end"
            assert "declared" in result.name or re.search(r"20\d\d-\d\d-\d\d|signal|snapshot|pickle", result.told)


@pytest.mark.parametrize(
    ("mind", "name", "told"),
    [
        (offenders.TooFar, "lean_in_range",
         r"asked about [A-Z]{3}:\d+ on 200\d-\d\d-\d\d its lean was -?[123]\.\d+; keep it a finite number"),
        (offenders.Raises, "abstains_without_data",
         r"asked about SPY:1 on .* with all signals and the bars of thirty sessions gone it failed with TypeError: "
         r"float\(\) argument must be .*; return Abstention\(self.name, target.key, snapshot.why_missing\(signal\)\)"),
        (offenders.Tomorrow, "causal_signals",
         r"its own signal 'own.week' had another value on (\d{4}-\d\d-\d\d) with what came later cut off \(after \1\)"),
        (offenders.FullSample, "causal_signals",
         r"its own signal 'own.week' had another value on 2001-01-\d\d with what came later cut off \(after 2002-"),
        (offenders.Undeclared, "reads_what_is_declared", r"the signal 'gold.ret_22d', which nobody declares"),
        (offenders.Private, "reads_what_is_declared", r"it used _feed of the snapshot, which is private"),
        (offenders.Environment, "leaves_things_alone", r"it changed the environment variables, which others"),
        (offenders.Function, "picklable", r"a pickled copy of a new object cannot be made: .*Function.*lambda"),
    ],
)  # fmt: skip
def test_a_failure_says_what_was_asked_what_came_back_and_what_to_do(mind: type, name: str, told: str) -> None:
    (check,) = [check for check in each_check(mind) if str(check) == name]
    with pytest.raises(CheckFailed, match=f"^{name}: .*{told}"):
        check()


@pytest.mark.parametrize("mind", [offenders.Environment, offenders.NumpyErrors, offenders.Seeds])
def test_what_a_mind_changes_for_everybody_is_put_back(mind: type) -> None:
    def state() -> tuple[object, ...]:
        environ = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        return environ, np.geterr(), random.getstate(), repr(np.random.get_state(legacy=False))

    before = state()
    for check in each_check(mind):
        if str(check) not in COSTLY - {"other_surroundings"}:
            check.result()
    assert state() == before


# --- expected failures ------------------------------------------------------------------------------------------------


def test_an_expected_failure_is_told_with_its_reason() -> None:
    checks = each_check(offenders.Private, expected_failures={"reads_what_is_declared": "it is a study of feeds"})
    (result,) = [check.result() for check in checks if str(check) == "reads_what_is_declared"]
    assert (result.outcome, result.ok) == ("expected", True)
    assert result.told.startswith("it is a study of feeds (it used _feed of the snapshot")


def test_an_expected_failure_that_passes_is_a_failure() -> None:
    (check,) = [check for check in each_check(Sound, expected_failures={"adds_up": "odd"}) if str(check) == "adds_up"]
    assert (check.result().outcome, check.result().ok) == ("unexpected", False)
    with pytest.raises(CheckFailed, match=r"expected to fail \(odd\) and passes; take it out of the expected failures"):
        check()


class Excused(offenders.Private):
    """Looks behind the snapshot, and says so."""

    expected_failures = {"reads_what_is_declared": "it is a study of feeds"}  # noqa: RUF012  # as an author writes it


def test_a_class_can_name_its_expected_failures_itself() -> None:
    (check,) = [check for check in each_check(Excused) if str(check) == "reads_what_is_declared"]
    assert check.result().outcome == "expected"


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"add_up": "odd"}, "no check is called 'add_up'; did you mean 'adds_up'?"),
        ({"zzz": "odd"}, "no check is called 'zzz'; known: declared_well, "),
        ({"adds_up": " "}, "the expected failure of 'adds_up' has no reason; say why this mind cannot pass"),
        ({"adds_up": None}, "the expected failure of 'adds_up' has no reason"),
    ],
)
def test_an_expected_failure_that_cannot_be_meant_is_refused(expected: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        each_check(Sound, expected_failures=expected)
    assert str(caught.value).startswith(message)


UNDER_PYTEST = """
import pytest
from minds.checks import each_check
from tests.minds.checks.offenders import Private, Sound
cheap = ("declared_well", "adds_up", "reads_what_is_declared")
@pytest.mark.parametrize("check", [check for check in each_check(
    Private, expected_failures={"reads_what_is_declared": "a study", "adds_up": "odd"}) if str(check) in cheap])
def test_private(check):
    check()
"""


def test_under_pytest_a_check_has_its_name_and_an_expected_failure_is_strict(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(UNDER_PYTEST, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--import-mode=importlib", "-c", os.devnull,
         f"--rootdir={tmp_path}", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "PASSED test_it.py::test_private[declared_well]" in ran.stdout, ran.stdout + ran.stderr
    assert re.search(
        r"XFAIL test_it.py::test_private\[reads_what_is_declared\] - (reason: )?a study \(it used", ran.stdout
    )
    assert "FAILED test_it.py::test_private[adds_up]" in ran.stdout and "take it out" in ran.stdout


def test_the_kit_needs_no_pytest() -> None:
    code = "import sys, minds.checks, desk.minds; print('pytest' in sys.modules)"
    assert command(code=code).out == "False\n"


# --- what is no mind --------------------------------------------------------------------------------------------------


class Needs(Sound):
    """Needs an argument."""

    def __init__(self, key: str) -> None:
        self.key = key


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (Needs, r"no mind can be made by Needs\(\): TypeError: .*missing 1 required positional argument: 'key'"),
        (dict, r"no mind can be made by dict\(\): AttributeError"),
        (lambda: Sound, r"is no mind: it gives a class and no object"),
    ],
)
def test_what_gives_no_mind_fails_every_check_by_the_same_sentence(factory: Any, message: str) -> None:
    (check, *_) = each_check(factory)
    with pytest.raises(CheckFailed, match=message):
        check()


def test_a_mind_is_given_by_something_that_can_be_called() -> None:
    with pytest.raises(InputError, match=r"each_check needs a mind's class, such as Momentum, and not <"):
        each_check(Sound())  # type: ignore[arg-type]  # that is the fault


def test_a_function_that_makes_minds_will_do_and_other_processes_are_left_out() -> None:
    results = {check.result().name: check.result() for check in each_check(lambda: Sound())
               if str(check) in ("adds_up", "another_process")}  # fmt: skip
    assert results["adds_up"].outcome == "passed"
    assert (results["another_process"].outcome, results["another_process"].ok) == ("skipped", True)
    assert results["another_process"].told.startswith("not asked: only a class can be found again")
