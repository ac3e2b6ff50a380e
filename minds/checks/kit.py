"""All checks of a mind, by name, and the two ways to run them: one by one under pytest, or all for a table.

Contract: names are stable, since authors name expected failures by them. A check that is expected to fail and passes is
a failure, so that no excuse outlives its reason. pytest is used where it runs already and never imported.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal, NamedTuple

from engine.errors import InputError, told
from minds.checks import data, spoken, steady
from minds.checks.failed import CheckFailed, Skipped
from minds.checks.globals import restored
from minds.checks.trial import Trial
from minds.protocol import Mind

__all__ = ["CHECKS", "Check", "CheckFailed", "CheckResult", "each_check", "run_checks"]

CHECKS: dict[str, Callable[[Trial], str | None]] = {
    "declared_well": spoken.declared_well,
    "answers_soundly": spoken.answers_soundly,
    "lean_in_range": spoken.lean_in_range,
    "adds_up": spoken.adds_up,
    "clear_errors": spoken.clear_errors,
    "deterministic": steady.deterministic,
    "stateless": steady.stateless,
    "leaves_things_alone": steady.leaves_things_alone,
    "picklable": steady.picklable,
    "other_surroundings": steady.other_surroundings_same_answers,
    "another_process": steady.same_in_another_process,
    "reads_what_is_declared": data.reads_what_is_declared,
    "abstains_without_data": data.abstains_without_data,
    "names_what_is_missing": data.names_what_is_missing,
    "never_bolder_with_less": data.never_bolder_with_less,
    "causal_signals": data.causal_signals,
    "blind_to_the_future": data.blind_to_the_future,
    "unmoved_by_text": data.unmoved_by_text,
    "speed": spoken.reports_speed,
}
"""Name -> the check; the first line of its docstring says what it asks for."""

Outcome = Literal["passed", "failed", "expected", "unexpected", "skipped"]


class CheckResult(NamedTuple):
    """How one check went.

    Attributes:
        name: the check's.
        asks: what it asks for, one sentence.
        outcome: `passed`, `failed`, `expected` (failed as its author said it would), `unexpected` (should have failed
            and passed), `skipped` (cannot be made of this mind).
        told: what was wrong, why it was expected, or what there is to report; may be empty.
    """

    name: str
    asks: str
    outcome: Outcome
    told: str

    @property
    def ok(self) -> bool:
        """Whether nothing needs doing."""
        return self.outcome not in ("failed", "unexpected")


class Check:
    """One check of one mind; calling it raises `CheckFailed` when the mind does not pass."""

    def __init__(self, name: str, trial: _Shared) -> None:
        self.__name__ = name  # what pytest makes the test's id from
        self._trial = trial

    def __str__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<check {self.__name__}>"

    def __call__(self) -> None:
        """Run the check.

        Raises:
            CheckFailed: the mind does not pass, or passes what it is expected to fail.
        """
        result = self.result()
        if not result.ok:
            raise CheckFailed(f"{result.name}: {result.told}")
        pytest: Any = sys.modules.get("pytest")
        if pytest is not None and result.outcome == "expected":
            pytest.xfail(result.told)

    def result(self) -> CheckResult:
        """Run the check and say how it went."""
        check, reason = CHECKS[self.__name__], self._trial.expected.get(self.__name__)
        asks = str(check.__doc__).strip().split("\n")[0]
        outcome: Outcome = "passed"
        try:
            with restored():  # what a mind does to others must not reach the next check
                said = check(self._trial.trial) or ""
        except Skipped as skipped:
            return CheckResult(self.__name__, asks, "skipped", str(skipped))
        except (CheckFailed, InputError) as failure:
            outcome, said = "failed", str(failure)
        except Exception as error:  # a stranger's code, at a place that no check foresaw
            outcome, said = "failed", f"the check met {told(error)}"
        if reason is None:
            return CheckResult(self.__name__, asks, outcome, said)
        if outcome == "failed":
            return CheckResult(self.__name__, asks, "expected", f"{reason} ({said})")
        return CheckResult(
            self.__name__, asks, "unexpected",
            f"it was expected to fail ({reason}) and passes; take it out of the expected failures",
        )  # fmt: skip


class _Shared:
    """What the checks of one mind share: the trial, and which failures its author expects."""

    def __init__(self, factory: Callable[[], Mind], expected: Mapping[str, str]) -> None:
        self.trial = Trial(factory)
        self._expected = expected

    @cached_property
    def expected(self) -> dict[str, str]:
        """Check -> reason: what the caller says, and what the class itself says in `expected_failures`."""
        own = getattr(self.trial.factory, "expected_failures", {})
        return _sound({**(own if isinstance(own, Mapping) else {}), **self._expected})


def each_check(factory: Callable[[], Mind], *, expected_failures: Mapping[str, str] | None = None) -> list[Check]:
    """All checks of a mind, as parameters for `pytest.mark.parametrize`.

    Args:
        factory: the mind's class, or a function without arguments that makes one.
        expected_failures: name of a check -> why this mind cannot pass it. The class may say the same in an attribute
            `expected_failures`, which `workshop minds check` reads too.

    Raises:
        InputError: `factory` cannot be called, or an expected failure names no check or gives no reason.
    """
    if not callable(factory):
        raise InputError(f"each_check needs a mind's class, such as Momentum, and not {factory!r}")
    shared = _Shared(factory, _sound(expected_failures or {}))
    return [Check(name, shared) for name in CHECKS]


def run_checks(factory: Callable[[], Mind], *, expected_failures: Mapping[str, str] | None = None) -> list[CheckResult]:
    """Run all checks of a mind.

    Args and errors are those of `each_check`.
    """
    return [check.result() for check in each_check(factory, expected_failures=expected_failures)]


def _sound(expected: Mapping[str, str]) -> dict[str, str]:
    for name, reason in expected.items():
        if name not in CHECKS:
            near = difflib.get_close_matches(str(name), CHECKS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(CHECKS)}"
            raise InputError(f"no check is called {name!r}; {hint}")
        if not isinstance(reason, str) or not reason.strip():
            raise InputError(f"the expected failure of {name!r} has no reason; say why this mind cannot pass")
    return dict(expected)
