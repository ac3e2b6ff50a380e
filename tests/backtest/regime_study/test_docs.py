"""docs/regimes.md says what is measured; the goals are reached on the sample; the diagram is the machine that runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from backtest.regime_study.docs import blocks, measured, mermaid, rewrite
from backtest.regime_study.report import GOALS
from engine.errors import InputError
from regimes.labels import LabelMachine
from regimes.reading import LABELS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "regimes.md"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """The study of the page without the fitted model, which takes a while."""
    return measured(["rules", "sma200"])[2]


def block(text: str, name: str) -> str:
    found = re.search(rf"<!-- measured: {name} -->\n(.*?)\n<!-- end -->", text, re.DOTALL)
    assert found is not None, name
    return found[1]


def without(table: str, head: str) -> str:
    """A table less one of its columns."""
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
    at = rows[0].index(head)
    return "\n".join("| " + " | ".join(row[:at] + row[at + 1 :]) + " |" for row in rows)


@pytest.mark.parametrize("name", ["labels", "scores", "diagram", "conditions", "bears", "stale"])
def test_the_page_says_what_is_measured(report: dict[str, Any], name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert block(page, name) == blocks(report)[name], "run: python -m backtest.regime_study.docs"


def test_the_plain_models_are_as_the_page_says(report: dict[str, Any]) -> None:
    page = block(PAGE.read_text(encoding="utf-8"), "models")
    assert without(page, "`markov`") == blocks(report)["models"], "run: python -m backtest.regime_study.docs"


@pytest.mark.slow
def test_the_fitted_model_is_about_as_the_page_says() -> None:
    """A fit depends in its last digits on the machine's linear algebra, so a session may turn here or there."""
    page = block(PAGE.read_text(encoding="utf-8"), "models").splitlines()
    fresh = blocks(measured(["rules", "markov", "sma200"])[2])["models"].splitlines()
    assert page[:2] == fresh[:2]
    for told, found in zip(page[2:], fresh[2:], strict=True):
        one, other = ([cell.strip() for cell in line.split("|")] for line in (told, found))
        assert one[1] == other[1]
        assert float(one[4].rstrip("%")) == pytest.approx(float(other[4].rstrip("%")), rel=0.12, abs=0.05)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: str(goal.name))
def test_the_rules_reach_their_goals_on_the_sample(report: dict[str, Any], goal: Any) -> None:
    value: Any = report["models"]["rules"]
    for part in goal.name.split("."):
        value = value[part]
    assert goal.met(value), f"{goal.name} is {value}, wanted {goal.sense} {goal.bound}"


def test_the_plain_baseline_is_where_others_found_it(report: dict[str, Any]) -> None:
    """Below its 200-session average, S&P 500, 1997-2025: balanced accuracy .80, Matthews .54, delay 14, vol x1.8."""
    label = report["models"]["sma200"]["label"]
    assert label["balanced_accuracy"] == pytest.approx(0.80, abs=0.015)
    assert label["mcc"] == pytest.approx(0.54, abs=0.02)
    assert label["median_delay"] == pytest.approx(14, abs=2)
    assert label["volatility_ratio"] == pytest.approx(1.83, abs=0.08)


def test_the_words_of_the_page_hold(report: dict[str, Any]) -> None:
    """Figures that stand in sentences, outside the tables."""
    rules, everything = report["models"]["rules"], report["all_sessions"]
    on, off, crisis = (rules["labels"][label] for label in ("risk_on", "risk_off", "crisis"))
    for row in (*rules["labels"].values(), *rules["score_bands"]):
        assert row["up"]["rate"] > 0.5  # "rose on more than half of the days", after every label and band
        assert row["up"]["rate"] == pytest.approx(everything["up"]["rate"], abs=0.03)  # "within a few points"
    assert on["up"]["rate"] > everything["up"]["rate"] > off["up"]["rate"]  # "a little above", "a little below"
    assert 2.7 < crisis["deviation"] / on["deviation"] < 3.7  # "three times as wild"
    assert crisis["high"]["rate"] > 0.9 and 0.2 < on["high"]["rate"] < 0.3  # "nearly always", "one time in four"
    assert crisis["loss"]["rate"] > 3 * on["loss"]["rate"]  # "several times as frequent"
    assert off["in_bear"] == pytest.approx(0.5, abs=0.05)  # "only half of the time"
    assert report["bear_markets"]["found"][-1]["end_known"] is None  # "the last bear market lasts"
    plain = report["models"]["sma200"]["label"]
    assert plain["median_delay"] < rules["label"]["median_delay"]
    assert 4 < plain["false_alarms_per_year"] / rules["label"]["false_alarms_per_year"] < 6.5  # "four to six times"


def test_the_diagram_is_the_machine_that_runs() -> None:
    """Arrows and conditions of the page against those that the library would follow, source by source."""
    lines = block(PAGE.read_text(encoding="utf-8"), "diagram").splitlines()
    assert lines[0] == "```mermaid" and lines[1] == "stateDiagram-v2" and lines[-1] == "```"
    assert lines[2].split() == ["[*]", "-->", "neutral"]
    drawn = [re.fullmatch(r"    (\w+) --> (\w+): (\w+)", line) for line in lines[3:-1]]
    machine = LabelMachine()._machine
    for label in LABELS:
        kept = [
            (edge.dest, [str(condition.func) for condition in edge.conditions])
            for event in machine.events.values()
            for edge in event.transitions.get(label, [])
        ]
        told = [(found[2], [found[3]]) for found in drawn if found and found[1] == label]
        assert sorted(told) == sorted(kept)
    assert all(drawn) and machine.initial == "neutral"


def test_every_condition_is_explained() -> None:
    told = block(PAGE.read_text(encoding="utf-8"), "conditions")
    for name in set(re.findall(r": (\w+)$", mermaid(), re.MULTILINE)):
        assert re.search(rf"^- `{name}`: .{{10,}}\.$", told, re.MULTILINE)


def test_rewriting_touches_the_blocks_only() -> None:
    text = "a\n<!-- measured: x -->\nold\nlines\n<!-- end -->\nb\n<!-- measured: y -->\n<!-- end -->\n"
    once = rewrite(text, {"x": "new", "y": "one\ntwo"})
    assert once == "a\n<!-- measured: x -->\nnew\n<!-- end -->\nb\n<!-- measured: y -->\none\ntwo\n<!-- end -->\n"
    assert rewrite(once, {"x": "new", "y": "one\ntwo"}) == once
    with pytest.raises(InputError, match="markers"):
        rewrite(text, {"x": "new"})
