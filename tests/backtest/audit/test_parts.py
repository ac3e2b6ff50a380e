"""The parts of the audit: invented futures share the past, the culprit bar, another clock, what is reached for."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from backtest.audit.bar import Part, culprit
from backtest.audit.futures import FUTURES, Future
from backtest.audit.peeks import troubled
from backtest.audit.shift import redated, rescaled
from engine.bars import FIELDS
from engine.market import Market
from tests.runs import ROOT
from tests.worlds import invented_market, same_bits

MARKET = invented_market(4, 200)
AT = 150


@pytest.mark.parametrize("future", FUTURES, ids=lambda future: future.name)
def test_a_future_shares_the_past_to_the_bit_and_differs_after_it(future: Future) -> None:
    at = MARKET.size - 1 if future.name == "extended" else AT
    other = future.make(MARKET, at, np.random.default_rng(1))
    for symbol in other.symbols:
        for name in FIELDS:
            assert same_bits(other.column(symbol, name)[: at + 1], MARKET.column(symbol, name)[: at + 1])
    gone = set(MARKET.symbols) - set(other.symbols)
    assert all(np.isnan(MARKET.column(symbol)[: at + 1]).all() for symbol in gone)
    assert list(other.calendar.days[: at + 1]) == list(MARKET.calendar.days[: at + 1])
    known = [event for event in other.events if event.available_at <= MARKET.calendar.as_of(at)]
    assert known == list(MARKET.events)
    differs = (
        other.size != MARKET.size
        or other.events != MARKET.events
        or any(not same_bits(other.columns[name], MARKET.columns[name]) for name in FIELDS)
    )
    assert differs
    assert future.bars <= (other.size == MARKET.size and other.symbols == MARKET.symbols)


def test_unannounced_closures_leave_the_deadlines_of_the_day_alone() -> None:
    """What was scheduled on the last shared day does not know of them; the sessions that trade do."""
    future = next(item for item in FUTURES if item.name == "closures")
    other = future.make(MARKET, AT, np.random.default_rng(1))
    assert other.calendar.deadline(AT, 2) == MARKET.calendar.deadline(AT, 2)
    assert other.calendar.days[AT + 1] > MARKET.calendar.days[AT + 1]


def test_every_symbol_meets_every_trouble_in_four_dates() -> None:
    dates = [60, 90, 120, 150]
    ill = troubled(MARKET, dates)
    for symbol in MARKET.symbols:
        real, made = MARKET.column(symbol), ill.column(symbol)
        kinds = set()
        for at in dates:
            if np.isnan(made[at]) and np.isnan(made[at - 1]):
                kinds.add("hole")
            elif made[at] == 20.0 * real[at]:
                kinds.add("spike")
            elif len(set(made[at - 6 : at + 1].tolist())) == 1:
                kinds.add("flat")
            else:
                kinds.add("none")
        assert np.isnan(real[[at + step for at in dates for step in (-6, -1, 0)]]).any() or kinds == {
            "hole", "spike", "flat", "none",
        }  # fmt: skip


def planted() -> Market:
    """The market with other numbers everywhere after AT; the test below looks at some cells only."""
    columns = {name: column.copy() for name, column in MARKET.columns.items()}
    for column in columns.values():
        column[:, AT + 1 :] = 7.0
    return Market(MARKET.universe, MARKET.calendar, MARKET.symbols, MARKET.size, columns)


@pytest.mark.parametrize(
    ("symbol", "field", "first", "last"),
    [("GRO", "high", 170, 170), ("MKT", "adj_close", 151, 151), ("S03", "volume", 199, 199), ("AU", "low", 160, 171)],
)
def test_the_culprit_is_exactly_what_the_test_looks_at(symbol: str, field: str, first: int, last: int) -> None:
    """A test that needs all of a span of one symbol and field is answered with that span."""

    def moves(market: Market) -> bool:
        return bool((market.column(symbol, field)[first : last + 1] == 7.0).all())

    part = culprit(MARKET, planted(), AT, moves)
    assert part == Part((symbol,), (field,), first, last)
    labels = MARKET.calendar.labels
    days = labels[first] if first == last else f"{labels[first]} to {labels[last]}"
    assert part.says(labels) == f"{symbol} {field} {days}"


def test_no_bar_is_blamed_for_what_moves_without_one() -> None:
    assert culprit(MARKET, planted(), AT, lambda _: True) is None
    assert culprit(MARKET, planted(), AT, lambda _: False) is None


def test_other_dates_keep_weekdays_and_months_and_other_scales_keep_returns() -> None:
    other = redated(MARKET)
    for one, same in zip(MARKET.calendar.days.tolist(), other.calendar.days.tolist(), strict=True):
        assert isinstance(one, date) and isinstance(same, date)
        assert (same.year - one.year, same.month, same.day) == (28, one.month, one.day)
        assert same.weekday() == one.weekday()
    scaled = rescaled(MARKET)
    for symbol in MARKET.symbols:
        ratio = scaled.column(symbol) / MARKET.column(symbol)
        (factor,) = set(ratio[~np.isnan(ratio)].tolist())
        assert (factor == 1.0) if symbol in MARKET.universe.levels else factor in (0.25, 0.5, 1.0, 2.0, 4.0)


CLOCKED = """
from datetime import UTC, date, datetime, timedelta
import datetime as module
import time

def years():
    import datetime as late
    from time import time as other
    return [
        datetime.now().year, datetime.now(UTC).year, date.today().year, late.date.today().year,
        module.datetime.today().year,
        time.gmtime().tm_year, time.localtime().tm_year, int(time.strftime("%Y")), time.gmtime(other()).tm_year,
        time.gmtime(time.time_ns() / 1e9).tm_year,
    ]

assert isinstance(datetime.now(), datetime) and isinstance(date.today(), date)
assert isinstance(datetime(2020, 1, 2), date)
assert datetime(2020, 1, 2) + timedelta(1) == datetime.fromisoformat("2020-01-03")
assert datetime.strptime("2020", "%Y").year == 2020 and not isinstance(date(2020, 1, 2), datetime)
class Own(datetime):
    pass
assert type(Own(2020, 1, 2)) is Own and isinstance(Own(2020, 1, 2), datetime)
"""


def test_another_clock_is_seen_by_every_common_word_and_keeps_the_types(tmp_path: object) -> None:
    """In a process of its own, since a clock cannot be put back."""
    code = (
        "import sys, time; before = time.gmtime().tm_year\n"
        "from backtest.audit import clock; clock.install(20 * 365.25 * 86400)\n"
        f"import types; module = types.ModuleType('stranger'); exec({CLOCKED!r}, vars(module))\n"
        "assert all(year - before in (19, 20, 21) for year in module.years()), (before, module.years())\n"
        "import pandas, datetime\n"
        "assert isinstance(pandas.Timestamp('2020-01-02'), datetime.datetime)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_reaching_out_is_noted_for_whoever_does_it_and_imports_are_not() -> None:
    code = (
        "import sys; from backtest.audit import reach; reach.watch()\n"
        "open('pyproject.toml').close()\n"
        "reach.now('mind', 'one'); import wave; open('LICENSE').close(); sys._getframe()\n"
        "reach.now('signal', 'two'); import gc; gc.get_objects(); reach.now('', '')\n"
        "sys._getframe(); print(reach.reached())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert eval(done.stdout) == {
        ("mind", "one"): ["opens the file LICENSE", "walks up the interpreter's frames"],
        ("signal", "two"): ["lists the objects of the interpreter"],
    }
