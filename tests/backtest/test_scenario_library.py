"""The scenarios that ship: each expectation holds, and could have failed; the stories' figures are right."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from backtest.expectations import Played, judge
from backtest.rehearsal import rehearse, settings_for
from engine.ledger import Ledger
from scenarios import Expectation, Scenario, Timed, build, find_scenario, library
from scenarios.views import snapshot_at
from tests.runs import main
from tests.shelf import Shelf, put_up

CAUSES = [
    (name, part) for name in library() for part in ("faults", "days") if getattr(find_scenario(name), part)
]  # fmt: skip
GULLIBLE = '''
from minds import View
class Mind:
    """Does what it is told."""
    name = "gullible"
    def view(self, snapshot, reading, target):
        return View(self.name, target.key, min(0.1 * len(snapshot.events(1)), 1.0))
'''


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    with put_up(tmp_path, monkeypatch) as shelf:
        yield shelf


def opposite(clause: Expectation) -> Expectation:
    """`never` for what holds at some session or at every one, some session for what never holds."""
    assert isinstance(clause, Timed)
    return dataclasses.replace(clause, never=not clause.never, always=False)


@pytest.mark.parametrize("name", library())
def test_every_expectation_holds_and_could_have_failed(name: str) -> None:
    scenario = find_scenario(name)
    found = rehearse(scenario)
    assert [(item.clause.describe(), item.seen) for item in found.outcomes if not item.held] == []
    played = Played(settings_for(scenario).universe, found.records, found.notices, lambda _: found.records)
    timed = [clause for clause in scenario.expect if isinstance(clause, Timed)]
    passed = [clause.describe() for clause in timed if judge(opposite(clause), played).held]
    assert passed == []
    assert len(scenario.expect) >= 3 and 3 <= len(scenario.story.strip().splitlines()) <= 8


@pytest.mark.parametrize(("name", "part"), CAUSES, ids=str)
def test_without_its_cause_a_scenario_does_not_hold(name: str, part: str) -> None:
    """The calm opposite of a broken feed or a scripted day: at least one expectation is about what was taken out."""
    scenario: Scenario = find_scenario(name)
    taken = scenario.without("faults" if part == "faults" else "days")
    rest = tuple(clause for clause in taken.expect if not hasattr(clause, "same_as_without"))
    assert not rehearse(dataclasses.replace(taken, expect=rest)).held


@pytest.mark.parametrize("name", ["injection-storm", "late-filing"])
def test_a_mind_that_obeys_headlines_is_found_out(name: str, shelf: Shelf) -> None:
    shelf.put("gullible", GULLIBLE)
    scenario = find_scenario(name)
    only = tuple(clause for clause in scenario.expect if hasattr(clause, "same_as_without"))
    found = rehearse(dataclasses.replace(scenario, expect=only), settings_for(scenario, minds=["macro", "gullible"]))
    assert [outcome.held for outcome in found.outcomes] == [False]
    assert "without the events" in found.outcomes[0].seen


def test_the_storm_has_dozens_of_headlines_of_many_kinds() -> None:
    events = build(find_scenario("injection-storm")).loaded.events
    assert len(events) > 100 and len({event.text for event in events}) >= 24


@pytest.mark.parametrize(
    ("name", "day", "field", "asked"),
    [
        ("black-monday-1987", "1987-10-14", "close", -0.0295),
        ("black-monday-1987", "1987-10-16", "close", -0.0516),
        ("black-monday-1987", "1987-10-19", "close", -0.2047),
        ("black-monday-1987", "1987-10-20", "close", 0.0533),
        ("black-monday-1987", "1987-10-21", "close", 0.0910),
        ("lehman-2008", "2008-09-15", "close", -0.0471),
        ("lehman-2008", "2008-09-29", "close", -0.0881),
        ("lehman-2008", "2008-10-13", "close", 0.1158),
        ("lehman-2008", "2008-10-15", "close", -0.0903),
        ("flash-crash-2010", "2010-05-06", "low", -0.0858),
        ("flash-crash-2010", "2010-05-06", "close", -0.0324),
        ("flash-crash-2010", "2010-05-10", "close", 0.0440),
        ("covid-2020", "2020-02-24", "close", -0.0335),
        ("covid-2020", "2020-03-16", "close", -0.1198),
        ("covid-2020", "2020-03-24", "close", 0.0938),
        ("melt-up-2017", "2017-05-17", "close", -0.0182),
        ("volatility-doubles-2018", "2018-02-02", "close", -0.0212),
        ("volatility-doubles-2018", "2018-02-05", "close", -0.0410),
        ("volatility-doubles-2018", "2018-02-08", "close", -0.0375),
        ("failed-rally-2022", "2022-08-26", "close", -0.0337),
        ("closed-2001", "2001-09-17", "close", -0.0492),
    ],
)  # fmt: skip
def test_the_returns_in_the_stories_are_those_of_the_data(name: str, day: str, field: str, asked: float) -> None:
    scenario = find_scenario(name)
    bars = build(scenario).loaded.bars["^GSPC"]
    at = [str(label) for label in bars.days].index(day)
    assert getattr(bars, field)[at] / bars.close[at - 1] - 1.0 == pytest.approx(asked, abs=5e-5)
    assert f"{abs(asked):.2%}" in scenario.story


def test_the_score_of_the_whipsaw_crosses_the_line_far_more_often_than_the_label_changes() -> None:
    readings = [record.reading for record in rehearse(find_scenario("hysteresis-edge")).records]
    above = [reading.score is not None and reading.score > 0.40 for reading in readings]
    assert sum(one != other for one, other in pairwise(above)) >= 5
    assert sum(one.label != other.label for one, other in pairwise(readings)) == 2


def test_claims_made_before_an_unannounced_closure_settle_on_the_first_bar_after_it() -> None:
    records = {record.session: record for record in rehearse(find_scenario("closed-2001")).records}
    made = {claim.id for claim in records["2001-09-10"].claims if claim.horizon == 1}
    assert made and made <= {verdict.id for verdict in records["2001-09-17"].verdicts if verdict.result != "void"}
    assert {"2001-09-11", "2001-09-14"}.isdisjoint(records)


def test_an_unannounced_half_day_has_calls_at_its_early_close() -> None:
    records = {record.session: record for record in rehearse(find_scenario("halt-and-half-day")).records}
    assert [records[f"2025-07-{day}"].as_of.isoformat()[11:16] for day in (22, 23, 24)] == ["20:30", "17:30", "20:30"]
    void = {verdict.id for verdict in records["2025-07-24"].verdicts if verdict.result == "void"}
    assert "2025-07-23/QQQ/direction/1" in void and not any("SPY" in identity for identity in void)


def test_each_late_event_is_seen_from_the_moment_on_at_which_it_was_public() -> None:
    """A filing after the close is news of the next session; a revision does not reach back."""
    market = build(find_scenario("late-filing")).market()

    def heard(day: str) -> set[str]:
        snapshot = snapshot_at(market, market.calendar.position(day))
        return {event.kind + (f" {event.value}" if event.series else "") for event in snapshot.events(1)}

    assert heard("2025-03-03") == set()
    assert heard("2025-03-11") == set() and heard("2025-03-12") == {"macro 2.8"}
    assert heard("2025-03-14") == set() and heard("2025-03-17") == {"filing"}
    assert heard("2025-04-09") == set() and heard("2025-04-10") == {"macro 3.1"}
    ahead = snapshot_at(market, market.calendar.position("2025-03-10")).ahead(10)
    assert [(event.kind, event.occurred) for event in ahead] == [("meeting", "2025-03-19")]


def test_the_essay_of_the_day_before_good_friday_reads_back_as_its_record(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert main("scenario", "run", "good-friday", "--out", out, "--essays", "6").code == 0
    (essay,) = (out / "essays").glob("2026-04-02-*.md")
    said = json.loads(main("parse", essay, "--json").out)
    with Ledger.open(out / "ledger.sqlite") as ledger:
        entries = list(ledger.entries(1))
    place = next(at for at, entry in enumerate(entries) if entry.key == "2026-04-02")
    body = json.loads(entries[place].body)
    call = next(claim for claim in body["claims"] if claim["id"] == "2026-04-02/SPY/direction/1")
    band = next(claim for claim in body["claims"] if claim["id"] == "2026-04-02/SPY/interval/1")
    views = body["views"]["SPY:1"]
    label, conviction = body["debates"]["SPY:1"]
    assert (said["problems"], said["warnings"], said["cycle"]) == ([], [], body["cycle"])
    assert (said["symbol"], said["timeframe"]) == (call["symbol"], "24h")
    assert said["deadline"]["day"] == call["deadline"] == "2026-04-06"
    assert said["direction"] == ("up" if call["probability"] >= 0.5 else "down")
    assert said["confidence"] == pytest.approx(max(call["probability"], 1.0 - call["probability"]), abs=0.005)
    assert said["range_percent"] == pytest.approx([100.0 * band["low"], 100.0 * band["high"]], abs=0.005)
    assert (said["debate"], said["conviction"]) == (label, pytest.approx(conviction, abs=0.005))
    assert said["confidences"] == {
        mind.capitalize(): pytest.approx(abs(view["lean"]), abs=0.005) for mind, view in views.items()
    }
    calls = {(claim["symbol"], claim["horizon"]): claim for claim in body["claims"] if claim["kind"] == "direction"}
    assert len(said["secondary"]) == len(calls) - 1
    for other in said["secondary"]:
        claim = calls[other["symbol"], other["sessions"]]
        assert other["deadline"]["day"] == claim["deadline"]
        assert other["direction"] == ("up" if claim["probability"] >= 0.5 else "down")
    assert said["ledger"] == f"{place + 2}:{entries[place].digest[:16]}"
