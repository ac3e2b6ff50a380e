"""How the desk prints: JSON for machines on stdout, tables for people on stderr.

Contract: text from outside (symbols, reasons, names of plug-ins) is shown as text, never as markup.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console

__all__ = ["console", "percent", "print_json", "share", "visible"]


def console() -> Console:
    """The console for people: stderr, no markup in what it is given."""
    return Console(stderr=True, markup=False, highlight=False, soft_wrap=False)


def visible(text: str) -> str:
    """Text from outside for a terminal: lines stay lines, and every other sign that does not print is spelt out."""
    return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in text)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    json.dump(document, sys.stdout, indent=1, sort_keys=True, allow_nan=False)
    sys.stdout.write("\n")


def share(value: float | None, digits: int = 1) -> str:
    """A fraction as percent: 0.547 is `54.7%`; `–` when there is none."""
    return "–" if value is None else f"{value:.{digits}%}"


def percent(value: float | None, digits: int = 2) -> str:
    """A skill or return as signed percent; `–` when there is none."""
    return "–" if value is None else f"{value:+.{digits}%}"
