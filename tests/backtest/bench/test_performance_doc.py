"""docs/performance.md names what the bench measures, with the goals that the bench holds it to."""

from __future__ import annotations

import re
from pathlib import Path

from backtest.bench.figures import FIGURES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "performance.md").read_text(encoding="utf-8")


def test_each_part_of_the_bench_is_named() -> None:
    named = re.search(r"--only (\w+)\"` \(or (.*?)\)", PAGE, re.DOTALL)
    assert named
    assert {named[1], *re.findall(r"`(\w+)`", named[2])} == set(FIGURES)


def test_the_table_states_every_goal() -> None:
    """The table is the bench's own, pasted; a goal that was left out or softened on the way would show."""
    table = PAGE.partition("<!-- figures -->")[2].partition("<!-- /figures -->")[0]
    goals = [
        line.rstrip("| ").rpartition("| ")[2] for line in table.splitlines() if re.search(r"\| at (most|least)", line)
    ]
    assert sorted(goals) == sorted(
        ["at least 10,000", "at least 1", "at most 20", *["at most 2.1"] * 4, "at most 2", "at most 4", "at most 3"]
    )
