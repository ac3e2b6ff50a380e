"""The declared table of signals: what every mind, essay and regime may ask for by name.

Contract: a signal is declared whether or not the universe can fill it; one that it cannot fill is missing,
with its reason.
Names never repeat. Order is fixed: instruments, relations, groups.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.signals.cross import CROSS_SIGNALS
from engine.signals.groups import GROUP_SIGNALS
from engine.signals.per_symbol import instrument_signals
from engine.signals.spec import SignalSpec
from engine.universe import Universe

__all__ = ["STANDARD_ROLES", "signal_table"]

STANDARD_ROLES = ("market", "growth", "small")
"""Roles whose instruments always have their own signals."""


def signal_table(universe: Universe, extra_symbols: Sequence[str] = ()) -> tuple[SignalSpec, ...]:
    """The signals of a run.

    Args:
        universe: says which role an extra symbol plays.
        extra_symbols: further instruments (symbols or roles) that are to have signals of their own, such as the targets
            of a run. They are named as targets are: by role, or by symbol where there is none (`gold.ret_1d`,
            `XLE.ret_1d`). One that fills a standard role has its signals already.

    Returns:
        The declared signals. Where an extra instrument brings a name that a relation has too (`gold.ret_21d`), it is
        the same number and appears once.
    """
    extra = [universe.role(universe.symbol(name) or name) for name in extra_symbols]
    declared: dict[str, SignalSpec] = {}
    for spec in (
        *(spec for role in dict.fromkeys((*STANDARD_ROLES, *extra)) for spec in instrument_signals(role)),
        *CROSS_SIGNALS,
        *GROUP_SIGNALS,
    ):
        declared.setdefault(spec.name, spec)
    return tuple(declared.values())
