"""How often our own statistics are fooled by luck, and how often they miss an edge that is there.

Coins that run through the whole cycle as the only mind, on real prices; and drawn markets in which a mind that sees
only the past is right more often than chance. Each trial is a replay, and what its record shows is judged as a sweep or
a report judges it. The figures stand in docs/sweeps.md.

    python tools/luck_study.py --workers 2

Contract: everything is a function of the seeds; the same table whatever the number of workers.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, partial
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from backtest.claims import Claims
from backtest.evaluation import spa
from backtest.evidence import mean_e_value
from backtest.history import History
from backtest.replay import Replay
from backtest.scores import ScoreBook
from engine import scoring
from engine.bars import Bars, FloatArray
from engine.calendar import TradingCalendar
from engine.claims import Target
from engine.market import Market
from engine.sources.sample import Sample
from engine.universe import Universe, load_universe
from minds.registry import load_minds
from regimes.registry import load_regime

__all__ = ["ENOUGH", "Edge", "Trial", "coin_trial", "edge_trial", "main", "power"]

ENOUGH = 20.0
_LEVEL = 0.05
_BEFORE = 300
"""Sessions of a drawn market before its run."""


class Trial(NamedTuple):
    """What one record shows.

    Attributes:
        n: settled directions.
        right: share of them on which the mind's side was right.
        p_side: one-sided p-value of "right no more often than the known base rate", by the test for overlapping claims.
        p_spa_side: the same by the test for many forecasters, of which there is one.
        p_spa: that test of the published probabilities against the base rate, by Brier score.
        e_value: evidence of the published probabilities against the base rate.
    """

    n: int
    right: float
    p_side: float
    p_spa_side: float
    p_spa: float
    e_value: float


class Edge(NamedTuple):
    """A market whose signs follow the last one with some probability, which `yesterday` can know.

    Attributes:
        right: how often that mind is right in the long run.
        base: how often the market rises, and the commoner side is right.
    """

    right: float
    base: float

    @property
    def stays(self) -> tuple[float, float]:
        """Chance that a rise follows a rise, and a fall a fall."""
        up = (self.right + 2.0 * self.base - 1.0) / (2.0 * self.base)
        return up, 1.0 - (1.0 - up) * self.base / (1.0 - self.base)


_COINS = (1000,)
_EDGES = ((Edge(0.56, 0.50), 427), (Edge(0.55, 0.50), 654), (Edge(0.56, 0.54), 3920))
"""Each with the sessions that a one-sided test at 5% needs to find it four times out of five."""


def coin_trial(seed: int, sessions: int, first: str = "2009-01-02") -> Trial:
    """A coin as the only mind on the sample's S&P 500, for so many sessions from a day on."""
    market = _sample()
    start = market.calendar.position(first)
    stop = market.calendar.labels[start + sessions - 1]
    claims = _claims(_until(stop), "coin", "^GSPC", start, seed)
    return _judge(claims, base=0.5)


def edge_trial(seed: int, sessions: int, edge: Edge) -> Trial:
    """The mind `yesterday` alone in a drawn market with an edge."""
    market = _drawn(seed, sessions, edge)
    return _judge(_claims(market, "yesterday", "MKT", _BEFORE, 0), base=edge.base)


def power(edge: Edge, n: int) -> float:
    """Chance of a one-sided test at 5% to find the edge in n sessions, by normal theory."""
    normal = NormalDist()
    base, right = edge.base, edge.right
    reach = normal.inv_cdf(1.0 - _LEVEL) * math.sqrt(base * (1.0 - base))
    return normal.cdf(((right - base) * math.sqrt(n) - reach) / math.sqrt(right * (1.0 - right)))


def _claims(market: Market, mind: str, symbol: str, start: int, seed: int) -> Claims:
    """The settled directions of a run with one mind."""
    target = Target(symbol, "market", 1)
    replay = Replay(market, load_minds([mind], seed), [target], load_regime("rules"), start, seed=seed)
    history = History([mind], {"targets": [target.key]})
    for _ in ScoreBook(history).follow(replay.pieces()):
        pass
    return history.claims["direction"].settled()


def _judge(claims: Claims, base: float) -> Trial:
    lean = claims.lean[:, 0]
    sided = claims.take(np.flatnonzero(np.nan_to_num(lean)))
    wrong = ((sided.lean[:, 0] > 0.0) != (sided.y == 1.0)).astype(np.float64)
    usual = np.full(wrong.size, 1.0 - base)
    test = scoring.dm_test(wrong, usual, horizon=1)
    lead = scoring.log_score(claims.y, claims.b) - claims.log_score
    return Trial(
        n=wrong.size,
        right=float(1.0 - wrong.mean()),
        p_side=test.p / 2.0 if test.t < 0.0 else 1.0 - test.p / 2.0,
        p_spa_side=spa(wrong[:, None], usual, horizon=1).p_consistent,
        p_spa=spa(claims.score[:, None], claims.base_score, horizon=1).p_consistent,
        e_value=mean_e_value(claims, lead),
    )


@cache
def _sample() -> Market:
    return _until("2018-12-31")


@cache
def _until(day: str) -> Market:
    universe = load_universe("sample")
    loaded = Sample().load(universe, date.fromisoformat(day))
    return Market.build(universe, loaded.bars, loaded.events, loaded.closes)


def _drawn(seed: int, sessions: int, edge: Edge) -> Market:
    """Closes whose returns have a size of their own, and a sign that follows the last one as the edge says."""
    rng = np.random.default_rng([seed, sessions, round(1e4 * edge.right), round(1e4 * edge.base)])
    n = _BEFORE + sessions
    days = TradingCalendar.load("XNYS", date(1960, 1, 4), date(2049, 12, 30)).days[:n].copy()
    up, down = edge.stays
    draws, rising = rng.random(n), np.empty(n, np.bool_)
    rising[0] = draws[0] < edge.base
    for at in range(1, n):
        rising[at] = (draws[at] < up) if rising[at - 1] else (draws[at] >= down)
    size = 0.001 + np.abs(rng.normal(0.0, 0.01, n))
    size[rising] *= (1.0 - edge.base) / edge.base  # no drift: what is planted is the side, not the way
    close = 100.0 * np.exp(np.cumsum(np.where(rising, size, -size)))
    bars = Bars("MKT", days, close.copy(), close.copy(), close.copy(), close, close.copy(), np.full(n, 1e6))
    return Market.build(Universe("drawn", "A drawn market", "XNYS", {"market": "MKT"}), {"MKT": bars})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study and print each part of it, as it is done, as a line of JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--seeds", type=int, default=200, help="trials of each kind")
    chosen = parser.parse_args(arguments)
    seeds = range(1, chosen.seeds + 1)
    for n in _COINS:
        _print(f"a coin, {n:,} sessions", _coins(_trials(partial(coin_trial, sessions=n), seeds, chosen.workers)))
    for edge, n in _EDGES:
        trials = _trials(partial(edge_trial, sessions=n, edge=edge), seeds, chosen.workers)
        name = f"{edge.right:.0%} right where {edge.base:.0%} is usual, {n:,} sessions"
        _print(name, _edges(trials, edge, n))
    return 0


def _print(name: str, found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({name: found}) + "\n")
    sys.stdout.flush()


def _trials(trial: Callable[..., Trial], seeds: Sequence[int], workers: int) -> tuple[list[Trial], float]:
    """The trials in the order of their seeds, and how many seconds they took."""
    import joblib

    began = time.perf_counter()
    done = joblib.Parallel(n_jobs=workers)(joblib.delayed(trial)(seed) for seed in seeds)
    return list(done), time.perf_counter() - began


def _coins(timed: tuple[list[Trial], float]) -> dict[str, Any]:
    from scipy.stats import kstest

    trials, seconds = timed
    return {
        "trials": len(trials),
        "skill claimed (E >= 20)": _share([trial.e_value >= ENOUGH for trial in trials]),
        "p of the coin's sides": _uniformity(np.array([trial.p_spa_side for trial in trials])),
        "p of the published calls": {
            **_uniformity(np.array([trial.p_spa for trial in trials])),
            "KS p against smaller than uniform": float(
                kstest([trial.p_spa for trial in trials], "uniform", alternative="greater").pvalue
            ),
        },
        "seconds": round(seconds),
    }


def _uniformity(p: FloatArray) -> dict[str, Any]:
    from scipy.stats import kstest

    return {"KS p against uniform": float(kstest(p, "uniform").pvalue), "at most .05": _share(p <= _LEVEL)}


def _edges(timed: tuple[list[Trial], float], edge: Edge, n: int) -> dict[str, Any]:
    trials, seconds = timed
    return {
        "trials": len(trials),
        "right": float(np.mean([trial.right for trial in trials])),
        "power by normal theory": power(edge, n),
        "found by the test of sides": _share([trial.p_side <= _LEVEL for trial in trials]),
        "found by SPA of sides": _share([trial.p_spa_side <= _LEVEL for trial in trials]),
        "found by SPA of published calls": _share([trial.p_spa <= _LEVEL for trial in trials]),
        "skill claimed (E >= 20)": _share([trial.e_value >= ENOUGH for trial in trials]),
        "seconds": round(seconds),
    }


def _share(which: Sequence[bool] | Any) -> dict[str, float]:
    low, high = scoring.wilson(int(np.sum(which)), len(which))
    return {"share": float(np.mean(which)), "low": low, "high": high}


if __name__ == "__main__":
    from luck_study import main as study  # under a name by which other processes find its functions

    sys.exit(study())
