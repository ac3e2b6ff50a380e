"""State machines: Hypothesis chooses the steps, a plain model beside the product says what must be true after each.

That of the ledger stands in tests/engine/test_ledger.py.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backtest.run import run_backtest
from engine.bars import FIELDS, FloatArray
from engine.claims import Claim, Target, Verdict
from engine.errors import InputError
from engine.ledger import Ledger
from engine.signals.compute import SignalIndex, SignalRow
from engine.signals.table import signal_table
from engine.snapshot import Feed, Snapshot
from minds.cycle import Cycle
from minds.record import CycleRecord
from minds.synthesis import Forecast, Synthesis
from minds.tally import Tally
from regimes.labels import LabelMachine
from regimes.reading import LABELS
from scenarios import Scenario, Segment
from scenarios.source import ScenarioSource
from scenarios.strategies import SMALL
from tests.laws.lawbook import LONG, PAIRS, TARGETS
from tests.laws.test_ledger_and_resume import Killed, asked, go, left
from tests.regimes.plain_labels import Day, Plain
from tests.runs import READING, Fixed
from tests.worlds import WORLD, invented_market


def machine(ci: int, long: int, steps: int) -> settings:
    """How many runs of a machine, as `tests.laws.lawbook.law`, and of how many steps."""
    return settings(max_examples=long if LONG else ci, stateful_step_count=steps)


# --- synthesis ------------------------------------------------------------------------------------------------------

_PROBABILITIES = st.integers(1, 99).map(lambda p: p / 100)
_LEANS = st.none() | st.integers(-10, 10).map(lambda lean: lean / 10)


class SynthesisMachine(RuleBasedStateMachine):
    """Forecasts that are published and settled in any order, or void, keep the bound and teach nothing early."""

    @initialize(minds=st.integers(1, 4))
    def begin(self, minds: int) -> None:
        self.synthesis = Synthesis([f"m{at}" for at in range(minds)])
        self.open: dict[str, Forecast] = {}
        self.excess, self.most, self.count = 0.0, 0, 0

    @rule(base=_PROBABILITIES, leans=st.lists(_LEANS, min_size=4, max_size=4), cap=st.sampled_from([1.0, 0.5, 0.0]))
    def publish(self, base: float, leans: list[float | None], cap: float) -> None:
        before = (self.synthesis.weights(), [shrink.k for shrink in self.synthesis.shrinkage])
        made = self.synthesis.forecast(base, leans[: len(self.synthesis.minds)], cap)
        assert 0.0 < made.probability < 1.0 and made.copy not in [other.copy for other in self.open.values()]
        assert cap or made.probability == pytest.approx(base)
        self.count += 1
        self.synthesis.publish(str(self.count), made)
        self.open[str(self.count)] = made
        self.most = max(self.most, len(self.open))
        if len(self.synthesis.copies) == 1:
            assert before == (self.synthesis.weights(), [shrink.k for shrink in self.synthesis.shrinkage])

    @rule(base=_PROBABILITIES, leans=st.lists(_LEANS, min_size=4, max_size=4))
    def forecast_only(self, base: float, leans: list[float | None]) -> None:
        """A gate may stop a forecast; it then waits for nothing."""
        made = self.synthesis.forecast(base, leans[: len(self.synthesis.minds)])
        assert made.copy not in [other.copy for other in self.open.values()]
        self.most = max(self.most, len(self.open) + 1)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), outcome=st.sampled_from([0, 1, None]))
    def settle(self, data: st.DataObject, outcome: int | None) -> None:
        claim = data.draw(st.sampled_from(sorted(self.open)))
        made = self.open.pop(claim)
        assert self.synthesis.settle(claim, outcome) == made
        if outcome is not None:
            self.excess += (made.probability - outcome) ** 2 - (made.base - outcome) ** 2

    @precondition(lambda self: not self.open)
    @rule(base=_PROBABILITIES, lean=st.sampled_from([1.0, -1.0, 0.4]), times=st.integers(1, 30), luck=st.integers(0, 2))
    def streak(self, base: float, lean: float, times: int, luck: int) -> None:
        """One mind alone, right all the time, or wrong, or against somebody who hears the forecast first."""
        leans = [lean, *[None] * (len(self.synthesis.minds) - 1)]
        for _ in range(times):
            made = self.synthesis.forecast(base, leans)
            outcome = int((lean > 0.0) == (luck == 0)) if luck < 2 else int(made.probability < base)
            self.synthesis.publish("streak", made)
            self.most = max(self.most, 1)
            self.synthesis.settle("streak", outcome)
            self.excess += (made.probability - outcome) ** 2 - (base - outcome) ** 2
            self.bound()

    @rule()
    def settle_what_was_never_published(self) -> None:
        assert self.synthesis.settle("another desk's", 1) is None

    @precondition(lambda self: hasattr(self, "synthesis"))
    @invariant()
    def bound(self) -> None:
        assert len(self.synthesis.copies) <= max(self.most, 1)
        assert self.excess <= math.log(2.0) / 2.0 * len(self.synthesis.copies) + 1e-9
        assert sum(self.synthesis.weights().values()) == pytest.approx(1.0)
        assert all(0.0 <= shrink.k <= 1.0 for shrink in self.synthesis.shrinkage)


TestSynthesisMachine = SynthesisMachine.TestCase
TestSynthesisMachine.settings = machine(60, 1400, 40)


# --- labels ---------------------------------------------------------------------------------------------------------


class LabelsMachine(RuleBasedStateMachine):
    """Whatever kinds of days follow each other, the label is that of a plain account, dwell and hysteresis included."""

    def __init__(self) -> None:
        super().__init__()
        self.machine, self.plain = LabelMachine(), Plain(began=-1)

    def day(self, day: Day) -> None:
        before, lasted = self.machine.state, self.machine.dwell
        changed = self.machine.step(*day)
        self.plain.step(day)
        assert self.machine.state == self.plain.label and changed == (self.machine.state != before)
        assert self.machine.dwell == (1 if changed else lasted + 1)

    @rule(days=st.integers(1, 6), vix=st.sampled_from([None, 35.0, 60.0]), depth=st.sampled_from([0.08, 0.3, 0.079]))
    def shock(self, days: int, vix: float | None, depth: float) -> None:
        for _ in range(days):
            self.day((-0.5, vix, 0.4, depth))

    @rule(
        days=st.integers(1, 6), vix=st.sampled_from([None, 26.9, 27.0, 15.0]), score=st.sampled_from([-0.2, 0.0, 0.5])
    )
    def calm(self, days: int, vix: float | None, score: float) -> None:
        for _ in range(days):
            self.day((score, vix, 0.2, 0.05))

    @rule(days=st.integers(1, 4), score=st.sampled_from([-0.11, -0.10, 0.10, 0.11, 0.24, 0.25, 0.40, 0.41]))
    def at_the_edge(self, days: int, score: float) -> None:
        for _ in range(days):
            self.day((score, 18.0, 0.15, 0.02))

    @rule(scores=st.lists(st.integers(-100, 100), min_size=1, max_size=5))
    def drift(self, scores: list[int]) -> None:
        for score in scores:
            self.day((score / 100, 22.0, 0.31, 0.1))

    @rule(days=st.integers(1, 3))
    def dark(self, days: int) -> None:
        before = self.machine.state
        for _ in range(days):
            self.day((None, None, None, None))
        assert self.machine.state == before, "what is unknown changes nothing"


TestLabelsMachine = LabelsMachine.TestCase
TestLabelsMachine.settings = machine(60, 2500, 40)


# --- the feed -------------------------------------------------------------------------------------------------------

_MARKET = invented_market(5, 60)
_ROWS = np.stack([_MARKET.columns[name] for name in FIELDS]).transpose(2, 0, 1).copy()
_ASKED = [*_MARKET.symbols[:4], "MKT", "nobody"]


class FeedMachine(RuleBasedStateMachine):
    """A feed that is revealed bit by bit shows the plain list of bars so far, and what it gave stays as it was."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = Feed(WORLD, _MARKET.calendar, _MARKET.symbols, _MARKET.size)
        self.shown = 0
        self.given: list[tuple[FloatArray, list[float]]] = []
        self.lists: list[tuple[str, str, list[float | None]]] = []

    def plain(self, symbol: str, field: str) -> list[float]:
        if symbol not in _MARKET.symbols:
            return [math.nan] * self.shown
        return [float(row[FIELDS.index(field)][_MARKET.symbols.index(symbol)]) for row in _ROWS[: self.shown]]

    @precondition(lambda self: self.shown < _MARKET.size)
    @rule(sessions=st.integers(0, 5))
    def reveal(self, sessions: int) -> None:
        stop = min(self.shown + sessions, _MARKET.size)
        rows = _ROWS[self.shown : stop].copy()
        self.feed.reveal(rows)
        rows[:] = -1.0  # what is handed over is copied
        self.shown = stop

    @rule(symbol=st.sampled_from(_ASKED), field=st.sampled_from(FIELDS), at=st.integers(-3, 63))
    def price(self, symbol: str, field: str, at: int) -> None:
        plain = self.plain(symbol, field)[at] if 0 <= at < self.shown else math.nan
        found = self.feed.price(symbol, at, field)
        assert (found is None) == (plain != plain) and (found is None or found == plain)

    @rule(symbol=st.sampled_from(_ASKED), field=st.sampled_from(FIELDS), at=st.integers(0, 63), n=st.integers(0, 70))
    def history(self, symbol: str, field: str, at: int, n: int) -> None:
        stop = min(at + 1, self.shown)
        plain = self.plain(symbol, field)[max(stop - n, 0) : stop]
        found = self.feed.history(symbol, at, n, field)
        assert found.tolist() == pytest.approx(plain, nan_ok=True, abs=0.0, rel=0.0)
        self.given.append((found, found.tolist()))
        if n % 2:
            found = self.feed.history(symbol, at, n, field)
            found[:] = -5.0  # and what is given is a copy

    @rule(symbol=st.sampled_from(_ASKED), field=st.sampled_from(["close", "adj_close"]))
    def hold_on(self, symbol: str, field: str) -> None:
        self.lists.append((symbol, field, self.feed.prices(symbol, field)))

    @invariant()
    def nothing_moves(self) -> None:
        assert self.feed.revealed == self.shown
        for array, then in self.given:
            assert array.tolist() == pytest.approx(then, nan_ok=True, abs=0.0, rel=0.0)
        for symbol, field, prices in self.lists:
            plain = [None if price != price else price for price in self.plain(symbol, field)]
            whole = len(prices) if symbol in _MARKET.symbols else self.shown  # of a stranger all sessions are known
            assert prices[:whole] == plain and not any(prices[whole:])
        assert np.array_equal(self.feed._rows[: self.shown], _ROWS[: self.shown], equal_nan=True)
        assert not self.feed._rows[self.shown :].any(), "what has not been revealed is not there"


TestFeedMachine = FeedMachine.TestCase
TestFeedMachine.settings = machine(30, 800, 30)


# --- the tally ------------------------------------------------------------------------------------------------------

_SPEAKERS = ("macro", "flow", "synthesis")


class TallyMachine(RuleBasedStateMachine):
    """The record behind a speaker is the count of a plain list of verdicts, whenever it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.tally, self.settled = Tally(_SPEAKERS), list[tuple[str, tuple[float | None, ...], int]]()

    @rule(
        label=st.sampled_from(LABELS), outcome=st.integers(0, 1),
        leans=st.tuples(*[st.sampled_from([None, 0.0, 0.3, -0.3, 1.0])] * 3),
    )  # fmt: skip
    def settle(self, label: str, leans: tuple[float | None, ...], outcome: int) -> None:
        self.tally.add(label, leans, outcome)
        self.settled.append((label, leans, outcome))

    @rule(speaker=st.integers(0, 2), regime=st.sampled_from([*LABELS, "all"]))
    def ask(self, speaker: int, regime: str) -> None:
        sided = [
            (leans[speaker], outcome) for label, leans, outcome in self.settled
            if regime in (label, "all") and leans[speaker]
        ]  # fmt: skip
        found = self.tally.record(_SPEAKERS[speaker], regime, 0.1)
        rises = sum(outcome for _, outcome in sided)
        assert found.n == len(sided)
        assert found.right == sum(((lean or 0.0) > 0.0) == bool(outcome) for lean, outcome in sided)
        assert found.base == (pytest.approx(max(rises, len(sided) - rises) / len(sided)) if sided else None)


TestTallyMachine = TallyMachine.TestCase
TestTallyMachine.settings = machine(50, 2500, 30)


# --- claims and their settlement ------------------------------------------------------------------------------------

_NAMES = ("one", "two")
_MOVES = {"up": 1.01, "down": 0.98, "same": 1.0}
_INDEX = SignalIndex(tuple(signal_table(SMALL, [target.symbol for target in TARGETS])), {})
_CALLED = ("MKT", "GRO", "SML")


class Whim(Fixed):
    """A mind that says what it was last told to."""

    def __init__(self, name: str) -> None:
        super().__init__(name, {})
        self.leans = {}


class SettlementMachine(RuleBasedStateMachine):
    """Whatever prices and minds do, claims settle on time, by the bars, once, and open calls on a symbol agree."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = Feed(SMALL, _MARKET.calendar, tuple(sorted(SMALL.symbols)), _MARKET.size)
        self.minds = [Whim(name) for name in _NAMES]
        self.cycle = Cycle(self.feed, self.minds, TARGETS, PAIRS)
        self.paths: dict[str, list[float | None]] = {symbol: [] for symbol in _CALLED}
        self.last = dict.fromkeys(_CALLED, 100.0)
        self.open: dict[str, tuple[Claim, int]] = {}
        self.excess: dict[str, float] = defaultdict(float)

    @rule(sessions=st.integers(5, 15), horizon=st.sampled_from([1, 5]), low=st.booleans())
    def the_second_mind_is_right(self, sessions: int, horizon: int, low: bool) -> None:
        """Prices zigzag, and one mind knows the next step (or the wrong one): so it earns a say."""
        for at in range(sessions):
            if len(self.paths["MKT"]) >= _MARKET.size - 10:
                return
            up = at % 3 != 1 if low else at % 3 == 1
            knows = 1.0 if (at + 1) % 3 != 1 else -1.0
            knows = knows if low else -knows
            lean = [knows if target.horizon == horizon else -knows for target in TARGETS]
            self.session(("up" if up else "down",) * 3, [*[None] * 4, *lean])

    @precondition(lambda self: len(self.paths["MKT"]) < _MARKET.size - 10)
    @rule(
        moves=st.tuples(*[st.sampled_from(["up", "down", "up", "down", "same", "gone"])] * 3),
        leans=st.lists(_LEANS, min_size=8, max_size=8),
    )  # fmt: skip
    def any_day(self, moves: tuple[str, ...], leans: list[float | None]) -> None:
        self.session(moves, leans)

    def session(self, moves: tuple[str, ...], leans: list[float | None]) -> None:
        at = len(self.paths["MKT"])
        row = np.full((1, len(FIELDS), len(SMALL.symbols)), np.nan)
        for symbol, move in zip(_CALLED, moves, strict=True):
            self.last[symbol] *= _MOVES.get(move, 1.0)
            self.paths[symbol].append(None if move == "gone" else self.last[symbol])
            if move != "gone":
                row[0, :, sorted(SMALL.symbols).index(symbol)] = self.last[symbol]
        self.feed.reveal(row)
        day = _MARKET.calendar.labels[at]
        told = iter(leans)
        for mind in self.minds:
            said = {(day, target.key): next(told) for target in TARGETS}
            mind.leans = {key: lean for key, lean in said.items() if lean is not None}
        self.check(at, self.cycle.run(self.snapshot(at), READING))

    def snapshot(self, at: int) -> Snapshot:
        """A day on which no signal has a value: directions and pairs need none."""
        width = len(_INDEX.specs)
        row = SignalRow(memoryview(np.full(2 * width, np.nan).tobytes()).cast("d"), bytes(width), bytes(width))
        return Snapshot(self.feed, _INDEX, at, _MARKET.calendar.as_of(at), "", row)

    def check(self, at: int, record: CycleRecord) -> None:
        due = {name for name, (_, settles) in self.open.items() if settles == at}
        assert {verdict.id for verdict in record.verdicts} == due and len(record.verdicts) == len(due)
        for verdict in record.verdicts:
            self.grade(verdict, *self.open.pop(verdict.id))
        for claim in record.claims:
            assert claim.id not in self.open and claim.reference == self.paths[claim.symbol][at]
            assert claim.probability is not None and 0.0 < claim.probability < 1.0
            self.open[claim.id] = (claim, at + claim.horizon)
        for symbol in _CALLED:
            calls = [claim for claim, _ in self.open.values() if (claim.symbol, claim.kind) == (symbol, "direction")]
            assert len({(claim.probability or 0.0) >= 0.5 for claim in calls}) <= 1

    def grade(self, verdict: Verdict, claim: Claim, at: int) -> None:
        """The verdict once more, from the prices that were drawn."""
        ends = [
            (self.paths[symbol][at - claim.horizon], self.paths[symbol][at])
            for symbol in (claim.symbol, claim.versus) if symbol
        ]  # fmt: skip
        growth = [last / first for first, last in ends if first is not None and last is not None]
        if len(growth) < len(ends):
            assert verdict.result == "void" and "no bar for" in verdict.reason
            return
        ahead = growth[0] - (growth[1] if claim.versus else 1.0)
        if ahead == 0.0:
            assert verdict.result == "void"
            return
        assert verdict.outcome == int(ahead > 0.0)
        assert verdict.result == ("right" if ((claim.probability or 0.0) >= 0.5) == (ahead > 0.0) else "wrong")
        ours, base = (claim.probability or 0.0) - verdict.outcome, (claim.base_rate or 0.0) - verdict.outcome
        self.excess[claim.id.partition("/")[2]] += ours * ours - base * base

    @invariant()
    def bound(self) -> None:
        assert all(excess <= math.log(2.0) / 2.0 * int(key[-1]) + 1e-9 for key, excess in self.excess.items())
        assert all(settles >= len(self.paths["MKT"]) for _, settles in self.open.values())


TestSettlementMachine = SettlementMachine.TestCase
TestSettlementMachine.settings = machine(25, 500, 40)


# --- a run's folder -------------------------------------------------------------------------------------------------

_STORY = Scenario("cut", universe=SMALL, start="2026-03-23", warm_up=80, segments=(Segment(9, "slide"),), seed=4)


class FolderMachine(RuleBasedStateMachine):
    """A run that is killed and resumed at any sessions keeps what it acknowledged, and ends in the same bytes."""

    whole: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        if FolderMachine.whole is None:
            FolderMachine.whole = go(_STORY, Path(self.folder, "whole"))
        self.out, self.kept, self.acknowledged = Path(self.folder, "run"), 0, 0

    @rule(session=st.integers(1, 9))
    def run_until_killed(self, session: int) -> None:
        """The kill comes right after a session is acknowledged; a run that is past it goes on from there."""
        with pytest.raises(Killed):
            go(_STORY, self.out, kill=session, resume=self.out.exists())
        self.acknowledged = max(self.acknowledged, session)

    @precondition(lambda self: self.acknowledged)
    @rule()
    def start_anew_without_resume(self) -> None:
        with pytest.raises(InputError, match="already holds a run"):
            go(_STORY, self.out)

    @precondition(lambda self: self.acknowledged)
    @rule(called=st.sampled_from([TARGETS[:1], TARGETS[:2]]))
    def resume_with_other_settings(self, called: tuple[Target, ...]) -> None:
        other = replace(asked(_STORY), targets=called, pairs=())
        with pytest.raises(InputError, match="other settings"):
            run_backtest(other, ScenarioSource(_STORY), self.out, resume=True)

    @rule()
    def finish(self) -> None:
        assert go(_STORY, self.out, resume=self.out.exists()) == FolderMachine.whole
        self.acknowledged = 9

    @invariant()
    def nothing_is_lost(self) -> None:
        if not self.acknowledged:
            return
        with Ledger.open(self.out / "ledger.sqlite") as ledger:
            ledger.verify()
            found = tuple([entry.body for entry in ledger.entries()])
        assert len(found) > self.acknowledged and found == FolderMachine.whole.bodies[: len(found)]
        if self.acknowledged == 9 and (self.out / "scores.json").exists():
            assert left(self.out) == FolderMachine.whole

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


TestFolderMachine = FolderMachine.TestCase
TestFolderMachine.settings = machine(6, 100, 8)
