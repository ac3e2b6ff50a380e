"""Laws of the adviser: it touches one number, and that within its cap."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from hypothesis import given
from hypothesis import strategies as st

from backtest.replay import Replay
from minds.advised import CAP, TILTS, logit
from minds.adviser import AdviserDesk, Said
from minds.cycle import Cycle
from minds.record import CycleRecord, body
from minds.registry import load_minds
from regimes.rules import RulesModel
from scenarios import Scenario
from tests.laws.lawbook import PAIRS, TARGETS, law, live_worlds, oracle, ran


class Chance:
    """Says whatever falls, and seldom nothing."""

    name = "chance"

    def __init__(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)

    def advise(self, record: CycleRecord) -> Said:
        """Strong words, mostly."""
        return Said(("strong_up", "strong_down", *TILTS, "")[int(self.draw.integers(8))], "as it falls")


@law(10, 400)
@given(scenario=live_worlds(), seed=st.integers(0, 2**32 - 1), lead=st.integers(0, len(TARGETS) - 1))
def test_an_adviser_touches_one_number(scenario: Scenario, seed: int, lead: int) -> None:
    """An adviser that is trusted and says anything moves the lead call within its cap, and nothing else."""
    targets = (*TARGETS[lead:], *TARGETS[:lead])

    def trusted(cycle: Cycle) -> AdviserDesk:
        desk = AdviserDesk(Chance(seed), cycle)
        for _ in range(2_000):
            desk.layer.shrinkage.add(0.1, 0.5, 1)
        return desk

    run = ran(scenario)
    minds = [*load_minds(), oracle(run.market)]
    plain = Replay(run.market, minds, targets, RulesModel(), run.start, PAIRS).run()
    heard = Replay(run.market, minds, targets, RulesModel(), run.start, PAIRS, trusted).run()
    called: dict[str, float] = {}
    for without, record in zip(plain, heard, strict=True):
        theirs, ours = orjson.loads(body(without)), orjson.loads(body(record))
        advice = ours.pop("adviser", None)
        if advice is not None:
            (claim,) = [item for item in ours["claims"] if item["id"] == advice["claim"]]
            assert abs(logit(claim["probability"]) - logit(advice["without"])) <= CAP + 1e-12
            called[claim["id"]] = claim["probability"]
            claim["probability"] = advice["without"]
        for verdict, other in zip(ours["verdicts"], theirs["verdicts"], strict=True):
            if verdict["id"] in called:
                _graded(verdict, called[verdict["id"]])
                for name in ("result", "score", "log_score"):
                    if name in other:
                        verdict[name] = other[name]
        assert ours == theirs


def _graded(verdict: dict[str, Any], p: float) -> None:
    """The verdict is about what was published."""
    if "outcome" in verdict:
        assert abs(verdict["score"] - (p - verdict["outcome"]) ** 2) <= 1e-12
