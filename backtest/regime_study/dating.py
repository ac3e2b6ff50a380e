"""Bull and bear markets of a price series, dated with hindsight by the rule of Lunde & Timmermann.

Contract: pure functions of closes. A bear market begins at the highest close from which the price has fallen by 15%, a
bull market at the lowest from which it has risen by 20%; each turning point is known only on the session on which
that happened, often months later. Turning points known by session t are the same whatever follows t. What lies before
the first turning point, and after the last extreme, has no phase yet: it is left undecided, not guessed.

Source: Lunde & Timmermann (2004), Duration dependence in stock prices: an analysis of bull and bear markets.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.bars import FloatArray
from engine.errors import InputError

__all__ = ["FALL", "GAP", "RISE", "Bear", "Dating", "Turn", "bear_markets", "date_turns", "phases"]

FALL, RISE = 0.15, 0.20
"""From a high, and from a low: what makes a bear and a bull market."""
GAP = 45
"""Sessions: a shorter bull market between two bear markets counts as a rally within one bear market."""


class Turn(NamedTuple):
    """A turning point.

    Attributes:
        kind: `peak` (a bear market follows) or `trough`.
        at: position of the extreme close.
        known: position of the session on which the rule first saw it, after `at`.
    """

    kind: Literal["peak", "trough"]
    at: int
    known: int


class Dating(NamedTuple):
    """All turning points, and how far they reach.

    Attributes:
        turns: in order; peaks and troughs alternate.
        until: position of the last extreme so far; later sessions are undecided.
    """

    turns: tuple[Turn, ...]
    until: int


class Bear(NamedTuple):
    """A bear market: the sessions after `peak` up to and including `trough`.

    Attributes:
        peak: position of the high before it.
        known: position of the session on which the fall had reached 15%.
        trough: position of its last low; the lowest close so far while it lasts.
        over: position of the session on which its end was known, None while it is not.
        fall: loss from the peak to the lowest close in it, as a fraction.
    """

    peak: int
    known: int
    trough: int
    over: int | None
    fall: float


def date_turns(closes: FloatArray, *, fall: float = FALL, rise: float = RISE) -> Dating:
    """Date the turning points of a price.

    Args:
        closes: positive prices without gaps, shape (n,), n at least 1.
        fall: loss from a high that makes it a peak, as a fraction in (0, 1).
        rise: gain from a low that makes it a trough, as a positive fraction.

    Raises:
        InputError: prices are missing or not positive, or a threshold is out of range.
    """
    if not closes.size or not (closes > 0.0).all():  # NaN compares false
        raise InputError("bull and bear markets need at least one close, all positive; leave out sessions without one")
    if not (0.0 < fall < 1.0 and rise > 0.0):
        raise InputError(f"a fall of {fall!r} and a rise of {rise!r} date nothing; for 15% and 20% give 0.15 and 0.2")
    turns: list[Turn] = []
    high = low = 0
    for at, price in enumerate(closes.tolist()):
        high = at if price > closes[high] else high
        low = at if price < closes[low] else low
        last = turns[-1].kind if turns else None
        if last != "peak" and price <= closes[high] * (1.0 - fall):
            turns.append(Turn("peak", high, at))
            low = high + 1 + int(np.argmin(closes[high + 1 : at + 1]))
        elif last != "trough" and price >= closes[low] * (1.0 + rise):
            turns.append(Turn("trough", low, at))
            high = low + 1 + int(np.argmax(closes[low + 1 : at + 1]))
    until = 0 if not turns else low if turns[-1].kind == "peak" else high
    return Dating(tuple(turns), until)


def bear_markets(closes: FloatArray, dating: Dating, *, gap: int = GAP) -> tuple[Bear, ...]:
    """Pair the turning points into bear markets, joining those that at most `gap` sessions of bull market part."""
    found: list[Bear] = []
    for turn, end in zip_longest(dating.turns, dating.turns[1:]):
        if turn.kind == "trough":
            continue
        trough, over = (dating.until, None) if end is None else (end.at, end.known)
        peak, known = turn.at, turn.known
        if found and peak - found[-1].trough <= gap:
            peak, known = found[-1].peak, found[-1].known
            found.pop()
        fall = 1.0 - float(closes[peak : trough + 1].min() / closes[peak])
        found.append(Bear(peak, known, trough, over, fall))
    return tuple(found)


def phases(size: int, dating: Dating, bears: tuple[Bear, ...]) -> npt.NDArray[np.int8]:
    """Phase of each session, shape (size,): 1 in a bear market, 0 in a bull market, -1 undecided."""
    phase = np.full(size, -1, np.int8)
    if dating.turns:
        phase[dating.turns[0].at + 1 : dating.until + 1] = 0
    for bear in bears:
        phase[bear.peak + 1 : bear.trough + 1] = 1
    return phase
