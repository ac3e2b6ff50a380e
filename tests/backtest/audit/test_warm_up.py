"""Start length: who hangs on all of history is told from who needs a window, and a declaration is believed, not hidden.

The truth: signals of a known window, made by the test.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from backtest.audit.audit import Plan, audit
from backtest.audit.subject import Subject
from backtest.audit.trial import whole_run
from backtest.audit.warm_up import Settling, settling
from engine.bars import FloatArray
from engine.claims import Target
from engine.signals.columns import Columns
from engine.signals.spec import SignalSpec
from minds.protocol import Mind
from regimes.sma200 import Sma200Model
from tests.backtest.audit.leaks.kit import Reads, Speaks, declared
from tests.worlds import invented_market

TARGETS = (Target("MKT", "market", 1),)
SESSIONS = 500


def all_before(columns: Columns) -> FloatArray:
    """Causal, and never settled: the mean of all returns so far."""
    ret = np.nan_to_num(columns.ret("market"))
    found: FloatArray = 100.0 * np.cumsum(ret) / np.arange(1, len(ret) + 1)
    return found


def hundred(columns: Columns) -> FloatArray:
    """The mean of 100 returns, or of as many as there are."""
    ret = np.nan_to_num(columns.ret("market"))
    return np.array([100.0 * ret[max(at - 99, 1) : at + 1].sum() / 100.0 for at in range(len(ret))])


class Expanding(Reads):
    name = "growing"
    signals: tuple[SignalSpec, ...] = (declared("growing.signal", all_before, 20),)


class Confessed(Expanding):
    expanding = {"growing.signal": "a base rate takes in all of history"}  # noqa: RUF012  # read, never written


class Windowed(Reads):
    name = "windowed"
    signals: tuple[SignalSpec, ...] = (declared("windowed.signal", hundred, 100),)


class TooShort(Reads):
    name = "short"
    signals: tuple[SignalSpec, ...] = (declared("short.signal", hundred, 20),)


class AllPrices(Speaks):
    """Leans by the price against the mean of all that its snapshot leads to, which is no signal's fault."""

    name = "all_prices"

    def lean(self, snapshot: object, target: Target) -> float | None:
        past = snapshot.history(target.role, 100_000)  # type: ignore[attr-defined]  # any snapshot has it
        return float(np.tanh(past[-1] / np.nanmean(past) - 1.0))


def made(*kinds: type) -> list[Mind]:
    return [kind() for kind in kinds]


def subject(*kinds: type) -> Subject:
    return Subject(partial(made, *kinds), partial(made, Sma200Model), TARGETS)  # type: ignore[arg-type]  # models too


def rows(*kinds: type) -> dict[tuple[str, str], Settling]:
    who = subject(*kinds)
    whole, _ = whole_run(who, invented_market(3, SESSIONS), range(450, SESSIONS))
    return {(row.name, row.part): row for row in settling(who, whole, SESSIONS - 2)}


def test_an_expanding_mean_never_settles_and_fails_unless_it_is_declared() -> None:
    row = rows(Expanding)["growing.signal", "value"]
    assert row.settles is None and row.fails and not row.declared
    confessed = rows(Confessed)["growing.signal", "value"]
    assert confessed.differences == row.differences
    assert confessed.settles is None and not confessed.fails and "base rate" in confessed.declared


def test_differences_are_those_of_the_five_lengths() -> None:
    """Worked out from the returns themselves."""
    market = invented_market(3, SESSIONS)
    ret = np.diff(np.log(market.column("MKT")[: SESSIONS - 1]))
    last = SESSIONS - 1
    expected = {}
    for length in [last * part // 5 for part in range(1, 6)]:
        expected[length] = np.nan_to_num(ret[last - length :]).sum() / length
    row = rows(Expanding)["growing.signal", "value"]
    assert [length for length, _ in row.differences] == list(expected)
    for length, difference in row.differences:
        one, whole = expected[length], expected[last]
        assert difference == pytest.approx(abs(one - whole) / max(abs(one), abs(whole)), rel=1e-6)


def test_a_window_settles_as_soon_as_it_is_full() -> None:
    row = rows(Windowed)["windowed.signal", "value"]
    lengths = [length for length, _ in row.differences]
    assert row.settles == min(length for length in lengths if length > 100) and not row.fails


def test_a_window_longer_than_declared_is_found() -> None:
    assert rows(TooShort)["short.signal", "value"].fails


def test_a_mind_that_hangs_on_all_prices_is_told_but_ten_years_are_not_there_to_judge() -> None:
    row = rows(AllPrices)["all_prices", "MKT:1"]
    assert row.kind == "mind" and row.settles is None and not row.fails


def test_the_audit_reports_what_fails_and_believes_what_is_declared() -> None:
    market = invented_market(3, SESSIONS)
    failed = audit(Plan(subject(Expanding), market, 450, 1))
    assert [(item.test, item.name) for item in failed.findings] == [("warm_up", "growing.signal")]
    believed = audit(Plan(subject(Confessed), market, 450, 1))
    assert believed.clean and any(row.declared for row in believed.warm_up)
