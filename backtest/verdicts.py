"""What may be said of an arm: a word and a sentence by rule, from its figures alone.

Contract: a loss is stated as soon as its 95% interval lies below zero; a gain only when it also outlives that many
arms were looked at (Holm's adjustment), and it is skill over the base rate only from an e-value of 20 on. Everything
else cannot be told from nothing, and is said to be so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from backtest.evidence import ENOUGH
from minds.figures import percent

__all__ = ["Word", "holm", "sentence", "verdict"]

_LEVEL = 0.05

Word = Literal["paid", "cost", "nothing"]


def holm(ps: Mapping[str, float | None]) -> dict[str, float | None]:
    """P-values adjusted for their number; None stays None and does not count.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": None})
    {'a': 0.03, 'b': 0.06, 'c': 0.06, 'd': None}
    """
    known = sorted((p, name) for name, p in ps.items() if p is not None)
    found, least = dict[str, float | None](dict.fromkeys(ps)), 0.0
    for rank, (p, name) in enumerate(known):
        least = found[name] = max(least, min((len(known) - rank) * p, 1.0))
    return found


def verdict(interval: Sequence[float] | None, p: float | None) -> Word | None:
    """What an arm was worth beside the one it builds on.

    Args:
        interval: of its gain; None while there are too few claims.
        p: of no difference, adjusted for the number of arms.
    """
    if interval is None or p is None:
        return None
    low, high = interval
    if high < 0.0:
        return "cost"
    return "paid" if low > 0.0 and p <= _LEVEL else "nothing"


def sentence(name: str, row: Mapping[str, Any]) -> str:
    """One sentence on an arm from its row: what it was worth, in plain words with its figures."""
    stage, _, who = name.rpartition(":")
    subject = _STEPS[who] if not stage else _OTHERS[stage].format(who)
    if row["versus"] is None:
        return f"{subject}: a Brier score of {row['brier']:.4f} on {row['n']:,} claims."
    if not row["moved"]:
        return f"{subject}: changes no number, so it neither pays nor costs."
    if row["verdict"] is None:
        return f"{subject}: cannot be judged yet, {row['n']:,} claims are too few for an interval."
    low, high = map(percent, row["gain_interval"])
    figures = f"{percent(row['gain'])} beside {_BESIDE.get(row['versus'], row['versus'])}, 95% {low} to {high}"
    return f"{subject}: {_left_out(who, row) if stage == 'without' else _worth(row)} ({figures})."


def _worth(row: Mapping[str, Any]) -> str:
    if row["verdict"] == "cost":
        return "does not pay, it costs"
    if row["verdict"] == "nothing":
        ahead = row["gain_interval"][0] > 0.0
        return "cannot be told from luck among so many arms" if ahead else "cannot be told from nothing"
    if row["versus"] == "climatology" and row["e_value"] < ENOUGH:
        return f"ahead, but at an e-value of {row['e_value']:.2g} where {ENOUGH:.0f} is needed no skill is claimed"
    return "pays"


def _left_out(who: str, row: Mapping[str, Any]) -> str:
    return {
        "paid": f"better than with it, so {who} does not pay its way",
        "cost": f"worse than with it, so {who} pays its way",
        "nothing": f"cannot be told from what it is with it, so {who} is not shown to pay its way",
    }[row["verdict"]]


_STEPS = {
    "climatology": "The base rate alone",
    "minds": "The minds, each as it speaks, by a plain mean",
    "debate": "Weighing minds by rank, as the debate does",
    "recalibration": "Trusting each mind as far as its record goes",
    "synthesis": "The synthesis",
    "adviser": "The adviser",
}
_OTHERS = {"mind": "The mind {} alone", "baseline": "The baseline {}", "without": "The synthesis without {}"}
_BESIDE = {
    "climatology": "the base rate", "minds": "the plain mean", "debate": "the debate", "synthesis": "the synthesis",
    "recalibration": "recalibrated minds",
}  # fmt: skip
