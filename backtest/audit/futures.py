"""Histories that agree with the real one up to a session and differ after it.

Contract: every function takes the market, the last session that both share, and a generator, and gives a market whose
first `at` + 1 sessions hold the same numbers. Troubles that real feeds have (holes, spikes, flat stretches) are among
them: leaks were seen that show on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine.bars import FloatArray
from engine.events import Event, check_events, known_from
from engine.market import Market

__all__ = ["FUTURES", "Future", "with_columns"]

_CLOSED = 4
"""Sessions that the calendar loses in `closures`, as it did in September 2001."""


class Future(NamedTuple):
    """A way to change what comes after a session.

    Attributes:
        name: one word.
        says: what was done, in words that go before "after DAY".
        make: (market, last shared session, generator) -> market.
        bars: whether it changes bars and nothing else, so that one bar can be blamed.
    """

    name: str
    says: str
    make: Callable[[Market, int, np.random.Generator], Market]
    bars: bool


def with_columns(market: Market, columns: Mapping[str, FloatArray]) -> Market:
    """The market with other columns of the same shape."""
    for column in columns.values():
        column.flags.writeable = False
    return replace(market, columns=dict(columns))


def _changed(market: Market, change: Callable[[str, FloatArray], FloatArray], at: int) -> Market:
    """The market with `change` applied to what each field holds after `at`, shape (symbols, sessions)."""
    columns = {name: column.copy() for name, column in market.columns.items()}
    for name, column in columns.items():
        column[:, at + 1 :] = change(name, column[:, at + 1 :])
    return with_columns(market, columns)


def _cut(market: Market, at: int, _: np.random.Generator) -> Market:
    """What was there on the day: no later session, and no symbol that had no bar yet."""
    early = market.cut(at + 1)
    there = [row for row in range(len(early.symbols)) if not np.isnan(early.columns["close"][row]).all()]
    if market.symbols.index(market.universe.roles["market"]) not in there or len(there) == len(early.symbols):
        return early
    symbols = tuple(early.symbols[row] for row in there)
    return replace(early, symbols=symbols, columns={name: column[there] for name, column in early.columns.items()})


def _holes(market: Market, at: int, _: np.random.Generator) -> Market:
    return _changed(market, lambda _, later: np.full(later.shape, np.nan), at)


def _garbage(market: Market, at: int, rng: np.random.Generator) -> Market:
    def change(_: str, later: FloatArray) -> FloatArray:
        nonsense = rng.choice([np.nan, 0.0, -5.0, 1e8, 1e-8, np.inf, 100.0], size=later.shape)
        return np.where(rng.random(later.shape) < 0.5, nonsense, later * 1.7)

    return _changed(market, change, at)


def _spikes(market: Market, at: int, rng: np.random.Generator) -> Market:
    return _changed(market, lambda _, later: later * 10.0 ** rng.uniform(-12.0, 12.0, later.shape), at)


def _flat(market: Market, at: int, _: np.random.Generator) -> Market:
    columns = {name: column.copy() for name, column in market.columns.items()}
    for column in columns.values():
        column[:, at + 1 :] = column[:, at : at + 1]
    return with_columns(market, columns)


def _delisted(market: Market, at: int, rng: np.random.Generator) -> Market:
    """Half of the symbols end; the others go on with one another's prices."""
    gone, order = rng.random(len(market.symbols)) < 0.5, rng.permutation(len(market.symbols))

    def change(_: str, later: FloatArray) -> FloatArray:
        return np.where(gone[:, None], np.nan, later[order])

    return _changed(market, change, at)


def _mirrored(market: Market, at: int, _: np.random.Generator) -> Market:
    """Every later move has the other sign: a plausible future, in which nothing but the direction is new."""

    def change(name: str, later: FloatArray) -> FloatArray:
        if name == "volume":
            return later
        with np.errstate(divide="ignore", invalid="ignore"):
            found: FloatArray = market.columns[name][:, at : at + 1] ** 2 / later
            return found

    return _changed(market, change, at)


def _extended(market: Market, at: int, _: np.random.Generator) -> Market:
    """As many sessions more as the calendar has, up to a quarter, with the last ones again in reverse."""
    more = min(63, len(market.calendar) - market.size, market.size)
    columns = {name: np.hstack([column, column[:, : -more - 1 : -1]]) for name, column in market.columns.items()}
    return replace(with_columns(market, columns), size=market.size + more)


def _closures(market: Market, at: int, _: np.random.Generator) -> Market:
    """The exchange stays shut for some sessions, which nobody had announced."""
    calendar = market.calendar
    gone = np.arange(at + 1, min(at + 1 + _CLOSED, market.size - 1))
    surprises = sorted([*calendar.surprises, *((day, day) for day in calendar.days[gone])])
    other = replace(
        calendar, days=np.delete(calendar.days, gone), closes=np.delete(calendar.closes, gone),
        surprises=tuple(surprises),
    )  # fmt: skip
    columns = {name: np.delete(column, gone, axis=1) for name, column in market.columns.items()}
    return replace(with_columns(market, columns), calendar=other, size=market.size - len(gone))


def _news(market: Market, at: int, _: np.random.Generator) -> Market:
    """What is known later is another: events of the next sessions are gone, and late ones about the past turn up.

    Each kind and each series of numbers that there is gets a late filing, or a revision; a market without events gets
    one filing and one macro number.
    """
    calendar, known = market.calendar, [event for event in market.events if known_from(event, market.calendar) <= at]
    when = calendar.as_of(min(at + 2, len(calendar) - 1))
    latest = {
        (event.kind, event.series, event.symbol): event for event in known if event.occurred <= calendar.labels[at]
    }
    lead = market.universe.roles["market"]
    names = sorted(
        {("filing", lead, ""), ("macro", "", "CPI"), *((kind, symbol, series) for kind, series, symbol in latest)}
    )
    made = [event._replace(available_at=when, value=_revised(event.value)) for event in latest.values()]
    made += [
        Event(kind, day, when, "invented by the audit", "audit", "official", symbol, 12.5, series)
        for day in calendar.labels[max(at - 2, 0) : at + 1]
        for kind, symbol, series in names
    ]
    return replace(market, events=check_events([*known, *made], where="the audit"))


def _revised(value: float | None) -> float | None:
    return None if value is None else 1.5 * value + 1.0


FUTURES: tuple[Future, ...] = (
    Future("cut", "history ends", _cut, False),
    Future("garbage", "bars are nonsense", _garbage, True),
    Future("holes", "all bars are missing", _holes, True),
    Future("spikes", "prices are up to a million million times larger or smaller", _spikes, True),
    Future("flat", "every bar repeats the last one", _flat, True),
    Future("mirrored", "every price has moved the other way", _mirrored, True),
    Future("delisted", "half of the symbols have ended and the others have swapped prices", _delisted, True),
    Future("news", "late filings and revisions about the days before came out", _news, False),
    Future("closures", "the exchange was shut for days that nobody had announced", _closures, False),
    Future("extended", "history goes on for a quarter more", _extended, False),
)
"""All of them; the first is what the data were on the day."""
