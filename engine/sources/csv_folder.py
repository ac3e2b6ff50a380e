"""A folder of CSV files as a source: one file per symbol, `SYMBOL.csv` or `SYMBOL.csv.gz`.

Contract: the header is exactly `date,open,high,low,close,adj_close,volume`; days are YYYY-MM-DD; numbers are plain; an
empty field, `nan` or `null` is missing. Characters of a symbol outside A-Z a-z 0-9 . - become `_` in the file name, so
that no symbol can name a file elsewhere. A byte-order mark, CRLF and blank lines are tolerated; anything else is a
`DataError` with the line as a person counts them. The end of knowledge cuts the *text*: lines dated later, and
unreadable lines with no earlier day after them, are gone before anything is parsed.

Numbers are read by one correctly rounding parser, whatever the version of pandas.
"""

from __future__ import annotations

import difflib
import gzip
import re
import zlib
from datetime import date
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
import orjson

from engine.bar_checks import Repair, check_bars
from engine.bars import COLUMNS, FIELDS, Bars, FloatArray
from engine.calendar import Days, TradingCalendar
from engine.errors import DataError, InputError
from engine.sources.base import Loaded
from engine.universe import Universe

__all__ = ["CsvFolder", "file_stem"]

_LARGEST_FILE = 64 * 2**20
"""Bytes of text; a century of daily bars needs 2 MiB."""
_EARLIEST, _LATEST = np.datetime64("1900-01-01"), np.datetime64("2199-12-31")
"""Days beyond them are slips of the keyboard, and cost the calendar seconds."""
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MISSING = frozenset({b"", b"nan", b"null", b"na", b"n/a"})
_INFINITE = frozenset({b"inf", b"+inf", b"-inf", b"infinity", b"-infinity"})


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
        tables = {symbol: _Reader(symbol, path).read(until) for symbol, path in files.items()}
        tables = {symbol: table for symbol, table in tables.items() if len(table.days)}
        bars: dict[str, Bars] = {}
        notices: list[Repair] = []
        for symbol, (found, said) in _checked(universe, files, tables).items():
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
            near = difflib.get_close_matches(f"{file_stem(lead)}.csv", sorted(present), n=1, cutoff=0.8)
            hint = f"rename {near[0]}" if near else "add it or choose another --universe"
            raise InputError(
                f"{self.path} has no file for the market role, {lead}: it must be called {file_stem(lead)}.csv "
                f"or {file_stem(lead)}.csv.gz; {hint}"
            )
        return found


class _Table(NamedTuple):
    """What one file says: `values` has shape (6, n), `lines` counts from 1 with the header."""

    days: Days
    values: FloatArray
    lines: npt.NDArray[np.int64]


def _checked(
    universe: Universe, files: dict[str, Path], tables: dict[str, _Table]
) -> dict[str, tuple[Bars, tuple[Repair, ...]]]:
    if not tables:
        return {}
    first = min(table.days.min() for table in tables.values())
    last = max(table.days.max() for table in tables.values())
    calendar = TradingCalendar.load(universe.calendar, first.item(), last.item())
    return {
        symbol: check_bars(
            symbol,
            table.days,
            dict(zip(FIELDS, table.values, strict=True)),
            calendar=calendar,
            level=symbol in universe.levels,
            where=str(files[symbol]),
            lines=table.lines,
        )
        for symbol, table in tables.items()
    }


class _Reader(NamedTuple):
    """Reads one file."""

    symbol: str
    path: Path

    def refuse(self, problem: str, fix: str, row: int | None = None) -> NoReturn:
        raise DataError(problem, fix=fix, symbol=self.symbol, where=str(self.path), row=row)

    def read(self, until: date | None) -> _Table:
        text = self.text().removeprefix(b"\xef\xbb\xbf")
        lines = (text.replace(b"\r\n", b"\n") if b"\r" in text else text).split(b"\n")
        self.check_header([_shown(cell.strip()) for cell in lines[0].split(b",")])
        heads, numbers = _known(lines[1:], until)
        rows = [lines[number - 1] for number in numbers]
        days, values = _read_plain(rows, heads) or self.read_slowly(rows, numbers)
        if len(days) and (days.min() < _EARLIEST or days.max() > _LATEST):
            at = int(((days < _EARLIEST) | (days > _LATEST)).argmax())
            self.refuse(f"the day {days[at]} cannot be", "correct the year", int(numbers[at]))
        return _Table(days, values, numbers)

    def text(self) -> bytes:
        if not self.path.is_file():
            self.refuse("it is not a regular file", "put the CSV file itself there")
        try:
            with gzip.open(self.path) if self.path.suffix == ".gz" else self.path.open("rb") as stream:
                raw = stream.read(_LARGEST_FILE + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self.refuse("it is not a whole gzip file", "copy it again or unpack it to .csv")
        except OSError as error:
            self.refuse(f"it cannot be read: {error.strerror}", "check that you may read it")
        if len(raw) > _LARGEST_FILE:
            self.refuse("it is larger than 64 MiB", "give daily bars, one line per day")
        if not raw.strip():
            self.refuse("it is empty", "delete it or fill it")
        return raw

    def check_header(self, cells: list[str]) -> None:
        if cells == list(COLUMNS):
            return
        unknown = [cell for cell in cells if cell not in COLUMNS]
        missing = [name for name in COLUMNS if name not in cells]
        problem = "the columns are repeated or in another order"
        if unknown:
            near = difflib.get_close_matches(unknown[0].lower(), missing, n=1)
            problem = f"the column {unknown[0]!r} is unknown" + (f" (is it {near[0]}?)" if near else "")
        elif missing:
            problem = f"the column {missing[0]} is missing"
        self.refuse(problem, f"make the first line {','.join(COLUMNS)}", 1)

    def read_slowly(self, rows: list[bytes], numbers: npt.NDArray[np.int64]) -> tuple[Days, FloatArray]:
        """Line by line: allows missing values and spaces, and names the first line that cannot be read."""
        days: list[date] = []
        values = np.empty((len(FIELDS), len(rows)))
        for at, (row, number) in enumerate(zip(rows, numbers.tolist(), strict=True)):
            cells = [cell.strip() for cell in row.split(b",")]
            if len(cells) != len(COLUMNS):
                self.refuse(f"the line has {len(cells)} fields, not {len(COLUMNS)}", "correct or delete it", number)
            days.append(self.day(cells[0], number))
            for field, cell in enumerate(cells[1:]):
                values[field, at] = self.number(cell, FIELDS[field], number)
        return np.array(days, "datetime64[D]"), values

    def day(self, cell: bytes, number: int) -> date:
        if re.fullmatch(rb"\d{4}-\d\d-\d\d", cell):
            try:
                return date.fromisoformat(cell.decode())
            except ValueError:
                self.refuse(f"{cell.decode()} is not in the calendar", "correct the day", number)
        self.refuse(f"{_shown(cell)!r} is no plain day", "write YYYY-MM-DD, without time or time zone", number)

    def number(self, cell: bytes, name: str, number: int) -> float:
        if _NUMBER.fullmatch(cell) or cell.lower() in _INFINITE:
            return float(cell)
        if cell.lower() in _MISSING:
            return float("nan")
        fix = "write a plain number such as 12.5, without quotes, units or thousands separators"
        self.refuse(f"the {name} {_shown(cell)!r} is not a number", fix, number)


def _shown(cell: bytes) -> str:
    """A cell for a message: short, and free of whatever could disturb a terminal."""
    text = cell.decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text[:40])


def _known(lines: list[bytes], until: date | None) -> tuple[npt.NDArray[np.bytes_], npt.NDArray[np.int64]]:
    """What the folder held at the end of knowledge: the first 11 bytes of each line, and its number in the file."""
    heads = np.array([line[:11] for line in lines], "S11")
    dated = _dated(heads)
    keep = dated.copy()
    for at in np.flatnonzero(~dated):
        keep[at] = bool(lines[at].strip())
    if until is not None and dated.any():
        past = dated & (heads.astype("S10") <= until.isoformat().encode())
        keep &= past | ~dated
        keep[np.flatnonzero(past)[-1] + 1 if past.any() else 0 :] = False
    return heads[keep], np.flatnonzero(keep) + 2


def _dated(heads: npt.NDArray[np.bytes_]) -> npt.NDArray[np.bool_]:
    """Which lines start in the form of a day, 9999-99-99."""
    codes = heads.view(np.uint8).reshape(-1, 11)
    digits = (codes[:, [0, 1, 2, 3, 5, 6, 8, 9]] - ord("0") < 10).all(axis=1)  # unsigned: what is below "0" wraps
    found: npt.NDArray[np.bool_] = digits & (codes[:, [4, 7]] == ord("-")).all(axis=1)
    return found


def _read_plain(rows: list[bytes], heads: npt.NDArray[np.bytes_]) -> tuple[Days, FloatArray] | None:
    """Days and values of lines in plain form; None as soon as one needs a closer look."""
    text = b"".join([row[11:] + b"\n" for row in rows])
    marks = text.translate(None, b"0123456789.-+eE")
    commas = heads.view(np.uint8).reshape(-1, 11)[:, 10] == ord(",")
    if marks != b",,,,,\n" * len(rows) or not (_dated(heads) & commas).all():
        return None
    try:
        days = heads.astype("S10").astype("datetime64[D]")
        numbers = orjson.loads(b"[%b]" % text[:-1].replace(b"\n", b","))
    except ValueError:
        return None
    return days, np.array(numbers, np.float64).reshape(-1, len(FIELDS)).T
