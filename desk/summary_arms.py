"""The table of arms at the end of a backtest: what each layer, mind and baseline is worth, and whether it pays.

Contract: a function of `arms` in the document of `scores.json` and of `run.json`; fit for 80 columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backtest.costs import model_sentences
from desk.show import visible
from minds.figures import percent

__all__ = ["arms"]

_WORDS = {"paid": "pays", "cost": "costs", "nothing": "not shown", None: ""}
_LEFT_OUT = {"paid": "costs", "cost": "pays", "nothing": "not shown", None: ""}
_STAGES = {"step": "", "mind": "", "baseline": "", "without": "without "}


def arms(scores: dict[str, Any], run: dict[str, Any]) -> Iterator[RenderableType]:
    """The table, a line on how to read it, and what models cost; nothing when no direction has been settled."""
    rows = sorted(scores["arms"].items(), key=lambda item: item[1]["order"])
    if not rows:
        return
    table = Table(
        title=f"What each part is worth, on the same {rows[0][1]['n']:,} directions", title_justify="left",
        title_style="bold", box=SIMPLE_HEAD, padding=(0, 0, 0, 1),
    )  # fmt: skip
    for at, name in enumerate(("part", "Brier", "skill", "gain (95%)", "pays?")):
        table.add_column(name, justify="right" if at else "left", no_wrap=at > 0, overflow="fold")
    before = "step"
    for name, row in rows:
        if row["stage"] != before:
            table.add_section()
        before = row["stage"]
        words = _LEFT_OUT if before == "without" else _WORDS
        table.add_row(
            Text(visible(_STAGES[before] + name.rpartition(":")[2])), f"{row['brier']:.4f}", percent(row["skill"]),
            _gain(row), words[row["verdict"]],
        )  # fmt: skip
    yield table
    yield Text(
        "A gain is the share of the loss that is saved: by a step beside the one above\n"
        "it, by minds and plain rules beside the base rate, without a mind beside the\n"
        "synthesis. What is not shown cannot be told from nothing (docs/arms.md).\n"
    )
    for line in model_sentences(scores, run):
        yield Text(visible(line))


def _gain(row: dict[str, Any]) -> str:
    if row["gain"] is None:
        return ""
    if row["gain_interval"] is None:
        return percent(row["gain"])
    low, high = row["gain_interval"]
    return f"{percent(row['gain'])} ({percent(low)} to {percent(high)})"
