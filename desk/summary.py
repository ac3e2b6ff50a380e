"""The table at the end of a backtest: what was said, how it did, beside what the base rate alone would have had.

Contract: a function of the document of `scores.json`; every rate stands beside its base rate, n and interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from desk.show import percent, share

__all__ = ["summary"]

_SKILL_NEEDS = 20.0
"""An e-value from here on may be called skill (Ville's inequality: a false alarm in at most one of twenty records)."""


def summary(scores: dict[str, Any]) -> Iterator[RenderableType]:
    """Tables and lines for the terminal."""
    span, claims = scores["range"], scores["claims"]
    yield Text(
        f"{span['sessions']:,} sessions, {span['start']} to {span['end']}: {claims['published']:,} claims published = "
        f"{claims['resolved']:,} resolved + {claims['void']:,} void + {claims['open']:,} open"
    )
    yield _directions(scores)
    yield _intervals(scores)
    yield _minds(scores)
    yield Text(_verdict(scores))


def _directions(scores: dict[str, Any]) -> Table:
    table = Table(title="Direction calls (a rise by the deadline)", title_justify="left")
    for name in (
        "target",
        "n",
        "right",
        "95% interval",
        "rose (base rate)",
        "Brier",
        "base rate's",
        "skill",
        "e-value",
    ):
        table.add_column(name, justify="left" if name == "target" else "right")
    rows = {key: part["direction"] for key, part in scores["targets"].items()} | {"all": scores["kinds"]["direction"]}
    for name, row in rows.items():
        if row["n"]:
            low, high = row["hit_rate_interval"]
            table.add_row(
                Text(name), f"{row['n']:,}", share(row["hit_rate"]), f"{low:.1%}-{high:.1%}", share(row["base_rate"]),
                f"{row['brier']:.4f}", f"{row['brier_climatology']:.4f}", percent(row["skill"]), f"{row['e_value']:.2g}",
            )  # fmt: skip
    return table


def _intervals(scores: dict[str, Any]) -> Table:
    table = Table(title="80% intervals", title_justify="left")
    for name in ("target", "n", "held", "95% interval", "Winkler", "base rate's", "skill"):
        table.add_column(name, justify="left" if name == "target" else "right")
    rows = {key: part["interval"] for key, part in scores["targets"].items()} | {"all": scores["kinds"]["interval"]}
    for name, row in rows.items():
        if row["n"]:
            low, high = row["coverage_interval"]
            table.add_row(
                Text(name), f"{row['n']:,}", share(row["coverage"]), f"{low:.1%}-{high:.1%}",
                f"{row['winkler']:.4f}", f"{row['winkler_climatology']:.4f}", percent(row["skill"], 1),
            )  # fmt: skip
    return table


def _minds(scores: dict[str, Any]) -> Table:
    table = Table(title="Minds (their own side, by regime; n in brackets)", title_justify="left")
    labels = [label for label, n in scores["regimes"]["sessions"].items() if n]
    for name in ("mind", "spoke", "abstained", "right", "n", *[label.replace("_", "-") for label in labels], "weight"):
        table.add_column(name, justify="left" if name == "mind" else "right")
    for name, row in scores["minds"].items():
        cells = [row["by_regime"].get(label) for label in labels]
        table.add_row(
            Text(name), f"{row['views']:,}", f"{row['abstained']:,}", share(row["hit_rate"]), f"{row['n']:,}",
            *["–" if cell is None else f"{cell['rate']:.1%} ({cell['n']:,})" for cell in cells],
            "–" if row["weight"] is None else f"{row['weight']:.3f}",
        )  # fmt: skip
    return table


def _verdict(scores: dict[str, Any]) -> str:
    direction, synthesis = scores["kinds"]["direction"], scores["synthesis"]
    if not direction["n"]:
        return "No direction call has been settled yet."
    excess = synthesis["brier_sum"] - synthesis["climatology_sum"]
    kept = (
        f"In total the synthesis is {excess:+.3f} Brier points from the base rate; "
        f"it can never be more than {synthesis['bound']:.3f} above."
    )
    if direction["e_value"] >= _SKILL_NEEDS:
        return f"Evidence of skill in direction: e-value {direction['e_value']:.3g} (20 is needed). {kept}"
    return f"No skill in direction is claimed: e-value {direction['e_value']:.2g}, and 20 is needed. {kept}"
