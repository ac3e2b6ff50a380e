"""The page as text: equal bytes, nothing from outside unescaped, nothing fetched, no skill claimed without evidence.

The independent truth is Python's own HTML parser over the page, and figures of the run's `scores.json`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from backtest.history import History
from backtest.report.answer import answer
from backtest.report.page import page
from backtest.report.write import report_again
from engine.errors import ChainError, InputError
from engine.ledger import Ledger
from tests.runs import ROOT, command

ASSETS = ROOT / "backtest" / "report" / "assets"
HOSTILE = "</script><img src=x onerror=alert(1)>\u2028&\"'"


class Outline(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


class Made:
    """A run, read back from its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scores: dict[str, Any] = json.loads((folder / "scores.json").read_text())
        self.run: dict[str, Any] = json.loads((folder / "run.json").read_text())
        with Ledger.open(folder / "ledger.sqlite") as ledger:
            self.history = History.read(ledger)
            self.heads = [entry.digest for entry in ledger.entries(1)]

    def page(self, **changed: Any) -> str:
        given: dict[str, Any] = {
            "history": self.history,
            "scores": self.scores,
            "run": self.run,
            "heads": self.heads,
            "essays": {},
        }
        return page(**(given | changed))


def finished(folder: Path, start: str, *more: str) -> Made:
    ran = command("backtest", "--start", start, "--end", "2018-12-31", "--out", str(folder), *more)
    assert ran.code == 0, ran.err
    return Made(folder)


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return finished(tmp_path_factory.mktemp("quarter") / "run", "2018-10-01", "--essays", "3")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return finished(tmp_path_factory.mktemp("day") / "run", "2018-12-31")


def test_the_library_is_the_one_that_notice_names() -> None:
    library = (ASSETS / "echarts.common.min.js").read_bytes()
    assert hashlib.sha256(library).hexdigest() == "61f13280aba3161f77fc801bf5f9c786f55f10432153a0683fc5cc0700b013d5"
    assert b"</script" not in library
    assert "echarts 6.1.0" in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_a_run_ends_with_the_report_that_its_folder_makes_again(quarter: Made) -> None:
    path = quarter.folder / "report.html"
    ended_with = path.read_bytes()
    path.unlink()
    assert report_again(quarter.folder)[0] == path
    assert path.read_bytes() == ended_with


def test_no_clock_and_no_path_is_in_it(quarter: Made) -> None:
    other = quarter.run | {"timings": {"total_seconds": 12345.678}, "machine": "toaster"}
    assert quarter.page(run=other) == quarter.page()
    assert str(quarter.folder) not in quarter.page()


def test_no_report_where_none_is_asked_for(tmp_path: Path) -> None:
    made = finished(tmp_path / "run", "2018-12-28", "--no-report")
    assert not (made.folder / "report.html").exists()


def test_without_javascript_every_figure_of_the_scores_is_text(quarter: Made) -> None:
    text = Outline(quarter.page()).text
    direction, interval = quarter.scores["kinds"]["direction"], quarter.scores["kinds"]["interval"]
    for shown in (
        f"{direction['hit_rate']:.1%}", f"n = {direction['n']}", f"{direction['brier']:.4f}",
        f"{direction['brier_climatology']:.4f}", f"{interval['coverage']:.1%}", f"{interval['winkler']:.4f}",
        quarter.scores["digest"], quarter.run["data"]["digest"],
    ):  # fmt: skip
        assert shown in text, shown
    for name, row in quarter.scores["minds"].items():
        assert name in text
        assert f"{row['hit_rate']:.1%}" in text


def test_the_answer_comes_before_everything_else(quarter: Made) -> None:
    text, said = Outline(quarter.page()).text, answer(quarter.scores)
    places = [text.index(sentence) for sentence in said]
    assert places == sorted(places)
    assert places[-1] < text.index("What it scored")


def test_nothing_is_fetched_and_only_our_scripts_may_run(quarter: Made) -> None:
    made = Outline(quarter.page())
    assert not [tag for tag, _ in made.tags if tag in ("link", "img", "iframe", "object", "base", "form")]
    assert not [found for _, found in made.tags if {"src", "srcset", "data", "action"} & found.keys()]
    assert all(re.fullmatch(r"#[a-z]+", found["href"] or "") for _, found in made.tags if "href" in found)
    assert not [name for _, found in made.tags for name in found if name.startswith("on") or name == "style"]
    (policy,) = [found["content"] for tag, found in made.tags if found.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    hashes = {hashlib.sha256(script.encode()).digest() for script in made.scripts[1:]}
    assert {f"'sha256-{base64.b64encode(found).decode()}'" for found in hashes} == set(rules["script-src"].split())


def test_what_strangers_wrote_stays_text(quarter: Made) -> None:
    with Ledger.open(quarter.folder / "ledger.sqlite") as ledger:
        genesis = json.loads(ledger.genesis())
        bodies = [entry.body.decode() for entry in ledger.entries(1)]
    evil = json.dumps(HOSTILE)[1:-1]
    genesis = json.loads(json.dumps(genesis).replace("^IXIC", evil).replace("flow", evil))
    history = History(genesis["minds"], genesis)
    for body in bodies:
        history.add(json.loads(body.replace("^IXIC", evil).replace('"flow"', f'"{evil}"')))
    scores = json.loads(
        json.dumps(quarter.scores).replace("^IXIC", evil).replace('"flow"', f'"{evil}"').replace(":flow", f":{evil}")
    )
    run = json.loads(
        json.dumps(quarter.run).replace("^IXIC", evil).replace('"flow"', f'"{evil}"').replace(":flow", f":{evil}")
    )
    run["data"]["notices"].append({"symbol": HOSTILE, "kind": HOSTILE, "day": "x", "times": 1, "detail": HOSTILE})
    hostile = quarter.page(history=history, scores=scores, run=run, essays={"2018-12-31": f"2018-12-31-{HOSTILE}.md"})
    honest = Outline(quarter.page())
    made = Outline(hostile)
    assert len(made.scripts) == len(honest.scripts) == 3
    assert made.scripts[1:] == honest.scripts[1:]
    assert {tag for tag, _ in made.tags} == {tag for tag, _ in honest.tags}
    assert not [name for _, found in made.tags for name in found if name.startswith("on")]
    assert HOSTILE.split("\u2028")[0] in made.text
    assert HOSTILE in json.loads(made.scripts[0])["minds"]
    assert not set("<>&\u2028\u2029") & set(made.scripts[0])


def test_of_nothing_settled_nothing_is_said(day: Made) -> None:
    said = answer(day.scores)
    assert said.worked == "Nothing can be said yet: of 6 claims none has been settled."
    text = Outline(day.page()).text
    assert "Nothing to draw" in text
    assert "nan" not in text.lower().split()


def row(n: int = 1000, **more: Any) -> dict[str, Any]:
    """Figures of directions that are right somewhat more often than the commoner side."""
    return {
        "n": n, "hit_rate": 0.56, "hit_rate_interval": [0.53, 0.59], "base_rate": 0.54, "e_value": 19.99, "skill": 0.01,
        "coverage": 0.8, "coverage_interval": [0.78, 0.82], "skill_interval": None, **more,
    }  # fmt: skip


def scores_of(direction: dict[str, Any], **kinds: dict[str, Any]) -> dict[str, Any]:
    rows = {name: {"n": 0, "skill": None, "skill_interval": None} for name in ("interval", "volatility", "drawdown")}
    claims = {"published": 1000, "resolved": 1000, "void": 0, "open": 0}
    return {"claims": claims, "kinds": rows | {"direction": direction, **kinds}}


@pytest.mark.parametrize("e", [0.0, 0.3, 1.0, 4.2, 19.99])
def test_no_skill_in_direction_below_an_evidence_of_twenty(e: float) -> None:
    said = answer(scores_of(row(e_value=e)))
    assert said.worked.startswith("On direction, no")
    assert "could all be luck" in said.luck
    assert "is 20 " not in said.luck, "what is shown must not look like enough"


@pytest.mark.parametrize("e", [20.0, 1e3, 1e300])
def test_skill_in_direction_from_twenty_on_sends_the_reader_to_look_for_a_leak(e: float) -> None:
    said = answer(scores_of(row(e_value=e)))
    assert said.worked.startswith("On direction, yes")
    assert "look for a leak" in said.luck


@pytest.mark.parametrize(
    ("ends", "says"),
    [([0.0001, 0.02], "not shown: the calls are ahead of the base rate by 1.00% of its loss"),
     ([-0.02, -0.0001], "no: the calls are worse than the base rate"), ([-0.01, 0.02], "no: as far as this record")],
)  # fmt: skip
def test_an_interval_without_the_evidence_claims_nothing(ends: list[float], says: str) -> None:
    said = answer(scores_of(row(skill_interval=ends)))
    assert said.worked.startswith(f"On direction, {says}")
    assert "Brier skill +1.00%, " in said.against


@pytest.mark.parametrize("ends", [None, [-0.01, 0.2], [0.0, 0.2]])
def test_odds_whose_interval_reaches_zero_are_not_called_better(ends: list[float] | None) -> None:
    said = answer(scores_of(row(), volatility=row(e_value=None, skill=0.1, skill_interval=ends)))
    assert "cannot be told from their base rate" in said.worked
    assert "better than their base rate" not in said.worked


def test_odds_with_an_interval_above_zero_are_called_better() -> None:
    said = answer(scores_of(row(), volatility=row(e_value=None, skill=0.1, skill_interval=[0.05, 0.2])))
    assert "the odds of a turbulent month were better than their base rate" in said.worked
    assert "10.0% smaller (skill +5% to +20%)" in said.against


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        report_again(tmp_path)


def test_scores_of_another_ledger_are_refused(quarter: Made, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    copy.mkdir()
    (copy / "ledger.sqlite").write_bytes((quarter.folder / "ledger.sqlite").read_bytes())
    (copy / "run.json").write_text(json.dumps(quarter.run))
    (copy / "scores.json").write_text(json.dumps(quarter.scores | {"digest": "0" * 64}))
    with pytest.raises(InputError, match="scores of another ledger"):
        report_again(copy)
    (copy / "run.json").write_text(json.dumps(quarter.run | {"leak_alarm": {"who": "flow"}}))
    with pytest.raises(InputError, match="leak alarm"):
        report_again(copy)
    assert not (copy / "report.html").exists()


def test_a_ledger_that_does_not_hold_is_refused(quarter: Made, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    copy.mkdir()
    for name in ("run.json", "scores.json"):
        (copy / name).write_bytes((quarter.folder / name).read_bytes())
    ledger = (quarter.folder / "ledger.sqlite").read_bytes()
    (copy / "ledger.sqlite").write_bytes(ledger.replace(b'"risk_off"', b'"risk_on"_'))
    with pytest.raises(ChainError):
        report_again(copy)
