"""`workshop scenario`: what ships, a run's expectations for people and machines, exit codes, text as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from desk.show import visible
from scenarios import library
from tests.runs import main

SMALL = """
title = "[red]t[/red] \\u009b31m"
story = "A [bold]story[/bold]\\u202e with signs."
start = "2026-03-02"
warm_up = 300

[universe.roles]
market = "MKT"
growth = "GRO"

[[segments]]
sessions = 8

[[days]]
session = 2
returns = { market = "-2%" }
note = "[link=x]n[/link]\\u007f"
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def add(path: Path, clause: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + f"\n[[expect]]\n{clause}\n", encoding="utf-8")


def test_the_list_names_what_ships() -> None:
    ran = main("scenario", "list", "--json")
    found = json.loads(ran.out)
    assert (ran.code, [item["name"] for item in found]) == (0, library())
    by_name = {item["name"]: item for item in found}
    assert by_name["good-friday"]["sessions"] == 27 and len(by_name["good-friday"]["expectations"]) >= 5
    shown = main("scenario", "list")
    assert (shown.code, shown.out) == (0, "") and all(name in shown.err for name in library())


def test_a_run_tells_each_expectation(small: Path) -> None:
    add(small, 'claims = "some"')
    add(small, 'label = "crisis"\nnever = true')
    ran = main("scenario", "run", small)
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert "holds  claims are made at some session" in ran.err and "session 1 (2026-03-02): " in ran.err
    found = json.loads(main("scenario", "run", small, "--json").out)
    assert (found["scenario"], found["held"], found["range"]["sessions"]) == ("small.toml", True, 8)
    assert [item["held"] for item in found["expectations"]] == [True, True]


def test_a_mind_that_is_left_out_is_passed_over(small: Path) -> None:
    add(small, 'mind = "flow"\nsays = "leans up"')
    ran = main("scenario", "run", small, "--minds", "macro", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["expectations"][0]["held"] is None
    assert "–      flow leans up at some session\n" in main("scenario", "run", small, "--minds", "macro").err


def test_one_that_fails_ends_with_1(small: Path) -> None:
    add(small, 'label = "crisis"')
    add(small, 'claims = "some"')
    ran = main("scenario", "run", small, "--json")
    found = json.loads(ran.out)
    assert (ran.code, found["held"], [item["held"] for item in found["expectations"]]) == (1, False, [False, True])
    assert ran.err == "workshop: 1 of 2 expectations of small.toml does not hold\n"
    shown = main("scenario", "run", small)
    assert shown.code == 1 and "FAILS  the regime is crisis" in shown.err and "the nearest, session" in shown.err


def test_text_of_a_file_is_only_text(small: Path) -> None:
    """Markup stays as it was typed; what a terminal would obey or turn around is spelt out."""
    shown = main("scenario", "run", small).err
    assert "[red]t[/red] \\x9b31m" in shown and "[bold]story[/bold]\\u202e" in shown and "[link=x]n[/link]" in shown
    assert all(sign.isprintable() or sign == "\n" for sign in shown)
    assert visible("a\x1b[31m\x07\n\u200bé\ud800") == "a\\x1b[31m\\x07\n\\u200bé\\ud800"


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["good-firday"], "did you mean 'good-friday'?"),
        (["none.toml"], "the scenario file none.toml does not exist"),
        (["good-friday", "--minds", "flwo"], "did you mean 'flow'?"),
        (["good-friday", "--regime", "rulez"], "did you mean 'rules'?"),
        (["good-friday", "--essays", "all"], "--essays needs a folder to write to; add --out DIR"),
        (["good-friday", "--resume"], "--resume needs a folder to write to; add --out DIR"),
        ([], "Missing argument 'NAME|FILE.toml'"),
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], fragment: str) -> None:
    ran = main("scenario", "run", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1) and fragment in ran.err, ran.err


def test_the_folder_is_that_of_a_backtest(small: Path, tmp_path: Path) -> None:
    ran = main("scenario", "run", small, "--out", tmp_path / "one", "--essays", "3")
    assert ran.code == 0, ran.err
    assert main("backtest", "--data", f"scenario:{small}", "--out", tmp_path / "two", "--essays", "3").code == 0
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.suffix in (".md", ".json")}
        for name in ("one", "two")
    )
    runs = [json.loads(files.pop("run.json")) for files in (one, two)]
    assert one == two and sum(name.endswith(".md") for name in one) == 3
    assert [run["settings"]["source"] for run in runs] == ["scenario:small.toml"] * 2
    assert runs[0]["ledger"] == runs[1]["ledger"]
    assert main("ledger", "verify", tmp_path / "one").code == 0
    again = main("scenario", "run", small, "--out", tmp_path / "one")
    assert again.code == 2 and "already holds a run" in again.err
    again = main("scenario", "run", small, "--out", tmp_path / "one", "--essays", "3", "--resume")
    assert again.code == 0, again.err
    assert {path.name: path.read_bytes() for path in (tmp_path / "one").rglob("*.md")}.items() <= one.items()
