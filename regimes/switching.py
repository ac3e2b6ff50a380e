"""Two volatilities that take turns: the parameters, their fit, and the filter that reads the state day by day.

Contract: pure functions of the returns given; nothing is random. The filter's probability of a day uses returns up to
that day and no other; smoothed probabilities, which use the future, appear nowhere. statsmodels is imported by `fit`
alone. A fit that cannot be leaned on is refused with a clause that says why, never patched up.

The model is Hamilton's (1989) with one mean and two variances: return_t ~ N(mean, variance of the state), the state a
Markov chain. State 0 is calm, state 1 rough, whatever order the optimiser found them in.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.errors import InputError

__all__ = ["Filter", "Switching", "fit", "need_statsmodels"]

_DIGITS = 6
"""Kept of each parameter. The optimiser itself is sure of three or four; rounding errors of another processor or
linear-algebra library move it by 1e-10 of its value and are cut off here."""
_MOST_STEPS = 200
_LASTING = 0.5
"""Least persistence, stay_calm + stay_rough - 1: returns drawn independently from a mixture have none."""
_STILL = 1e-8
"""Variance, in percent squared, of a price that stands or compounds at one rate but for rounding."""
_FURTHEST = 100.0
"""Greatest ratio of the variances. Beyond it one state is a bad print, or a stretch without trade."""


class Switching(NamedTuple):
    """Fitted parameters; returns are in percent.

    Attributes:
        calm_to_calm: chance that a calm session is followed by a calm one.
        rough_to_calm: chance that a rough session is followed by a calm one.
        mean: of the return, in either state.
        calm: variance of the calm state.
        rough: variance of the rough state, the greater one.
    """

    calm_to_calm: float
    rough_to_calm: float
    mean: float
    calm: float
    rough: float


class Filter:
    """Hamilton's filter for two states with known parameters.

    Attributes:
        rough: probability of the rough state given the returns so far; the chain's long-run share before the first.
    """

    __slots__ = ("_calm_to_rough", "_edge", "_mean", "_rough_to_rough", "_weight", "rough")

    def __init__(self, fitted: Switching) -> None:
        self._calm_to_rough, self._rough_to_rough = 1.0 - fitted.calm_to_calm, 1.0 - fitted.rough_to_calm
        self._mean = fitted.mean
        self._edge = 0.5 * math.log(fitted.rough / fitted.calm)
        self._weight = 0.5 * (1.0 / fitted.calm - 1.0 / fitted.rough)
        self.rough = self._calm_to_rough / (self._calm_to_rough + fitted.rough_to_calm)

    def step(self, ret: float) -> float:
        """Take in one return (percent); the new probability of the rough state, in [0, 1]."""
        expected = self.rough * self._rough_to_rough + (1.0 - self.rough) * self._calm_to_rough
        surprise = ret - self._mean
        # Log of the calm density over the rough one; at most `_edge`, so that exp cannot overflow.
        calm = self._edge - self._weight * surprise * surprise
        self.rough = expected / (expected + (1.0 - expected) * math.exp(calm))
        return self.rough


def need_statsmodels() -> None:
    """Raise `InputError` that says what to install where statsmodels is absent; it is not imported yet."""
    from importlib.util import find_spec

    if find_spec("statsmodels") is None:
        raise InputError(
            "the regime model 'markov' is fitted by statsmodels, which is not installed; "
            "run pip install 'workshop-desk[fit]', or choose --regime rules"
        )


def fit(returns: Sequence[float], start: Switching | None = None) -> tuple[Switching | None, str]:
    """Maximum-likelihood parameters.

    Args:
        returns: daily log returns in percent, oldest first, without gaps.
        start: earlier parameters to begin from; where that leads nowhere, and without them, the fit begins from two
            variances around that of the sample.

    Returns:
        (parameters, ""), or (None, why they cannot be used).

    Raises:
        InputError: statsmodels is absent.
    """
    need_statsmodels()
    sample = np.array(returns, float)
    variance = float(sample.var())
    if not variance > _STILL:
        return None, "found returns that do not vary"
    plain = Switching(0.98, 0.06, float(sample.mean()), 0.5 * variance, 2.5 * variance)
    found: Switching | None = None
    why = ""
    for begin in [start, plain] if start is not None else [plain]:
        found, why = _fit_from(sample, variance, begin)
        if found is not None:
            break
    return found, why


def _fit_from(sample: np.ndarray, variance: float, begin: Switching) -> tuple[Switching | None, str]:
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # what they warn of is checked below
            model = MarkovRegression(sample, k_regimes=2, switching_trend=False, switching_variance=True)
            # search_reps would draw random starts; the default covariance costs as much as the fit and is not used.
            result = model.fit(
                start_params=np.array(begin), search_reps=0, maxiter=_MOST_STEPS, cov_type="none", disp=False
            )
    except (ArithmeticError, RuntimeError, ValueError) as error:
        return None, f"failed ({type(error).__name__})"
    if not result.mle_retvals["converged"]:
        return None, "did not converge"
    found = _by_variance([float(f"{value:.{_DIGITS}g}") for value in result.params])
    if found is None:
        return None, "ended at the edge of what is possible"
    if found.rough > _FURTHEST * found.calm:
        return None, "took a few odd returns for a state"
    if found.calm_to_calm - found.rough_to_calm < _LASTING:
        return None, "found no state that lasts"
    one = -0.5 * len(sample) * (math.log(2.0 * math.pi * variance) + 1.0)
    if 2.0 * (float(result.llf) - one) <= 3.0 * math.log(len(sample)):  # Schwarz's criterion, three parameters more
        return None, "found that one volatility explains the returns as well as two"
    return found, ""


def _by_variance(values: list[float]) -> Switching | None:
    """Name the states by their variance; None where a parameter is out of bounds."""
    stay, back, mean, first, second = values
    if not (all(map(math.isfinite, values)) and 0.0 < stay < 1.0 and 0.0 < back < 1.0 and min(first, second) > 0.0):
        return None
    if first <= second:
        return Switching(stay, back, mean, first, second)
    return Switching(float(f"{1.0 - back:.{_DIGITS}g}"), float(f"{1.0 - stay:.{_DIGITS}g}"), mean, second, first)
