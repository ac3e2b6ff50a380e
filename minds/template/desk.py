"""How evidence is spoken of: a gauge and its reading, as nouns and as clauses.

Contract: see `minds.template.facts`. What a gauge shows is put into words by data (`evidence.toml`), with the figure of
the record and nothing else; a gauge or a reading that the files do not know keeps its own words. The second mention of
a gauge is worded otherwise than the first.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping

from minds import figures
from minds.nouns import Nouns, possessive
from minds.record import CycleRecord
from minds.template.phrases import Facts, Teller, load
from minds.text import clause
from minds.view import Contribution

__all__ = ["Desk"]

_LOGS = ("volume", "volatility.change_5d")
"""Gauges that are kept in logarithms and read as percent."""
_WHOLE = ("breadth.above_50d", "breadth.above_200d", "selling.synchronised", "breadth.adv_dec_10d")
"""Shares of a list of names, where tenths of a percent would be false precision."""
_NOUN = re.compile(r"(?:a|an|the|no|some|this|that)\s", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|will|would|can|does|do|did|looks?|leads?|lags?|takes?|moves?|keeps?|pays?|falls?"
    r"|rises?|fell|rose|ran|stands?|hides?|helps?|holds?|turns?|draws?|leaves?|points?|shows?)\b"
)


class Desk:
    """What evidence is spoken of with: the record, names of minds and of signals, and a teller for the wording."""

    def __init__(self, record: CycleRecord, called: Mapping[str, str], nouns: Nouns, teller: Teller) -> None:
        self.record, self.called, self.nouns, self.teller = record, called, nouns, teller
        self._told: Counter[str] = Counter()

    def evidence(self, key: str, part: Contribution, mind: str | None = None) -> Facts:
        """What `shows` gives, `KEY_reads` and `KEY_says` (the reading as a clause), and perhaps `KEY_mind`."""
        reads = clause(part.reads)
        found = self.shows(key, part.signal, part.value)
        found |= {f"{key}_reads": reads, f"{key}_says": self._says(reads)}
        return found if mind is None else found | {f"{key}_mind": self.called[mind]}

    def shows(self, key: str, signal: str, value: float) -> Facts:
        """`KEY_thing`, `KEY_value`, `KEY_amount` (no sign), `KEY_is` (a clause), perhaps `KEY_gist` (no figures)."""
        known = self.record.signals.get(signal)
        unit = known.unit if known is not None else None
        role, _, measure = signal.partition(".")
        if unit is not None and (signal in _LOGS or measure in _LOGS) and math.isfinite(value):
            value, unit = math.expm1(min(value, 10.0)), "return"
        shown = figures.percent(value, 0, sign=False) if signal in _WHOLE and unit else figures.value(value, unit)
        amount = shown.lstrip("+-")
        who = self.nouns.owner(role)
        words = {"thing": self.nouns.thing(signal), "value": shown, "amount": amount, "who": who}
        words |= {"whose": possessive(who), "me": f"{key}/{signal}"}
        side = "flat" if not re.search("[1-9]", amount) else "down" if value < 0.0 else "up"
        name = self._pool(signal, measure, side) if unit is not None else ""
        nth = self._told[signal]
        self._told[signal] += 1
        found = {f"{key}_thing": words["thing"], f"{key}_value": shown, f"{key}_amount": amount}
        found[f"{key}_is"] = self.teller.say(f"is_{name}" if name else "is_any", words, nth)
        if f"gist_{name}" in load().pools:
            found[f"{key}_gist"] = self.teller.say(f"gist_{name}", words, nth)
        return found

    def _pool(self, signal: str, measure: str, side: str) -> str:
        for stem in (signal.replace(".", "_"), measure):
            if f"is_{stem}_{side}" in load().pools:
                return f"{stem}_{side}"
        return ""

    def _says(self, reads: str) -> str:
        """A reading as a clause: in other words where the files have some, else as it is."""
        pool = f"says_{reads}"
        if pool in load().pools:
            nth = self._told[pool]
            self._told[pool] += 1
            return self.teller.say(pool, None, nth)
        return f"this is {reads}" if _NOUN.match(reads) and not _VERB.search(reads) else reads
