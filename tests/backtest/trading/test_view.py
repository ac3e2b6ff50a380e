"""The view against a slow trader who reads the ledger's bodies and the raw prices, day by day; and what cannot be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import orjson
import pytest
from scipy import stats

from backtest.history import History
from backtest.trading.account import Rule
from backtest.trading.sharpe import best_by_chance, moments, probabilistic
from backtest.trading.view import ACCOUNTS, trading_view
from engine.bars import FIELDS, Bars
from engine.market import Market
from minds.baseline import BASELINES
from minds.protocol import Mind
from minds.registry import load_minds
from tests.runs import TARGETS, Fixed, Prices, bodies, calm_bars
from tests.worlds import WORLD

SESSIONS, START = 800, 400
MINDS = ("macro", "flow", "contrarian", "oracle")
GENESIS = {
    "baselines": list(BASELINES),
    "minds": list(MINDS),
    "targets": [target.key for target in TARGETS],
    "calendar": "XNYS",
}
BARS = calm_bars(83, SESSIONS)
PRICES = Prices(BARS)
Body = dict[str, Any]


@cache
def documents() -> tuple[Body, ...]:
    """Bodies of a run through an invented world with gaps, ties and late listings; one mind is right too often."""
    return tuple(map(orjson.loads, run(Market.build(WORLD, BARS))))


@cache
def oracle() -> Mind:
    """Right about six times of ten, silent now and then."""
    draw, leans = np.random.default_rng(83), {}
    for target in TARGETS:
        for at in range(SESSIONS - target.horizon):
            ratio = PRICES.ratio(target.symbol, at, at + target.horizon)
            if ratio is not None and draw.random() < 0.9:
                leans[PRICES.sessions[at], target.key] = 0.6 if (ratio > 1.0) == (draw.random() < 0.6) else -0.6
    return Fixed("oracle", leans)


def run(market: Market) -> list[bytes]:
    return bodies(market, START, minds=[*load_minds(), oracle()])


def history(run: Sequence[Body], genesis: Mapping[str, Any] = GENESIS) -> History:
    found = History(genesis["minds"], dict(genesis))
    for body in run:
        found.add(body)
    return found


def names(body: Body) -> set[str]:
    return {claim["id"] for claim in body["claims"]}


class Slow(NamedTuple):
    """What the slow trader has at the end of each period."""

    days: list[str]
    capital: list[float]
    held: list[float]


@cache
def slowly(key: str, account: str, rule: Rule, mind: str = "") -> Slow:
    """Trade one target by hand: read what was said, wait for the next close, buy; capital as cash and shares."""
    run = documents()
    symbol, _, text = key.partition(":")
    horizon, cash, shares = int(text), 1.0, 0.0
    first = next(at for at, body in enumerate(run) if f"{body['session']}/{symbol}/interval/{text}" in names(body))
    days, capital, held = [run[first + 1]["session"]], [1.0], []
    for at in range(first, len(run) - 1 - horizon, horizon):
        said = {claim["kind"]: claim for claim in run[at]["claims"] if claim["id"].split("/")[1] == symbol}
        said = {kind: claim for kind, claim in said.items() if claim["horizon"] == horizon}
        want = 0.0
        if account == "buy_and_hold":
            want = 1.0
        elif {"direction", "interval"} <= set(said):
            call, band = said["direction"], said["interval"]
            p, base = call["probability"], call["base_rate"]
            if mind in MINDS:
                own = run[at]["synthesis"][key][1 + MINDS.index(mind)]
                p = base if own is None else own
                silent = own is None
            else:
                silent = False
            sigma = (band["high"] - band["low"]) / (stats.norm.ppf(0.9) - stats.norm.ppf(0.1))
            edge = p - (base if account == "long_short" else 0.5)
            want = rule.kelly * 2.0 * edge * math.sqrt(2.0 / math.pi) / sigma
            want = 0.0 if silent else max(-1.0 if account == "long_short" else 0.0, min(1.0, want))
            if mind in BASELINES:
                lean = run[at]["baselines"][key][BASELINES.index(mind)] or 0.0
                want = max((lean > 0.0) - (lean < 0.0), -1.0 if account == "long_short" else 0.0)
        worth = cash + shares  # a share is worth 1 when it is bought: the ratio below says what becomes of it
        paid = worth * abs(want - shares / worth) * rule.cost_bp / 1e4
        shares, cash = want * (worth - paid), (1.0 - want) * (worth - paid)
        ratio = PRICES.ratio(symbol, START + at + 1, START + at + 1 + horizon)
        shares *= 1.0 if ratio is None else ratio
        days.append(run[at + 1 + horizon]["session"])
        capital.append(cash + shares)
        held.append(want)
    return Slow(days, capital, held)


@pytest.mark.parametrize("rule", [Rule(), Rule(1.0, 25.0)])
@pytest.mark.parametrize("key", GENESIS["targets"])
def test_the_slow_trader_has_as_much(key: str, rule: Rule) -> None:
    curves = trading_view(history(documents()), rule).curves[key]
    for name in ("buy_and_hold", *ACCOUNTS):
        slow = slowly(key, name, rule)
        assert curves.days[: len(slow.days)] == slow.days
        assert curves.lines[name] == pytest.approx(slow.capital)
        if name in ACCOUNTS:
            assert curves.held[name] == pytest.approx(slow.held)
            assert np.abs(curves.held[name]).max() > 0.0


def test_figures_of_an_account() -> None:
    rule = Rule(0.5, 10.0)
    document = trading_view(history(documents()), rule).document
    assert document["rule"] == {"execution": "next close", "annual_periods": 252.0, "kelly": 0.5, "cost_bp": 10.0}
    for key, target in document["targets"].items():
        a_year = 252.0 / int(key.partition(":")[2])
        for name in ACCOUNTS:
            slow, row = slowly(key, name, rule), target[name]
            capital = np.array(slow.capital)
            earned = capital[1:] / capital[:-1] - 1.0
            n = target["periods"]
            assert n == len(earned)
            assert row["final"] == pytest.approx(capital[-1])
            assert row["annual_return"] == pytest.approx(capital[-1] ** (a_year / n) - 1.0)
            assert row["annual_volatility"] == pytest.approx(np.std(earned, ddof=1) * math.sqrt(a_year))
            assert row["sharpe"] == pytest.approx(earned.mean() / np.std(earned, ddof=1) * math.sqrt(a_year))
            assert row["exposure"] == pytest.approx(np.abs(slow.held).mean())
            lowest = min(now / max(slow.capital[: at + 1]) - 1.0 for at, now in enumerate(slow.capital))
            assert row["max_drawdown"] == pytest.approx(lowest)
            plain = {who: slowly(key, name, rule, who).capital[-1] for who in BASELINES}
            assert {who: found["final"] for who, found in row["baselines"].items()} == pytest.approx(plain)
            trials = target[name]["trials"]
            ratios = {}
            for who in ("published", *MINDS):
                own = np.array(slowly(key, name, rule, "" if who == "published" else who).capital)
                own = own[1:] / own[:-1] - 1.0
                if own.any():
                    ratios[who] = float(own.mean() / np.std(own, ddof=1))
            assert trials["n"] == len(ratios)
            assert trials["sharpe"] == pytest.approx({who: ratio * math.sqrt(a_year) for who, ratio in ratios.items()})
            lucky = best_by_chance(len(ratios), float(np.var(list(ratios.values()), ddof=1)))
            shape, held = moments(earned), np.array(slowly(key, "buy_and_hold", rule).capital)
            held = held[1:] / held[:-1] - 1.0
            assert shape is not None
            assert row["dsr"] == pytest.approx(probabilistic(shape, lucky))
            beats = probabilistic(shape, lucky + float(held.mean() / np.std(held, ddof=1)))
            assert row["dsr_over_buy_and_hold"] == pytest.approx(beats)


def otherwise(last: str, seed: int) -> dict[str, Bars]:
    """The same bars up to a day, and after it a market that goes its own way, days without bars included."""
    draw, found = np.random.default_rng(seed), {}
    for symbol, item in BARS.items():
        after = item.days > np.datetime64(last)
        turn = np.where(after, draw.normal(0.0, 0.03, after.size), 0.0).cumsum()
        columns = {name: getattr(item, name) * np.exp(turn) for name in FIELDS}
        kept = ~after | (draw.random(after.size) < 0.95)
        found[symbol] = Bars(symbol, item.days[kept], *(columns[name][kept] for name in FIELDS))
    return found


@pytest.mark.parametrize(("after", "seed"), [(160, 1), (161, 2), (240, 3), (333, 4), (390, 5)])
def test_no_future_price_moves_a_position(after: int, seed: int) -> None:
    """Whatever happens after a session, what is held by then, and by the call of that session, stays what it was."""
    bent = Market.build(WORLD, otherwise(PRICES.sessions[START + after], seed))
    one = trading_view(history(documents())).curves
    two = trading_view(history(list(map(orjson.loads, run(bent))))).curves
    decided = 0
    for key, curves in one.items():
        place = {day: at for at, day in enumerate(curves.days)}
        for name in ACCOUNTS:
            was, now = (view[key].held[name].tolist() if key in view else [] for view in (one, two))
            upto = sum(day <= documents()[after + 1]["session"] for day in place)
            assert was[:upto] == now[:upto]
            decided += upto
            moved = [a != b for a, b in zip(was[upto:], now[upto:], strict=False)]
            assert len(moved) < 20 or any(moved), "the test bends nothing that matters"
    assert decided > 0


def test_a_call_earns_nothing_before_the_next_close() -> None:
    """One who knows each day's next move is paid for the move after that, whatever it is."""
    told = orjson.loads(orjson.dumps(documents()))
    outcomes = {verdict["id"]: verdict.get("outcome") for body in told for verdict in body["verdicts"]}
    seen = 0
    for body in told:
        for claim in body["claims"]:
            if claim["kind"] == "direction" and outcomes.get(claim["id"]) is not None:
                claim["probability"] = 0.999 if outcomes[claim["id"]] else 0.001
    curves = trading_view(history(told), Rule(1.0, 0.0)).curves["MKT:1"]
    capital, place = curves.lines["long_short"], {day: at for at, day in enumerate(PRICES.sessions)}
    for period, (day, held) in enumerate(zip(curves.days, curves.held["long_short"], strict=False)):
        acted = place[day]
        called, paid = PRICES.ratio("MKT", acted - 1, acted), PRICES.ratio("MKT", acted, acted + 1)
        if called is not None and paid is not None and called != 1.0:
            assert held == (1.0 if called > 1.0 else -1.0)
            assert capital[period + 1] / capital[period] == pytest.approx(1.0 + held * (paid - 1.0))
            seen += 1
    assert seen > 200


# --- a world of coins -------------------------------------------------------------------------------------------------

DAYS = np.datetime_as_string(np.datetime64("2001-01-01") + np.arange(6000)).tolist()


def coin_run(seed: int, sessions: int, edge: float = 0.0) -> History:
    """A run on one target by one mind that says .6 or .4 by a coin; it is right with probability .5 + edge."""
    draw = np.random.default_rng(seed)
    moves = draw.normal(0.0, 0.01, sessions + 2)
    right = draw.random(sessions + 2) < 0.5 + edge
    found = History(["coin"], {"minds": ["coin"], "targets": ["X:1"], "calendar": "24/7"})
    for at in range(sessions):
        rises = bool(moves[at + 1] > 0.0) == bool(right[at + 1])  # of the move that an account can still have
        p = 0.6 if rises else 0.4
        claims: list[Body] = [
            {"id": f"{at}/X/direction/1", "kind": "direction", "horizon": 1, "probability": p, "base_rate": 0.5},
            {"id": f"{at}/X/interval/1", "kind": "interval", "horizon": 1, "low": -0.0128, "high": 0.0128,
             "base_low": -0.0128, "base_high": 0.0128},
        ]  # fmt: skip
        verdicts = [] if not at else [
            {"id": f"{at - 1}/X/{kind}/1", "result": "right", "outcome": 1, "realised": moves[at - 1], "score": 0.1,
             "base_score": 0.1} for kind in ("direction", "interval")
        ]  # fmt: skip
        found.add({
            "session": DAYS[at], "reading": {"label": "neutral", "status": "confirmed", "score": 0.0}, "gates": [],
            "views": {"X:1": {"coin": {"lean": p - 0.5}}}, "debates": {"X:1": ["lone", 0.3]},
            "missing": {}, "synthesis": {"X:1": [0.5, p]}, "claims": [claim | {"reference": 100.0} for claim in claims],
            "verdicts": verdicts,
        })  # fmt: skip
    return found


def test_a_coin_proves_nothing() -> None:
    rows = [trading_view(coin_run(seed, 250), Rule(cost_bp=0.0)).document for seed in range(200)]
    psr = np.array([row["targets"]["X:1"]["long_short"]["psr"] for row in rows])
    assert stats.kstest(psr, "uniform").pvalue > 0.01
    assert (psr > 0.95).mean() <= 0.05 + 3.1 * math.sqrt(0.05 * 0.95 / 200)
    dear = [trading_view(coin_run(seed, 250)).document["targets"]["X:1"]["long_short"] for seed in range(20)]
    for row, costs in zip(rows, dear, strict=False):
        free = row["targets"]["X:1"]["long_short"]
        assert costs["final"] < free["final"]
        assert costs["psr"] < free["psr"]
        assert costs["turnover"] == pytest.approx(free["turnover"], rel=1e-9)


def test_an_edge_that_is_there_is_found() -> None:
    row = trading_view(coin_run(1, 1500, 0.06), Rule(cost_bp=1.0)).document["targets"]["X:1"]["long_short"]
    assert row["psr"] > 0.99
    assert row["dsr_over_buy_and_hold"] > 0.9
    assert row["minimum_track_years"] < 1500 / 365


# --- what cannot be said ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sessions", [0, 1, 2, 3, 10, 31, 33])
def test_short_runs_say_why(sessions: int) -> None:
    view = trading_view(coin_run(2, sessions))
    row = view.document["targets"]["X:1"]
    periods = max(sessions - 2, 0)
    assert row["periods"] == periods
    assert ("X:1" in view.curves) == (periods > 0)
    for name in ("buy_and_hold", *ACCOUNTS):
        if periods < 30:
            assert row[name].get("sharpe") is None
            assert "no call" in row[name]["reason"] if not periods else "too few" in row[name]["reason"]
    assert row["long_short"]["trials"]["pbo"] is None
    assert row["long_short"]["trials"]["pbo_reason"]
    assert orjson.loads(orjson.dumps(view.document)) == view.document, "numbers of Python, none that is infinite"


def test_a_target_without_a_call() -> None:
    silent = [body | {"claims": [], "verdicts": []} for body in documents()]
    view = trading_view(history(silent))
    assert {row["periods"] for row in view.document["targets"].values()} == {0}
    assert not view.curves
