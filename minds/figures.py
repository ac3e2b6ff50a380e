"""How numbers and days are printed: one place, so that a figure looks the same in every essay.

Contract: formatting only. A value that is not a finite number prints as `n/a`, never as a number; minus zero prints as
zero; nothing depends on the machine's locale.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from functools import lru_cache

from engine.scoring import wilson
from engine.signals.spec import Signal, Unit
from minds.record import MindRecord

__all__ = [
    "clock",
    "day",
    "percent",
    "price",
    "probability",
    "reading",
    "record_text",
    "short_day",
    "strength",
    "value",
    "weekday",
]

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_RECORD_LEVEL = 0.95


def percent(fraction: float, places: int = 2, *, sign: bool = True) -> str:
    """A fraction as percent: -0.0031 is `-0.31%`."""
    return _number(100.0 * fraction, places, "+" if sign else "-") + "%" if math.isfinite(fraction) else "n/a"


def probability(p: float) -> str:
    """Two decimals: `0.53`."""
    return _number(p, 2) if math.isfinite(p) else "n/a"


def strength(confidence: float) -> str:
    """A confidence or conviction in whole percent: `33%`."""
    return percent(confidence, 0, sign=False)


def price(amount: float) -> str:
    """A price: two decimals, more for pennies."""
    if not math.isfinite(amount):
        return "n/a"
    return f"{amount:,.2f}" if abs(amount) >= 1.0 else f"{amount:.4g}"


def value(amount: float, unit: Unit | None) -> str:
    """A signal's value in its unit: `-0.31%`, `+0.12 points`, `18.4`, `+1.8 sigma`."""
    if not math.isfinite(amount):
        return "n/a"
    if unit == "return":
        return percent(amount)
    if unit == "share":
        return percent(amount, 1, sign=False)
    if unit == "points":
        return _number(amount, 2, "+") + " points"
    if unit == "level":
        return f"{amount:,.1f}" if abs(amount) >= 10.0 else _number(amount, 2)
    if unit == "sigma":
        return _number(amount, 1, "+") + " sigma"
    return _number(amount, 2, "+" if unit == "score" else "-")


def reading(signal: Signal) -> str:
    """A signal's value, with its distance from normal where that is known."""
    text = value(signal.value, signal.unit)
    return text if signal.z is None else f"{text}, {value(signal.z, 'sigma')}"


def record_text(record: MindRecord, *, base: bool = True) -> str:
    """A track record with n, 95% Wilson interval and base rate; `base=False` only where the base rate is said beside
    it.
    """
    if record.n == 0:
        return "no settled call yet (n 0)"
    band = wilson(record.right, record.n, level=_RECORD_LEVEL)
    level = percent(_RECORD_LEVEL, 0, sign=False)
    parts = [
        probability(record.right / record.n),
        f"{level} interval {probability(band.low)} to {probability(band.high)}",
    ]
    if base:
        parts.append("no base rate" if record.base is None else f"base rate {probability(record.base)}")
    return f"right {record.right:,} of {record.n:,} ({'; '.join(parts)})"


@lru_cache(maxsize=1024)
def day(iso: str) -> str:
    """`Monday, April 6, 2026`; text that is not a day is returned as it is."""
    moment = _date(iso)
    return (
        iso
        if moment is None
        else f"{_WEEKDAYS[moment.weekday()]}, {_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"
    )


@lru_cache(maxsize=1024)
def short_day(iso: str, width: int = 1) -> str:
    """`April 6, 2026`, or with two digits for the day (`width` 2) as datelines have it."""
    moment = _date(iso)
    return iso if moment is None else f"{_MONTHS[moment.month - 1]} {moment.day:0{width}d}, {moment.year}"


@lru_cache(maxsize=1024)
def weekday(iso: str) -> str:
    """`Monday`."""
    moment = _date(iso)
    return iso if moment is None else _WEEKDAYS[moment.weekday()]


def clock(moment: datetime) -> str:
    """`04:30 PM`."""
    return f"{moment.hour % 12 or 12:02d}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"


def _number(amount: float, places: int, sign: str = "-") -> str:
    text = f"{amount:{sign}.{places}f}"
    return text.lstrip("+-") if not text.strip("+-0.") else text


def _date(iso: str) -> date | None:
    try:
        return date.fromisoformat(iso)
    except ValueError:
        return None
