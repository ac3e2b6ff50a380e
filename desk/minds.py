"""`workshop minds check`: does a mind keep the contract that the desk relies on?

Contract: exit code 1 when a check fails, or passes that was expected to fail; what a mind prints goes to stderr.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desk.show import console, print_json
from desk.watch import waiting_told
from engine.errors import InputError, WorkshopError
from minds.protocol import Mind
from minds.registry import mind_factory

if TYPE_CHECKING:
    from minds.checks import CheckResult

__all__ = ["check"]

_STYLES = {"failed": "red", "unexpected": "red", "expected": "yellow", "skipped": "yellow", "passed": "green"}


def check(what: str, *, as_json: bool) -> None:
    """Check an installed mind, or a class in a file as in `momentum_mind.py:Momentum`."""
    from minds.checks import run_checks
    from minds.checks.trial import Trial

    with waiting_told(), contextlib.redirect_stdout(sys.stderr):
        factory = _factory(what)
        Trial(factory).mind()  # one sentence for what is no mind, rather than one for each check
        results = run_checks(factory)
    wrong = sum(not result.ok for result in results)
    if as_json:
        print_json({"mind": what, "ok": not wrong, "checks": [result._asdict() for result in results]})
    else:
        _print(what, results)
    if wrong:
        raise WorkshopError(f"{wrong} of {len(results)} checks of {what} failed; each says above what to do")


def _factory(what: str) -> Callable[[], Mind]:
    file, colon, name = what.rpartition(":")
    if not colon and not what.endswith(".py"):
        return mind_factory(what)
    if not colon or not name:
        raise InputError(f"{what} names no class; write it as in momentum_mind.py:Momentum")
    from minds.checks.otherwise import class_in_file

    made = class_in_file(Path(file).resolve(), name)
    if not callable(made):
        raise InputError(f"{what} is no class; write it as in momentum_mind.py:Momentum")
    found: Callable[[], Mind] = made
    return found


def _print(what: str, results: Sequence[CheckResult]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("check", "", "what came of it", title=f"The mind {what}")
    for result in results:
        says = result.told or result.asks
        table.add_row(Text(result.name), Text(result.outcome, style=_STYLES[result.outcome]), Text(says))
    console().print(table)
