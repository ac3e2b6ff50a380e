"""`workshop leak`: measures what a model remembers, keeps the result, and says it wherever that model is used.

Contract: one document for each model in the cache folder, written whole; a later measurement replaces it. The line that
backtests print is made from it, or says that nothing was measured, or that the document is damaged.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from desk.data import cache_folder, open_data
from desk.models import ModelOptions, Models
from desk.progress import progress_bar
from desk.show import console, print_json, share, visible
from engine.calendar import parse_day
from engine.errors import InputError
from engine.files import write_whole
from engine.market import Market

__all__ = ["command", "leak_line"]

_TYPICAL = (220, 8)
"""Tokens of a usual question and of its answer, for the estimate."""
_FIRST_YEAR = 252
"""Sessions before the first day that is asked about when no --start is given."""


def command(
    *,
    model: str,
    data: str,
    universe: str | None,
    start: str | None,
    end: str | None,
    n: int,
    cutoff: str | None,
    seed: int,
    out: str | None,
    as_json: bool,
    **asking: Any,
) -> None:
    """Measure as asked on the command line; `asking` are the fields of `ModelOptions`."""
    from backtest.leak_meter import measure
    from backtest.leak_questions import ARMS, draw_days
    from minds.llm.budget import estimate

    last_known = None if cutoff is None else parse_day(cutoff, what="--cutoff")
    opened = open_data(data, universe, start, end)
    loaded = opened.source.load(opened.universe, opened.end)
    market = Market.build(opened.universe, loaded.bars, loaded.events, loaded.closes)
    first, last = _range(market, opened.start, opened.end)
    days = draw_days(market, opened.universe, first, last, n, seed)
    if len(days) < 2:
        raise InputError(f"there are {len(days)} days to ask about in that range; widen --start and --end")
    models = Models(ModelOptions(**asking), cache_folder() / "leak" / "calls")
    asked = models.open(model)
    screen = console()
    told = estimate(len(ARMS) * len(days), *_TYPICAL, models.price)
    screen.print(f"Asking {asked.name}: {told}", soft_wrap=True)
    with progress_bar() as progress:
        found = measure(asked, days, None if last_known is None else str(last_known), progress=progress)
    found |= {"data": opened.name, "symbol": opened.universe.roles["market"], "seed": seed}
    kept = _keep(found, _place(asked.name))
    if out is not None:
        kept = _keep(found, Path(out) / "leak.json")
    if as_json:
        print_json(found)
        return
    for part in _tables(found):
        screen.print(part)
    screen.print(f"Kept in {kept}; backtests with {visible(asked.name)} say it too.", soft_wrap=True)


def leak_line(model: str) -> str:
    """One line on what a model remembers: the verdict of its last measurement, or that there is none."""
    name = visible(model)
    way = f"run `workshop leak --model litellm:{name}`"
    try:
        found = json.loads(_place(model).read_text(encoding="utf-8"))
        says, days = str(found["verdict"]["says"]), found["days"]
        span = f"asked about {days['first']} to {days['last']} of {found['symbol']}"
        if found["model"] != model:
            raise ValueError("a document of another model")
    except FileNotFoundError:
        return f"Memory of {name}: not measured; {way}"
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return f"Memory of {name}: its measurement cannot be read; {way} again"
    return f"Memory of {name}: {visible(says)} ({visible(span)})"


def _place(model: str) -> Path:
    """Where a model's measurement is kept; the name is text from outside, so its digest tells files apart."""
    slug = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:48]
    return cache_folder() / "leak" / f"{slug}-{hashlib.sha256(model.encode(errors='replace')).hexdigest()[:12]}.json"


def _keep(found: dict[str, Any], path: Path) -> Path:
    """Write one document whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{json.dumps(found, indent=1, sort_keys=True, allow_nan=False)}\n".encode())
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}; choose another --out or WORKSHOP_CACHE") from error
    return path


def _range(market: Market, start: date | None, end: date | None) -> tuple[int, int]:
    """Positions of the first and last day that may be asked about.

    Raises:
        InputError: the range is reversed or holds no session.
    """
    if start is not None and end is not None and start > end:
        raise InputError(f"--start {start} lies after --end {end}; swap them")
    days = market.calendar.days[: market.size]
    first = min(_FIRST_YEAR, market.size // 4) if start is None else int(np.searchsorted(days, np.datetime64(start)))
    if first >= market.size:
        raise InputError(f"the data end on {days[-1]}, before --start {start}; give an earlier --start")
    return first, market.size - 1


def _tables(found: dict[str, Any]) -> Iterator[Table | Text]:
    lost = {arm: counts for arm, counts in found["questions"].items() if counts["lost"]}
    for name, part in found["parts"].items():
        if part["n"]:
            yield _table(name, found["cutoff"], part)
    for arm, counts in lost.items():
        why = ", ".join([f"{reason} {count}" for reason, count in counts["lost"].items()])
        yield Text(f"No answer in {arm}: {counts['asked'] - counts['answered']} of {counts['asked']} ({why})")
    yield Text(f"{visible(found['model'])} {found['verdict']['says']}.")


def _table(name: str, cutoff: str | None, part: dict[str, Any]) -> Table:
    title = {"all": "All days", "before": f"Days up to the cutoff {cutoff}", "after": f"Days after {cutoff}"}[name]
    table = Table(title=f"{title}: {part['n']}", title_justify="left", title_style="bold", box=SIMPLE_HEAD,
                  padding=(0, 0, 0, 1))  # fmt: skip
    for at, column in enumerate(("asked with", "n", "found (95%)", "base", "luck", "p")):
        table.add_column(column, justify="right" if at else "left", no_wrap=True)
    table.add_row("date alone: right", *_right(part["recall"]))
    table.add_row("all shown: right", *_right(part["real"]))
    table.add_row("masked: right", *_right(part["masked"]))
    table.add_row("shown less masked", *_difference(part["real_over_masked"]))
    table.add_row("false date: changed", *_change(part["redated"]))
    table.add_row("flipped: changed", *_change(part["flipped"]))
    return table


def _right(row: dict[str, Any]) -> tuple[str, ...]:
    if not row["n"]:
        return ("0",)
    low, high = row["interval"]
    found = f"{share(row['accuracy'])} ({low:.1%}-{high:.1%})"
    return str(row["n"]), found, share(row["base_rate"]), share(row["blind"]), f"{row['p_blind']:.2g}"


def _difference(row: dict[str, Any]) -> tuple[str, ...]:
    if not row["n"]:
        return ("0",)
    low, high = row["interval"]
    return str(row["n"]), f"{row['difference']:+.1%} ({low:+.1%} to {high:+.1%})", "", "", f"{row['p']:.2g}"


def _change(row: dict[str, Any]) -> tuple[str, ...]:
    if not row["n"]:
        return ("0",)
    low, high = row["interval"]
    return str(row["n"]), f"{share(row['share'])} ({low:.1%}-{high:.1%})"
