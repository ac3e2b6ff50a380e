"""Who takes part in a test's audit, by name, so that it can be sent to another process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from backtest.audit.subject import Subject
from engine.claims import Target
from minds.protocol import Mind
from minds.registry import load_minds
from regimes.model import RegimeModel
from regimes.rules import RulesModel
from regimes.sma200 import Sma200Model
from tests.backtest.audit.leaks.in_minds import IN_MINDS, MEDDLERS
from tests.backtest.audit.leaks.in_models import FittedOnAll, Smoother
from tests.backtest.audit.leaks.in_signals import IN_SIGNALS, VANDAL

__all__ = ["subject"]

_MINDS: dict[str, Callable[[], Mind]] = {**IN_SIGNALS, **IN_MINDS, **{kind.name: kind for kind in (*MEDDLERS, VANDAL)}}
_MODELS = {kind.name: kind for kind in (RulesModel, Sma200Model, Smoother, FittedOnAll)}


def subject(minds: Sequence[str], models: Sequence[str], targets: Sequence[Target]) -> Subject:
    """The built-in minds and these; these models, the first of which leads."""
    return Subject(partial(_minds, tuple(minds)), partial(_models, tuple(models)), tuple(targets))


def _minds(names: tuple[str, ...]) -> list[Mind]:
    return [*load_minds(), *(_MINDS[name]() for name in names)]


def _models(names: tuple[str, ...]) -> list[RegimeModel]:
    return [_MODELS[name]() for name in names]
