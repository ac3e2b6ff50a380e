"""Minds as tables: leans by exact fractions, and the law that losing an input never adds confidence."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.claims import Target
from engine.market import Market
from engine.signals.compute import compute_signals
from engine.signals.table import signal_table
from engine.snapshot import Feed, Snapshot, session_rows
from minds.ahead import views_ahead
from minds.builtin.contrarian import Contrarian
from minds.builtin.flow import Flow
from minds.builtin.macro import Macro
from minds.evidence import EvidenceMind, Term
from minds.registry import load_minds
from minds.view import Abstention, Contribution, Evidence, View
from regimes.features import REGIME_SIGNALS
from regimes.reading import RegimeReading
from tests.runs import READING, TARGETS, made_up, snapshots
from tests.worlds import WORLD, invented_market, replaced

NAN = math.nan
TWO_SESSIONS = invented_market(3, 2)
MARKET = invented_market(11, 620)
LEAD = TARGETS[0]


class Input(NamedTuple):
    """One term's weight and scale, today's z (None: missing), and whether it had one yesterday."""

    weight: float
    full: float
    z: float | None
    seen: bool


inputs = st.lists(
    st.builds(
        Input,
        st.floats(0.01, 1.0) | st.floats(-1.0, -0.01) | st.sampled_from([0.1, 0.2, 0.3, -0.7]),
        st.sampled_from([0.5, 1.0, 2.0, 3.0]),
        st.none() | st.floats(-3.0, 3.0) | st.sampled_from([-3.0, 0.0, 3.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=7,
)


def ask(table: list[Input]) -> View | Abstention:
    """The product's answer on the second of two sessions."""

    class Mind(EvidenceMind):
        name = "table"
        terms = tuple([Term(f"s{at}", row.weight, f"high {at}", f"low {at}", row.full) for at, row in enumerate(table)])

    specs = [
        made_up(f"s{at}", [1.0 if row.seen else NAN, NAN if row.z is None else row.z]) for at, row in enumerate(table)
    ]
    return Mind().view(list(snapshots(TWO_SESSIONS, specs))[1], READING, LEAD)


def expected(table: list[Input]) -> Fraction | str:
    """The rules once more, in exact fractions: the lean, or why there is none."""
    total = sum(abs(Fraction(row.weight)) for row in table)
    have = sum((abs(Fraction(row.weight)) for row in table if row.z is not None), Fraction()) / total
    lost = sum((abs(Fraction(row.weight)) for row in table if row.z is None and row.seen), Fraction()) / total
    lean = Fraction()
    for row in table:
        if row.z is not None:
            share = max(Fraction(-1), min(Fraction(1), Fraction(row.z) / Fraction(row.full)))
            lean += Fraction(row.weight) / total * share
    for edge in (2 * have - (have + lost), have - Fraction(1, 5), *([abs(lean) - lost] if lost else [lean])):
        assume(edge == 0 or abs(edge) > 1e-9)  # floats decide ties in their own way
    assume(have != lost and have != Fraction(1, 5) and (not lost or abs(lean) != lost))
    if 2 * have < have + lost or have < Fraction(1, 5):
        return "too little of its evidence is there"
    if lost and abs(lean) <= lost:
        return "weaker than what it lacks"
    if lean == 0:
        return "cancels out"
    return lean - lost if lean > 0 else lean + lost


@given(inputs)
def test_the_lean_is_the_weighted_sum_less_what_is_in_doubt(table: list[Input]) -> None:
    wanted, said = expected(table), ask(table)
    if isinstance(wanted, str):
        assert isinstance(said, Abstention)
        assert wanted in said.reason
    else:
        assert isinstance(said, View), said
        assert said.lean == pytest.approx(float(wanted), abs=1e-12)
    assert {item.signal for item in said.missing} == {f"s{at}" for at, row in enumerate(table) if row.z is None}
    assert all(item.reason for item in said.missing)


@given(inputs)
def test_contributions_add_up_to_the_lean_as_printed(table: list[Input]) -> None:
    said = ask(table)
    if isinstance(said, Abstention):
        return
    assert abs(said.lean) <= 1.0 and said.confidence == abs(said.lean)
    total = sum(part.amount for part in said.contributions)
    assert said.lean == total or (abs(said.lean) == 1.0 and total == pytest.approx(said.lean, abs=1e-15))
    for part in said.contributions:
        row = table[int(part.signal[1:])]
        assert row.z is not None and part.amount != 0.0
        assert part.value == 10.0 * row.z
        assert (part.amount > 0) == (row.weight * row.z > 0)
        assert part.reads == f"{'high' if row.z > 0 else 'low'} {part.signal[1:]}"


@given(inputs, st.data())
def test_losing_inputs_never_adds_confidence(table: list[Input], data: st.DataObject) -> None:
    """Signals that had a value yesterday go missing one after the other; the mind may fall silent, never speak up."""
    before = ask(table)
    there = [at for at, row in enumerate(table) if row.z is not None]
    for at in data.draw(st.permutations(there)):
        table = [row._replace(z=None, seen=True) if at == place else row for place, row in enumerate(table)]
        after = ask(table)
        if isinstance(before, Abstention):
            assert isinstance(after, Abstention)
        elif isinstance(after, View):
            assert abs(after.lean) <= abs(before.lean) + 1e-12
            assert after.lean * before.lean > 0, "what goes missing cannot turn a mind around"
        before = after


@pytest.mark.parametrize(
    ("table", "lean"),
    [
        ([Input(1, 2, 1.0, True), Input(-1, 2, -2.0, True)], 0.75),  # (.5 * .5) + (.5 * 1)
        ([Input(3, 2, 2.0, True), Input(1, 2, None, False)], 0.75),  # never seen: its quarter stays unused
        ([Input(3, 2, 2.0, True), Input(1, 2, None, True)], 0.5),  # gone: its quarter may have said the opposite
        ([Input(1, 1, 3.0, True), Input(1, 2, 3.0, True)], 1.0),  # both at their full weight
        # seven weights whose shares add up to 1.0000000000000002 in floats
        ([Input(weight, 2, 3.0, True) for weight in (0.3, 0.5, 0.5, 0.2, 0.5, 0.3, 0.25)], 1.0),
        ([Input(weight, 2, -3.0, True) for weight in (0.3, 0.5, 0.5, 0.2, 0.5, 0.3, 0.25)], -1.0),
    ],
)
def test_leans_by_hand(table: list[Input], lean: float) -> None:
    said = ask(table)
    assert isinstance(said, View)
    assert said.lean == pytest.approx(lean, abs=1e-15) and abs(said.lean) <= 1.0


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ([Input(1, 2, 2.0, True), Input(1.1, 2, None, True)], r"too little .*48% by weight.*lacks s1"),
        ([Input(1, 2, 2.0, True), Input(9, 2, None, False)], r"too little .*10% by weight.*lacks s1"),
        ([Input(3, 2, 0.5, True), Input(1, 2, None, True)], r"weaker than what it lacks \(s1\)"),
        ([Input(1, 2, 1.0, True), Input(1, 2, -1.0, True)], r"cancels out"),
        ([Input(1, 2, None, False)], r"too little .*0% by weight"),
    ],
)
def test_abstentions_by_hand(table: list[Input], reason: str) -> None:
    said = ask(table)
    assert isinstance(said, Abstention)
    assert said.mind == "table" and said.target == LEAD.key
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(said.reason)


class Picky(EvidenceMind):
    name = "picky"
    terms = (
        Term("{target}.x", 0.5, "h", "l"),
        Term("here", 0.5, "h", "l", only=("gold",)),
        Term("there", -1.5, "h", "l", only=("market", "growth")),
    )


def test_a_table_is_made_for_the_role_of_its_target() -> None:
    def rows(role: str) -> list[tuple[str, float]]:
        return [(term.signal, term.weight) for term in Picky().table(role)]

    assert rows("market") == [("market.x", 0.25), ("there", -0.75)]
    assert rows("gold") == [("gold.x", 0.5), ("here", 0.5)]
    assert rows("small") == [("small.x", 1.0)]


@pytest.mark.parametrize("mind", load_minds(), ids=lambda mind: mind.name)
@pytest.mark.parametrize("role", ["market", "growth", "small", "gold"])
def test_the_built_in_tables_are_whole(mind: EvidenceMind, role: str) -> None:
    """Each reads signals that exist, each once, with words and without digits."""
    terms = mind.table(role)
    declared = {spec.name for spec in (*signal_table(WORLD, [role]), *REGIME_SIGNALS)}
    assert {term.signal for term in terms} <= declared
    assert len({term.signal for term in terms}) == len(terms)
    assert sum(abs(term.weight) for term in terms) == pytest.approx(1.0, abs=1e-15)
    for term in terms:
        assert term.high != term.low and not any(letter.isdigit() for letter in term.high + term.low)


# --- whole roles, through bars and signals --------------------------------------------------------------------------


def snapshot_of(market: Market) -> Snapshot:
    """The last session's snapshot, with everything that the built-in minds read."""
    frame = compute_signals(market, (*signal_table(WORLD), *REGIME_SIGNALS))
    feed = Feed(market.universe, market.calendar, market.symbols, market.size)
    feed.reveal(session_rows(market))
    at = market.size - 1
    return Snapshot(feed, frame.index, at, market.calendar.as_of(at), "", frame.rows(at, at + 1)[0])


def without(market: Market, symbols: set[str], sessions: int) -> Market:
    """The market in which some symbols have no bar on the last sessions."""
    columns = {name: column.copy() for name, column in market.columns.items()}
    for column in columns.values():
        column[[market.rows[symbol] for symbol in symbols if symbol in market.rows], -sessions:] = np.nan
    return replaced(market, columns)


LONGER_THAN_ANY_AGE = 4
"""Sessions without a bar after which no old value stands in any more; until then a signal is not missing but old."""


def test_no_old_value_stands_in_for_that_long() -> None:
    assert max(spec.max_age for spec in (*signal_table(WORLD), *REGIME_SIGNALS)) < LONGER_THAN_ANY_AGE


@pytest.mark.parametrize("at", [400, 487, 619])
def test_losing_a_role_or_a_group_never_adds_confidence(at: int) -> None:
    """The built-in minds on real signals, where one input feeds several terms and the regime's score.

    Groups are lost whole: breadth over the names that are left is another reading, not a missing one.
    """
    minds, market = load_minds(), MARKET.cut(at + 1)
    whole, spoke = snapshot_of(market), 0
    lost = [{symbol} for symbol in WORLD.roles.values()]
    lost += [set(WORLD.groups[group]) for group in ("stocks", "cyclicals", "defensives")]
    for symbols in lost:
        less = snapshot_of(without(market, symbols, LONGER_THAN_ANY_AGE))
        for mind in minds:
            for target in TARGETS:
                before, after = (mind.view(snapshot, READING, target) for snapshot in (whole, less))
                if isinstance(after, View):
                    assert isinstance(before, View), (symbols, mind.name, target.key)
                    assert abs(after.lean) <= abs(before.lean) + 1e-12, (symbols, mind.name, target.key)
                    spoke += after.lean != before.lean
    assert spoke > 3


def test_an_empty_universe_makes_every_mind_abstain_with_what_it_lacks() -> None:
    bare = Market(
        type(WORLD)("bare", "", "XNYS", {"market": "MKT"}), MARKET.calendar, ("MKT",), 60,
        {name: column[[MARKET.rows["MKT"]], :60] for name, column in MARKET.columns.items()},
    )  # fmt: skip
    for mind in load_minds():
        said = mind.view(snapshot_of(bare), READING, Target("MKT", "market", 1))
        assert isinstance(said, Abstention), said
        assert said.reason and said.missing


# --- computed ahead -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_evidence_weighed_ahead_is_the_same_as_weighed_on_the_day(seed: int) -> None:
    """Also on days on which inputs are missing, and while histories are still too short; and from any first session."""
    market = invented_market(seed, 420)
    specs, rows = (*signal_table(WORLD), *REGIME_SIGNALS), session_rows(market)
    minds, targets = [Macro(), Flow(), Contrarian()], [Target("MKT", "market", 1), Target("SML", "small", 2)]
    frame, late = compute_signals(market, specs), compute_signals(market, specs, 300)
    ahead = views_ahead(minds, targets, frame, range(420))
    assert views_ahead(minds, targets, late, range(310, 420)) == ahead[310:]
    feed = Feed(market.universe, market.calendar, market.symbols, market.size)
    asked = abstained = 0
    for at, row in enumerate(frame.rows(0, 420)):
        feed.reveal(rows[at : at + 1])
        snapshot = Snapshot(feed, frame.index, at, market.calendar.as_of(at), "", row)
        for target, made in zip(targets, ahead[at], strict=True):
            for mind, view in zip(minds, made, strict=True):
                said = mind.view(snapshot, READING, target)
                abstained += isinstance(said, Abstention)
                asked += view is None
                assert view is None or view == said
    assert 0 < abstained <= asked < 420 * 5, "most views are made ahead, and no abstention is"


def test_what_is_no_plain_table_is_asked_on_the_day() -> None:
    class Own(Macro):
        """Weighs in a way of its own."""

        def view(self, snapshot: Snapshot, reading: RegimeReading, target: Target) -> View | Abstention:
            return super().view(snapshot, reading, target)

    class Unknown(EvidenceMind):
        """Reads what nobody declares."""

        name = "unknown"
        terms = (Term("market.ret_1d", 0.5, "up", "down"), Term("tea.leaves", 0.5, "good", "bad"))

    market = invented_market(1, 300)
    frame = compute_signals(market, (*signal_table(WORLD), *REGIME_SIGNALS))
    made = views_ahead([Own(), Unknown(), Flow()], [LEAD], frame, range(290, 300))
    assert [[view is None for view in day[0]] for day in made] == [[True, True, False]] * 10
    assert views_ahead([], [LEAD], frame, range(290, 300)) == [((),)] * 10
    assert views_ahead([Flow()], [], frame, range(290, 300)) == [()] * 10


def test_evidence_put_together_late_is_a_tuple_to_whoever_looks() -> None:
    late = Evidence(("a", "b"), (0.5, -0.2), (7.0, 8.0), (("a low", "a high"), ("b high", "b low")))
    plain = (Contribution("a", 0.5, 7.0, "a high"), Contribution("b", -0.2, 8.0, "b high"))
    assert late == plain and plain == late and not (late == plain[:1] or late == list(plain))
    assert View("m", "MKT:1", 0.3, late) == View("m", "MKT:1", 0.3, plain)
    assert (len(late), late[1], late[:1], list(late), hash(late), repr(late)) == (
        2, plain[1], plain[:1], list(plain), hash(plain), repr(plain),
    )  # fmt: skip
    copied = pickle.loads(pickle.dumps(late))
    assert type(copied) is tuple and copied == plain
