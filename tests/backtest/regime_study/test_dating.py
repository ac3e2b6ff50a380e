"""Bull and bear markets against published dates, a slow account of the same rule, and its laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.regime_study.dating import Bear, Dating, Turn, bear_markets, date_turns, phases
from engine.bars import FloatArray
from engine.errors import InputError
from engine.sources.sample import Sample
from engine.universe import Universe

walks = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 400), st.sampled_from([0.01, 0.03, 0.08])).map(
    lambda made: np.round(np.exp(np.random.default_rng(made[0]).normal(0.0, made[2], made[1]).cumsum()), 3) + 0.001
)


def slow(closes: FloatArray, fall: float, rise: float) -> list[Turn]:
    """Looks at the whole stretch since the last turning point again on each session."""
    turns: list[Turn] = []
    since = 0
    for at in range(len(closes)):
        stretch = closes[since : at + 1]
        high, low = since + int(np.argmax(stretch)), since + int(np.argmin(stretch))
        bear, bull = closes[at] <= closes[high] * (1 - fall), closes[at] >= closes[low] * (1 + rise)
        last = turns[-1].kind if turns else None
        if bear and last != "peak":
            turns.append(Turn("peak", high, at))
            since = high + 1
        elif bull and last != "trough":
            turns.append(Turn("trough", low, at))
            since = low + 1
    return turns


@given(walks, st.sampled_from([(0.15, 0.20), (0.05, 0.05), (0.2, 0.1)]))
def test_the_rule_is_that_of_the_slow_account(closes: FloatArray, rule: tuple[float, float]) -> None:
    assert list(date_turns(closes, fall=rule[0], rise=rule[1]).turns) == slow(closes, *rule)


@given(walks, st.integers(1, 400))
def test_what_was_known_stays_whatever_follows(closes: FloatArray, cut: int) -> None:
    whole, then = date_turns(closes), date_turns(closes[:cut])
    assert then.turns == tuple(turn for turn in whole.turns if turn.known < cut)


@given(walks)
def test_laws_of_the_turning_points(closes: FloatArray) -> None:
    dating = date_turns(closes)
    for turn in dating.turns:
        assert turn.at < turn.known < len(closes)
        change = closes[turn.known] / closes[turn.at] - 1.0
        assert change <= -0.15 + 1e-12 if turn.kind == "peak" else change >= 0.20 - 1e-12
    for before, after in pairwise(dating.turns):
        assert before.kind != after.kind and before.at < after.at and before.known < after.known
        stretch = closes[before.at + 1 : after.at + 1]
        assert closes[after.at] == (stretch.max() if after.kind == "peak" else stretch.min())
    if dating.turns:
        assert dating.turns[-1].at < dating.until < len(closes)


@given(walks, st.integers(0, 60))
def test_bear_markets_and_phases_agree(closes: FloatArray, gap: int) -> None:
    dating = date_turns(closes)
    bears = bear_markets(closes, dating, gap=gap)
    phase = phases(len(closes), dating, bears)
    assert set(np.flatnonzero(phase == 1)) == {at for b in bears for at in range(b.peak + 1, b.trough + 1)}
    first = dating.turns[0].at if dating.turns else len(closes)
    assert (phase[: first + 1] == -1).all()
    assert (phase[dating.until + 1 :] == -1).all()
    assert (phase[first + 1 : dating.until + 1] >= 0).all()
    for before, after in pairwise(bears):
        assert after.peak - before.trough > gap
    for bear in bears:
        assert bear.peak < bear.known and bear.peak < bear.trough
        assert bear.fall == 1.0 - closes[bear.peak : bear.trough + 1].min() / closes[bear.peak] >= 0.15 - 1e-12
    plain = bear_markets(closes, dating, gap=0)
    assert len(plain) == sum(turn.kind == "peak" for turn in dating.turns)
    if plain:
        assert (plain[-1].over is None) == (dating.turns[-1].kind == "peak")
        assert all(bear.over is not None for bear in plain[:-1])


def test_by_hand() -> None:
    #                 0    1    2   3   4   5    6   7   8    9
    closes = np.array([100, 110, 94, 93, 95, 112, 111, 90, 88, 91], float)
    dating = date_turns(closes)
    # 93 is 15.5% below 110, so the peak is known at 3; 112 is 20.4% above 93; 90 is 19.6% below 112, low 88 so far.
    assert dating == Dating((Turn("peak", 1, 3), Turn("trough", 3, 5), Turn("peak", 5, 7)), 8)
    two = bear_markets(closes, dating, gap=1)
    assert two == (Bear(1, 3, 3, 5, 1 - 93 / 110), Bear(5, 7, 8, None, 1 - 88 / 112))
    assert phases(10, dating, two).tolist() == [-1, -1, 1, 1, 0, 0, 1, 1, 1, -1]
    assert bear_markets(closes, dating, gap=2) == (Bear(1, 3, 8, None, 1 - 88 / 110),)


def test_a_market_without_turns_is_undecided() -> None:
    dating = date_turns(np.linspace(100.0, 119.0, 50))
    assert dating == Dating((), 0)
    assert (phases(50, dating, ()) == -1).all()


@cache
def index() -> tuple[list[str], FloatArray]:
    universe = Universe("one", "", "XNYS", {"market": "^GSPC"})
    bars = Sample().load(universe, None).bars["^GSPC"]
    return [str(day) for day in bars.days], bars.close


# Closing highs and lows of the S&P 500's bear markets, as in any list of them.
KNOWN = [
    ("1968-11-29", "1970-05-26"), ("1973-01-11", "1974-10-03"), ("1980-11-28", "1982-08-12"),
    ("1987-08-25", "1987-12-04"), ("1990-07-16", "1990-10-11"), ("2007-10-09", "2009-03-09"),
    ("2018-09-20", "2018-12-24"), ("2020-02-19", "2020-03-23"), ("2022-01-03", "2022-10-12"),
]  # fmt: skip


def test_published_dates() -> None:
    days, closes = index()
    found = bear_markets(closes, date_turns(closes))
    dates = [(days[bear.peak], days[bear.trough]) for bear in found]
    assert set(KNOWN) <= set(dates)
    by_peak = {days[bear.peak]: bear for bear in found}
    assert round(by_peak["2007-10-09"].fall, 3) == 0.568  # 1565.15 to 676.53
    assert round(by_peak["1987-08-25"].fall, 3) == 0.335  # 336.77 to 223.92
    assert days[by_peak["2022-01-03"].known] == "2022-05-09"  # 4796.56 to 3991.24, the first close 15% below
    assert by_peak["2022-01-03"].over is None  # 20% above the low came in June 2023, after these data


def test_nine_bear_markets_from_1994() -> None:
    days, closes = index()
    found = bear_markets(closes, date_turns(closes))
    assert [days[bear.peak][:4] for bear in found if days[bear.peak] >= "1994"] == [
        "1998", "2000", "2002", "2007", "2010", "2011", "2018", "2020", "2022",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "call",
    [
        lambda: date_turns(np.array([])),
        lambda: date_turns(np.array([100.0, math.nan])),
        lambda: date_turns(np.array([100.0, 0.0])),
        lambda: date_turns(np.array([100.0]), fall=15.0),
        lambda: date_turns(np.array([100.0]), rise=0.0),
    ],
)
def test_bad_input_is_one_sentence(call: Callable[[], object]) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert "\n" not in str(caught.value)
