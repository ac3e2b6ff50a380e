"""Each gate by hand."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.claims import Claim, Kind, Target, claim_id
from minds.gates import (
    COVERAGE_CAP,
    calendar_gate,
    coverage_gate,
    netting_gate,
    reference_gate,
    side,
    unique_gate,
)
from minds.view import Abstention, GateResult, View
from tests.runs import READING

QQQ = Target("QQQ", "growth", 2)
TODAY = "2001-09-10"
SPEAKS = View("flow", QQQ.key, 0.3)
SPEAKS_TOO = View("macro", QQQ.key, -0.1)
SILENT = Abstention("contrarian", QQQ.key, "no data")
DEGRADED = READING._replace(status="degraded", reasons=("the score lacks credit", "it is late"))


def claim(probability: float | None, symbol: str = "QQQ", kind: Kind = "direction", horizon: int = 5) -> Claim:
    return Claim(claim_id("2001-09-06", symbol, kind, horizon), kind, symbol, horizon, "2001-09-06", "", 1.0,
                 "2001-09-13", probability)  # fmt: skip


@pytest.mark.parametrize(("p", "called"), [(0.0, "down"), (0.4999999, "down"), (0.5, "up"), (0.51, "up"), (1.0, "up")])
def test_one_half_is_up(p: float, called: str) -> None:
    assert side(p) == called


def test_reference_gate() -> None:
    assert reference_gate(QQQ, 0.01, TODAY) is None
    assert reference_gate(QQQ, None, TODAY) == GateResult(
        "reference", "QQQ:2", "abstain", "no close for QQQ on 2001-09-10"
    )


@pytest.mark.parametrize(
    ("deadline", "passes"), [("2001-09-11", True), (TODAY, False), ("2001-09-07", False), (None, False)]
)
def test_calendar_gate_wants_a_deadline_after_today(deadline: str | None, passes: bool) -> None:
    found = calendar_gate(QQQ, deadline, TODAY)
    if passes:
        assert found is None
    else:
        assert found == GateResult(
            "calendar", "QQQ:2", "abstain", "no session is scheduled 2 sessions after 2001-09-10"
        )  # fmt: skip


def test_unique_gate() -> None:
    other, same = claim(0.6, "IWM"), claim(0.6)
    assert unique_gate(QQQ, same.id, []) is None
    assert unique_gate(QQQ, same.id, [other]) is None
    found = unique_gate(QQQ, same.id, [other, same])
    assert found is not None and found.action == "abstain" and same.id in found.reason


@pytest.mark.parametrize(
    ("degraded", "said", "action", "reason"),
    [
        (False, [], "abstain", "no mind speaks"),
        (False, [SILENT, SILENT], "abstain", "no mind speaks"),
        (True, [SILENT], "abstain", "no mind speaks"),
        (True, [SPEAKS, SPEAKS_TOO], "cap", "the regime is degraded: the score lacks credit; it is late"),
        (False, [SPEAKS, SILENT], "cap", "only flow speaks"),
        (False, [SILENT, SPEAKS_TOO, SILENT], "cap", "only macro speaks"),
        (False, [SPEAKS], "", ""),  # nobody else was asked
        (False, [SPEAKS, SPEAKS_TOO], "", ""),
        (False, [SPEAKS, SPEAKS_TOO, SILENT], "", ""),
    ],
)
def test_coverage_gate(
    degraded: bool, said: list[View | Abstention], action: Literal["", "cap", "abstain"], reason: str
) -> None:
    found = coverage_gate(QQQ, DEGRADED if degraded else READING, said)
    assert found == (GateResult("coverage", "QQQ:2", action, reason) if action else None)
    assert 0.0 < COVERAGE_CAP < 1.0


@pytest.mark.parametrize(
    ("p", "standing", "passes"),
    [
        (0.6, [], True),
        (0.6, [claim(0.55)], True),
        (0.4, [claim(0.45), claim(0.49)], True),
        (0.6, [claim(0.45)], False),
        (0.4, [claim(0.55)], False),
        (0.5, [claim(0.49)], False),
        (0.6, [claim(0.7), claim(0.3)], False),
        (0.6, [claim(0.3, "IWM")], True),  # another symbol
        (0.6, [claim(None, kind="interval")], True),  # no side
        (0.6, [claim(0.3, kind="drawdown")], True),  # another kind
    ],
)
def test_netting_gate(p: float, standing: list[Claim], passes: bool) -> None:
    found = netting_gate(QQQ, p, standing)
    assert (found is None) == passes
    if found is not None:
        against = next(item for item in standing if side(item.probability or 0.0) != side(p))
        assert (found.gate, found.target, found.action) == ("netting", "QQQ:2", "abstain")
        assert against.id in found.reason and found.reason.startswith(f"{side(p)} over 48h")


@given(st.lists(st.tuples(st.sampled_from(["QQQ", "IWM"]), st.floats(0.0, 1.0)), max_size=40))
def test_what_the_netting_gate_lets_through_never_has_two_sides(offers: list[tuple[str, float]]) -> None:
    standing: list[Claim] = []
    for symbol, p in offers:
        if netting_gate(Target(symbol, symbol, 5), p, standing) is None:
            standing.append(claim(p, symbol))
    for symbol in ("QQQ", "IWM"):
        assert len({(item.probability or 0.0) >= 0.5 for item in standing if item.symbol == symbol}) <= 1
