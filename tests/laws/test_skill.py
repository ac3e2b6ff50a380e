"""Laws of skill: where there is none, none is claimed more often than stated; where it was planted, it is found.

Evidence is the e-process of the published directions against their base rates (Ville 1939: without skill it ever
reaches 20 with probability 5% at most). Tolerances are those of a binomial count at one in a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from engine.claims import Claim, Target
from engine.market import Market
from engine.scoring import e_process
from minds.protocol import Mind
from minds.registry import load_minds
from scenarios import Scenario, Segment, build
from scenarios.strategies import SMALL
from tests.laws.lawbook import LONG, replayed
from tests.runs import Fixed

WARM_UP = 300
TARGET = Target("MKT", "market", 1)
CLAIMED = math.log(20.0)
FALSE_POSITIVES = 0.05
"""Most worlds without an edge in which the evidence may ever reach 20."""
HIT_RATE, CALLS, POWER = 0.65, 500, 0.9
"""A mind that is right so often is found, within so many calls, in at least this share of worlds."""


def world(seed: int, sessions: int, regime: str = "calm") -> Market:
    """Returns that are independent and alike from the first day on: nothing in them can be known."""
    return build(Scenario(
        "no edge", universe=SMALL, seed=seed, start="2012-01-03", warm_up=WARM_UP, warm_up_regime=regime,
        segments=(Segment(sessions, regime),),
    )).market()  # fmt: skip


def highest_evidence(market: Market, minds: Sequence[Mind]) -> float:
    """The highest value, in nats, that the e-process of the published directions ever has."""
    claims: dict[str, Claim] = {}
    rows: list[tuple[Claim, int | None]] = []
    for record in replayed(market, WARM_UP, (TARGET,), minds, pairs=()):
        claims |= {claim.id: claim for claim in record.claims if claim.kind == "direction"}
        rows += [(claims[verdict.id], verdict.outcome) for verdict in record.verdicts if verdict.id in claims]
    graded = [(outcome, claim.probability, claim.base_rate) for claim, outcome in rows if outcome is not None]
    assert len(graded) > 0.9 * (market.size - WARM_UP - 1)
    return float(e_process(*zip(*graded, strict=True)).max())


def least_count(n: int, rate: float) -> int:
    """What a binomial count falls below once in a thousand, at most."""
    below = 0.0
    for k in range(n + 1):
        below += math.comb(n, k) * rate**k * (1.0 - rate) ** (n - k)
        if below > 0.001:
            return k
    return n


def guesser(market: Market, seed: int, hit_rate: float) -> Mind:
    """A mind that is right on so many days, as a coin of that weight falls."""
    prices, chance = market.column("MKT"), np.random.default_rng(seed)
    right = chance.random(market.size) < hit_rate
    rises = prices[1:] > prices[:-1]
    return Fixed("planted", {
        (market.calendar.labels[at], TARGET.key): 1.0 if rises[at] == right[at] else -1.0
        for at in range(WARM_UP, market.size - 1)
    })  # fmt: skip


def test_no_edge_no_skill(record_property: Callable[[str, object], None]) -> None:
    """In worlds without an edge the evidence of skill ever reaches 20 in at most 5% of them, for any of our minds."""
    n = 300 if LONG else 40
    regimes = ("calm", "chop", "slide", "crisis")
    found = [highest_evidence(world(seed, 200, regimes[seed % 4]), load_minds()) for seed in range(n)]
    record_property("examples", n)
    assert sum(evidence >= CLAIMED for evidence in found) <= n - least_count(n, 1.0 - FALSE_POSITIVES)


def test_no_skill_of_a_coin(record_property: Callable[[str, object], None]) -> None:
    """A mind that tosses a coin for a strong opinion each day is taken for skill in at most 5% of worlds."""
    n = 300 if LONG else 20
    markets = [world(1000 + seed, 200) for seed in range(n)]
    found = [highest_evidence(market, [guesser(market, seed, 0.5)]) for seed, market in enumerate(markets)]
    record_property("examples", n)
    assert sum(evidence >= CLAIMED for evidence in found) <= n - least_count(n, 1.0 - FALSE_POSITIVES)


def test_a_planted_edge_is_found(record_property: Callable[[str, object], None]) -> None:
    """A mind that is right on 65 days of 100 is found within 500 calls in at least nine worlds of ten."""
    n = 200 if LONG else 16
    markets = [world(2000 + seed, CALLS) for seed in range(n)]
    found = [highest_evidence(market, [guesser(market, seed, HIT_RATE)]) for seed, market in enumerate(markets)]
    record_property("examples", n)
    assert sum(evidence >= CLAIMED for evidence in found) >= least_count(n, POWER)
