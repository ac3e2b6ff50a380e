"""`workshop minds list` and `workshop regimes list`: what is installed, built-in or plugged in.

Contract: a plug-in that does not load is listed with its error; its texts are shown as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from desk.show import console, print_json
from engine.plugins import Listing
from minds.registry import list_minds
from regimes.registry import list_regimes

__all__ = ["minds", "regimes"]


def minds(*, as_json: bool) -> None:
    """Print every installed mind."""
    _print(list_minds(), "mind", "Minds", as_json)


def regimes(*, as_json: bool) -> None:
    """Print every installed regime model."""
    _print(list_regimes(), "regime", "Regime models", as_json)


def _print(found: Sequence[Listing], noun: str, title: str, as_json: bool) -> None:
    if as_json:
        print_json([item._asdict() for item in found])
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(noun, "package", "what it does", title=title)
    for item in found:
        says = Text(f"does not load: {item.error}", style="red") if item.error else Text(item.summary)
        table.add_row(Text(item.name), Text(f"{item.distribution} {item.version}"), says)
    console().print(table)
