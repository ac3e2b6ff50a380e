"""Stretches of sessions against the days one by one: the same bytes, whatever the world, the minds and the gates do."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from backtest import replay
from backtest.claims import Claims
from backtest.history import History
from backtest.replay import Replay
from backtest.scores import ScoreBook
from engine.bars import FloatArray
from engine.calendar import Days
from engine.claims import Claim, Kind, Pair, Target
from engine.market import Market
from engine.resolve import came_to, resolve
from engine.snapshot import Snapshot
from minds.baseline import BASELINES, Baseline, baselines
from minds.debate import debate, debates_ahead
from minds.evidence import EvidenceMind, Term
from minds.protocol import Mind
from minds.record import CycleRecord, body, document
from minds.registry import load_minds
from minds.view import Abstention, Contribution, View
from regimes.reading import RegimeReading
from regimes.rules import RulesModel
from tests.runs import TARGETS, Fixed
from tests.worlds import WORLD, garbled, invented_bars, replaced

SESSIONS = 420
_SYMBOLS = {"MKT": "market", "GRO": "growth", "SML": "small", "AU": "gold", "S05": "S05", "S11": "S11"}


class Moody:
    """A mind of one's own: leans by the day's return, is silent or fails on some days, and rests on odd signals."""

    name = "moody"

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Whatever the day's number says."""
        value = snapshot.value(f"{target.role}.ret_1d") if snapshot.has(f"{target.role}.ret_1d") else None
        if value is None:
            return Abstention(self.name, target.key, "it does not know today")
        mood = int(abs(value) * 1e6) % 7
        if mood == 0:
            raise RuntimeError("it has had enough")
        if mood == 1:
            return Abstention(self.name, target.key, f"it would not say on {snapshot.session}")
        lean = 0.0 if mood == 2 else math.copysign(mood / 7.0, value)
        # Its own figure for a signal that others read as well, and one that nobody has heard of.
        parts = (Contribution("market.ret_5d", lean / 2.0, value, "a"), Contribution("moon", lean / 2.0, 1e-7, "b"))
        return View(self.name, target.key, lean, parts)


def flipping(targets: Sequence[Target], days: Sequence[str]) -> Fixed:
    """Changes its mind all the time, so that calls would contradict one another."""
    return Fixed("flips", {
        (day, target.key): (-1.0) ** (at // 3) * (at % 5) / 4 for target in targets for at, day in enumerate(days)
        if at % 11
    })  # fmt: skip


def texts(run: Replay, essays: int = 0) -> Iterator[bytes]:
    """What is kept of each session."""
    for piece in run.pieces(essays):
        yield from [body(piece)] if isinstance(piece, CycleRecord) else piece.texts


def same_histories(one: History, other: History) -> None:
    """Whether a run was taken in cycle by cycle or in pieces."""
    for name in ("spoken", "abstentions", "missing", "gates", "silences"):
        assert getattr(one, name) == getattr(other, name), name
    assert repr(one.sessions) == repr(other.sessions)
    for kind, claims in one.claims.items():
        found = other.claims[kind]
        assert claims.names == found.names
        for column in Claims.__annotations__.keys() - {"names"}:
            assert np.array_equal(getattr(claims, column), getattr(found, column), equal_nan=True), (kind, column)


def both(
    market: Market, minds: Sequence[Mind], targets: Sequence[Target], pairs: Sequence[Pair], start: int, essays: int = 0
) -> tuple[list[bytes], list[bytes]]:
    one, other = [Replay(market, minds, targets, RulesModel(), start, pairs) for _ in range(2)]
    names, genesis = [mind.name for mind in minds], {"baselines": list(BASELINES)}
    whole, pieces = History(names, genesis), ScoreBook(History(names, genesis))
    slow = []
    for record in one.run(essays):
        whole.add(document(record))
        slow.append(body(record))
    quick = [text for some in pieces.follow(other.pieces(essays)) for _, text, _ in some]
    same_histories(whole, pieces.history)
    kept = History(names, genesis)
    for text in quick:
        kept.add(orjson.loads(text))
    same_histories(whole, kept)
    for desk, same in zip(one.cycle.desks.values(), other.cycle.desks.values(), strict=True):
        assert desk.synthesis.weights() == same.synthesis.weights()
        assert list(desk.open) == list(same.open), "what is open at the end is handed back"
    assert one.cycle.synthesis_copies() == other.cycle.synthesis_copies()
    return slow, quick


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking whole runs takes minutes
@given(
    seed=st.integers(0, 2**20),
    called=st.lists(
        st.tuples(st.sampled_from(sorted(_SYMBOLS)), st.sampled_from([1, 2, 5, 21])), min_size=1, max_size=5,
        unique=True,
    ),
    cast=st.sets(st.sampled_from(["built-in", "moody", "flips", "plain"]), min_size=1),
    start=st.integers(1, SESSIONS - 30), essays=st.integers(0, 40), chunk=st.sampled_from([1, 7, 64, 256]),
    piece=st.sampled_from([1, 5, 256]), nonsense=st.booleans(),
)  # fmt: skip
def test_a_stretch_is_its_days(
    seed: int, called: list[tuple[str, int]], cast: set[str], start: int, essays: int, chunk: int, piece: int,
    nonsense: bool,
) -> None:  # fmt: skip
    market = Market.build(WORLD, invented_bars(seed, SESSIONS))
    if nonsense:  # prices that may not be there at all; what stops a run has tests of its own
        columns = {name: column.copy() for name, column in market.columns.items()}
        holes = np.random.default_rng(seed).random((len(market.symbols), SESSIONS)) < 0.2
        for column in columns.values():
            column[holes] = np.nan
        market = replaced(market, columns)
    targets = [Target(symbol, _SYMBOLS[symbol], horizon) for symbol, horizon in called]
    pairs = [
        Pair(one, other, one.horizon) for one, other in itertools.pairwise(targets)
        if one.symbol != other.symbol
    ]  # fmt: skip
    minds: list[Mind] = [
        *(load_minds() if "built-in" in cast else ()), *([Moody()] if "moody" in cast else ()),
        *(baselines(3) if "plain" in cast else ()),
        *([flipping(targets, market.calendar.labels[:SESSIONS])] if "flips" in cast else ()),
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "_CHUNK", chunk)
        patch.setattr(replay, "_PIECE", piece)
        slow, quick = both(market, minds, targets, pairs, start, essays)
    assert quick == slow


def test_gates_bite_in_a_stretch_too() -> None:
    """The worlds above would show nothing if no gate ever held a call back."""
    market = Market.build(WORLD, invented_bars(7, SESSIONS))
    targets = [Target("MKT", "market", 1), Target("MKT", "market", 5), Target("S11", "S11", 2)]
    minds: list[Mind] = [flipping(targets, market.calendar.labels[:SESSIONS]), Moody()]
    slow, quick = both(market, minds, targets, [], 60)
    assert quick == slow
    for gate in (b'"netting"', b'"coverage"', b'"reference"', b'"void"', b"it has had enough", b"moon"):
        assert any(gate in text for text in quick), gate


def test_risk_claims_in_a_stretch() -> None:
    market = Market.build(WORLD, invented_bars(11, 1300))
    slow, quick = both(market, load_minds(), TARGETS, [Pair(TARGETS[2], TARGETS[1], 3)], 900, 25)
    assert quick == slow
    for kind in (b'"volatility"', b'"drawdown"', b'"relative"'):
        assert sum([kind in text for text in quick]) > 300


class Bold(Baseline):
    """A rule that leans further than a mind may."""

    name = "bold"

    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """Eight times a rise."""
        return np.full(len(days), 8.0)


class Careless(Baseline):
    """A rule that takes a missing number for a fall."""

    name, signal = "careless", "{target}.ret_1d"

    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """NaN is not above zero."""
        return np.where(values > 0.0, 1.0, -1.0)


class Broken(Baseline):
    """A rule that fails."""

    name = "broken"

    def sides(self, target: Target, days: Days, values: FloatArray) -> FloatArray:
        """Never gives an answer."""
        raise RuntimeError("no sides today")


class OddTable(EvidenceMind):
    """Evidence in a list, which is none of ours."""

    name = "odd_table"

    def table(self, role: str) -> Any:
        """One term."""
        return [Term("market.ret_5d", 1.0, "up", "down")]


class NoTable(OddTable):
    """Evidence that cannot be had."""

    name = "no_table"

    def table(self, role: str) -> Any:
        """Fails."""
        raise RuntimeError("no table today")


class Twice(EvidenceMind):
    """The same signal in two terms."""

    name = "twice"
    terms = (Term("market.ret_5d", 1.0, "up", "down"), Term("market.ret_5d", -0.4, "up", "down", full=0.5))


@pytest.mark.parametrize("mind", [Bold(), Careless(), Broken(), OddTable(), NoTable(), Twice()])
def test_strangers_are_held_to_their_contract_in_a_stretch_too(mind: Mind) -> None:
    market = Market.build(WORLD, invented_bars(7, SESSIONS))
    slow, quick = both(market, [mind], [Target("MKT", "market", 1), Target("S11", "S11", 2)], [], 60)
    assert quick == slow
    published = any(b"/direction/" in text for text in quick)
    assert published == (mind.name not in ("bold", "broken", "no_table")), "who breaks the contract is silent"


class Asked(EvidenceMind):
    """Evidence that is weighed in a way of its own; it counts how often it was asked."""

    name, terms, times = "asked", (Term("market.ret_5d", 1.0, "up", "down"),), 0

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Always up."""
        self.times += 1
        return View(self.name, target.key, 0.5)


def test_what_was_asked_is_handed_on_soon() -> None:
    """An answer may take its time, or cost money."""
    mind = Asked()
    run = Replay(Market.build(WORLD, invented_bars(7, SESSIONS)), [mind], TARGETS[:1], RulesModel(), 60)
    first = next(run.pieces())
    assert not isinstance(first, CycleRecord) and len(first.sessions) == mind.times == 32


class Interrupts(Fixed):
    """Somebody presses Control-C while it thinks."""

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Up to some day."""
        if snapshot.session > "2001-08-01":
            raise KeyboardInterrupt
        return View(self.name, target.key, 0.5)


def test_an_interruption_comes_after_the_sessions_before_it() -> None:
    market, found = Market.build(WORLD, invented_bars(7, SESSIONS)), list[bytes]()
    with pytest.raises(KeyboardInterrupt):
        found.extend(texts(Replay(market, [Interrupts("stops", {})], TARGETS, RulesModel(), 60)))
    with pytest.raises(KeyboardInterrupt):
        for at, record in enumerate(Replay(market, [Interrupts("stops", {})], TARGETS, RulesModel(), 60).run()):
            assert found[at] == body(record)
    assert len(found) == at + 1 > 100


def test_nobody_speaks_in_a_stretch() -> None:
    market = Market.build(WORLD, invented_bars(3, 200))
    slow, quick = both(market, [], TARGETS, [], 100)
    assert quick == slow


def test_a_session_that_fails_comes_after_those_before_it() -> None:
    """Bars that stop a run stop both ways at the same session."""
    market = garbled(Market.build(WORLD, invented_bars(11, 1300)), np.random.default_rng(5), 1150, 1180)
    ways: list[list[bytes]] = []
    for quick in (False, True):
        run, found = Replay(market, load_minds(), TARGETS, RulesModel(), 900), list[bytes]()
        with pytest.raises(Exception, match=r".") as caught:
            found.extend(texts(run) if quick else map(body, run.run()))
        ways.append([*found, repr(caught.value).encode()])
    assert ways[0] == ways[1] and 200 < len(ways[0]) < 300


_KINDS: tuple[Kind, ...] = ("direction", "interval", "relative", "volatility", "drawdown")


@given(
    kind=st.sampled_from(_KINDS), horizon=st.sampled_from([1, 2, 5, 21]),
    prices=st.lists(st.sampled_from([math.nan, 0.0, -5.0, 100.0, 101.3, 97.1, 3e-9, 1e300, math.inf]), max_size=60),
)  # fmt: skip
def test_what_claims_have_come_to_is_what_a_single_one_comes_to(kind: Kind, horizon: int, prices: list[float]) -> None:
    if kind == "volatility" and horizon == 1:
        horizon = 2
    other = prices[::-1] if kind == "relative" else None
    found = came_to(kind, horizon, np.array(prices), None if other is None else np.array(other))
    assert len(found) == len(prices) and not any(found[:horizon][: len(prices)])
    path = [None if price != price else price for price in prices]
    for due in range(horizon, len(prices)):
        if found[due] is None:
            continue
        claim = Claim(
            "c", kind, "A", horizon, "", "", 1.0, "", 0.5, 0.5, -1e308, 1e308, -1e308, 1e308, "B", 0.1
        )  # fmt: skip
        span = slice(due - horizon, due + 1)
        versus = () if other is None else [None if price != price else price for price in other[span]]
        verdict = resolve(claim, path[span], "", versus)
        assert verdict.realised == found[due]


def test_plain_prices_are_worked_out_ahead() -> None:
    """Else the test above compares nothing."""
    prices = np.array([100.0, 101.0, 99.5, 98.0, 102.0])
    for kind in _KINDS:
        found = came_to(kind, 2, prices, prices[::-1] if kind == "relative" else None)
        assert found[:2] == [None, None] and None not in found[2:]


@given(
    st.integers(1, 5).flatmap(
        lambda minds: st.lists(
            st.lists(st.sampled_from([-1.0, -0.3, -0.0, 0.0, 0.1, 0.7]), min_size=minds, max_size=minds), min_size=1
        )
    )
)
def test_debates_ahead_are_the_debates_of_the_days(leans: list[list[float]]) -> None:
    plain = [debate([View(f"m{at}", "T:1", lean) for at, lean in enumerate(row)]) for row in leans]
    assert debates_ahead(leans) == [(each.label, each.conviction) for each in plain]
