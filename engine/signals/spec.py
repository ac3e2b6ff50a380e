"""What a signal is: its declaration (`SignalSpec`) and its reading at one instant (`Signal`).

Contract: a spec's function gets `Columns` and returns the whole column of values and the whole column of z-scores;
position t of either depends on nothing after t. NaN means missing. Anyone may declare one: a mind lists its own in
`Mind.signals`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from engine.bars import FloatArray

if TYPE_CHECKING:
    from engine.signals.columns import Columns

__all__ = ["Signal", "SignalSpec", "Unit", "ValueAndZ", "signals_fault"]

Unit = Literal["return", "points", "level", "share", "ratio", "sigma", "score"]
"""`return` and `share` are fractions shown as percent; `points` are percentage points of a yield; `level` is the
symbol's own unit (an index level); `ratio`, `sigma` (standard deviations) and `score` have no unit."""

ValueAndZ = tuple[FloatArray, FloatArray]


class SignalSpec(NamedTuple):
    """Declaration of a signal.

    Attributes:
        name: dotted and unique, such as `growth.ret_1d` or `size_gap`.
        unit: how the value is measured and shown.
        window: sessions of history that the value looks back over.
        roles: roles and groups it needs; one without a symbol makes it missing.
        make: `Columns` -> (values, z-scores), each of shape (size,); z is clipped to [-3, 3].
        reads: what it is, in a few words for people.
        max_age: sessions for which an old value still stands in when today's is absent.
    """

    name: str
    unit: Unit
    window: int
    roles: tuple[str, ...]
    make: Callable[[Columns], ValueAndZ]
    reads: str
    max_age: int = 0


class Signal(NamedTuple):
    """A signal as it stood at one instant.

    Attributes:
        name: its name in the table.
        value: the number, in `unit`.
        z: the value in standard deviations, clipped to [-3, 3]; None when its scale is not known yet.
        unit: see `Unit`.
        window: sessions it looks back over.
        as_of: ISO session of the newest bar in it.
        n_obs: valid observations in the window, of the input that has fewest.
        max_age: sessions after which it would have been missing.
        age: sessions between `as_of` and the snapshot.
    """

    name: str
    value: float
    z: float | None
    unit: Unit
    window: int
    as_of: str
    n_obs: int
    max_age: int
    age: int


def signals_fault(signals: object) -> str:
    """What is wrong with the signals that a plug-in declares, as a clause; empty when nothing is."""
    if not isinstance(signals, (tuple, list)) or not all(isinstance(spec, SignalSpec) for spec in signals):
        return "must list its own signals in `signals`, a tuple of SignalSpec that may be empty"
    for spec in signals:
        wrong = _spec_fault(spec)
        if wrong:
            return f"declares the signal {spec.name!r} whose {wrong}"
    return ""


def _spec_fault(spec: SignalSpec) -> str:
    if not (isinstance(spec.name, str) and spec.name.isprintable() and spec.name and " " not in spec.name):
        return "name is not a word such as tide.height"
    if spec.unit not in get_args(Unit):
        return f"unit is not one of {', '.join(get_args(Unit))}"
    if type(spec.window) is not int or spec.window < 1:
        return "window is not a number of sessions from 1 on"
    if not isinstance(spec.roles, tuple) or not all(isinstance(role, str) for role in spec.roles):
        return "roles are not a tuple of texts"
    if not callable(spec.make):
        return "make is not a function of columns"
    if not isinstance(spec.reads, str):
        return "reads is not text"
    if type(spec.max_age) is not int or not 0 <= spec.max_age <= 255:
        return "max_age is not a number of sessions from 0 to 255"
    return ""
