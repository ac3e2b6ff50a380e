"""Worlds as data: scenario files, the seeded market generator, and strategies that search both.

    scenario = find_scenario("good-friday")          # or read_scenario(text), or a path to a file
    world = build(scenario)                          # bars, events, notices, and the days of the run
    to_toml(scenario)                                # reads back as the same values

docs/scenarios.md lists every key of a file. `scenarios.strategies` (Hypothesis; extra `scenarios`) draws scenarios,
markets and snapshots. Contract: imports only `regimes` and `engine`; the same scenario always gives the same bars.
"""

from scenarios.expect import Expectation, Timed
from scenarios.model import Fault, History, Jumps, News, Scenario, ScriptedDay, Segment
from scenarios.reader import read_file, read_scenario
from scenarios.source import ScenarioSource, find_scenario, library
from scenarios.world import World, build
from scenarios.writer import to_text as to_toml

__all__ = [
    "Expectation",
    "Fault",
    "History",
    "Jumps",
    "News",
    "Scenario",
    "ScenarioSource",
    "ScriptedDay",
    "Segment",
    "Timed",
    "World",
    "build",
    "find_scenario",
    "library",
    "read_file",
    "read_scenario",
    "to_toml",
]
