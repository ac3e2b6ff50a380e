"""What a signal is: its declaration (`SignalSpec`) and its reading at one instant (`Signal`).

Contract: a spec's function gets `Columns` and returns the whole column of values and the whole column of z-scores;
position t of either depends on nothing after t. NaN means missing. Anyone may declare one: a mind lists its own in
`Mind.signals`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, NamedTuple

from engine.bars import FloatArray

if TYPE_CHECKING:
    from engine.signals.columns import Columns

__all__ = ["Signal", "SignalSpec", "Unit", "ValueAndZ"]

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
