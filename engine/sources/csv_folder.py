"""A folder of CSV files as a source: one file per symbol, `SYMBOL.csv` or `SYMBOL.csv.gz`.

Contract: `engine.sources.csv_file` says what a file may hold, `engine.bar_checks` what its bars must obey. Characters
of a symbol outside A-Z a-z 0-9 . - become `_` in the file name, so that no symbol can name a file elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from engine.bar_checks import Repair, check_bars
from engine.bars import FIELDS, Bars
from engine.calendar import TradingCalendar
from engine.errors import InputError
from engine.sources.base import Loaded
from engine.sources.csv_file import CsvFile, CsvTable
from engine.universe import Universe

__all__ = ["CsvFolder", "file_stem"]


def file_stem(symbol: str) -> str:
    """The file name of a symbol, without its ending: `^VIX` is `_VIX`."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", symbol)


class CsvFolder:
    """A folder of CSV files."""

    name = "csv"

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, universe: Universe, until: date | None) -> Loaded:
        """The folder's bars of a universe up to `until`; see `engine.sources.base.Source`.

        Raises:
            InputError: no such folder, two files for one symbol, or nothing for the market role.
            DataError: a file breaks the contract above or that of engine.bars.
        """
        files = self._files(universe)
        tables = {symbol: CsvFile(symbol, path).read(until) for symbol, path in files.items()}
        tables = {symbol: table for symbol, table in tables.items() if len(table.days)}
        bars: dict[str, Bars] = {}
        notices: list[Repair] = []
        for symbol, found, said in _checked(universe, files, tables):
            notices.extend(said)
            if len(found):
                bars[symbol] = found
        until_then = "" if until is None else f" up to {until}"
        lead = universe.roles["market"]
        if lead not in bars:
            raise InputError(
                f"{files[lead]} has no bar of the market role, {lead}{until_then}; give a later --end or more history"
            )
        for symbol in universe.symbols:
            if symbol not in bars:
                notices.append(Repair(symbol, "", "absent", f"the source has no bar of it{until_then}"))
        return Loaded(bars, tuple(sorted(notices, key=lambda notice: notice.symbol)))

    def _files(self, universe: Universe) -> dict[str, Path]:
        try:
            present = {entry.name for entry in self.path.iterdir()}
        except FileNotFoundError:
            raise InputError(f"the data folder {self.path} does not exist; write csv: and a folder") from None
        except NotADirectoryError:
            raise InputError(f"{self.path} is a file; give the folder that holds one file per symbol") from None
        except OSError as error:
            raise InputError(f"the data folder {self.path} cannot be read: {error.strerror}; check it") from None
        found: dict[str, Path] = {}
        stems: dict[str, str] = {}
        for symbol in universe.symbols:
            stem = file_stem(symbol)
            if stems.setdefault(stem, symbol) != symbol:
                raise InputError(f"{stems[stem]} and {symbol} would both be read from {stem}.csv; rename one of them")
            names = [name for name in (f"{stem}.csv", f"{stem}.csv.gz") if name in present]
            if len(names) == 2:
                raise InputError(f"{self.path} holds both {names[0]} and {names[1]}; delete one of them")
            if names:
                found[symbol] = self.path / names[0]
        lead = universe.roles["market"]
        if lead not in found:
            wanted = [f"{file_stem(lead)}.csv", f"{file_stem(lead)}.csv.gz"]
            near = [name for name in sorted(present) if name.lower() in map(str.lower, wanted)]
            hint = f"rename {near[0]}" if near else "add it or choose another --universe"
            raise InputError(
                f"{self.path} has no file for the market role, {lead}: it must be called {' or '.join(wanted)}; {hint}"
            )
        return found


def _checked(
    universe: Universe, files: dict[str, Path], tables: dict[str, CsvTable]
) -> Iterator[tuple[str, Bars, tuple[Repair, ...]]]:
    """Each symbol's bars; its table is let go, so that no folder is ever in memory twice."""
    if not tables:
        return
    first = min(table.days.min() for table in tables.values())
    last = max(table.days.max() for table in tables.values())
    calendar = TradingCalendar.load(universe.calendar, first.item(), last.item())
    for symbol in list(tables):
        days, values, lines = tables.pop(symbol)
        found, said = check_bars(
            symbol,
            days,
            dict(zip(FIELDS, values, strict=True)),
            calendar=calendar,
            level=symbol in universe.levels,
            where=str(files[symbol]),
            lines=lines,
        )
        del days, values, lines
        yield symbol, found, said
