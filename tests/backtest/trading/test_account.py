"""Accounts against a slow one that keeps cash and shares, a case by hand, and the laws of costs and stakes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.trading.account import Rule, positions, trade
from engine.errors import InputError

Array = npt.NDArray[np.float64]

paths = st.lists(st.tuples(st.floats(-1.0, 1.0), st.floats(-0.4, 0.6)), min_size=1, max_size=40)


def cash_and_shares(wanted: list[float], returns: list[float], cost_bp: float) -> list[float]:
    """Capital after each period, of one who counts his cash and his shares; the price starts at 100."""
    cash, shares, price, found = 1.0, 0.0, 100.0, []
    for want, move in zip(wanted, returns, strict=True):
        capital = cash + shares * price
        # The cost comes out of the capital before the position is taken: what is held is the wanted share of the rest.
        paid = capital * abs(want - shares * price / capital) * cost_bp / 1e4
        shares = want * (capital - paid) / price
        cash = capital - paid - shares * price
        price *= 1.0 + move
        found.append(cash + shares * price)
    return found


@given(paths, st.sampled_from([0.0, 5.0, 100.0]))
def test_the_capital_is_that_of_cash_and_shares(path: list[tuple[float, float]], cost_bp: float) -> None:
    wanted, returns = map(list, zip(*path, strict=True))
    account = trade(np.array(wanted), np.array(returns), cost_bp)
    assert account.equity == pytest.approx(cash_and_shares(wanted, returns, cost_bp))
    assert account.held.tolist() == wanted
    assert np.cumprod(1.0 + account.earned) == pytest.approx(account.equity)


def test_three_days_by_hand() -> None:
    # Half in at 100 bp: pays 0.5%. +10% makes 0.55 of 1.05. Back to half: trades 0.55/1.05 - 0.5. Then all out.
    account = trade(np.array([0.5, 0.5, 0.0]), np.array([0.1, -0.2, 0.3]), 100.0)
    drifted = [0.55 / 1.05 - 0.5, 0.4 / 0.9]
    assert account.traded == pytest.approx([0.5, *drifted])
    assert account.equity[0] == pytest.approx(1.05 * 0.995)
    assert account.equity[1] / account.equity[0] == pytest.approx(0.9 * (1.0 - 0.01 * drifted[0]))
    assert account.earned[2] == pytest.approx(-0.01 * drifted[1])


def test_bought_and_held_it_costs_once() -> None:
    returns = np.random.default_rng(1).normal(0.0, 0.02, 200)
    account = trade(np.ones(200), returns, 5.0)
    assert account.traded[0] == 1.0
    assert account.traded[1:] == pytest.approx(np.zeros(199), abs=1e-12)
    assert account.equity[-1] == pytest.approx(0.9995 * np.prod(1.0 + returns))


def test_who_loses_everything_is_out() -> None:
    account = trade(np.array([-1.0, -1.0, -1.0, 1.0]), np.array([0.5, 1.2, -0.5, 0.5]), 5.0)
    assert account.equity[0] > 0.0
    assert account.equity[1:].tolist() == [0.0, 0.0, 0.0]
    assert account.earned[1:].tolist() == [-1.0, 0.0, 0.0]
    assert account.held.tolist() == [-1.0, -1.0, 0.0, 0.0]


@given(paths, st.floats(0.0, 500.0), st.floats(0.0, 500.0))
def test_costs_never_help(path: list[tuple[float, float]], one: float, other: float) -> None:
    wanted, returns = (np.array(column) for column in zip(*path, strict=True))
    cheap, dear = (trade(wanted, returns, cost) for cost in sorted((one, other)))
    assert np.all(dear.earned <= cheap.earned + 1e-15)
    assert np.all(dear.equity <= cheap.equity * (1.0 + 1e-12))


@given(paths, st.integers(0, 39), st.floats(-0.4, 0.6))
def test_what_comes_later_changes_nothing_before(path: list[tuple[float, float]], at: int, other: float) -> None:
    wanted, returns = (np.array(column) for column in zip(*path, strict=True))
    bent = returns.copy()
    bent[at:] = other
    one, two = trade(wanted, returns, 5.0), trade(wanted, bent, 5.0)
    assert one.equity[:at].tolist() == two.equity[:at].tolist()
    assert one.traded[: at + 1].tolist() == two.traded[: at + 1].tolist()


odds = st.floats(0.0, 1.0)
widths = st.floats(0.001, 0.2)


@given(odds, odds, widths, st.floats(0.01, 1.0))
def test_a_stake_is_a_part_of_kellys(p: float, base: float, sigma: float, kelly: float) -> None:
    (stake,) = positions(np.array([p]), np.array([base]), np.array([sigma]), kelly, -1.0)
    mean = 2.0 * (p - base) * sigma * math.sqrt(2.0 / math.pi)  # E|move| of a normal move
    assert stake == pytest.approx(max(-1.0, min(1.0, kelly * mean / sigma**2)))
    (long_only,) = positions(np.array([p]), np.array([base]), np.array([sigma]), kelly, 0.0)
    assert long_only == max(stake, 0.0)


def test_kellys_stake_maximises_growth() -> None:
    """Of all stakes the full one makes the capital grow most, where moves are small, normal and as likely as said."""
    draw, p, sigma = np.random.default_rng(2), 0.506, 0.02
    size = np.abs(draw.normal(0.0, sigma, 400_000))
    moves = np.concatenate([size, -size])
    weight = np.concatenate([np.full(size.size, p), np.full(size.size, 1.0 - p)])
    stakes = np.arange(0.0, 1.0, 0.02)
    growth = [float(np.average(np.log1p(stake * moves), weights=weight)) for stake in stakes]
    (found,) = positions(np.array([p]), 0.5, np.array([sigma]), 1.0, -1.0)
    assert found == pytest.approx(stakes[int(np.argmax(growth))], abs=0.03)


def test_no_call_or_no_width_is_no_position() -> None:
    p, sigma = np.array([np.nan, 0.6, 0.6, 0.6]), np.array([0.01, np.nan, 0.0, 0.5])
    assert positions(p, 0.5, sigma, 0.25, -1.0)[:3].tolist() == [0.0, 0.0, 0.0]
    assert positions(p, np.array([0.5, 0.5, 0.5, 0.6]), sigma, 0.25, -1.0)[3] == 0.0


@pytest.mark.parametrize(
    "wrong", [{"kelly": 0.0}, {"kelly": 1.1}, {"kelly": math.nan}, {"cost_bp": -1.0}, {"cost_bp": math.nan}]
)
def test_what_is_no_rule(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="is not possible"):
        Rule(**wrong)
