"""Universes: which symbol plays which role.

Signals and minds are written over roles (`market`, `growth`, `volatility`, …), so that one code serves the sample, a
CSV folder and Yahoo. Contract: a role that a universe does not fill is *missing* with a reason, never zero; an unknown
key in a universe file is refused with the nearest known name.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from engine.errors import InputError

__all__ = ["Universe", "load_universe", "universe_names", "universe_of"]

_KEYS = ("name", "title", "calendar", "roles", "groups", "levels", "lags", "missing")


@dataclass(frozen=True)
class Universe:
    """Roles and what fills them.

    Attributes:
        name: short name, part of every run's settings.
        title: one line for people.
        calendar: exchange whose sessions the cycle follows.
        roles: role -> symbol.
        groups: group role -> symbols (`stocks`, `cyclicals`, …).
        levels: symbols that are levels (yields, volatility indices), not prices that compound.
        lags: symbol -> sessions after its own day before it may be used.
        missing: role -> why this universe has nothing for it.
    """

    name: str
    title: str
    calendar: str
    roles: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    levels: frozenset[str] = frozenset()
    lags: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol of the universe, sorted."""
        every = set(self.roles.values()).union(*self.groups.values()) if self.groups else set(self.roles.values())
        return tuple(sorted(every))

    def symbol(self, role: str) -> str | None:
        """The symbol that fills `role`; a symbol of the universe stands for itself; None when missing."""
        if role in self.roles:
            return self.roles[role]
        return role if role in self.symbols else None

    def role(self, symbol: str) -> str:
        """The first role that `symbol` fills, or the symbol itself where it has none."""
        return next((role for role, filled in self.roles.items() if filled == symbol), symbol)

    def why_missing(self, role: str) -> str:
        """One clause on why `role` has no symbol."""
        return self.missing.get(role, f"the universe {self.name} has no symbol for the role {role}")


def universe_names() -> list[str]:
    """Names of the universes that ship with Workshop."""
    folder = resources.files("engine") / "universes"
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def load_universe(name_or_file: str) -> Universe:
    """Load a shipped universe by name, or a TOML file by path.

    Raises:
        InputError: no such universe, not TOML, an unknown key, or a value of the wrong kind.
    """
    if name_or_file.endswith(".toml"):
        path = Path(name_or_file)
        if not os.path.isfile(path):  # Path.is_file raises for a name that is too long
            raise InputError(f"the universe file {name_or_file} does not exist; give a path to a .toml file")
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise InputError(f"the universe file {name_or_file} is not UTF-8 text; save it as UTF-8") from None
        except OSError as error:
            raise InputError(
                f"the universe file {name_or_file} cannot be read: {error.strerror}; check that you may read it"
            ) from error
    else:
        if name_or_file not in universe_names():
            raise InputError(_unknown("universe", name_or_file, universe_names()))
        text = (resources.files("engine") / "universes" / f"{name_or_file}.toml").read_text(encoding="utf-8")
    try:
        return universe_of(tomllib.loads(text), name_or_file)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the universe {name_or_file} is not valid TOML: {error}; mend that line") from error


def _unknown(what: str, given: str, known: list[str] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(given, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}"
    return f"no {what} is called {given!r}; {hint}"


def universe_of(table: dict[str, Any], where: str) -> Universe:
    """The universe that a TOML table describes; `where` is named in messages.

    Raises:
        InputError: an unknown key, or a value of the wrong kind.
    """
    for key in table:
        if key not in _KEYS:
            raise InputError(f"universe {where}: {_unknown('setting', key, _KEYS)}")
    roles = _texts(table.get("roles", {}), f"universe {where}, [roles]")
    if "market" not in roles:
        raise InputError(f'universe {where}: [roles] has no market; add a line such as market = "SPY"')
    groups = {
        role: _symbols(members, f"universe {where}, group {role}") for role, members in _section(table, "groups", where)
    }
    levels: tuple[str, ...] = ()
    for key, members in _section(table, "levels", where):
        if key != "symbols":
            raise InputError(f"universe {where}, [levels]: {_unknown('setting', key, ['symbols'])}")
        levels = _symbols(members, f"universe {where}, [levels] symbols")
    lags = dict(_section(table, "lags", where))
    if not all(type(lag) is int and 0 <= lag <= 64 for lag in lags.values()):
        raise InputError(f"universe {where}: [lags] must be whole numbers of sessions, 0 to 64")
    known = sorted({*roles.values(), *(symbol for members in groups.values() for symbol in members)})
    for symbol in (*levels, *lags):
        if symbol not in known:  # a slip here would let a yield be used a day before it was published
            raise InputError(f"universe {where}, [levels] or [lags]: {_unknown('symbol', symbol, known)}")
    for key in ("name", "title", "calendar"):
        if not isinstance(table.get(key, ""), str):
            raise InputError(f'universe {where}: {key} must be text, such as {key} = "text"')
    return Universe(
        name=table.get("name", Path(where).stem),
        title=table.get("title", ""),
        calendar=table.get("calendar", "XNYS"),
        roles=roles,
        groups=groups,
        levels=frozenset(levels),
        lags=lags,
        missing=_texts(table.get("missing", {}), f"universe {where}, [missing]"),
    )


def _section(table: dict[str, Any], key: str, where: str) -> list[tuple[str, Any]]:
    section = table.get(key, {})
    if not isinstance(section, dict):
        raise InputError(f"universe {where}: {key} must be a section; write [{key}] and one line per name")
    return list(section.items())


def _symbols(members: object, where: str) -> tuple[str, ...]:
    if not isinstance(members, list) or not all(isinstance(item, str) and item for item in members):
        raise InputError(f'{where} must be a list of symbols, such as ["SPY", "QQQ"]')
    if len(set(members)) < len(members):
        raise InputError(f"{where} names a symbol twice; name each once")
    return tuple(members)


def _texts(table: object, where: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(value, str) and value for value in table.values()):
        raise InputError(f'{where} must hold lines of the form name = "text"')
    return dict(table)
