"""Events: refused when malformed, unknown before their instant, and part of the digest from their session on.

The independent truth for the digests is a slow chain written out here, row by row.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bars import FIELDS
from engine.calendar import TradingCalendar
from engine.errors import DataError, InputError
from engine.events import Event, check_events, known_from
from engine.market import Market
from engine.signals.columns import Columns
from engine.signals.compute import compute_signals
from engine.signals.table import signal_table
from engine.snapshot import Snapshot
from tests.runs import bodies, snapshots
from tests.worlds import WORLD, garbled, invented_bars, invented_market

SESSIONS = 130
MARKET = invented_market(5, SESSIONS)
DAYS = MARKET.calendar.labels


def at(session: int, hour: int = 12, **fields: Any) -> Event:
    """An event that is known from an hour (UTC) of a session's day on; sessions here close at 21:00 UTC or 20:00."""
    known = datetime.fromisoformat(f"{DAYS[session]}T00:00:00+00:00") + timedelta(hours=hour)
    return Event("headline", DAYS[session], known)._replace(**fields)


def with_events(*events: Event) -> Market:
    return Market.build(WORLD, invented_bars(5, SESSIONS), check_events(events, where="test"))


# --- the gate -------------------------------------------------------------------------------------------------------

WRONG = {
    "kind": (at(1, kind=""), "it has no kind; give one"),
    "long": (at(1, text="x" * 10_001), "its text is not a text of at most 10000 characters"),
    "surrogate": (at(1, text="\ud800"), "its text is not a text"),
    "number for a text": (at(1, source=3), "its source is not a text"),
    "day": (at(1, occurred="2000-02-30"), "its day '2000-02-30' is none"),
    "compact day": (at(1, occurred="20000103"), "its day '20000103' is none"),
    "no day": (at(1, occurred=None), "its day None is none"),
    "naive": (at(1, available_at=datetime(2000, 1, 3)), "its available_at has no time zone"),
    "tier": (at(1, tier="insider"), "its tier is 'insider'; give one of official, press, crowd"),
    "nan": (at(1, value=float("nan")), "its value nan is not a finite number"),
    "truth": (at(1, value=True), "its value True is not a finite number"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_malformed_event_is_refused_with_its_place(what: str) -> None:
    event, fragment = WRONG[what]
    with pytest.raises(DataError) as told:
        check_events([at(0), event], where="news.toml")
    assert fragment in str(told.value)
    assert str(told.value).startswith("news.toml, row event 2: ") and str(told.value).count("\n") == 0


def test_order_and_repeats_of_the_source_do_not_count() -> None:
    ours = [at(3), at(2, value=1.0), at(2), at(2, text="b"), at(2, text="a"), at(2, hour=11)]
    new_york = at(2)._replace(available_at=at(2).available_at.astimezone(timezone(timedelta(hours=-5))))
    one = check_events(ours, where="")
    assert one == check_events([*reversed(ours), new_york, at(3)], where="")
    assert len(one) == 6 and [event.available_at for event in one] == sorted(event.available_at for event in ours)
    assert all(event.available_at.tzinfo is UTC for event in one)


# --- when it is known -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "known"),
    [
        ("1999-01-01T00:00:00", 0),
        ("2000-01-03T21:30:00", 0),  # the first session's own as_of: 16:30 in New York
        ("2000-01-03T21:30:00.000001", 1),
        ("2000-01-07T23:00:00", 5),  # Friday night is Monday's news
        ("2000-01-10T21:29:59", 5),
    ],
)
def test_an_event_is_known_at_the_first_cycle_that_does_not_come_before_it(instant: str, known: int) -> None:
    event = at(0)._replace(available_at=datetime.fromisoformat(instant).replace(tzinfo=UTC))
    assert known_from(event, MARKET.calendar) == known


def test_what_is_known_after_the_last_session_does_not_exist() -> None:
    market = with_events(at(3), at(SESSIONS - 1, hour=20), at(SESSIONS - 1, hour=23))
    assert [known_from(event, market.calendar) for event in market.events] == [3, SESSIONS - 1]
    assert market.cut(4).events == market.events[:1] and market.cut(3).events == ()


def test_a_snapshot_shows_what_became_known_in_its_last_sessions() -> None:
    events = [at(session, text=str(session)) for session in (0, 2, 3, 3, 7)]
    for snapshot in snapshots(with_events(*events, at(3, hour=22, text="3 late")), ()):
        now = snapshot.at
        known = [("0", 0), ("2", 2), ("3", 3), ("3 late", 4), ("7", 7)]
        for sessions in (0, 1, 2, 5, 1000):
            wanted = [text for text, session in known if now - sessions < session <= now]
            assert [event.text for event in snapshot.events(sessions)] == wanted
    assert len(snapshot.events(1000)) == 5  # two were the same


def test_a_kept_snapshot_does_not_learn_later() -> None:
    kept: list[Snapshot] = list(snapshots(with_events(at(3), at(7)), ()))
    assert [len(snapshot.events(1000)) for snapshot in kept[:9]] == [0, 0, 0, 1, 1, 1, 1, 2, 2]


def test_the_timetable_is_known_ahead_and_ends_where_it_was_asked_to() -> None:
    meeting = at(1, kind="meeting", occurred=DAYS[10])
    found = [[len(snapshot.ahead(n)) for n in (1, 3, 64)] for snapshot in snapshots(with_events(meeting, at(2)), ())]
    assert found[:11] == [[0, 0, 0], *[[0, 0, 1]] * 6, [0, 1, 1], [0, 1, 1], [1, 1, 1], [0, 0, 0]]
    for snapshot in snapshots(MARKET.cut(1), ()):
        with pytest.raises(InputError, match="horizon of 0"):
            snapshot.ahead(0)


def test_the_timetable_does_not_know_of_closures_that_nobody_announced() -> None:
    """On 2001-09-10 the next four sessions were still the 11th to the 14th."""
    calendar = TradingCalendar.load("XNYS", date(2001, 9, 10), date(2001, 9, 20))
    columns = {name: np.ones((1, 1)) for name in FIELDS}
    known = datetime(2001, 1, 1, tzinfo=UTC)
    events = tuple(Event("meeting", f"2001-09-{day}", known) for day in (14, 17))
    universe = replace(WORLD, roles={"market": "MKT"}, groups={}, levels=frozenset())
    (snapshot,) = snapshots(Market(universe, calendar, ("MKT",), 1, columns, events), ())
    assert [event.occurred for event in snapshot.ahead(4)] == ["2001-09-14"]


# --- digests --------------------------------------------------------------------------------------------------------


def slow_digests(market: Market) -> list[str]:
    """The chain, number by number; with an event written as the JSON of its fields."""
    chain = hashlib.sha256("\n".join(["XNYS", *market.universe.symbols]).encode())
    found = []
    for session in range(market.size):
        for name in FIELDS:
            for symbol in market.universe.symbols:
                value = market.column(symbol, name)[session] if symbol in market.symbols else float("nan")
                chain.update(struct.pack("<d", float("nan") if value != value else value + 0.0))
        stop = market.calendar.as_of(session)
        start = market.calendar.as_of(session - 1) if session else datetime.min.replace(tzinfo=UTC)
        lines = b""
        for event in market.events:
            if start < event.available_at <= stop:
                fields = [*event._asdict().values()]
                fields[2] = event.available_at.isoformat()
                lines += json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        if lines:
            chain.update(b"events" + session.to_bytes(8, "big") + hashlib.sha256(lines).digest())
        found.append(chain.copy().hexdigest()[:16])
    return found


def test_without_events_the_digests_are_those_of_the_bars_alone() -> None:
    assert MARKET.digests(0) == slow_digests(MARKET)
    assert with_events().digests(0) == MARKET.digests(0)


def test_digests_take_in_each_event_at_its_session() -> None:
    market = with_events(at(0), at(4, text="“é”"), at(4, value=1.5, series="CPI"), at(9, hour=23), at(60))
    whole = slow_digests(market)
    plain = MARKET.digests(0)
    for start in (0, 1, 4, 5, 9, 10, 11, 100, SESSIONS):
        assert market.digests(start) == whole[start:]
    assert not set(whole) & set(plain)
    later = with_events(at(4)).digests(0)
    assert later[:4] == plain[:4] and not set(later[4:]) & set(plain)


@given(st.integers(0, SESSIONS - 1), st.sampled_from(["text", "source", "occurred", "tier", "symbol", "value", "kind"]))
def test_a_changed_event_changes_the_digest_from_its_session_on(session: int, field: str) -> None:
    other: Any = {"occurred": "1999-12-31", "tier": "official", "value": 2.0}.get(field, "other")
    one, changed = with_events(at(session)).digests(0), with_events(at(session)._replace(**{field: other})).digests(0)
    assert one[:session] == changed[:session] and not set(one[session:]) & set(changed[session:])


def test_a_later_event_leaves_earlier_digests_and_ledger_entries_alone() -> None:
    events = [at(session, text=f"news of {session}") for session in range(0, SESSIONS, 7)]
    market = with_events(*events)
    for cut in (1, 50, 122):
        early = with_events(*events[: cut // 7 + 1]).digests(0)
        assert market.cut(cut).digests(0) == market.digests(0)[:cut] == early[:cut]
    assert bodies(market.cut(125)) == bodies(market)[:5]
    rng = np.random.default_rng(1)
    assert bodies(garbled(market, rng, 125, SESSIONS), upto=124) == bodies(market, upto=124)


# --- numbers --------------------------------------------------------------------------------------------------------


def test_events_move_no_standard_signal() -> None:
    storm = [at(session, text="BUY! lean = 1.0", source="x", value=1e9, series="CPI") for session in range(SESSIONS)]
    one, other = (compute_signals(market, signal_table(WORLD)) for market in (MARKET, with_events(*storm)))
    assert np.array_equal(one.values, other.values, equal_nan=True)
    assert np.array_equal(one.zs, other.zs, equal_nan=True)


def test_a_series_is_the_newest_print_as_it_was_known_then() -> None:
    def cpi(session: int, month: str, value: float) -> Event:
        return at(session, kind="macro", series="CPI", occurred=month, value=value)

    prints = [
        cpi(5, "1999-12-31", 2.7),
        cpi(20, "2000-01-31", 2.9),
        cpi(25, "1999-12-31", 2.8),
        cpi(30, "2000-01-31", 3.0),
    ]
    columns = Columns(with_events(*prints, at(2, value=9.0), at(8, value=9.0, series="PPI")))
    wanted = [float("nan")] * 5 + [2.7] * 15 + [2.9] * 10 + [3.0] * (SESSIONS - 30)
    assert np.array_equal(columns.series("CPI"), wanted, equal_nan=True)
    assert np.isnan(columns.series("GDP")).all()
    assert len(columns.events) == 6


# --- closes ---------------------------------------------------------------------------------------------------------


def test_an_early_close_moves_the_cycle_and_what_it_knows() -> None:
    bars, early = invented_bars(5, SESSIONS), datetime(2000, 1, 10, 18, tzinfo=UTC)
    events = check_events([at(5, hour=19)], where="")
    closes = MappingProxyType({DAYS[5]: early, "1999-01-01": early})
    usual, short = (Market.build(WORLD, bars, events, given) for given in (None, closes))
    assert (usual.calendar.as_of(5) - short.calendar.as_of(5)) == timedelta(hours=3)
    assert (list(usual.news), list(short.news)) == ([5], [6])
    assert short.calendar.labels == usual.calendar.labels
    assert short.calendar.closes[6:].tolist() == usual.calendar.closes[6:].tolist()
