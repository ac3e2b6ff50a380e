"""What the models of a run cost, beside what they gained: from `run.json`, which alone knows it.

Contract: a function of the document of `run.json`. A run that is repeated from its record pays nothing, so a cost is
what the answers came to when they were given, paid now or kept. None of it is in `scores.json`, where two equal runs
must be equal bytes whoever wrote their essays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Cost", "costs", "model_sentences"]

Document = Mapping[str, Any]


class Cost(NamedTuple):
    """What somebody's calls came to.

    Attributes:
        name: the model, as its party calls itself.
        calls: how many there were.
        tokens: in both directions.
        usd: in money.
    """

    name: str
    calls: int
    tokens: int
    usd: float

    def says(self) -> str:
        """The figures, for people."""
        return f"{self.calls:,} calls, {self.tokens:,} tokens and ${self.usd:.4f}"


def costs(run: Document) -> dict[str, Cost | None]:
    """`writer` and `adviser` of a run, as far as a model had the part; None where nobody counted."""
    found: dict[str, Cost | None] = {}
    writer, adviser = run.get("writer") or {}, run.get("adviser")
    if "bill" in writer:
        # With the same model for both parts the writer's bill holds the adviser's calls too.
        rows = [row for who, row in (writer["bill"].get("minds") or {}).items() if who != "adviser"]
        found["writer"] = _sum(writer["name"], rows) if writer["bill"] else None
    if adviser is not None:
        found["adviser"] = _sum(adviser["name"], [adviser["bill"]]) if adviser["bill"] else None
    return found


def _sum(name: str, rows: list[Document]) -> Cost:
    return Cost(
        name,
        sum(row["calls"] for row in rows),
        sum(row["tokens"] + row["kept_tokens"] for row in rows),
        sum(row["usd"] + row["kept_usd"] for row in rows),
    )


def model_sentences(scores: Document, run: Document) -> list[str]:
    """What each model gained for its cost, a sentence each."""
    found = []
    for part, cost in costs(run).items():
        paid = "nobody counted what it cost" if cost is None else f"it cost {cost.says()}"
        if part == "writer":
            found.append(f"The writer changes no number: its gain is 0 by construction, and {paid}.")
        elif "adviser" in scores["arms"]:
            found.append(f"{scores['arms']['adviser']['says'][:-1]}; {paid}.")
        else:
            found.append(f"The adviser cannot be judged yet; {paid}.")
    return found
