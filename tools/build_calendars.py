"""Rebuild the tables of sessions in `engine/data/calendars` from the installed exchange_calendars.

Usage: ``python tools/build_calendars.py [--out DIR]``; run it when tests/engine/test_calendar_table.py finds that a new
version of exchange_calendars knows other days.

Contract: one JSON file per exchange that `engine.calendar` reads from a table, for the span that it works out at once;
same version, same bytes. `closed` are weekdays without a session, `extra` sessions on a Saturday, `sudden` closures
outside any schedule, `closes` closing instants in UTC, one for each day from which on the hour is another. One line per
year, so that a difference between versions can be read. An exchange of which this form cannot hold every close is
refused: it must close on the same UTC day on which it trades.
"""

from __future__ import annotations

import argparse
import json
from itertools import groupby
from pathlib import Path

import numpy as np

from engine import calendar

__all__ = ["main", "render"]


def render(name: str) -> str:
    """The table of one exchange, as text."""
    first, last = calendar._USUAL
    rules = calendar._from_rules(name, first, last)
    hours = rules.closes - rules.days
    if (hours >= np.timedelta64(1, "D")).any() or (hours < np.timedelta64(0, "D")).any():
        raise SystemExit(f"{name} closes on another day in UTC than it trades; the table has no form for that")
    every = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)
    weekdays = every[np.is_busday(every)]
    moved = np.append(True, hours[1:] != hours[:-1])
    parts = {
        "closed": np.setdiff1d(weekdays, rules.days),
        "extra": np.setdiff1d(rules.days, weekdays),
        "sudden": np.array([day for day, _ in rules.surprises], "datetime64[D]"),
        "closes": rules.closes[moved].astype("datetime64[m]"),
    }
    lists = [f"{json.dumps(part)}: [\n{_by_year([str(each) for each in days])}\n]" for part, days in parts.items()]
    head = [f"{json.dumps(key)}: {json.dumps(said)}" for key, said in (("name", name), ("timezone", rules.timezone))]
    return "{\n" + ",\n".join(head + lists) + "\n}\n"


def _by_year(days: list[str]) -> str:
    years = groupby(days, key=lambda day: day[:4])
    return ",\n".join(", ".join(json.dumps(day) for day in year) for _, year in years)


def main() -> None:
    """Write every table."""
    parser = argparse.ArgumentParser(description="Rebuild the tables of sessions from exchange_calendars.")
    default = Path(__file__).resolve().parent.parent / "engine" / "data" / "calendars"
    parser.add_argument("--out", type=Path, default=default, help="folder to write (default: engine/data/calendars)")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name in sorted(calendar._TABLES):
        (out / f"{name}.json").write_text(render(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
