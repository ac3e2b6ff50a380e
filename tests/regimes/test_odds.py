"""Odds against scikit-learn on the same ended months, and the embargo as a law."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from regimes.odds import DRAWDOWN, MONTH, Odds, Outlook, facts_ahead

SESSIONS = 1300


class World:
    """A price whose volatility comes in calm and wild spells, with the readings an outlook is fed."""

    def __init__(self, seed: int) -> None:
        draw = np.random.default_rng(seed)
        sigma = np.repeat(draw.choice([0.006, 0.02], size=SESSIONS // 150 + 1), 150)[:SESSIONS]
        self.returns = draw.normal(0.0, sigma)
        self.price = 100.0 * np.exp(np.cumsum(self.returns))
        self.realised = [
            float(np.std(self.returns[at - 20 : at + 1], ddof=1) * math.sqrt(252)) if at >= 20 else None
            for at in range(SESSIONS)
        ]
        self.expected = sigma * np.exp(draw.normal(0.0, 0.1, SESSIONS))
        self.score = np.tanh(draw.normal(0.0, 0.5, SESSIONS))

    def run(self, sessions: int = SESSIONS) -> list[tuple[Odds | None, Odds | None]]:
        outlook = Outlook()
        return [
            outlook.update(float(self.price[at]), self.realised[at], float(self.expected[at]), float(self.score[at]))
            for at in range(sessions)
        ]


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


def threshold(world: World, at: int) -> float:
    return float(np.quantile([x for x in world.realised[: at + 1] if x is not None], 0.75))


def test_thresholds_and_base_rates(world: World) -> None:
    said = world.run()
    for at in (900, 1100, 1299):
        high, deep = said[at]
        assert high is not None and deep is not None
        assert high.threshold == pytest.approx(threshold(world, at))
        begun = [t for t in range(at - MONTH + 1) if sum(x is not None for x in world.realised[: t + 1]) >= 252]
        events = [world.realised[t + MONTH] > threshold(world, t) for t in begun]  # type: ignore[operator]  # ended
        assert high.base_rate == pytest.approx((sum(events) + 0.25 * 63) / (len(events) + 63))
        falls = [min(world.price[t + 1 : t + 22]) <= world.price[t] * 0.95 for t in range(at - MONTH + 1)]
        assert deep.base_rate == pytest.approx((sum(falls) + 0.10 * 63) / (len(falls) + 63))
        assert deep.threshold == DRAWDOWN


def test_drawdown_odds_equal_scikit_learn_on_the_months_that_had_ended(world: World) -> None:
    """The first fit is at the 500th ended month; the next 63 months use it."""
    at = 500 + MONTH + 5
    months = range(500)
    x = np.column_stack([np.ones(500), np.log(world.expected[:500] * math.sqrt(252))])
    y = [min(world.price[t + 1 : t + 22]) <= world.price[t] * 0.95 for t in months]
    known = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-12, max_iter=10_000).fit(x, y).coef_[0]
    z = known[0] + known[1] * math.log(world.expected[at] * math.sqrt(252))
    deep = world.run(at + 1)[at][1]
    assert deep is not None
    assert deep.probability == pytest.approx(1 / (1 + math.exp(-z)), abs=1e-6)


def test_the_future_changes_nothing_said_before(world: World) -> None:
    other = World(1)
    other.price[900:] *= np.linspace(1.0, 0.2, SESSIONS - 900)
    other.realised[900:] = [5.0] * (SESSIONS - 900)
    other.expected[900:] = 1.0
    assert other.run()[:900] == world.run()[:900]


def test_no_odds_without_a_record_or_without_features(world: World) -> None:
    assert all(said == (None, None) for said in world.run(400))
    outlook = Outlook()
    for at in range(SESSIONS):
        said = outlook.update(float(world.price[at]), world.realised[at], None, float(world.score[at]))
        assert said == (None, None)


def test_odds_know_more_than_the_base_rate_where_there_is_something_to_know(world: World) -> None:
    said = world.run()
    ours = theirs = 0.0
    for at in range(700, SESSIONS - MONTH):
        deep = said[at][1]
        assert deep is not None
        fell = min(world.price[at + 1 : at + 22]) <= world.price[at] * 0.95
        ours += (deep.probability - fell) ** 2
        theirs += (deep.base_rate - fell) ** 2
    assert ours < 0.9 * theirs


@pytest.mark.parametrize("first", [0, 40, 300])
def test_facts_gathered_ahead_give_the_same_odds(first: int) -> None:
    """With holes in every input, and a past that only the threshold knows."""
    world, rng = World(3), np.random.default_rng(3)
    price, expected = world.price.copy(), world.expected.copy()
    realised = np.array([math.nan if x is None else x for x in world.realised])
    for column in (price, expected, realised):
        column[rng.random(SESSIONS) < 0.03] = math.nan
    price[500:540], expected[700] = math.nan, 0.0
    plain, ahead = Outlook(), Outlook()
    plain.prime(realised[:first])
    facts = facts_ahead(price[first:], realised[first:], expected[first:], realised[:first])
    spoken = 0
    for at, known in enumerate(facts, first):
        score = None if at % 97 == 0 else float(world.score[at])
        close, rough, hoped = [None if x != x else float(x) for x in (price[at], realised[at], expected[at])]
        said = plain.update(close, rough, hoped, score)
        assert ahead.take(known, score) == said, at
        spoken += said[0] is not None and said[1] is not None
    assert spoken > 200


@pytest.mark.parametrize("sessions", [1, MONTH, MONTH + 1])
def test_facts_of_a_short_stretch(sessions: int) -> None:
    world = World(2)
    realised = np.full(sessions, 0.2)
    facts = facts_ahead(world.price[:sessions], realised, world.expected[:sessions], np.full(300, 0.1))
    ended = [(known.rough, known.deep) for known in facts]
    assert ended[:MONTH] == [(None, None)] * min(sessions, MONTH)
    low = min(world.price[1 : MONTH + 1]) <= world.price[0] * 0.95
    assert ended[MONTH:] == [(True, low)] * (sessions - MONTH if sessions > MONTH else 0)
