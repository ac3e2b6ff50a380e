"""The rules model: what it makes of given numbers, by hand; and of a whole invented market, from its raw prices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.replay import reveal
from engine.signals.compute import compute_signals
from engine.signals.table import signal_table
from engine.snapshot import Feed
from regimes.features import REGIME_SIGNALS, WEIGHTS
from regimes.labels import LabelMachine
from regimes.model import RegimeReader
from regimes.reading import LABELS, RegimeReading
from regimes.rules import RulesModel
from tests.runs import made_up, snapshots
from tests.worlds import WORLD, invented_market

NAN = math.nan
DAYS = invented_market(3, 120)
LABELS_OF = DAYS.calendar.labels
Numbers = Sequence[float]

PARTS = tuple(f"regime.{name}" for name in WEIGHTS)
QUIET = {
    "regime.score": 0.0, "regime.coverage": 1.0, "regime.path_ratio": 1.0, "regime.path_return": 0.01,
    "volatility.level": 15.0, "market.realised_vol_21d": 0.1, "market.drawdown": 0.0, "volatility.change_5d": 0.0,
    "regime.realised_vol_ratio_5d": 1.0, "regime.ret_5d_z": 0.0, "market.ret_1d": 0.0, "regime.appetite": 0.5,
    **dict.fromkeys(PARTS, 0.1),
}  # fmt: skip


def read(**changes: Numbers | float) -> list[RegimeReading]:
    """Readings over as many sessions as the longest change lasts; names with `_` for `.`; all else stays quiet."""
    named = {name.replace("__", "."): value for name, value in changes.items()}
    length = max([len(value) for value in named.values() if not isinstance(value, float)], default=1)
    market = DAYS.cut(length)
    specs = []
    for name, usual in QUIET.items():
        value = named.pop(name, usual)
        specs.append(made_up(name, [0.0] * length, [value] * length if isinstance(value, float) else value))
    assert not named, named
    model = RulesModel()
    return [model.update(snapshot) for snapshot in snapshots(market, specs)]


def test_a_quiet_day() -> None:
    reading = read()[0]
    assert (reading.label, reading.score, reading.path, reading.status) == ("neutral", 0.0, "choppy", "confirmed")
    assert (reading.since, reading.sessions, reading.coverage, reading.reasons) == (LABELS_OF[0], 1, 1.0, ())
    assert [(part.name, part.value, part.weight) for part in reading.components] == [
        ("trend", 0.1, 0.20), ("vs_200", 0.1, 0.20), ("volatility", 0.1, 0.25), ("drawdown", 0.1, 0.20),
        ("credit", 0.1, 0.15),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ratio", "move", "path"),
    [
        (1.3, 0.05, "choppy"),
        (math.nextafter(1.3, 2.0), 0.05, "trending_up"),
        (4.0, -0.05, "trending_down"),
        (0.2, -0.05, "choppy"),
        (NAN, 0.05, "unknown"),
        (4.0, NAN, "unknown"),
    ],
)
def test_the_path_trends_when_it_is_straighter_than_chance(ratio: float, move: float, path: str) -> None:
    assert read(regime__path_ratio=[ratio], regime__path_return=[move])[0].path == path


@pytest.mark.parametrize(
    ("score", "coverage", "absent", "status", "reasons"),
    [
        (0.0, 0.6, (), "confirmed", ()),
        (0.0, 0.85, ("credit",), "confirmed", ()),
        (0.0, 0.599, ("vs_200", "credit"), "degraded", ("the score lacks vs_200, credit",)),
        (NAN, 0.0, tuple(WEIGHTS), "degraded", ("the score lacks trend, vs_200, volatility, drawdown, credit",)),
        (NAN, 1.0, (), "degraded", ("the score has too little history",)),
        (NAN, NAN, (), "degraded", ("the score has too little history",)),
    ],
)
def test_the_status_is_degraded_when_too_little_feeds_the_score(
    score: float, coverage: float, absent: tuple[str, ...], status: str, reasons: tuple[str, ...]
) -> None:
    reading = read(regime__score=[score], regime__coverage=[coverage], **{f"regime__{name}": [NAN] for name in absent})[
        0
    ]
    assert (reading.status, reading.reasons) == (status, reasons)
    assert reading.score == (None if math.isnan(score) else score)
    assert reading.coverage == (0.0 if math.isnan(coverage) else coverage)
    assert [part.name for part in reading.components if part.value is None] == [n for n in WEIGHTS if n in absent]


def test_a_label_carries_the_session_on_which_it_began() -> None:
    """Weak from session 3 on: risk-off when it has been weak twice, back when it has been strong for three."""
    found = read(regime__score=[0.0, 0.0, 0.0, -0.2, -0.2, -0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2])
    labels = [reading.label for reading in found]
    assert labels == ["neutral"] * 4 + ["risk_off"] * 5 + ["neutral"] * 3
    assert [reading.since for reading in found] == [LABELS_OF[0]] * 4 + [LABELS_OF[4]] * 5 + [LABELS_OF[9]] * 3
    assert [reading.sessions for reading in found] == [1, 2, 3, 4, 1, 2, 3, 4, 5, 1, 2, 3]


def test_a_shock_is_a_crisis_at_once() -> None:
    found = read(**{"volatility.level": [15.0, 36.0, 30.0], "market.drawdown": [0.0, 0.09, 0.09]})
    assert [reading.label for reading in found] == ["neutral", "crisis", "crisis"]
    found = read(
        **{"market.realised_vol_21d": [0.1, 0.36], "market.drawdown": [0.0, 0.08], "volatility.level": [NAN, NAN]}
    )
    assert [reading.label for reading in found] == ["neutral", "crisis"]


number = st.just(NAN) | st.floats(-1.0, 1.0)


@given(
    st.lists(
        st.tuples(number, st.just(NAN) | st.floats(9, 80), st.just(NAN) | st.floats(0.05, 0.9), number), min_size=1,
        max_size=40,
    )
)  # fmt: skip
def test_the_label_is_the_machines_for_these_inputs(rows: list[tuple[float, float, float, float]]) -> None:
    """The machine itself is tested beside its own plain account; here: each input reaches its place."""
    machine, wanted = LabelMachine(), []
    for row in rows:
        machine.step(*[None if math.isnan(value) else value for value in row])
        wanted.append((machine.state, machine.dwell))
    names = ("regime.score", "volatility.level", "market.realised_vol_21d", "market.drawdown")
    found = read(**dict(zip(names, zip(*rows, strict=True), strict=True)))
    assert [(reading.label, reading.sessions) for reading in found] == wanted


@pytest.mark.parametrize("seed", [41, 42])
def test_a_whole_market_from_its_raw_prices(seed: int) -> None:
    """Volatility, fall and path once more with pandas; the score is proven elsewhere (tests/slow/regime.py)."""
    market = invented_market(seed, 620)
    model = RulesModel()
    found = list(snapshots(market, (*signal_table(WORLD), *model.signals)))
    readings = [model.update(snapshot) for snapshot in found]
    price = pd.Series(market.column("MKT"))
    log_price = pd.Series(np.log(market.column("MKT")))
    returns = log_price.diff()
    realised = returns.rolling(21, min_periods=19).std() * math.sqrt(252)
    fall = 1.0 - price / price.rolling(252, min_periods=227).max()
    fear = pd.Series(market.column("^VOL")).ffill(limit=1)
    month = log_price - log_price.shift(21)
    straight = month.abs() / returns.abs().rolling(21, min_periods=19).sum() * math.sqrt(21)
    machine, since, labels = LabelMachine(), market.calendar.labels[0], set()
    for at, reading in enumerate(readings):
        inputs = (fear[at], realised[at] if at >= 21 else NAN, fall[at] if at >= 251 else NAN)
        if machine.step(found[at].value("regime.score"), *[None if math.isnan(value) else value for value in inputs]):
            since = market.calendar.labels[at]
        labels.add(reading.label)
        assert (reading.label, reading.since, reading.sessions) == (machine.state, since, machine.dwell)
        if not math.isnan(straight[at]) and abs(straight[at] - 1.3) > 1e-9:
            trend = "trending_up" if month[at] > 0 else "trending_down"
            assert reading.path == ("choppy" if straight[at] < 1.3 else trend)
        else:
            assert reading.path == "unknown"
    assert len(labels) >= 3 and labels <= set(LABELS)


def test_printed_as_the_desk_says_it() -> None:
    assert str(read(regime__score=[0.454])[0]) == "neutral 0.45 (confirmed)"
    assert str(read(regime__score=[NAN])[0]) == "neutral n/a (degraded)"
    assert str(read()[0]._replace(label="risk_off", status="stale", score=-0.3)) == "risk-off -0.30 (stale)"


def test_a_shock_is_an_alert_and_in_risk_on_a_transition() -> None:
    week = [0.0] * 5 + [-2.6] + [0.0] * 12
    calm = read(regime__ret_5d_z=week, regime__score=[0.0] * 18)
    assert [reading.status for reading in calm] == ["confirmed"] * 5 + ["alert"] * 10 + ["confirmed"] * 3
    assert calm[5].reasons == ("the week's fall is 2.6 deviations deep",)
    assert calm[5].alert and not calm[4].alert
    strong = read(regime__ret_5d_z=week, regime__score=[0.5] * 18)
    assert [reading.label for reading in strong[4:6]] == ["risk_on", "risk_on"]
    assert [reading.status for reading in strong[4:7]] == ["confirmed", "transition", "transition"]


def test_two_doubts_make_a_label_stale_and_three_a_transition() -> None:
    score = [0.7, 0.7, 0.7, 0.7, 0.45, 0.45, 0.45, 0.45]
    readings = read(regime__score=score, regime__appetite=[0.5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1])
    assert [reading.status for reading in readings[3:]] == ["confirmed", "confirmed", "confirmed", "stale", "stale"]
    assert str(readings[-1]) == "risk-on 0.45 (stale)"
    assert readings[-1].reasons == (
        "the score has moved 0.25 against the label", "only 10% of the risk-taking measures agree with the label",
    )  # fmt: skip
    assert [item.test for item in readings[4].fired] == ["drift"]  # one doubt is told and changes no status


def test_three_doubts_are_a_transition() -> None:
    quiet = [0.004 * (-1) ** at for at in range(80)]
    wild = [0.03 * (-1) ** at for at in range(12)]
    readings = read(
        regime__score=[0.7] * 80 + [0.45] * 12, regime__appetite=[0.9] * 80 + [0.1] * 12, market__ret_1d=quiet + wild
    )
    assert readings[79].status == "confirmed"
    assert readings[-1].status == "transition"
    assert [item.test for item in readings[-1].fired] == ["likelihood", "drift", "behaviour"]


def test_a_degraded_reading_still_tells_what_fired() -> None:
    reading = read(regime__ret_5d_z=[-3.0], regime__coverage=[0.3])[0]
    assert reading.status == "degraded"
    assert reading.alert


def test_readings_made_ahead_are_those_of_the_days() -> None:
    """Over whole columns and day by day, in stretches of any length, one after the other."""
    market = invented_market(7, 700)
    frame = compute_signals(market, (*signal_table(WORLD), *REGIME_SIGNALS), 100)
    feed = Feed(market.universe, market.calendar, market.symbols, market.size)
    feed.prime(market, 100)
    one, many = RegimeReader(RulesModel()), RegimeReader(RulesModel())
    plain = [one.read(snapshot) for snapshot in reveal(market, frame, feed, range(100, 700), [""] * 600)]
    ahead: list[RegimeReading] = []
    for start, stop in itertools.pairwise((100, 101, 300, 556, 700)):
        some = many.ahead(frame, market.calendar.labels, range(start, stop))
        assert some is not None
        ahead += some
    assert ahead == plain
    assert len({reading.label for reading in plain}) > 1 and any(reading.fired for reading in plain)


def test_nobody_elses_readings_are_made_ahead() -> None:
    class Other(RulesModel):
        """Anything that is not the very class may look at more than a day's signals."""

    market = invented_market(7, 60)
    frame = compute_signals(market, (*signal_table(WORLD), *REGIME_SIGNALS))
    assert RegimeReader(Other()).ahead(frame, market.calendar.labels, range(60)) is None
