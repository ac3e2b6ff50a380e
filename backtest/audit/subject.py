"""Who is audited: minds, the signals they read, and regime models.

Contract: a `Subject` holds functions that make new minds and models, never the objects themselves, so that no run
inherits what another one has learned. With module-level functions (or partials of them) it can be sent to another
process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from engine.claims import Target
from engine.signals.spec import SignalSpec
from engine.signals.table import signal_table
from engine.universe import Universe
from minds.protocol import Mind, own_signals
from minds.registry import load_minds
from regimes.features import REGIME_SIGNALS
from regimes.model import RegimeModel
from regimes.registry import load_regime

__all__ = ["Cast", "Subject", "installed"]


class Cast(NamedTuple):
    """Minds and models for one run; the first model gives the minds their reading."""

    minds: tuple[Mind, ...]
    models: tuple[RegimeModel, ...]

    def expanding(self) -> dict[str, str]:
        """Outputs that are declared to depend on all of history, with the reason, by name.

        A mind or model declares them as `expanding`, a mapping of an output (its own name, its name and a part of it
        such as `rules.status`, or one of its signals) to the reason.
        """
        found: dict[str, str] = {}
        for one in (*self.minds, *self.models):
            declared = getattr(one, "expanding", {})
            if isinstance(declared, Mapping):
                found.update({str(name): str(reason) for name, reason in declared.items()})
        return found


@dataclass(frozen=True)
class Subject:
    """What is audited.

    Attributes:
        minds: makes new minds.
        models: makes new regime models, at least one.
        targets: what the minds are asked about.
    """

    minds: Callable[[], Sequence[Mind]]
    models: Callable[[], Sequence[RegimeModel]]
    targets: tuple[Target, ...]

    def only(self, mind: str) -> Subject:
        """The same with one mind."""
        return Subject(lambda: [one for one in self.minds() if one.name == mind], self.models, self.targets)

    def cast(self) -> Cast:
        """Everybody new."""
        return Cast(tuple(self.minds()), tuple(self.models()))

    def specs(self, universe: Universe, cast: Cast) -> tuple[SignalSpec, ...]:
        """Every signal of a run: the standard ones, those of the regime, and those that minds and models declare."""
        found = [*signal_table(universe, [target.symbol for target in self.targets]), *REGIME_SIGNALS]
        for model in cast.models:
            found += [spec for spec in model.signals if spec not in found]
        for mind in cast.minds:
            found += own_signals(mind)
        return tuple(dict.fromkeys(found))  # two minds of one package may share a signal


def installed(minds: Sequence[str] | None, models: Sequence[str], targets: Sequence[Target]) -> Subject:
    """Minds and regime models by name; the built-in minds for None. Fits are kept in memory only."""
    return Subject(partial(load_minds, minds), partial(_models, tuple(models)), tuple(targets))


def _models(names: tuple[str, ...]) -> tuple[RegimeModel, ...]:
    return tuple(load_regime(name) for name in names)
