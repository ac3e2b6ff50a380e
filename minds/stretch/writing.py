"""A sitting's minutes, and what was at hand for it, as a piece: columns, and what the ledger keeps of each session.

Contract: what is lacking is told to the cycle, session by session, and the cycle's sessions are counted here; nothing
else is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from minds.debate import debate, debates_ahead
from minds.record import canonical, kept_view
from minds.stretch.at_hand import AtHand
from minds.stretch.column import Column
from minds.stretch.page import Page, pages, signals_texts
from minds.stretch.piece import Calls, Docket, Piece
from minds.stretch.sitting import Minutes, Spoken
from minds.stretch.team import Team
from minds.stretch.texts import column, fields, woven
from minds.view import Abstention, DebateLabel, Missing, View

__all__ = ["written"]

_Debates = list[tuple[DebateLabel, float]]
_Missing = tuple[Missing, ...]


def written(team: Team, days: AtHand, minutes: Minutes) -> Piece:
    """What some sessions, all of which have been run, have come to."""
    debates = _debates(team, minutes)
    dockets = _dockets(team, days.first, minutes, debates)
    signals, missing, news = _rests_on(team, days, minutes)
    synthesis = {course.called.key: course.experts for course in minutes.courses}
    synthesis |= {desk.pair.key: each for (desk, _), each in zip(team.pairs, minutes.compared, strict=True)}
    first = team.cycle.count + 1
    team.cycle.count += len(minutes.sessions)
    texts = pages(Page(
        days.as_of, days.baselines, [each.said for each in dockets], first, days.data,
        _debate_texts(minutes, debates), minutes.held, missing, days.readings, minutes.sessions, signals, synthesis,
        [each.settled for each in dockets], _views(team, days, minutes),
    ))  # fmt: skip
    silences = [
        (row, item.mind, key, item.reason)
        for row, by_target in minutes.asked.items()
        for key, said in by_target.items() for item in said if isinstance(item, Abstention)
    ]  # fmt: skip
    return Piece(minutes.sessions, days.readings, dockets, days.baselines, minutes.held, silences, news, texts)


def _debates(team: Team, minutes: Minutes) -> list[_Debates]:
    """Target by target how the minds stood, session by session."""
    nobody: _Debates = [("silent", 0.0)] * len(minutes.sessions)
    found = [debates_ahead(course.leans) if team.cycle.minds else list(nobody) for course in minutes.courses]
    for row, by_target in minutes.asked.items():
        for course, stood in zip(minutes.courses, found, strict=True):
            said = by_target.get(course.called.key)
            if said is not None:
                stood[row] = debate(said)[:2]
    return found


def _debate_texts(minutes: Minutes, debates: Sequence[_Debates]) -> dict[str, list[bytes]]:
    found = {}
    for course, stood in zip(minutes.courses, debates, strict=True):
        labels, convictions = zip(*stood, strict=True)
        found[course.called.key] = woven((b"[", column(labels), b",", column(convictions), b"]"), len(stood))
    return found


def _dockets(team: Team, first: int, minutes: Minutes, debates: Sequence[_Debates]) -> list[Docket]:
    """The claims and verdicts, in the order in which a session has them."""
    found, count = list[Docket](), len(minutes.sessions)
    for course, stood in zip(minutes.courses, debates, strict=True):
        said, settled = course.called.line.take(first, count)
        calls = Calls(
            [stood[row] for row in said.rows], [course.leans[row] for row in said.rows],
            [course.experts[row] or () for row in said.rows],
        )  # fmt: skip
        found += [Docket(course.called.line.slot, said, settled, calls), _docket(course.called.band, count)]
    found += [_docket(each, count) for each in team.odds]
    return found + [Docket(line.slot, *line.take(first, count)) for _, line in team.pairs]


def _docket(claims: Column, count: int) -> Docket:
    return Docket(claims.slot, claims.said.until(count), claims.settled().until(count))


def _views(team: Team, days: AtHand, minutes: Minutes) -> dict[str, list[bytes]]:
    """The texts of the views."""
    names, known, found = team.cycle.names, dict[tuple[int, ...], list[bytes]](), dict[str, list[bytes]]()
    for course, told in zip(minutes.courses, days.told, strict=True):
        key, same = course.called.key, tuple(map(id, told))
        if same not in known:  # minds may say the same of several targets
            said = sorted(zip(names, [each.said for each in told], strict=True))
            known[same] = woven(fields(said), len(minutes.sessions))
        found[key] = list(known[same]) if minutes.asked else known[same]
        for row, by_target in minutes.asked.items():
            if key in by_target:
                both = zip(told, by_target[key], strict=True)
                texts = [each.said[row] or canonical(kept_view(item)) for each, item in both]
                found[key][row] = woven(fields(sorted(zip(names, texts, strict=True))), 1)[0]
    return found


def _rests_on(
    team: Team, days: AtHand, minutes: Minutes
) -> tuple[list[bytes], list[bytes], list[tuple[int, dict[str, str]]]]:
    """The texts of signals and of what is missing, and when what is missing was news."""
    everyone = [each for told in days.told for each in told]
    everyone = list({id(each): each for each in reversed(everyone)}.values())[::-1]  # what is said last counts
    signals, missing = signals_texts([each.signals for each in everyone], days.values, days.places), list[bytes]()
    news: list[tuple[int, dict[str, str]]] = []
    nothing: list[tuple[_Missing, ...]] = [()] * len(minutes.sessions)
    lacks = list(zip(*[each.missing for each in everyone], strict=True)) or nothing
    last: tuple[_Missing, ...] | None = None
    as_before = b""
    for row, (session, lacked) in enumerate(zip(minutes.sessions, lacks, strict=True)):
        asked = minutes.asked.get(row)
        if asked is None and lacked == last:
            missing.append(as_before)
            continue
        lacking, last = list(lacked), lacked
        if asked is not None:
            (values, lacking), last = _with_asked(days, minutes, asked, row), None
            signals[row] = canonical(values)
        found, since = team.cycle.lacking(lacking, session)
        as_before = orjson.dumps(since)
        if since == session:
            news.append((row, dict(found)))
        missing.append(as_before if since < session else canonical(dict(found)))
    return signals, missing, news


def _with_asked(
    days: AtHand, minutes: Minutes, asked: Mapping[str, Spoken], row: int
) -> tuple[dict[str, float], list[_Missing]]:
    """Values of signals, and what is lacking, where somebody was asked; what is said last counts."""
    values, lacking = dict[str, float](), list[_Missing]()
    for course, everyone in zip(minutes.courses, days.told, strict=True):
        said = asked.get(course.called.key) or (None,) * len(everyone)
        for item, told in zip(said, everyone, strict=True):
            if item is None or told.said[row]:
                names = [name for name, where in told.signals.items() if where[row]]
                values |= {name: float(days.values[days.places[name], row]) for name in names}
                lacking.append(told.missing[row])
            else:
                parts = item.contributions if isinstance(item, View) else ()
                values |= {part.signal: part.value for part in parts}
                lacking.append(item.missing)
    return values, lacking
