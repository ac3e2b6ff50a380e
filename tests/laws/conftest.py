"""Counts the examples of each law, and in the long profile prints them.

Contract: a count is the number of examples that passed, as Hypothesis tells them; a law that searches by itself records
the property `examples`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from typing import Any

import pytest

# It warns at every start of a regime, which would bury the world that a failing law prints.
logging.getLogger("transitions").setLevel(logging.ERROR)
_PASSED = re.compile(r"(\d+) passing\b")  # "examples" or "test cases", by its version


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Write the number of examples into the report, which also reaches the terminal from another worker."""
    told = getattr(item, "hypothesis_statistics", "")
    if told and not any(name == "examples" for name, _ in item.user_properties):
        item.user_properties.append(("examples", sum(map(int, _PASSED.findall(told)))))
    return (yield)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A line for each law, the sum last."""
    if config.getoption("--hypothesis-profile") != "long":
        return
    found: dict[str, int] = {}
    for report in [report for reports in terminalreporter.stats.values() for report in reports]:
        for name, value in getattr(report, "user_properties", ()):
            if name == "examples":
                found[report.nodeid] = int(value)
    terminalreporter.section("examples of each law")
    for law, count in sorted(found.items()):
        terminalreporter.write_line(f"{count:7,}  {law}")
    machines = sum([law.endswith("::runTest") for law in found])
    terminalreporter.write_line(f"{sum(found.values()):7,}  in all, {machines} of {len(found)} laws are state machines")
