"""Laws of missing data: whoever loses an input gets quieter or silent, never louder, and says what is lost."""

from __future__ import annotations

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.claims import Target
from engine.signals.compute import SignalRow
from engine.snapshot import Snapshot
from minds.evidence import EvidenceMind
from minds.registry import load_minds
from minds.view import Abstention, View
from scenarios import Scenario, build
from scenarios.strategies import SMALL
from scenarios.views import snapshot_at
from tests.laws.lawbook import TARGETS, columns_of, first_of, law, live_worlds
from tests.runs import READING
from tests.worlds import replaced

MINDS = [mind for mind in load_minds() if isinstance(mind, EvidenceMind)]
minds, targets = st.sampled_from(MINDS), st.sampled_from(TARGETS[:3])


def louder(after: View | Abstention, before: View | Abstention) -> bool:
    """Whether the second answer is stronger than the first, or takes the other side."""
    if isinstance(after, Abstention):
        return False
    return isinstance(before, Abstention) or abs(after.lean) > abs(before.lean) + 1e-12 or after.lean * before.lean < 0


def blanked(snapshot: Snapshot, names: set[str]) -> Snapshot:
    """The snapshot without today's numbers of some signals."""
    numbers, places = list(snapshot._numbers), snapshot._index.at
    for name in names:
        numbers[places[name]] = numbers[len(places) + places[name]] = math.nan
    row = SignalRow(memoryview(bytearray(8 * len(numbers))).cast("d"), snapshot._ages, snapshot._seen)
    for at, number in enumerate(numbers):
        row.numbers[at] = number
    return Snapshot(snapshot._feed, snapshot._index, snapshot.at, snapshot.as_of, snapshot.data, row)


@law(30, 600)
@given(live_worlds(max_sessions=10), minds, targets, st.data())
def test_signals_that_go_missing(scenario: Scenario, mind: EvidenceMind, target: Target, data: st.DataObject) -> None:
    """A mind that loses any of its signals on a day is not louder on it, and does not change sides."""
    world = build(scenario)
    market = world.market()
    snapshot = snapshot_at(market, data.draw(st.integers(first_of(world, market), market.size - 1), label="session"))
    before = mind.view(snapshot, READING, target)
    names = sorted({term.signal for term in mind.table(target.role) if snapshot.z(term.signal) is not None})
    assume(names)
    lost = data.draw(st.sets(st.sampled_from(names), min_size=1, max_size=3), label="what goes missing")
    after = mind.view(blanked(snapshot, lost), READING, target)
    assert not louder(after, before)
    assert lost <= {item.signal for item in after.missing}


@law(30, 400)
@given(live_worlds(max_sessions=10), st.sampled_from(SMALL.symbols), minds, targets, st.integers(0, 3))
def test_bars_that_go_missing(scenario: Scenario, symbol: str, mind: EvidenceMind, target: Target, days: int) -> None:
    """A mind whose symbol has no bar from some day on is not louder, unless a signal still had an older value."""
    world = build(scenario)
    market = world.market()
    at = market.size - 1
    assume(symbol in market.rows and not math.isnan(market.column(symbol)[at]))
    columns = columns_of(market)
    for column in columns.values():
        column[market.rows[symbol], at - days :] = math.nan
    whole, dark = snapshot_at(market, at), snapshot_at(replaced(market, columns), at)
    names = [term.signal for term in mind.table(target.role)]
    assume(all(dark.z(name) in (None, whole.z(name)) for name in names))
    assert not louder(mind.view(dark, READING, target), mind.view(whole, READING, target))
