"""The tables of `workshop regimes evaluate`: models side by side, each figure beside its goal, n or interval.

Contract: a function of the document of `backtest.regime_study.report`; fits 80 columns with up to three models.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backtest.regime_study.report import GOALS, Goal
from desk.show import share

__all__ = ["regime_tables"]

_GOALS = {goal.name: goal for goal in GOALS}


class _Row(NamedTuple):
    """One figure: what it is called, where it stands in a model's part of the document, how it is written."""

    title: str
    name: str
    form: str


_ACCURACY = (
    _Row("balanced accuracy", "label.balanced_accuracy", ".3f"),
    _Row("  95%, leaving out a year", "label.balanced_accuracy_interval", "range"),
    _Row("Matthews correlation", "label.mcc", ".2f"),
    _Row("bear markets missed", "label.missed", "d"),
    _Row("delay, median sessions", "label.median_delay", "g"),
    _Row("  by label or alert", "label_or_alert.median_delay", "g"),
    _Row("share of the fall lost by then", "label.median_lost", ".0%"),
    _Row("  by label or alert", "label_or_alert.median_lost", ".0%"),
    _Row("false alarms a year", "label.false_alarms_per_year", ".2f"),
    _Row("  by label or alert", "label_or_alert.false_alarms_per_year", ".2f"),
    _Row("turns between on and off a year", "label.flips_per_year", ".2f"),
    _Row("changes of label a year", "changes_per_year", ".2f"),
    _Row("volatility to come, off / on", "label.volatility_ratio", ".2f"),
    _Row("  95%, leaving out a year", "label.volatility_ratio_interval", "range"),
    _Row("sessions that are off", "label.off_share", ".0%"),
)
_STALE = (
    _Row("fires, share of sessions", "stale.share", ".0%"),
    _Row("sessions on which it fired", "stale.fired", ",d"),
    _Row("  on which it could fire", "stale.n_base", ",d"),
    _Row("P(label changes within 10 | fired)", "stale.after", ".3f"),
    _Row("  | it could fire", "stale.base", ".3f"),
    _Row("lift", "stale.lift", ".2f"),
    _Row("  95%, leaving out a year", "stale.lift_interval", "range"),
    _Row("lift over all sessions", "stale.lift_all", ".2f"),
    _Row("  95%, leaving out a year", "stale.lift_interval_all", "range"),
    _Row("changes of a label with a side", "stale.changes", ",d"),
    _Row("  foretold in their last 20 sessions", "stale.recall", ".0%"),
    _Row("  lead, median sessions", "stale.lead", "g"),
)


def regime_tables(report: dict[str, Any]) -> Iterator[RenderableType]:
    """Tables and lines for the terminal."""
    span, bears = report["range"], report["bear_markets"]
    yield Text(
        f"{report['market']}, {span['sessions']:,} sessions, {span['start']} to {span['end']}, {share(bears['share'])} "
        "of them in bear markets"
    )
    models = report["models"]
    yield _figures(f"Off (risk-off or crisis) against {len(bears['found'])} bear markets", _ACCURACY, models)
    if bears["found"]:
        yield _bears(bears["found"], models)
    for name, model in models.items():
        yield _labels(name, model, report["all_sessions"])
    watching = {name: model for name, model in models.items() if model["stale"]}
    if watching:
        yield _figures("The label is stale: was it about to change?", _STALE, watching)
    yield Text(
        "Bear markets are dated with hindsight: from a high before a fall of 15% to a low\n"
        "before a rise of 20%. No model sees them. After a label: sd of the next day, vol\n"
        "of the next 21 sessions, high if above the 75th percentile of the past, -5% if a\n"
        "close fell that far within 21 sessions; bear: share that lay in a bear market.\n"
    )


def _table(title: str, *columns: str, left: int = 1) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 0, 0, 1))
    for at, name in enumerate(columns):
        table.add_column(name, justify="left" if at < left else "right", no_wrap=True)
    return table


def _figures(title: str, rows: tuple[_Row, ...], models: dict[str, Any]) -> Table:
    table = _table(title, "", "goal", *models)
    for row in rows:
        goal = _GOALS.get(row.name)
        values = [_value(model, row.name) for model in models.values()]
        table.add_row(
            row.title,
            "" if goal is None else f"{'≥' if goal.sense == '>=' else '≤'} {goal.bound:g}",
            *[_cell(value, row.form, goal) for value in values],
        )
    return table


def _value(model: dict[str, Any], name: str) -> Any:
    found: Any = model
    for part in name.split("."):
        found = None if found is None else found[part]
    return found


def _cell(value: Any, form: str, goal: Goal | None) -> Text:
    if value is None:
        return Text("–")
    if form == "range":
        return Text(f"{value[0]:.2f}-{value[1]:.2f}")
    missed = goal is not None and goal.met(value) is False
    return Text(format(value, form), style="red" if missed else "")


def _bears(found: list[dict[str, Any]], models: dict[str, Any]) -> Table:
    heads = ("peak", "known", "trough", "fall", *models)
    table = _table("Sessions from peak to label (to alert)", *heads, left=3)
    for at, bear in enumerate(found):
        delays = [(model["label"]["delays"][at], model["label_or_alert"]["delays"][at]) for model in models.values()]
        table.add_row(
            bear["peak"], bear["known"], bear["trough"] if bear["end_known"] else "lasts", share(bear["fall"], 0),
            *[_both(*pair) for pair in delays],
        )  # fmt: skip
    return table


def _both(label: int | None, alert: int | None) -> str:
    plain = "never" if label is None else str(label)
    return plain if alert == label else f"{plain} ({alert})"


def _labels(name: str, model: dict[str, Any], everything: dict[str, Any]) -> Table:
    table = _table(
        f"What followed the labels of {name}",
        "label", "n", "up next day (95%)", "sd", "vol", "high", "-5%", "bear", "spells",
    )  # fmt: skip
    for label, row in [*model["labels"].items(), ("all sessions", everything)]:
        if row["sessions"]:
            table.add_row(
                label.replace("_", "-"), f"{row['sessions']:,}", _rate(row["up"]), share(row["deviation"], 2),
                share(row["volatility"], 0), _rate(row["high"], short=True), _rate(row["loss"], short=True),
                share(row["in_bear"], 0), "" if row is everything else f"{row['spells']}x{row['median_spell']:.0f}",
            )  # fmt: skip
    return table


def _rate(found: dict[str, Any] | None, *, short: bool = False) -> str:
    if found is None:
        return "–"
    low, high = found["interval"]
    return f"{found['rate']:.0%}" if short else f"{found['rate']:.1%} ({100 * low:.1f}-{high:.1%})"
