"""Bar checks and the CSV reader under a campaign of faults: each gives the right bars, a stated repair or a refusal.

Every fault is planted into a clean random table together with what must come of it, worked out here by hand; both
readers (arrays handed to `check_bars`, and a file read by `CsvFolder`) must agree with it to the last bit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.bar_checks import Repair, check_bars
from engine.bars import COLUMNS, FIELDS, Bars
from engine.calendar import TradingCalendar
from engine.errors import DataError, InputError
from engine.sources.csv_folder import CsvFolder
from engine.universe import Universe

SYMBOL = "SPY"
CALENDAR = TradingCalendar.load("XNYS", date(2017, 1, 1), date(2019, 12, 31))
OPEN, HIGH, LOW, CLOSE, ADJUSTED, VOLUME = range(1, 7)

Row = list[str | float]
"""Day, open, high, low, close, adj_close, volume."""


class Expect(NamedTuple):
    """What must come of a faulty table: `rows` with these repairs, or a refusal with these words."""

    rows: list[Row] | None = None
    repairs: tuple[tuple[str, str, int], ...] = ()  # kind, first day, times
    words: str = ""
    line: int | None = None


def clean(random: np.random.Generator) -> list[Row]:
    """A random walk over 12 to 40 sessions without a fault: no two closes equal, real-looking bars."""
    start, size = int(random.integers(0, 400)), int(random.integers(12, 41))
    closes = np.round(np.exp(np.cumsum(random.normal(0, 0.02, size))) * random.uniform(0.5, 900), 6)
    rows: list[Row] = []
    for day, close in zip(CALENDAR.labels[start : start + size], closes.tolist(), strict=True):
        opened = close * random.uniform(0.99, 1.01)
        high = max(opened, close) * random.uniform(1.001, 1.02)
        low = min(opened, close) * random.uniform(0.98, 0.999)
        rows.append([day, opened, high, low, close, close * 0.9, float(random.integers(1, 10**9))])
    return rows


def inside(random: np.random.Generator, rows: list[Row]) -> int:
    """A row that is neither the first nor the last two."""
    return int(random.integers(2, len(rows) - 2))


def price(random: np.random.Generator) -> int:
    return int(random.choice([OPEN, HIGH, LOW, CLOSE, ADJUSTED]))


def put(cell: str | float, *columns: int) -> Callable[[np.random.Generator, list[Row]], Expect]:
    """Faults of one cell, each refused with its line."""

    def plant(random: np.random.Generator, rows: list[Row]) -> Expect:
        at, column = inside(random, rows), int(random.choice(columns)) if columns else price(random)
        rows[at][column] = cell
        return Expect(words=f"{FIELDS[column - 1]}", line=at + 2)

    return plant


def scaled(factor: float, *columns: int) -> Callable[[np.random.Generator, list[Row]], Expect]:
    """A unit or decimal point that slipped."""

    def plant(random: np.random.Generator, rows: list[Row]) -> Expect:
        at = inside(random, rows)
        for column in columns:
            rows[at][column] = float(rows[at][column]) * factor
        return Expect(words="more than 20-fold|lies outside|below the low", line=at + 2)

    return plant


def empty_line(random: np.random.Generator, rows: list[Row]) -> Expect:
    at = inside(random, rows)
    day = rows[at][0]
    rest = [row for row in rows if row[0] != day]
    rows[at] = [day, *[float("nan")] * 5, float(random.choice([0.0, float("nan")]))]
    return Expect(rest, (("empty", str(day), 1), ("gap", str(day), 1)))


def infinite(random: np.random.Generator, rows: list[Row]) -> Expect:
    at, column = inside(random, rows), int(random.integers(1, 7))
    rows[at][column] = float(random.choice([np.inf, -np.inf]))
    return Expect(words=f"the {FIELDS[column - 1]} of {rows[at][0]} is infinite", line=at + 2)


def low_above_high(random: np.random.Generator, rows: list[Row]) -> Expect:
    at = inside(random, rows)
    rows[at][HIGH], rows[at][LOW] = rows[at][LOW], rows[at][HIGH]
    return Expect(words="the high .* is below the low", line=at + 2)


def outside(column: int, above: bool) -> Callable[[np.random.Generator, list[Row]], Expect]:
    def plant(random: np.random.Generator, rows: list[Row]) -> Expect:
        at = inside(random, rows)
        bound = float(rows[at][HIGH if above else LOW])
        rows[at][column] = bound * (
            1 + 10 ** random.uniform(-5.6, 0) if above else 1 - 10 ** random.uniform(-5.6, -0.4)
        )
        return Expect(words=f"the {FIELDS[column - 1]} .* lies outside low", line=at + 2)

    return plant


def rounding(random: np.random.Generator, rows: list[Row]) -> Expect:
    at = inside(random, rows)
    row = rows[at]
    row[HIGH] = max(float(row[OPEN]), float(row[CLOSE])) * (1 - 5e-7)
    row[LOW] = min(float(row[OPEN]), float(row[CLOSE])) * (1 + 4e-7)
    mended = [list(other) for other in rows]
    mended[at][HIGH] = max(float(row[OPEN]), float(row[CLOSE]))
    mended[at][LOW] = min(float(row[OPEN]), float(row[CLOSE]))
    return Expect(mended, (("rounding", str(row[0]), 1),))


def repeated(random: np.random.Generator, rows: list[Row]) -> Expect:
    at, before = inside(random, rows), [list(row) for row in rows]
    rows.insert(at, list(rows[at]))
    return Expect(before, (("duplicate", str(rows[at][0]), 1),))


def conflicting(random: np.random.Generator, rows: list[Row]) -> Expect:
    at, column = inside(random, rows), int(random.integers(1, 7))
    rows.insert(at, list(rows[at]))
    rows[at + 1][column] = float(rows[at][column]) * 1.0000001
    return Expect(words=f"{rows[at][0]} has two different bars", line=at + 3)


def unsorted(random: np.random.Generator, rows: list[Row]) -> Expect:
    at = inside(random, rows)
    rows[at], rows[at + 1] = rows[at + 1], rows[at]
    return Expect(words=f"{rows[at + 1][0]} comes after {rows[at][0]}", line=at + 3)


def newest_first(random: np.random.Generator, rows: list[Row]) -> Expect:
    rows.reverse()
    return Expect(words="comes after", line=3)


def gap(random: np.random.Generator, rows: list[Row]) -> Expect:
    at, length = inside(random, rows), int(random.integers(1, 15))
    gone = rows[at : min(at + length, len(rows) - 1)]
    del rows[at : at + len(gone)]
    return Expect([list(row) for row in rows], (("gap", str(gone[0][0]), len(gone)),))


def closed_day(rows: list[Row]) -> tuple[int, str]:
    """Where the first weekend of the table is, and its Saturday."""
    for at in range(1, len(rows)):
        friday, monday = (np.datetime64(str(rows[k][0])) for k in (at - 1, at))
        if np.is_busday(friday, weekmask="Fri") and monday - friday >= np.timedelta64(3, "D"):
            return at, str(friday + 1)
    raise AssertionError("twelve sessions hold a Friday that is not the last")


def weekend_bar(random: np.random.Generator, rows: list[Row]) -> Expect:
    at, saturday = closed_day(rows)
    rows.insert(at, [saturday, *rows[at][1:]])
    return Expect(words=f"a bar on Saturday {saturday}, which is no session of XNYS", line=at + 2)


def weekend_echo(random: np.random.Generator, rows: list[Row]) -> Expect:
    (at, saturday), before = closed_day(rows), [list(row) for row in rows]
    close = rows[at - 1][CLOSE]
    rows.insert(at, [saturday, close, close, close, close, rows[at - 1][ADJUSTED], 0.0])
    return Expect(before, (("closed", saturday, 1),))


def traded_weekend_echo(random: np.random.Generator, rows: list[Row]) -> Expect:
    at, saturday = closed_day(rows)
    rows.insert(at, [saturday, *rows[at - 1][1:]])
    return Expect(words="which is no session of XNYS", line=at + 2)


def stale(random: np.random.Generator, rows: list[Row]) -> Expect:
    at, length = int(random.integers(1, 4)), int(random.integers(5, 8))
    for k in range(at, at + length):
        rows[k][1:] = rows[at][1:]
    return Expect([list(row) for row in rows], (("stale", str(rows[at][0]), length),))


def four_equal_bars(random: np.random.Generator, rows: list[Row]) -> Expect:
    for k in range(3, 7):
        rows[k][1:] = rows[3][1:]
    return Expect([list(row) for row in rows])


def split(random: np.random.Generator, rows: list[Row]) -> Expect:
    at = inside(random, rows)
    for row in rows[at:]:
        row[OPEN:ADJUSTED] = [float(cell) / 50 for cell in row[OPEN:ADJUSTED]]
    return Expect([list(row) for row in rows], (("split", str(rows[at][0]), 1),))


def swapped_close_and_volume(random: np.random.Generator, rows: list[Row]) -> Expect:
    for row in rows:
        row[VOLUME] = float(random.integers(10**6, 10**9))
        row[CLOSE], row[VOLUME] = row[VOLUME], row[CLOSE]
    return Expect(words="the close .* lies outside", line=2)


def one_row(random: np.random.Generator, rows: list[Row]) -> Expect:
    del rows[1:]
    return Expect([list(rows[0])])


def nothing(random: np.random.Generator, rows: list[Row]) -> Expect:
    return Expect([list(row) for row in rows])


def huge_price(random: np.random.Generator, rows: list[Row]) -> Expect:
    at = inside(random, rows)
    rows[at][OPEN:VOLUME] = [1e12] * 5
    return Expect(words=r"adj_close moves from .* to 1e\+12 on", line=at + 2)


def huge_high(random: np.random.Generator, rows: list[Row]) -> Expect:
    """A lone high of 1e12 breaks no law between bars: it stays, and is told."""
    at = inside(random, rows)
    rows[at][HIGH] = 1e12
    return Expect([list(row) for row in rows], (("range", str(rows[at][0]), 1),))


def scaled_to_the_end(random: np.random.Generator, rows: list[Row]) -> Expect:
    at, factor = inside(random, rows), float(random.choice([100.0, 0.01]))
    for row in rows[at:]:
        row[OPEN:VOLUME] = [float(cell) * factor for cell in row[OPEN:VOLUME]]
    return Expect(words="adj_close moves from .* more than 20-fold", line=at + 2)


PRICES = (OPEN, HIGH, LOW, CLOSE, ADJUSTED)
FAULTS: dict[str, Callable[[np.random.Generator, list[Row]], Expect]] = {
    "no fault": nothing,
    "price missing": put(float("nan")),
    "volume missing": put(float("nan"), VOLUME),
    "line without prices": empty_line,
    "infinite": infinite,
    "zero price": put(0.0),
    "minus zero price": put(-0.0),
    "negative price": put(-12.5),
    "negative volume": put(-1.0, VOLUME),
    "high below low": low_above_high,
    "close above high": outside(CLOSE, above=True),
    "close below low": outside(CLOSE, above=False),
    "open above high": outside(OPEN, above=True),
    "open below low": outside(OPEN, above=False),
    "rounding": rounding,
    "line repeated": repeated,
    "two bars for one day": conflicting,
    "unsorted": unsorted,
    "newest first": newest_first,
    "gap": gap,
    "weekend bar": weekend_bar,
    "weekend echo": weekend_echo,
    "weekend echo with volume": traded_weekend_echo,
    "stale for five": stale,
    "stale for four": four_equal_bars,
    "split not in adj_close": split,
    "times 100": scaled(100, *PRICES),
    "divided by 100": scaled(0.01, *PRICES),
    "close times 100": scaled(100, CLOSE),
    "bar times 100, adj_close right": scaled(100, OPEN, HIGH, LOW, CLOSE),
    "adj_close divided by 100": scaled(0.01, ADJUSTED),
    "times 100 from a day on": scaled_to_the_end,
    "price of 1e12": huge_price,
    "high of 1e12": huge_high,
    "close and volume swapped": swapped_close_and_volume,
    "one row": one_row,
}


def from_arrays(rows: list[Row], level: bool) -> tuple[Bars, tuple[Repair, ...]]:
    days = np.array([row[0] for row in rows], "datetime64[D]")
    columns = {name: np.array([row[at] for row in rows], float) for at, name in enumerate(FIELDS, start=1)}
    return check_bars(SYMBOL, days, columns, calendar=CALENDAR, level=level, where="spy", lines=None)


def from_file(folder: Path, rows: list[Row], level: bool) -> tuple[Bars, tuple[Repair, ...]]:
    universe = Universe("test", "", "XNYS", {"market": SYMBOL}, levels=frozenset({SYMBOL} if level else ()))
    lines = [",".join(COLUMNS), *(",".join([str(row[0]), *(repr(cell) for cell in row[1:])]) for row in rows)]
    (folder / f"{SYMBOL}.csv").write_text("\n".join(lines) + "\n")
    loaded = CsvFolder(folder).load(universe, None)
    return loaded.bars[SYMBOL], loaded.notices


def table(bars: Bars) -> list[Row]:
    return [[str(day), *(float(getattr(bars, name)[at]) for name in FIELDS)] for at, day in enumerate(bars.days)]


def told(repairs: tuple[Repair, ...]) -> tuple[tuple[str, str, int], ...]:
    assert all(repair.symbol == SYMBOL and repair.detail for repair in repairs)
    return tuple((repair.kind, repair.day, repair.times) for repair in repairs)


def assert_law(bars: Bars, level: bool) -> None:
    """The contract of engine.bars, restated."""
    assert all(CALENDAR.is_session(day) for day in bars.days)
    assert all(np.diff(bars.days).astype(int) > 0)
    for name in FIELDS:
        column = getattr(bars, name)
        assert column.dtype == np.float64 and column.flags.c_contiguous and not column.flags.writeable
        assert np.isfinite(column).all()
        assert level or name == "volume" or (column > 0).all()
    assert (bars.volume >= 0).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()


@pytest.mark.parametrize("reader", ["arrays", "file"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_becomes_a_silent_wrong_number(
    fault: str, reader: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bars")

    @settings(max_examples=40)
    @given(st.integers(0, 2**32 - 1))
    def campaign(seed: int) -> None:
        random = np.random.default_rng(seed)
        rows = clean(random)
        expect = FAULTS[fault](random, rows)
        if expect.rows is None:
            with pytest.raises(DataError, match=expect.words) as refusal:
                from_arrays(rows, False) if reader == "arrays" else from_file(folder, rows, False)
            assert refusal.value.symbol == SYMBOL
            assert refusal.value.row == expect.line
            assert re.fullmatch(r"symbol SPY, .*spy(\.csv)?, row \d+: [^;]+; [^;.]+", str(refusal.value), re.IGNORECASE)
            return
        bars, repairs = from_arrays(rows, False) if reader == "arrays" else from_file(folder, rows, False)
        assert_law(bars, False)
        assert table(bars) == expect.rows
        assert told(repairs) == expect.repairs

    campaign()


@given(st.integers(0, 2**32 - 1), st.lists(st.sampled_from(sorted(FAULTS)), min_size=2, max_size=4))
def test_several_faults_at_once_still_give_lawful_bars_or_a_refusal(seed: int, faults: list[str]) -> None:
    random = np.random.default_rng(seed)
    rows = clean(random)
    try:
        for fault in faults:
            FAULTS[fault](random, rows)
    except (AssertionError, ValueError, IndexError):
        return  # the table became too short for the next fault
    level = bool(random.integers(2))
    try:
        bars, _ = from_arrays(rows, level)
    except DataError as refusal:
        assert refusal.symbol == SYMBOL
        return
    assert_law(bars, level)
    given_rows = {(row[0], row[CLOSE], row[ADJUSTED]) for row in rows}
    assert {(row[0], row[CLOSE], row[ADJUSTED]) for row in table(bars)} <= given_rows


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_checked_bars_pass_again_unchanged(seed: int, level: bool) -> None:
    random = np.random.default_rng(seed)
    rows = clean(random)
    for fault in (rounding, repeated, weekend_echo, empty_line):
        if fault is not empty_line:
            fault(random, rows)
    once, _ = from_arrays(rows, level)
    twice, repairs = from_arrays(table(once), level)
    assert table(twice) == table(once)
    assert not repairs


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_what_is_known_early_does_not_depend_on_later_bars(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    rows = clean(random)
    for fault in (rounding, repeated, weekend_echo):
        fault(random, rows)
    whole, _ = from_arrays(rows, False)
    early, _ = from_arrays(rows[:size], False)
    assert table(early) == table(whole)[: len(early)]


class TestLevels:
    """Yields and volatility indices."""

    def test_may_be_zero_or_negative(self) -> None:
        rows: list[Row] = [
            ["2018-02-05", *[0.0] * 6],
            ["2018-02-06", *[-0.1] * 5, 0.0],
            ["2018-02-07", *[0.02] * 5, 0.0],
        ]
        bars, repairs = from_arrays(rows, True)
        assert table(bars) == rows
        assert not repairs

    def test_of_minus_zero_have_the_bytes_of_zero(self) -> None:
        bars, _ = from_arrays([["2018-02-05", *[-0.0] * 6]], True)
        assert all(getattr(bars, name).tobytes() == np.zeros(1).tobytes() for name in FIELDS)

    @pytest.mark.parametrize(("opened", "moved"), [(41.60, 13.61), (2.58, 12.76)])
    def test_an_open_outside_the_range_is_moved_to_the_bound(self, opened: float, moved: float) -> None:
        # VIX, 2006-02-08: its published open lies far outside the day's range; the second is of the same kind.
        rows: list[Row] = [["2018-02-08", opened, 13.61, 12.76, 12.83, 12.83, 0.0]]
        bars, repairs = from_arrays(rows, True)
        assert table(bars) == [["2018-02-08", moved, 13.61, 12.76, 12.83, 12.83, 0.0]]
        assert told(repairs) == (("open", "2018-02-08", 1),)

    def test_a_close_outside_the_range_is_refused(self) -> None:
        with pytest.raises(DataError, match=r"the close 14 of 2018-02-08 lies outside low 12\.76 to high 13\.61"):
            from_arrays([["2018-02-08", 13.0, 13.61, 12.76, 14.0, 14.0, 0.0]], True)

    def test_days_of_another_market_are_dropped_and_told(self) -> None:
        rows: list[Row] = [[day, *[value] * 5, 0.0] for day, value in (("2018-03-29", 2.74), ("2018-03-30", 2.75))]
        bars, repairs = from_arrays(rows, True)  # the 30th was Good Friday
        assert table(bars) == rows[:1]
        assert told(repairs) == (("closed", "2018-03-30", 1),)
        with pytest.raises(DataError, match="there is a bar on Friday 2018-03-30, which is no session of XNYS"):
            from_arrays(rows, False)
        with pytest.raises(DataError, match="there is a bar on Saturday 2018-03-31"):
            from_arrays([*rows, ["2018-03-31", *[2.76] * 5, 0.0]], True)

    def test_the_largest_real_move_passes_and_a_slipped_point_does_not(self) -> None:
        vix: list[Row] = [["2018-02-02", *[17.31] * 5, 0.0], ["2018-02-05", *[37.32] * 5, 0.0]]
        assert table(from_arrays(vix, True)[0]) == vix
        vix[1][1:6] = [3732.0] * 5
        with pytest.raises(DataError, match=r"adj_close moves from 17\.31 to 3732 on 2018-02-05, more than 20-fold"):
            from_arrays(vix, True)

    def test_yields_near_zero_may_multiply(self) -> None:
        rows: list[Row] = [["2018-02-02", *[0.01] * 5, 0.0], ["2018-02-05", *[0.9] * 5, 0.0]]
        assert table(from_arrays(rows, True)[0]) == rows

    def test_stand_still_without_being_stale(self) -> None:
        rows: list[Row] = [[day, *[1.5] * 5, 0.0] for day in CALENDAR.labels[:30]]
        assert from_arrays(rows, True)[1] == ()
        assert told(from_arrays(rows, False)[1]) == (("stale", CALENDAR.labels[0], 30),)


def test_the_worst_real_day_of_a_stock_passes() -> None:
    # Lehman Brothers, 2008-09-12 to 2008-09-15, moved to sessions of this calendar.
    rows: list[Row] = [["2018-09-14", *[3.65] * 5, 1.0], ["2018-09-17", *[0.21] * 5, 1.0]]
    assert table(from_arrays(rows, False)[0]) == rows


def test_an_empty_table_is_an_empty_answer() -> None:
    bars, repairs = from_arrays([], False)
    assert len(bars) == 0
    assert repairs == ()


def test_lines_of_the_file_are_named_when_they_are_known() -> None:
    days = np.array(["2018-02-02", "2018-02-05"], "datetime64[D]")
    columns = {name: np.array([1.0, np.nan]) for name in FIELDS} | {"volume": np.ones(2)}
    with pytest.raises(DataError, match="row 17: the open of 2018-02-05 is missing") as refusal:
        check_bars("A", days, columns, calendar=CALENDAR, level=False, where="f", lines=np.array([9, 17]))
    assert refusal.value.row == 17


TEXT = np.array(["1.0", "2.0"])
GOOD = np.array([1.0, 2.0])
DAYS = np.array(["2018-02-02", "2018-02-05"], "datetime64[D]")


@pytest.mark.parametrize(
    ("days", "changes", "words"),
    [
        (DAYS, {"close": TEXT}, "close holds <U3 values, not numbers; convert the column to numbers"),
        (DAYS, {"close": GOOD.astype(object)}, "close holds object values"),
        (DAYS, {"volume": np.array([True, False])}, "volume holds bool values"),
        (DAYS, {"close": GOOD[:1]}, r"close has shape \(1,\), the days have \(2,\)"),
        (DAYS, {"price": GOOD}, "the columns are open, high, .*, price; give exactly open, high"),
        (np.array(["2018-02-02", "NaT"], "datetime64[D]"), {}, "row 3: the day NaT is no plain date"),
        (
            np.array(["2018-02-02T05", "2018-02-05T05"], "datetime64[s]"),
            {},
            "row 2: the day 2018-02-02T05:00:00 is no plain",
        ),
        (np.array(["2018-02-02", "2018-02-05"]), {}, "the days are not plain dates; give each as YYYY-MM-DD"),
        (np.array([date(2018, 2, 2), date(2018, 2, 5)], object), {}, "the days are not plain dates"),
        (DAYS.reshape(2, 1), {}, "the days are not plain dates"),
    ],
)
def test_tables_of_the_wrong_kind_are_refused(days: np.ndarray, changes: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(DataError, match=words):
        check_bars("A", days, {name: GOOD for name in FIELDS} | changes, calendar=CALENDAR, level=False, where="f")


@pytest.mark.parametrize("unit", ["D", "s", "ns"])
def test_midnights_of_any_unit_and_whole_numbers_are_plain(unit: str) -> None:
    columns = {name: np.array([100, 101]) for name in FIELDS}
    bars, _ = check_bars("A", DAYS.astype(f"datetime64[{unit}]"), columns, calendar=CALENDAR, level=False, where="f")
    assert bars.days.dtype == "datetime64[D]"
    assert bars.close.tolist() == [100.0, 101.0]


def test_the_answer_shares_no_memory_with_the_question() -> None:
    columns = {name: GOOD.copy() for name in FIELDS}
    bars, _ = check_bars("A", DAYS.copy(), columns, calendar=CALENDAR, level=False, where="f")
    for column in columns.values():
        column[:] = 7
    assert bars.close.tolist() == [1.0, 2.0]


def test_a_calendar_that_never_closes_takes_weekends() -> None:
    always = TradingCalendar.load("24/7", date(2018, 1, 1), date(2018, 2, 1))
    days = np.arange("2018-01-05", "2018-01-09", dtype="datetime64[D]")
    columns = {name: np.arange(4) + 1.0 for name in FIELDS}
    bars, repairs = check_bars("BTC", days, columns, calendar=always, level=False, where="f")
    assert len(bars) == 4
    assert repairs == ()


def test_a_wrong_symbol_is_a_missing_file(tmp_path: Path) -> None:
    from_file(tmp_path, clean(np.random.default_rng(1)), False)
    (tmp_path / "SPY.csv").rename(tmp_path / "QQQ.csv")
    with pytest.raises(InputError, match=r"no file for the market role, SPY: it must be called SPY\.csv"):
        CsvFolder(tmp_path).load(Universe("t", "", "XNYS", {"market": "SPY"}), None)
