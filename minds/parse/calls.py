"""The prediction's prose: what the lead call is about, its range, and further calls beside it.

Contract: reads sentences of the desk's own form (`IWM will close lower within 48h`) exactly and the seed's freer ones
by their symbol, direction word and horizon. A direction that is negated or missing is a problem, not a guess.
Patterns are bounded, so time is linear.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from minds.parse.dates import Deadline
from minds.parse.values import number, sessions

__all__ = ["Calls", "SecondaryCall", "named_missing", "read_calls"]

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_SYMBOL = r"([A-Z0-9^][A-Z0-9.^=-]{0,23})"
_STAMPED = re.compile(
    _SYMBOL + r" will close (higher|lower) (?:within ([0-9]{1,2}h|[0-9]{1,2} sessions), )?"
    r"by the close of [A-Z][a-z]{5,8}, [A-Z][a-z]{2,8} [0-9]{1,2}, [0-9]{4}(?: \([^()]{1,12}\))?: p\(up\) [0-9]"
)
_NO_CALL = re.compile(rf"No direction call on {_SYMBOL} \(")
_BAND = re.compile(
    r"The central [0-9]{1,2}% interval runs from ([+-]?[0-9]{1,6}\.[0-9]{2})% to ([+-]?[0-9]{1,6}\.[0-9]{2})%"
)
_TICKER = re.compile(r"(?<![A-Za-z0-9.^=-])\^?[A-Z][A-Z0-9]{0,11}(?:[.=-][A-Z0-9]{1,11})?(?![A-Za-z0-9])")
_NOT_TICKERS = frozenset(
    [
        "A",
        "I",
        "AI",
        "AM",
        "AND",
        "CEO",
        "CFO",
        "CPI",
        "DXY",
        "ECB",
        "EPS",
        "ETF",
        "ETFS",
        "EU",
        "FED",
        "FOMC",
        "FX",
        "GDP",
        "HY",
        "IG",
        "IPO",
        "IT",
        "NFP",
        "NO",
        "NOT",
        "NYSE",
        "OPEC",
        "OR",
        "PM",
        "PMI",
        "PPI",
        "THE",
        "UK",
        "US",
        "USA",
        "USD",
        "UTC",
        "VIX",
        "YOY",
    ]
)
_HORIZON = re.compile(r"(?<![0-9.,])([0-9]{1,3}\s{0,2}(?:h|hours?|sessions?|trading days?|days?))\b", re.IGNORECASE)
_UP = "up|higher|rises?|rall(?:y|ies)|gains?|climbs?|bounces?|advances?|recovers?"
_DOWN = "down|lower|falls?|drops?|declines?|slides?|sinks?|weakens?|sells? off|rolls? over|breaks? down|gives? way"
_DIRECTION = re.compile(rf"(?<![A-Za-z'-])(?:({_UP})|({_DOWN}))(?![A-Za-z'])", re.IGNORECASE)
_NEGATED = re.compile(
    r"(?:\bnot|n't|\bnever|\bno longer|\bwithout|\bunlikely to)\s+(?:\S{1,20}\s+){0,3}$", re.IGNORECASE
)
_END = r"([+-]?[0-9]{1,4}(?:[.,][0-9]{1,4})?)"
_RANGE = re.compile(rf"(?<![A-Za-z0-9.,]){_END}\s?%?\s{{0,2}}(?:-|–|—|to|and)\s{{0,2}}{_END}\s?%")
_MISSING = re.compile(r"\bmissing(?: data)?:? ?\(([^()]{1,2000})\)", re.IGNORECASE)
_MORE = re.compile(r"(?:and )?([0-9]{1,6}) (?:more|others)")
_MOST_SECONDARY = 64


class SecondaryCall(NamedTuple):
    """A call beside the lead.

    Attributes:
        symbol: what it is about.
        direction: `up` or `down`.
        horizon: the text's words for it.
        sessions: the same in sessions.
        deadline: when it falls due, where the day of the essay is known.
    """

    symbol: str
    direction: str
    horizon: str
    sessions: int
    deadline: Deadline | None = None


class Calls(NamedTuple):
    """What a prediction's prose says."""

    symbol: str | None
    range_percent: tuple[float, float] | None
    secondary: tuple[SecondaryCall, ...]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]


def read_calls(prose: str, direction: str | None, lead_sessions: int | None) -> Calls:
    """Read a prediction's prose beside what its tags say."""
    sentences = _SENTENCE.split(prose.replace("−", "-"))
    first = _STAMPED.match(sentences[0]) or _NO_CALL.match(sentences[0])
    if first is not None:
        return _stamped(first[1], sentences, lead_sessions)
    problems: list[str] = []
    lead = next((symbol for sentence in sentences for symbol, _ in _symbols(sentence)), None)
    if lead is None:
        problems.append("the prediction names no symbol")
    ends, warning = _range("\n".join(sentences), direction, problems)
    found: dict[tuple[str, int], SecondaryCall] = {}
    for sentence in sentences:
        call = _free(sentence, lead, lead_sessions, problems)
        if call is not None and len(found) < _MOST_SECONDARY:
            found.setdefault((call.symbol, call.sessions), call)
    return Calls(lead, ends, tuple(found.values()), (warning,) if warning else (), tuple(problems))


def _stamped(lead: str, sentences: list[str], lead_sessions: int | None) -> Calls:
    """The desk's own form."""
    bands = [match for match in map(_BAND.match, sentences[:2]) if match]
    ends = (float(bands[0][1]), float(bands[0][2])) if bands else None
    found: dict[tuple[str, int], SecondaryCall] = {}
    for match in filter(None, map(_STAMPED.match, sentences[1:])):
        ahead = sessions(match[3]) if match[3] else None
        if ahead is not None and (match[1], ahead) != (lead, lead_sessions) and len(found) < _MOST_SECONDARY:
            said = "up" if match[2] == "higher" else "down"
            found.setdefault((match[1], ahead), SecondaryCall(match[1], said, match[3], ahead))
    return Calls(lead, ends, tuple(found.values()), (), ())


def named_missing(closing: str) -> tuple[tuple[str, ...], int]:
    """The data that a closing line calls missing, and how many more it only counts."""
    match = _MISSING.search(closing)
    if match is None:
        return (), 0
    names, more = [], 0
    for item in match[1].split(","):
        counted = _MORE.fullmatch(item.strip())
        if counted:
            more += int(counted[1])
        elif item.strip():
            names.append(item.strip())
    return tuple(names), more


def _symbols(sentence: str) -> list[tuple[str, int]]:
    found = ((match[0], match.start()) for match in _TICKER.finditer(sentence))
    return [(symbol, at) for symbol, at in found if symbol not in _NOT_TICKERS and len(symbol) > 1]


def _free(sentence: str, lead: str | None, lead_sessions: int | None, problems: list[str]) -> SecondaryCall | None:
    """A call in a sentence that has a symbol, a direction word and a horizon, other than the lead call."""
    horizon = _HORIZON.search(sentence)
    if horizon is None:
        return None
    ahead = sessions(horizon[1])
    named = [(name, at) for name, at in _symbols(sentence) if (name, ahead) != (lead, lead_sessions)]
    if not named:
        return None
    symbol, at = named[0]
    said = _said(sentence, at, problems, symbol)
    if said is None:
        return None
    if ahead is None:
        problems.append(f"the call on {symbol} has a horizon of {horizon[1]!r}, which is not a number of sessions")
        return None
    return SecondaryCall(symbol, said, horizon[1], ahead)


def _said(sentence: str, at: int, problems: list[str], symbol: str) -> str | None:
    """The direction that a free sentence gives the symbol at position `at`: the first word after it, else the last
    before.
    """
    words = [match for match in _DIRECTION.finditer(sentence) if not match[0].isupper()]
    if not words:
        return None  # it mentions a symbol and a time, and calls nothing
    after = [match for match in words if match.start() > at]
    word = after[0] if after else words[-1]
    if _NEGATED.search(sentence[max(0, word.start() - 60) : word.start()]):
        problems.append(f"cannot tell the direction of the call on {symbol}: {sentence[:80]!r}")
        return None
    return "up" if word[1] else "down"


def _range(prose: str, direction: str | None, problems: list[str]) -> tuple[tuple[float, float] | None, str]:
    """The first range in percent. Ends without a sign take it from the word before them, else from the direction
    tag.
    """
    match = _RANGE.search(prose)
    if match is None:
        return None, ""
    first, second = number(match[1]), number(match[2])
    if first is None or second is None:
        return None, ""
    if not match[1].startswith(("+", "-")) and not match[2].startswith(("+", "-")):
        words = list(_DIRECTION.finditer(prose[max(0, match.start() - 24) : match.start()]))
        sign = ("up" if words[-1][1] else "down") if words else direction
        if sign not in ("up", "down"):
            problems.append(f"the range {match[0]} has no sign")
            return None, ""
        if sign == "down":
            first, second = -first, -second
    low, high = min(first, second), max(first, second)
    against = (direction == "down" and low > 0) or (direction == "up" and high < 0)
    return (low, high), f"the range {match[0]} lies on the other side of the direction {direction}" if against else ""
