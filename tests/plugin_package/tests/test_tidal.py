"""The package's own tests, as its author runs them once it is installed."""

from __future__ import annotations

import pytest

from minds.checks import Check, each_check
from minds.registry import mind_factory

MINDS = ("ebb", "spring_tide")


@pytest.mark.parametrize("check", [pytest.param(check, id=f"{name}-{check}") for name in MINDS
                                   for check in each_check(mind_factory(name))])  # fmt: skip
def test_minds(check: Check) -> None:
    check()
