"""Laws of texts: what is written is what is read, for any record, any drawn world, and the first desk's own form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from minds.essay import render
from minds.parse import ParsedEssay, parse_essay
from minds.view import View
from scenarios import Scenario
from scenarios.strategies import Essay, essays
from tests.laws.lawbook import law, live_worlds, ran


def read_back(found: ParsedEssay, name: str) -> Any:
    """An attribute in the plain form of `Essay.says`."""
    value = getattr(found, name)
    if name == "deadline":
        return None if value is None else value.day
    if name == "secondary":
        return tuple([(c.symbol, c.direction, c.sessions, c.deadline.day if c.deadline else "") for c in value])
    return value


@law(60, 2000)
@given(essays(product=True))
def test_written_essays(essay: Essay) -> None:
    """An essay that was written from a record reads back as that record, to the last printed digit."""
    found = parse_essay(essay.text)
    assert found.problems == () and found.warnings == ()
    assert {name: read_back(found, name) for name in essay.says} == {
        name: pytest.approx(value, abs=1e-9) if name == "confidences" else value for name, value in essay.says.items()
    }


@law(60, 2000)
@given(essays(product=False))
def test_freely_written_essays(essay: Essay) -> None:
    """An essay in the first desk's form, whoever wrote it, reads back as what it says."""
    found = parse_essay(essay.text)
    assert {name: read_back(found, name) for name in essay.says} == dict(essay.says)
    assert found.warnings == ()


@law(12, 150)
@given(live_worlds(max_sessions=12))
def test_essays_of_worlds(scenario: Scenario) -> None:
    """The essay of any session of any world reads back without a problem, and says what its record says."""
    run = ran(scenario, early=0, essays=3)
    for record in run.records[-3:]:
        found = parse_essay(render(record, "617:abcdef0123456789"), run.market.calendar)
        assert found.problems == () and found.warnings == ()
        lead = record.targets[0]
        calls = [claim for claim in record.claims if (claim.symbol, claim.kind) == (lead.symbol, "direction")]
        assert (found.cycle, found.as_of, found.symbol) == (record.cycle, record.session, lead.symbol)
        if calls:
            (call,) = calls
            assert call.probability is not None and found.confidence is not None and found.deadline is not None
            assert abs(found.confidence - max(call.probability, 1.0 - call.probability)) <= 0.005001
            assert found.direction == ("up" if call.probability >= 0.5 else "down")
            assert found.deadline.day == call.deadline
        else:
            assert (found.direction, found.confidence) == ("none", None)
        said = [view for view in record.views[lead.key] if isinstance(view, View)]
        assert list(found.confidences.values()) == pytest.approx([abs(view.lean) for view in said], abs=0.005001)
        assert found.debate == record.debates[lead.key].label
