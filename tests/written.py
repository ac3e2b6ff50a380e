"""Whole runs over a small drawn world, with a writer or an adviser: what tests of the language-model edge compare.

Contract: nothing here looks at what a writer writes; a run is a function of its arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from backtest.run import run_backtest
from backtest.settings import AdviserChoice, Settings, default_targets
from desk.data import open_data
from engine.ledger import Ledger
from minds.adviser import Adviser
from minds.writer import Writer

__all__ = ["MINDS", "Ran", "run", "world"]

MINDS = ("macro", "flow", "contrarian")


class Ran(NamedTuple):
    """What a run left."""

    bodies: tuple[bytes, ...]
    scores: bytes
    essays: dict[str, str]


def world(folder: Path, sessions: int, events: Iterable[Mapping[str, str]] = ()) -> Path:
    """A quiet market, and what is said on its days, a little on each."""
    lines = ['title = "A quiet market"', "seed = 5", 'start = "2025-03-03"', "warm_up = 420", "", "[[segments]]",
             f"sessions = {sessions}"]  # fmt: skip
    for at, event in enumerate(events):
        lines += ["", "[[events]]", f"session = {at % (sessions - 2) + 1}"]
        lines += [f"{key} = {_quoted(value)}" for key, value in event.items()]
    path = folder / "world.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _quoted(text: str) -> str:
    """A TOML string: surrogate pairs are no escape there, and neither is DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def run(out: Path, scenario: Path, writer: Writer | None, adviser: Adviser | None = None) -> Ran:
    """Every session of a world, an essay for each unless an adviser is asked."""
    opened = open_data(f"scenario:{scenario}", None, None, None)
    first, last = opened.days()
    settings = Settings(
        opened.name, opened.universe, first, last, MINDS, default_targets(opened.universe),
        essays="all" if adviser is None else 0,
        adviser=None if adviser is None else AdviserChoice(adviser, date(2020, 1, 1), "Memory of it: not measured"),
    )  # fmt: skip
    run_backtest(settings, opened.source, out, writer=writer)
    with Ledger.open(out / "ledger.sqlite") as ledger:
        bodies = tuple([entry.body for entry in ledger.entries(1)])
    essays = {path.name: path.read_text(encoding="utf-8") for path in sorted((out / "essays").glob("*.md"))}
    return Ran(bodies, (out / "scores.json").read_bytes(), essays)
