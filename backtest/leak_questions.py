"""Questions of the leak meter: a day, with or without evidence, as it was, hidden, misdated or turned around.

Contract: pure functions of the market and the drawn days. Whether the price rose afterwards stands in a `Day`, never in
a question. The evidence of a day is the same in every arm; only what identifies it changes:

- `recall`: the date and the symbol, no evidence at all;
- `real`: evidence with date, symbols and levels;
- `masked`: the same without date, symbols and levels;
- `redated`: as `real`, under the date of another drawn day;
- `flipped`: as `real`, every return with the other sign.
"""

from __future__ import annotations

import json
import random
from typing import Literal, NamedTuple

from engine.market import Market
from engine.universe import Universe
from minds.llm.call import Answer, Call, Message

__all__ = ["ARMS", "PROMPT", "Arm", "Day", "answered", "draw_days", "question"]

Arm = Literal["recall", "real", "masked", "redated", "flipped"]
ARMS: tuple[Arm, ...] = ("recall", "real", "masked", "redated", "flipped")
PROMPT = "leak/1"
_SCHEMA = {
    "type": "object",
    "properties": {"direction": {"type": "string", "enum": ["up", "down"]}},
    "required": ["direction"],
    "additionalProperties": False,
}
_SYSTEM = (
    "You are asked which way a price went. Always choose, even when you are not sure. "
    'Answer with one JSON object and nothing else: {"direction": "up"} or {"direction": "down"}.'
)
_MAX_TOKENS = 60
_WEEK, _MONTH = 5, 21
_ROLES = ("market", "growth", "small", "volatility", "treasury_long")
"""Whose returns are shown, where the universe and the day have them; the first is asked about."""


class Line(NamedTuple):
    """What is told of one symbol.

    Attributes:
        symbol: its name.
        level: close, as quoted.
        week: returns of the last five sessions, the oldest first, in percent.
        month: return of the last 21 sessions, in percent.
    """

    symbol: str
    level: float
    week: tuple[float, ...]
    month: float


class Day(NamedTuple):
    """One drawn day.

    Attributes:
        session: ISO day.
        other: the session whose date it gets in the arm `redated`.
        rose: whether the market closed higher at the next session.
        lines: the evidence; the first is about the market.
    """

    session: str
    other: str
    rose: bool
    lines: tuple[Line, ...]


def draw_days(market: Market, universe: Universe, first: int, last: int, n: int, seed: int) -> list[Day]:
    """At most n days between two positions, in order: days with a month of history and a next close that differs.

    Each gets another day's date, as far away as the draw allows.
    """
    symbol = universe.roles["market"]
    close = market.column(symbol).tolist()
    usable = [
        at for at in range(max(first, _MONTH), min(last, market.size - 2) + 1)
        if _line(market, symbol, at) is not None and close[at + 1] == close[at + 1] and close[at + 1] != close[at]
    ]  # fmt: skip
    drawn = sorted(random.Random(seed).sample(usable, min(n, len(usable))))
    labels, half = market.calendar.labels, len(drawn) // 2
    symbols = [universe.roles[role] for role in _ROLES if role in universe.roles]
    found = []
    for place, at in enumerate(drawn):
        lines = [_line(market, name, at) for name in symbols]
        other = labels[drawn[(place + half) % len(drawn)]]
        found.append(Day(labels[at], other, close[at + 1] > close[at], tuple([line for line in lines if line])))
    return found


def _line(market: Market, symbol: str, at: int) -> Line | None:
    """What is known of a symbol at a session; None without its closes."""
    if symbol not in market.rows:
        return None
    prices = market.column(symbol)[at - _MONTH : at + 1].tolist()
    level = float(market.column(symbol, "close")[at])
    if not all([price == price and price > 0.0 for price in prices]):
        return None
    week = [100.0 * (now / before - 1.0) for before, now in zip(prices[-_WEEK - 1 :], prices[-_WEEK:], strict=False)]
    return Line(symbol, level, tuple(week), 100.0 * (prices[-1] / prices[0] - 1.0))


def question(arm: Arm, day: Day, model: str) -> Call:
    """What is asked about a day in one arm."""
    date = day.other if arm == "redated" else day.session
    symbol = day.lines[0].symbol
    if arm == "recall":
        text = f"It is {date}, after the close. Which way did {symbol} close at the next session: up or down?"
    else:
        hidden = arm == "masked"
        when = (
            "It is some day, after the close, in a market that is not named."
            if hidden
            else f"It is {date}, after the close."
        )
        told = [_told(line, place, hidden, -1.0 if arm == "flipped" else 1.0) for place, line in enumerate(day.lines)]
        asked = "instrument A" if hidden else symbol
        text = "\n".join([when, *told, f"Which way did {asked} close at the next session: up or down?"])
    return Call(
        model, PROMPT, (Message("system", _SYSTEM), Message("user", text)), _SCHEMA, _MAX_TOKENS, who=arm
    )  # fmt: skip


def _told(line: Line, place: int, hidden: bool, sign: float) -> str:
    name = f"Instrument {chr(ord('A') + place)}" if hidden else f"{line.symbol}, at {line.level:.2f}"
    week = ", ".join([f"{sign * change:+.1f}%" for change in line.week])
    return f"{name}: last five sessions {week} (oldest first); last 21 sessions {sign * line.month:+.1f}%."


def answered(answer: Answer) -> bool | None:
    """Whether the answer says up; None when it is no answer of the asked form."""
    if answer.finish != "stop":
        return None
    try:
        found = json.loads(answer.text)
    except (ValueError, RecursionError):
        return None
    said = found.get("direction") if isinstance(found, dict) else None
    return said == "up" if said in ("up", "down") else None
