"""Drawn opinions keep their contracts, shrink to plain ones, and cost nothing to those who draw worlds alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import find, given, settings

from minds.record import CycleRecord, body
from minds.view import Abstention, View
from scenarios import strategies
from scenarios.strategies import essays, records, views
from tests.runs import ROOT


@given(views(mind="mine", target="MKT:5", signals=("a", "b")))
def test_a_view_keeps_its_contract(said: View | Abstention) -> None:
    assert (said.mind, said.target) == ("mine", "MKT:5")
    assert {item.signal for item in said.missing} <= {"a", "b"} and all(item.reason for item in said.missing)
    if isinstance(said, Abstention):
        assert said.reason
        return
    assert -1.0 <= said.lean <= 1.0
    assert {part.signal for part in said.contributions} <= {"a", "b"}
    if said.contributions:
        assert sum(part.amount for part in said.contributions) == pytest.approx(said.lean, abs=1e-12)
        assert all(part.amount and -1.0 <= part.amount <= 1.0 for part in said.contributions)


@given(views(silent=False))
def test_nobody_is_silent_who_may_not_be(said: View | Abstention) -> None:
    assert isinstance(said, View)


@given(records())
def test_a_record_can_be_kept(record: CycleRecord) -> None:
    kept = json.loads(body(record))
    assert kept["session"] == record.session and set(kept["views"]) == {target.key for target in record.targets}
    for claim in record.claims:
        assert claim.session == record.session < claim.deadline
        assert claim.probability is None or 0.0 < claim.probability < 1.0


def test_a_draw_shrinks_to_what_matters() -> None:
    search = settings(max_examples=100, derandomize=True, database=None)
    assert find(views(), lambda said: isinstance(said, View) and said.lean < -0.3, settings=search) == View(
        "macro", "SPY:1", -0.31
    )
    short = find(essays(product=False), lambda essay: essay.says["direction"] == "up", settings=search)
    assert short.text.startswith("# Patience\n") and short.says["missing"] == ()


def test_worlds_alone_import_no_minds() -> None:
    code = "import sys, scenarios.strategies as s; s.worlds(); print([n for n in sys.modules if n.startswith('minds')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_what_is_named_is_found() -> None:
    assert all(hasattr(strategies, name) for name in strategies.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'opinion'"):
        _ = strategies.opinion
