"""What each layer, each mind and each plain rule is worth: the arms, with an interval drawn beside each gain.

Contract: a function of `arms` in the document of `scores.json`, whose sentences it repeats, and of the bill in
`run.json`. Where there are no arms it says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from backtest.report.markup import (
    Cell,
    between,
    chance,
    count,
    evidence,
    joined,
    number,
    percent,
    quiet,
    share,
    strip,
    table,
)

__all__ = ["layers"]

Row = dict[str, Any]
_TITLES = {
    "step": ("Step by step: what each layer adds to the one before", "beside the step before"),
    "mind": ("Each mind alone, beside the base rate", "beside the base rate"),
    "baseline": ("Plain rules, without which no figure means much", "beside the base rate"),
    "without": ("The synthesis as if one mind had been silent", "beside the whole"),
}
_PAYS = {"paid": "up", "cost": "down"}


def layers(scores: Row, run: Row) -> Markup:
    """The increment table, minds and baselines alone, and the synthesis without each mind."""
    arms: dict[str, Row] = scores["arms"]
    if not arms:
        return quiet("No direction call has been settled, so there is nothing to compare.")
    ranked = sorted(arms.items(), key=lambda item: (item[1]["order"], item[0]))
    parts: list[Cell] = []
    for stage, (title, against) in _TITLES.items():
        rows = [(name, row) for name, row in ranked if row["stage"] == stage]
        if rows:
            parts += [_stage(title, against, rows), _sentences(rows)]
        if stage == "step":
            parts.append(_writer(run))
    n = next(iter(arms.values()))["n"]
    return joined([
        quiet(
            f"All on the same {count(n)} settled direction calls; whoever is silent says the base rate. A gain is the "
            "share of the loss that is saved, with its 95% interval drawn beside zero; p allows for how many arms are "
            "looked at (Holm)."
        ),
        *parts,
    ])  # fmt: skip


def _stage(title: str, against: str, rows: Sequence[tuple[str, Row]]) -> Markup:
    known = [row for _, row in rows if row["gain_interval"]]
    widest = max([abs(end) for row in known for end in row["gain_interval"]], default=0.0)
    heads = ["arm", "Brier", f"gain {against}", "95%", "", "p", "right", "base", "evidence"]
    heads[4] = f"from {percent(-widest)} to {percent(widest)}" if widest else "drawn"
    return table(title, heads, [_line(name, row, widest) for name, row in rows], kind="arms")


def _line(name: str, row: Row, widest: float) -> list[Cell]:
    e, tone = row.get("e_value"), _PAYS.get(row.get("verdict") or "", "level")
    return [
        _called(name), number(row["brier"]), percent(row["gain"], 2),
        between(row["gain_interval"], 2, signed=True) or None,
        strip(row["gain"], row["gain_interval"], widest, tone), chance(row.get("p_holm", row["p"])),
        share(row["hit_rate"]), share(row["base"]), None if e is None else evidence(e),
    ]  # fmt: skip


def _called(name: str) -> str:
    return name.partition(":")[2] or name


def _sentences(rows: Sequence[tuple[str, Row]]) -> Markup | None:
    said = [row["says"] for _, row in rows if row.get("says")]
    return Markup('<ul class="says">{}</ul>').format(joined([Markup("<li>{}</li>").format(text) for text in said]))


def _writer(run: Row) -> Markup | None:
    """A writer moves no number, so all that it can be is paid for."""
    writer = run.get("writer") or {}
    if writer.get("name", "template") == "template":
        return None
    total = (writer.get("bill") or {}).get("total") or {}
    cost = (
        f"it cost {count(total['tokens'])} tokens and {total['usd']:.4f} USD in {count(total['calls'])} calls"
        if total
        else "what it cost is not known"
    )
    return quiet(f"The writer {writer['name']} changes no number: its gain is zero by construction, and {cost}.")
