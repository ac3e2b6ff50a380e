"""One CSV file of bars: from its bytes to days and numbers.

Contract: the header is exactly `date,open,high,low,close,adj_close,volume`; days are YYYY-MM-DD; numbers are plain; an
empty field, `nan` or `null` is missing. A byte-order mark, CRLF and blank lines are tolerated; anything else is a
`DataError` with the line as a person counts them. The end of knowledge cuts the *text*: lines dated later, and
unreadable lines with no earlier day after them, are gone before anything is parsed. (In a file without any readable day
nothing is cut: its days are in another form, and it is refused.)

Numbers are read by one correctly rounding parser, whatever the version of pandas.
"""

from __future__ import annotations

import difflib
import functools
import gzip
import io
import re
import struct
import zlib
from datetime import date
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt
import orjson

from engine.bars import COLUMNS, FIELDS, FloatArray
from engine.calendar import Days
from engine.errors import DataError

__all__ = ["CsvFile", "CsvTable"]

_LARGEST_FILE = 64 * 2**20
"""Bytes of text; a century of daily bars needs 2 MiB."""
_YEARS = range(1900, 2200)
_EARLIEST, _LATEST = (np.datetime64(day) for day in (f"{_YEARS[0]}-01-01", f"{_YEARS[-1]}-12-31"))
"""Days beyond them are slips of the keyboard, and cost the calendar seconds."""
_BLOCK = 1024
"""Lines that are parsed at a time: their numbers are Python's for a moment, and so few of them stay in the cache and in
memory that is at hand already."""
_SHORTEST = "2000-01-01,1,1,1,1,1,1"
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_MISSING = frozenset({b"", b"nan", b"null", b"na", b"n/a"})
_INFINITE = frozenset({b"inf", b"+inf", b"-inf", b"infinity", b"-infinity"})


class CsvTable(NamedTuple):
    """What one file says: `values` has shape (6, n), `lines` counts from 1 with the header."""

    days: Days
    values: FloatArray
    lines: npt.NDArray[np.int64]


class CsvFile(NamedTuple):
    """One symbol's file, yet to be read."""

    symbol: str
    path: Path

    def _refuse(self, problem: str, fix: str, row: int | None = None) -> NoReturn:
        raise DataError(problem, fix=fix, symbol=self.symbol, where=str(self.path), row=row)

    def read(self, until: date | None) -> CsvTable:
        """What the file said at the end of knowledge; `DataError` names the first line that breaks the contract."""
        text = self._text().removeprefix(b"\xef\xbb\xbf")
        header, _, body = (text.replace(b"\r\n", b"\n") if b"\r" in text else text).partition(b"\n")
        self._check_header([_shown(cell.strip()) for cell in header.split(b",")])
        days, values, numbers = _read_plain(body.rstrip(b"\n"), until) or self._read_slowly(body.split(b"\n"), until)
        if len(days) and (days.min() < _EARLIEST or days.max() > _LATEST):
            at = int(((days < _EARLIEST) | (days > _LATEST)).argmax())
            self._refuse(f"the day {days[at]} cannot be", "correct the year", int(numbers[at]))
        return CsvTable(days, values, numbers)

    def _text(self) -> bytes:
        if not self.path.is_file():
            self._refuse("it is not a regular file", "put the CSV file itself there")
        try:
            with self.path.open("rb") as stream:
                raw = stream.read(_LARGEST_FILE + 1)
            if self.path.suffix == ".gz":
                raw = _unpacked(raw, _LARGEST_FILE + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self._refuse("it is not a whole gzip file", "copy it again or unpack it to .csv")
        except OSError as error:
            self._refuse(f"it cannot be read: {error.strerror}", "check that you may read it")
        if len(raw) > _LARGEST_FILE:
            self._refuse("it is larger than 64 MiB", "give daily bars, one line per day")
        if not raw.strip():
            self._refuse("it is empty", "delete it or fill it")
        return raw

    def _check_header(self, cells: list[str]) -> None:
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
        self._refuse(problem, f"make the first line {','.join(COLUMNS)}", 1)

    def _read_slowly(self, lines: list[bytes], until: date | None) -> CsvTable:
        """Line by line: allows missing values and spaces, and names the first line that cannot be read."""
        numbers = _known(lines, until)
        rows = [lines[number - 2] for number in numbers.tolist()]
        days: list[date] = []
        values = np.empty((len(FIELDS), len(rows)))
        for at, (row, number) in enumerate(zip(rows, numbers.tolist(), strict=True)):
            cells = [cell.strip() for cell in row.split(b",")]
            if len(cells) != len(COLUMNS):
                self._refuse(f"the line has {len(cells)} fields, not {len(COLUMNS)}", "correct or delete it", number)
            days.append(self._day(cells[0], number))
            for field, cell in enumerate(cells[1:]):
                values[field, at] = self._number(cell, FIELDS[field], number)
        return CsvTable(np.array(days, "datetime64[D]"), values, numbers)

    def _day(self, cell: bytes, number: int) -> date:
        if re.fullmatch(rb"\d{4}-\d\d-\d\d", cell):
            try:
                return date.fromisoformat(cell.decode())
            except ValueError:
                self._refuse(f"{cell.decode()} is not in the calendar", "correct the day", number)
        self._refuse(f"{_shown(cell)!r} is no plain day", "write YYYY-MM-DD, without time or time zone", number)

    def _number(self, cell: bytes, name: str, number: int) -> float:
        if _NUMBER.fullmatch(cell) or cell.lower() in _INFINITE:
            return float(cell)
        if cell.lower() in _MISSING:
            return float("nan")
        fix = "write a plain number such as 12.5, without quotes, units or thousands separators"
        self._refuse(f"the {name} {_shown(cell)!r} is not a number", fix, number)


def _unpacked(packed: bytes, most: int) -> bytes:
    """At most so many bytes of what was packed, at once where it is one gzip member, as nearly all files are.

    Raises:
        EOFError: it ends in mid-member.
        zlib.error, gzip.BadGzipFile: it is not gzip, or damaged.
    """
    member = zlib.decompressobj(wbits=31)
    found = member.decompress(packed, most)
    if member.eof and not member.unused_data:
        return found
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
        return stream.read(most)


def _shown(cell: bytes) -> str:
    """A cell for a message: short, and free of whatever could disturb a terminal."""
    text = cell.decode("utf-8", errors="replace")
    return "".join(letter if letter.isprintable() else "?" for letter in text[:40])


def _known(lines: list[bytes], until: date | None) -> npt.NDArray[np.int64]:
    """Which lines the folder held at the end of knowledge, by their numbers in the file; blank ones left out."""
    heads = np.array([line[:11] for line in lines], "S11")
    dated = _dated(heads.view(np.uint8).reshape(-1, 11))
    keep = dated.copy()
    for at in np.flatnonzero(~dated):
        keep[at] = bool(lines[at].strip())
    if until is not None and dated.any():
        past = dated & (heads.astype("S10") <= until.isoformat().encode())
        keep &= past | ~dated
        keep[np.flatnonzero(past)[-1] + 1 if past.any() else 0 :] = False
    return np.flatnonzero(keep) + 2


def _dated(heads: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which lines start in the form of a day, 9999-99-99; shape (n, 11), the codes of each line's first characters."""
    digits = (heads[:, [0, 1, 2, 3, 5, 6, 8, 9]] - ord("0") < 10).all(axis=1)  # unsigned: what is below "0" wraps
    found: npt.NDArray[np.bool_] = digits & (heads[:, [4, 7]] == ord("-")).all(axis=1)
    return found


def _read_plain(body: bytes, until: date | None) -> CsvTable | None:
    """All lines at once; None as soon as one is not in plain form, or lies after a later day than `until`."""
    text = bytearray(body + b"\n")
    codes = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    starts = np.append(0, ends[:-1] + 1)
    if (ends - starts < len(_SHORTEST)).any():
        return None
    windows = np.lib.stride_tricks.sliding_window_view(codes, 11)
    heads = windows[starts]
    if not (_dated(heads) & (heads[:, 10] == ord(","))).all():
        return None
    days = _days(heads)
    if days is None:
        return None
    known = np.ones(len(days), np.bool_) if until is None else days <= np.datetime64(until.isoformat(), "D")
    count = int(known.sum())
    if count == 0 or not known[:count].all():
        return None
    starts, ends = starts[:count], ends[:count]
    if codes[: int(ends[-1]) + 1].tobytes().translate(None, b"0123456789.-+eE") != b",,,,,,\n" * count:
        return None
    # What is left of each line, without its day, is a list of numbers as JSON writes them.
    for place in range(11):
        codes[starts + place] = ord(" ")
    codes[ends] = ord(",")
    codes[starts[::_BLOCK]], codes[np.append(ends[_BLOCK - 1 :: _BLOCK], ends[-1])] = ord("["), ord("]")
    table, view = np.empty((count, len(FIELDS))), memoryview(text)
    for first in range(0, count, _BLOCK):
        last = min(first + _BLOCK, count)
        try:
            numbers = orjson.loads(view[int(starts[first]) : int(ends[last - 1]) + 1])
        except ValueError:
            return None
        # Three times as fast as any of numpy's own ways to read a list.
        packed = struct.pack(f"{len(numbers)}d", *numbers)
        table[first:last] = np.frombuffer(packed, np.float64).reshape(-1, len(FIELDS))
    return CsvTable(days[:count], table.T, np.arange(2, count + 2))


def _days(heads: npt.NDArray[np.uint8]) -> Days | None:
    """The days that lines start with, whose form is right; None when one is not in the calendar, or long from now."""
    digits = np.ascontiguousarray(heads.T).astype(np.int16) - ord("0")
    years = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    months, place = digits[5] * 10 + digits[6], digits[8] * 10 + digits[9]
    if years.min() < _YEARS.start or years.max() >= _YEARS.stop or months.min() < 1 or months.max() > 12:
        return None
    begins = _months()
    at = (years - _YEARS.start) * 12 + (months - 1)
    days = begins[at] + (place - 1)
    return days.view("datetime64[D]") if place.min() >= 1 and (days < begins[at + 1]).all() else None


@functools.cache
def _months() -> npt.NDArray[np.int64]:
    """The first day of each month of `_YEARS`, counted from 1970, and of the month after them."""
    count = 12 * len(_YEARS) + 1
    months = np.arange(count) + np.datetime64(f"{_YEARS.start}-01", "M")
    return months.astype("datetime64[D]").astype(np.int64)
