"""The five rules: each beside a slow version written from its sentence, on the day and over whole columns."""

from __future__ import annotations

import hashlib
import itertools
import math
from datetime import date

import numpy as np
import orjson
import pytest

from backtest.replay import Replay
from engine.claims import Target
from engine.market import Market
from engine.snapshot import Feed, session_events, session_rows
from minds.baseline import BASELINES, baselines
from minds.baseline.kind import LEAN
from minds.baseline.rules import Coin, Sma200, Yesterday
from minds.checks import run_checks
from minds.cycle import Cycle
from minds.record import CycleRecord, body
from minds.registry import load_minds, mind_factory
from minds.view import Abstention, View
from regimes.rules import RulesModel
from tests.runs import READING, TARGETS, Prices, calm_bars, records, snapshots
from tests.worlds import WORLD

START, MASK = 120, (1 << 64) - 1
BARS = calm_bars(5, 520)
MARKET = Market.build(WORLD, BARS)
PRICES = Prices(BARS)


def run(seed: int = 0, names: tuple[str, ...] = ("macro", "flow")) -> list[CycleRecord]:
    return list(Replay(MARKET, load_minds(names, seed), TARGETS, RulesModel(), START, seed=seed).run())


RUN = run()


def toss(seed: int, target: Target, day: str) -> float:
    """SplitMix64 as it is published, in whole numbers; the day's number is its place since 1970."""
    state = int.from_bytes(hashlib.sha256(f"coin/{seed}/{target.key}".encode()).digest()[:8], "little")
    place = date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
    z = (state + (place + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return LEAN if (z ^ (z >> 31)) >> 63 else -LEAN


def prices(target: Target, day: str, sessions: int) -> list[float | None]:
    """Adjusted closes of the last `sessions` sessions of the calendar, today's last."""
    at = MARKET.calendar.labels.index(day)
    days = MARKET.calendar.labels[at - sessions + 1 : at + 1]
    return [PRICES.of(target.symbol, PRICES.sessions.index(each)) if each in PRICES.sessions else None for each in days]


def moved(target: Target, day: str) -> float | None:
    before, after = prices(target, day, 2)
    return None if before is None or after is None or before == after else math.copysign(LEAN, after - before)


def test_each_rule_says_what_its_sentence_says() -> None:
    sides = dict.fromkeys(BASELINES, 0)
    for record, target in itertools.product(RUN, TARGETS):
        assert tuple(record.baselines) == tuple(target.key for target in TARGETS)
        climatology, yesterday, coin, always, average = record.baselines[target.key]
        assert (climatology, always) == (0.0, LEAN)
        assert yesterday == moved(target, record.session)
        assert coin == toss(0, target, record.session)
        if average is not None:
            closes = prices(target, record.session, 200)
            known = [price for price in closes if price is not None]
            assert closes[-1] is not None and len(known) > 150
            assert average == math.copysign(LEAN, closes[-1] - math.fsum(known) / len(known))
        sides["sma200"] += average is not None
        sides["yesterday"] += yesterday is not None
    assert sides["sma200"] > 700 and sides["yesterday"] > 1100, "nearly nothing has been compared"
    assert {record.baselines["MKT:1"][4] for record in RUN} >= {LEAN, -LEAN}
    assert RUN[0].baselines["MKT:1"][4] is None, "an average of 200 sessions before there are so many"


def test_an_unchanged_close_and_a_missing_one_have_no_side() -> None:
    values = np.array([0.0, -0.0, math.nan, 0.01, -0.01])
    for mind in (Yesterday(), Sma200()):
        leans = mind.leans(TARGETS[0], MARKET.calendar.days[:5], values)
        assert np.array_equal(leans, [math.nan, math.nan, math.nan, LEAN, -LEAN], equal_nan=True)


def test_on_the_day_they_say_what_was_worked_out_ahead() -> None:
    """The table of a cycle to which nothing is handed over, and each mind asked as a mind."""
    frame = Replay(MARKET, (), TARGETS, RulesModel(), 0)._frame
    minds = baselines()
    ahead = {record.session: record.baselines for record in RUN}
    for snapshot in snapshots(MARKET, frame.index.specs):
        if snapshot.at < START:
            continue
        for target in TARGETS:
            said = [mind.view(snapshot, READING, target) for mind in minds]
            leans = tuple(item.lean if isinstance(item, View) else None for item in said)
            assert leans == ahead[snapshot.session][target.key]
            assert all(item.reason for item in said if isinstance(item, Abstention))


def test_a_cycle_without_anything_ahead_hears_them_too() -> None:
    feed = Feed(MARKET.universe, MARKET.calendar, MARKET.symbols, MARKET.size)
    cycle = Cycle(feed, (), TARGETS, (), baselines())
    specs = Replay(MARKET, (), TARGETS, RulesModel(), 0)._frame.index.specs
    shown = list(itertools.islice(snapshots(MARKET, specs), START, START + 20))
    rows, events = session_rows(MARKET), session_events(MARKET)
    feed.reveal(rows[:START], events[:START])
    for snapshot, before in zip(shown, RUN, strict=False):
        feed.reveal(rows[snapshot.at : snapshot.at + 1], events[snapshot.at : snapshot.at + 1])
        assert cycle.run(snapshot, READING).baselines == before.baselines


def test_nothing_else_in_the_record_depends_on_them() -> None:
    """Another coin moves its own lean and no other byte."""
    other = run(seed=3)
    differ = 0
    for one, two in zip(RUN, other, strict=True):
        first, second = orjson.loads(body(one)), orjson.loads(body(two))
        plain, coined = first.pop("baselines"), second.pop("baselines")
        assert first == second
        for target in TARGETS:
            assert coined[target.key][2] == toss(3, target, one.session)
            assert [*plain[target.key][:2], *plain[target.key][3:]] == [
                *coined[target.key][:2], *coined[target.key][3:]
            ]  # fmt: skip
            differ += plain[target.key] != coined[target.key]
    assert 0.4 < differ / (len(RUN) * len(TARGETS)) < 0.6, "two coins should agree about half of the time"


def test_asked_for_by_name_a_baseline_is_a_mind_like_any_other() -> None:
    named = records(MARKET, START, minds=load_minds(["coin", "sma200"]), upto=START + 150)
    for record in named:
        for target in TARGETS:
            coin, average = record.views[target.key]
            assert isinstance(coin, View) and coin.lean == record.baselines[target.key][2]
            heard = average.lean if isinstance(average, View) else None
            assert heard == record.baselines[target.key][4]
    assert any(claim.kind == "direction" for record in named for claim in record.claims)


def test_a_coin_is_fair_and_its_tosses_have_nothing_to_do_with_one_another() -> None:
    """Each share lies within five standard errors of one half."""
    days = MARKET.calendar.days
    tosses = [Coin(seed).leans(target, days) > 0.0 for seed in range(40) for target in TARGETS]
    n = len(tosses) * len(days)
    assert abs(sum(toss.sum() for toss in tosses) / n - 0.5) < 2.5 / math.sqrt(n)
    for lag in (1, 5, 7):
        agree = sum((toss[lag:] == toss[:-lag]).sum() for toss in tosses)
        assert abs(agree / (len(tosses) * (len(days) - lag)) - 0.5) < 2.5 / math.sqrt(n - lag * len(tosses))
    for one, two in itertools.pairwise(tosses):
        assert abs((one == two).mean() - 0.5) < 2.5 / math.sqrt(len(days))


@pytest.mark.parametrize("name", BASELINES)
def test_each_keeps_the_contract_of_a_mind(name: str) -> None:
    failed = [result for result in run_checks(mind_factory(name)) if not result.ok]
    assert not failed


def test_their_names_are_those_of_the_table() -> None:
    assert tuple(mind.name for mind in baselines()) == BASELINES
