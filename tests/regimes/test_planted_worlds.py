"""Worlds whose volatility is known: the models find its changes within a stated delay, and none where there is none.

The independent truth is the volatility that each day was drawn with. What is asserted of each model:

- markov finds every switch between .7% and 2.2% a day: in median within 6 sessions into the rough state and 10 out of
  it, always within 20;
- rules find the start of each rough stretch that falls, in median within 25 sessions;
- in worlds of one volatility markov never gives a label at all, and says why; rules and sma200 keep risk-on in one
  that rises steadily. (Where a world of one volatility drifts up and down, rules and sma200 follow its trends: that is
  what they measure.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from regimes.markov import MarkovModel
from regimes.reading import RegimeReading
from regimes.rules import RulesModel
from regimes.sma200 import Sma200Model
from tests.regimes.planted import flips, in_turn, planted, read

CALM, ROUGH = 0.007, 0.022
LENGTHS = (260, 90, 250, 110, 240, 120, 260, 100, 220)
FIRST_FIT = 504


def delays(readings: Sequence[RegimeReading], calm: tuple[str, ...], rough: tuple[str, ...]) -> tuple[list[int], ...]:
    """Sessions from each switch after the first fit to the first fitting label: (into rough, into calm).

    A switch that is never noticed counts with the length of its stretch.
    """
    found: tuple[list[int], list[int]] = ([], [])
    start = 0
    for at, length in enumerate(LENGTHS):
        labels = [reading.label for reading in readings[start : start + length]]
        wanted = rough if at % 2 else calm
        if start >= FIRST_FIT:
            found[1 - at % 2].append(next((day for day, label in enumerate(labels) if label in wanted), length))
        start += length
    return found


@pytest.fixture(scope="module")
def two_volatilities() -> list[list[RegimeReading]]:
    return [read(MarkovModel(), planted(seed, in_turn(LENGTHS, CALM, ROUGH))) for seed in range(3)]


def test_markov_finds_each_switch_of_volatility(two_volatilities: list[list[RegimeReading]]) -> None:
    each = [delays(readings, ("risk_on",), ("risk_off",)) for readings in two_volatilities]
    into_rough = [day for found in each for day in found[0]]
    into_calm = [day for found in each for day in found[1]]
    assert len(into_rough) == len(into_calm) == 9
    assert np.median(into_rough) <= 6 and np.median(into_calm) <= 10
    assert max(into_rough + into_calm) <= 20


def test_markov_flips_little_more_often_than_the_volatility(two_volatilities: list[list[RegimeReading]]) -> None:
    switches = len(LENGTHS) - 1
    assert all(switches - 2 <= flips(readings) <= switches + 6 for readings in two_volatilities)


def test_markov_is_right_on_most_days(two_volatilities: list[list[RegimeReading]]) -> None:
    truth = in_turn(LENGTHS, CALM, ROUGH)[FIRST_FIT:] == ROUGH
    for readings in two_volatilities:
        said = np.array([reading.label == "risk_off" for reading in readings[FIRST_FIT:]])
        assert (said == truth).mean() >= 0.93


def test_the_rules_find_a_rough_stretch_that_falls() -> None:
    volatility, drift = in_turn(LENGTHS, CALM, ROUGH), in_turn(LENGTHS, 0.0008, -0.002)
    found: list[int] = []
    for seed in range(4):
        readings = read(RulesModel(), planted(seed, volatility, drift))
        found += delays(readings, ("risk_on", "neutral"), ("risk_off", "crisis"))[0]
    assert len(found) == 12
    assert np.median(found) <= 25


@pytest.mark.parametrize("seed", [0, 1])
def test_one_volatility_gives_markov_nothing_to_say(seed: int) -> None:
    readings = read(MarkovModel(), planted(seed, np.full(1020, 0.01)))
    assert flips(readings) == 0
    assert {(reading.label, reading.score, reading.status) for reading in readings} == {("neutral", None, "degraded")}
    assert "there is none before it" in readings[-1].reasons[0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_steady_rise_of_one_volatility_gives_no_flip(seed: int) -> None:
    market = planted(seed, np.full(1000, 0.003), 0.001)
    for model in (RulesModel(), Sma200Model()):
        readings = read(model, market)[260:]
        assert flips(readings) == 0 and readings[0].label == "risk_on", model.name
