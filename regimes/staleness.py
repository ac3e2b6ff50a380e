"""Whether the label still fits: a fast alert, and three tests of staleness.

Contract: causal and stateful; `update` is called once a session, after the label is known, and uses nothing but its
arguments. A test whose input is missing does not fire. Every test that fires is returned with its value, so that an
essay can say why. Thresholds were set beforehand and are not fitted; the one thing estimated is each label's
volatility, from the sessions before.

- `likelihood`: a one-sided CUSUM of how much better another label's volatility explains the returns than this label's
  (Page 1954),
  Student t with 5 degrees of freedom; it forgets 3% a session, starts anew with the label and fires above 2 nats.
- `drift`: the score has moved 0.20 against the label from its best value since the label began.
- `behaviour`: on two of three sessions at most a third of the risk-taking measures (credit, size, growth, calm, market,
  stocks over
  bonds) agree with the label's sign.
"""

from __future__ import annotations

import math
from collections import deque

from regimes.reading import LABELS, Fired, Label

__all__ = ["ALERT_SESSIONS", "AlertWatch", "StaleWatch"]

ALERT_SESSIONS = 10
_CUSUM, _FORGET = 2.0, 0.97
_DRIFT = 0.20
_AGREE = 1.0 / 3.0
_SIGN: dict[Label, int] = {"risk_on": 1, "neutral": 0, "risk_off": -1, "crisis": -1}
_PRIOR = {"risk_on": 0.75, "neutral": 1.0, "risk_off": 1.3, "crisis": 2.2}
"""A label's volatility before it has a record, as a multiple of the volatility of all sessions so far."""
_PRIOR_SESSIONS = 60.0
_DEGREES = 5.0
_APART = 1.4
"""A rival label must have a volatility this many times larger or smaller. Among near equals the best of three always
fits a little better, and the sum fires on nothing: a quiet Gaussian market would be called stale for ever."""
_APART_SQUARED = _APART**2
_PRIOR_SQUARED = tuple(_PRIOR[label] ** 2 for label in LABELS)
_PLACE: dict[Label, int] = {label: at for at, label in enumerate(LABELS)}
_QUIET = (None, None, None)


class AlertWatch:
    """Fires on a sudden rise of volatility or fall of the market, and holds for ten sessions."""

    def __init__(self) -> None:
        self._left = 0
        self._fired: tuple[Fired, ...] = ()

    def update(
        self,
        vix: float | None,
        vix_change: float | None,
        realised: float | None,
        jump: float | None,
        week: float | None,
    ) -> tuple[Fired, ...]:
        """The tests that fired within the last ten sessions, latest first cause; empty when there is no alert.

        Args:
            vix: level of the volatility index.
            vix_change: its change over five sessions, as a fraction.
            realised: annualised 21-session volatility.
            jump: that volatility over its value five sessions ago; used where there is no volatility index.
            week: five-session return over sigma_252 * sqrt(5).
        """
        fired = []
        if vix is not None and vix_change is not None:
            if vix > 22.0 and vix_change > 0.5:
                fired.append(Fired("volatility", vix_change, 0.5))
        elif realised is not None and jump is not None and realised > 0.18 and jump > 1.6:
            fired.append(Fired("volatility", jump - 1.0, 0.6))
        if week is not None and week < -2.5:
            fired.append(Fired("fall", week, -2.5))
        if fired:
            self._fired, self._left = tuple(fired), ALERT_SESSIONS
        elif self._left:
            self._left -= 1
        return self._fired if self._left else ()


class StaleWatch:
    """Runs the three tests for one label after another."""

    def __init__(self) -> None:
        self._label: Label | None = None
        self._squares = [0.0] * len(LABELS)  # by label, in their order
        self._counts = [0.0] * len(LABELS)
        self._cusum = 0.0
        self._best: float | None = None
        self._against: deque[bool] = deque(maxlen=3)

    def update(self, label: Label, score: float | None, ret: float | None, share: float | None) -> tuple[Fired, ...]:
        """The tests that fire today.

        Args:
            label: today's label.
            score: today's score.
            ret: today's return of the market.
            share: share of the risk-taking measures that are positive.
        """
        if label != self._label:
            self._label, self._cusum, self._best = label, 0.0, None
            self._against.clear()
        sign = _SIGN[label]
        fired: list[Fired] = []
        if sign:
            found = self._likelihood(label, ret), self._drift(sign, score), self._behaviour(sign, share)
            if found != _QUIET:
                fired = [each for each in found if each is not None]
        if ret is not None:  # today's return joins the record only after it has been judged
            self._squares[_PLACE[label]] += ret * ret
            self._counts[_PLACE[label]] += 1.0
        return tuple(fired)

    def _likelihood(self, label: Label, ret: float | None) -> Fired | None:
        squares, counts = self._squares, self._counts
        count = _added(counts)
        if ret is None or count < _PRIOR_SESSIONS:
            return None
        overall = _added(squares) / count
        if overall <= 0.0:
            return None
        pull, mine = _PRIOR_SESSIONS * overall, _PLACE[label]
        rivals = [
            (square + pull * prior) / (number + _PRIOR_SESSIONS)
            for square, number, prior in zip(squares, counts, _PRIOR_SQUARED, strict=True)
        ]
        own = rivals[mine]
        least, most = own / _APART_SQUARED, own * _APART_SQUARED
        apart = [_log_t5(ret, rival) for rival in rivals if not least <= rival <= most]
        gain = max(apart) - _log_t5(ret, own) if apart else 0.0
        self._cusum = max(0.0, _FORGET * self._cusum + gain)
        return Fired("likelihood", self._cusum, _CUSUM) if self._cusum > _CUSUM else None

    def _drift(self, sign: int, score: float | None) -> Fired | None:
        if score is None:
            return None
        self._best = score if self._best is None else (max if sign > 0 else min)(self._best, score)
        drift = abs(score - self._best)
        return Fired("drift", drift, _DRIFT) if drift >= _DRIFT else None

    def _behaviour(self, sign: int, share: float | None) -> Fired | None:
        if share is None:
            return None
        agree = share if sign > 0 else 1.0 - share
        self._against.append(agree <= _AGREE)
        return Fired("behaviour", agree, _AGREE) if sum(self._against) >= 2 else None


def _added(four: list[float]) -> float:
    one, two, three, last = four
    return one + two + three + last


def _log_t5(ret: float, variance: float) -> float:
    """Log density, up to a constant, of a Student t with 5 degrees of freedom and the given variance."""
    scale = variance * (_DEGREES - 2.0) / _DEGREES
    return -0.5 * math.log(scale) - 0.5 * (_DEGREES + 1.0) * math.log1p(ret * ret / (_DEGREES * scale))
