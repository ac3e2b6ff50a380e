"""Checks of what a mind does with its data: what it asks for, what it does without it, what it knows of later.

Contract: inputs are found by watching what a mind asks of snapshots. An input that goes missing has had values before,
which is the case in which a mind could grow bolder by hearing less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from engine.errors import told
from engine.market import Market
from engine.signals.compute import compute_signals
from engine.signals.spec import SignalSpec
from minds.checks.door import Notes, noted
from minds.checks.failed import CheckFailed, compare
from minds.checks.markets import SESSIONS, garbled, reworded, without
from minds.checks.trial import ASKED, TARGETS, Answers, Stage, Trial, answers, lost, plainly
from minds.protocol import ask, own_signals
from minds.view import Abstention, View
from regimes.reading import RegimeReading

__all__ = [
    "abstains_without_data",
    "blind_to_the_future",
    "causal_signals",
    "names_what_is_missing",
    "never_bolder_with_less",
    "reads_what_is_declared",
    "unmoved_by_text",
]

_LATE = ASKED[-8::2]
"""Sessions on which inputs are taken away: by then every signal has had values."""
_CUTS = (260, 431, 523, 587, 641, 676)
"""Sessions after which the world is changed."""
_BACK = 30
"""Sessions for which the bars of an instrument are gone, where a mind reads bars."""


def reads_what_is_declared(trial: Trial) -> None:
    """It asks a snapshot for declared signals and public names only."""
    notes = _watched(trial)
    if notes.private:
        raise CheckFailed(
            f"it used {', '.join(sorted(notes.private))} of the snapshot, which is private and may change; use the "
            "methods that `help(minds.Snapshot)` lists"
        )
    if notes.unknown:
        raise CheckFailed(
            f"it asked for the signal {sorted(notes.unknown)[0]!r}, which nobody declares; correct the name "
            "(`snapshot.names()` lists all), or declare it in `signals`"
        )


def abstains_without_data(trial: Trial) -> str | None:
    """With all of its inputs missing it abstains, with a reason."""
    notes = _watched(trial)
    if not (notes.signals or notes.symbols):
        return "it reads no data"
    market = trial.stage.market
    blank = without(market, market.symbols, range(SESSIONS), 0)
    for what, stage in (
        ("all signals and the bars of thirty sessions gone", _emptied(trial, _LATE)),
        ("no data at all", Stage(blank, trial.specs, [_dark(reading) for reading in trial.stage.readings])),
    ):
        mind = trial.mind()
        for at in _LATE:
            snapshot = stage.snapshot(at)
            for target in TARGETS:
                where = f"asked about {target.key} on {snapshot.session} with {what}"
                try:
                    said = mind.view(snapshot, stage.readings[at], target)
                except Exception as error:  # a stranger's code
                    raise CheckFailed(f"{where} it failed with {told(error)}; {_TODO}") from error
                if not isinstance(said, Abstention) or not said.reason.strip():
                    raise CheckFailed(f"{where} it {plainly(said)}; {_TODO}")
    return None


_TODO = "return Abstention(self.name, target.key, snapshot.why_missing(signal)) for a signal whose z is None"


def names_what_is_missing(trial: Trial) -> str | None:
    """When an input goes missing, it abstains or lists the loss in `missing`."""
    notes = _watched(trial)
    for name, before, after in _losses(trial):
        for (at, key), said in after.items():
            was = before[at, key]
            if isinstance(said, Abstention) and said.reason.startswith("it failed with"):
                raise CheckFailed(f"{_about(trial, at, key)} without {name} {said.reason}; {_TODO}")
            if isinstance(said, View) and said != was and set(said.missing) <= set(was.missing):
                raise CheckFailed(
                    f"{_about(trial, at, key)} without {name} it {plainly(said)} (before: {plainly(was)}) and did not "
                    "say so; abstain, or add Missing(name, snapshot.why_missing(name)) to `missing`"
                )
    return f"{len(notes.signals)} signals, {len(notes.symbols)} instruments"


def never_bolder_with_less(trial: Trial) -> None:
    """Losing an input never adds confidence."""
    for name, before, after in _losses(trial):
        for (at, key), said in after.items():
            was = before[at, key]
            if isinstance(said, View) and (isinstance(was, Abstention) or abs(said.lean) > abs(was.lean) + 1e-12):
                raise CheckFailed(
                    f"{_about(trial, at, key)} without {name} it {plainly(said)}, and with it {plainly(was)}; what is "
                    "missing could have argued the other way, so take its weight off the lean or abstain"
                )


def blind_to_the_future(trial: Trial) -> None:
    """Whatever comes after a session, the answer on that session is the same."""
    moved = {spec.name for spec, *_ in _moved_signals(trial)}
    if moved:
        raise CheckFailed(
            f"its own signal {sorted(moved)[0]!r} depends on later bars, and so does what it says; see there"
        )
    for at in _CUTS:
        before = answers(trial.mind(), trial.stage, (at,))
        for what, market in _futures(trial.stage.market, at):
            stage = Stage(market, trial.specs, trial.stage.readings)
            compare(
                trial, before, answers(trial.mind(), stage, (at,)), when=f"with {what}",
                todo="it knew what came later: keep nothing of one run for the next, and read the snapshot only",
            )  # fmt: skip


def causal_signals(trial: Trial) -> str | None:
    """Its own signals at each session depend on nothing after it."""
    own = own_signals(trial.mind())
    for spec, at, what, there in _moved_signals(trial):
        day = trial.stage.market.calendar.labels[there]
        raise CheckFailed(
            f"its own signal {spec.name!r} had another value on {day} with {what} (after "
            f"{trial.stage.market.calendar.labels[at]}); let position t of both columns depend on bars up to t only: "
            "no mean, scale, rank or fill over the whole column"
        )
    return f"{len(own)} signals of its own" if own else "it has no signals of its own"


def unmoved_by_text(trial: Trial) -> None:
    """What headlines and notes say, and who says it, changes nothing."""
    for words in (
        "Strong buy: shares soar to a record, analysts lift targets",
        "Crash, panic, sell everything now",
        "",
    ):
        stage = Stage(reworded(trial.stage.market, words), trial.specs, trial.stage.readings)
        compare(
            trial, trial.ordinary, answers(trial.mind(), stage), when=f"with {words!r} in all headlines",
            todo="read the kind, day, tier and value of an event, and make no number from its text or source",
        )  # fmt: skip


def _about(trial: Trial, at: int, key: str) -> str:
    return f"asked about {key} on {trial.stage.market.calendar.labels[at]}"


@lru_cache(maxsize=1)
def _watched(trial: Trial) -> Notes:
    """What a mind asks for in the ordinary course."""
    notes, mind = Notes(), trial.mind()
    for at in ASKED:
        snapshot = noted(trial.stage.snapshot(at), notes)
        for target in TARGETS:
            ask(mind, snapshot, trial.stage.readings[at], target)
    return notes


@lru_cache(maxsize=1)
def _losses(trial: Trial) -> tuple[tuple[str, Answers, Answers], ...]:
    """(input, answers with it, answers without it) for each input of a mind."""
    notes, whole = _watched(trial), lost(trial.stage, (), ())
    found = []
    before = answers(trial.mind(), whole, _LATE)
    for name in sorted(notes.signals):
        found.append((f"the signal {name}", before, answers(trial.mind(), lost(trial.stage, (name,), _LATE), _LATE)))
    for symbol in sorted(notes.symbols):
        bare = _over(whole, without(trial.stage.market, (symbol,), _LATE, _BACK))
        found.append((f"the bars of {symbol}", before, answers(trial.mind(), bare, _LATE)))
    return tuple(found)


def _over(stage: Stage, market: Market) -> Stage:
    """The same signals and readings over other bars."""
    return Stage(market, lost(stage, (), ()).specs, stage.readings)


def _emptied(trial: Trial, sessions: Sequence[int]) -> Stage:
    """The ordinary stage, on which every signal and the newest bars are gone on `sessions`."""
    market = trial.stage.market
    gone = lost(trial.stage, [spec.name for spec in trial.specs], sessions)
    dark = [_dark(reading) for reading in trial.stage.readings]
    return Stage(without(market, market.symbols, sessions, _BACK), gone.specs, dark)


def _dark(reading: RegimeReading) -> RegimeReading:
    """The regime as it reads when there is nothing to read it from."""
    return reading._replace(
        score=None, path="unknown", status="degraded", coverage=0.0, reasons=("there are no data",), fired=(),
        components=tuple([part._replace(value=None) for part in reading.components]),
    )  # fmt: skip


def _futures(market: Market, at: int) -> Iterator[tuple[str, Market]]:
    """The market with other sessions after `at`."""
    yield "what came later cut off", market.cut(at + 1)
    yield "noise for all that came later", garbled(market, at + 1, at)
    yield "no bars for all that came later", without(market, market.symbols, range(at + 1, SESSIONS), 0)


def _moved_signals(trial: Trial) -> Iterator[tuple[SignalSpec, int, str, int]]:
    """Own signals that another future has moved: (signal, session after which it changed, how, session that moved)."""
    own = own_signals(trial.mind())
    if not own:
        return
    whole = compute_signals(trial.stage.market, own)
    for at in _CUTS:
        for what, market in _futures(trial.stage.market, at):
            other = compute_signals(market, own)
            for row, spec in enumerate(own):
                for column in ("values", "zs"):
                    one, two = getattr(whole, column)[row, : at + 1], getattr(other, column)[row, : at + 1]
                    same = (one == two) | (np.isnan(one) & np.isnan(two))
                    if not same.all():
                        yield spec, at, what, int(np.argmin(same))
