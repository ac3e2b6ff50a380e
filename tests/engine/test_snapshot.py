"""The snapshot is a wall: copies only, nothing behind it after its session, and a reason for all that is missing."""

from __future__ import annotations

import gc
import math
import types
from collections.abc import Iterator

import numpy as np
import pytest

from engine.bars import FIELDS
from engine.claims import Target
from engine.errors import InputError
from engine.market import Market
from engine.signals.spec import SignalSpec
from engine.signals.table import signal_table
from engine.snapshot import Feed, Snapshot, session_rows
from engine.universe import Universe
from minds.view import Abstention, View
from regimes.reading import RegimeReading
from tests.runs import TARGETS, made_up, records, snapshots
from tests.worlds import WORLD, invented_market, replaced

NAN = math.nan
SESSIONS = 160
MARKET = invented_market(3, SESSIONS)


def small(lags: dict[str, int] | None = None) -> Market:
    """Market M (1, 2, 3, ...) and gold G, which has no bar on sessions 0 and 3."""
    sessions = 6
    prices = np.arange(1.0, sessions + 1)
    gold = np.where(np.isin(np.arange(sessions), [0, 3]), np.nan, 10.0 * prices)
    columns = {name: np.array([gold, prices]) + place / 100 for place, name in enumerate(FIELDS)}
    roles = {"market": "M", "gold": "G"}
    found = Universe("small", "", "XNYS", roles, lags=lags or {}, missing={"oil": "nobody sells it"})
    return Market(found, MARKET.calendar, ("G", "M"), sessions, columns)


def at(place: int, *specs: SignalSpec, market: Market | None = None) -> Snapshot:
    """The snapshot of one session."""
    return list(snapshots(small() if market is None else market, specs))[place]


# --- nothing after `at` ---------------------------------------------------------------------------------------------


def arrays_behind(thing: object) -> Iterator[np.ndarray]:
    """Every array that can be reached from an object by any path of references, private or not.

    Types and modules are not followed (through them everything leads to everything), of functions only what they close
    over.
    """
    seen, stack = {id(thing)}, [thing]
    while stack:
        item = stack.pop()
        if isinstance(item, np.ndarray):
            yield item
        if isinstance(item, types.FunctionType):
            found = [cell.cell_contents for cell in item.__closure__ or ()]
        else:
            found = gc.get_referents(item)
            base = getattr(item, "base", None) if isinstance(item, np.ndarray) else None
            found += [base] if base is not None else []
        for other in found:
            if id(other) not in seen and not isinstance(other, type | types.ModuleType):
                seen.add(id(other))
                stack.append(other)


def test_the_search_for_arrays_finds_what_is_hidden() -> None:
    secret = np.array([7e6])

    def closes_over_it() -> np.ndarray:
        return secret

    for hidden in ([{"a": (secret,)}], secret[:0], closes_over_it):
        assert any((array == 7e6).any() for array in arrays_behind(hidden))


class Spy:
    """A mind that looks for tomorrow wherever it can."""

    name = "spy"

    def __init__(self) -> None:
        self.looked = 0
        self.found: list[str] = []

    def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
        """Every price is the number of its session and a fraction: a later one gives itself away."""
        for array in arrays_behind(snapshot):
            self.looked += array.size
            if array.dtype.kind == "f" and (array >= 1e6 + snapshot.at + 1).any():
                self.found.append(snapshot.session)
        for symbol in ("MKT", "GRO"):
            for name in FIELDS:
                tomorrow = [snapshot._feed.price(symbol, place, name) for place in range(snapshot.at + 1, SESSIONS)]
                assert tomorrow == [None] * len(tomorrow)
            assert not (snapshot._feed.history(symbol, SESSIONS, SESSIONS, "close") >= 1e6 + snapshot.at + 1).any()
        return Abstention(self.name, target.key, "it was looking around")


def test_no_path_of_references_leads_from_a_snapshot_to_a_later_bar() -> None:
    rng = np.random.default_rng(1)
    shape = (len(MARKET.symbols), SESSIONS)
    numbered = {name: 1e6 + np.arange(SESSIONS) + rng.uniform(0.0, 0.9, shape) for name in FIELDS}
    spy = Spy()
    records(replaced(MARKET, numbered), 100, TARGETS[:1], [spy])
    assert spy.looked > SESSIONS, "the search saw nothing at all, so it proves nothing"
    assert spy.found == []


# --- copies ---------------------------------------------------------------------------------------------------------


def test_what_a_snapshot_hands_out_belongs_to_the_one_who_asked() -> None:
    before = {name: column.copy() for name, column in MARKET.columns.items()}
    for snapshot in snapshots(MARKET, ()):
        for name in ("adj_close", "volume"):
            found = snapshot.history("market", 20, name)
            assert found.base is None and found.flags.owndata and found.flags.writeable
            known = found.copy()
            found[:] = -1.0
            assert np.array_equal(snapshot.history("market", 20, name), known, equal_nan=True)
            assert np.array_equal(known, before[name][MARKET.rows["MKT"]][max(snapshot.at - 19, 0) : snapshot.at + 1],
                                  equal_nan=True)  # fmt: skip
    assert all(np.array_equal(MARKET.columns[name], column, equal_nan=True) for name, column in before.items())


@pytest.mark.parametrize("asked", [0, 1, 3, 6, 1000])
def test_history_ends_today_and_is_as_long_as_there_is(asked: int) -> None:
    for snapshot in snapshots(small(), ()):
        wanted = [float(place + 1) + 0.04 for place in range(snapshot.at + 1)][-asked:] if asked else []
        assert snapshot.history("market", asked) == pytest.approx(wanted)
        assert len(snapshot.history("G", asked)) == len(wanted)
    assert np.isnan(at(3).history("gold", 1, "open")).all()


def test_prices_are_those_of_the_session_and_of_no_other() -> None:
    for snapshot in snapshots(small(), ()):
        assert snapshot.price("M") == snapshot.at + 1 + 0.03  # the fourth field, the quoted close
        assert snapshot.price("M", "open") == snapshot.at + 1
        assert snapshot.price("G", "open") == (None if snapshot.at in (0, 3) else 10.0 * (snapshot.at + 1))
        assert snapshot.price("NOBODY") is None


def test_it_knows_where_and_when_it_is() -> None:
    for place, snapshot in enumerate(snapshots(small(), ())):
        assert (snapshot.at, snapshot.session, snapshot.data) == (place, MARKET.calendar.labels[place], f"data-{place}")
        assert snapshot.as_of.isoformat() == f"{snapshot.session}T21:30:00+00:00"  # 16:30 in New York, in winter
        assert snapshot.universe.name == "small"


# --- signals --------------------------------------------------------------------------------------------------------


def test_values_and_scores_are_what_the_signal_says_and_scores_stop_at_three() -> None:
    spec = made_up("s", [0.5, NAN, -7.0, math.inf, 2.0, NAN], [1.0, 2.0, 3.0, 4.0, math.inf, NAN])
    found = [(snapshot.value("s"), snapshot.z("s")) for snapshot in snapshots(small(), [spec])]
    assert found == [(1.0, 0.5), (2.0, None), (3.0, -3.0), (4.0, None), (None, None), (None, None)]


def test_a_missing_signal_is_none_and_an_undeclared_one_is_refused() -> None:
    snapshot = at(0, made_up("s", [NAN] * 6))
    assert snapshot.names() == ("s",) and snapshot.has("s") and not snapshot.has("t")
    assert snapshot.value("s") is None and snapshot.z("s") is None and snapshot.signal("s") is None
    for ask in (snapshot.value, snapshot.z, snapshot.seen, snapshot.signal, snapshot.why_missing):
        with pytest.raises(InputError, match=r"no signal is called 't'.*names\(\)"):
            ask("t")


def test_seen_from_the_first_score_on() -> None:
    specs = [made_up("s", [NAN, NAN, 1.0, NAN, NAN, 0.0]), made_up("never", [NAN] * 6, [1.0] * 6)]
    found = [(snapshot.seen("s"), snapshot.seen("never")) for snapshot in snapshots(small(), specs)]
    assert found == [(False, False), (False, False), (True, False), (True, False), (True, False), (True, False)]


def test_an_old_value_stands_in_until_it_is_too_old_and_shows_its_age() -> None:
    spec = made_up("s", [1.0, NAN, NAN, NAN, 2.0, NAN], max_age=2)
    found = [snapshot.signal("s") for snapshot in snapshots(small(), [spec])]
    days = MARKET.calendar.labels
    shown = [None if item is None else (item.value, item.z, item.age, item.as_of, item.max_age) for item in found]
    assert shown == [
        (10.0, 1.0, 0, days[0], 2), (10.0, 1.0, 1, days[0], 2), (10.0, 1.0, 2, days[0], 2), None,
        (20.0, 2.0, 0, days[4], 2), (20.0, 2.0, 1, days[4], 2),
    ]  # fmt: skip


def test_the_lag_of_an_input_counts_as_age() -> None:
    spec = made_up("s", [1.0] * 6, roles=("market", "gold"))
    reading = at(4, spec, market=small({"G": 3})).signal("s")
    assert reading is not None
    assert (reading.age, reading.as_of) == (3, MARKET.calendar.labels[1])


def test_observations_are_counted_in_the_window_of_the_input_that_has_fewest() -> None:
    spec = made_up("s", [1.0] * 6, window=4, roles=("market", "gold"))
    found = [snapshot.signal("s") for snapshot in snapshots(small(), [spec])]
    # A window of four returns spans five prices; gold lacks sessions 0 and 3.
    assert [item.n_obs for item in found if item is not None] == [0, 1, 2, 2, 3, 4]


def test_every_kind_of_absence_has_its_reason() -> None:
    specs = (
        made_up("there", [1.0] * 6),
        made_up("no_scale", [NAN] * 6, [1.0] * 6),
        made_up("no_bar", [NAN] * 6, roles=("gold",)),
        made_up("short", [NAN] * 6, window=9),
        made_up("odd", [NAN] * 6, window=1),
    )
    reasons = {spec.name: at(3, *specs).why_missing(spec.name) for spec in specs}
    assert reasons["there"] == ""
    assert "history is too short" in reasons["no_scale"]
    assert reasons["no_bar"] == f"no bar for G on {MARKET.calendar.labels[3]}"
    assert reasons["short"] == "M has 4 of the 9 sessions that it needs"
    assert reasons["odd"]


def test_a_role_that_a_universe_does_not_fill_gives_its_own_reason() -> None:
    universe = Universe("bare", "", "XNYS", {"market": "MKT"}, missing={"credit": "nobody sells it"})
    columns = {name: column[[MARKET.rows["MKT"]], :5] for name, column in MARKET.columns.items()}
    market = Market(universe, MARKET.calendar, ("MKT",), 5, columns)
    snapshot = list(snapshots(market, signal_table(universe)))[-1]
    assert snapshot.why_missing("credit.spread_42d") == "nobody sells it"
    assert snapshot.why_missing("growth.ret_1d") == "the universe bare has no symbol for the role growth"


@pytest.mark.parametrize("role", ["oil", "NOBODY"])
def test_history_of_an_empty_role_says_why(role: str) -> None:
    with pytest.raises(InputError, match="nobody sells it" if role == "oil" else "no symbol for the role NOBODY"):
        at(2).history(role, 3)


def test_a_field_that_bars_do_not_have_is_refused() -> None:
    with pytest.raises(InputError, match=r"no field 'clsoe'.*adj_close"):
        at(2).history("market", 3, "clsoe")
    with pytest.raises(InputError, match=r"no field 'clsoe'.*adj_close"):
        at(2).price("M", "clsoe")


# --- the feed -------------------------------------------------------------------------------------------------------


def test_the_feed_knows_what_was_revealed_and_copies_it() -> None:
    market = small()
    feed, rows = Feed(market.universe, market.calendar, market.symbols, market.size), session_rows(market)
    assert feed.revealed == 0 and feed.price("M", 0) is None
    feed.reveal(rows[:2])
    rows[:] = -5.0
    assert feed.revealed == 2
    assert [feed.price("M", place, "open") for place in range(-1, 4)] == [None, 1.0, 2.0, None, None]
    feed.reveal(session_rows(market)[2:4])
    assert [feed.price("M", place, "open") for place in range(5)] == [1.0, 2.0, 3.0, 4.0, None]
    assert feed.history("M", 5, 3, "open").tolist() == [2.0, 3.0, 4.0]
    assert np.isnan(feed.history("NOBODY", 3, 3, "open")).all()


def test_rows_are_the_market_by_session() -> None:
    rows = session_rows(MARKET)
    assert rows.shape == (SESSIONS, len(FIELDS), len(MARKET.symbols))
    for field, name in enumerate(FIELDS):
        for symbol in ("MKT", "S03", "^VOL"):
            wanted = MARKET.column(symbol, name)
            assert np.array_equal(rows[:, field, MARKET.rows[symbol]], wanted, equal_nan=True)


def test_every_signal_of_a_full_universe_has_a_value_or_a_reason() -> None:
    for snapshot in snapshots(MARKET, signal_table(WORLD)):
        for name in snapshot.names():
            assert (snapshot.z(name) is None) == bool(snapshot.why_missing(name)), (snapshot.session, name)


@pytest.mark.parametrize("stop", [0, 1, 40, SESSIONS])
def test_a_primed_feed_equals_one_that_was_shown_every_session(stop: int) -> None:
    plain, primed = (Feed(MARKET.universe, MARKET.calendar, MARKET.symbols, MARKET.size) for _ in range(2))
    early = plain.prices("MKT"), primed.prices("MKT")  # lists that somebody holds from before
    plain.reveal(session_rows(MARKET))
    primed.prime(MARKET, stop)
    assert primed.revealed == stop and early[1] == early[0][:stop]
    if stop < SESSIONS:
        assert primed.price("MKT", stop) is None and len(primed.history("MKT", stop, 5, "close")) == min(stop, 5)
    primed.reveal(session_rows(MARKET, slice(stop, None)))
    assert early[1] == early[0]
    for symbol in ("MKT", "S03", "^VOL", "NOBODY"):
        assert repr(primed.prices(symbol, "high")) == repr(plain.prices(symbol, "high"))
        for at in (0, max(stop - 1, 0), min(stop, SESSIONS - 1), SESSIONS - 1):
            assert primed.price(symbol, at, "low") == plain.price(symbol, at, "low")
            for sessions in (1, 7, SESSIONS):
                one, other = (feed.history(symbol, at, sessions, "volume") for feed in (primed, plain))
                assert np.array_equal(one, other, equal_nan=True), (symbol, at, sessions)
    with pytest.raises(ValueError, match="before anything is revealed"):
        plain.prime(MARKET, 5)


def test_a_primed_feed_holds_copies() -> None:
    feed = Feed(MARKET.universe, MARKET.calendar, MARKET.symbols, MARKET.size)
    feed.prime(MARKET, 100)
    for mine, theirs in zip(feed._early, MARKET.ragged.symbols, strict=True):
        for one, other in zip(mine.fields, theirs.fields, strict=True):
            assert not np.shares_memory(one, other) and one.base is None
            assert len(one) <= 100, "what comes later is not there"
