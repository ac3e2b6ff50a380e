"""A large run stays small: twenty years of forty-five symbols take at most twice what importing pandas takes.

Memory, unlike time, is the same on a busy machine, so this goal of docs/performance.md is held by a test.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from backtest.bench.measure import child
from backtest.bench.outside import BARE_PANDAS
from backtest.bench.world import write_world
from engine.universe import load_universe


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count other pages as a process's own")
def test_a_large_run_takes_at_most_twice_what_pandas_takes(tmp_path: Path) -> None:
    prices = tmp_path / "prices"
    prices.mkdir()
    write_world(prices, load_universe("us"), date(1989, 1, 3), date(2018, 12, 31))
    begin = [sys.executable, "-c", "from desk.entry import main; main()", "backtest"]
    asked = ["--data", f"csv:{prices}", "--universe", "us", "--start", "1999-01-04", "--end", "2018-12-31"]
    ours = child([*begin, *asked, "--out", str(tmp_path / "out")])
    pandas = child([sys.executable, "-c", BARE_PANDAS])
    assert ours.mebibytes <= 2.0 * pandas.mebibytes
