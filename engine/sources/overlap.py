"""How a fresh answer continues a stored history of daily bars without changing it.

A vendor rewrites its past: a split rescales every older price, a dividend every older adjusted price, and now and
then a bar is corrected. Contract: what is stored stays as it is. The sessions that both sides know (the overlap) say
by which ratio the vendor's basis has moved; fresh bars are put on the stored basis by that ratio, so that returns
across the seam are right. What still differs is told, value by value. Where the overlap names no single ratio,
`DataError` is raised.

Nothing here reads a file or asks a network. Only the overlap is compared: a correction of an older bar stays unseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.bar_checks import Repair
from engine.bars import FIELDS, FloatArray
from engine.calendar import Days
from engine.errors import DataError

__all__ = ["OVERLAP", "Change", "Fresh", "RawBars", "join", "told"]

OVERLAP = 10
"""Stored sessions that are asked for again: enough to tell a moved basis from a corrected bar."""

_NOISE = 5e-6
"""Relative difference that is no news: prices arrive as 32-bit floats, adjusted prices with one more rounding."""


class RawBars(NamedTuple):
    """Daily bars as they came, unchecked: `days` ascend, and each of `engine.bars.FIELDS` has an array as long."""

    days: Days
    columns: dict[str, FloatArray]

    def at(self, rows: slice | npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> RawBars:
        """Those rows."""
        return RawBars(self.days[rows], {name: self.columns[name][rows] for name in FIELDS})

    def plus(self, later: RawBars) -> RawBars:
        """These rows and then `later`."""
        pairs = {name: np.concatenate([self.columns[name], later.columns[name]]) for name in FIELDS}
        return RawBars(np.concatenate([self.days, later.days]), pairs)


class Fresh(NamedTuple):
    """An answer: bars, and on which of its days (mask, shape (n,)) a split or a payout took effect."""

    bars: RawBars
    splits: npt.NDArray[np.bool_]
    payouts: npt.NDArray[np.bool_]


class Change(NamedTuple):
    """Something about the stored past that the vendor now says differently.

    Attributes:
        kind: `revised`, one value of one day; `rebased`, every older value by the ratio `old / new`: all prices where
            `field` is `close` (a split), the adjusted prices alone where it is `adj_close` (a payout).
        day: ISO day of the value; for `rebased`, the last stored day.
        field: a field of the bars, or `bar` where the whole day came or went.
        old: the stored value, which stays; NaN where there was none.
        new: the fresh value: for `revised` on the stored basis, for `rebased` on its own; NaN where there is none.
    """

    kind: str
    day: str
    field: str
    old: float
    new: float

    def says_the_same_as(self, other: Change) -> bool:
        """Whether both tell of one change, up to noise."""
        if (self.kind, self.field) != (other.kind, other.field):
            return False
        if self.kind == "rebased":  # a ratio lasts until the next one, on whichever day it is looked at
            return bool(_same(np.array([self.old / self.new]), np.array([other.old / other.new]))[0])
        return self.day == other.day and bool(_same(np.array([self.new]), np.array([other.new]))[0])


def join(stored: RawBars, fresh: Fresh, *, symbol: str, level: bool, fix: str) -> tuple[RawBars, tuple[Change, ...]]:
    """The bars of `fresh` after the last stored day, on the stored basis, and what changed before.

    Args:
        stored: the history to continue; at least one bar.
        fresh: an answer that should reach back into `stored`.
        symbol: named in errors.
        level: the symbol is a level (a yield, a volatility index), which no split or payout rescales.
        fix: what to do when they do not fit, for the error.

    Raises:
        DataError: no common session, or no single ratio between the two.
    """
    tail = stored.at(slice(-OVERLAP, None))
    _, mine, theirs = np.intersect1d(tail.days, fresh.bars.days, assume_unique=True, return_indices=True)
    if not len(mine):
        raise DataError(
            f"the answer shares no session with the stored bars, which end on {stored.days[-1]}", symbol=symbol, fix=fix
        )
    old, new = tail.at(mine), fresh.bars.at(theirs)
    if level:
        price: float | None = 1.0
        payout: float | None = 1.0
    else:
        splits = fresh.splits[theirs]
        price = _basis(_ratio(old.columns["close"], new.columns["close"]), splits)
        payout = _basis(_ratio(_factor(old), _factor(new)), splits | fresh.payouts[theirs])
    if price is None or payout is None:
        raise DataError(
            f"the prices up to {stored.days[-1]} differ from the stored ones, and by no single ratio",
            symbol=symbol,
            fix=fix,
        )
    last = {name: float(old.columns[name][-1]) for name in ("close", "adj_close")}
    changes = [
        Change("rebased", str(old.days[-1]), name, last[name], last[name] / ratio)
        for name, ratio in (("close", price), ("adj_close", payout))
        if ratio != 1.0
    ]
    based = _on_basis(fresh.bars, price, payout)
    changes += _revisions(tail, based, share=1.0 / price)
    return based.at(based.days > stored.days[-1]), tuple(changes)


def told(symbol: str, changes: Iterable[Change], *, vendor: str, fix: str) -> list[Repair]:
    """The changes of `symbol` as notices for people.

    Each is one notice, save that corrected volumes share one: those of a last session are corrected as a rule.
    """
    notices, volumes = list[Repair](), list[Change]()
    for change in changes:
        if change.kind == "revised" and change.field == "volume":
            volumes.append(change)
        else:
            notices.append(Repair(symbol, change.day, change.kind, f"{_clause(change, vendor)}; {fix}"))
    if volumes:
        detail = f"{_clause(volumes[0], vendor)}; {fix}"
        notices.append(Repair(symbol, volumes[0].day, "revised", detail, len(volumes)))
    return notices


def _clause(change: Change, vendor: str) -> str:
    if change.kind == "rebased":
        what, why = ("adjusted prices", "payout") if change.field == "adj_close" else ("prices", "split")
        rescaled = f"{vendor} rescaled its {what} up to {change.day} (a {why})"
        return f"{rescaled}; later ones are multiplied by {change.old / change.new:.8g} to continue those stored"
    if change.field == "bar" and np.isnan(change.new):
        return f"{vendor} no longer has this bar; stored is a close of {change.old:.12g}, which stays"
    if change.field == "bar":
        return f"{vendor} now has a bar here, with a close of {change.new:.12g}; stored is none, and so it stays"
    return f"{vendor} now gives {change.field} {change.new:.12g}; stored is {change.old:.12g}, which stays"


def _on_basis(bars: RawBars, price: float, payout: float) -> RawBars:
    """Prices times `price`, volume the other way round, adjusted prices times both."""
    if price == 1.0 and payout == 1.0:
        return bars  # bit for bit
    scale = dict.fromkeys(("open", "high", "low", "close"), price)
    scale |= {"adj_close": price * payout, "volume": 1.0 / price}
    return RawBars(bars.days, {name: bars.columns[name] * scale[name] for name in FIELDS})


def _factor(bars: RawBars) -> FloatArray:
    """Adjusted over plain close: moved by payouts only, whatever is corrected in the close itself."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return bars.columns["adj_close"] / bars.columns["close"]


def _ratio(old: FloatArray, new: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = old / new
    return np.where(np.isfinite(ratio) & (ratio > 0.0), ratio, np.nan)


def _basis(ratios: FloatArray, event: npt.NDArray[np.bool_]) -> float | None:
    """The ratio that holds at the end of the overlap, where fresh bars are joined on; None when none can be named.

    It is the last that another row shares, or on whose day an event took effect (the vendor rescaled the days before it
    after we had stored them). A ratio that stands alone is that of a corrected bar. No ratio at all needs no witness.
    """
    known = np.isfinite(ratios)
    ratios, event = ratios[known], event[known]
    if len(ratios) and _same(ratios[-1:], np.ones(1))[0]:
        return 1.0
    for at in reversed(range(len(ratios))):
        alike = ratios[_same(ratios, ratios[at : at + 1])]
        if len(alike) > 1 or event[at] or len(ratios) == 1:
            found = float(np.median(alike))
            return 1.0 if _same(np.array([found]), np.ones(1))[0] else found
    return None


def _revisions(tail: RawBars, based: RawBars, *, share: float) -> list[Change]:
    """Value by value, where `based` says otherwise than `tail`; `share` is one fresh share in stored shares."""
    first = max(tail.days[0], based.days[0])
    left = tail.at(tail.days >= first)
    right = based.at((based.days >= first) & (based.days <= tail.days[-1]))
    changes = [
        Change("revised", str(day), "bar", float(left.columns["close"][at]), np.nan)
        for at, day in enumerate(left.days)
        if day not in right.days
    ]
    changes += [
        Change("revised", str(day), "bar", np.nan, float(right.columns["close"][at]))
        for at, day in enumerate(right.days)
        if day not in left.days
    ]
    days, mine, theirs = np.intersect1d(left.days, right.days, assume_unique=True, return_indices=True)
    for name in FIELDS:
        old, new = left.columns[name][mine], right.columns[name][theirs]
        differ = ~_same(old, new, slack=share if name == "volume" else 0.0)
        changes += [
            Change("revised", str(days[at]), name, float(old[at]), float(new[at])) for at in np.flatnonzero(differ)
        ]
    return sorted(changes, key=lambda change: change.day)


def _same(left: FloatArray, right: FloatArray, *, slack: float = 0.0) -> npt.NDArray[np.bool_]:
    return np.isclose(left, right, rtol=_NOISE, atol=slack, equal_nan=True)
