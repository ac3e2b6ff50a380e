"""`--trade`: the account's rule as asked for, and its table at the end of a backtest.

Contract: the table is a function of `trading` in `scores.json`; no account stands without buy-and-hold over the same
days, and no Sharpe ratio without how likely it is to be luck.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from desk.show import percent, share, visible
from engine.errors import InputError

if TYPE_CHECKING:
    from backtest.trading import Rule

__all__ = ["accounts", "asked_rule"]

_ROWS = {"buy_and_hold": "held", "long_short": "l/s", "long_only": "long"}


def asked_rule(trade: bool, cost: float | None) -> Rule | None:
    """The rule to trade by; None where no account was asked for.

    Raises:
        InputError: a cost that is none, or one without an account.
    """
    if not trade:
        if cost is not None:
            raise InputError("--cost is what the account pays for a trade; add --trade")
        return None
    from backtest.trading import Rule

    return Rule() if cost is None else Rule(cost_bp=cost)


def accounts(trading: dict[str, Any]) -> Iterator[RenderableType]:
    """The table and how to read it, fit for 80 columns."""
    rule = trading["rule"]
    table = Table(
        title=f"Accounts from the next close on, after {rule['cost_bp']:g} bp a trade; a year's figures",
        title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 0, 0, 1),
    )  # fmt: skip
    heads = ("account", "return", "Sharpe", "PSR", "DSR", ">held", "N", "PBO", "worst", "in", "trades")
    for at, name in enumerate(heads):
        table.add_column(name, justify="right" if at else "left", no_wrap=True)
    width = max(map(len, map(visible, trading["targets"])))
    for target, row in trading["targets"].items():
        for key, name in _ROWS.items():
            label = visible(target) if key == "buy_and_hold" else ""
            table.add_row(Text(f"{label:<{width}} {name}"), *_cells(row[key]))
    yield table
    yield Text(
        "held: bought and held; l/s: what calls add to the base rate, long and short; long: as the odds say. PSR: how "
        "sure the Sharpe ratio is above zero; DSR: above what the best of N trials has by chance; >held: above buy-and-"
        "hold by as much; PBO: how often the best trial of one half of the days was in the worse half afterwards.\n"
    )


def _cells(row: dict[str, Any]) -> list[str]:
    if "final" not in row:
        return ["–"] * 10
    trials = row.get("trials", {})
    sharpe, pbo = row["sharpe"], trials.get("pbo")
    sure = row["psr"], row.get("dsr"), row.get("dsr_over_buy_and_hold")
    return [
        percent(row["annual_return"], 1), "–" if sharpe is None else f"{sharpe:.2f}",
        *["–" if value is None else f"{value:.2f}" for value in sure], f"{trials['n']}" if trials else "–",
        "–" if pbo is None else f"{pbo:.2f}", share(row["max_drawdown"], 0), share(row["exposure"], 0),
        f"{row['turnover']:.1f}",
    ]  # fmt: skip
