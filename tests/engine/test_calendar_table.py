"""The shipped table of NYSE sessions against exchange_calendars itself, every day of the hundred years."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import exchange_calendars
import numpy as np
import pytest

from engine import calendar as module
from engine.calendar import TradingCalendar

ROOT = Path(__file__).resolve().parents[2]
FIRST, LAST = date(1950, 1, 1), date(2049, 12, 31)


@pytest.fixture(scope="module")
def nyse() -> TradingCalendar:
    return module._from_table("XNYS")


def test_every_session_and_close_is_what_exchange_calendars_says(nyse: TradingCalendar) -> None:
    library = exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat())
    assert nyse.labels == [day.date().isoformat() for day in library.sessions]
    assert nyse.closes.astype(np.int64).tolist() == [int(close.timestamp()) for close in library.closes]
    assert nyse.timezone == library.tz.key == "America/New_York"
    assert nyse.days.dtype == "datetime64[D]"
    assert nyse.closes.dtype == "datetime64[s]"


def test_every_surprise_is_what_the_rules_give(nyse: TradingCalendar) -> None:
    rules = module._from_rules("XNYS", FIRST, LAST)
    assert nyse.surprises == rules.surprises
    library = exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat())
    assert {str(day) for day, _ in nyse.surprises} <= {str(day.date()) for day in library.adhoc_holidays}
    assert not nyse.days.flags.writeable
    assert not nyse.closes.flags.writeable


def test_a_span_beyond_the_table_joins_it_without_a_seam(nyse: TradingCalendar) -> None:
    # Bounds outside the table go to the rules; inside it their sessions must be the table's.
    wide = TradingCalendar.load("XNYS", date(1949, 11, 1), date(1960, 12, 30))
    inside = wide.days >= np.datetime64(FIRST)
    assert wide.days[~inside].size > 0
    assert np.array_equal(wide.days[inside], nyse.days[: inside.sum()])
    assert np.array_equal(wide.closes[inside], nyse.closes[: inside.sum()])


def test_the_file_is_what_the_tool_writes(tmp_path: Path) -> None:
    # Also fails when a new version of exchange_calendars knows other days: run the tool again.
    subprocess.run([sys.executable, ROOT / "tools/build_calendars.py", "--out", tmp_path], check=True)
    shipped = ROOT / "engine/data/calendars"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in shipped.iterdir())
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (shipped / path.name).read_bytes()


def test_usual_spans_import_neither_pandas_nor_exchange_calendars() -> None:
    code = (
        "import sys; from datetime import date; from engine.calendar import TradingCalendar as C\n"
        "days = C.load('XNYS', date(2018, 1, 1), date(2018, 12, 31)).labels\n"
        "assert days[0] == '2018-01-02', days[0]\n"
        "print(sorted({'pandas', 'exchange_calendars'} & set(sys.modules)))\n"
        "C.load('XLON', date(2018, 1, 1), date(2018, 12, 31))\n"
        "print(sorted({'pandas', 'exchange_calendars'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.splitlines() == ["[]", "['exchange_calendars', 'pandas']"]


def test_a_backtest_of_the_sample_imports_neither(tmp_path: Path) -> None:
    asked = ["backtest", "--start", "2018-12-27", "--end", "2018-12-31", "--out", str(tmp_path / "run"), "--json"]
    code = (
        "import sys; from desk.cli import main\n"
        f"main({asked!r})\n"
        "print(sorted({'pandas', 'exchange_calendars'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stderr.splitlines()[-1] == "[]"
