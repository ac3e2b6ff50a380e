"""Questions that every writer asks of a record: which claim, why none, what the minds are called, what is missing.

Contract: pure functions of the record. Names and reasons from elsewhere come out harmless (`minds.text`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.claims import Claim, Kind, Target
from minds.nouns import Nouns
from minds.record import CycleRecord
from minds.text import clause, name
from minds.view import Abstention

__all__ = ["because", "claim_of", "missing_names", "speakers", "why_none"]

_WITHOUT_VERB = re.compile(r"^no (?=(?:bar|close) for )")


def claim_of(record: CycleRecord, target: Target, kind: Kind) -> Claim | None:
    """The published claim of that kind on a target; None when there is none."""
    for claim in record.claims:
        if claim.kind == kind and claim.symbol == target.symbol and claim.horizon == target.horizon:
            return claim
    return None


def because(reason: str) -> str:
    """A reason of the record as a clause that can follow `because`: with a verb."""
    return _WITHOUT_VERB.sub("there is no ", clause(reason))


def why_none(record: CycleRecord, target: Target) -> str:
    """Why no direction was published for a target, as one clause."""
    reasons = [gate.reason for gate in record.gates if gate.action == "abstain" and gate.target in (target.key, "*")]
    if not reasons and all(isinstance(said, Abstention) for said in record.views.get(target.key, ())):
        reasons = ["no mind speaks"]
    return "; ".join([because(reason) for reason in reasons]) or "no call was made"


def speakers(record: CycleRecord) -> Mapping[str, str]:
    """Mind -> how essays call it; two minds never share a name."""
    shown: dict[str, str] = {}
    for said in record.views.values():
        for item in said:
            if item.mind not in shown:
                called = name(item.mind)
                while called in shown.values():
                    called += "+"
                shown[item.mind] = called
    return shown


def missing_names(record: CycleRecord) -> list[str]:
    """What is missing, in words, each once."""
    nouns = Nouns(record)
    return list(dict.fromkeys([nouns.thing(item.signal).removeprefix("the ") for item in record.missing]))
