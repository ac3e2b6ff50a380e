"""The label machine against a second, plainly written account of the same rules, and its laws."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from regimes.labels import EDGES, LabelMachine
from regimes.reading import LABELS

Day = tuple[float | None, float | None, float | None, float | None]

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


@dataclass
class Plain:
    """The rules from the whole history at every step, no counters: slow and obvious."""

    history: list[Day] = field(default_factory=list)
    label: str = "neutral"
    began: int = 0

    def last(self, n: int, holds: object) -> bool:
        assert callable(holds)
        recent = self.history[-n:]
        return len(recent) == n and all(holds(*day) for day in recent)

    def step(self, day: Day) -> None:
        self.history.append(day)
        score, vix, realised, drawdown = day
        shock = drawdown is not None and drawdown >= 0.08 and (
            (vix is not None and vix >= 35) or (realised is not None and realised >= 0.35)
        )  # fmt: skip
        calm = self.last(5, lambda s, v, r, d: r is not None and (r < 0.25 if v is None else (v < 27 and r < 0.30)))
        weak2 = self.last(2, lambda s, v, r, d: s is not None and s < -0.10)
        strong2 = self.last(2, lambda s, v, r, d: s is not None and s > 0.40)
        better3 = self.last(3, lambda s, v, r, d: s is not None and s > 0.10)
        faded2 = self.last(2, lambda s, v, r, d: s is not None and s < 0.25)
        lasted = len(self.history) - 1 - self.began
        wanted = self.label
        if self.label != "crisis" and shock:
            wanted = "crisis"
        elif self.label == "crisis":
            if calm:
                wanted = "risk_off" if score is not None and score < -0.10 else "neutral"
        elif self.label != "risk_off" and weak2:
            wanted = "risk_off"
        elif self.label == "risk_off":
            if better3 and lasted >= 5:
                wanted = "neutral"
        elif self.label == "neutral" and strong2:
            wanted = "risk_on"
        elif self.label == "risk_on" and faded2 and lasted >= 3:
            wanted = "neutral"
        if wanted != self.label:
            self.label, self.began = wanted, len(self.history) - 1


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
