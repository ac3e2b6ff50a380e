"""The study as one document: the range, its bear markets, and for each model every figure with its n and goal.

Contract: a function of a market, a range and what the models said; plain JSON values, None for what does not exist. The
goals are those that the rules were built to reach on the S&P 500 of 1994-2022; on other data they are a yardstick.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np

from backtest.regime_study.dating import FALL, GAP, RISE
from backtest.regime_study.measures import (
    YEAR,
    BoolArray,
    agreement,
    balanced_accuracy,
    detection,
    false_alarms,
    flips,
    interval_by_years,
    median,
)
from backtest.regime_study.outlook import Followed, Outcomes, followed, volatility_ratio
from backtest.regime_study.study import Span, Track
from backtest.regime_study.warning import warnings
from regimes.reading import LABELS

__all__ = ["GOALS", "SCORE_BANDS", "Goal", "study_report"]

SCORE_BANDS = (-1.0, -0.6, -0.2, 0.2, 0.6, 1.0)
"""Edges of the bands of the score, each with its lower edge; the last with its upper one too."""


class Goal(NamedTuple):
    """One figure that was to be reached.

    Attributes:
        name: where the figure stands in a model's part of the document, dotted.
        sense: whether it should be at least or at most the bound.
        bound: in the figure's unit.
    """

    name: str
    sense: Literal[">=", "<="]
    bound: float

    def met(self, value: float | None) -> bool | None:
        """Whether a value reaches it; None without a value."""
        if value is None:
            return None
        return value >= self.bound if self.sense == ">=" else value <= self.bound


GOALS = (
    Goal("label.balanced_accuracy", ">=", 0.78),
    Goal("label.missed", "<=", 0),
    Goal("label.median_delay", "<=", 28),
    Goal("label_or_alert.median_delay", "<=", 15),
    Goal("label.false_alarms_per_year", "<=", 0.40),
    Goal("label_or_alert.false_alarms_per_year", "<=", 1.0),
    Goal("label.flips_per_year", "<=", 1.5),
    Goal("changes_per_year", "<=", 5),
    Goal("label.volatility_ratio", ">=", 1.6),
    Goal("stale.lift", ">=", 1.8),
)


def study_report(span: Span, tracks: list[Track]) -> dict[str, Any]:
    """All figures of a study.

    Args:
        span: the range with its truth.
        tracks: what the models said on the sessions of the range.

    Returns:
        A document of dictionaries, lists, texts, numbers and None.
    """
    return {
        "schema": 1,
        "market": span.market,
        "range": {"start": span.days[0], "end": span.days[-1], "sessions": len(span.days)},
        "bear_markets": {
            "rule": {"fall": FALL, "rise": RISE, "gap": GAP},
            "share": _mean(span.phase[span.phase >= 0] == 1),
            "undecided": int((span.phase < 0).sum()),
            "found": [
                {
                    "peak": span.days[bear.peak],
                    "known": span.days[bear.known],
                    "trough": span.days[bear.trough],
                    "end_known": None if bear.over is None else span.days[bear.over],
                    "sessions": bear.trough - bear.peak,
                    "fall": bear.fall,
                }
                for bear in span.bears
            ],
        },
        "all_sessions": _followed(followed(np.ones(len(span.days), bool), span.outcome, span.phase)),
        "models": {track.name: _model(track, span) for track in tracks},
        "goals": [goal._asdict() for goal in GOALS],
    }


def _model(track: Track, span: Span) -> dict[str, Any]:
    years = len(span.days) / YEAR
    states = {"label": track.off, "label_or_alert": track.off | track.alert}
    stale = warnings(track.stale, track.labels, track.sided)._asdict()
    transition = warnings(track.transition, track.labels, track.sided)
    found: dict[str, Any] = {name: _state(off, span, years) for name, off in states.items()}
    found["changes_per_year"] = flips(track.labels) / years
    found["labels"] = {label: _followed(followed(track.labelled(label), span.outcome, span.phase)) for label in LABELS}
    found["score_bands"] = [
        {"from": low, "to": high, **_followed(followed(_within(track, low, high), span.outcome, span.phase))}
        for low, high in pairwise(SCORE_BANDS)
    ]
    found["alert_share"] = _mean(track.alert)
    found["degraded_share"] = _mean(track.degraded)
    found["stale"] = None if not track.watches else _stale(stale) | {"transition": _stale(transition._asdict())}
    return found


def _state(off: BoolArray, span: Span, years: float) -> dict[str, Any]:
    size = len(span.days)
    agreed = agreement(off, span.phase)
    calls = detection(off, span.bears, span.closes)
    delays = [call.delay for call in calls if call.delay is not None]
    return {
        "off_share": _mean(off),
        "balanced_accuracy": agreed.balanced_accuracy if agreed else None,
        "balanced_accuracy_interval": _list(
            interval_by_years(size, lambda kept: balanced_accuracy(off[kept], span.phase[kept]))
        ),
        "mcc": agreed.mcc if agreed else None,
        "bear_sessions_called": agreed.in_bear if agreed else None,
        "bull_sessions_called": agreed.in_bull if agreed else None,
        "bears": len(calls),
        "missed": sum(call.delay is None for call in calls) if calls else None,
        "delays": [call.delay for call in calls],
        "median_delay": median(delays),
        "longest_delay": max(delays, default=None),
        "lost": [call.lost for call in calls],
        "median_lost": median([call.lost for call in calls]),
        "false_alarms": false_alarms(off, span.phase),
        "false_alarms_per_year": false_alarms(off, span.phase) / years,
        "flips_per_year": flips(off) / years,
        "volatility_ratio": volatility_ratio(off, span.outcome),
        "volatility_ratio_interval": _list(
            interval_by_years(size, lambda kept: volatility_ratio(off[kept], _kept(span.outcome, kept)), log=True)
        ),
    }


def _within(track: Track, low: float, high: float) -> BoolArray:
    found: BoolArray = (track.score >= low) & (track.score < (high if high < SCORE_BANDS[-1] else np.inf))
    return found


def _kept(outcome: Outcomes, kept: BoolArray) -> Outcomes:
    return Outcomes(*(column[kept] for column in outcome))


def _followed(found: Followed) -> dict[str, Any]:
    return {
        **found._asdict(),
        **{
            name: rate and {"rate": rate.rate, "n": rate.n, "interval": list(rate.interval)}
            for name, rate in (("up", found.up), ("high", found.high), ("loss", found.loss))
        },
    }


def _stale(found: dict[str, Any]) -> dict[str, Any]:
    """The first of each pair is over the sessions on which it could fire, the second over all."""
    pairs = ("base", "n_base", "lift", "interval")
    flat = {name: value for name, value in found.items() if name not in pairs}
    for name in pairs:
        sided, every = (_list(value) for value in found[name]) if name == "interval" else found[name]
        key = "lift_interval" if name == "interval" else name
        flat |= {key: sided, f"{key}_all": every}
    return flat


def _list(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)


def _mean(mask: BoolArray) -> float | None:
    return float(mask.mean()) if mask.size else None
