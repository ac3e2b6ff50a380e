"""The Markov model: its filter against statsmodels and against Bayes' rule written out, its fit against the parameters
that a sample was drawn with, and the laws that it keeps: nothing from the future, the same with and without a cache.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

from engine.bars import FloatArray
from engine.errors import InputError
from engine.market import Market
from regimes import fit_cache, markov, switching
from regimes.markov import MarkovModel
from regimes.model import RegimeReader
from regimes.reading import RegimeReading
from regimes.switching import Filter, Switching, fit
from tests.regimes.planted import in_turn, planted, priced, read
from tests.runs import ROOT, snapshots
from tests.worlds import garbled

KNOWN = Switching(0.985, 0.04, 0.05, 0.5, 4.0)
LENGTHS = (260, 90, 250, 110, 240, 50)
FIRST, SECOND = 504, 756
"""Sessions of the first and the second fit with enough history."""


def drawn(seed: int, size: int, chain: Switching = KNOWN) -> FloatArray:
    """A sample of the chain, in percent."""
    rng = np.random.default_rng(seed)
    rough, found = False, np.empty(size)
    for at, (turn, shock) in enumerate(zip(rng.random(size), rng.standard_normal(size), strict=True)):
        rough = turn >= (chain.rough_to_calm if rough else chain.calm_to_calm)
        found[at] = chain.mean + shock * math.sqrt(chain.rough if rough else chain.calm)
    return found


def by_statsmodels(returns: FloatArray, chain: Switching) -> FloatArray:
    """Filtered probabilities of the rough state."""
    model = MarkovRegression(returns, k_regimes=2, switching_trend=False, switching_variance=True)
    found: FloatArray = np.asarray(model.filter(np.array(chain)).filtered_marginal_probabilities)[:, 1]
    return found


def by_bayes(returns: list[float], chain: Switching) -> tuple[list[float], float]:
    """The same by plain products of densities, and the log likelihood of the returns."""
    move = [[chain.calm_to_calm, 1.0 - chain.calm_to_calm], [chain.rough_to_calm, 1.0 - chain.rough_to_calm]]
    long_run = chain.rough_to_calm / (1.0 - chain.calm_to_calm + chain.rough_to_calm)
    now, total, found = [long_run, 1.0 - long_run], 0.0, []
    for ret in returns:
        before = [now[0] * move[0][to] + now[1] * move[1][to] for to in (0, 1)]
        joint = [
            before[state]
            * math.exp(-((ret - chain.mean) ** 2) / (2.0 * variance))
            / math.sqrt(2.0 * math.pi * variance)
            for state, variance in enumerate((chain.calm, chain.rough))
        ]
        total += math.log(sum(joint))
        now = [weight / sum(joint) for weight in joint]
        found.append(now[1])
    return found, total


# --- the filter ---


@pytest.mark.parametrize("chain", [KNOWN, Switching(0.999, 0.3, -0.1, 0.01, 0.9), Switching(0.6, 0.5, 0.0, 1.0, 1.2)])
def test_the_filter_is_that_of_statsmodels(chain: Switching) -> None:
    returns = drawn(5, 400)
    ours = Filter(chain)
    np.testing.assert_allclose([ours.step(ret) for ret in returns.tolist()], by_statsmodels(returns, chain), atol=1e-10)


chance = st.floats(0.01, 0.99)


@given(
    st.lists(st.floats(-8.0, 8.0), min_size=1, max_size=30), chance, chance, st.floats(-0.2, 0.2), st.floats(0.2, 2.0),
    st.floats(1.0, 20.0),
)  # fmt: skip
def test_the_filter_is_bayes_rule(
    returns: list[float], stay: float, back: float, mean: float, calm: float, ratio: float
) -> None:
    chain = Switching(stay, back, mean, calm, calm * ratio)
    ours = Filter(chain)
    assert [ours.step(ret) for ret in returns] == pytest.approx(by_bayes(returns, chain)[0], abs=1e-10)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=10))
def test_no_return_is_too_large_for_the_filter(returns: list[float]) -> None:
    ours = Filter(KNOWN)
    assert all(0.0 <= ours.step(ret) <= 1.0 for ret in returns)


# --- the fit ---


@pytest.fixture(scope="module")
def known_fit() -> tuple[FloatArray, Switching]:
    sample = drawn(1, 2520)
    found, why = fit(sample.tolist())
    assert found is not None and why == ""
    return sample, found


def test_the_fit_finds_what_the_sample_was_drawn_with(known_fit: tuple[FloatArray, Switching]) -> None:
    _, found = known_fit
    assert found.calm == pytest.approx(KNOWN.calm, rel=0.15)
    assert found.rough == pytest.approx(KNOWN.rough, rel=0.15)
    assert found.mean == pytest.approx(KNOWN.mean, abs=0.05)
    assert found.calm_to_calm == pytest.approx(KNOWN.calm_to_calm, abs=0.01)
    assert found.rough_to_calm == pytest.approx(KNOWN.rough_to_calm, abs=0.025)


def test_no_neighbour_explains_the_sample_better(known_fit: tuple[FloatArray, Switching]) -> None:
    sample, found = known_fit
    best = by_bayes(sample.tolist(), found)[1]
    assert best >= by_bayes(sample.tolist(), KNOWN)[1]
    for place, value in enumerate(found):
        for factor in (0.9, 1.1):
            moved = value * factor if place != 0 else 1.0 - (1.0 - value) * factor
            other = Switching(*[moved if at == place else kept for at, kept in enumerate(found)])
            assert by_bayes(sample.tolist(), other)[1] < best


def test_the_states_are_named_by_their_variance_wherever_the_fit_begins(
    known_fit: tuple[FloatArray, Switching],
) -> None:
    sample, found = known_fit
    exchanged = Switching(1.0 - found.rough_to_calm, 1.0 - found.calm_to_calm, found.mean, found.rough, found.calm)
    again, _ = fit(sample.tolist(), exchanged)
    assert again is not None and again == pytest.approx(found, rel=0.02)


def test_parameters_carry_six_digits(known_fit: tuple[FloatArray, Switching]) -> None:
    assert all(float(f"{value:.6g}") == value for value in known_fit[1])


rng = np.random.default_rng(3)
SWAPS = rng.random(900) < 0.3


@pytest.mark.parametrize(
    ("sample", "why"),
    [
        (np.full(600, 0.3), "found returns that do not vary"),
        (rng.standard_normal(900), "found that one volatility explains the returns as well as two"),
        (rng.standard_normal(900) * np.where(SWAPS, 3.0, 0.5), "found no state that lasts"),
        (np.concatenate([rng.standard_normal(600), 60.0 * rng.standard_normal(12)]), "took a few odd returns"),
    ],
    ids=["still", "one", "mixed", "odd"],
)
def test_a_fit_that_cannot_be_leaned_on_says_why(sample: FloatArray, why: str) -> None:
    found, told = fit(sample.tolist())
    assert found is None and told.startswith(why)


def test_a_fit_that_did_not_converge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching, "_MOST_STEPS", 1)
    assert fit(drawn(2, 800).tolist()) == (None, "did not converge")


# --- the model, session by session ---


@pytest.fixture(scope="module")
def market() -> Market:
    return planted(4, in_turn(LENGTHS, 0.007, 0.022))


@pytest.fixture(scope="module")
def readings(market: Market) -> list[RegimeReading]:
    return read(MarkovModel(), market)


def refits(market: Market) -> dict[int, Switching]:
    """Session of each fit -> its parameters, the second begun from the first."""
    found: dict[int, Switching] = {}
    start = None
    for at in (FIRST, SECOND):
        start, _ = fit(returns_until(market, at).tolist(), start)
        assert start is not None
        found[at] = start
    return found


def returns_until(market: Market, stop: int) -> FloatArray:
    """Log returns in percent that ended before session `stop`."""
    logs = np.array([math.log(price) for price in market.column("MKT")[:stop].tolist()])
    found: FloatArray = 100.0 * np.diff(logs)
    return found


def test_each_reading_is_the_filtered_probability_of_parameters_fitted_before(
    market: Market, readings: list[RegimeReading]
) -> None:
    everything = returns_until(market, market.size)
    for start, stop in ((FIRST, SECOND), (SECOND, market.size)):
        rough = by_statsmodels(everything[: stop - 1], refits(market)[start])
        scores = [reading.score for reading in readings[start:stop]]
        np.testing.assert_allclose(np.array(scores, float), 1.0 - 2.0 * rough[start - 1 :], atol=1e-9)


def test_the_label_turns_at_four_fifths_and_back_at_one_fifth(market: Market, readings: list[RegimeReading]) -> None:
    label, since, lasted = "neutral", market.calendar.labels[0], 0
    for day, reading in zip(market.calendar.labels, readings, strict=False):
        rough = 0.5 if reading.score is None else 0.5 * (1.0 - reading.score)
        new = "risk_off" if rough > 0.8 else "risk_on" if rough < 0.2 else label
        label, since, lasted = (label, since, lasted + 1) if new == label else (new, day, 1)
        assert (reading.label, reading.since, reading.sessions) == (label, since, lasted)
    assert {reading.label for reading in readings} == {"neutral", "risk_on", "risk_off"}


def test_before_the_first_fit_it_is_degraded_and_says_so(readings: list[RegimeReading]) -> None:
    early = readings[:FIRST]
    assert {(item.label, item.score, item.status, item.coverage) for item in early} == {
        ("neutral", None, "degraded", 0.0)
    }
    assert early[0].reasons == ("a fit needs 500 moves of MKT and finds 0",)
    assert early[-1].reasons == ("a fit needs 500 moves of MKT and finds 251",)
    later = readings[FIRST]
    assert (later.status, later.coverage, later.reasons) == ("confirmed", 1.0, ())
    assert [(part.name, part.value, part.weight) for part in later.components] == [("calm", later.score, 1.0)]


@pytest.mark.parametrize("known", [FIRST - 1, FIRST, FIRST + 1, 700, SECOND, SECOND + 1, 900])
def test_nonsense_in_the_future_changes_no_reading(market: Market, readings: list[RegimeReading], known: int) -> None:
    spoilt = garbled(market, np.random.default_rng(known), known, market.size)
    assert read(MarkovModel(), spoilt)[:known] == readings[:known]


def test_a_shorter_history_gives_the_same_readings_at_two_hundred_dates(
    market: Market, readings: list[RegimeReading]
) -> None:
    for known in np.random.default_rng(8).integers(1, market.size, 200).tolist():
        reader = RegimeReader(model := MarkovModel())
        *_, last = map(reader.read, snapshots(market.cut(known), model.signals))
        assert last == readings[known - 1]


def test_the_day_of_the_fit_takes_no_part_in_it(market: Market) -> None:
    prices = market.column("MKT").copy()
    prices[FIRST:] *= 0.8
    one, other = MarkovModel(), MarkovModel()
    read(one, market.cut(FIRST + 1))
    readings = read(other, priced(prices).cut(FIRST + 1))
    assert one.fitted is not None and one.fitted == other.fitted
    assert readings[FIRST].label == "risk_off", "the fall itself is read on its day"


def test_sessions_without_a_price_or_a_move_are_passed_over(market: Market) -> None:
    """Holes, impossible prices and a halt: the rest reads as if they had not been sessions."""
    prices = market.column("MKT")[:640].tolist()
    holes = {300: math.nan, 520: math.nan, 560: 0.0, 561: -5.0, 562: math.inf}
    at = 600
    spoilt = [holes.get(day, price) for day, price in enumerate(prices[:at])] + [prices[at - 1]] * 30 + prices[at:]
    model = MarkovModel()
    readings = read(model, priced(np.array(spoilt)))
    known = [math.log(price) for day, price in enumerate(prices) if day not in holes]
    assert model.fitted is not None
    rough = by_statsmodels(100.0 * np.diff(known), model.fitted)[-1]
    assert readings[-1].score == pytest.approx(1.0 - 2.0 * rough, abs=1e-9)
    for day in holes:
        assert (readings[day].score, readings[day].status) == (None, "degraded")
        assert readings[day].reasons[-1] == "no price of MKT today"
    assert len({reading.score for reading in readings[at - 1 : at + 30]}) == 1
    assert readings[at + 29].status == "confirmed"


def test_the_last_good_fit_stands_and_the_reading_says_so(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def once(returns: list[float], start: Switching | None) -> tuple[Switching | None, str]:
        tried.append(len(returns))
        return fit(returns, start) if len(tried) == 1 else (None, "did not converge")

    monkeypatch.setattr(markov, "fit", once)
    monkeypatch.setattr(fit_cache, "_MEMORY", {})
    readings = read(MarkovModel(), market)
    assert tried == [FIRST - 1, SECOND - 1]
    days = market.calendar.labels
    told = f"the fit of {days[SECOND]} did not converge; that of {days[FIRST]} stands"
    assert {reading.reasons for reading in readings[SECOND:]} == {(told,)}
    assert {reading.status for reading in readings[SECOND:]} == {"confirmed"}
    rough = by_statsmodels(returns_until(market, market.size), refits(market)[FIRST])
    assert readings[-1].score == pytest.approx(1.0 - 2.0 * rough[-1], abs=1e-9)


def test_ten_years_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies further back than the window changes nothing."""
    monkeypatch.setattr(markov, "_WINDOW", 600)
    prices = planted(6, in_turn((260, 90, 300, 110), 0.007, 0.022)).column("MKT").copy()
    other = prices.copy()
    other[:156] = np.linspace(50.0, 60.0, 156)
    found = []
    for column in (prices, other):
        market, model = priced(column), MarkovModel()
        *_, last = snapshots(market, model.signals)
        model.fit(last)
        found.append(model.fitted)
    assert found[0] is not None and found[0] == found[1]
    other[160] *= 1.01
    market, model = priced(other), MarkovModel()
    *_, last = snapshots(market, model.signals)
    model.fit(last)
    assert model.fitted != found[0]


# --- the cache ---


def refuse(*_: object) -> tuple[Switching | None, str]:
    raise AssertionError("a fit was made although it was kept")


@pytest.fixture
def folder(market: Market, readings: list[RegimeReading], tmp_path: Path) -> Path:
    """A cache that holds the fits of `market`."""
    assert read(MarkovModel(tmp_path), market) == readings, "the cache must not change a reading"
    return tmp_path


def test_a_kept_fit_is_not_made_again(
    market: Market, readings: list[RegimeReading], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markov, "fit", refuse)
    model = MarkovModel(folder)
    assert read(model, market) == readings
    assert model.notices == ()
    with pytest.raises(InputError, match="AssertionError"):
        read(MarkovModel(folder), planted(5, np.full(FIRST + 1, 0.01)))


def test_refusals_are_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calm = planted(0, np.full(FIRST + 1, 0.01))
    wanted = read(MarkovModel(tmp_path), calm)
    assert "one volatility" in wanted[-1].reasons[0]
    monkeypatch.setattr(markov, "fit", refuse)
    assert read(MarkovModel(tmp_path), calm) == wanted


def test_a_damaged_file_is_made_anew_and_told(market: Market, readings: list[RegimeReading], folder: Path) -> None:
    files = sorted((folder / "regimes").iterdir())
    assert len(files) == 2, "two fits, and nothing left over"
    sound = [file.read_bytes() for file in files]
    other = json.loads(sound[0])
    other["fit"][0][2] *= 1.0001
    for damage in (b"", b"{", b"[]", b'{"fit": 3}', sound[1], json.dumps(other).encode(), b"\xff" * 9, b"[" * 99999):
        files[0].write_bytes(damage)
        model = MarkovModel(folder)
        assert read(model, market) == readings
        assert model.notices == (f"the cached fit {files[0]} was damaged and has been made anew",)
        assert [file.read_bytes() for file in files] == sound, "and the file is whole again"


def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(
    market: Market, readings: list[RegimeReading], tmp_path: Path
) -> None:
    closed = tmp_path / "cache"
    closed.write_text("a file where the folder should be")
    model = MarkovModel(closed)
    assert read(model, market) == readings
    assert any("fits cannot be kept in" in notice for notice in model.notices)


# --- statsmodels ---


def test_without_statsmodels_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    with pytest.raises(InputError, match=r"pip install 'workshop-desk\[fit\]'"):
        MarkovModel()
    with pytest.raises(InputError, match=r"pip install 'workshop-desk\[fit\]'"):
        fit([0.1, -0.1] * 300)


def test_statsmodels_is_imported_by_the_first_fit_and_not_before() -> None:
    code = (
        "import sys; from regimes.registry import load_regime, list_regimes; load_regime('markov'); list_regimes(); "
        "assert not {'statsmodels', 'scipy', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
