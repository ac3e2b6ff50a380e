"""An adviser in a run: the rest of the record stays byte for byte what it is without one, whatever the adviser does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import orjson
import pytest

from backtest.replay import Replay
from engine.claims import Target
from engine.market import Market
from minds.advised import CAP, TILTS, logit
from minds.adviser import REMEMBERED, Adviser, AdviserDesk, Said
from minds.record import CycleRecord, body
from minds.registry import load_minds
from regimes.rules import RulesModel
from tests.runs import TARGETS, Fixed, Prices
from tests.worlds import WORLD, invented_bars

SESSIONS, START = 460, 150
OVERLAPPING = (Target("GRO", "growth", 2), Target("MKT", "market", 1), Target("GRO", "growth", 5))
"""The lead calls two sessions ahead, and its symbol is called five ahead as well: calls get into each other's way."""
AHEAD = (Target("SML", "small", 3), Target("MKT", "market", 1))
"""The lead's own calls overlap."""
LAYOUTS = {"usual": TARGETS, "overlapping": OVERLAPPING, "ahead": AHEAD}

Document = dict[str, Any]


class Scripted:
    """Says what a function of the record says."""

    name = "scripted"

    def __init__(self, says: Callable[[CycleRecord], Any]) -> None:
        self.says, self.asked = says, list[str]()

    def advise(self, record: CycleRecord) -> Said:
        """Whatever it is, to be taken as an answer."""
        self.asked.append(record.session)
        found: Said = self.says(record)
        return found


@cache
def market() -> Market:
    return Market.build(WORLD, invented_bars(23, SESSIONS))


@cache
def prices() -> Prices:
    return Prices(invented_bars(23, SESSIONS))


def future(record: CycleRecord) -> float:
    """The lead's return until its deadline, which no honest adviser knows; 0 where there is none."""
    at, lead = prices().at[record.session], record.targets[0]
    if at + lead.horizon >= SESSIONS:
        return 0.0
    return (prices().ratio(lead.symbol, at, at + lead.horizon) or 1.0) - 1.0


def seer(record: CycleRecord) -> Said:
    return Said("strong_up" if future(record) > 0.0 else "strong_down", "it knows")


def liar(record: CycleRecord) -> Said:
    return Said("strong_down" if future(record) > 0.0 else "strong_up", "it lies")


def traitor(record: CycleRecord) -> Said:
    return (seer if record.cycle < 180 else liar)(record)


def moody(record: CycleRecord) -> Said:
    return Said([*TILTS, ""][record.cycle % 6], "as it likes")


ADVISERS = {"seer": seer, "liar": liar, "traitor": traitor, "moody": moody}


def minds(targets: Sequence[Target]) -> list[Any]:
    """The usual ones and one that is often right, so that the synthesis itself takes both sides."""
    leans = {}
    for target in targets:
        for at, session in enumerate(prices().sessions[: SESSIONS - target.horizon]):
            ratio = prices().ratio(target.symbol, at, at + target.horizon)
            if ratio is not None and at % 3:
                leans[session, target.key] = 0.9 if ratio > 1.0 else -0.9
    return [*load_minds(), Fixed("oracle", leans)]


def records(targets: Sequence[Target], adviser: Adviser | None, cutoff: str = "", **more: Any) -> list[CycleRecord]:
    seat = None if adviser is None else lambda cycle: AdviserDesk(adviser, cycle, cutoff, **more)
    return list(Replay(market(), minds(targets), targets, RulesModel(), START, (), seat).run())


@cache
def plain(layout: str) -> tuple[Document, ...]:
    """The run without an adviser."""
    return tuple(orjson.loads(body(record)) for record in records(LAYOUTS[layout], None))


@cache
def advised(layout: str, who: str) -> tuple[Document, ...]:
    found = records(LAYOUTS[layout], Scripted(ADVISERS[who]))
    return tuple(orjson.loads(body(record)) for record in found)


def withdrawn(documents: Sequence[Document]) -> list[Document]:
    """The documents as they would be without the adviser: its part gone, its calls and their scores put back to p0."""
    base: dict[str, float] = {}
    found = []
    for document in documents:
        document = {**document, "claims": [dict(item) for item in document["claims"]],
                    "verdicts": [dict(item) for item in document["verdicts"]]}  # fmt: skip
        advice = document.pop("adviser", None)
        if advice is not None:
            base[advice["claim"]] = advice["without"]
            (claim,) = [item for item in document["claims"] if item["id"] == advice["claim"]]
            claim["probability"] = advice["without"]
        for verdict in document["verdicts"]:
            p = base.get(verdict["id"])
            if p is not None and "outcome" in verdict:
                y = verdict["outcome"]
                verdict["score"], verdict["log_score"] = (p - y) ** 2, -math.log(p if y else 1.0 - p)
                verdict["result"] = "right" if (p >= 0.5) == (y == 1) else "wrong"
        found.append(document)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("who", ADVISERS)
def test_nothing_but_the_lead_call_knows_of_the_adviser(layout: str, who: str) -> None:
    ours = withdrawn(advised(layout, who))
    for mine, theirs in zip(ours, plain(layout), strict=True):
        for verdict, other in zip(mine["verdicts"], theirs["verdicts"], strict=True):
            for name in ("score", "log_score"):
                assert verdict.get(name) == pytest.approx(other.get(name), abs=1e-12)
                verdict[name] = other.get(name)
            if other.get("log_score") is None:
                del verdict["log_score"]
            if other.get("score") is None:
                del verdict["score"]
        assert orjson.dumps(mine) == orjson.dumps(theirs)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("who", ADVISERS)
def test_the_published_call_stays_within_the_cap(layout: str, who: str) -> None:
    moved = []
    for document in advised(layout, who):
        advice = document.get("adviser")
        lead = LAYOUTS[layout][0]
        called = [
            item for item in document["claims"] if item["id"].endswith(f"/{lead.symbol}/direction/{lead.horizon}")
        ]
        assert (advice is None) == (not called)
        if advice is not None:
            (claim,) = called
            assert advice["claim"] == claim["id"]
            moved.append(abs(logit(claim["probability"]) - logit(advice["without"])))
    assert len(moved) > 80
    assert max(moved) <= CAP + 1e-12
    assert (max(moved) > 0.05) == (who in ("seer", "traitor"))


def test_calls_that_overlap_keep_their_side() -> None:
    """And in the usual layout some are turned, so that this is not for lack of trying."""

    def turned(layout: str) -> int:
        found = 0
        for document in advised(layout, "seer"):
            advice = document.get("adviser")
            if advice is not None:
                (claim,) = [item for item in document["claims"] if item["id"] == advice["claim"]]
                found += (claim["probability"] >= 0.5) != (advice["without"] >= 0.5)
        return found

    assert turned("overlapping") == 0
    assert turned("usual") > 0
    assert any(gate["gate"] == "netting" for document in plain("overlapping") for gate in document["gates"])


def test_verdicts_grade_what_was_published() -> None:
    said: dict[str, float] = {}
    graded = 0
    for document in advised("usual", "seer"):
        for verdict in document["verdicts"]:
            if verdict["id"] in said and "outcome" in verdict:
                p, y = said[verdict["id"]], verdict["outcome"]
                assert verdict["score"] == pytest.approx((p - y) ** 2, abs=1e-15)
                assert verdict["result"] == ("right" if (p >= 0.5) == (y == 1) else "wrong")
                graded += 1
        said |= {item["id"]: item["probability"] for item in document["claims"] if "/direction/" in item["id"]}
    assert graded > 200


def test_a_cap_of_a_gate_holds_for_the_adviser_too() -> None:
    """Where only one mind of several speaks, half of the adviser's edge is left."""
    leans = {(session, target.key): 0.5 for session in prices().sessions for target in TARGETS}
    silent = Fixed("silent", {})

    def alone(speakers: Sequence[Any]) -> list[float]:
        seat = lambda cycle: AdviserDesk(Scripted(seer), cycle)  # noqa: E731 - one line, used once
        run = Replay(market(), speakers, TARGETS, RulesModel(), START, (), seat).run()
        return [logit(record.advice.alone) - logit(record.advice.without) for record in run if record.advice is not None
                and record.advice.alone is not None]  # fmt: skip

    both, one = alone([Fixed("a", leans), Fixed("b", leans)]), alone([Fixed("a", leans), silent])
    assert both[-1] != 0.0
    assert abs(one[-1]) == pytest.approx(abs(both[-1]) / 2, rel=0.02)


def test_it_is_not_asked_about_days_that_it_may_remember() -> None:
    cutoff = market().calendar.labels[START + 100]
    scripted = Scripted(seer)
    found = records(TARGETS, scripted, cutoff)
    assert min(scripted.asked) > cutoff
    before = [item.advice for item in found if item.session <= cutoff and item.advice is not None]
    assert len(before) > 50
    assert all(item.probability == item.without and item.because == REMEMBERED for item in before)
    assert all(not item.signals for item in found if item.session <= cutoff)
    after = [item.advice for item in found if item.session > cutoff and item.advice is not None]
    assert after[0].k == 0.0  # nothing was learned from what it might have remembered
    assert len(after) == len(scripted.asked)


def test_what_was_heard_is_not_asked_again() -> None:
    first = Scripted(moody)
    once = records(TARGETS, first)
    heard = {
        item.session: Said(item.advice.tilt, item.advice.because) for item in once[:200] if item.advice is not None
    }
    other = Scripted(moody)
    again = records(TARGETS, other, heard=heard)
    assert [body(item) for item in again] == [body(item) for item in once]
    assert other.asked == [session for session in first.asked if session not in heard]


class Odd:
    """An object that hates to be looked at."""

    def __str__(self) -> str:
        raise RuntimeError("no")


WRONG: dict[str, Callable[[CycleRecord], Any]] = {
    "raises": lambda record: 1 / 0,
    "none": lambda record: None,
    "text": lambda record: "strong_up",
    "unknown": lambda record: Said("strongest_up", "more"),
    "number": lambda record: Said(0.9, "a number"),  # type: ignore[arg-type] # the point
    "list": lambda record: Said(["up"], "a list"),  # type: ignore[arg-type] # the point
    "odd": lambda record: Said("up", Odd()),  # type: ignore[arg-type] # the point
    "leaves": lambda record: (_ for _ in ()).throw(MemoryError("full")),
}


@pytest.mark.parametrize("fault", WRONG)
def test_whatever_it_does_wrong_is_its_own_abstention(fault: str) -> None:
    found = records(TARGETS, Scripted(WRONG[fault]))
    advice = [item.advice for item in found if item.advice is not None]
    assert len(advice) > 200
    assert all(item.tilt == "" and item.probability == item.without and item.because for item in advice)
    bodies = [orjson.loads(body(item)) for item in found]
    assert [{key: part for key, part in item.items() if key != "adviser"} for item in bodies] == list(plain("usual"))


def test_a_reason_is_kept_as_harmless_text() -> None:
    """Half a surrogate pair, terminal codes, markup and a novel cannot harm a record."""
    nasty = "\ud800 \x1b[31m [CONFIDENCE: 0.99] <script> https://evil.example/x " + "word " * 1000
    advice = next(item.advice for item in records(TARGETS, Scripted(lambda _: Said("up", nasty))) if item.advice)
    assert advice.tilt == "up"
    assert len(advice.because) <= 600
    assert advice.because.isprintable()
    assert not any(sign in advice.because for sign in "[]<>")
    assert "://" not in advice.because
