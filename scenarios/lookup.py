"""Names in a scenario: which symbols a role, group, symbol or `all` stands for, and which entry of a table counts.

Contract: a name that the universe does not know is refused with the nearest that it knows. Of several entries that fit
a symbol the closest counts: its own, that of its role, of its group, of `all`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

from engine.errors import InputError
from engine.universe import Universe, load_universe
from scenarios.kinds import unknown
from scenarios.model import Scenario

__all__ = ["check_names", "names_of", "pick", "symbols_of", "universe_for"]

T = TypeVar("T")


def universe_for(scenario: Scenario) -> Universe:
    """The universe that a scenario names, or brings."""
    return _shipped(scenario.universe) if isinstance(scenario.universe, str) else scenario.universe


@lru_cache(maxsize=8)
def _shipped(name: str) -> Universe:
    return load_universe(name)


def symbols_of(universe: Universe, name: str, where: str) -> tuple[str, ...]:
    """The symbols that a name stands for.

    Raises:
        InputError: the universe knows no such name.
    """
    if name == "all":
        return universe.symbols
    if name in universe.groups and name not in universe.roles:
        return universe.groups[name]
    symbol = universe.symbol(name)
    if symbol is None:
        known = [*universe.roles, *universe.groups, *universe.symbols, "all"]
        raise InputError(f"{where}: {unknown('role, group or symbol', name, list(dict.fromkeys(known)))}")
    return (symbol,)


def check_names(universe: Universe, table: Mapping[str, object], where: str) -> None:
    """Refuse a table with a name that the universe does not know."""
    for name in table:
        symbols_of(universe, name, where)


def names_of(universe: Universe, symbol: str) -> tuple[str, ...]:
    """Under which names a symbol may stand in a table, the closest first."""
    roles = [role for role, filled in universe.roles.items() if filled == symbol]
    groups = [group for group, members in universe.groups.items() if symbol in members]
    return (symbol, *roles, *groups, "all")


def pick(table: Mapping[str, T], names: tuple[str, ...]) -> T | None:
    """The entry of a table that counts for the symbol of `names_of`."""
    for name in names:
        if name in table:
            return table[name]
    return None
