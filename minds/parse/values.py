"""Single values as essays write them: numbers, percentages, horizons, dates and times.

Contract: each function gives the value or None, never a guess and never an exception. Digits are ASCII digits; what
other scripts call a digit is refused.
"""

from __future__ import annotations

import re
from datetime import datetime

__all__ = ["dateline", "fraction", "number", "sessions", "stamp"]

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,9}(?:[.,][0-9]{1,9})?|[.,][0-9]{1,9})")
_HOURS = re.compile(r"([0-9]{1,4})\s{0,2}(?:h|hr|hrs|hour|hours)", re.IGNORECASE)
_DAYS = re.compile(r"([0-9]{1,4})\s{0,2}(?:sessions?|trading days?|d|days?)", re.IGNORECASE)
_LONGEST_HORIZON = 64
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def number(text: str) -> float | None:
    """`0.52`, `-0,31`, `.5`; None for anything else."""
    text = text.strip().replace("−", "-")
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def fraction(text: str) -> float | None:
    """A probability as `0.52`, `52%` or `0,52`; None outside [0, 1]."""
    text = text.strip()
    value = number(text.removesuffix("%"))
    if value is None:
        return None
    # Dividing, not multiplying by 0.01: 33% must give the float that is written 0.33.
    value = value / 100.0 if text.endswith("%") else value
    return value if 0.0 <= value <= 1.0 else None


def sessions(text: str) -> int | None:
    """A horizon in sessions: `24h` is 1, `48h` is 2, `21 sessions` is 21; None when it is not 1 to 64 whole
    sessions.
    """
    text = text.strip()
    if hours := _HOURS.fullmatch(text):
        whole, rest = divmod(int(hours[1]), 24)
        count = 0 if rest else whole
    elif days := _DAYS.fullmatch(text):
        count = int(days[1])
    else:
        return None
    return count if 1 <= count <= _LONGEST_HORIZON else None


def stamp(day: str, time: str, zone: str | None) -> datetime | None:
    """`2026-04-02`, `14:56:55` and `UTC`, `+02:00` or None; naive without a zone."""
    offset = "" if zone is None else "+00:00" if zone in ("UTC", "Z") else zone
    try:
        return datetime.fromisoformat(f"{day}T{time}{offset}")
    except ValueError:
        return None


def dateline(day: str, time: str | None) -> datetime | None:
    """`April 02, 2026` and `08:14 AM`; midnight without a time."""
    month, number_of_day, year = day.replace(",", "").split()
    hour = minute = 0
    if time is not None:
        hour, minute = int(time[:-2].split(":")[0]), int(time[:-2].split(":")[1])
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if time[-2:].upper() == "PM" else 0)
    try:
        return datetime(int(year), _MONTHS.index(month[:3].lower()) + 1, int(number_of_day), hour, minute)
    except ValueError:
        return None
