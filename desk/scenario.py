"""`workshop scenario list` and `workshop scenario run`: what ships, and whether a run shows what its story says.

Contract: exit code 1 when an expectation does not hold. Everything that a file or a plug-in says is shown as text: no
markup, and no sign that a terminal would obey.
"""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from backtest.rehearsal import Rehearsal, rehearse, settings_for
from backtest.run import run_backtest
from backtest.settings import names, parse_essays
from desk.data import cache_folder
from desk.progress import progress_bar, resumable
from desk.show import console, print_json, visible
from desk.watch import waiting_told
from engine.errors import InputError, WorkshopError
from minds.record import CycleRecord
from minds.text import plural
from scenarios.model import Scenario
from scenarios.source import ScenarioSource, find_scenario, library, run_of
from scenarios.timeline import timeline_of

__all__ = ["run", "shelf"]

_MARKS = {True: ("holds", "green"), False: ("FAILS", "red"), None: ("–", "yellow")}
_ROWS = 16
"""Sessions of which the table tells at most."""


def shelf(*, as_json: bool) -> None:
    """Print the scenarios that ship."""
    found = [(name, find_scenario(name)) for name in library()]
    sessions = {name: len(timeline_of(scenario, name).days) for name, scenario in found}
    if as_json:
        print_json([
            {
                "name": name,
                "title": scenario.title,
                "story": scenario.story,
                "sessions": sessions[name],
                "expectations": [clause.describe() for clause in scenario.expect],
            }
            for name, scenario in found
        ])  # fmt: skip
        return
    from rich.table import Table

    table = Table("scenario", "title", title="Scenarios that ship")
    for column in ("sessions", "expects"):
        table.add_column(column, justify="right")
    for name, scenario in found:
        table.add_row(name, scenario.title, f"{sessions[name]:,}", str(len(scenario.expect)))
    screen = console()
    screen.print(table)
    screen.print("Run one: workshop scenario run NAME")


def run(
    name: str, *, minds: str | None, regime: str, out: str | None, essays: str | None, resume: bool, as_json: bool
) -> None:  # fmt: skip
    """Run one scenario, check its expectations, and keep the run where `out` says."""
    if out is None and (essays is not None or resume):
        raise InputError(f"{'--resume' if resume else '--essays'} needs a folder to write to; add --out DIR")
    scenario = find_scenario(name)
    file = Path(name).name
    settings = settings_for(
        scenario, file, minds=names(minds), regime=regime, essays=parse_essays("last" if essays is None else essays)
    )
    with progress_bar(8) as progress, waiting_told(), contextlib.redirect_stdout(sys.stderr):  # what a plug-in prints
        if out is not None:
            source = ScenarioSource(scenario, file)
            with resumable(Path(out)):
                run_backtest(
                    settings, source, Path(out), resume=resume, progress=progress, cache=cache_folder(), report=True
                )
        found = rehearse(scenario, settings, cache=cache_folder(), progress=progress)
    if as_json:
        print_json(_document(file, scenario, found))
    else:
        _tell(scenario, found, out)
    failed = sum(outcome.held is False for outcome in found.outcomes)
    if failed:
        wanted = plural(len(found.outcomes), "expectation")
        raise WorkshopError(f"{failed} of {wanted} of {visible(file)} {'does' if failed == 1 else 'do'} not hold")


def _document(name: str, scenario: Scenario, found: Rehearsal) -> dict[str, object]:
    universe, start, end = run_of(scenario)
    return {
        "scenario": name,
        "title": scenario.title,
        "story": scenario.story,
        "universe": universe.name,
        "range": {"start": str(start), "end": str(end), "sessions": len(found.records)},
        "claims": sum(len(record.claims) for record in found.records),
        "held": found.held,
        "expectations": [
            {"asks": outcome.clause.describe(), "held": outcome.held, "seen": outcome.seen}
            for outcome in found.outcomes
        ],
    }


def _tell(scenario: Scenario, found: Rehearsal, out: str | None) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    screen = console()
    screen.print(Text(visible(scenario.title), style="bold"))
    if scenario.story:
        screen.print(Text(visible(" ".join(scenario.story.split()))))
    turns = list(_turns(scenario, found))
    table = Table("", "day", "regime", "status", "debate", "note", box=SIMPLE_HEAD, padding=(0, 0, 0, 1))
    for at, record, note in turns[:_ROWS]:
        lead = record.debates.get(record.targets[0].key) if record.targets else None
        reading, debate = record.reading, "–" if lead is None else lead.label.replace("_", " ")
        regime = str(reading).partition(" (")[0]
        table.add_row(f"{at:,}", record.session, regime, reading.status, debate, Text(visible(note)))
    screen.print(table)
    claims = sum(len(record.claims) for record in found.records)
    more = f"{plural(len(turns) - _ROWS, 'turn')} more, " if len(turns) > _ROWS else ""
    screen.print(f"{more}{plural(len(found.records), 'session')}, {plural(claims, 'claim')}", soft_wrap=True)
    for outcome in found.outcomes:
        word, style = _MARKS[outcome.held]
        mark = Text(f"{word:7}", style=style)
        screen.print(mark + Text(visible(outcome.clause.describe())), soft_wrap=True)
        screen.print(Text(f"       {visible(outcome.seen)}", style="dim"), soft_wrap=True)
    if not found.outcomes:
        screen.print("It expects nothing.")
    if out is not None:
        screen.print(f"Check the record:    workshop ledger verify {shlex.quote(out)}", soft_wrap=True)


def _turns(scenario: Scenario, found: Rehearsal) -> Iterator[tuple[int, CycleRecord, str]]:
    """The first session, those on which label or status change, and those that are written down."""
    notes = {day.session: day.note for day in scenario.days}
    before = ("", "")
    for at, record in enumerate(found.records, 1):
        now = (record.reading.label, record.reading.status)
        written = notes.get(at, notes.get(record.session))
        if now != before or written is not None:
            yield at, record, written or ""
        before = now
