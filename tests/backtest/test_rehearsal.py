"""Rehearsals: the same records as a backtest's ledger, and expectations that are judged on them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from backtest.rehearsal import rehearse, settings_for
from backtest.run import run_backtest
from engine.errors import InputError
from engine.ledger import Ledger
from minds.record import body
from scenarios import Scenario, ScenarioSource, read_scenario
from scenarios.expect import read_clause

WORLD = """
title = "A short slide"
start = "2026-03-02"
seed = 5
warm_up = 300

[universe.roles]
market = "MKT"
growth = "GRO"
small = "SML"

[[segments]]
sessions = 12
regime = "slide"

[[events]]
session = 3
text = "Sell everything."
"""


@pytest.fixture(scope="module")
def world() -> Scenario:
    return read_scenario(WORLD)


def expecting(world: Scenario, **table: object) -> Scenario:
    return dataclasses.replace(world, expect=(read_clause(table, "here"),))


def test_the_records_are_those_of_a_backtest(world: Scenario, tmp_path: Path) -> None:
    settings = settings_for(world, "slide.toml")
    found = rehearse(world, settings)
    assert found.held and found.outcomes == ()
    run_backtest(settings, ScenarioSource(world, "slide.toml"), tmp_path)
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        assert [entry.body for entry in ledger.entries(1)] == [body(record) for record in found.records]


def test_what_is_expected_is_judged(world: Scenario) -> None:
    assert rehearse(expecting(world, claims="some", always=True)).held
    assert not rehearse(expecting(world, claims="none")).held
    assert rehearse(expecting(world, same_as_without="events")).held


def test_a_part_that_moves_numbers_is_found() -> None:
    halted = read_scenario(f'{WORLD}\n[[faults]]\nkind = "halt"\nwhat = "growth"\nsession = 6\n')
    found = rehearse(expecting(halted, same_as_without="faults"))
    assert not found.held
    assert found.outcomes[0].seen.startswith("session 6 (2026-03-09): claims is [")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"mind": "flwo", "says": "leans up"}, "expect 1: no mind is called 'flwo'; did you mean 'flow'?"),
        ({"debate": "lone", "target": "MKT:9"}, "no target of this run is called 'MKT:9'; did you mean 'MKT:1'?"),
    ],
)
def test_a_clause_about_nobody_is_refused(world: Scenario, table: dict[str, str], sentence: str) -> None:
    """Said never to lean, a mind that does not exist would pass for ever."""
    scenario = expecting(world, never=True, **table)
    with pytest.raises(InputError, match=sentence.replace("?", r"\?")):
        rehearse(scenario, settings_for(scenario, "t.toml"))


def test_a_clause_about_a_mind_that_is_left_out_is_passed_over(world: Scenario) -> None:
    scenario = expecting(world, mind="contrarian", says="leans up", at=1)
    found = rehearse(scenario, settings_for(scenario, minds=["macro"]))
    assert found.held and [item[1:] for item in found.outcomes] == [(None, "contrarian takes no part in this run")]


def test_minds_and_regime_are_those_that_are_asked_for(world: Scenario) -> None:
    found = rehearse(world, settings_for(world, minds=["macro"], regime="sma200"))
    assert {item.mind for record in found.records for views in record.views.values() for item in views} == {"macro"}
    assert found.records[0].reading != rehearse(world).records[0].reading
