"""The label machine against a second, plainly written account of the same rules, and its laws."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from regimes.labels import EDGES, LabelMachine
from regimes.reading import LABELS
from tests.regimes.plain_labels import Day, Plain

scores = st.none() | st.floats(-1, 1) | st.sampled_from([-0.11, -0.10, -0.09, 0.09, 0.10, 0.11, 0.25, 0.24, 0.40, 0.41])
days = st.lists(
    st.tuples(
        scores,
        st.none() | st.floats(9, 80) | st.sampled_from([26.9, 27.0, 34.9, 35.0]),
        st.none() | st.floats(0.05, 0.9) | st.sampled_from([0.249, 0.25, 0.299, 0.3, 0.349, 0.35]),
        st.none() | st.floats(0, 0.6) | st.sampled_from([0.079, 0.08]),
    ),
    max_size=80,
)


@given(days)
def test_machine_equals_the_plain_account(world: list[Day]) -> None:
    machine, plain = LabelMachine(), Plain(began=-1)
    for day in world:
        before = machine.state
        changed = machine.step(*day)
        plain.step(day)
        assert machine.state == plain.label
        assert changed == (machine.state != before)


@given(days)
def test_risk_off_and_risk_on_last_their_minimum_unless_something_worse_comes(world: list[Day]) -> None:
    machine, lasted = LabelMachine(), 0
    for day in world:
        before = machine.state
        machine.step(*day)
        if machine.state == before:
            lasted += 1
            continue
        if before == "risk_off" and machine.state != "crisis":
            assert lasted >= 5
        if before == "risk_on" and machine.state == "neutral":
            assert lasted >= 3
        lasted = 1


def test_the_table_reaches_every_label_and_leaves_it() -> None:
    assert {edge.source for edge in EDGES} == {edge.dest for edge in EDGES} == set(LABELS)


def test_a_score_inside_the_band_never_flips() -> None:
    machine = LabelMachine()
    for at in range(200):
        machine.step(0.10 if at % 2 else -0.10, 18.0, 0.15, 0.02)
    assert machine.state == "neutral"


def test_survives_pickling_half_way() -> None:
    machine = LabelMachine()
    for _ in range(3):
        machine.step(-0.5, None, 0.2, 0.05)
    again = pickle.loads(pickle.dumps(machine))
    assert again.state == machine.state == "risk_off"
    for score in (0.2, 0.2, 0.2, 0.2):
        assert again.step(score, None, 0.2, 0.0) == machine.step(score, None, 0.2, 0.0)
    assert again.state == machine.state
