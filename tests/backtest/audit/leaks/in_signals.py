"""Leaks inside signals: each mind declares one, and the signal is to blame."""

from __future__ import annotations

import numpy as np

from engine.bars import FloatArray
from engine.signals.columns import Columns
from tests.backtest.audit.leaks.kit import Reads, declared

__all__ = ["IN_SIGNALS", "VANDAL"]

GROUP = "stocks"


def _ret(columns: Columns) -> FloatArray:
    return columns.ret("growth")


def tomorrow(columns: Columns) -> FloatArray:
    """Leak: the return of the session that is to be called, rolled back by one."""
    return 50.0 * np.roll(_ret(columns), -1)


def centred(columns: Columns) -> FloatArray:
    """Leak: a moving average of which half lies ahead."""
    x = np.nan_to_num(_ret(columns))
    found: FloatArray = 100.0 * np.convolve(x, np.ones(11) / 11.0, mode="same")
    return found


def scaled(columns: Columns) -> FloatArray:
    """Leak: mean and deviation of the whole sample, as a scaler fitted once gives them."""
    x = _ret(columns)
    found: FloatArray = (x - np.nanmean(x)) / np.nanstd(x)
    return found


def smoothed(columns: Columns) -> FloatArray:
    """Leak: a probability of high volatility filtered forward and then backward."""
    rough = np.where(np.abs(np.nan_to_num(_ret(columns))) > 0.01, 1.0, 0.0)
    for _ in range(2):
        state = 0.5
        for at in range(len(rough)):
            state = rough[at] = 0.9 * state + 0.1 * rough[at]
        rough = rough[::-1].copy()
    return rough


def filled_back(columns: Columns) -> FloatArray:
    """Leak: a missing bar takes the next one's price."""
    price = columns.price("credit").copy()
    for at in range(len(price) - 2, -1, -1):
        if np.isnan(price[at]):
            price[at] = price[at + 1]
    return price / 100.0


def interpolated(columns: Columns) -> FloatArray:
    """Leak: a gap is bridged by a line to the first price after it."""
    price = columns.price("gold")
    known = np.flatnonzero(~np.isnan(price))
    found: FloatArray = np.interp(np.arange(len(price)), known, price[known]) / 100.0
    return found


def last_is_one(columns: Columns) -> FloatArray:
    """Leak: an index normalised by its last value, as adjusted series often are."""
    price = columns.price("growth")
    found: FloatArray = price / price[~np.isnan(price)][-1]
    return found


def fall_to_come(columns: Columns) -> FloatArray:
    """Leak: the fall to the lowest price from here on, a drawdown counted from the wrong end."""
    price = np.where(np.isnan(columns.price("growth")), np.inf, columns.price("growth"))
    lowest = np.minimum.accumulate(price[::-1])[::-1]
    return np.where(np.isfinite(price), lowest / price - 1.0, np.nan)


def ranked(columns: Columns) -> FloatArray:
    """Leak: rank of today's return among all of the sample's."""
    x = np.nan_to_num(_ret(columns))
    found: FloatArray = x.argsort().argsort() / len(x)
    return found


def reaches_high(columns: Columns) -> FloatArray:
    """Leak: where in tomorrow's range today's close lies."""
    high, low = (np.roll(columns.field("growth", name), -1) for name in ("high", "low"))
    return (columns.field("growth", "close") - low) / (high - low)


def survivors(columns: Columns) -> FloatArray:
    """Leak: the mean return of those stocks that are still listed at the end."""
    alive = [stock for stock in columns.members(GROUP) if not np.isnan(columns.price(stock)[-5:]).all()]
    moves = np.array([np.nan_to_num(columns.ret(stock)) for stock in alive])
    found: FloatArray = 50.0 * moves.mean(axis=0)
    return found


def sorted_by_outcome(columns: Columns) -> FloatArray:
    """Leak: sessions sorted by what came next, and told which half they are in."""
    outcome = np.roll(np.nan_to_num(_ret(columns)), -1)
    best = np.zeros(len(outcome))
    best[np.argsort(outcome)[len(outcome) // 2 :]] = 1.0
    return best


def tuned(columns: Columns) -> FloatArray:
    """Leak: the threshold that would have earned most over the whole sample."""
    x = np.nan_to_num(_ret(columns))
    ahead = np.append(x[1:], 0.0)
    best = max(np.linspace(-0.03, 0.03, 241), key=lambda limit: float(ahead[x > limit].sum()))
    found: FloatArray = (x - best) * 50.0
    return found


def filed_late(columns: Columns) -> FloatArray:
    """Leak: insiders' filings counted from the day of the trade, not from the day of the filing."""
    days = columns.market.calendar.days[: columns.market.size].astype(str).tolist()
    traded = {event.occurred for event in columns.events if event.kind == "filing"}
    return np.array([1.0 if day in traded else 0.0 for day in days])


def revised(columns: Columns) -> FloatArray:
    """Leak: a macro number as it was revised later, from the day that it is about."""
    days = columns.market.calendar.days[: columns.market.size].astype(str).tolist()
    newest = {event.occurred: event.value for event in columns.events if event.series == "CPI"}
    found, value = [], float("nan")
    for day in days:
        value = newest.get(day) or value
        found.append(value)
    return np.array(found) / 10.0


def whole_block(columns: Columns) -> FloatArray:
    """Leak: `.base` of a row leads to the block of all symbols, whose next session is read."""
    column = columns.price("growth")
    block = column.base if column.base is not None else column
    row = np.ravel(block).tolist().index(column[~np.isnan(column)][0]) // len(column)
    later = np.reshape(block, (-1, len(column)))[row]
    return np.append(later[1:] / later[:-1] - 1.0, np.nan) * 50.0


def weekly(columns: Columns) -> FloatArray:
    """Leak: bars resampled to weeks, and the week's close spread over its days."""
    price = columns.price("growth")
    weeks = columns.market.calendar.days[: len(price)].astype("datetime64[W]").astype(int)
    close = dict(zip(weeks.tolist(), price.tolist(), strict=True))  # the last one of a week stays
    return np.array([close[week] for week in weeks.tolist()]) / price - 1.0


def denoised(columns: Columns) -> FloatArray:
    """Leak: a Fourier filter over the whole series."""
    level = np.fft.rfft(np.nan_to_num(_ret(columns)))
    level[len(level) // 10 :] = 0.0
    found: FloatArray = 100.0 * np.fft.irfft(level, n=columns.market.size)
    return found


def flat_ahead(columns: Columns) -> FloatArray:
    """Leak: is silent when the price will not move for a week; shows on flat stretches alone."""
    price = columns.price("growth")
    still = np.array([len(set(price[at : at + 6].tolist())) == 1 and at + 6 <= len(price) for at in range(len(price))])
    return np.where(still, np.nan, 1.0)


def spike_ahead(columns: Columns) -> FloatArray:
    """Leak: a bad print is recognised by its return to normal; shows on spikes alone."""
    price = columns.price("growth")
    there, back = price / np.roll(price, 1), np.roll(price, -1) / price
    return np.where((np.abs(np.log(np.abs(there))) > 2.0) & (np.abs(np.log(np.abs(back))) > 2.0), 0.0, 1.0)


def count_of_holes(columns: Columns) -> FloatArray:
    """Leak: the share of bars that the whole series lacks; shows where bars go missing."""
    price = columns.price("dollar")
    return np.full(len(price), np.isnan(price).mean() * 10.0)


def overwrites(columns: Columns) -> FloatArray:
    """Leak: moves all prices a session back for everybody who comes after it."""
    for block in columns.market.columns.values():
        if block.base is None:
            block.flags.writeable = True
            block[:, :-1] = block[:, 1:].copy()
    return np.ones(columns.market.size)


def _mind(make: object, name: str) -> type[Reads]:
    signal = declared(f"{name}.signal", make)  # type: ignore[arg-type]  # one of the functions above
    return type(name, (Reads,), {"name": name, "signals": (signal,)})


IN_SIGNALS = {
    make.__name__: _mind(make, make.__name__)
    for make in (
        tomorrow, centred, scaled, smoothed, filled_back, interpolated, last_is_one, fall_to_come, ranked, reaches_high,
        survivors, sorted_by_outcome, tuned, filed_late, revised, whole_block, weekly, denoised, flat_ahead,
        spike_ahead, count_of_holes,
    )
}  # fmt: skip
"""Name -> a mind that reads a signal of that kind."""
VANDAL = _mind(overwrites, "overwrites")
"""A mind whose signal changes what others are made of."""
