"""What outlives a run, or comes from outside: state, chance, clock, order of sets, zone, environment, files.

Contract: everything here compares runs over the same history. First in this process (twice with new minds, once more
with the old ones, on chosen sessions alone, in another order), then in processes of their own whose surroundings differ
all at once. Only for those who moved are the surroundings changed one by one, so that the cause has a name.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from backtest.audit.compare import Moved, moved_signals, moved_views
from backtest.audit.seen import Seen, look, signals_of
from backtest.audit.subject import Cast, Subject
from backtest.audit.trial import Whole
from backtest.audit.worker import Answer, Names, Outcome, Running, Surroundings, run_until, start
from minds.protocol import Mind

__all__ = ["Cause", "at_once", "in_process", "named", "unsteady"]

_YEARS = 7.3 * 365.25 * 86400
_FIRST = Surroundings(1, "Pacific/Kiritimati", _YEARS, bare=True, seed=1, watch=True)
_SECOND = Surroundings(2, "Etc/GMT+12", seed=2)
"""Two zones whose dates differ at every instant."""
_OUTLIVES = "it remembers earlier runs outside of itself, in a class, a module or the process"
_HASHES = tuple(Surroundings(hash_seed) for hash_seed in (1, 2, 3))
_ALONE: tuple[tuple[str, tuple[Surroundings, ...]], ...] = (
    ("it reads the clock", (Surroundings(later=_YEARS),)),
    (
        "it hangs on the time zone, and so on the clock",
        (Surroundings(zone=_FIRST.zone), Surroundings(zone=_SECOND.zone)),
    ),
    ("it reads the environment, the home folder or the current folder", (Surroundings(bare=True),)),
    ("it hangs on the order of a set, which changes with the hash seed", _HASHES),
)


class Cause(NamedTuple):
    """An answer that moved, and why as far as it is known."""

    moved: Moved
    why: str


def unsteady(subject: Subject, whole: Whole) -> list[Moved]:
    """What differs when the same is run again, by new minds and models in this process."""
    cast = subject.cast()
    signals = signals_of(whole.market, subject.specs(whole.market.universe, cast))
    seen = look(cast, subject.targets, whole.market, whole.signals, whole.window, told=whole.told())
    stop = whole.window.stop
    return moved_signals(whole.signals, signals, stop) + moved_views(whole.seen, seen, stop)


def in_process(subject: Subject, whole: Whole, cast: Cast, dates: Collection[int], but: Collection[str]) -> list[Cause]:
    """Minds that remember, that hang on the order of questions, or that change what others say.

    Args:
        subject: who is run.
        whole: the whole run.
        cast: those who made it, with all that they may remember.
        dates: sessions on which minds are asked with nothing before.
        but: minds of which enough is known.
    """
    found: list[Cause] = []
    names = [mind.name for mind in cast.minds]
    for used in cast.minds:
        if used.name in but:
            continue
        before, alone = (_heard(subject, whole, [used.name]) for _ in range(2))  # whatever others left is used up
        for why, other in (
            (_OUTLIVES, before),
            ("asked a second time, it remembers the first", _asked(subject, whole, [used])),
            (
                "its answer hangs on which sessions it was asked about before",
                _heard(subject, whole, [used.name], dates),
            ),
            ("its answer hangs on the order of the targets", _heard(subject, whole, [used.name], turned=True)),
        ):
            moved = moved_views(alone, other, whole.window.stop)
            if moved:
                found.append(Cause(moved[0], why))
                break
        if moved_views(whole.seen, alone, whole.window.stop):
            found += _company(subject, whole, used.name, alone, [name for name in names if name != used.name])
    return found


def _company(subject: Subject, whole: Whole, name: str, alone: Seen, others: Sequence[str]) -> list[Cause]:
    """Who changes what this mind says, by writing where it reads; and the mind itself where that is not the data."""
    found: list[Cause] = []
    for other in others:
        _heard(subject, whole, [name])
        both = _heard(subject, whole, [name, other])
        moved = [item for item in moved_views(alone, _of(both, name), whole.window.stop) if item.name == name]
        if moved:
            found.append(Cause(moved[0]._replace(name=other), f"it changes what {name} says"))
            if both.overwritten is None:
                found.append(Cause(moved[0], f"it listens to {other} behind the desk's back"))
    if not found:
        item = moved_views(whole.seen, alone, whole.window.stop)[0]
        found.append(Cause(item, "its answer hangs on who else is asked"))
    return found


def _of(seen: Seen, name: str) -> Seen:
    return replace(seen, said={key: said for key, said in seen.said.items() if key[0] == name})


def _heard(
    subject: Subject,
    whole: Whole,
    names: Collection[str],
    dates: Collection[int] | None = None,
    *,
    turned: bool = False,
) -> Seen:
    """What new minds of these names say."""
    return _asked(subject, whole, [mind for mind in subject.cast().minds if mind.name in names], dates, turned=turned)


def _asked(
    subject: Subject, whole: Whole, minds: Sequence[Mind], dates: Collection[int] | None = None, *, turned: bool = False
) -> Seen:
    targets = subject.targets[::-1] if turned else subject.targets
    taking_part = Cast(tuple(minds), ())
    return look(taking_part, targets, whole.market, whole.signals, whole.window, told=whole.told(), asked=dates)


def at_once(subject: Subject, whole: Whole, cut: int) -> list[Running]:
    """Begin the processes in which everything outside differs at once; the first one meets a cut history first."""
    full = run_until(whole, whole.window.stop)
    return [start(subject, [run_until(whole, cut), full], _FIRST), start(subject, [full], _SECOND)]


def compared(whole: Whole, outcome: Outcome, sessions: int) -> list[Moved]:
    """What differs between the whole run and one in another process."""
    mine = whole.signals.take([spec.name for spec in outcome.signals.specs])
    return moved_signals(mine, outcome.signals, sessions) + moved_views(whole.seen, outcome.seen, sessions)


def named(
    subject: Subject, whole: Whole, answers: Sequence[Answer], cut: int, shaky: Names, but: Collection[tuple[str, str]]
) -> list[Cause]:
    """Who moved in the processes of `at_once`, or is unsteady, with the cause for each.

    Args:
        subject: who is run.
        whole: the whole run.
        answers: what `at_once` found, the first with a cut history before the whole one.
        cut: sessions of that cut history.
        shaky: who differs from run to run in one process.
        but: those of whom it is known already that they see the future.
    """
    stop = whole.window.stop
    sizes = [(answer, outcome, stop) for answer in answers for outcome in answer.outcomes]
    sizes[0] = (*sizes[0][:2], cut)
    first: dict[tuple[str, str], Moved] = {}
    for _, outcome, sessions in sizes:
        for item in compared(whole, outcome, sessions):
            first.setdefault((item.kind, item.name), item)
    left = {who: item for who, item in first.items() if who not in shaky and who not in but}
    return _chances(subject, whole, shaky, first) + (_surroundings(subject, whole, cut, left) if left else [])


def _chances(subject: Subject, whole: Whole, shaky: Names, first: dict[tuple[str, str], Moved]) -> list[Cause]:
    """Of those who differ from run to run: random numbers, the clock, or a memory."""
    if not shaky:
        return []
    full = run_until(whole, whole.window.stop)
    tries = [
        ("it draws random numbers", start(subject, [full, full], Surroundings(seed=5), shaky)),
        ("it reads the clock", start(subject, [full, full], Surroundings(still=True), shaky)),
    ]
    steady: dict[tuple[str, str], str] = {}
    for why, running in tries:
        one, other = running.result().outcomes
        for who in shaky - _who(_between(one, other, whole)):
            steady.setdefault(who, why)
    return [
        Cause(first[who], steady.get(who, _OUTLIVES))
        for who in sorted(shaky) if who in first
    ]  # fmt: skip


def _surroundings(subject: Subject, whole: Whole, cut: int, left: dict[tuple[str, str], Moved]) -> list[Cause]:
    only, full = frozenset(left), run_until(whole, whole.window.stop)
    control = start(subject, [full], Surroundings(), only).result().outcomes[0]
    found: dict[tuple[str, str], str] = {}
    for why, places in _ALONE:
        if len(found) == len(left):
            break
        for running in [start(subject, [full], place, only) for place in places]:
            for who in _who(_between(control, running.result().outcomes[0], whole)):
                found.setdefault(who, why)
    early = start(subject, [run_until(whole, cut)], Surroundings(), only).result().outcomes[0]
    for item in _between(control, early, whole, cut):
        found.setdefault(
            (item.kind, item.name), "it finds the future in the memory of the process, not in what it is given"
        )
    for item in compared(whole, control, whole.window.stop):
        found.setdefault((item.kind, item.name), _OUTLIVES)
    return [Cause(item, found.get(who, "it differs between processes")) for who, item in sorted(left.items())]


def _between(one: Outcome, other: Outcome, whole: Whole, sessions: int | None = None) -> list[Moved]:
    """What differs between two processes."""
    stop = whole.window.stop if sessions is None else sessions
    return moved_signals(one.signals, other.signals, stop) + moved_views(one.seen, other.seen, stop)


def _who(moved: Sequence[Moved]) -> set[tuple[str, str]]:
    return {(item.kind, item.name) for item in moved}
