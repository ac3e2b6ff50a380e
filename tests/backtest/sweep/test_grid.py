"""Grids: every combination once, in order; what is wrong costs a sentence with its place and the way out."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from backtest.sweep.grid import cells_of, read_grid, read_grid_file
from backtest.sweep.several import MOST_CELLS, Several
from engine.errors import InputError
from scenarios.kinds import Whole
from tests.sweeps import write_grid

SAMPLE = """
[[markets]]
data = "sample"
windows = [{ start = 2016-01-04, end = "2016-12-30" }, { start = 2017-01-03, end = 2018-12-31 }]
"""


def test_the_cells_are_the_product_in_the_order_of_the_file() -> None:
    text = 'minds = ["macro", "contrarian,flow"]\nregime = ["rules", "sma200"]' + SAMPLE
    text += 'targets = ["market:1", "growth:2,market:1"]'
    found = [(*cell.contest, *cell.setting) for cell in cells_of(read_grid(text))]
    expected = [
        ("sample", None, *window, targets, minds, regime, "", 0)
        for targets, window, minds, regime in itertools.product(
            ("^GSPC:1", "^IXIC:2,^GSPC:1"),
            (("2016-01-04", "2016-12-30"), ("2017-01-03", "2018-12-31")),
            ("macro", "flow,contrarian"),
            ("rules", "sma200"),
        )
    ]
    assert found == expected


def test_a_grid_says_what_a_backtest_would_choose_by_itself() -> None:
    first, _ = cells_of(read_grid(SAMPLE))
    assert first.contest.targets == "^GSPC:1,^IXIC:1"
    assert first.setting == ("macro,flow,contrarian", "rules", "", 0)
    assert (first.settings.source, first.settings.universe.name, first.settings.essays) == ("sample", "sample", 0)


def test_every_seed_is_another_world(tmp_path: Path) -> None:
    cells = cells_of(read_grid_file(str(write_grid(tmp_path))))
    assert [cell.place.world for cell in cells] == [1, 1, 2, 2, 3, 3]
    assert len({cell.key for cell in cells}) == 6
    assert [cell.place.scenario.seed for cell in cells if cell.place.scenario] == [1, 1, 2, 2, 3, 3]
    assert {cell.market for cell in cells} == {"world.toml"}


def test_keys_stay_the_same_while_the_backtest_does(tmp_path: Path) -> None:
    """Also when the folder moves, and when the grid around a cell grows."""
    few = cells_of(read_grid_file(str(write_grid(tmp_path / "here"))))
    grown = write_grid(tmp_path / "there")
    grown.write_text(grown.read_text().replace('["macro"', '["contrarian", "macro"'))
    assert {cell.key for cell in few} < {cell.key for cell in cells_of(read_grid_file(str(grown)))}


def test_paths_count_from_the_folder_of_the_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    grid = write_grid(tmp_path / "deep", SAMPLE.replace('"sample"', '"csv:../prices"'))
    assert [cell.place.path for cell in cells_of(read_grid_file(str(grid)))] == [str(tmp_path / "prices")] * 2


@pytest.mark.parametrize(("text", "told"), [
    ("", "has no [[markets]]"),
    ("minds = 3" + SAMPLE, "minds 1 is 3, not a text"),
    ("mind = 'macro'" + SAMPLE, "no key is called 'mind'; did you mean 'minds'?"),
    ("minds = []" + SAMPLE, "lists 0 values"),
    ("minds = ['macro', 'macro']" + SAMPLE, "lists 'macro' twice"),
    ("minds = 'marco'" + SAMPLE, "no mind is called 'marco'; did you mean 'macro'?"),
    ("regime = 'rule'" + SAMPLE, "no regime model is called 'rule'; did you mean 'rules'?"),
    ("judge = 'directions'" + SAMPLE, "did you mean 'direction'?"),
    ("pairs = 'A>B:1'" + SAMPLE, "'A' is no target of this run"),
    ("minds = ['macro,flow', 'flow,macro']" + SAMPLE, "cells 1 and 2 of the grid are the same backtest"),
    (SAMPLE + SAMPLE, "two markets are called 'sample'"),
    (SAMPLE + "worlds = 1", "worlds are seeds of a drawn scenario, and sample is none"),
    (SAMPLE + "target = 'QQQ:1'", "no key is called 'target'; did you mean 'targets'?"),
    (SAMPLE + "targets = 'QQQ:1'", "has no symbol 'QQQ'"),
    (SAMPLE + "universe = 'usa'", "no universe is called 'usa'; did you mean 'us'?"),
    ("[[markets]]\ndata = 'sample'", "has no windows"),
    ("[[markets]]\nwindows = [{ start = 2016-01-04, end = 2016-12-30 }]", "has no data"),
    ("[[markets]]\ndata = 'yahoo'\nwindows = [{ start = 2016-01-04, end = 2016-12-30 }]", "cannot be swept"),
    ("[[markets]]\ndata = 'sample'\nwindows = [{ start = 2017-01-04, end = 2016-12-30 }]", "swap them"),
    ("[[markets]]\ndata = 'sample'\nwindows = [{ start = 2017-01-04 }]", "has no end"),
    ("[[markets]]\ndata = 'sample'\nwindows = [{ start = '2017-1-4', end = 2017-02-01 }]", "not a day"),
    ("[[markets]]\ndata = 'scenario:good-fridy'", "no scenario is called 'good-fridy'; did you mean 'good-friday'?"),
    ("[[markets]]\ndata = 'scenario:calm-to-crisis'\nworlds = { first = 1 }", "has no count"),
    ("[[markets]]\ndata = 'scenario:calm-to-crisis'\nworlds = [1, -1]", "is -1"),
    ("[[markets]]\ndata = 'scenario:covid-2020'\nworlds = 1", "lies over real history"),
    ("markets = 1", "is not a list of tables"),
    ("a = [", "is not valid TOML"),
])  # fmt: skip
def test_what_is_wrong_is_told_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        cells_of(read_grid(text))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_many_cells_are_refused_before_they_are_made() -> None:
    text = "regime = ['rules', 'sma200']\n[[markets]]\ndata = 'scenario:calm-to-crisis'\n"
    with pytest.raises(InputError, match=f"the grid has {MOST_CELLS + 2:,} cells"):
        cells_of(read_grid(text + f"worlds = {{ first = 0, count = {MOST_CELLS // 2 + 1} }}"))


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_grid_file(str(tmp_path / "no.toml"))
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_grid_file(str(tmp_path / "odd.toml"))


def test_kinds_write_what_they_read() -> None:
    kind = Several(Whole(0, 9))
    assert kind.read(kind.write(kind.read(3, "x")), "x") == (3,)
