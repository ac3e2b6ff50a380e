"""The table at the end of a backtest: what was said, how it did, beside what the base rate alone would have had.

Contract: a function of the document of `scores.json`; every rate stands beside its base rate, n and interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backtest.evidence import ENOUGH
from desk.show import percent, share, visible

__all__ = ["summary"]


def summary(scores: dict[str, Any]) -> Iterator[RenderableType]:
    """Tables and lines for the terminal, fit for 80 columns."""
    span, claims = scores["range"], scores["claims"]
    yield Text(
        f"{span['sessions']:,} sessions, {span['start']} to {span['end']}\n"
        f"{claims['published']:,} claims published = {claims['resolved']:,} resolved + {claims['void']:,} void + "
        f"{claims['open']:,} open"
    )
    yield _directions(scores)
    yield _intervals(scores)
    yield _risks(scores)
    yield _minds(scores)
    yield Text(_verdict(scores))
    if "adviser" in scores:
        yield Text(_adviser(scores["adviser"]))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 0, 0, 1))
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at else "left", no_wrap=at > 0, overflow="fold")  # names may be long
    return table


def _by_target(scores: dict[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = [(name, part[kind]) for name, part in scores["targets"].items()]
    yield from [(name, row) for name, row in [*rows, ("all", scores["kinds"][kind])] if row["n"]]


def _directions(scores: dict[str, Any]) -> Table:
    table = _table(
        "Direction: will it close higher?", "target", "n", "right (95%)", "base", "Brier", "base", "skill", "e"
    )
    for name, row in _by_target(scores, "direction"):
        low, high = row["hit_rate_interval"]
        always = max(row["base_rate"], 1.0 - row["base_rate"])
        table.add_row(
            Text(name), f"{row['n']:,}", f"{share(row['hit_rate'])} ({low:.1%}-{high:.1%})", share(always),
            f"{row['brier']:.4f}", f"{row['brier_climatology']:.4f}", percent(row["skill"]), f"{row['e_value']:.2g}",
        )  # fmt: skip
    return table


def _intervals(scores: dict[str, Any]) -> Table:
    table = _table(
        "Intervals that should hold 80% of the time", "target", "n", "held (95%)", "Winkler", "base", "skill"
    )
    for name, row in _by_target(scores, "interval"):
        low, high = row["coverage_interval"]
        table.add_row(
            Text(name), f"{row['n']:,}", f"{share(row['coverage'])} ({low:.1%}-{high:.1%})",
            f"{row['winkler']:.4f}", f"{row['winkler_climatology']:.4f}", percent(row["skill"], 1),
        )  # fmt: skip
    return table


def _risks(scores: dict[str, Any]) -> Table:
    table = _table("Other odds", "claim", "n", "happens", "Brier", "base", "skill (95%)")
    for kind, rows in scores["risks"].items():
        for name, row in rows.items():
            table.add_row(
                Text(f"{kind} {name}"), f"{row['n']:,}", share(row["base_rate"]), f"{row['brier']:.4f}",
                f"{row['brier_climatology']:.4f}",
                percent(row["skill"], 0) + _between(row["skill_interval"], 0),
            )  # fmt: skip
    return table


def _between(ends: list[float] | None, digits: int) -> str:
    """Both ends of an interval in brackets; nothing where there is none."""
    return "" if ends is None else f" ({100.0 * ends[0]:+.{digits}f} to {percent(ends[1], digits)})"


def _minds(scores: dict[str, Any]) -> Table:
    labels = [label for label, n in scores["regimes"]["sessions"].items() if n]
    heads = [label.replace("_", "-") for label in labels]
    table = _table("Minds: their side right / base rate, in percent; ±95% (n)", "mind", "all", *heads)
    for name, row in scores["minds"].items():
        low, high = row["hit_rate_interval"] or (None, None)
        whole = {"rate": row["hit_rate"], "low": low, "high": high, "base": row["base"], "n": row["n"]}
        cells = [whole, *[row["by_regime"].get(label) for label in labels]]
        table.add_row(Text(name), *[_side(cell) for cell in cells])
    return table


def _side(cell: dict[str, Any] | None) -> str:
    """Two lines: the rate beside its base rate, then half of its interval and n; no percent signs, to fit the width."""
    if cell is None or cell["rate"] is None:
        return "–"
    margin = (cell["high"] - cell["low"]) / 2.0
    return f"{100.0 * cell['rate']:.1f} / {100.0 * cell['base']:.1f}\n±{100.0 * margin:.1f} ({cell['n']})"


def _adviser(row: dict[str, Any]) -> str:
    """What the adviser was worth, and how much say it has."""
    asked = f"Adviser: spoke on {row['spoke']:,} sessions, abstained on {row['abstained']:,}"
    if row["replay"]:
        asked += f", was not asked on {row['replay']:,} up to its cutoff"
    if row["reasons"]:
        asked += " (" + ", ".join([f"{visible(reason)}: {n}" for reason, n in row["reasons"].items()]) + ")"
    if not row["n"]:
        return f"{asked}.\nNo call with its advice has been settled yet.\n"
    say = (
        f"k {row['k']:.2f}, weight {row['weight']:.3f}, largest shift {row['largest_shift']:.3f} of {row['cap']:.2f} "
        "logits"
    )
    if row["gain_interval"] is None:
        return f"{asked}.\nIt has not earned a say on n={row['n']:,} settled calls: {say}.\n"
    low, high = row["gain_interval"]
    earned = "It has earned its say" if low > 0.0 else "It has cost" if high < 0.0 else "It has not earned a say"
    return (
        f"{asked}.\n{earned} on n={row['n']:,} settled calls: Brier {row['brier']:.4f}, "
        f"{row['brier_without']:.4f} without it,\na gain of {percent(row['gain'])} "
        f"(95% {percent(low)} to {percent(high)}); {say}.\n"
    )


def _verdict(scores: dict[str, Any]) -> str:
    direction, synthesis = scores["kinds"]["direction"], scores["synthesis"]
    if not direction["n"]:
        return "No direction call has been settled yet."
    excess = synthesis["brier_sum"] - synthesis["climatology_sum"]
    claim = "Evidence of skill in direction" if direction["e_value"] >= ENOUGH else "No skill in direction is claimed"
    noise = {name: floor["p95"] for name, floor in direction["noise"].items()}
    return (
        f"{claim}: the evidence (e-value) is {direction['e_value']:.2g}, and {ENOUGH:.0f} is needed;\n"
        f"Brier skill {percent(direction['skill'])}{_between(direction['skill_interval'], 2)}.\n"
        "Calibration, and what a perfect forecaster stays below in 95 of 100 records:\n"
        f"ECE {direction['ece5']:.4f} ({noise['ece5']:.4f}), bias {direction['bias']:+.4f} ({noise['bias']:.4f}), "
        f"miscalibration {direction['mcb']:.5f} ({noise['mcb']:.5f}).\n"
        f"The synthesis is {excess:+.3f} Brier points from the base rate in total; it can never be more than "
        f"{synthesis['bound']:.3f} above.\n"
    )
