"""What `--data`, `--universe`, `--start` and `--end` mean together, for every command that has them.

Contract: a scenario brings its universe and its days; every other source reads `sample` for the sample and `us` without
`--universe`, and leaves the days to the caller. Packages that bring a source are imported when it is asked for.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import click

from engine.calendar import parse_day
from engine.errors import InputError
from engine.sources import Source, open_source
from engine.universe import Universe, load_universe

__all__ = ["Data", "cache_folder", "open_data"]


class Data(NamedTuple):
    """An opened source.

    Attributes:
        name: kind of data, without its path, or `scenario:NAME`.
        source: the bars.
        universe: which symbol plays which role.
        start: first day, as asked for or as the source suggests; None when neither says.
        end: last day, likewise.
        invented: whether nobody can remember these days: a scenario that lies over no real history.
    """

    name: str
    source: Source
    universe: Universe
    start: date | None
    end: date | None
    invented: bool = False

    def days(self) -> tuple[date, date]:
        """First and last day, for a command that needs both.

        Raises:
            click.UsageError: one is missing.
        """
        for day, name in ((self.start, "--start"), (self.end, "--end")):
            if day is None:
                raise click.UsageError(f"Missing option '{name}'.", click.get_current_context(silent=True))
        assert self.start is not None and self.end is not None
        return self.start, self.end


def cache_folder() -> Path:
    """Where downloads and fits are kept: `WORKSHOP_CACHE`, or the user's folder for it."""
    return Path(os.environ.get("WORKSHOP_CACHE") or Path(click.get_app_dir("workshop")) / "cache")


def open_data(data: str, universe: str | None, start: str | None, end: str | None) -> Data:
    """Open what the options name.

    Raises:
        InputError: an option cannot be used.
    """
    first = None if start is None else parse_day(start, what="--start")
    last = None if end is None else parse_day(end, what="--end")
    kind, _, rest = data.partition(":")
    if kind == "scenario":
        return _scenario(rest, universe, first, last)
    roles = load_universe(universe or ("sample" if data == "sample" else "us"))
    return Data(kind, open_source(data, now=datetime.now(UTC), cache=cache_folder()), roles, first, last)


def _scenario(name: str, universe: str | None, first: date | None, last: date | None) -> Data:
    if not name:
        raise InputError("--data scenario needs a name; write scenario:NAME, or scenario:FILE.toml")
    from scenarios.source import ScenarioSource, find_scenario, run_of

    scenario = find_scenario(name)
    roles, begin, end = run_of(scenario)
    file = Path(name).name
    source = ScenarioSource(scenario, file)
    chosen = load_universe(universe) if universe else roles
    return Data(f"scenario:{file}", source, chosen, first or begin, last or end, scenario.history is None)
