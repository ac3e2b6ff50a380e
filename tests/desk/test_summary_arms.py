"""The table of arms: each figure in its row, a word on whether it pays, within 80 columns; and what models cost."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from backtest.costs import Cost, costs, model_sentences
from desk.summary_arms import arms

Document = dict[str, Any]


def row(order: int, stage: str = "step", **changes: Any) -> Document:
    return {
        "order": order, "stage": stage, "versus": "climatology", "n": 5031, "brier": 0.24861, "skill": -0.00123,
        "gain": 0.00182, "gain_interval": [-0.0003, 0.004], "verdict": "nothing", "says": "It is said.", **changes,
    }  # fmt: skip


SCORES: Document = {
    "arms": {
        "without:macro": row(4, "without", verdict="cost", gain=-0.002, gain_interval=[-0.003, -0.001]),
        "mind:" + "m" * 20: row(2, "mind", verdict="cost"),
        "climatology": row(0, versus=None, gain=None, gain_interval=None, verdict=None, skill=0.0),
        "adviser": row(1, verdict="paid"),
        "baseline:coin": row(3, "baseline", gain_interval=None, verdict=None),
    }
}


def printed(scores: Document, run: Document) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=80, markup=False, highlight=False)
    for part in arms(scores, run):
        console.print(part)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_rows_stand_in_order_with_their_figures() -> None:
    lines = printed(SCORES, {})
    assert lines[0] == "What each part is worth, on the same 5,031 directions"
    assert max(map(len, lines)) <= 80
    cells = [line.split() for line in lines if "0.2486" in line]
    assert [line[0] for line in cells] == ["climatology", "adviser", "m" * 20, "coin", "without"]
    assert cells[0] == ["climatology", "0.2486", "0.00%"]
    assert cells[1] == ["adviser", "0.2486", "-0.12%", "+0.18%", "(-0.03%", "to", "+0.40%)", "pays"]
    assert cells[2][-1] == "costs" and cells[3][1:] == ["0.2486", "-0.12%", "+0.18%"]
    assert cells[4][-1] == "pays", "a synthesis that is worse without a mind says that the mind pays"


def test_nothing_settled_is_no_table() -> None:
    assert printed({"arms": {}}, {}) == []


BILL = {"calls": 7, "kept": 2, "tokens": 1000, "usd": 0.25, "kept_tokens": 200, "kept_usd": 0.05, "failures": {}}
NONE = {"calls": 0, "kept": 0, "tokens": 0, "usd": 0.0, "kept_tokens": 0, "kept_usd": 0.0, "failures": {}}


def test_what_models_cost_stands_beside_what_they_gained() -> None:
    run = {
        "writer": {"name": "w", "bill": {"total": BILL, "minds": {"macro": BILL, "flow": BILL, "adviser": BILL}}},
        "adviser": {"name": "a", "bill": BILL},
    }
    found = costs(run)
    assert found["writer"] == Cost("w", 14, 2400, 0.6) and found["adviser"] == pytest.approx(("a", 7, 1200, 0.3))
    assert model_sentences(SCORES, run) == [
        "The writer changes no number: its gain is 0 by construction, and it cost 14 calls, 2,400 tokens and $0.6000.",
        "It is said; it cost 7 calls, 1,200 tokens and $0.3000.",
    ]
    assert printed(SCORES, run)[-2:] != printed(SCORES, {})[-2:]


def test_what_nobody_counted_is_not_said_to_be_free() -> None:
    run: Document = {"writer": {"name": "w", "bill": {}}, "adviser": {"name": "a", "bill": None}}
    assert costs(run) == {"writer": None, "adviser": None}
    assert model_sentences({"arms": {}}, run) == [
        "The writer changes no number: its gain is 0 by construction, and nobody counted what it cost.",
        "The adviser cannot be judged yet; nobody counted what it cost.",
    ]
    assert costs({"writer": {"name": "template"}, "adviser": None}) == {}
    assert costs({"writer": {"name": "w", "bill": {"total": NONE, "minds": {}}}}) == {"writer": Cost("w", 0, 0, 0.0)}
