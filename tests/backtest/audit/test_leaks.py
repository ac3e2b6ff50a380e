"""The audit flags every planted leak, names who is to blame, and says nothing of those who are honest.

The truth is in the docstrings of the leaks: what each looks at is known, so the bar that must be named is known too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from backtest.audit.audit import Plan, audit
from backtest.audit.findings import Finding, Report
from engine.claims import Target
from engine.market import Market
from tests.backtest.audit.leaks.in_minds import IN_MINDS
from tests.backtest.audit.leaks.in_signals import IN_SIGNALS
from tests.backtest.audit.leaks.roster import subject
from tests.worlds import invented_market

TARGETS = (Target("MKT", "market", 1), Target("GRO", "growth", 2))
START, DATES = 200, 4
BUILT_IN = {"macro", "flow", "contrarian", "rules", "sma200"}

GROWTH_NEXT_DAY = {
    "tomorrow": "adj_close", "centred": "adj_close", "scaled": "adj_close", "whole_block": "adj_close",
    "reaches_high": "high", "denoised": "adj_close",
}  # fmt: skip
"""Leaks that look at growth's bar of the next session, whatever else they look at, and the field that they read."""
OTHER_SYMBOL = {"filled_back": "HYC", "interpolated": "AU", "count_of_holes": "USDX"}


def market() -> Market:
    return invented_market(7, 330)


def run(minds: Sequence[str], models: Sequence[str], start: int = START, dates: int = DATES) -> Report:
    return audit(Plan(subject(minds, models, TARGETS), market(), start, dates))


@pytest.fixture(scope="module")
def signals() -> Report:
    return run(list(IN_SIGNALS), ["rules", "smoother"])


@pytest.fixture(scope="module")
def minds() -> Report:
    return run(list(IN_MINDS), ["sma200", "fitted_on_all"], 270, 2)


def blamed(report: Report, name: str) -> list[Finding]:
    return [item for item in report.findings if item.name == name]


# --- signals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IN_SIGNALS)
def test_a_leaking_signal_is_named_and_so_is_the_mind_that_reads_it(signals: Report, name: str) -> None:
    (found,) = [item for item in blamed(signals, f"{name}.signal") if item.test == "future"]
    assert found.kind == "signal" and found.session <= found.why[-1000:].split("after ")[1][:10]
    assert found.bar, found.says()
    led = {(item.kind, item.name, item.cause_kind, item.cause) for item in signals.followed}
    assert ("mind", name, "signal", f"{name}.signal") in led
    assert not blamed(signals, name), "the mind did nothing wrong itself"


@pytest.mark.parametrize(("name", "field"), GROWTH_NEXT_DAY.items())
def test_the_bar_that_gave_it_away_is_the_one_it_reads(signals: Report, name: str, field: str) -> None:
    (found,) = blamed(signals, f"{name}.signal")
    labels, words = market().calendar.labels, found.why.split("after ")[1][:10]
    assert found.bar == f"GRO {field} {labels[labels.index(words) + 1]}"


@pytest.mark.parametrize(("name", "symbol"), OTHER_SYMBOL.items())
def test_the_symbol_that_gave_it_away_is_the_one_it_reads(signals: Report, name: str, symbol: str) -> None:
    (found,) = blamed(signals, f"{name}.signal")
    assert found.bar.startswith(f"{symbol} adj_close 2001-") or found.bar.startswith(f"{symbol} adj_close 2000-")


def test_the_event_that_gave_it_away_came_out_later_than_the_day_it_is_about(signals: Report) -> None:
    for name, kind in (("filed_late", "filing"), ("revised", "macro")):
        (found,) = blamed(signals, f"{name}.signal")
        assert found.bar.startswith(f"the {kind} on ")
        about, known = (found.bar.split(word)[1][:10] for word in ("about ", "known from "))
        assert about <= found.session < known


def test_a_model_moves_with_the_signal_that_was_estimated_on_all_of_history(signals: Report) -> None:
    assert [item.kind for item in blamed(signals, "smoother.rough")] == ["signal"]
    assert ("smoother", "smoother.rough") in {(item.name, item.cause) for item in signals.followed}


def test_some_leaks_show_in_troubled_histories_alone(signals: Report) -> None:
    """Without holes and spikes at the present these would have passed."""
    ill = {item.name for item in signals.findings if "in a history with holes" in item.why}
    assert {"interpolated.signal", "spike_ahead.signal"} <= ill


# --- minds and models -----------------------------------------------------------------------------------------------

EXPECTED = {
    "frame_walker": ("future", ""), "raiser": ("future", ""), "next_session": ("future", "shut for days"),
    "collector": ("outside", "lists the objects"), "file_reader": ("outside", "_GSPC.csv.gz"),
    "hindsight": ("dates", "the year"), "remembers": ("memory", "remembers earlier runs"),
    "counts": ("memory", "remembers earlier runs"), "learns": ("memory", "remembers the first"),
    "clock": ("memory", "the clock"), "sly_clock": ("memory", "the clock"), "dice": ("memory", "random numbers"),
    "environment": ("memory", "the environment"), "set_order": ("memory", "the order of a set"),
}  # fmt: skip


def test_every_planted_mind_has_an_expectation() -> None:
    assert set(EXPECTED) == set(IN_MINDS)
    assert len(IN_SIGNALS) + len(IN_MINDS) >= 20


@pytest.mark.parametrize("name", EXPECTED)
def test_a_leaking_mind_is_named_with_its_cause(minds: Report, name: str) -> None:
    test, words = EXPECTED[name]
    found = [item for item in blamed(minds, name) if item.test == test]
    assert found and found[0].kind == "mind" and words in found[0].why, [item.says() for item in blamed(minds, name)]


@pytest.mark.parametrize("name", ["frame_walker", "raiser"])
def test_the_bar_behind_a_peeking_mind_is_the_next_one_of_its_target(minds: Report, name: str) -> None:
    (found,) = [item for item in blamed(minds, name) if item.test == "future"]
    labels = market().calendar.labels
    symbol, field, day = found.bar.split()
    assert (symbol, field) == (found.part.split(":")[0], "adj_close")
    assert labels.index(day) == labels.index(found.session) + 1


def test_a_model_that_fits_on_what_it_finds_up_the_stack_is_to_blame_itself(minds: Report) -> None:
    found = {item.test: item for item in blamed(minds, "fitted_on_all")}
    assert found["future"].kind == "regime" and found["future"].part == "score"
    assert found["future"].bar.startswith("MKT adj_close ")
    assert "frames" in found["outside"].why


def test_a_calendar_is_no_bar(minds: Report) -> None:
    assert all(item.bar == "" for item in blamed(minds, "next_session"))


# --- minds among minds ----------------------------------------------------------------------------------------------


def test_who_writes_into_the_data_is_named_and_who_reads_them_is_not() -> None:
    report = run(["a_writer", "follower"], ["rules"], 280, 1)
    assert {item.name for item in report.findings} == {"a_writer"}
    assert any("writes into the data" in item.why for item in report.findings)
    assert any("changes what follower says" in item.why for item in report.findings)


def test_a_signal_that_changes_the_data_is_named_and_nobody_else() -> None:
    report = run(["overwrites", "follower"], ["rules"], 280, 1)
    assert [(item.kind, item.name) for item in report.findings] == [("signal", "overwrites.signal")]
    assert "writes into the data" in report.findings[0].why


def test_who_whispers_and_who_listens_are_both_named() -> None:
    report = run(["a_whisperer", "listener"], ["rules"], 280, 1)
    assert {item.name for item in report.findings} == {"a_whisperer", "listener"}


# --- the honest -----------------------------------------------------------------------------------------------------


def test_the_built_in_ones_among_leaks_are_not_blamed(signals: Report, minds: Report) -> None:
    for report in (signals, minds):
        planted = {f"{name}.signal" for name in IN_SIGNALS} | {*IN_MINDS, "smoother.rough", "fitted_on_all"}
        assert {item.name for item in report.findings} <= planted
        assert not BUILT_IN & {item.name for item in report.findings}


def test_the_built_in_ones_are_clean_in_a_world_of_every_trouble() -> None:
    report = audit(Plan(subject([], ["rules", "sma200"], TARGETS), invented_market(8, 420), 340, 4))
    assert report.clean, [item.says() for item in report.findings]
    assert not report.followed and not report.notes
    assert np.isin(["macro", "flow", "contrarian"], report.checked["minds"]).all()
