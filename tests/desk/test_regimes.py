"""`workshop regimes`: tables, JSON, picture and refusals, in this process and over folders of invented bars."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.runs import Ran, calm_bars, command, main, write_folder, write_universe

LINE = re.compile(r"workshop: [^\n]+\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars of every role over 1,100 sessions, and the universe that names them."""
    place = tmp_path_factory.mktemp("regimes")
    write_folder(place / "bars", calm_bars(6, 1100))
    write_universe(place / "world.toml")
    return place


def evaluate(folder: Path, *arguments: str) -> Ran:
    where = ("--data", f"csv:{folder / 'bars'}", "--universe", str(folder / "world.toml"))
    return main("regimes", "evaluate", *where, *arguments)


def test_the_tables_fit_the_terminal_and_the_document_holds_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = evaluate(folder, "--models", "rules,sma200")
    assert (shown.code, shown.out) == (0, "")
    assert max(map(len, shown.err.splitlines())) <= 80
    assert "…" not in shown.err
    for words in ("balanced accuracy", "What followed the labels of sma200", "lift", "high"):
        assert words in shown.err
    told = evaluate(folder, "--models", "rules,sma200", "--json")
    report = json.loads(told.out)
    assert (told.code, told.err) == (0, "")
    assert set(report["models"]) == {"rules", "sma200"}
    assert report["range"]["sessions"] <= 500  # 1,100 less the 600 that the score looks back over
    accuracy = report["models"]["sma200"]["label"]["balanced_accuracy"]
    line = next(line for line in shown.err.splitlines() if line.strip().startswith("balanced accuracy"))
    assert line.split()[-1] == ("–" if accuracy is None else f"{accuracy:.3f}")
    rates = report["models"]["rules"]["labels"]
    for label, row in rates.items():
        if row["sessions"]:
            low, high = row["up"]["interval"]
            assert f"{row['up']['rate']:.1%} ({100 * low:.1f}-{high:.1%})" in shown.err, label


def test_the_range_can_be_named_and_roles_left_out(folder: Path) -> None:
    whole = json.loads(evaluate(folder, "--models", "rules", "--json").out)
    start, end = whole["range"]["start"], whole["range"]["end"]
    named = json.loads(evaluate(folder, "--models", "rules", "--json", "--start", start, "--end", end).out)
    assert named == whole
    less = json.loads(evaluate(folder, "--models", "rules", "--json", "--without", "volatility, credit").out)
    assert less["range"] == whole["range"] and less["bear_markets"] == whole["bear_markets"]
    assert less["models"] != whole["models"]


def test_a_picture_is_drawn(folder: Path, tmp_path: Path) -> None:
    shown = evaluate(folder, "--models", "rules", "--picture", str(tmp_path / "a.svg"))
    assert shown.code == 0 and f"See the picture: {tmp_path / 'a.svg'}" in shown.err
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_all_installed_models_without_a_choice(folder: Path) -> None:
    found = json.loads(evaluate(folder, "--json").out)
    assert set(found["models"]) == {"rules", "markov", "sma200"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--models", "rulez"), "did you mean 'rules'"),
        (("--models", "rules,rules"), "twice"),
        (("--without", "market"), "'market'"),
        (("--without", "weather"), "'weather'"),
        (("--start", "1990-01-02"), "the data begin on 2000-01-03"),
        (("--end", "2010-01-04"), "the data end on"),
        (("--start", "2004-05-03"), "252 sessions"),
        (("--end", "2001-01-03"), "252 sessions"),
        (("--start", "spring"), "--start 'spring'"),
        (("--picture", "a.gif"), ".png or .svg"),
        (("--picture", "there is none/a.png"), "no folder"),
    ],
)
def test_refusals_are_one_sentence(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    ran = evaluate(folder, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert LINE.fullmatch(ran.err) and words in ran.err


def test_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    found = json.loads(main("regimes", "list", "--json").out)
    assert [item["name"] for item in found] == ["rules", "markov", "sma200"]
    shown = main("regimes", "list").err
    assert all(item["name"] in shown and item["summary"] in shown for item in found)


def test_neither_matplotlib_nor_statsmodels_is_loaded_without_need() -> None:
    code = (
        "import sys\nfrom desk.cli import main\n"
        "try:\n    main(['regimes', 'evaluate', '--data', 'csv:', '--models', 'rules'])\n"
        "except SystemExit:\n    print(sorted({'matplotlib', 'statsmodels'} & set(sys.modules)))\n"
    )
    assert command(code=code).out == "[]\n"
