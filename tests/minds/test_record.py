"""The record's body: canonical, complete, and the same whether an essay is written or not."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from engine.claims import Claim, Verdict
from minds.record import CycleRecord, body
from minds.synthesis import Forecast
from minds.view import Abstention, Contribution, Debate, GateResult, Missing, View
from regimes.reading import Component
from tests.runs import READING, TARGETS, records
from tests.worlds import invented_market

MARKET = invented_market(7, 460)
RUN = records(MARKET, 60)
DOCUMENTS: list[dict[str, Any]] = [orjson.loads(body(record)) for record in RUN]


def ordered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert names == sorted(set(names)), "keys are sorted, and none repeats"
    return dict(pairs)


def test_every_body_is_canonical_json() -> None:
    for record in RUN:
        text = body(record)
        document = json.loads(text.decode(), object_pairs_hook=ordered, parse_constant=pytest.fail)
        assert orjson.dumps(document, option=orjson.OPT_SORT_KEYS) == text, "no spaces, shortest floats"


def test_a_record_by_hand() -> None:
    claim = Claim("2018-12-31/MKT/direction/1", "direction", "MKT", 1, "2018-12-31", "2018-12-31T21:30:00+00:00", 100.0,
                  "2019-01-02", 0.52, 0.54)  # fmt: skip
    record = CycleRecord(
        cycle=3, session="2018-12-31", as_of=datetime(2018, 12, 31, 21, 30, tzinfo=UTC), timezone="America/New_York",
        data="abc", reading=READING._replace(components=(Component("trend", None, 0.2),), reasons=("why",)),
        targets=TARGETS[:1],
        views={"MKT:1": (
            View("macro", "MKT:1", 0.3, (Contribution("b", 0.5, 7.0, "up"), Contribution("a", -0.2, 8.0, "down"))),
            Abstention("flow", "MKT:1", "no data"),
        )},
        debates={"MKT:1": Debate("lone", 0.3, (("macro", 0.3),))},
        claims=(claim,), gates=(GateResult("coverage", "MKT:1", "cap", "only macro speaks"),),
        verdicts=(Verdict("x", "void", "no bar", "2018-12-31"),),
        records=(), missing=(Missing("c", "gone"),), signals={},
        forecasts={"MKT:1": Forecast(0.52, 0.54, (0.06, None), (0.54, 0.55, None), 0)},
        baselines={"MKT:1": (0.0, None, -0.25)},
    )  # fmt: skip
    assert json.loads(body(record)) == {
        "as_of": "2018-12-31T21:30:00+00:00",
        "baselines": {"MKT:1": [0.0, None, -0.25]},
        "claims": [{
            "id": "2018-12-31/MKT/direction/1", "kind": "direction", "symbol": "MKT", "horizon": 1,
            "reference": 100.0, "deadline": "2019-01-02",
            "probability": 0.52, "base_rate": 0.54,
        }],
        "cycle": 3,
        "data": "abc",
        "debates": {"MKT:1": ["lone", 0.3]},
        "gates": [{"gate": "coverage", "target": "MKT:1", "action": "cap", "reason": "only macro speaks"}],
        "missing": {"c": "gone"},
        "reading": {
            "components": {"trend": None}, "coverage": 1.0, "label": "neutral", "path": "choppy", "reasons": ["why"],
            "score": 0.1, "since": "2000-01-03", "status": "confirmed",
        },
        "session": "2018-12-31",
        "signals": {"a": 8.0, "b": 7.0},
        "synthesis": {"MKT:1": [0.54, 0.55, None]},
        "verdicts": [{"id": "x", "result": "void", "reason": "no bar"}],
        "views": {
            "MKT:1": {"flow": {"abstains": "no data"}, "macro": {"evidence": {"a": -0.2, "b": 0.5}, "lean": 0.3}}
        },
    }  # fmt: skip


@pytest.mark.parametrize("essays", [1, 30])
def test_writing_essays_changes_no_byte(essays: int) -> None:
    """What an essay may quote is gathered beside the record, not into it."""
    quoted = records(MARKET, 60, essays=essays)
    assert [body(record) for record in quoted] == [body(record) for record in RUN]
    assert [bool(record.signals) for record in quoted] == [False] * (400 - essays) + [True] * essays
    assert all(record.records for record in quoted[-essays:])


def test_cycles_are_numbered_and_dated() -> None:
    assert [document["cycle"] for document in DOCUMENTS] == list(range(1, 401))
    assert [document["session"] for document in DOCUMENTS] == MARKET.calendar.labels[60:460]
    for document in DOCUMENTS:
        instant = datetime.fromisoformat(document["as_of"])
        assert instant.tzinfo == UTC and document["as_of"].startswith(document["session"])


def test_the_evidence_of_a_view_adds_up_to_its_lean_and_its_values_are_there() -> None:
    spoken = 0
    for document in DOCUMENTS:
        for said in document["views"].values():
            for view in said.values():
                if "abstains" in view:
                    assert view["abstains"]
                    continue
                spoken += 1
                assert sum(view["evidence"].values()) == pytest.approx(view["lean"], abs=1e-12)
                assert set(view["evidence"]) <= set(document["signals"])
    assert spoken > 1000


def test_whatever_is_held_back_has_a_reason() -> None:
    reasons = [gate["reason"] for document in DOCUMENTS for gate in document["gates"]]
    reasons += [why for document in DOCUMENTS for why in _missing(document).values()]
    assert reasons and all(reasons)


def _missing(document: dict[str, Any]) -> dict[str, str]:
    """What a session lacked, looked up on the session that says it."""
    said = document["missing"]
    if isinstance(said, str):
        said = next(other["missing"] for other in DOCUMENTS if other["session"] == said)
    assert isinstance(said, dict)
    return said


def test_what_is_missing_is_written_down_when_it_changes_and_else_where_to_find_it() -> None:
    assert sum(isinstance(document["missing"], dict) for document in DOCUMENTS) < len(DOCUMENTS)
    for document, record in zip(DOCUMENTS, RUN, strict=True):
        assert _missing(document) == dict(record.missing)
    for before, after in itertools.pairwise(DOCUMENTS):
        assert isinstance(after["missing"], dict) == (_missing(before) != _missing(after))


def test_nothing_in_a_body_tells_of_paths_or_timings() -> None:
    for record in RUN[::40]:
        text = body(record).decode()
        assert "/home" not in text and "/tmp" not in text and "seconds" not in text
