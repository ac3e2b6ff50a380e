"""The scenarios that ship: each builds, runs from the command line by its name, and is what its story says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from engine.calendar import TradingCalendar
from engine.errors import InputError
from engine.ledger import Ledger
from scenarios import build, find_scenario, library, read_file, read_scenario, to_toml
from tests.runs import ROOT, main

FILES = sorted((ROOT / "scenarios").glob("*.toml"))


def test_the_library_lists_the_files_that_ship() -> None:
    assert library() == [path.stem for path in FILES]
    assert {"good-friday", "frozen-feed", "calm-to-crisis"} <= set(library())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_builds_and_reads_back(path: Path) -> None:
    scenario = find_scenario(path.stem)
    assert scenario == read_file(str(path)) == read_scenario(to_toml(scenario))
    assert scenario.title and len(scenario.story) > 100 and scenario.expect
    world = build(scenario)
    market = world.market()
    assert market.calendar.labels[market.size - 1] == world.days[-1]
    assert set(tomllib.loads(path.read_text(encoding="utf-8"))) <= set(tomllib.loads(to_toml(scenario))) | {"universe"}


def test_an_unknown_one_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="no scenario is called 'good-firday'; did you mean 'good-friday'"):
        find_scenario("good-firday")
    for name in ("../conftest", "/etc/passwd", ""):
        with pytest.raises(InputError, match="no scenario is called"):
            find_scenario(name)


def test_good_friday_is_the_day_that_it_tells() -> None:
    world = build(find_scenario("good-friday"))
    prices = world.market()
    at = prices.calendar.position("2026-04-02")
    for symbol, asked in {"QQQ": -0.0031, "IWM": 0.0028, "TSLA": -0.0415}.items():
        close = prices.column(symbol)
        assert close[at] / close[at - 1] - 1.0 == pytest.approx(asked)
    assert prices.calendar.labels[at + 1] == "2026-04-06"
    for dark in ("^VIX", "^VIX3M", "^TNX", "US2Y", "^IRX"):
        assert prices.column(dark)[at] != prices.column(dark)[at]
    assert not TradingCalendar.is_session(prices.calendar, "2026-04-03")


def _bodies(folder: Path) -> list[bytes]:
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        return [entry.body for entry in ledger.entries(1)]


def test_a_scenario_is_an_ordinary_source_of_the_command_line(tmp_path: Path) -> None:
    """By name and by file: the same bytes; the days and the universe come with it."""
    ran = main("backtest", "--data", "scenario:good-friday", "--out", tmp_path / "one", "--essays", "none", "--json")
    assert ran.code == 0, ran.err
    scores = json.loads(ran.out)
    assert scores["range"] == {"start": "2026-03-03", "end": "2026-04-09", "sessions": 27}
    (tmp_path / "mine.toml").write_text(to_toml(find_scenario("good-friday")), encoding="utf-8")
    other = ["backtest", "--data", f"scenario:{tmp_path}/mine.toml", "--essays", "none", "--json"]
    assert json.loads(main(*other, "--out", tmp_path / "two").out) == scores
    shorter = main(*other, "--out", tmp_path / "three", "--end", "2026-04-02")
    assert json.loads(shorter.out)["range"]["end"] == "2026-04-02"
    whole, cut = (_bodies(tmp_path / name) for name in ("one", "three"))
    assert whole[: len(cut)] == cut and len(cut) == 23
    body = json.loads(cut[-1])
    assert body["session"] == "2026-04-02"
    assert {claim["deadline"] for claim in body["claims"] if claim.get("horizon") == 1} == {"2026-04-06"}


@pytest.mark.parametrize(
    ("data", "fragments"),
    [
        ("scenario:", ("--data scenario needs a name", "scenario:NAME")),
        ("scenario:good", ("no scenario is called 'good'", "good-friday")),
        ("scenario:none.toml", ("the scenario file none.toml does not exist",)),
        ("sample", ("Missing option '--start'",)),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(data: str, fragments: tuple[str, ...], tmp_path: Path) -> None:
    ran = main("backtest", "--data", data, "--out", tmp_path / "out")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran.err
    assert all(fragment in ran.err for fragment in fragments), ran.err
    assert not (tmp_path / "out").exists()


def test_a_study_of_regimes_runs_on_a_scenario(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_text('title = "t"\nstart = "2020-01-02"\n[[segments]]\nsessions = 300\n', encoding="utf-8")
    ran = main(
        "regimes", "evaluate", "--data", f"scenario:{path}", "--models", "rules", "--without", "credit", "--json"
    )
    assert ran.code == 0, ran.err
