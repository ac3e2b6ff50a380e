"""The accounts beside the calls, for a run that was asked for them: never a headline, always beside buying and holding.

Contract: the figures are those of `trading` in the document of `scores.json`; the curves are drawn again from the
history by the rule that stands there. A run without it has no such section.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from backtest.history import History
from backtest.report.charts import frame
from backtest.report.markup import Cell, count, joined, number, percent, quiet, share, table

__all__ = ["curves", "wealth"]

Row = dict[str, Any]
_NAMES = {"buy_and_hold": "bought and held", "long_short": "long and short", "long_only": "long only"}
_POINTS = 1300


def curves(history: History, trading: Row) -> list[Row]:
    """Capital in thousandths of what it began with, at about as many days as a chart has pixels."""
    from backtest.trading import Rule, trading_view

    found = []
    for name, drawn in trading_view(history, Rule.stated(trading["rule"])).curves.items():
        n = len(drawn.days)
        step = max(1, -(-n // _POINTS))
        at = np.union1d(np.arange(0, n, step), [n - 1])
        lines = [
            {"name": _NAMES[line], "capital": np.rint(drawn.lines[line][at] * 1e3).astype(np.int64)}
            for line in _NAMES
            if line in drawn.lines
        ]
        found.append({"name": name, "days": [drawn.days[i] for i in at.tolist()], "lines": lines})
    return found


def wealth(trading: Row) -> Markup:
    """The chart's frame and the figures of every account."""
    rule = trading["rule"]
    rows = [
        _line(name, account, target[account])
        for name, target in sorted(trading["targets"].items())
        for account in _NAMES
        if account in target
    ]
    heads = [
        "account", "a year", "Sharpe", "PSR", "DSR", "over holding", "trials", "PBO", "track needed", "worst fall",
        "in market", "turnover",
    ]  # fmt: skip
    says = _says(trading)
    figures = table(
        f"Accounts from the {rule['execution']} on, after {number(rule['cost_bp'], 'g')} bp a trade", heads, rows
    )
    return joined([
        quiet(
            "An account adds a rule, a cost and a few lucky weeks to the calls; it proves less than they do. PSR is "
            "how sure the Sharpe ratio is above zero, DSR above what the best of so many trials has by chance, and "
            "over holding above buy-and-hold by as much; below 0.95 none of them proves anything. PBO is how often the "
            "best trial of one half of the days was in the worse half afterwards."
        ),
        frame("wealth", "What one unit became", says, figures),
    ])  # fmt: skip


def _line(target: str, account: str, row: Row) -> list[Cell]:
    trials = row.get("trials") or {}
    needed = row.get("minimum_track_years")
    return [
        f"{target} {_NAMES[account]}", percent(row.get("annual_return")), number(row.get("sharpe"), ".2f"),
        number(row.get("psr"), ".2f"), number(row.get("dsr"), ".2f"), number(row.get("dsr_over_buy_and_hold"), ".2f"),
        count(trials["n"]) if trials else None, number(trials.get("pbo"), ".2f"),
        None if needed is None else f"{needed:,.0f} years", percent(row.get("max_drawdown"), 0),
        share(row.get("exposure"), 0), number(row.get("turnover"), ".1f"),
    ]  # fmt: skip


def _says(trading: Row) -> str:
    said = []
    for name, target in sorted(trading["targets"].items()):
        held = target["buy_and_hold"].get("final")
        ours = [(_NAMES[account], target[account].get("final")) for account in ("long_only", "long_short")]
        if held is None:
            continue
        became = ", ".join([f"{final:.2f} {account}" for account, final in ours if final is not None])
        said.append(f"on {name} one unit became {held:.2f} by holding, {became}")
    if not said:
        return "Nothing has been traded yet."
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}."
