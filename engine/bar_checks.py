"""From raw daily bars to `Bars`: every source hands its table to `check_bars` before anyone reads a price.

Contract: the result keeps the promises of `engine.bars`, or a `DataError` names symbol, file, row and the way out.
Nothing is mended silently: whatever was repaired, or is odd but allowed, comes back as a `Repair`.

Refused
    columns missing, unknown, ragged or not numeric; days that are not plain dates, or out of order; two different bars
    for one day; a price or volume missing or infinite; a price <= 0 (levels may be); a negative volume; high < low, or
    open or close outside them; a bar on a day without a session; a move of over 20-fold from one bar to the next.
Repaired
    `empty`      a line with no price at all (vendors print them for holidays): dropped
    `duplicate`  a line that repeats the one before it in every field: dropped
    `rounding`   open or close outside low..high by at most 1e-6 of the price: high or low widened
    `open`       the open of a *level* outside low..high, as in the early history of VIX: moved to the nearer bound
    `closed`     a bar on a day without a session that only repeats the last close without volume, or that belongs to
                 a level quoted by another market (yields on Good Friday): dropped
Told, not touched
    `gap`        sessions without a bar between the first and the last
    `stale`      five or more equal bars in a row; a level without volume may well stand still, so not for those
    `split`      close moves over 20-fold where adj_close does not
    `range`      high is over 20-fold the low

Why 20-fold: the largest real one-day moves stay inside it (Lehman Brothers fell 17-fold on 2008-09-15), a decimal point
or a currency unit that slipped by 100 does not. For levels the move must also exceed one point, since yields near zero
multiply easily. A slip that lasts through the whole file, in volume, or in a last digit, cannot be seen from one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.bar_table import MEND, RawTable, Repair
from engine.bars import FIELDS, Bars, FloatArray
from engine.calendar import TradingCalendar

__all__ = ["Repair", "check_bars"]

_OPEN, _HIGH, _LOW, _CLOSE, _ADJUSTED, _VOLUME = range(6)
_PRICES = slice(_OPEN, _VOLUME)
_ROUNDING = 1e-6
_LARGEST_MOVE = 20.0
_LEAST_MOVE_OF_A_LEVEL = 1.0
_STALE_FROM = 5


def check_bars(
    symbol: str,
    days: npt.NDArray[Any],
    columns: Mapping[str, npt.NDArray[Any]],
    *,
    calendar: TradingCalendar,
    level: bool,
    where: str,
    lines: npt.NDArray[np.int64] | None = None,
) -> tuple[Bars, tuple[Repair, ...]]:
    """Check one symbol's table, oldest bar first.

    Args:
        symbol: name for messages and for the result.
        days: `datetime64` at midnight, without time zone, shape (n,).
        columns: the six FIELDS, numeric, each of shape (n,); NaN stands for a missing value.
        calendar: sessions of the exchange; must span the days.
        level: the symbol is a level (yield, volatility index), which may be zero or negative.
        where: file or service, for messages.
        lines: line of each bar in the file as a person counts them; by default the header is line 1.

    Returns:
        The bars, in memory of their own, and what had to be said about them, in the order of the checks.

    Raises:
        DataError: the table breaks the contract; see the list above.
    """
    table = RawTable(symbol, where, level, calendar)
    table.fill(days, columns, lines)
    for check in _CHECKS:
        if not len(table.days):
            break
        check(table)
    bars = Bars(symbol, table.days, *map(np.ascontiguousarray, table.values))
    return bars, tuple(table.repairs)


def _empty_lines(table: RawTable) -> None:
    volume = table.values[_VOLUME]
    blank = np.isnan(table.values[_PRICES]).all(axis=0) & (np.isnan(volume) | (volume == 0))
    table.drop(blank, "empty", "lines without any price, dropped")


def _finite(table: RawTable) -> None:
    bad = ~np.isfinite(table.values)
    if bad.any():
        row, at = _first(bad)
        fault = "missing" if np.isnan(table.values[row, at]) else "infinite"
        fix = "write the volume, 0 where the vendor has none" if row == _VOLUME else "fill it in or delete that line"
        table.refuse(f"the {FIELDS[row]} of {table.days[at]} is {fault}", fix, at)


def _order(table: RawTable) -> None:
    step = np.diff(table.days).astype(np.int64)
    if (step < 0).any():
        at = int((step < 0).argmax()) + 1
        table.refuse(f"{table.days[at]} comes after {table.days[at - 1]}", "sort the lines by date, oldest first", at)
    again = np.concatenate([[False], step == 0])
    conflict = again[1:] & (table.values[:, :-1] != table.values[:, 1:]).any(axis=0)
    if conflict.any():
        at = int(conflict.argmax()) + 1
        table.refuse(f"{table.days[at]} has two different bars", "keep the right one and delete the other", at)
    table.drop(again, "duplicate", "lines that repeat the one before them, dropped")


def _signs(table: RawTable) -> None:
    low = table.values[_PRICES] <= 0
    if not table.level and low.any():
        row, at = _first(low)
        fix = f"{MEND}, or, if this is a yield, list the symbol under [levels] of the universe"
        table.refuse(f"the {FIELDS[row]} of {table.days[at]} is {table.values[row, at]:.12g}, not above 0", fix, at)
    volume = table.values[_VOLUME]
    if (volume < 0).any():
        at = int((volume < 0).argmax())
        table.refuse(f"the volume of {table.days[at]} is {volume[at]:.12g}, below 0", MEND, at)


def _first(bad: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Row and column of the first fault, in the order of the days."""
    at = int(bad.any(axis=0).argmax())
    return int(bad[:, at].argmax()), at


def _ranges(table: RawTable) -> None:
    bars = table.values
    if table.level:
        _open_of_a_level(table)
    top, bottom = bars[:_ADJUSTED].max(axis=0), bars[:_ADJUSTED].min(axis=0)
    slack = _ROUNDING * np.maximum(np.abs(top), np.abs(bottom))
    bad = (top - bars[_HIGH] > slack) | (bars[_LOW] - bottom > slack)
    if bad.any():
        at = int(bad.argmax())
        day, (opened, high, low, close) = table.days[at], bars[:_ADJUSTED, at]
        if high < low:
            table.refuse(f"on {day} the high {high:.12g} is below the low {low:.12g}", MEND, at)
        name, price = ("close", close) if not low <= close <= high else ("open", opened)
        table.refuse(f"the {name} {price:.12g} of {day} lies outside low {low:.12g} to high {high:.12g}", MEND, at)
    wide = (top > bars[_HIGH]) | (bottom < bars[_LOW])
    if wide.any():
        bars[_HIGH], bars[_LOW] = top, bottom
        table.say("rounding", table.days[wide.argmax()], "high or low widened by a rounding error", int(wide.sum()))


def _open_of_a_level(table: RawTable) -> None:
    opened, high, low = table.values[_OPEN], table.values[_HIGH], table.values[_LOW]
    slack = _ROUNDING * np.maximum(np.abs(high), np.abs(low))
    off = ((opened - high > slack) | (low - opened > slack)) & (low <= high)
    if off.any():
        opened[off] = np.clip(opened[off], low[off], high[off])
        table.say("open", table.days[off.argmax()], "opens outside low..high moved to the nearer bound", int(off.sum()))


def _sessions(table: RawTable) -> None:
    at = np.searchsorted(table.calendar.days, table.days)
    at[at == len(table.calendar)] = 0
    closed = table.calendar.days[at] != table.days
    if not closed.any():
        return
    repeat = np.zeros_like(closed)
    kept = table.values[_CLOSE : _ADJUSTED + 1]
    repeat[1:] = (kept[:, 1:] == kept[:, :-1]).all(axis=0) & (table.values[_VOLUME, 1:] == 0)
    elsewhere = np.is_busday(table.days) if table.level else np.zeros_like(closed)
    wrong = closed & ~repeat & ~elsewhere
    if wrong.any():
        first = int(wrong.argmax())
        what = f"{table.days[first].item():%A} {table.days[first]}"
        fix = "delete that line, or choose a universe whose calendar trades then"
        table.refuse(f"there is a bar on {what}, which is no session of {table.calendar.name}", fix, first)
    table.drop(closed, "closed", f"bars on days that are no session of {table.calendar.name}, dropped")


def _jumps(table: RawTable) -> None:
    _, high, low, close, adjusted, _ = table.values
    leaps, steps = (_leap(prices[:-1], prices[1:], table.level) for prices in (adjusted, close))
    # A split moves close once and for good; a bar in the wrong unit moves it there and back.
    spike = np.zeros_like(steps)
    spike[:-1] = steps[:-1] & steps[1:] & ~leaps[:-1] & ~leaps[1:]
    for name, prices, bad in (("adj_close", adjusted, leaps), ("close", close, spike)):
        if bad.any():
            at = int(bad.argmax()) + 1
            move = f"{name} moves from {prices[at - 1]:.12g} to {prices[at]:.12g} on {table.days[at]}"
            fix = "check that line and the one before it for a slipped decimal point, unit or split"
            table.refuse(f"{move}, more than 20-fold", fix, at)
    for kind, odd, detail in (
        ("split", np.append(False, steps & ~leaps), "close moves more than 20-fold where adj_close does not"),
        ("range", _leap(low, high, table.level), "high is more than 20-fold the low"),
    ):
        if odd.any():
            table.say(kind, table.days[odd.argmax()], detail, int(odd.sum()))


def _leap(before: FloatArray, after: FloatArray, level: bool) -> npt.NDArray[np.bool_]:
    """Where two prices are too far apart."""
    larger, smaller = np.maximum(np.abs(before), np.abs(after)), np.minimum(np.abs(before), np.abs(after))
    far: npt.NDArray[np.bool_] = larger > _LARGEST_MOVE * smaller
    return far & (np.abs(after - before) > (_LEAST_MOVE_OF_A_LEVEL if level else 0.0))


def _gaps(table: RawTable) -> None:
    first, last = np.searchsorted(table.calendar.days, table.days[[0, -1]])
    sessions = table.calendar.days[first : last + 1]
    absent = np.ones(len(sessions), np.bool_)
    absent[np.searchsorted(sessions, table.days)] = False
    if absent.any():
        starts, lengths = _runs(absent)
        longest = lengths.argmax()
        detail = f"sessions without a bar; the longest gap, {lengths[longest]}, starts on {sessions[starts[longest]]}"
        table.say("gap", sessions[starts[0]], detail, int(absent.sum()))


def _stale(table: RawTable) -> None:
    bars = table.values[[_OPEN, _HIGH, _LOW, _CLOSE, _VOLUME]]
    same = (bars[:, 1:] == bars[:, :-1]).all(axis=0)
    if table.level:
        same &= bars[-1, 1:] > 0
    starts, lengths = _runs(same)
    long = lengths + 1 >= _STALE_FROM  # n equal steps join n + 1 equal bars
    if long.any():
        starts, lengths = starts[long], lengths[long] + 1
        longest = lengths.argmax()
        detail = f"equal bars in a row; the longest run, {lengths[longest]}, starts on {table.days[starts[longest]]}"
        table.say("stale", table.days[starts[0]], detail, int(lengths.sum()))


def _runs(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Starts and lengths of the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return edges[::2], edges[1::2] - edges[::2]


_CHECKS = (_empty_lines, _finite, _order, _signs, _ranges, _sessions, _jumps, _gaps, _stale)
"""In order: each relies on what those before it made sure of."""
