"""Whatever a mind does wrong becomes its own abstention; what it does right arrives as it was said, in plain floats."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.spec import SignalSpec
from minds.evidence import EvidenceMind, Term
from minds.protocol import ask, own_signals
from minds.record import body
from minds.view import Abstention, Contribution, Missing, View
from tests.runs import READING, TARGETS, Fixed, made_up, records, snapshots
from tests.worlds import invented_market

MARKET = invented_market(3, 3)
SNAPSHOT = list(snapshots(MARKET, [made_up("s", [1.0] * 3)]))[-1]
LEAD = TARGETS[0]


class Says:
    """A mind that answers as it is told."""

    name = "says"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def view(self, *_: object) -> Any:
        """The answer, or what calling it gives."""
        return self.answer() if callable(self.answer) else self.answer


def hear(answer: object) -> View | Abstention:
    return ask(Says(answer), SNAPSHOT, READING, LEAD)


def view(lean: Any, *parts: Any, missing: Any = ()) -> View:
    return View("says", LEAD.key, lean, parts, missing)


def part(amount: Any, signal: Any = "s", value: Any = 1.0, reads: Any = "high") -> Contribution:
    return Contribution(signal, amount, value, reads)


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def fail() -> NoReturn:
        raise error

    return fail


def written(said: View | Abstention) -> bytes:
    """As the record would write it: raises for whatever is no plain float, text or tuple."""
    return orjson.dumps(said, default=list)


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (raising(ValueError("no  data\nfor you")), "it failed with ValueError: no data for you"),
        (raising(ZeroDivisionError("division by zero")), "it failed with ZeroDivisionError: division by zero"),
        (raising(RecursionError("deep")), "it failed with RecursionError: deep"),
        (raising(SystemExit(3)), "it failed with SystemExit: 3"),
        (raising(KeyError("\ud800")), "it failed with KeyError: '\\ud800'"),
        (raising(OSError("half a pair: \ud800")), "it failed with OSError: half a pair: ?"),
        (raising(Unprintable()), "it failed with Unprintable"),
        (None, "it returned NoneType instead of a View or an Abstention"),
        (0.3, "it returned float instead of a View or an Abstention"),
        ({"lean": 0.3}, "it returned dict instead of a View or an Abstention"),
        (("says", LEAD.key, 0.3, (), ()), "it returned tuple instead of a View or an Abstention"),
        (view(math.nan), "its lean nan lies outside -1 to 1"),
        (view(math.inf), "its lean inf lies outside -1 to 1"),
        (view(1.0000001), "its lean 1 lies outside -1 to 1"),
        (view(-7), "its lean -7 lies outside -1 to 1"),
        (view(10**400), "it failed with OverflowError"),
        (view(True), "its lean is not a number"),
        (view(np.True_), "its lean is not a number"),
        (view("0.5"), "its lean is not a number"),
        (view(None), "its lean is not a number"),
        (view(0.5 + 0j), "its lean is not a number"),
        (view(Decimal("0.5")), "its lean is not a number"),
        (view(np.array(0.5)), "its lean is not a number"),
        (view(0.5, part(0.2), part(0.2)), "its contributions do not add up to its lean"),
        (view(0.5, part(math.nan)), "its contributions do not add up to its lean"),
        (view(0.5, part(math.inf), part(-math.inf)), "its contributions do not add up to its lean"),
        (view(0.5, part("0.5")), "what s contributes is not a finite number"),
        (view(1.0, part(True)), "what s contributes is not a finite number"),
        (view(0.5, part(0.5, value=math.nan)), "what s contributes is not a finite number"),
        (view(0.5, part(0.5, value=None)), "what s contributes is not a finite number"),
        (view(0.5, part(0.5, signal=7)), "a contribution has no name or no words"),
        (view(0.5, part(0.5, reads=None)), "a contribution has no name or no words"),
        (view(0.5, part(0.5, reads="\udfff")), "a contribution has no name or no words"),
        (view(0.5, ("s", 0.5, 1.0, "high")), "its contributions are not a tuple of Contribution"),
        (View("says", LEAD.key, 0.5, None, ()), "its contributions are not a tuple of Contribution"),  # type: ignore[arg-type]  # what a stranger might do
        (View("says", LEAD.key, 0.5, 0.5, ()), "its contributions are not a tuple of Contribution"),  # type: ignore[arg-type]  # the same
        (view(0.5, missing=None), "what it says is missing is not a tuple of Missing"),
        (view(0.5, missing=("s",)), "what it says is missing is not a tuple of Missing"),
        (view(0.5, missing=(Missing("s", None),)), "what it says is missing is not a tuple of Missing"),  # type: ignore[arg-type]  # the same
        (Abstention("says", LEAD.key, None), "the reason for its silence is not text"),  # type: ignore[arg-type]  # the same
        (Abstention("says", LEAD.key, "no", ("s",)), "what it says is missing is not a tuple of Missing"),  # type: ignore[arg-type]  # the same
        (Abstention("says", LEAD.key, "  \n "), "it gives no reason"),
    ],
)
def test_what_is_wrong_becomes_an_abstention_that_states_it(answer: object, reason: str) -> None:
    said = hear(answer)
    assert isinstance(said, Abstention)
    assert (said.mind, said.target) == ("says", LEAD.key)
    assert said.reason.startswith(reason) and len(said.reason) <= 160 and "\n" not in said.reason
    written(said)


def test_a_long_reason_is_cut() -> None:
    said = hear(raising(ValueError("x" * 100_000)))
    assert isinstance(said, Abstention) and len(said.reason) == 160
    said = hear(Abstention("says", LEAD.key, "y" * 100_000))
    assert isinstance(said, Abstention) and len(said.reason) == 160


@pytest.mark.parametrize("weight", [math.nan, math.inf])
def test_a_table_with_a_weight_that_is_none_is_silent(weight: float) -> None:
    class Table(EvidenceMind):
        name = "table"
        terms = (Term("s", weight, "high", "low"), Term("s", 0.5, "high", "low"))

    said = ask(Table(), SNAPSHOT, READING, LEAD)
    assert isinstance(said, Abstention) and said.reason == "its lean nan lies outside -1 to 1"


@pytest.mark.parametrize("full", [0.0, "2"])
def test_a_table_that_cannot_be_read_is_silent(full: Any) -> None:
    class Table(EvidenceMind):
        name = "table"
        terms = (Term("s", 0.5, "high", "low", full),)

    said = ask(Table(), SNAPSHOT, READING, LEAD)
    assert isinstance(said, Abstention) and said.reason.startswith("it failed with")


def test_an_interruption_is_the_users_and_passes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        hear(raising(KeyboardInterrupt()))


@pytest.mark.parametrize(
    "lean", [0.5, -1.0, 1.0, 0.0, 1, Fraction(1, 2), np.float64(0.5), np.float32(0.5), np.int64(-1)]
)
def test_numbers_of_any_kind_arrive_as_plain_floats(lean: Any) -> None:
    said = hear(view(lean, part(lean, value=lean)))
    assert isinstance(said, View), said
    assert type(said.lean) is type(said.contributions[0].amount) is type(said.contributions[0].value) is float
    assert said.lean == said.contributions[0].amount == float(lean)


def test_lists_arrive_as_tuples() -> None:
    lists: Any = View("says", LEAD.key, 0.5, [part(0.5)], [Missing("t", "gone")])  # type: ignore[arg-type]  # see above
    said = hear(lists)
    assert said == view(0.5, part(0.5), missing=(Missing("t", "gone"),))
    assert isinstance(said, View) and isinstance(said.contributions, tuple) and isinstance(said.missing, tuple)


@pytest.mark.parametrize("answer", [view(0.5, part(0.2), part(0.3)), Abstention("says", LEAD.key, "it is Monday")])
def test_a_mind_cannot_speak_for_another_nor_about_another_target(answer: View | Abstention) -> None:
    forged = answer._replace(mind="macro", target="XYZ:9")
    assert hear(forged) == hear(answer) == answer


@given(st.lists(st.floats(-0.1, 0.1), max_size=9), st.lists(st.tuples(st.text(), st.text()), max_size=3))
def test_a_sound_view_passes_unchanged(amounts: list[float], missing: list[tuple[str, str]]) -> None:
    lean = sum(amounts) if amounts else 0.25
    sound = view(lean, *map(part, amounts), missing=tuple(Missing(*item) for item in missing))
    said = hear(sound)
    assert said == sound
    if isinstance(said, View):
        assert math.copysign(1.0, said.lean) == math.copysign(1.0, lean)


text = st.text(st.characters(exclude_categories=()), max_size=8)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.builds(Missing, inner, inner)
    | st.builds(Contribution, inner, inner, inner, inner),
    max_leaves=4,
)  # fmt: skip


@given(st.builds(View, *[anything] * 5) | st.builds(Abstention, *[anything] * 4) | anything)
def test_no_answer_whatever_stops_a_cycle_or_spoils_its_record(answer: Any) -> None:
    said = hear(lambda: answer)
    assert (said.mind, said.target) == ("says", LEAD.key)
    assert json.loads(written(said), parse_constant=pytest.fail) is not None
    if isinstance(said, View):
        assert -1.0 <= said.lean <= 1.0
        assert not said.contributions or sum(item.amount for item in said.contributions) == pytest.approx(said.lean)


def test_a_failing_mind_stands_in_the_record_and_the_others_are_heard() -> None:
    market = invented_market(7, 140)
    with_it = records(market, 120, minds=[Says(raising(ValueError("broken"))), Fixed("fixed", {})])
    for record in with_it:
        for said in json.loads(body(record))["views"].values():
            assert said == {"says": {"abstains": "it failed with ValueError: broken"},
                            "fixed": {"abstains": "nothing is written down"}}  # fmt: skip


def test_own_signals_of_a_mind() -> None:
    spec = made_up("mine", [1.0])

    class Own(Says):
        signals: tuple[SignalSpec, ...] = (spec,)

    assert own_signals(Own(None)) == (spec,)
    assert own_signals(Says(None)) == ()
