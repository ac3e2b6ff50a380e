"""docs/sweeps.md tells the truth: its grid, commands and notebook run, its tables list what there is."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from backtest.sweep.grid import Grid, Market, Window, read_grid
from backtest.sweep.pool import TRIES
from scenarios.fields import rows
from tests.runs import ROOT, main

TEXT = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", TEXT, flags=re.M | re.S)

SHORTER = {
    '["macro", "flow", "contrarian", "macro,flow,contrarian", "sma200", "coin"]': '["flow", "coin"]',
    '["rules", "sma200"]': '["rules"]',
    "count = 5": "count = 2",
    "1999-01-04": "1953-08-03",
    "2008-12-31": "1953-09-30",
    "2009-01-02": "1953-10-01",
    "2018-12-31": "1953-12-31",
}


def block(language: str) -> str:
    (text,) = [str(text) for name, text in BLOCKS if name == language]
    return text


def test_every_block_is_of_a_kind_that_is_run_or_read() -> None:
    assert [name for name, _ in BLOCKS] == ["toml", "sh", "text", "python"]


def test_every_key_stands_there_with_its_meaning() -> None:
    found = re.findall(r"^\| `(\w+)` \| (.*) \|$", TEXT, flags=re.M)
    assert found == [
        (row.name, f"{row.words} | {row.default} | {row.about}") for cls in (Grid, Market, Window) for row in rows(cls)
    ]
    assert f"is tried {TRIES} times in all" in TEXT


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the commands were run one after the other; shorter windows show the same."""
    folder = tmp_path_factory.mktemp("desk")
    text = block("toml")
    for here, there in SHORTER.items():
        assert here in text
        text = text.replace(here, there)
    (folder / "grid.toml").write_text(text, encoding="utf-8")
    listed, swept, resumed = block("sh").splitlines()
    with contextlib.chdir(folder):
        assert "8 cells; nothing was run" in told(listed)
        shown = told(swept)
        assert "The best of 2 settings" in shown
        assert "Best of all 6 tried" in shown
        assert max(map(len, re.findall(r"^[┏┃│└].*$", shown, flags=re.M))) <= 80
        document = json.loads(told(resumed, out=True))
    assert document["cells"] == {"all": 8, "done": 8, "alarm": 0, "failed": 0}
    return folder


def told(line: str, *, out: bool = False) -> str:
    program, *words = shlex.split(line)
    assert program == "workshop"
    ran = main(*words)
    assert ran.code == 0, ran.err
    return ran.out if out else ran.err


def test_its_grid_is_one() -> None:
    grid = read_grid(block("toml"))
    assert len(grid.minds) == 6
    assert [len(market.windows) for market in grid.markets] == [2, 0]


def test_the_columns_that_it_names_are_there(desk: Path) -> None:
    named = re.search(r"^Columns of .*?(?=\n\n|```)", TEXT, flags=re.M | re.S)
    assert named is not None
    columns = pq.read_schema(desk / "runs" / "grid" / "results.parquet").names
    known = set(re.findall(r"`(\w+)`", named[0])) - {"scores"}
    assert known <= set(columns)
    kinds = ("direction_", "interval_", "relative_", "volatility_", "drawdown_", "claims_")
    assert {name for name in columns if not name.startswith(kinds)} <= known


def test_the_notebook_runs(desk: Path) -> None:
    shown = io.StringIO()
    with contextlib.chdir(desk), contextlib.redirect_stdout(shown):
        exec(block("python"), {})
    best, by_minds = shown.getvalue().split("minds\n")
    assert "[5 rows x 7 columns]" in best
    assert [line.split()[0] for line in by_minds.splitlines()[:2]] == ["coin", "flow"]


def test_duckdb_asks_it_too(desk: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="no dependency of ours: the file is for whoever has it")
    (query,) = re.findall(r"`(SELECT .*?)`", TEXT)
    with contextlib.chdir(desk):
        assert {minds for minds, _ in duckdb.sql(query).fetchall()} == {"flow", "coin"}
