"""What signals are called in a sentence: `growth.ret_5d` is "QQQ's week", `curve.slope_10y3m` is "the slope of the
yield curve".

Contract: every signal has a name, made from its own where the table (`nouns.toml`, data) does not know it. Names hold
no commas, parentheses or digits of ours, and are singular. A role that a target fills is spoken of by the target's
symbol.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

from minds.record import CycleRecord
from minds.text import name, ticker

__all__ = ["Nouns", "called", "possessive", "spoken"]


class Nouns:
    """Names of signals for one record."""

    def __init__(self, record: CycleRecord, shown: Callable[[str], str] | None = None) -> None:
        """`shown` says how a symbol is printed, and asks for short names; by default a ticker without a caret."""
        show, self._short = shown or _bare, shown is not None
        self._owners = {target.role: show(target.symbol) for target in record.targets}
        self._known: dict[str, str] = {}

    def thing(self, signal: str) -> str:
        """A signal as a singular noun with its article."""
        found = self._known.get(signal)
        if found is None:
            found = self._known[signal] = self._make(signal)
        return found

    def known(self, signal: str) -> str:
        """As `thing`, but empty for a signal that no table knows."""
        signals, measures, _ = _table()
        return self.thing(signal) if signal in signals or signal.partition(".")[2] in measures else ""

    def owner(self, role: str) -> str:
        """Whoever plays a role, as a sentence names it: `QQQ`, `the market`."""
        singular = _read()["singular"].get(role) if self._short else None
        return self._owners.get(role) or singular or _table()[2].get(role) or name(role)

    def _make(self, signal: str) -> str:
        signals, measures, _ = _table()
        if self._short and signal in _read()["short"]:
            return str(_read()["short"][signal])
        if signal in signals:
            return signals[signal]
        role, _, measure = signal.partition(".")
        if measure in measures:
            return measures[measure].format(owner=possessive(self.owner(role)))
        return f"the signal {name(signal).replace(',', ' ')}"


def spoken(symbol: str) -> str:
    """What people call a symbol: `the S&P` for `^GSPC`, else the ticker without a caret."""
    known: str | None = _read()["names"].get(symbol)
    return known or _bare(symbol)


def possessive(owner: str) -> str:
    """`QQQ's`, `small caps'`."""
    return owner + ("'" if owner.endswith("s") else "'s")


def _bare(symbol: str) -> str:
    return ticker(symbol).lstrip("^")


def called(role: str) -> tuple[str, ...]:
    """What prose may call whoever plays a role, lower case, without articles; the role's own name at least."""
    known = _read()["words"].get(role, [])
    return tuple(dict.fromkeys([*known, role.replace("_", " ")]))


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    return tomllib.loads((resources.files("minds") / "nouns.toml").read_text(encoding="utf-8"))


def _table() -> tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]:
    table = _read()
    return table["signals"], table["measures"], table["roles"]
