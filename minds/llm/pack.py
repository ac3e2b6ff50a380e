"""The evidence pack: what one mind may cite, and nothing else.

Contract: a pack is made from the record alone (`minds.llm.gather`). Each fact has an id, which is its placeholder
(`{growth.ret_1d}`), and the text that code puts in its place (`-0.31%`). What a prompt shows of a fact is its id, what
it is called, which way it points and how far: bands instead of figures, so that equal situations make equal prompts and
a model has no digit to copy.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from engine.events import Tier

__all__ = ["Band", "Entity", "Fact", "FactKind", "Headline", "Other", "Pack", "Side"]

Side = Literal["up", "down", "none"]
Band = Literal["faint", "clear", "strong"]
FactKind = Literal["signal", "regime", "view", "call", "record", "missing"]


class Fact(NamedTuple):
    """One thing that may be cited.

    Attributes:
        id: its placeholder without braces; dotted words, `A-Za-z0-9_.-`.
        text: what code prints in its place, such as `-0.31%`.
        thing: a singular noun with its article or owner, such as `QQQ's day`.
        kind: where it comes from.
        owner: role of the entity it is about (`growth`); empty when about none in particular.
        sign: which way the value itself points: -1 below zero (fell, lower), 1 above, 0 when it has no direction.
        speaks: what it says for the target in this mind's eyes: -1 a fall, 1 a rise, 0 nothing.
        reads: what the mind takes it to mean, a clause or noun phrase without digits; may be empty.
        band: how far from its normal, or how much of the lean it carries; empty when neither is known.
        unit: unit of the value; empty for text.
        as_of: ISO session of the newest bar in it; empty for text. Not shown in prompts.
        age: sessions between `as_of` and the cycle.
    """

    id: str
    text: str
    thing: str
    kind: FactKind
    owner: str = ""
    sign: int = 0
    speaks: int = 0
    reads: str = ""
    band: Band | Literal[""] = ""
    unit: str = ""
    as_of: str = ""
    age: int = 0


class Entity(NamedTuple):
    """Somebody that prose may name.

    Attributes:
        role: the role, such as `small`.
        symbol: as printed, such as `IWM`.
        words: what it is called in prose, lower case, such as `small caps`.
    """

    role: str
    symbol: str
    words: tuple[str, ...]


class Other(NamedTuple):
    """Another mind's view, as a prompt shows it.

    Attributes:
        mind: as essays call it.
        side: which way it leans.
        band: how strongly.
        thesis: its thesis in this cycle, placeholders unfilled; empty when it has none.
    """

    mind: str
    side: Side
    band: Band
    thesis: str = ""


class Headline(NamedTuple):
    """Text from outside, made harmless (`minds.llm.untrusted`).

    Attributes:
        tier: how far its source can be trusted.
        kind: `headline`, `filing` or another short word.
        source: who says so.
        text: what is said.
    """

    tier: Tier
    kind: str
    source: str
    text: str


class Pack(NamedTuple):
    """What one mind knows when it writes about one target.

    Attributes:
        mind: as essays call it; `Synthesis` for the desk itself.
        symbol: the target as printed.
        horizon: as printed, such as `24h`; a placeholder prints it.
        side: the view's side; `none` when there is no call.
        band: how strong the view is.
        facts: everything that may be cited, sorted by id, so that the same evidence makes the same prompt.
        entities: everybody that may be named.
        others: the other minds that speak.
        headlines: text from outside that was known by then.
    """

    mind: str
    symbol: str
    horizon: str
    side: Side
    band: Band
    facts: tuple[Fact, ...]
    entities: tuple[Entity, ...]
    others: tuple[Other, ...] = ()
    headlines: tuple[Headline, ...] = ()

    def fact(self, name: str) -> Fact | None:
        """The fact of that id; None when the pack has none."""
        return next((fact for fact in self.facts if fact.id == name), None)
