"""Has it changed: the skill of each year with its interval, the largest drift, and cells of mind, regime and horizon.

Contract: functions of `years`, `drift` and `cells` in the document of `scores.json`; a run too short for them says
nothing here.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from backtest.report.markup import (
    Cell,
    between,
    chance,
    count,
    details,
    evidence,
    joined,
    percent,
    quiet,
    share,
    strip,
    table,
)
from regimes.reading import LABELS

__all__ = ["cells", "years"]

Row = dict[str, Any]
_KINDS = ("direction", "interval", "volatility", "drawdown", "relative")


def years(scores: Row) -> Markup:
    """A table of years for each kind, direction open and the others folded, each with its drift in a sentence."""
    parts: list[Cell] = []
    for kind in _KINDS:
        rows = scores.get("years", {}).get(kind, {})
        if not rows:
            continue
        shown = joined([_years(kind, rows), _drift(kind, scores.get("drift", {}).get(kind))])
        parts.append(shown if kind == "direction" else details(f"The same for {kind}", shown))
    return joined(parts) if parts else quiet("Nothing has been settled, so there is nothing to follow over time.")


def _years(kind: str, rows: Row) -> Markup:
    known = [row["skill_interval"] for row in rows.values() if row["skill_interval"]]
    widest = max([abs(end) for ends in known for end in ends], default=0.0)
    digits = 2 if kind == "direction" or kind == "relative" else 1
    lines = [
        (year, count(row["n"]), percent(row["skill"], digits),
         between(row["skill_interval"], digits, signed=True) or None,
         strip(row["skill"], row["skill_interval"], widest))
        for year, row in sorted(rows.items())
    ]  # fmt: skip
    drawn = f"from {percent(-widest, digits)} to {percent(widest, digits)}" if widest else "drawn"
    return table(f"Skill year by year: {kind}", ["year", "n", "skill", "95%", drawn], lines, kind="arms")


def _drift(kind: str, row: Row | None) -> Markup | None:
    if not row or row.get("p") is None:
        return None
    found = "no drift can be told from chance" if row["p"] >= 0.05 else "the skill has changed"
    return quiet(
        f"Of {kind}, {found}: the largest departure from a steady skill was around {row['on']}, and chance makes one "
        f"as large with p = {chance(row['p'])} (CUSUM)."
    )


def cells(scores: Row) -> Markup | None:
    """Every cell of mind, horizon and regime, with the rate shrunk towards what is known of the mind."""
    rows = [
        (name, horizon, label.replace("_", "-"), count(cell["n"]), share(cell["rate"]),
         between((cell["low"], cell["high"])), share(cell["base"]), share(cell["shrunk"]), evidence(cell["e_value"]))
        for name, mind in sorted(scores["minds"].items())
        for horizon, found in sorted(mind.get("by_horizon", {}).items(), key=lambda item: int(item[0]))
        for label in LABELS
        if (cell := found.get(label)) is not None
    ]  # fmt: skip
    total = scores.get("cells")
    if not rows or not total:
        return None
    heads = ["mind", "sessions", "regime", "n", "right", "95%", "base", "shrunk", "evidence"]
    says = (
        f"Among {count(total['n'])} cells one alone would need an evidence of {count(round(total['e_needed']))}; their "
        f"mean is {evidence(total['e_mean'])}, and 20 is needed of it."
    )
    return quiet(says) + details(
        "Cell by cell, with the rate that so few calls can carry", table("Mind, horizon and regime", heads, rows)
    )
