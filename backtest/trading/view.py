"""The trading view of a run: each target's accounts beside buy-and-hold, and whether the best of them is luck.

Contract: made from a history alone. What a session said is acted on at the close of the NEXT session and held until the
close `horizon` sessions after that; for longer horizons decisions are `horizon` sessions apart, so that no two periods
overlap. Returns are those with which the record settled its calls, between adjusted closes; where there was no close to
settle with, the return is lost and counted as a gap. A figure that cannot be said is None, and a reason stands beside.
All of it is after costs; buying and holding pays for its one purchase.

There are two accounts, named beforehand and both shown:

- `long_short` bets what the call adds to the base rate: the edge is measured from the base rate, positions in [-1, 1];
- `long_only` is invested as the odds say: the edge is measured from one half, positions in [0, 1].

Each is kept for the published call and, as trials, for each mind's recalibrated probability alone. The deflated Sharpe
ratio and the overfitting are reckoned over those trials of one account that ever held a position: the trials of the
other account would tell apart being in the market from being out of it, not the forecasters. The baselines stand
beside as plain accounts that are wholly on their side, or out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backtest.claims import Claims
from backtest.history import History
from backtest.trading.account import Account, Rule, positions, trade
from backtest.trading.overfit import BLOCKS, overfitting
from backtest.trading.sharpe import Moments, best_by_chance, minimum_track, moments, probabilistic, spread
from engine.bars import FloatArray

__all__ = ["ACCOUNTS", "Curves", "TradingView", "trading_view"]

IntArray = npt.NDArray[np.int64]
ACCOUNTS = ("long_short", "long_only")
PUBLISHED = "published"
_WIDTH = 2.0 * 1.2815515655446004
"""Standard deviations between the ends of a central 80% interval."""
_LEAST = 30
"""Periods from which a Sharpe ratio is shown at all."""


@dataclass(frozen=True)
class Curves:
    """What a chart of one target shows.

    Attributes:
        days: ISO dates, n + 1 of them; on the first, the capital is 1.
        lines: `buy_and_hold` and each name of `ACCOUNTS` -> capital after costs on these days, shape (n + 1,).
        held: each name of `ACCOUNTS` -> position between one day and the next, shape (n,).
    """

    days: list[str]
    lines: Mapping[str, FloatArray]
    held: Mapping[str, FloatArray]


@dataclass(frozen=True)
class TradingView:
    """The view.

    Attributes:
        document: what `scores.json` keeps under `trading`.
        curves: target -> curves; without the targets on which nothing has been settled.
    """

    document: dict[str, Any]
    curves: dict[str, Curves]


@dataclass(frozen=True)
class _Days:
    """What is known about one target, one element a session; NaN for nothing."""

    p: FloatArray
    b: FloatArray
    sigma: FloatArray
    fair: FloatArray
    baseline: FloatArray
    returns: FloatArray
    """From this session's close to the one `horizon` sessions later."""


def trading_view(history: History, rule: Rule | None = None) -> TradingView:
    """Trade all targets of a run by a rule (the usual one without it)."""
    rule, curves, targets = rule or Rule(), {}, {}
    days = history.sessions.days
    a_year = 365.0 if history.genesis.get("calendar") == "24/7" else 252.0
    for key in history.targets:
        horizon = int(key.rpartition(":")[2])
        known = _known(history, key)
        acted = _acted(known, horizon)
        targets[key], found = _target(history, known, acted, rule, a_year / horizon)
        if acted.size:
            ends = [days[at] for at in (acted + horizon).tolist()]
            targets[key] |= {"first": days[acted[0]], "last": ends[-1], "step": horizon}
            lines = {name: np.concatenate([[1.0], account.equity]) for name, account in found.items()}
            curves[key] = Curves([days[acted[0]], *ends], lines, {name: found[name].held for name in ACCOUNTS})
    said = {"execution": "next close", "annual_periods": a_year, **asdict(rule)}
    return TradingView({"rule": said, "targets": targets}, curves)


def _acted(known: _Days, horizon: int) -> IntArray:
    """Sessions at whose close a call of the session before is acted on: from the first published interval, which a
    stake needs, to the last one from which the return is known.
    """
    made, settled = (np.flatnonzero(np.isfinite(column)) for column in (known.sigma, known.returns))
    if not made.size or not settled.size:
        return made[:0]
    return np.arange(made[0] + 1, settled[-1] + 1, horizon)


def _known(history: History, key: str) -> _Days:
    symbol, _, horizon = key.rpartition(":")
    about, n = (symbol, int(horizon)), len(history.sessions.days)
    calls, bands = (_about(history.claims[kind], about) for kind in ("direction", "interval"))
    columns = {name: np.full(n, np.nan) for name in ("p", "b", "sigma", "returns")}
    fair, plain = (np.full((n, len(names)), np.nan) for names in (history.minds, history.baselines))
    columns["p"][calls.day], columns["b"][calls.day] = calls.p, calls.b
    fair[calls.day], plain[calls.day] = calls.fair, calls.baseline
    columns["sigma"][bands.day] = (bands.high - bands.low) / _WIDTH
    for claims in (calls, bands):  # an interval is settled also where the price has not moved
        done = np.isfinite(claims.realised)
        columns["returns"][claims.day[done]] = claims.realised[done]
    return _Days(**columns, fair=fair, baseline=plain)


def _about(claims: Claims, about: tuple[str, int]) -> Claims:
    return claims.take(claims.target == claims.names.index(about) if about in claims.names else claims.target < 0)


def _target(
    history: History, known: _Days, acted: IntArray, rule: Rule, a_year: float
) -> tuple[dict[str, Any], dict[str, Account]]:
    """The document of one target, and the accounts to be drawn."""
    returns = known.returns[acted]
    gaps = np.isnan(returns)
    returns = np.where(gaps, 0.0, returns)
    before = acted - 1
    market = trade(np.ones(acted.size), returns, rule.cost_bp)
    document: dict[str, Any] = {
        "periods": int(acted.size),
        "gaps": int(gaps.sum()),
        "buy_and_hold": _figures(market, a_year),
    }
    drawn = {"buy_and_hold": market}
    said = {PUBLISHED: known.p, **dict(zip(history.minds, known.fair.T, strict=True))}
    anchors: tuple[FloatArray | float, ...] = (known.b[before], 0.5)
    for name, against, least in zip(ACCOUNTS, anchors, (-1.0, 0.0), strict=True):
        accounts = {}
        for who, p in said.items():
            wanted = positions(p[before], against, known.sigma[before], rule.kelly, least)
            accounts[who] = trade(wanted, returns, rule.cost_bp)
        drawn[name] = ours = accounts[PUBLISHED]
        shapes = {who: _moments(account) for who, account in accounts.items()}
        tried = {who: shape for who, shape in shapes.items() if shape is not None}
        lucky = best_by_chance(max(len(tried), 1), spread([shape.sharpe for shape in tried.values()]))
        document[name] = _figures(ours, a_year) | _proof(shapes[PUBLISHED], moments(market.earned), lucky)
        overfit = _overfit([accounts[who].earned for who in tried])
        document[name]["trials"] = _trials(tried, lucky, a_year) | overfit
        sides = np.nan_to_num(np.sign(known.baseline[before])).clip(least, 1.0)
        plain = [trade(side, returns, rule.cost_bp) for side in sides.T]
        document[name]["baselines"] = {
            who: {figure: found[figure] for figure in ("final", "sharpe", "max_drawdown") if figure in found}
            for who, found in zip(history.baselines, [_figures(account, a_year) for account in plain], strict=True)
        }
    return document, drawn


def _figures(account: Account, a_year: float) -> dict[str, Any]:
    """What an account did; ratios and rates are a year's."""
    n = account.earned.size
    if not n:
        return {"reason": "no call has been acted on and settled yet"}
    final, scale = float(account.equity[-1]), math.sqrt(a_year)
    peak = np.maximum(np.maximum.accumulate(account.equity), 1.0)
    found: dict[str, Any] = {
        "final": final,
        "annual_return": final ** (a_year / n) - 1.0,
        "max_drawdown": float((account.equity / peak - 1.0).min()),
        "exposure": float(np.abs(account.held).mean()),
        "turnover": float(account.traded.sum()) * a_year / n,
        "annual_volatility": None, "sharpe": None, "psr": None, "minimum_track_years": None,
    }  # fmt: skip
    shape = _moments(account)
    if shape is None:
        few = f"{n} periods are too few for a Sharpe ratio; {_LEAST} are needed"
        return found | {"reason": few if n < _LEAST else "it never held a position, or the price never moved"}
    needed = minimum_track(shape)
    return found | {
        "annual_volatility": shape.deviation * scale,
        "sharpe": shape.sharpe * scale,
        "psr": probabilistic(shape),
        "minimum_track_years": None if needed is None else needed / a_year,
        **({"reason": "no track record proves a ratio that is not above zero"} if needed is None else {}),
    }


def _proof(shape: Moments | None, market: Moments | None, lucky: float) -> dict[str, Any]:
    """Is the ratio above what the best of so many has by chance, and is it above buying and holding by as much?"""
    if shape is None:
        return {"dsr": None, "dsr_over_buy_and_hold": None}
    beats = None if market is None else probabilistic(shape, market.sharpe + lucky)
    return {"dsr": probabilistic(shape, lucky), "dsr_over_buy_and_hold": beats}


def _trials(tried: Mapping[str, Moments], lucky: float, a_year: float) -> dict[str, Any]:
    """Every trial's ratio, and the best one's never without what chance alone gives the best of so many."""
    scale = math.sqrt(a_year)
    found: dict[str, Any] = {"n": len(tried), "sharpe": {who: shape.sharpe * scale for who, shape in tried.items()}}
    if not tried:
        return found | {"best": None, "reason": "no account held a position for long enough to be judged"}
    best = max(tried, key=lambda who: tried[who].sharpe)
    return found | {"best": best, "best_by_chance": lucky * scale, "best_dsr": probabilistic(tried[best], lucky)}


def _overfit(earned: list[FloatArray]) -> dict[str, Any]:
    """How often the best of one half was among the worse half afterwards."""
    least = 2 * BLOCKS
    if len(earned) < 2:
        return {"pbo": None, "pbo_reason": "fewer than two accounts to choose from"}
    if earned[0].size < least:
        return {
            "pbo": None,
            "pbo_reason": f"{earned[0].size} periods are too few for {BLOCKS} blocks; {least} at least",
        }
    found = overfitting(np.column_stack(earned))
    return {"pbo": found.pbo, "pbo_splits": found.splits}


def _moments(account: Account) -> Moments | None:
    return moments(account.earned) if account.earned.size >= _LEAST else None
