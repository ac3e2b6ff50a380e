"""The audit itself: every test in turn, and one report.

Contract: deterministic for equal data, plug-ins and seed. What differs from run to run is found first and left out of
the other tests, where it would look like anything. A range that the data do not cover is refused. Warnings that
plug-ins raise over invented numbers are not shown.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from backtest.audit.compare import Kind, Moved, same_numbers
from backtest.audit.findings import Report, Test, finding, remark
from backtest.audit.futures import FUTURES
from backtest.audit.memory import at_once, in_process, named, unsteady
from backtest.audit.peeks import Peeks, troubled
from backtest.audit.seen import signals_of
from backtest.audit.shift import redated, rescaled, shifted
from backtest.audit.subject import Subject
from backtest.audit.trial import whole_run
from backtest.audit.warm_up import later, settling
from backtest.audit.worker import Answer
from engine.errors import InputError
from engine.market import Market
from engine.signals.spec import SignalSpec

__all__ = ["Plan", "Progress", "audit"]

Progress = Callable[[int, int, str], None]
"""Called with (steps done, steps in all, what comes now)."""

_EARLY = 20
"""Sessions into the range before the first date, so that minds and models have said something."""
_PAST = 6300
"""Sessions before the range that are kept, 25 years: more than any of `LENGTHS`, and than a replay warms up on."""
_TROUBLED = ("cut", "garbage", "flat")
"""Futures that are tried after a present full of troubles."""
_OTHERS = 7
_SCALE = 1e-6
"""Relative difference that another unit of prices may make: logarithms round."""

Who = tuple[Kind, str]


class Plan(NamedTuple):
    """What to audit.

    Attributes:
        subject: who.
        market: the real history.
        start: position of the first session on which anybody is asked; 25 years before it are kept.
        dates: how many sessions are taken for the present in turn; from four on, every symbol meets every trouble.
        seed: of the choice of dates and of the invented futures.
    """

    subject: Subject
    market: Market
    start: int
    dates: int = 5
    seed: int = 1


def audit(plan: Plan, progress: Progress | None = None) -> Report:
    """Run every test.

    Raises:
        InputError: the range is too short, a plug-in fails to load, or a regime model fails on the real history.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return _Audit(plan, progress).run()


class _Audit:
    def __init__(self, plan: Plan, progress: Progress | None) -> None:
        begin = max(plan.start - _PAST, 0)
        plan = plan._replace(market=later(plan.market, begin), start=plan.start - begin)
        subject, market = plan.subject, plan.market
        need, have = _EARLY + 2 + plan.dates, max(market.size - plan.start, 0)
        if plan.dates < 1 or plan.start < 0 or have < need:
            raise InputError(
                f"an audit of {plan.dates} dates needs {need} sessions and finds {have}; give an earlier --start or "
                "fewer --dates"
            )
        self._plan, self._subject, self._market = plan, subject, market
        self._dates = sorted(random.Random(plan.seed).sample(range(plan.start + _EARLY, market.size - 1), plan.dates))
        self._steps, self._done = _OTHERS + plan.dates * (len(FUTURES) + len(_TROUBLED)), 0
        self._progress, self._labels = progress, market.calendar.labels
        self._step("the whole history")
        sound = market.cut(market.size)
        self._whole, self._cast = whole_run(subject, market, range(plan.start, market.size))
        self._vandals = [] if _same(market, sound) else [s.name for s in self._whole.specs if _writes(s, sound)]
        failed = [
            reading for said in self._whole.seen.readings.values() for reading in said if isinstance(reading, str)
        ]
        if failed:
            raise InputError(failed[0])
        self._report = Report({
            "signals": [spec.name for spec in self._whole.specs],
            "minds": [mind.name for mind in self._cast.minds],
            "regimes": [model.name for model in self._cast.models],
            "first": self._labels[plan.start], "last": self._labels[market.size - 1],
            "dates": [self._labels[at] for at in self._dates], "futures": [future.name for future in FUTURES],
            "seed": plan.seed,
        })  # fmt: skip

    def run(self) -> Report:
        """Every test in turn; only the first where somebody changes the data themselves, which spoils the others."""
        if self._vandals:
            why = "it writes into the data that all signals are made of"
            self._report.findings += [remark("memory", "signal", name, why) for name in self._vandals]
            return self._report
        cut = self._dates[len(self._dates) // 2] + 1
        children = at_once(self._subject, self._whole, cut)
        try:
            self._step("the same once more")
            shaky = {(item.kind, item.name): item for item in unsteady(self._subject, self._whole)}
            known = self._futures(shaky)
            self._step("other processes")
            self._outside(shaky, known, [child.result() for child in children], cut)
        finally:
            for child in children:
                child.stop()
        self._step("memory and order")
        self._memory()
        self._step("other dates and scales")
        self._shift(known | set(shaky))
        self._step("the length of history")
        self._warm_up(known)
        return self._report

    def _futures(self, shaky: Mapping[Who, Moved]) -> set[Who]:
        """All futures on the real history, and some on one in which each date is full of troubles."""
        seed = self._plan.seed
        peeks = Peeks(self._subject, self._whole, seed, shaky)
        for at in self._dates:
            peeks.search(at, FUTURES, self._step)
        self._step("a history with troubles")
        ill, _ = whole_run(self._subject, troubled(self._market, self._dates), self._whole.window)
        more = Peeks(
            self._subject, ill, seed, shaky, ", in a history with holes, spikes and flat stretches",
            followed=peeks.followed, known=peeks.known,
        )  # fmt: skip
        for at in self._dates:
            more.search(at, [future for future in FUTURES if future.name in _TROUBLED], self._step)
        self._report.findings += peeks.findings + more.findings
        self._report.followed += more.followed
        return more.known

    def _outside(self, shaky: Mapping[Who, Moved], known: set[Who], answers: Sequence[Answer], cut: int) -> None:
        causes = named(self._subject, self._whole, answers, cut, frozenset(shaky), known)
        told = {(cause.moved.kind, cause.moved.name) for cause in causes}
        for cause in causes:
            self._add("memory", cause.moved, cause.why)
        for who, moved in shaky.items():
            if who not in told:
                self._add("memory", moved, "it differs from run to run")
        for (kind, name), deeds in sorted(answers[0].reached.items()):
            self._report.findings += [remark("outside", kind, name, f"it {deed}") for deed in deeds]

    def _memory(self) -> None:
        settled = {item.name for item in self._report.findings if item.kind == "mind" and item.test == "memory"}
        for cause in in_process(self._subject, self._whole, self._cast, self._dates, settled):
            self._add("memory", cause.moved, cause.why)
        if self._whole.seen.overwritten is None:
            return
        for mind in self._cast.minds:
            cell = whole_run(self._subject.only(mind.name), self._market, self._whole.window)[0].seen.overwritten
            if cell is not None:
                where = f"{cell.symbol} {cell.field} {self._labels[cell.at]}"
                why = f"it writes into the data that it was shown, first at {where}"
                self._report.findings.append(remark("memory", "mind", mind.name, why))

    def _shift(self, but: set[Who]) -> None:
        for moved in shifted(self._subject, self._whole, redated(self._market)):
            if (moved.kind, moved.name) not in but:
                self._add("dates", moved, "it knows the year: the same history 28 years apart gives another answer")
        for moved in shifted(self._subject, self._whole, rescaled(self._market), tolerance=_SCALE):
            if (moved.kind, moved.name) not in but:
                why = "it hangs on the unit of a price"
                self._report.notes.append(finding("scale", moved, self._labels, why))

    def _warm_up(self, but: set[Who]) -> None:
        at = self._dates[-1]
        self._report.warm_up = settling(self._subject, self._whole, at)
        for row in self._report.warm_up:
            if row.fails and (row.kind, row.name) not in but:
                worst = max(item for _, item in row.differences if item is not None)
                why = f"its {row.part} hangs on the length of history (by {worst:.2g}), beyond {row.needs} sessions"
                self._report.findings.append(remark("warm_up", row.kind, row.name, why, self._labels[at]))

    def _add(self, test: Test, moved: Moved, why: str) -> None:
        if (test, moved.kind, moved.name) not in [(old.test, old.kind, old.name) for old in self._report.findings]:
            self._report.findings.append(finding(test, moved, self._labels, why))

    def _step(self, what: str) -> None:
        if self._progress is not None:
            self._progress(self._done, self._steps, what)
        self._done += 1


def _same(one: Market, other: Market) -> bool:
    return all(bool(same_numbers(column, other.columns[name]).all()) for name, column in one.columns.items())


def _writes(spec: SignalSpec, sound: Market) -> bool:
    """Whether a signal leaves other bars behind than it was given."""
    given = sound.cut(sound.size)
    signals_of(given, [spec])
    return not _same(given, sound)
