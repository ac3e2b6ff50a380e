"""Expectations on four hand-made sessions: each clause holds where a reader would say so, and fails where not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.expectations import Played, judge
from engine.bar_checks import Repair
from engine.claims import Claim, Target, Verdict, claim_id
from engine.universe import load_universe
from minds.record import CycleRecord
from minds.view import Abstention, Debate, GateResult, Missing, View
from regimes.reading import Label, Path, RegimeReading, Status
from scenarios.expect import CLAUSES, SAYINGS, read_clause
from scenarios.model import Part

SPY = Target("SPY", "market", 1)
DAYS = ("2026-03-31", "2026-04-01", "2026-04-02", "2026-04-06")
DUE = ("2026-04-01", "2026-04-02", "2026-04-06", "2026-04-07")


def claim(at: int) -> Claim:
    day = DAYS[at]
    identity = claim_id(day, "SPY", "direction", 1)
    return Claim(identity, "direction", "SPY", 1, day, f"{day}T20:30:00+00:00", 100.0, DUE[at], 0.55, 0.54)


def record(at: int, label: Label, score: float, status: Status, path: Path, lean: float | None) -> CycleRecord:
    reasons = ("volatility has jumped",) if status == "alert" else ()
    said = (
        View("macro", SPY.key, 0.25),
        Abstention("flow", SPY.key, "it has no bars") if lean is None else View("flow", SPY.key, lean),
    )
    debate = Debate("lone" if lean is None else "aligned_bullish" if lean > 0 else "divergent", 0.3, ())
    return CycleRecord(
        cycle=at + 1, session=DAYS[at], as_of=datetime.fromisoformat(f"{DAYS[at]}T20:30:00+00:00").astimezone(UTC),
        timezone="America/New_York", data=f"data-{at}",
        reading=RegimeReading(label, score, path, status, DAYS[0], at + 1, 1.0, (), reasons), targets=(SPY,),
        views={SPY.key: said}, debates={SPY.key: debate}, claims=() if lean is None else (claim(at),),
        gates=(GateResult("coverage", SPY.key, "cap", "only macro speaks"),) if lean is None else (),
        verdicts=(), records=(), missing=(Missing("breadth", "too few bars"),) if at == 3 else (), signals={},
    )  # fmt: skip


RECORDS = [
    record(0, "risk_on", 0.5, "confirmed", "trending_up", 0.4),
    record(1, "risk_on", 0.2, "alert", "choppy", -0.1),
    record(2, "neutral", -0.1, "stale", "choppy", None),
    record(3, "risk_off", -0.6, "confirmed", "trending_down", -0.7),
]
RECORDS[1] = dataclasses.replace(RECORDS[1], verdicts=(Verdict(claim(0).id, "right", "", DAYS[1], 1, 0.01, 0.2, 0.2),))
RECORDS[2] = dataclasses.replace(RECORDS[2], verdicts=(Verdict(claim(1).id, "void", "no bar", DAYS[2]),))
NOTICES = (Repair("IWM", "2026-04-01", "stale", "equal bars"), Repair("TLT", "2026-04-02", "gap", "no bar"))
UNIVERSE = load_universe("us")


def seen(
    records: Sequence[CycleRecord] = RECORDS, other: Sequence[CycleRecord] = (), **table: Any
) -> tuple[bool | None, str]:
    def again(part: Part) -> Sequence[CycleRecord]:
        assert part == table["same_as_without"]
        return other

    outcome = judge(read_clause(table, "clause"), Played(UNIVERSE, records, NOTICES, again))
    assert outcome.clause == read_clause(table, "clause")
    return outcome.held, outcome.seen


CASES: list[tuple[dict[str, Any], bool, str]] = [
    ({"status": "alert"}, True, "session 2 (2026-04-01): alert, because volatility has jumped"),
    ({"status": ["confirmed", "stale"]}, True, "session 1 (2026-03-31): confirmed (and 2 more)"),
    ({"status": "transition"}, False, "at none of 4 sessions; the nearest, session 1 (2026-03-31): confirmed"),
    ({"status": "stale", "at": "2026-04-02"}, True, "session 3 (2026-04-02): stale"),
    (
        {"status": "stale", "at": 4}, False,
        "session 4 (2026-04-06): confirmed; outside of what is asked, session 3 (2026-04-02): stale",
    ),
    ({"status": "alert", "since": 3, "never": True}, True, "at none of 2 sessions"),
    ({"status": "alert", "never": True}, False, "session 2 (2026-04-01): alert"),
    ({"status": ["confirmed", "alert"], "by": 2, "always": True}, True, "at all 2 sessions; the last, session 2"),
    ({"status": "confirmed", "always": True}, False, "session 2 (2026-04-01): alert, because volatility has jumped "
                                                     "(held at 2 of 4 sessions)"),
    ({"status": "alert", "since": 4, "by": 2}, False, "no session of the run is asked about"),
    ({"status": "alert", "since": 4, "by": 2, "never": True}, False, "no session of the run is asked about"),
    ({"label": "risk_off"}, True, "session 4 (2026-04-06): risk_off with a score of -0.60"),
    ({"label": "crisis"}, False, "the nearest, session 4 (2026-04-06): risk_off with a score of -0.60"),
    ({"label": "neutral", "by": 2}, False, "the nearest, session 2 (2026-04-01): risk_on with a score of 0.20"),
    ({"label": ["crisis", "risk_off"], "since": 3, "always": True}, False, "session 3 (2026-04-02): neutral"),
    ({"path": "trending_down"}, True, "session 4 (2026-04-06): trending_down"),
    ({"path": "unknown"}, False, "at none of 4 sessions; such as session 1 (2026-03-31): trending_up"),
    ({"mind": "flow", "says": "leans up"}, True, "session 1 (2026-03-31): flow leans up on SPY:1, by 0.40"),
    ({"mind": "flow", "says": "leans up", "since": 2}, False, "the nearest, session 2 (2026-04-01): flow leans down"),
    ({"mind": "flow", "says": "leans down", "since": 4}, True, "by 0.70"),
    ({"mind": "flow", "says": "abstains"}, True, "session 3 (2026-04-02): flow abstains on SPY:1, because it has no"),
    ({"mind": "flow", "says": "abstains", "by": 2}, False, "session 2 (2026-04-01): flow leans down on SPY:1, by 0.10"),
    ({"mind": "macro", "says": "leans down"}, False, "macro leans up on SPY:1, by 0.25"),
    ({"mind": "macro", "says": "leans up", "target": "QQQ:1"}, False, "macro is not asked"),
    ({"debate": "divergent"}, True, "session 2 (2026-04-01): divergent on SPY:1 (macro +0.25, flow -0.10) (and 1 m"),
    ({"debate": "silent"}, False, "session 1 (2026-03-31): aligned_bullish on SPY:1 (macro +0.25, flow +0.40)"),
    ({"debate": "lone", "target": "QQQ:1"}, False, "there is no debate"),
    ({"deadline": "2026-04-06", "at": 3}, False, "no claim one session ahead is made"),
    ({"deadline": "2026-04-02", "at": 2}, True, "session 2 (2026-04-01): 1 claim due on 2026-04-02"),
    ({"deadline": "2026-04-03", "at": 2}, False, "session 2 (2026-04-01): 1 claim due on 2026-04-02"),
    ({"gate": "coverage"}, True, "session 3 (2026-04-02): coverage on SPY:1, because only macro speaks"),
    ({"gate": "netting"}, False, "no gate acts"),
    ({"gate": "netting", "at": 3}, False, "session 3 (2026-04-02): coverage on SPY:1"),
    ({"missing": "breadth"}, True, "session 4 (2026-04-06): breadth is missing, because too few bars"),
    ({"missing": "volatility"}, False, "volatility is not listed as missing"),
    ({"missing": "breadth", "by": 3}, False, "outside of what is asked, session 4"),
    ({"claims": "some", "by": 2, "always": True}, True, "at all 2 sessions; the last, session 2 (2026-04-01): 1 claim"),
    ({"claims": "none", "at": 3}, True, "session 3 (2026-04-02): 0 claims"),
    ({"claims": "none", "at": 1}, False, "session 1 (2026-03-31): 1 claim; outside"),
    ({"notice": "stale", "what": "small"}, True, "IWM from 2026-04-01: stale, equal bars"),
    ({"notice": "stale", "what": "TLT"}, False, "no such notice; but IWM from 2026-04-01: stale, equal bars"),
    ({"notice": "spike"}, False, "no such notice; but IWM from 2026-04-01: stale, equal bars (and 1 more)"),
    ({"no_claim_on_closed_session": True}, True, "3 claims fall due on 3 sessions, the last on 2026-04-07"),
    ({"claims_resolved": True}, True, "2 claims fell due, 1 were graded and 1 are void"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "held", "fragment"), CASES, ids=lambda item: str(item)[:60])
def test_a_clause_is_judged(table: dict[str, Any], held: bool, fragment: str) -> None:
    found, words = seen(**table)
    assert (found, fragment in words) == (held, True), words


def test_every_clause_and_saying_is_seen_to_hold_and_to_fail() -> None:
    """But for the two whose failures take another run, below."""
    for name in set(CLAUSES) - {"same_as_without", "no_claim_on_closed_session", "claims_resolved"}:
        assert {held for table, held, _ in CASES if name in table} == {True, False}, name
    assert {(table["says"], held) for table, held, _ in CASES if "says" in table} == {
        (saying, held) for saying in SAYINGS for held in (True, False)
    }


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=8), st.integers(1, 9), st.integers(1, 9),
    st.sampled_from([table for table, _, _ in CASES if not {"notice", "no_claim_on_closed_session"} & set(table)][:-1]),
)  # fmt: skip
def test_some_none_and_every_stand_to_one_another_as_in_logic(
    drawn: list[int], since: int, by: int, table: dict[str, Any]
) -> None:
    """Of any sessions in any order: `none` denies `some`, `every` implies it; of no session at all, nothing holds."""
    asked = {name: item for name, item in table.items() if name not in ("at", "since", "by", "never", "always")}
    records = [RECORDS[at] for at in drawn]
    of_all: dict[str, Any] = {**asked, "since": since, "by": by}
    some = seen(records, **of_all)[0]
    none, every = (seen(records, **{**of_all, word: True})[0] for word in ("never", "always"))
    covered = range(since, min(by, len(drawn)) + 1)
    singly = [seen(records, at=at, **asked)[0] for at in covered]
    assert (some, none, every) == (any(singly), bool(singly) and not any(singly), bool(singly) and all(singly))


def test_a_lean_of_nothing_is_to_no_side() -> None:
    idle = dataclasses.replace(RECORDS[0], views={SPY.key: (View("flow", SPY.key, 0.0),)})
    for says in ("leans up", "leans down", "abstains"):
        assert seen([idle], mind="flow", says=says) == (
            False,
            "session 1 (2026-03-31): flow leans to no side on SPY:1, by 0.00",
        )


def test_of_several_targets_the_one_that_is_asked_about_counts() -> None:
    views = {SPY.key: (View("flow", SPY.key, 0.3),), "QQQ:1": (View("flow", "QQQ:1", -0.2),)}
    debates = {SPY.key: Debate("lone", 0.3, ()), "QQQ:1": Debate("divergent", 0.3, ())}
    two = [dataclasses.replace(RECORDS[0], views=views, debates=debates)]
    for target, up in {"": True, "SPY:1": True, "QQQ:1": False}.items():
        assert seen(two, mind="flow", says="leans up", target=target)[0] is up
        assert seen(two, debate="lone", target=target)[0] is up


def test_a_deadline_on_good_friday_is_found() -> None:
    late = dataclasses.replace(RECORDS[1], claims=(claim(1)._replace(deadline="2026-04-03"),))
    held, words = seen([RECORDS[0], late], no_claim_on_closed_session=True)
    assert not held and words == "2026-04-01/SPY/direction/1 falls due on 2026-04-03"
    assert seen([RECORDS[2]], no_claim_on_closed_session=True) == (False, "no claim is made at all")


def test_a_claim_without_a_verdict_is_found() -> None:
    forgotten = dataclasses.replace(RECORDS[2], verdicts=())
    held, words = seen([*RECORDS[:2], forgotten], claims_resolved=True)
    assert not held and words == "2026-04-01/SPY/direction/1 was due on 2026-04-02 and has no verdict"
    assert seen([RECORDS[0]], claims_resolved=True) == (False, "no claim falls due inside the run")


def test_the_same_but_for_the_digest_of_the_data_is_the_same() -> None:
    others = [dataclasses.replace(item, data="other") for item in RECORDS]
    held, words = seen(other=others, same_as_without="events")
    assert held and words == "4 sessions and 3 claims, records and essays the same byte for byte without the events"


@pytest.mark.parametrize(
    ("part", "value", "fragment"),
    [
        ("claims", (claim(1)._replace(probability=0.56),), "claims.0.probability is 0.55, without the faults 0.56"),
        ("claims", (), "claims is [{'base_rate'"),
        ("reading", RECORDS[1].reading._replace(score=None), "reading.score is 0.2, without the faults None"),
        ("missing", (Missing("x", "y"),), "missing.x is None, without the faults y"),
        ("views", {SPY.key: (View("macro", SPY.key, 0.25),)}, "views.SPY:1.flow is {'evidence'"),
        ("timezone", "Europe/Vienna", "the essay reads otherwise without the faults"),
    ],
)
def test_whatever_is_published_otherwise_is_named(part: str, value: object, fragment: str) -> None:
    other = dataclasses.replace(RECORDS[1], **{part: value})  # type: ignore[arg-type]  # a value for each name above
    held, words = seen(other=[RECORDS[0], other, *RECORDS[2:]], same_as_without="faults")
    assert not held and words.startswith("session 2 (2026-04-01): ") and fragment in words, words
