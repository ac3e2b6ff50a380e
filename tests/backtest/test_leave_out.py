"""The synthesis without a mind, over columns: against `minds.synthesis` itself, asked claim after claim."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.leave_out import synthesis_without
from tests.backtest.claimed import Round, collected, published, rounds

MINDS, HORIZONS = 3, (1, 3)


@given(rounds(MINDS, len(HORIZONS)), st.none() | st.integers(0, MINDS - 1))
def test_it_is_the_synthesis_with_that_mind_silent(days: list[list[Round]], out: int | None) -> None:
    claims = collected(published(days, HORIZONS, MINDS), MINDS).claims["direction"]
    slow = collected(published(days, HORIZONS, MINDS, silent=out), MINDS).claims["direction"].p
    assert synthesis_without(claims, out) == pytest.approx(slow, abs=1e-12)


@given(rounds(MINDS, 1), st.integers(1, 6))
def test_the_bound_holds_without_any_mind(days: list[list[Round]], horizon: int) -> None:
    """Against the base rate: ln 2 / 2 for each claim that was ever outstanding at a time, on any sequence."""
    claims = collected(published(days, (horizon,), MINDS), MINDS).claims["direction"]
    settled = ~np.isnan(claims.y)
    for out in range(MINDS):
        p = synthesis_without(claims, out)
        ours, theirs = (((q - claims.y)[settled] ** 2).sum() for q in (p, claims.b))
        assert ours <= theirs + math.log(2.0) / 2.0 * horizon + 1e-9


@given(rounds(MINDS, len(HORIZONS)), st.integers(0, MINDS - 1))
def test_leaving_out_a_mind_that_never_speaks_changes_nothing(days: list[list[Round]], out: int) -> None:
    claims = collected(published(days, HORIZONS, MINDS, silent=out), MINDS).claims["direction"]
    assert synthesis_without(claims, out) == pytest.approx(claims.p, abs=1e-12)


def test_the_only_mind_left_out_leaves_the_base_rate() -> None:
    days = [[Round(0.5 + 0.001 * at, (0.3,), int(at % 4 > 0))] for at in range(50)]
    claims = collected(published(days, (2,), 1), 1).claims["direction"]
    assert synthesis_without(claims, 0) == pytest.approx(claims.b, abs=1e-15)
    assert np.abs(synthesis_without(claims, None) - claims.b).max() > 1e-5


def test_long_sleep_needs_many_rounds_and_still_agrees() -> None:
    """Two minds that wake up by turns, a thousand times: the hardest case for working it out by rounds."""
    draw = np.random.default_rng(4)
    days = []
    for _ in range(1000):
        awake = draw.random(3) < 0.4
        leans = tuple(float(x) if speaks else None for x, speaks in zip(draw.uniform(-1, 1, 3), awake, strict=True))
        days.append([Round(0.54, leans, int(draw.random() < 0.54 + 0.2 * (leans[0] or 0.0)))])
    for out in (None, 0, 2):
        claims = collected(published(days, (2,), 3), 3).claims["direction"]
        slow = collected(published(days, (2,), 3, silent=out), 3).claims["direction"].p
        assert synthesis_without(claims, out) == pytest.approx(slow, abs=1e-11)
