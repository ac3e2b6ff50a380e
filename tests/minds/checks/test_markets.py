"""The invented markets are what the checks need: repeatable, troubled, sound as bars, and changed only where asked."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.market import Market
from engine.signals.compute import compute_signals
from engine.signals.table import signal_table
from minds.checks.door import Notes, noted
from minds.checks.markets import SESSIONS, garbled, invented, reworded, without
from minds.checks.trial import TARGETS, Trial, lost
from tests.minds.checks.offenders import Sound
from tests.worlds import same_bits

MARKET = invented()


def test_it_is_the_same_every_time() -> None:
    assert MARKET.size == SESSIONS
    assert invented.__wrapped__().digests(SESSIONS - 1) == MARKET.digests(SESSIONS - 1)


def test_every_signal_finds_its_scale_in_time() -> None:
    frame = compute_signals(MARKET, signal_table(MARKET.universe, [target.symbol for target in TARGETS]))
    assert not frame.index.absent.keys() - {"curve.slope_5y", "equal_weight"}
    late = [name for name, row in frame.index.at.items() if np.isnan(frame.zs[row, :640]).all()]
    assert [name for name in late if ".vol_forecast_" not in name and not name.endswith(".ewma_vol")] == []


def test_there_are_holes_late_listings_halts_spikes_and_events() -> None:
    close = MARKET.columns["close"]
    holes = np.isnan(close).sum(axis=1)
    assert (holes > 0).sum() >= 20 and (holes > 500).any() and holes[MARKET.rows["SPY"]] == 2
    moves = np.abs(np.diff(np.log(np.where(close > 0.0, close, np.nan)), axis=1))
    assert (np.nanmax(moves, axis=1) > 1.5).any(), "a bad tick"
    assert ((moves == 0.0).sum(axis=1) >= 29).any(), "a bar that is repeated"
    assert {event.kind for event in MARKET.events} == {"headline", "filing", "macro", "meeting"}
    on_time = [event for event in MARKET.events if event.kind in ("headline", "filing")]
    assert any(str(event.available_at.date()) > event.occurred for event in on_time), "a late filing"
    assert any(str(event.available_at.date()) < event.occurred for event in MARKET.events), "a timetable"


def before_and_after(other: Market, size: int) -> tuple[bool, bool]:
    """Whether bars before session `size` are the same to the bit, and whether those after are."""
    pairs = [(MARKET.columns[name], other.columns[name]) for name in MARKET.columns]
    return (
        all(same_bits(one[:, :size], two[:, :size]) for one, two in pairs),
        all(same_bits(one[:, size:], two[:, size:]) for one, two in pairs),
    )


@pytest.mark.parametrize("size", [1, 260, 699])
def test_noise_begins_where_it_is_told_to(size: int) -> None:
    assert before_and_after(garbled(MARKET, size, 3), size) == (True, False)


def test_bars_are_taken_away_where_asked_and_nowhere_else() -> None:
    other = without(MARKET, ["SPY", "no such symbol"], [400, 2], 30)
    gone = np.isnan(other.column("SPY")) & ~np.isnan(MARKET.column("SPY"))
    asked = {*range(370, 401), 0, 1, 2} - {SESSIONS // 2, SESSIONS // 3}
    assert set(np.flatnonzero(gone)) == asked
    assert same_bits(other.column("QQQ"), MARKET.column("QQQ"))


def test_other_words_are_all_that_changes_in_events() -> None:
    other = reworded(MARKET, "Sell")
    assert {event.text for event in other.events} == {"Sell"}
    assert [event._replace(text="", source="") for event in other.events] == [
        event._replace(text="", source="") for event in MARKET.events
    ]
    assert before_and_after(other, SESSIONS) == (True, True)


def test_a_lost_signal_is_lost_on_its_day_only() -> None:
    stage = Trial(Sound).stage
    other = lost(stage, ["market.ret_21d"], [650])
    for at in (649, 650, 651):
        one, two = stage.snapshot(at), other.snapshot(at)
        for name in one.names():
            if (name, at) == ("market.ret_21d", 650):
                assert two.z(name) is None and two.value(name) is None and two.seen(name)
            else:
                assert (one.value(name), one.z(name), one.seen(name)) == (two.value(name), two.z(name), two.seen(name))


def test_a_snapshot_of_a_stage_holds_nothing_later() -> None:
    snapshot = Trial(Sound).stage.snapshot(300)
    assert len(snapshot.history("market", 10_000)) == 301
    assert date.fromisoformat(snapshot.session) == MARKET.calendar.days[300].item()
    assert all(event.available_at <= snapshot.as_of for event in snapshot.events(10_000))


def test_the_door_notes_what_is_asked_and_hides_what_is_private() -> None:
    notes, snapshot = Notes(), Trial(Sound).stage.snapshot(650)
    door = noted(snapshot, notes)
    assert isinstance(door, type(snapshot))
    assert (door.session, door.at, door.z("market.ret_21d")) == (snapshot.session, 650, snapshot.z("market.ret_21d"))
    assert door.values_and_zs(("growth.ret_1d",)) == snapshot.values_and_zs(("growth.ret_1d",))
    assert door.price(symbol="GLD") == snapshot.price("GLD")
    door.history("small", 5)
    with pytest.raises(ValueError, match=r"no signal is called 'tide'"):
        door.value("tide")
    with pytest.raises(AttributeError, match="_feed of a snapshot is private"):
        door._feed  # noqa: B018  # looking is the point
    assert notes == Notes({"market.ret_21d", "growth.ret_1d"}, {"tide"}, {"GLD", "IWM"}, {"_feed"})
