"""The measured part of docs/regimes.md: `python -m backtest.regime_study.docs` writes it anew.

Contract: only what stands between `<!-- measured: NAME -->` and `<!-- end -->` is touched; a test writes it again and
compares. The figures come from the sample's S&P 500 over 1994-2022 with realised volatility in place of the index,
which every installation can repeat.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from backtest.regime_study.report import GOALS, study_report
from backtest.regime_study.study import Span, Track, leave_out, run_models, span
from engine.errors import InputError
from engine.market import Market
from engine.sources import open_source
from engine.universe import load_universe
from regimes.labels import EDGES, Conditions, LabelMachine
from regimes.registry import load_regime

__all__ = ["blocks", "measured", "mermaid", "rewrite"]

START, END = "1994-01-03", "2022-12-28"
_BLOCK = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FIGURES = (
    ("balanced accuracy", "label.balanced_accuracy", ".3f"),
    ("bear markets missed", "label.missed", "d"),
    ("median delay in sessions, by the label", "label.median_delay", "g"),
    ("the same, by the label or an alert", "label_or_alert.median_delay", "g"),
    ("share of the fall that was lost by then, by the label", "label.median_lost", ".0%"),
    ("the same, by the label or an alert", "label_or_alert.median_lost", ".0%"),
    ("false alarms a year, by the label", "label.false_alarms_per_year", ".2f"),
    ("the same, by the label or an alert", "label_or_alert.false_alarms_per_year", ".2f"),
    ("turns between on and off a year", "label.flips_per_year", ".2f"),
    ("changes of the label a year", "changes_per_year", ".2f"),
    ("volatility of the 21 sessions to come, off over on", "label.volatility_ratio", ".2f"),
)


def measured(models: Sequence[str]) -> tuple[Span, list[Track], dict[str, Any]]:
    """Run the study that the page reports."""
    universe = leave_out(load_universe("sample"), ["volatility", "credit"])
    bars = open_source("sample").load(universe, date.fromisoformat(END)).bars
    market = Market.build(universe, bars)
    studied = span(market, market.calendar.position(START))
    tracks = run_models(market, [load_regime(name) for name in models], studied.at)
    return studied, tracks, study_report(studied, tracks)


def blocks(report: Mapping[str, Any]) -> dict[str, str]:
    """The text of each block, from a study with the models rules, markov and sma200 (or some of them)."""
    rules, everything = report["models"]["rules"], report["all_sessions"]
    return {
        "diagram": f"```mermaid\n{mermaid()}\n```",
        "conditions": _conditions(),
        "labels": _followed([*((f"`{name}`", row) for name, row in rules["labels"].items()), ("all", everything)]),
        "scores": _followed([(f"{row['from']:+.1f} to {row['to']:+.1f}", row) for row in rules["score_bands"]]),
        "bears": _bears(report["bear_markets"]["found"], rules),
        "models": _models(report["models"]),
        "stale": _stale(rules["stale"]),
    }


def rewrite(text: str, fresh: Mapping[str, str]) -> str:
    """The page with its blocks replaced.

    Raises:
        InputError: the page has a block of which nothing is known, or lacks one.
    """
    there = [found[2] for found in _BLOCK.finditer(text)]
    if sorted(there) != sorted(fresh):
        raise InputError(f"the page has the blocks {there}, and {list(fresh)} are measured; mend its markers")
    return _BLOCK.sub(lambda found: f"{found[1]}{fresh[found[2]]}\n{found[3]}", text)


def mermaid() -> str:
    """The label's state machine as a Mermaid state diagram, from the table that drives it."""
    lines = ["stateDiagram-v2", f"    [*] --> {LabelMachine().state}"]
    lines += [f"    {edge.source} --> {edge.dest}: {edge.when}" for edge in EDGES]
    return "\n".join(lines)


def _conditions() -> str:
    rows = []
    for name in dict.fromkeys(edge.when for edge in EDGES):
        says = " ".join((getattr(Conditions, name).__doc__ or "").split()).rstrip(".")
        rows.append(f"- `{name}`: {says}.")
    return "\n".join(rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows))


def _followed(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    heads = ("", "sessions", "in a bear market", "next day up (95%)", "its sd", "volatility, 21 sessions",
             "high volatility", "lost 5%")  # fmt: skip
    return _table(heads, [
        (name, f"{row['sessions']:,}", _percent(row["in_bear"]), _rate(row["up"], 1), _percent(row["deviation"], 2),
         _percent(row["volatility"], 1), _rate(row["high"]), _rate(row["loss"]))
        for name, row in rows
    ])  # fmt: skip


def _bears(found: Sequence[Mapping[str, Any]], rules: Mapping[str, Any]) -> str:
    delays = zip(rules["label"]["delays"], rules["label_or_alert"]["delays"], rules["label"]["lost"], strict=True)
    rows = [
        (bear["peak"], bear["known"], bear["trough"], _percent(bear["fall"]), str(label), str(alert), _percent(lost))
        for bear, (label, alert, lost) in zip(found, delays, strict=True)
    ]
    heads = ("peak", "known (down 15%)", "trough", "fall", "sessions to the label", "to label or alert",
             "share of the fall lost by the label")  # fmt: skip
    return _table(heads, rows)


def _models(models: Mapping[str, Any]) -> str:
    goals = {goal.name: f"{'≥' if goal.sense == '>=' else '≤'} {goal.bound:g}" for goal in GOALS}
    rows = []
    for title, name, form in _FIGURES:
        part, _, key = name.rpartition(".")
        values = [(model[part] if part else model)[key] for model in models.values()]
        rows.append((title, goals.get(name, ""), *[format(value, form) for value in values]))
    return _table(("", "goal", *[f"`{name}`" for name in models]), rows)


def _stale(found: Mapping[str, Any]) -> str:
    rows = []
    for name, row in (("stale: two tests or three", found), ("transition", found["transition"])):
        low, high = row["lift_interval"]
        rows.append((
            name, f"{row['fired']:,}", f"{row['after']:.1%}", f"{row['base']:.1%} ({row['n_base']:,})",
            f"{row['lift']:.2f} ({low:.2f}-{high:.2f})", f"{row['lift_all']:.2f}",
            f"{row['recall']:.0%} of {row['changes']}", f"{row['lead']:g}",
        ))  # fmt: skip
    heads = ("", "sessions", "label changed within 10", "whenever it could fire (n)", "lift (95%)",
             "lift over all sessions", "changes foretold", "median lead")  # fmt: skip
    return _table(heads, rows)


def _percent(value: float, digits: int = 0) -> str:
    return f"{value:.{digits}%}"


def _rate(found: Mapping[str, Any], digits: int = 0) -> str:
    low, high = found["interval"]
    return f"{found['rate']:.{digits}%} ({100 * low:.{digits}f}-{100 * high:.{digits}f})"


def main(page: Path, picture: Path) -> None:
    """Write the page's blocks and its picture anew."""
    from backtest.regime_study.picture import draw

    studied, tracks, report = measured(["rules", "markov", "sma200"])
    page.write_text(rewrite(page.read_text(encoding="utf-8"), blocks(report)), encoding="utf-8")
    draw(studied, tracks, picture)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    main(folder / "regimes.md", folder / "regimes.png")
