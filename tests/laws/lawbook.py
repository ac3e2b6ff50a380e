"""How laws are written: one test each, its docstring the law, its number of examples fixed for each profile.

Contract: `law(ci, long)` is how many examples a law gets in the usual suite, and in `make properties`. A law draws its
worlds with `scenarios.strategies`, so that a failing one prints a world that can be saved. `replayed` and `ran` run one
through the product; what a law then claims is worked out in the law, from the records or the raw bars.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from backtest.replay import Replay
from engine.bars import FIELDS
from engine.claims import Claim, Pair, Target, Verdict
from engine.market import Market
from minds.baseline import BASELINES
from minds.protocol import Mind
from minds.record import CycleRecord, body
from minds.registry import load_minds
from regimes.rules import RulesModel
from scenarios import Scenario, World, build
from scenarios.strategies import worlds
from tests.runs import Fixed

__all__ = [
    "LONG",
    "PAIRS",
    "TARGETS",
    "Ran",
    "bodies",
    "columns_of",
    "law",
    "live_worlds",
    "oracle",
    "ran",
    "replayed",
]

LONG = settings.get_profile("long").max_examples == settings().max_examples
"""Whether this is the long profile, that of `make properties`."""
TARGETS = (
    Target("MKT", "market", 1), Target("GRO", "growth", 1), Target("SML", "small", 2), Target("GRO", "growth", 5),
)  # fmt: skip
"""Two horizons on one symbol, so that calls can get into each other's way."""
PAIRS = (Pair(TARGETS[2], TARGETS[1], 1),)
_WARM_UPS = (300, 560)
"""Sessions before a drawn run: minds speak after some 260, intervals and risk claims after some 520."""

Law = Callable[[Any], Any]


def law(ci: int, long: int) -> Law:
    """How many examples a law gets in the usual suite, and in the long one."""
    return settings(max_examples=long if LONG else ci)


def live_worlds(*, max_sessions: int = 24, **asked: Any) -> SearchStrategy[Scenario]:
    """Worlds with enough history that minds speak in them."""
    return st.one_of(*[worlds(max_sessions=max_sessions, warm_up=sessions, **asked) for sessions in _WARM_UPS])


def replayed(
    market: Market, start: int, targets: Sequence[Target] = TARGETS, minds: Sequence[Mind] | None = None,
    pairs: Sequence[Pair] = PAIRS, essays: int = 0,
) -> Iterator[CycleRecord]:  # fmt: skip
    """Records of the sessions from position `start` on."""
    return Replay(market, load_minds() if minds is None else minds, targets, RulesModel(), start, pairs).run(essays)


def bodies(market: Market, start: int, upto: int | None = None) -> list[bytes]:
    """What the ledger would keep of the sessions from `start` up to `upto`, inclusive."""
    stop = None if upto is None else upto + 1 - start
    return [body(record) for record in itertools.islice(replayed(market, start), stop)]


class Ran(NamedTuple):
    """A world and a run through all of it.

    Attributes:
        world: as it was built.
        market: its bars.
        start: position of the first session of the run.
        records: one a session.
    """

    world: World
    market: Market
    start: int
    records: list[CycleRecord]

    @property
    def claims(self) -> list[Claim]:
        """Everything that was published."""
        return [claim for record in self.records for claim in record.claims]

    @property
    def verdicts(self) -> list[Verdict]:
        """Everything that was settled."""
        return [verdict for record in self.records for verdict in record.verdicts]


def ran(scenario: Scenario, *, seer: bool = False, early: int = 25, essays: int = 0) -> Ran:
    """Run through a drawn world, from `early` sessions before its first on.

    With `seer` one more mind speaks, which knows most of each outcome: only somebody who is heard can make the
    synthesis take sides, so that calls get into each other's way.
    """
    world = build(scenario)
    market = world.market()
    start = max(first_of(world, market) - early, 0)
    minds = [*load_minds(), oracle(market)] if seer else load_minds()
    return Ran(world, market, start, list(replayed(market, start, minds=minds, essays=essays)))


def oracle(market: Market) -> Mind:
    """A mind that knows six outcomes of seven."""
    leans: dict[tuple[str, str], float] = {}
    for target in [target for target in TARGETS if target.symbol in market.rows]:
        prices = market.column(target.symbol).tolist()
        for at, (now, then) in enumerate(zip(prices, prices[target.horizon :], strict=False)):
            if then == then and now == now and at % 7:
                leans[market.calendar.labels[at], target.key] = 1.0 if then > now else -1.0
    return Fixed("seer", leans)


def first_of(world: World, market: Market) -> int:
    """Position of session 1, or of the first bar of the market role where that is dark on session 1."""
    return int(market.calendar.position(world.days[0])) if world.days[0] in market.calendar.labels else 0


def columns_of(market: Market) -> dict[str, Any]:
    """The market's columns, to be written to."""
    return {name: market.columns[name].copy() for name in FIELDS}


_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def undated(text: bytes, labels: Sequence[str]) -> dict[str, Any]:
    """A body without instant and digest, its days replaced by their number; the coin falls anew on another day."""
    number = {label: f"#{at}" for at, label in enumerate(labels)}
    return uncoined(_DAY.sub(lambda day: number[day[0]], without(text, "as_of", "data")))


def uncoined(text: str) -> dict[str, Any]:
    """A body without the coin, which is tossed for a day and a name and so hangs on both."""
    found: dict[str, Any] = orjson.loads(text)
    for leans in found["baselines"].values():
        del leans[BASELINES.index("coin")]
    return found


def without(text: bytes, *keys: str) -> str:
    """A body without some of its keys, as canonical text."""
    found = orjson.loads(text)
    for key in keys:
        del found[key]
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()
