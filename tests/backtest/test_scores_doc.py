"""docs/scores.md against the scores of a real run: each key is explained, and nothing that is not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runs import ROOT, main

Document = dict[str, Any]


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Document:
    out = tmp_path_factory.mktemp("doc") / "run"
    words = ("backtest", "--data", "sample", "--start", "2017-01-03", "--end", "2018-06-29", "--out", str(out))
    assert main(*words, "--no-report").code == 0
    found: Document = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    return found


def explained() -> dict[str, dict[str, str]]:
    """Section -> key -> what the table says of it."""
    text = (Path(ROOT) / "docs" / "scores.md").read_text(encoding="utf-8")
    return {
        part.partition("\n")[0]: dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", part, re.MULTILINE))
        for part in text.split("\n## ")[1:]
    }


def parts(scores: Document) -> Iterator[tuple[str, Document]]:
    """Every part of the document, under the name of the section that explains it."""
    yield "The whole", scores | {"adviser": {}}  # which only a run with one has
    kinds = scores["kinds"]
    for part in (kinds, *scores["targets"].values()):
        yield "Direction", part["direction"]
        yield "Interval", part["interval"]
    for kind in ("volatility", "drawdown", "relative"):
        yield from [("Odds", row) for row in (kinds[kind], *scores["risks"][kind].values())]
    for mind in scores["minds"].values():
        yield "Mind", mind
        for cells in (mind["by_regime"], *mind["by_horizon"].values()):
            yield from [("Cell", cell) for cell in cells.values()]
    yield from [("Arm", arm) for arm in scores["arms"].values()]


def test_each_key_is_explained_and_no_other(scores: Document) -> None:
    tables, seen = explained(), set()
    for section, part in parts(scores):
        assert set(part) == set(tables[section]), section
        seen.add(section)
    assert seen == set(tables) and len(seen) == 7


def test_keys_within_keys_are_named_where_they_are_explained(scores: Document) -> None:
    tables, kinds = explained(), scores["kinds"]
    within = [("The whole", name, scores[name]) for name in ("range", "claims", "cells", "synthesis")]
    within += [("The whole", "regimes", scores["regimes"]), ("The whole", "kinds", kinds)]
    within += [("The whole", "years", next(iter(scores["years"]["direction"].values())))]
    within += [("The whole", "drift", scores["drift"]["direction"])]
    within += [("Direction", "noise", kinds["direction"]["noise"] | kinds["direction"]["noise"]["mcb"])]
    within += [("Interval", "rolling", kinds["interval"]["rolling"])]
    for section, name, part in within:
        told = set(re.findall(r"`(\w+)`", tables[section][name]))
        assert set(part) == told, name


def test_every_figure_of_a_settled_record_is_there(scores: Document) -> None:
    for kind, row in scores["kinds"].items():
        if row["n"]:
            assert all(value is not None for value in row.values()), kind
