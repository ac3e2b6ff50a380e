"""Rehearse a scenario: its world through the same cycle as any backtest, and what it expects held against the records.

Contract: the same loading, replay and record as `backtest.run`, without a folder; the same scenario and settings give
the same outcomes. A clause that names a mind that nobody has installed, or a target that is not called, is refused, for
it could never hold, or never fail; one about a mind that is left out of this run is passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path

from backtest.expectations import Outcome, Played, judge
from backtest.replay import Replay, first_session
from backtest.run import Progress, load_market
from backtest.settings import EssayChoice, Settings, default_pairs, default_targets
from engine.bar_checks import Repair
from engine.errors import InputError
from minds.record import CycleRecord
from minds.registry import list_minds, load_minds
from regimes.registry import load_regime
from scenarios.expect import SameAsWithout
from scenarios.kinds import unknown
from scenarios.model import Part, Scenario
from scenarios.source import ScenarioSource, run_of

__all__ = ["Rehearsal", "rehearse", "settings_for"]


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal leaves behind: the record of each session, the notices on the data, an outcome a clause."""

    records: tuple[CycleRecord, ...]
    notices: tuple[Repair, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def held(self) -> bool:
        """Whether no expectation fails."""
        return all(outcome.held is not False for outcome in self.outcomes)


def settings_for(
    scenario: Scenario, name: str = "own", *, minds: Sequence[str] | None = None, regime: str = "rules",
    essays: EssayChoice = 1,
) -> Settings:  # fmt: skip
    """The settings of a backtest through a scenario: its universe and days, the usual targets and pairs.

    Args:
        scenario: what is run.
        name: how it is recorded.
        minds: names of minds; None for the built-in ones.
        regime: name of the regime model.
        essays: how many of the last sessions get an essay.

    Raises:
        InputError: no such mind or model.
    """
    universe, start, end = run_of(scenario)
    targets = default_targets(universe)
    return Settings(
        f"scenario:{name}", universe, start, end, tuple(mind.name for mind in load_minds(minds)), targets,
        load_regime(regime).name, essays, default_pairs(targets),
    )  # fmt: skip


def rehearse(
    scenario: Scenario, settings: Settings | None = None, *, cache: Path | None = None, progress: Progress | None = None
) -> Rehearsal:
    """Run a scenario and judge its expectations.

    Args:
        scenario: what is run.
        settings: of `settings_for`; None for all defaults.
        cache: folder in which a regime model may keep its fits, as for `run_backtest`.
        progress: told after each session.

    Raises:
        InputError: the world cannot be built, or a clause names a mind that is not installed or no target of the run.
    """
    settings = settings or settings_for(scenario)
    _check_names(scenario, settings)
    records, notices = _run(scenario, settings, cache, progress)

    @remembered
    def again(part: Part) -> tuple[CycleRecord, ...]:
        return _run(scenario.without(part), settings, cache, progress)[0]

    played = Played(settings.universe, records, notices, again)
    outcomes = []
    for clause in scenario.expect:
        mind = getattr(clause, "mind", "")
        left_out = bool(mind) and mind not in settings.minds
        outcomes.append(
            Outcome(clause, None, f"{mind} takes no part in this run") if left_out else judge(clause, played)
        )
    return Rehearsal(records, notices, tuple(outcomes))


def _run(
    scenario: Scenario, settings: Settings, cache: Path | None, progress: Progress | None
) -> tuple[tuple[CycleRecord, ...], tuple[Repair, ...]]:
    market, notices = load_market(ScenarioSource(scenario, settings.source), settings)
    model = load_regime(settings.regime, cache)
    start = first_session(market, settings)
    replay = Replay(market, load_minds(settings.minds), settings.targets, model, start, settings.pairs)
    records = []
    compared = any(isinstance(clause, SameAsWithout) for clause in scenario.expect)  # essays too, so they must quote
    for record in replay.run("all" if compared else 0):
        records.append(record)
        if progress is not None:
            progress(len(records), replay.sessions, record.session)
    return tuple(records), notices


def _check_names(scenario: Scenario, settings: Settings) -> None:
    targets = [target.key for target in settings.targets]
    for number, clause in enumerate(scenario.expect, 1):
        where = f"{settings.source}: expect {number}"
        mind, target = getattr(clause, "mind", ""), getattr(clause, "target", "")
        if mind and mind not in settings.minds:
            installed = [item.name for item in list_minds()]
            if mind not in installed:
                raise InputError(f"{where}: {unknown('mind', mind, installed)}")
        if target and target not in targets:
            raise InputError(f"{where}: {unknown('target of this run', target, targets)}")
