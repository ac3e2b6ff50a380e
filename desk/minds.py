"""`workshop minds list`."""

from __future__ import annotations

from desk.show import console, print_json
from minds.registry import list_minds

__all__ = ["listing"]


def listing(*, as_json: bool) -> None:
    """Print every installed mind, with the error of those that do not load."""
    found = list_minds()
    if as_json:
        print_json([item._asdict() for item in found])
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("mind", "package", "what it does", title="Minds")
    for item in found:
        says = Text(f"does not load: {item.error}", style="red") if item.error else Text(item.summary)
        table.add_row(Text(item.name), Text(f"{item.distribution} {item.version}"), says)
    console().print(table)
