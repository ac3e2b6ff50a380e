"""Presets: what a regime's name stands for, and how each role moves beside the market.

Contract: numbers of the usual size, not estimates of anything; what a scenario gives in its own tables replaces them.
Drift and volatility are those of the market role, annualised, of log returns. A role's volatility is a multiple of the
market's; its drift follows from its loading on the common factor, as in a one-factor model (Sharpe 1963).
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["OTHER", "PRESETS", "ROLES", "YIELDS", "Preset", "Role"]


class Preset(NamedTuple):
    """A regime.

    Attributes:
        drift: mean log return of the market, annualised.
        volatility: of the market, annualised.
        tails: degrees of freedom of Student's t, 0 for normal.
        coupling: how far loadings of risky assets move towards one, 0 to 1.
        jump_probability: of a jump, each session.
        jump_size: log return of the market in a jump.
        yields: where yields are drawn to, as a multiple of their usual level.
    """

    drift: float
    volatility: float
    tails: float = 0.0
    coupling: float = 0.0
    jump_probability: float = 0.0
    jump_size: float = 0.0
    yields: float = 1.0


class Role(NamedTuple):
    """A role beside the market: its volatility as a multiple, and its loading on the common factor."""

    volatility: float
    loading: float


PRESETS: dict[str, Preset] = {
    "calm": Preset(0.09, 0.12),
    "melt_up": Preset(0.28, 0.09),
    "chop": Preset(0.00, 0.16),
    "slide": Preset(-0.35, 0.26, tails=6.0, coupling=0.3, yields=0.8),
    "risk_off": Preset(-0.20, 0.24, tails=6.0, coupling=0.3, yields=0.9),
    "crisis": Preset(-0.90, 0.60, tails=4.0, coupling=0.7, jump_probability=0.03, jump_size=-0.05, yields=0.5),
    "recovery": Preset(0.50, 0.24, tails=6.0, coupling=0.2, yields=0.7),
    "still": Preset(0.0, 0.0),
}
"""Name -> regime; `still` is a market in which nothing moves."""

ROLES: dict[str, Role] = {
    "market": Role(1.0, 1.0), "growth": Role(1.3, 0.93), "small": Role(1.35, 0.88), "mid": Role(1.15, 0.93),
    "blue_chips": Role(0.97, 0.97), "broad": Role(1.0, 0.99), "equal_weight": Role(1.05, 0.95),
    "developed": Role(1.1, 0.85), "emerging": Role(1.35, 0.75), "real_estate": Role(1.2, 0.7),
    "credit": Role(0.45, 0.7), "credit_ig": Role(0.35, 0.2), "treasury_short": Role(0.1, -0.2),
    "treasury_mid": Role(0.4, -0.3), "treasury_long": Role(0.85, -0.35), "gold": Role(0.95, 0.05),
    "oil": Role(2.2, 0.3), "dollar": Role(0.45, -0.25), "momentum": Role(1.1, 0.9), "quality": Role(0.95, 0.97),
    "size_factor": Role(1.1, 0.93), "min_volatility": Role(0.75, 0.9), "value": Role(1.05, 0.9),
    "mega_caps": Role(1.7, 0.72), "cyclicals": Role(1.25, 0.88), "defensives": Role(0.8, 0.75),
    "sectors": Role(1.2, 0.8), "stocks": Role(1.5, 0.62),
}  # fmt: skip
"""Role or group -> how it moves; the first that fits a symbol counts."""

OTHER = Role(1.3, 0.6)
"""A symbol of no known role."""

YIELDS = {"rate_3m": 2.6, "rate_2y": 2.9, "rate_5y": 3.2, "rate_10y": 3.6, "rate_30y": 4.0}
"""Usual level of each yield, in percent; another level without a role is drawn to 3."""
