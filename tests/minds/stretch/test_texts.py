"""Texts by columns against one document at a time, turned into text by itself."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from minds.record import canonical
from minds.stretch.texts import arrays, column, fields, gathered, members, woven

NUMBERS = st.none() | st.floats() | st.sampled_from([0.0, -0.0, 1e-9, 1e22, 5e-324, math.inf, 0.1])
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, dict[str, list[float | None]], dict[str, list[bool]]]:
    """Columns under odd names, and on which sessions each is there."""
    count = draw(st.integers(1, 6))
    names = draw(st.lists(NAMES, unique=True, max_size=5))
    columns = {name: draw(st.lists(NUMBERS, min_size=count, max_size=count)) for name in names}
    always = st.just([True] * count) | st.lists(st.booleans(), min_size=count, max_size=count)
    return count, columns, {name: draw(always) for name in names}


@given(tables(), st.sampled_from([b"1", b'"always"']))
def test_objects_are_those_of_each_session(
    table: tuple[int, dict[str, list[float | None]], dict[str, list[bool]]], fixed: bytes
) -> None:
    count, columns, _ = table
    texts = woven(fields([*sorted((name, column(values)) for name, values in columns.items())]), count)
    assert texts == [canonical({name: values[row] for name, values in columns.items()}) for row in range(count)]
    inner = fields(sorted((name, column(values)) for name, values in columns.items()))
    nested: list[dict[str, Any]] = [
        {"a": 1 if fixed == b"1" else "always", "b": {name: values[row] for name, values in columns.items()}}
        for row in range(count)
    ]
    assert woven(fields([("a", fixed), ("b", inner)]), count) == list(map(canonical, nested))


@given(tables())
def test_members_that_are_there_on_some_sessions_only(
    table: tuple[int, dict[str, list[float | None]], dict[str, list[bool]]],
) -> None:
    count, columns, there = table
    parts = [(name, column(columns[name]), None if all(there[name]) else there[name]) for name in sorted(columns)]
    assert woven(members(parts, count), count) == [
        canonical({name: values[row] for name, values in columns.items() if there[name][row]}) for row in range(count)
    ]


@given(st.lists(st.tuples(NUMBERS, NUMBERS)), st.lists(st.sampled_from(["2018-12-31", "risk_on", 'a "b"', "é"])))
def test_rows_and_words(rows: list[tuple[float | None, ...]], words: list[str]) -> None:
    assert arrays(rows) == [canonical(row) for row in rows]
    assert column(words) == [canonical([word])[1:-1] for word in words]


@given(st.lists(st.lists(st.sampled_from([b"", b"1", b"[2,3]"]), min_size=3, max_size=3), max_size=4))
def test_what_is_not_there_leaves_no_comma(columns: list[list[bytes]]) -> None:
    rows = zip(*columns, strict=True) if columns else [()] * 3
    assert gathered(columns, 3) == [b",".join(text for text in row if text) for row in rows]
