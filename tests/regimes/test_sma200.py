"""The baseline against pandas' rolling mean, and by hand where inputs are missing."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from regimes.reading import RegimeReading
from regimes.sma200 import Sma200Model
from tests.regimes.planted import planted, read
from tests.runs import made_up, snapshots
from tests.worlds import invented_market

NAN = math.nan


def by_hand(distance: list[float], z: list[float]) -> list[RegimeReading]:
    """Readings for given distances from the average."""
    market = invented_market(3, len(distance))
    still = [0.0] * len(distance)
    specs = [
        made_up("market.vs_200d", z, distance),
        made_up("regime.path_ratio", still, [2.0] * len(distance)),
        made_up("regime.path_return", still, [-0.05] * len(distance)),
    ]
    model = Sma200Model()
    return [model.update(snapshot) for snapshot in snapshots(market, specs)]


def test_the_label_is_the_side_of_the_average() -> None:
    found = by_hand([NAN, 0.01, -0.01, 0.0, NAN, 0.02], [NAN, 0.5, -0.5, 0.0, NAN, 1.0])
    assert [reading.label for reading in found] == [
        "neutral", "risk_on", "risk_off", "risk_off", "risk_off", "risk_on",
    ]  # fmt: skip
    assert [reading.sessions for reading in found] == [1, 1, 1, 2, 3, 1]
    assert [reading.since for reading in found] == [
        "2000-01-03", "2000-01-04", "2000-01-05", "2000-01-05", "2000-01-05", "2000-01-10",
    ]  # fmt: skip
    assert [reading.status for reading in found] == [
        "degraded", "confirmed", "confirmed", "confirmed", "degraded", "confirmed",
    ]  # fmt: skip
    assert [reading.score for reading in found] == [
        None, math.tanh(0.5), math.tanh(-0.5), 0.0, None, math.tanh(1.0),
    ]  # fmt: skip
    assert [reading.coverage for reading in found] == [0.0, 1.0, 1.0, 1.0, 0.0, 1.0]
    assert all(reading.reasons for reading in found if reading.status == "degraded")
    assert {reading.path for reading in found} == {"trending_down"}
    assert [(part.name, part.weight) for part in found[1].components] == [("vs_200", 1.0)]


@pytest.mark.parametrize(
    ("ratio", "move", "path"),
    [
        (1.3, 0.05, "choppy"),
        (math.nextafter(1.3, 2.0), 0.05, "trending_up"),
        (4.0, -0.05, "trending_down"),
        (NAN, 0.05, "unknown"),
        (4.0, NAN, "unknown"),
    ],
)
def test_the_path_is_that_of_the_rules(ratio: float, move: float, path: str) -> None:
    specs = [
        made_up("market.vs_200d", [1.0], [0.01]),
        made_up("regime.path_ratio", [0.0], [ratio]),
        made_up("regime.path_return", [0.0], [move]),
    ]
    (snapshot,) = snapshots(invented_market(3, 1), specs)
    assert Sma200Model().update(snapshot).path == path


@pytest.mark.parametrize("seed", [1, 2])
def test_a_whole_market_from_its_raw_prices(seed: int) -> None:
    market = planted(seed, np.full(700, 0.011))
    price = pd.Series(market.column("MKT"))
    above = price > price.rolling(200).mean()
    sigma = pd.Series(np.log(market.column("MKT"))).diff().rolling(252).std()
    z = ((price / price.rolling(200).mean() - 1.0) / (sigma * 10.0)).clip(-3.0, 3.0)
    readings = read(Sma200Model(), market)
    assert len({reading.label for reading in readings}) == 3
    for at in range(252, 700):
        assert readings[at].label == ("risk_on" if above[at] else "risk_off")
        assert readings[at].score == pytest.approx(math.tanh(z[at]), abs=1e-12)
