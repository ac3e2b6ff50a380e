"""Write a scenario as TOML that reads back as the same values.

Contract: works on any dataclass of `scenarios.fields`; what equals its default is left out, lists of tables come last,
tables within tables stay on one line. Texts keep their lines, everything that TOML would take amiss is escaped.
"""

from __future__ import annotations

import re
from typing import Any

from scenarios.fields import write_table

__all__ = ["to_text"]

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def to_text(value: Any) -> str:
    """The dataclass as a TOML document."""
    table = write_table(value)
    lists = {name: item for name, item in table.items() if _is_list_of_tables(item)}
    sections = {name: item for name, item in table.items() if isinstance(item, dict)}
    lines = [f"{_key(name)} = {_value(item)}" for name, item in table.items() if name not in lists | sections]
    for name, section in sections.items():
        lines += ["", f"[{name}]", *(f"{_key(inner)} = {_value(item)}" for inner, item in section.items())]
    for name, items in lists.items():
        for item in items:
            lines += ["", f"[[{name}]]", *(f"{_key(name)} = {_value(inner)}" for name, inner in item.items())]
    return "\n".join(lines) + "\n"


def _is_list_of_tables(item: Any) -> bool:
    return isinstance(item, list) and bool(item) and isinstance(item[0], dict)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _value(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return _lines(item) if "\n" in item else _quoted(item)
    if isinstance(item, list):
        return f"[{', '.join(_value(inner) for inner in item)}]"
    if isinstance(item, dict):
        return "{ " + ", ".join(f"{_key(name)} = {_value(inner)}" for name, inner in item.items()) + " }"
    return repr(item)


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _lines(text: str) -> str:
    """A text of several lines: the newline after the opening quotes is no part of it."""
    return '"""\n' + "".join(sign if sign == "\n" else _escaped(sign) for sign in text) + '"""'


def _escaped(sign: str) -> str:
    if sign in _SHORT:
        return _SHORT[sign]
    return f"\\u{ord(sign):04X}" if ord(sign) < 32 or ord(sign) == 127 else sign
