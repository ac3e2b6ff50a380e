"""A backtest that is killed at any moment, and resumed, leaves the same bytes in every file of its folder.

The suite kills a few; `make kills` kills a hundred.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from tests.runs import command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL"),
]


def killed(call: str) -> dict[str, Any]:
    """What a campaign finds; in a process of its own, since a fork of one with threads may never wake up."""
    code = f"import json; from tests.kills import campaign, steps; print(json.dumps({call}._asdict()))"
    ran = command(code=code)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_at_moments_of_the_clock() -> None:
    found = killed("campaign(7)")
    assert found["different"] == []
    assert found["chains"] == 7 <= found["kills"] == sum(found["stages"].values())
    assert sum(n > 0 for n in found["stages"].values()) >= 3, "the kills all came at the same moment"


def test_before_each_step_on_a_file() -> None:
    found = killed("steps(3)")
    assert found["different"] == []
    assert found["stages"]["making the folder"] > 0
    assert found["stages"]["scores"] > 0
    assert found["stages"]["report"] > 0
