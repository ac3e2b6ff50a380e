"""Daily bars from Yahoo, with an append-only store on disk in between.

Contract: what a run sees of the past never changes under it. Bars are stored as Yahoo gave them once their session
was over, and only later sessions are added; a run whose sessions are all stored asks nobody. When Yahoo tells its
past differently, the stored bars stay, what differs is told, and new bars are put on the stored basis
(engine.sources.overlap). A session that is not over at `now` is never a bar. A failure is an error in one sentence
and never an empty success; a symbol that Yahoo says it does not have is absent, with that reason, unless it is the
market itself. Nothing here reads the clock.

Notices, besides those of `engine.bar_checks`
    `absent`     Yahoo has no such symbol, or no longer
    `late`       the last bar is older than the last session; it is asked for again
    `bad`        a bar that breaks the bar contract: left out
    `revised`    Yahoo now gives another value for a stored day; the stored one stays
    `rebased`    Yahoo rescaled its past (a split, a payout); later bars are put on the stored basis
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.bar_checks import Repair, check_bars
from engine.bars import Bars
from engine.calendar import TradingCalendar
from engine.errors import DataError, InputError
from engine.sources.bar_cache import Answer, BarCache
from engine.sources.base import Loaded
from engine.sources.overlap import OVERLAP, Change, RawBars, join, told
from engine.sources.yahoo_fetch import NoSuchSymbolError, YahooClient
from engine.universe import Universe

__all__ = ["YahooSource"]

_EARLIEST = date(1985, 1, 1)  # before it, Yahoo's indices often lack opens, and few symbols of a universe exist
_SETTLED = timedelta(hours=12)  # a bar that Yahoo lacks half a day after its session is not late, it is missing
_LONGEST_CLOSURE = timedelta(days=30)
_BAD_BARS = 10  # so many bars of a symbol may be left out before its history as a whole is not believed


@dataclass(frozen=True)
class YahooSource:
    """Yahoo as a source of bars.

    Attributes:
        now: aware instant of the run; a session that was not over half an hour before it does not exist yet.
        cache: folder for the store `yahoo.sqlite` and for yfinance's own files; created when missing.
    """

    now: datetime
    cache: Path

    def __post_init__(self) -> None:
        """Refuse an instant without a time zone."""
        if self.now.tzinfo is None:
            raise InputError(f"the instant {self.now} has no time zone; give it one, for example {self.now}+00:00")

    @property
    def name(self) -> str:
        """Part of every run's settings."""
        return "yahoo"

    @property
    def file(self) -> Path:
        """The store."""
        return self.cache / "yahoo.sqlite"

    def load(self, universe: Universe, until: date | None) -> Loaded:
        """Bars of every symbol of `universe`, up to `until` or to the last session that is over.

        Symbols are asked for one after the other and each answer is stored at once, so that a run that failed half-way
        is continued by the next.

        Raises:
            DataError: no network, a refusal, an answer that makes no sense, no market symbol, a damaged store.
            InputError: the store cannot be written, yfinance is not installed, or no session is over.
        """
        sessions = _sessions(universe.calendar, self.now, until)
        bars: dict[str, Bars] = {}
        notices: list[Repair] = []
        with BarCache(self.file) as store:
            reader = _Reader(self, universe, store, sessions)
            for symbol in universe.symbols:
                found, told = reader.read(symbol)
                notices += told
                if found is not None:
                    bars[symbol] = found
        return Loaded(bars, tuple(notices))


class _Sessions(NamedTuple):
    """Days: the `last` session over at `now`, and the last that is `wanted`; `settled`: `last` is long over."""

    last: np.datetime64
    wanted: np.datetime64
    settled: bool


def _sessions(calendar: str, now: datetime, until: date | None) -> _Sessions:
    tomorrow = now.date() + timedelta(days=1)  # the exchange's zone may be a day ahead
    near = TradingCalendar.load(calendar, tomorrow - _LONGEST_CLOSURE, tomorrow)
    at = near.last_closed(now)
    if at < 0:
        raise InputError(f"no session of {calendar} was over by {now}; check --end")
    last, settled = near.days[at], now >= near.as_of(at) + _SETTLED
    if until is None or np.datetime64(until) >= last:
        return _Sessions(last, last, settled)
    then = TradingCalendar.load(calendar, until - _LONGEST_CLOSURE, until)
    before = then.days[then.days <= np.datetime64(until)]
    if not len(before):
        raise InputError(f"no session of {calendar} lies near {until}; check --end")
    return _Sessions(last, before[-1], settled)


class _Reader:
    """One `load`: brings each symbol up to date, then reads it."""

    def __init__(self, source: YahooSource, universe: Universe, store: BarCache, sessions: _Sessions) -> None:
        self.source, self.universe, self.store, self.sessions = source, universe, store, sessions
        self.market = universe.roles["market"]
        self.client: YahooClient | None = None
        self.known: TradingCalendar | None = None

    def read(self, symbol: str) -> tuple[Bars | None, list[Repair]]:
        """The checked bars of `symbol` up to the wanted session, or None; and what is to be told."""
        raw, wanted = self.store.bars(symbol), self.sessions.wanted
        if not self.covered(symbol, raw):
            raw = self.update(symbol, raw)
        answer, absent = self.store.answer(symbol), list[Repair]()
        if answer is not None and answer.problem:
            absent.append(Repair(symbol, answer.session, "absent", answer.problem))
        cut = None if raw is None else raw.at(raw.days <= wanted)
        if cut is None or not len(cut.days):
            if symbol == self.market:
                problem = f"Yahoo has no bar up to {wanted} of the symbol that plays the market"
                raise DataError(problem, symbol=symbol, fix="choose a later end or another universe")
            return None, absent or [Repair(symbol, "", "empty", f"Yahoo has no bar up to {wanted}")]
        bars, repairs = self.checked(symbol, cut)
        changes = [change for change in self.store.changes(symbol) if change.day <= str(wanted)]
        notices = [note for note in absent if note.day <= str(wanted)]
        notices += [*told(symbol, changes, vendor="Yahoo", fix=self.store.way_out), *repairs]
        if bars.days[-1] < wanted:
            notices.append(Repair(symbol, str(bars.days[-1]), "late", f"the last bar, though {wanted} is over"))
        return bars, notices

    def covered(self, symbol: str, raw: RawBars | None) -> bool:
        """Whether the store already says all there is about the wanted session."""
        if raw is not None and raw.days[-1] >= self.sessions.wanted:
            return True
        answer = self.store.answer(symbol)
        if answer is None or answer.session < str(self.sessions.wanted):
            return False
        return answer.final and not (answer.problem and symbol == self.market)

    def update(self, symbol: str, raw: RawBars | None) -> RawBars | None:
        """Ask Yahoo, store the answer, and return all bars."""
        last, settled, store = self.sessions.last, self.sessions.settled, self.store
        first = _EARLIEST if raw is None else _date(raw.days[-OVERLAP:][0])
        if self.client is None:
            self.client = YahooClient(self.source.cache / "yfinance")
        try:
            fetched = self.client.fetch(symbol, first, _date(last), now=self.source.now)
        except NoSuchSymbolError as error:
            if symbol == self.market:
                raise
            before = store.answer(symbol) or Answer("", True)
            answer = before._replace(session=str(last), final=True, problem=error.problem)
            store.add(symbol, answer, after=_end(raw))  # refused if another run has stored bars meanwhile: they stand
            return store.bars(symbol)
        answer = Answer(str(last), settled, "", fetched.currency, fetched.zone)
        while True:
            self.agrees(symbol, answer)
            new, changes = fetched.fresh.bars, tuple[Change, ...]()
            if raw is not None:
                level = symbol in self.universe.levels
                new, changes = join(raw, fetched.fresh, symbol=symbol, level=level, fix=store.way_out)
                known = store.changes(symbol)
                changes = tuple(change for change in changes if not any(change.says_the_same_as(old) for old in known))
            new = self.believable(symbol, raw, new)
            if store.add(symbol, answer, after=_end(raw), bars=new, changes=changes):
                return store.bars(symbol)
            raw = store.bars(symbol)  # another run was faster

    def agrees(self, symbol: str, answer: Answer) -> None:
        """Refuse an answer in another currency or time zone than the stored one's."""
        before = self.store.answer(symbol)
        if before is not None and before.zone and (before.currency, before.zone) != (answer.currency, answer.zone):
            now, then = (f"{each.currency or 'no currency'} and {each.zone}" for each in (answer, before))
            raise DataError(f"Yahoo gives it in {now}, stored is {then}", symbol=symbol, fix=self.store.way_out)

    def believable(self, symbol: str, raw: RawBars | None, new: RawBars) -> RawBars:
        """`new` without bad bars at its end, which Yahoo may yet mend; raises where too much is bad."""
        if not len(new.days):
            return new
        bars, _ = self.checked(symbol, new if raw is None else raw.plus(new))
        return new.at(new.days <= bars.days[-1])

    def checked(self, symbol: str, raw: RawBars) -> tuple[Bars, list[Repair]]:
        """The bars that keep the contract, at least one, and those left out, as repairs.

        Nobody can mend a line of Yahoo's, so a few bad ones are left out and told instead of refused.
        """
        rows, left_out = np.arange(len(raw.days)), list[Repair]()
        while True:
            kept, level = raw.at(rows), symbol in self.universe.levels
            try:
                bars, repairs = check_bars(
                    symbol, *kept, calendar=self.calendar(raw.days[0]), level=level, where="Yahoo", lines=rows
                )
            except DataError as error:
                if error.row is None or len(left_out) == min(_BAD_BARS, len(raw.days) - 1):
                    fix = f"take it out of the universe {self.universe.name}, or {self.store.way_out}"
                    raise DataError(error.problem, symbol=symbol, where="Yahoo", fix=fix) from error
                row = int(error.row)
                left_out.append(Repair(symbol, str(raw.days[row]), "bad", f"{error.problem}; the bar is left out"))
                rows = rows[rows != row]
            else:
                if not len(bars):
                    raise DataError("no bar holds a price", symbol=symbol, where="Yahoo", fix=self.store.way_out)
                return bars, [*left_out, *repairs]

    def calendar(self, first: np.datetime64) -> TradingCalendar:
        """Sessions from `first` or earlier to the last; exchanges have bounds, so no earlier than some symbol needs."""
        if self.known is None or self.known.days[0] > first:
            self.known = TradingCalendar.load(self.universe.calendar, _date(first), _date(self.sessions.last))
        return self.known


def _date(day: np.datetime64) -> date:
    return date.fromisoformat(str(day))


def _end(raw: RawBars | None) -> np.datetime64 | None:
    return None if raw is None else raw.days[-1]
