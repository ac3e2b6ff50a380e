"""What every test gets: a Hypothesis profile and a home folder that is nobody's.

Contract: a test never finds nor leaves anything in the user's home, and a red property is red for everyone who runs it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

collect_ignore = ["plugin_package"]
"""A package of its own, whose tests run where it is installed (tests/test_plugin_package.py)."""

# No deadline and no too_slow check: both judge by the clock, and a busy machine is not a defect.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("ci"), derandomize=False, max_examples=1000)
# Laws (tests/laws) have their own count for this profile; everything else gets this many.
settings.register_profile("long", settings.get_profile("thorough"), max_examples=400, print_blob=True)
settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Point HOME and the XDG folders at an empty folder, for the whole session: fixtures of any scope then see it."""
    folder = str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", folder)
        patch.setenv("USERPROFILE", folder)
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.delenv(name, raising=False)
        yield folder


# --- how many examples each law had, printed by `make properties` -----------------------------------------------------

_PASSED = re.compile(r"(\d+) passing\b")
"""As Hypothesis tells it in its statistics: of "examples" or "test cases", by its version."""


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
