"""No look-ahead: whatever happens to the bars after a session, nothing published up to it changes by a byte."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import numpy as np
import orjson
import pytest

from backtest import replay
from backtest.replay import Replay, first_session
from backtest.settings import Settings
from engine.claims import Target
from engine.errors import InputError
from engine.market import Market
from engine.signals.table import signal_table
from engine.snapshot import Snapshot
from minds.record import body
from minds.registry import load_minds
from minds.view import Abstention, View
from regimes.features import REGIME_SIGNALS
from regimes.reading import RegimeReading
from regimes.rules import RulesModel
from tests.runs import TARGETS, bodies, records
from tests.worlds import WORLD, cut_bars, garbled, invented_bars, replaced

SESSIONS, START = 400, 70
SIGNALS = tuple(spec.name for spec in (*signal_table(WORLD), *REGIME_SIGNALS))
CUTS, PICKS = 6, 18


class Probe:
    """A mind that writes down what it is shown of chosen signals, and says nothing."""

    name = "probe"

    def __init__(self, picks: set[tuple[str, str]]) -> None:
        self.picks, self.seen = picks, dict[tuple[str, str], str]()

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Everything there is to know of a signal, as text, so that equal means equal to the last bit."""
        for name in SIGNALS:
            if (snapshot.session, name) in self.picks:
                known = (snapshot.value(name), snapshot.z(name), snapshot.seen(name), snapshot.signal(name))
                self.seen[snapshot.session, name] = repr((known, snapshot.why_missing(name)))
        return Abstention(self.name, target.key, "it only looks")


class Seen(NamedTuple):
    """A run and what its probe saw."""

    bodies: list[bytes]
    signals: dict[tuple[str, str], str]


def run(market: Market, picks: set[tuple[str, str]], upto: int) -> Seen:
    probe = Probe(picks)
    return Seen(bodies(market, START, TARGETS, [*load_minds(), probe], upto), probe.seen)


def nothing_after(market: Market, _: np.random.Generator, at: int) -> Market:
    columns = {name: column.copy() for name, column in market.columns.items()}
    for column in columns.values():
        column[:, at + 1 :] = np.nan
    return replaced(market, columns)


def extremes_after(market: Market, rng: np.random.Generator, at: int) -> Market:
    columns = {name: column.copy() for name, column in market.columns.items()}
    for column in columns.values():
        column[:, at + 1 :] *= 10.0 ** rng.uniform(-12, 12, column[:, at + 1 :].shape)
    return replaced(market, columns)


def nonsense_after(market: Market, rng: np.random.Generator, at: int) -> Market:
    return garbled(market, rng, at + 1, market.size)


def swapped_after(market: Market, rng: np.random.Generator, at: int) -> Market:
    """Every symbol goes on with the prices of another one."""
    order = rng.permutation(len(market.symbols))
    columns = {name: column.copy() for name, column in market.columns.items()}
    for column in columns.values():
        column[:, at + 1 :] = column[order, at + 1 :]
    return replaced(market, columns)


FUTURES: tuple[Callable[[Market, np.random.Generator, int], Market], ...] = (
    nonsense_after, nothing_after, extremes_after, swapped_after,
)  # fmt: skip


@pytest.mark.parametrize("seed", [51, 52])
def test_the_future_changes_no_byte(seed: int) -> None:
    """At random sessions: the folder as it stood then, and the whole one with another future.

    All bodies are compared; besides, at random (date, signal, mind, label), what the signal showed in full.
    """
    bars, rng, chance = invented_bars(seed, SESSIONS), np.random.default_rng(seed), random.Random(seed)
    market = Market.build(WORLD, bars)
    cuts = sorted(chance.sample(range(START + 40, SESSIONS - 1), CUTS))
    picks = {
        at: [(market.calendar.labels[chance.choice([at, chance.randint(START, at)])], chance.choice(SIGNALS),
              chance.choice(["macro", "flow", "contrarian"]), chance.choice(TARGETS).key) for _ in range(PICKS)]
        for at in cuts
    }  # fmt: skip
    looked = {(day, name) for rows in picks.values() for day, name, _, _ in rows}
    whole = run(market, looked, SESSIONS - 1)
    assert len(whole.bodies) == SESSIONS - START
    compared, fewer = 0, 0
    for turn, at in enumerate(cuts):
        early = Market.build(WORLD, cut_bars(bars, market.calendar.days[at]))
        fewer += len(early.symbols) < len(market.symbols)
        other = FUTURES[turn % len(FUTURES)](market, rng, at)
        for changed in (early, other):
            found = run(changed, looked, min(at, changed.size - 1))
            assert found.bodies == whole.bodies[: len(found.bodies)]
            assert len(found.bodies) == min(at, changed.size - 1) + 1 - START
            for day, name, mind, target in picks[at]:
                if day > changed.calendar.labels[changed.size - 1]:
                    continue
                assert found.signals[day, name] == whole.signals[day, name]
                then = market.calendar.position(day) - START
                one, same = orjson.loads(found.bodies[then]), orjson.loads(whole.bodies[then])
                assert one["views"][target][mind] == same["views"][target][mind]
                assert one["reading"]["label"] == same["reading"]["label"]
                compared += 1
    assert compared >= 200
    assert fewer, "no symbol lists late in this world"


def test_another_future_would_be_noticed() -> None:
    """The comparison has teeth: the same changes one session earlier do change what is published."""
    bars = invented_bars(51, 330)
    market, at = Market.build(WORLD, bars), 260
    whole = bodies(market, START, upto=at)
    for change in FUTURES[1:]:  # a price below zero may stop a run, once it is the present
        assert bodies(change(market, np.random.default_rng(1), at - 1), START, upto=at)[:-1] == whole[:-1]
        assert bodies(change(market, np.random.default_rng(1), at - 1), START, upto=at)[-1] != whole[-1]


def test_the_same_run_twice_in_one_process_is_the_same_to_the_byte() -> None:
    market = Market.build(WORLD, invented_bars(53, 300))
    replayed = Replay(market, load_minds(), TARGETS, RulesModel(), START)
    assert [body(record) for record in replayed.run()] == bodies(market, START) == bodies(market, START)
    assert replayed.sessions == 300 - START


def test_base_rates_take_in_all_of_history_however_short_the_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    market = Market.build(WORLD, invented_bars(54, 640))
    targets = (*TARGETS, Target("MKT", "market", 30))
    whole = records(market, 600, targets)
    for sessions in (0, 1, 20, 599):
        monkeypatch.setattr(replay, "WARM_UP", sessions)
        known = {claim.id: claim for record in records(market, 600, targets) for claim in record.claims}
        both = [(claim, known[claim.id]) for record in whole for claim in record.claims if claim.id in known]
        assert len(both) > 30
        for one, other in both:
            assert (one.base_rate, one.base_low, one.base_high) == (other.base_rate, other.base_low, other.base_high)


# --- the first session ----------------------------------------------------------------------------------------------

MARKET = Market.build(WORLD, cut_bars(invented_bars(53, 300), np.datetime64("2000-12-29")))


def asked(start: str, end: str) -> Settings:
    return Settings("csv", WORLD, date.fromisoformat(start), date.fromisoformat(end), ("macro",), TARGETS)


@pytest.mark.parametrize(
    ("start", "end", "first"),
    [
        ("2000-01-03", "2000-12-29", "2000-01-03"),
        ("2000-04-20", "2000-12-31", "2000-04-20"),
        ("2000-04-21", "2000-12-29", "2000-04-24"),  # Good Friday and a weekend
        ("2000-12-29", "2000-12-29", "2000-12-29"),
        ("2000-12-25", "2001-01-01", "2000-12-26"),  # New Year's Day asks for nothing that the data lack
    ],
)
def test_the_run_begins_with_the_first_session_from_start_on(start: str, end: str, first: str) -> None:
    assert MARKET.calendar.labels[MARKET.size - 1] == "2000-12-29"
    assert MARKET.calendar.labels[first_session(MARKET, asked(start, end))] == first


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("1999-12-31", "2000-12-29", "the data begin on 2000-01-03, after --start 1999-12-31"),
        ("2000-02-01", "2001-01-02", "the data end on 2000-12-29, before --end 2001-01-02"),
        ("2000-12-30", "2000-12-31", "there is no session from 2000-12-30 to 2000-12-31"),
        ("2050-01-01", "2050-12-31", "the data end on 2000-12-29, before --end 2050-12-31"),
        ("1950-01-01", "2050-12-31", "the data begin on 2000-01-03, after --start 1950-01-01"),
    ],
)
def test_a_range_that_the_data_do_not_cover_is_refused(start: str, end: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        first_session(MARKET, asked(start, end))
    assert str(caught.value).startswith(message) and "; " in str(caught.value)
