"""What may be said of an arm: word and sentence for rows made by hand, and Holm against statsmodels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from backtest.verdicts import holm, sentence, verdict


@pytest.mark.parametrize("seed", range(12))
def test_holm_is_that_of_statsmodels(seed: int) -> None:
    draw = np.random.default_rng(seed)
    ps = (draw.random(draw.integers(1, 20)) ** 3).tolist()
    found = holm({str(at): p for at, p in enumerate(ps)})
    assert list(found.values()) == pytest.approx(multipletests(ps, method="holm")[1].tolist())


def test_what_was_not_tested_does_not_count() -> None:
    assert holm({"a": None, "b": 0.02, "c": None}) == {"a": None, "b": 0.02, "c": None}


@pytest.mark.parametrize(
    ("interval", "p", "word"),
    [
        ([-0.02, 0.01], 0.5, "nothing"),
        ([-0.02, 0.0], 0.05, "nothing"),
        ([-0.02, -0.001], 0.3, "cost"),  # a loss needs no adjustment
        ([0.001, 0.02], 0.2, "nothing"),  # a gain does
        ([0.001, 0.02], 0.05, "paid"),
        (None, None, None),
        ([0.0, 0.0], 1.0, "nothing"),
    ],
)
def test_the_word(interval: list[float] | None, p: float | None, word: str | None) -> None:
    assert verdict(interval, p) == word


def row(**changes: Any) -> dict[str, Any]:
    return {
        "versus": "climatology", "n": 5000, "brier": 0.2486, "moved": 4000, "gain": 0.0012, "e_value": 3.25,
        "gain_interval": [0.0004, 0.002], "verdict": "paid", **changes,
    }  # fmt: skip


AHEAD = "+0.12% beside {}, 95% +0.04% to +0.20%"
SAYS: list[tuple[str, dict[str, Any], str]] = [
    ("climatology", {"versus": None}, "The base rate alone: a Brier score of 0.2486 on 5,000 claims."),
    (
        "mind:macro", {},
        "The mind macro alone: ahead, but at an e-value of 3.2 where 20 is needed no skill is claimed "
        f"({AHEAD.format('the base rate')}).",
    ),
    ("mind:macro", {"e_value": 20.0}, f"The mind macro alone: pays ({AHEAD.format('the base rate')})."),
    (
        "debate", {"verdict": "cost", "gain": -0.001, "gain_interval": [-0.002, -0.0001], "versus": "minds"},
        "Weighing minds by rank, as the debate does: does not pay, it costs (-0.10% beside the plain mean, 95% -0.20% "
        "to -0.01%).",
    ),
    (
        "synthesis",
        {"verdict": "nothing", "gain": 0.0, "gain_interval": [-0.001, 0.001], "versus": "recalibration"},
        "The synthesis: cannot be told from nothing (0.00% beside recalibrated minds, 95% -0.10% to +0.10%).",
    ),
    (
        "adviser", {"verdict": "nothing", "versus": "synthesis"},
        f"The adviser: cannot be told from luck among so many arms ({AHEAD.format('the synthesis')}).",
    ),
    (
        "recalibration", {"versus": "debate"},
        f"Trusting each mind as far as its record goes: pays ({AHEAD.format('the debate')}).",
    ),
    (
        "without:flow", {"versus": "synthesis"},
        f"The synthesis without flow: better than with it, so flow does not pay its way "
        f"({AHEAD.format('the synthesis')}).",
    ),
    (
        "without:flow",
        {"versus": "synthesis", "verdict": "cost", "gain_interval": [-0.002, -0.001], "gain": -0.0015},
        "The synthesis without flow: worse than with it, so flow pays its way (-0.15% beside the synthesis, "
        "95% -0.20% to -0.10%).",
    ),
    ("baseline:coin", {"moved": 0}, "The baseline coin: changes no number, so it neither pays nor costs."),
    (
        "baseline:coin", {"verdict": None, "n": 12},
        "The baseline coin: cannot be judged yet, 12 claims are too few for an interval.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "says"), SAYS)
def test_the_sentence(name: str, changes: dict[str, Any], says: str) -> None:
    assert sentence(name, row(**changes)) == says
