"""Who sees the future: every invented future after each of some sessions, and the bar or event that gives it away.

Contract: each culprit is reported once, with the first change that moved it; its bar is looked for among the changes
that touch nothing but bars. What moved only behind a culprit is kept apart from the findings.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

import numpy as np

from backtest.audit.bar import culprit
from backtest.audit.compare import Kind, Moved
from backtest.audit.findings import Finding, Followed, finding
from backtest.audit.futures import Future
from backtest.audit.subject import Subject
from backtest.audit.trial import Whole, led_by, moves, trial
from engine.events import check_events
from engine.market import Market

__all__ = ["Peeks", "troubled"]

Who = tuple[Kind, str]
_AHEAD = 260
"""Sessions after a date that are changed: a year, which no honest answer sees any part of."""
_STUCK = 6
_SPIKE = 20.0


def troubled(market: Market, dates: Collection[int]) -> Market:
    """The market with the troubles of real feeds at each of `dates`: of four symbols one lacks its last two bars, one
    jumps to twenty times its price for that session, one has repeated its bar for a week, and one is as it was; in
    turn, so that in four dates every symbol meets each.
    """
    columns = {name: column.copy() for name, column in market.columns.items()}
    for turn, at in enumerate(dates):
        for row in range(len(market.symbols)):
            kind = (row + turn) % 4
            for name, column in columns.items():
                if kind == 1:
                    column[row, at - 1 : at + 1] = np.nan
                elif kind == 2 and name != "volume":
                    column[row, at] *= _SPIKE
                elif kind == 3:
                    column[row, at - _STUCK : at + 1] = column[row, at - _STUCK]
    for column in columns.values():
        column.flags.writeable = False
    return replace(market, columns=columns)


@dataclass
class Peeks:
    """The search on one history.

    Attributes:
        subject: who is run.
        whole: the run over the history.
        seed: of the invented futures.
        skip: who is left out, because it differs from run to run anyway.
        where: words on the history, for the findings.
        findings: culprits, each once.
        followed: who moved behind them.
        known: culprits by name, those that were known before included.
    """

    subject: Subject
    whole: Whole
    seed: int
    skip: Collection[Who]
    where: str = ""
    findings: list[Finding] = field(default_factory=list)
    followed: list[Followed] = field(default_factory=list)
    known: set[Who] = field(default_factory=set)

    def search(self, at: int, futures: Collection[Future], step: Callable[[str], None]) -> None:
        """Try all `futures` after session `at`; `step` is told of each before it is tried."""
        first: dict[Who, tuple[Moved, Future]] = {}
        bars: dict[Who, tuple[Moved, Future]] = {}
        for future in futures:
            step(f"{self._labels[at]} {future.name}")
            real, last = self._around(at, future)
            other = self._made(real, last, future)
            found = trial(self.subject, self.whole, other, last)
            new = [item for item in found.own if (item.kind, item.name) not in self.known | set(self.skip)]
            heard = {item.cause for item in self.followed}
            culprits = [
                item for item in found.own
                if item.name not in heard and item.at >= self.whole.window.start
                and (item.kind, item.name) not in self.skip
            ]  # fmt: skip
            for led in led_by(self.subject, self.whole, other, last, found, culprits):
                self._follow(led.moved, led.kind, led.name)
            for item in new:
                first.setdefault((item.kind, item.name), (item, future))
                if future.bars:
                    bars.setdefault((item.kind, item.name), (item, future))
        for who, seen in first.items():
            self.known.add(who)
            self._report(at, *bars.get(who, seen))

    @property
    def _labels(self) -> list[str]:
        return self.whole.market.calendar.labels

    def _report(self, at: int, moved: Moved, future: Future) -> None:
        real, last = self._around(at, future)
        other = self._made(real, last, future)
        test, bar = moves(self.subject, self.whole, moved, last), ""
        if future.bars:
            part = culprit(real, other, last, test)
            bar = "" if part is None else part.says(self._labels)
        elif future.name == "news":
            bar = _event(real, other, test)
        why = f"{future.says} after {self._labels[last]}{self.where}"
        self.findings.append(finding("future", moved, self._labels, why, bar))

    def _around(self, at: int, future: Future) -> tuple[Market, int]:
        """The real history that a future is made from, and the last session that both share."""
        market = self.whole.market
        if future.name == "extended":
            return market, market.size - 1
        return market.cut(min(at + 1 + _AHEAD, market.size)), at

    def _made(self, real: Market, at: int, future: Future) -> Market:
        return future.make(real, at, np.random.default_rng([self.seed, at, *future.name.encode()]))

    def _follow(self, moved: Moved, kind: str, name: str) -> None:
        new = Followed(moved.kind, moved.name, moved.part, self._labels[moved.at], kind, name)
        if (new.kind, new.name, new.cause) not in [(old.kind, old.name, old.cause) for old in self.followed]:
            self.followed.append(new)


def _event(real: Market, other: Market, test: Callable[[Market], bool]) -> str:
    """The first of the invented events that moves the answer when it alone is added; empty when none does."""
    for event in [event for event in other.events if event not in real.events]:
        if test(replace(real, events=check_events([*real.events, event], where="the audit"))):
            about = event.series or event.symbol or "nobody"
            return f"the {event.kind} on {about} about {event.occurred}, known from {event.available_at:%Y-%m-%d},"
    return ""
