"""Scenarios as a source of data: `--data scenario:NAME`, or a file.

Contract: the same promises as any source (`engine.sources.base`). The world is built in the scenario's own universe; of
another one that is asked for, those symbols are handed over that both have.
"""

from __future__ import annotations

from datetime import date
from importlib import resources

from engine.bar_checks import Repair
from engine.errors import InputError
from engine.sources.base import Loaded
from engine.universe import Universe
from scenarios.kinds import unknown
from scenarios.lookup import universe_for
from scenarios.model import Scenario
from scenarios.reader import read_file, read_scenario
from scenarios.timeline import timeline_of
from scenarios.world import build

__all__ = ["ScenarioSource", "find_scenario", "library", "run_of"]


def library() -> list[str]:
    """Names of the scenarios that ship with Workshop, sorted."""
    folder = resources.files("scenarios")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def find_scenario(name_or_file: str) -> Scenario:
    """A shipped scenario by name, or a file by its path, which ends in `.toml`.

    Raises:
        InputError: no such scenario, or it cannot be read.
    """
    if name_or_file.endswith(".toml"):
        return read_file(name_or_file)
    if name_or_file not in library():
        raise InputError(f"{unknown('scenario', name_or_file, library())}; or give a path to a .toml file")
    text = (resources.files("scenarios") / f"{name_or_file}.toml").read_text(encoding="utf-8")
    return read_scenario(text, name=f"{name_or_file}.toml")


def run_of(scenario: Scenario) -> tuple[Universe, date, date]:
    """Universe, first and last day of a scenario's run."""
    days = timeline_of(scenario, "scenario:").days
    return universe_for(scenario), date.fromisoformat(days[0]), date.fromisoformat(days[-1])


class ScenarioSource:
    """A scenario as a source.

    Attributes:
        scenario: what is built on `load`.
    """

    name = "scenario"

    def __init__(self, scenario: Scenario, where: str = "scenario") -> None:
        self.scenario, self._where = scenario, where

    def load(self, universe: Universe, until: date | None) -> Loaded:
        """The scenario's bars and events of a universe up to `until`; see `engine.sources.base.Source`."""
        loaded = build(self.scenario, until, name=self._where).loaded
        asked = set(universe.symbols)
        lead = universe.roles["market"]
        if lead not in loaded.bars:
            raise InputError(f"{self._where} has no bar of the market role, {lead}; leave out --universe")
        notices = [notice for notice in loaded.notices if notice.symbol in asked]
        known = {*loaded.bars, *(notice.symbol for notice in notices)}
        notices += [Repair(symbol, "", "absent", "the scenario has no bar of it") for symbol in sorted(asked - known)]
        return loaded._replace(
            bars={symbol: bars for symbol, bars in loaded.bars.items() if symbol in asked},
            notices=tuple(sorted(notices, key=lambda notice: notice.symbol)),
        )
