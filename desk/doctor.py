"""`workshop doctor`: is this installation whole?

Contract: checks run one by one and each says what it found; exit code 1 when one fails.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path

from desk.show import console, print_json
from engine.errors import WorkshopError

__all__ = ["command"]

_PACKAGES = ("engine", "regimes", "scenarios", "minds", "backtest", "desk")
_EXTRAS = {"yahoo": "yfinance", "llm": "litellm", "scenarios": "hypothesis", "fit": "statsmodels"}


def command(*, as_json: bool) -> None:
    """Run every check and print the results."""
    results = [_run(name, check) for name, check in _CHECKS.items()]
    if as_json:
        print_json([{"check": name, "ok": ok, "found": found} for name, ok, found in results])
    else:
        for name, ok, found in results:
            console().print(f"{'ok  ' if ok else 'FAIL'}  {name}: {found}")
    if not all(ok for _, ok, _ in results):
        raise WorkshopError("the installation is not whole; see the checks that failed above")


def _run(name: str, check: Callable[[], str]) -> tuple[str, bool, str]:
    try:
        return name, True, check()
    except Exception as error:  # a doctor reports whatever is wrong
        return name, False, f"{type(error).__name__}: {error}" if not isinstance(error, WorkshopError) else str(error)


def _python() -> str:
    return sys.version.split()[0]


def _one_home() -> str:
    homes = {name: Path(str(import_module(name).__file__)).resolve().parents[1] for name in _PACKAGES}
    if len(set(homes.values())) > 1:
        strangers = ", ".join(f"{name} in {home}" for name, home in homes.items())
        raise WorkshopError(
            f"the packages come from different places ({strangers}); another distribution uses our names"
        )
    return f"all packages come from {homes['engine']}"


def _versions() -> str:
    names = ("workshop-desk", "numpy", "pandas", "exchange-calendars", "transitions", "click", "rich", "orjson")
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def _extras() -> str:
    from importlib.util import find_spec

    return ", ".join(f"{extra} {'yes' if find_spec(module) else 'no'}" for extra, module in _EXTRAS.items())


def _sample() -> str:
    from datetime import date

    from engine.sources import open_source
    from engine.universe import load_universe

    universe = load_universe("sample")
    bars = open_source("sample").load(universe, date(2018, 12, 31)).bars
    lead = bars[universe.roles["market"]]
    return f"{len(bars)} symbols, {lead.symbol} from {lead.days[0]} to {lead.days[-1]}"


def _minds() -> str:
    from minds.registry import list_minds

    found = list_minds()
    broken = [item for item in found if item.error]
    if broken:
        raise WorkshopError("; ".join(item.error for item in broken))
    return ", ".join(item.name for item in found)


_CHECKS: dict[str, Callable[[], str]] = {
    "python": _python,
    "packages": _one_home,
    "versions": _versions,
    "extras": _extras,
    "sample data": _sample,
    "minds": _minds,
}
