"""Yahoo as a source, through the real yfinance and a server on the loopback that speaks Yahoo's form.

The independent truth is `tests.yahoo_server`: prices as they were paid, the vendor's view of them on a day, and the
list of what was asked. The days are those of spring 2024, when the New York exchange closed at 20:00 UTC and was shut
on Good Friday (2024-03-29) and Memorial Day (2024-05-27).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.bars import FIELDS, Bars
from engine.errors import DataError, InputError
from engine.sources import bar_cache_file, yahoo_fetch
from engine.sources.base import Loaded
from engine.sources.yahoo import YahooSource
from engine.universe import Universe
from tests.yahoo_server import NOT_FOUND, Fault, Listing, Reply, Row, Stock, YahooServer, serving, utc, weekdays

ROOT = Path(__file__).resolve().parents[2]
HOLIDAYS = (date(2024, 3, 29), date(2024, 5, 27))
DAYS = tuple(day for day in weekdays(date(2024, 3, 4), 70) if day not in HOLIDAYS)
WAVE = tuple(100.0 + (7 * at) % 11 + at / 8 for at in range(len(DAYS)))
SPY = Stock(DAYS, WAVE, tuple(1_000_000 + at for at in range(len(DAYS))))
FRIDAY, MONDAY = date(2024, 5, 3), date(2024, 5, 6)
UNIVERSE = Universe("test", "a test", "XNYS", {"market": "SPY"})


def after(day: date, minutes: int = 30) -> datetime:
    """So many minutes after New York's close in summer time."""
    return datetime.combine(day, time(20, 0), UTC) + timedelta(minutes=minutes)


def listed(stock: Stock, today: date) -> Listing:
    return Listing(stock.seen_on(today), splits=stock.splits, payouts=stock.payouts)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[YahooServer]:
    monkeypatch.setattr(yahoo_fetch, "RETRIES", 0)
    monkeypatch.setattr(bar_cache_file, "SYNCHRONOUS", "OFF")  # no test here cuts the power
    with serving(monkeypatch) as server:
        server.listings["SPY"] = listed(SPY, FRIDAY)
        yield server


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def load(cache: Path, now: datetime, *, universe: Universe = UNIVERSE, until: date | None = None) -> Loaded:
    return YahooSource(now=now, cache=cache).load(universe, until)


def two(symbol: str, *, level: bool = False) -> Universe:
    levels = frozenset([symbol]) if level else frozenset[str]()
    return Universe("test", "a test", "XNYS", {"market": "SPY", "other": symbol}, levels=levels)


def equal(bars: Bars, rows: list[Row]) -> bool:
    return bars.days.tolist() == [row.day for row in rows] and all(
        getattr(bars, name).tolist() == [getattr(row, name) for row in rows] for name in FIELDS
    )


def stored(cache: Path) -> bytes:
    return (cache / "yahoo.sqlite").read_bytes()


# --- what is fetched, and when


def test_the_first_run_asks_and_the_second_asks_nobody(server: YahooServer, cache: Path) -> None:
    server.listings["^VIX"] = listed(SPY, FRIDAY).but(kind="INDEX")
    universe = two("^VIX", level=True)
    first = load(cache, after(FRIDAY), universe=universe)
    assert first.notices == ()
    assert list(first.bars) == ["SPY", "^VIX"]
    assert all(equal(bars, SPY.seen_on(FRIDAY)) for bars in first.bars.values())
    assert {symbol for symbol, _ in server.asked} == {"SPY", "^VIX"}

    before = stored(cache)
    server.close()
    server.forget()
    for now in (after(FRIDAY), after(MONDAY, 29)):  # until Monday's bar is final, Friday's is the last
        again = load(cache, now, universe=universe)
        assert again.notices == () and all(equal(bars, SPY.seen_on(FRIDAY)) for bars in again.bars.values())
    assert server.requests == [] and stored(cache) == before


def test_new_sessions_are_added_and_little_is_asked_again(server: YahooServer, cache: Path) -> None:
    load(cache, after(FRIDAY))
    server.listings["SPY"] = listed(SPY, date(2024, 5, 9))
    server.forget()
    loaded = load(cache, after(date(2024, 5, 9)))
    assert equal(loaded.bars["SPY"], SPY.seen_on(date(2024, 5, 9))) and loaded.notices == ()
    ((_, query),) = server.asked
    asked_from = datetime.fromtimestamp(int(query["period1"]), UTC).date()
    assert asked_from == date(2024, 4, 22), "ten sessions up to the stored end"


def test_until_is_the_end_of_knowledge(server: YahooServer, cache: Path) -> None:
    april = date(2024, 4, 14)  # a Sunday
    early = load(cache, after(FRIDAY), until=april)
    assert equal(early.bars["SPY"], SPY.seen_on(april))
    server.forget()
    assert equal(load(cache, after(FRIDAY), until=FRIDAY).bars["SPY"], SPY.seen_on(FRIDAY))
    assert equal(load(cache, after(date(2024, 6, 7)), until=april).bars["SPY"], SPY.seen_on(april))
    assert equal(load(cache, after(FRIDAY), until=date(2030, 1, 1)).bars["SPY"], SPY.seen_on(FRIDAY))
    assert server.requests == []


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (utc("2024-05-03T15:00"), date(2024, 5, 2)),
        (utc("2024-05-03T20:29:59"), date(2024, 5, 2)),
        (utc("2024-05-03T20:30"), FRIDAY),
        (utc("2024-05-05T12:00"), FRIDAY),
        (utc("2024-05-06T13:31"), FRIDAY),
        (datetime.fromisoformat("2024-05-04T06:00:00+14:00"), date(2024, 5, 2)),  # it is noon on Friday in New York
    ],
)
def test_a_session_that_is_not_over_is_no_bar(server: YahooServer, cache: Path, now: datetime, last: date) -> None:
    rows = SPY.seen_on(MONDAY)
    server.listings["SPY"] = Listing([row for row in rows if row.day <= now.astimezone(UTC).date()])
    assert equal(load(cache, now).bars["SPY"], SPY.seen_on(last))
    server.listings["SPY"] = listed(SPY, MONDAY)
    assert equal(load(cache, after(MONDAY)).bars["SPY"], rows)


def test_rows_after_the_end_that_was_asked_for_are_no_bars(server: YahooServer, cache: Path) -> None:
    """Yahoo has been seen to append the latest prices whatever the end of the request."""
    early = Row(MONDAY, 90.0, 90.0, 90.0, 90.0, 90.0, 1)
    everything = Listing([*SPY.seen_on(FRIDAY), early, *SPY.seen_on(date(2024, 5, 8))[-2:]]).chart("SPY", 0, 2e9)
    server.fault = lambda symbol, query: Reply(200, json.dumps(everything).encode())
    assert equal(load(cache, after(FRIDAY)).bars["SPY"], SPY.seen_on(FRIDAY))
    server.fault = None
    server.listings["SPY"] = listed(SPY, MONDAY)
    assert equal(load(cache, after(MONDAY)).bars["SPY"], SPY.seen_on(MONDAY))


def test_what_still_trades_when_the_exchange_has_closed_is_no_bar(server: YahooServer, cache: Path) -> None:
    """A future's session ends at 17:00 in New York: half an hour after the stocks' close it is still running."""
    oil = listed(SPY, FRIDAY).but(kind="FUTURE", opens=time(0, 0), closes=time(17, 0))
    server.listings["CL=F"] = oil
    loaded = load(cache, after(FRIDAY), universe=two("CL=F"))
    assert equal(loaded.bars["SPY"], SPY.seen_on(FRIDAY))
    assert equal(loaded.bars["CL=F"], SPY.seen_on(date(2024, 5, 2)))
    assert [(note.symbol, note.kind) for note in loaded.notices] == [("CL=F", "late")]
    later = load(cache, after(FRIDAY, 60), universe=two("CL=F"))
    assert equal(later.bars["CL=F"], SPY.seen_on(FRIDAY)) and later.notices == ()


def test_days_are_those_of_the_exchange(server: YahooServer, cache: Path) -> None:
    """Tokyo opens while it is still the day before in UTC."""
    server.listings["^N225"] = listed(SPY, FRIDAY).but(zone="Asia/Tokyo", opens=time(8, 45), closes=time(15, 0))
    loaded = load(cache, after(FRIDAY), universe=two("^N225"))
    assert equal(loaded.bars["^N225"], SPY.seen_on(FRIDAY))


def test_a_late_bar_is_asked_for_until_it_comes_or_half_a_day_has_passed(server: YahooServer, cache: Path) -> None:
    server.listings["SPY"] = listed(SPY, date(2024, 5, 2))
    assert [note.kind for note in load(cache, after(FRIDAY)).notices] == ["late"]
    load(cache, after(FRIDAY, 12 * 60 + 30))
    server.forget()
    again = load(cache, after(FRIDAY, 24 * 60))
    assert server.requests == [] and [note.day for note in again.notices] == ["2024-05-02"]
    server.listings["SPY"] = listed(SPY, MONDAY)
    assert equal(load(cache, after(MONDAY)).bars["SPY"], SPY.seen_on(MONDAY))


# --- a past that changes


def test_a_changed_past_is_told_and_stays(server: YahooServer, cache: Path) -> None:
    load(cache, after(FRIDAY))
    rows = SPY.seen_on(MONDAY)
    wrong = rows[-4]
    rows[-4] = Row(
        wrong.day, wrong.open, wrong.high, wrong.low, (wrong.close or 0) + 0.25, wrong.adj_close, wrong.volume
    )
    server.listings["SPY"] = Listing(rows)
    loaded = load(cache, after(MONDAY))
    assert equal(loaded.bars["SPY"], SPY.seen_on(MONDAY))
    (note,) = loaded.notices
    assert (note.symbol, note.kind, note.day) == ("SPY", "revised", str(wrong.day))
    sentence = (
        f"Yahoo now gives close {(wrong.close or 0) + 0.25}; stored is {wrong.close}, which stays; delete {cache}"
    )
    assert note.detail.startswith(sentence)

    assert load(cache, after(MONDAY)).notices == (note,), "told again by a run that asks nobody"
    tuesday = date(2024, 5, 7)
    server.listings["SPY"] = Listing([*rows, SPY.seen_on(tuesday)[-1]])
    assert load(cache, after(tuesday)).notices == (note,), "and once only"
    assert load(cache, after(tuesday), until=date(2024, 4, 2)).notices == (), "but nothing from beyond the end"

    (cache / "yahoo.sqlite").unlink()  # the way out that the notice names
    fresh = load(cache, after(tuesday))
    assert fresh.notices == () and fresh.bars["SPY"].close[-5] == (wrong.close or 0) + 0.25


SPLIT, EX_DAY = date(2024, 5, 7), date(2024, 5, 14)


@pytest.mark.parametrize(
    ("splits", "payouts", "fields"),
    [
        ({SPLIT: 10.0}, {}, ["close"]),
        ({SPLIT: 0.125}, {}, ["close"]),
        ({}, {EX_DAY: 1.59}, ["adj_close"]),
        ({SPLIT: 3.0}, {EX_DAY: 0.4}, ["close", "adj_close"]),
        ({EX_DAY: 4.0}, {EX_DAY: 0.4}, ["close", "adj_close"]),
    ],
)
def test_returns_across_a_split_and_a_payout_are_the_true_ones(
    server: YahooServer, cache: Path, splits: dict[date, float], payouts: dict[date, float], fields: list[str]
) -> None:
    stock = Stock(DAYS, WAVE, SPY.volumes, splits, payouts)
    runs = [FRIDAY, MONDAY, date(2024, 5, 10), date(2024, 5, 15), date(2024, 6, 3)]
    for run in runs:  # the vendor's past differs at each
        server.listings["SPY"] = listed(stock, run)
        load(cache, after(run))
    loaded = load(cache, after(runs[-1]))
    bars = loaded.bars["SPY"]
    count = len(bars)
    assert bars.days.tolist() == list(DAYS[:count]) and bars.days[-1] == np.datetime64(runs[-1])
    for name, truth in (("close", stock.price_return), ("adj_close", stock.payout_return)):
        column = getattr(bars, name)
        expected = [1.0 + truth(at) for at in range(1, count)]
        np.testing.assert_allclose(column[1:] / column[:-1], expected, rtol=1e-6)
    rebased = [note for note in loaded.notices if note.kind == "rebased"]
    assert ["adjusted" in note.detail for note in rebased] == [name == "adj_close" for name in fields]
    assert {note.kind for note in loaded.notices} == {"rebased"}


def test_a_worked_example_of_a_split_and_a_payout(server: YahooServer, cache: Path) -> None:
    """2:1 on 7 May and 1 paid per new share on 8 May, from prices 100, 100, 60, 57 by hand: 0%, +20%, -5%/(1-1/60)."""
    days = (FRIDAY, MONDAY, SPLIT, date(2024, 5, 8))
    stock = Stock(days, (100.0, 100.0, 60.0, 57.0), (10, 10, 20, 20), {SPLIT: 2.0}, {days[3]: 1.0})
    for run in days:
        server.listings["SPY"] = listed(stock, run)
        load(cache, after(run))
    bars = load(cache, after(days[-1])).bars["SPY"]
    np.testing.assert_allclose(bars.close, [100, 100, 120, 114], rtol=1e-6)
    np.testing.assert_allclose(bars.adj_close, [100, 100, 120, 120 * 57 / 59], rtol=1e-6)
    np.testing.assert_allclose(bars.volume, [10, 10, 10, 10])


def test_another_currency_is_refused(server: YahooServer, cache: Path) -> None:
    load(cache, after(FRIDAY))
    server.listings["SPY"] = listed(SPY, MONDAY).but(meta={"currency": "GBp"})
    with pytest.raises(DataError, match="in GBp and America/New_York, stored is USD and America/New_York; delete"):
        load(cache, after(MONDAY))


def test_a_level_is_never_rescaled(server: YahooServer, cache: Path) -> None:
    server.listings["^VIX"] = listed(SPY, FRIDAY)
    load(cache, after(FRIDAY), universe=two("^VIX", level=True))
    server.listings["^VIX"] = listed(Stock(DAYS, tuple(price / 2 for price in WAVE), SPY.volumes), MONDAY)
    server.listings["SPY"] = listed(SPY, MONDAY)
    loaded = load(cache, after(MONDAY), universe=two("^VIX", level=True))
    assert loaded.bars["^VIX"].close[-1] == np.float32(WAVE[DAYS.index(MONDAY)] / 2)
    assert {note.kind for note in loaded.notices} == {"revised"}


# --- failures


def chart_of(**meta: Any) -> Fault:
    return lambda symbol, query: Reply(
        200, json.dumps(listed(SPY, FRIDAY).but(meta=meta).chart(symbol, 0, 2e9)).encode()
    )


def body(text: str, status: int = 200) -> Fault:
    return lambda symbol, query: Reply(status, text.encode())


def late(symbol: str, query: dict[str, str]) -> Reply | None:
    return Reply(200, b"{}", wait=4.0) if "period1" in query else None


INTERNAL = '{"chart": {"result": null, "error": {"code": "Internal", "description": "No data, sorry"}}}'
EMPTY = '{"chart": {"result": [{"meta": %s, "indicators": {"quote": [{}]}}], "error": null}}'


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (body("Too Many Requests", 429), "Yahoo takes no more requests for now (HTTP 429); wait some minutes"),
        (body("<html>Bad Gateway</html>", 502), "Yahoo answered HTTP 502; run again later"),
        (body(INTERNAL, 500), "Yahoo answered HTTP 500 (No data, sorry); run again later"),
        (body(INTERNAL, 401), "Yahoo answered HTTP 401"),
        (body("<html>login to this hotel's network</html>", 404), "Yahoo answered HTTP 404"),
        (body("<html>login to this hotel's network</html>"), "Yahoo's answer makes no sense"),
        (body("Will be right back"), "Yahoo's answer makes no sense"),
        (body(""), "Yahoo's answer makes no sense"),
        (body("{}"), "Yahoo's answer makes no sense"),
        (body("[1, 2]"), "Yahoo's answer makes no sense"),
        (body('{"chart": {"result": [], "error": null}}'), "Yahoo's answer makes no sense"),
        (body(EMPTY % json.dumps(Listing([])._meta("SPY"))), "Yahoo answered without a single bar"),
        (body(EMPTY % "{}"), "Yahoo's answer makes no sense"),
        (chart_of(exchangeTimezoneName="Mars/Olympus"), "Yahoo's answer makes no sense"),
        (chart_of(exchangeTimezoneName=None), "Yahoo's answer makes no sense"),
        (chart_of(currency=["USD"]), "Yahoo's answer makes no sense (currency ['USD'])"),
        (chart_of(currency="a pound of flesh"), "Yahoo's answer makes no sense (currency 'a pound of flesh')"),
        (chart_of(dataGranularity="1mo"), "Yahoo's answer makes no sense (bars of 1mo, not of a day)"),
        (lambda symbol, query: Reply(0), "Yahoo could not be reached"),
        (late, "Yahoo could not be reached (Timeout"),
    ],
)
def test_a_failure_is_one_sentence_and_stores_nothing(
    server: YahooServer, cache: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault, says: str
) -> None:
    if fault is late:  # long enough for everything else on a busy machine
        monkeypatch.setattr(yahoo_fetch, "TIMEOUT_SECONDS", 1.5)
    universe = two("ZZZ")
    server.listings["ZZZ"] = server.listings["SPY"]
    for faulty in ("SPY", "ZZZ"):  # for the market and for any other: a failure is no absence

        def only(symbol: str, query: dict[str, str], faulty: str = faulty) -> Reply | None:
            return fault(symbol, query) if symbol == faulty else None

        server.fault = only
        with pytest.raises(DataError) as caught:
            load(cache, after(FRIDAY), universe=universe)
        assert str(caught.value).startswith(f"symbol {faulty}: {says}"), str(caught.value)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    server.fault = None
    loaded = load(cache, after(FRIDAY), universe=universe)
    assert loaded.notices == () and all(equal(bars, SPY.seen_on(FRIDAY)) for bars in loaded.bars.values())


def test_a_failure_leaves_what_was_stored(server: YahooServer, cache: Path) -> None:
    load(cache, after(FRIDAY))
    before = stored(cache)
    server.fault = body("Too Many Requests", 429)
    with pytest.raises(DataError, match="429"):
        load(cache, after(MONDAY))
    assert stored(cache) == before
    assert equal(load(cache, after(MONDAY), until=FRIDAY).bars["SPY"], SPY.seen_on(FRIDAY)), "which needs no network"


def test_no_network(server: YahooServer, cache: Path) -> None:
    server.close()
    with pytest.raises(DataError, match=r"symbol SPY: Yahoo could not be reached \(.*check the network and run again"):
        load(cache, after(FRIDAY))


def test_a_broken_connection_is_tried_again(server: YahooServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    naps = list[float]()
    monkeypatch.setattr(yahoo_fetch, "RETRIES", 2)
    monkeypatch.setattr("yfinance.data._time.sleep", naps.append)
    broken = iter([Reply(0), Reply(0)])
    server.fault = lambda symbol, query: next(broken, None)
    assert equal(load(cache, after(FRIDAY)).bars["SPY"], SPY.seen_on(FRIDAY))
    assert [nap for nap in naps if nap] == [1, 2]


def test_an_unknown_symbol_is_absent_with_its_reason(server: YahooServer, cache: Path) -> None:
    universe = two("US2Y")
    loaded = load(cache, after(FRIDAY), universe=universe)
    assert list(loaded.bars) == ["SPY"]
    (note,) = loaded.notices
    assert (note.symbol, note.kind) == ("US2Y", "absent") and NOT_FOUND["description"] in note.detail
    server.forget()
    assert load(cache, after(FRIDAY), universe=universe).notices == (note,)
    assert server.requests == [], "the answer is remembered until the next session"
    server.listings |= {"US2Y": listed(SPY, MONDAY), "SPY": listed(SPY, MONDAY)}
    loaded = load(cache, after(MONDAY), universe=universe)
    assert equal(loaded.bars["US2Y"], SPY.seen_on(MONDAY)) and loaded.notices == ()


def test_a_market_that_was_absent_elsewhere_is_asked_for(server: YahooServer, cache: Path) -> None:
    load(cache, after(FRIDAY), universe=two("QQQ"))
    server.listings["QQQ"] = server.listings["SPY"]
    other = Universe("other", "another", "XNYS", {"market": "QQQ"})
    assert equal(load(cache, after(FRIDAY), universe=other).bars["QQQ"], SPY.seen_on(FRIDAY))


def test_an_unknown_market_is_an_error(server: YahooServer, cache: Path) -> None:
    del server.listings["SPY"]
    for _ in range(2):
        with pytest.raises(DataError, match="symbol SPY: Yahoo says: No data found, symbol may be delisted; check"):
            load(cache, after(FRIDAY))


def test_a_symbol_without_a_bar_before_the_end(server: YahooServer, cache: Path) -> None:
    server.listings["NEW"] = Listing(SPY.seen_on(FRIDAY)[-3:])
    loaded = load(cache, after(FRIDAY), universe=two("NEW"), until=date(2024, 4, 2))
    assert list(loaded.bars) == ["SPY"]
    assert [(note.symbol, note.kind, note.day) for note in loaded.notices] == [("NEW", "empty", "")]
    with pytest.raises(DataError, match="no bar up to 2024-02-29 of the symbol that plays the market"):
        load(cache, after(FRIDAY), until=date(2024, 2, 29))


def test_a_symbol_that_is_delisted_keeps_its_bars(server: YahooServer, cache: Path) -> None:
    server.listings["TWTR"] = listed(SPY, FRIDAY)
    load(cache, after(FRIDAY), universe=two("TWTR"))
    del server.listings["TWTR"]
    server.listings["SPY"] = listed(SPY, MONDAY)
    loaded = load(cache, after(MONDAY), universe=two("TWTR"))
    assert equal(loaded.bars["TWTR"], SPY.seen_on(FRIDAY))
    assert [(note.symbol, note.kind) for note in loaded.notices] == [("TWTR", "absent"), ("TWTR", "late")]
    assert load(cache, after(MONDAY), universe=two("TWTR"), until=FRIDAY).notices == ()


def test_a_bad_bar_is_left_out_and_told(server: YahooServer, cache: Path) -> None:
    rows = SPY.seen_on(FRIDAY)
    rows[3] = Row(rows[3].day, 100.0, 100.0, 101.0, 100.0, 100.0, 5)  # the high is below the low
    rows[7] = Row(rows[7].day, 100.0, None, 99.0, 100.0, 100.0, 5)
    server.listings["SPY"] = Listing(rows)
    loaded = load(cache, after(FRIDAY))
    assert equal(loaded.bars["SPY"], [row for at, row in enumerate(rows) if at not in (3, 7)])
    notes = {note.day: note for note in loaded.notices if note.kind == "bad"}
    assert sorted(notes) == [str(rows[3].day), str(rows[7].day)]
    assert notes["2024-03-13"].detail == "the high of 2024-03-13 is missing; the bar is left out"
    assert [note.times for note in loaded.notices if note.kind == "gap"] == [2]
    assert load(cache, after(FRIDAY)).notices == loaded.notices


def test_a_bad_last_bar_is_waited_for(server: YahooServer, cache: Path) -> None:
    rows = SPY.seen_on(FRIDAY)
    server.listings["SPY"] = Listing([*rows[:-1], Row(FRIDAY, None, None, None, 100.0, 100.0, 5)])
    loaded = load(cache, after(FRIDAY))
    assert equal(loaded.bars["SPY"], rows[:-1])
    assert [note.kind for note in loaded.notices] == ["late"]
    server.listings["SPY"] = listed(SPY, FRIDAY)
    loaded = load(cache, after(FRIDAY, 40))
    assert equal(loaded.bars["SPY"], rows) and loaded.notices == ()


def test_too_many_bad_bars_are_refused(server: YahooServer, cache: Path) -> None:
    rows = [Row(row.day, 1.0, 1.0, 2.0, 1.0, 1.0, 0) for row in SPY.seen_on(FRIDAY)]
    server.listings["SPY"] = Listing(rows)
    with pytest.raises(DataError, match=r"symbol SPY, Yahoo: on .* the high 1 is below the low 2; take it out of"):
        load(cache, after(FRIDAY))


def test_a_damaged_store_is_refused(server: YahooServer, cache: Path) -> None:
    load(cache, after(FRIDAY))
    whole = stored(cache)
    (cache / "yahoo.sqlite").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="move that file away or delete it"):
        load(cache, after(FRIDAY))
    assert stored(cache) == whole[: len(whole) // 2]


def test_another_run_was_faster(server: YahooServer, cache: Path) -> None:
    """While Yahoo answers one run, another stores the same sessions: its bars stand, and nothing is stored twice."""
    load(cache, after(FRIDAY))
    server.listings["SPY"] = listed(SPY, date(2024, 5, 8))

    def meanwhile(symbol: str, query: dict[str, str]) -> None:
        server.fault = None
        load(cache, after(MONDAY))

    server.fault = meanwhile
    loaded = load(cache, after(date(2024, 5, 8)))
    assert equal(loaded.bars["SPY"], SPY.seen_on(date(2024, 5, 8))) and loaded.notices == ()


# --- manners


def test_home_stays_clean_and_yfinance_is_left_as_it_was(server: YahooServer, cache: Path) -> None:
    import yfinance

    before = sorted(Path.home().rglob("*"))
    settings = (yfinance.config.debug.hide_exceptions, yfinance.config.network.retries)
    load(cache, after(FRIDAY), universe=two("GONE"))
    assert sorted(Path.home().rglob("*")) == before
    assert (yfinance.config.debug.hide_exceptions, yfinance.config.network.retries) == settings
    assert sorted(item.name for item in cache.iterdir()) == ["yahoo.sqlite", "yfinance"]


def test_without_yfinance_the_sentence_says_how_to_get_it(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(InputError, match=r"pip install 'workshop-desk\[yahoo\]'"):
        load(cache, after(FRIDAY))


def test_an_instant_needs_a_time_zone(cache: Path) -> None:
    with pytest.raises(InputError, match="has no time zone"):
        YahooSource(now=datetime(2024, 5, 3, 21), cache=cache)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = ("yfinance", "curl_cffi", "pandas", "exchange_calendars", "peewee", "requests")
    code = f"import sys, engine.sources, engine.sources.yahoo; print([name for name in {heavy} if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
