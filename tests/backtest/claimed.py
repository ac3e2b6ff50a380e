"""Histories of directions that a test makes up: leans and outcomes in, bodies of a ledger's entries out.

Contract: the published probabilities are those of `minds.synthesis` itself, asked claim after claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from backtest.history import History
from minds.synthesis import Synthesis

__all__ = ["Round", "collected", "published", "rounds"]


class Round(NamedTuple):
    """One target on one session.

    Attributes:
        base: its base rate.
        leans: of each mind, None where it is silent.
        outcome: 1, 0, or None for void.
        claimed: whether a gate lets the claim through.
        cap: what a gate leaves of every edge.
        plain: of each baseline.
    """

    base: float
    leans: tuple[float | None, ...]
    outcome: int | None
    claimed: bool = True
    cap: float = 1.0
    plain: tuple[float | None, ...] = (None,)


Days = Sequence[Sequence[Round]]
"""Sessions, and for each target its round."""
lean = st.none() | st.floats(-1.0, 1.0) | st.sampled_from([0.0, 0.25, -0.25, 1.0])


@st.composite
def rounds(draw: st.DrawFn, minds: int, targets: int, sessions: int = 25) -> list[list[Round]]:
    """Up to so many sessions."""
    one = st.builds(
        Round, st.floats(0.05, 0.95), st.tuples(*[lean] * minds), st.sampled_from([0, 1, 0, 1, None]),
        st.sampled_from([True, True, True, False]), st.sampled_from([1.0, 1.0, 0.5]),
        st.tuples(st.sampled_from([0.25, -0.25, None])),
    )  # fmt: skip
    return draw(st.lists(st.lists(one, min_size=targets, max_size=targets), min_size=1, max_size=sessions))


def published(days: Days, horizons: Sequence[int], minds: int, silent: int | None = None) -> list[dict[str, Any]]:
    """Bodies of the entries of a run in which mind number `silent` never speaks."""
    names = [f"m{at}" for at in range(minds)]
    tables = [Synthesis(names) for _ in horizons]
    bodies: list[dict[str, Any]] = []
    for day, row in enumerate(days):
        claims, verdicts, views, synthesis, plain = [], [], {}, {}, {}
        for number, horizon in enumerate(horizons):
            made = day - horizon
            if made >= 0 and days[made][number].claimed:
                identity, outcome = f"{made}/T{number}/direction/{horizon}", days[made][number].outcome
                tables[number].settle(identity, outcome)
                p = next(c["probability"] for c in bodies[made]["claims"] if c["id"] == identity)
                verdicts.append(_verdict(identity, p, days[made][number].base, outcome))
        for number, (today, horizon) in enumerate(zip(row, horizons, strict=True)):
            key, identity = f"T{number}:{horizon}", f"{day}/T{number}/direction/{horizon}"
            leans = [None if at == silent else each for at, each in enumerate(today.leans)]
            made_now = tables[number].forecast(today.base, leans, today.cap)
            views[key] = {
                name: {"abstains": "no"} if each is None else {"lean": each, "evidence": {}}
                for name, each in zip(names, leans, strict=True)
            }
            synthesis[key], plain[key] = list(made_now.experts), list(today.plain)
            if today.claimed:
                tables[number].publish(identity, made_now)
                claims.append({
                    "id": identity, "kind": "direction", "symbol": f"T{number}", "horizon": horizon,
                    "probability": made_now.probability, "base_rate": today.base, "reference": 1.0, "deadline": "",
                })  # fmt: skip
        bodies.append({
            "session": str(day), "reading": {"label": "neutral", "status": "confirmed", "score": 0.0}, "gates": [],
            "missing": {},
            "views": views, "verdicts": verdicts, "claims": claims, "debates": {}, "synthesis": synthesis,
            "baselines": plain,
        })  # fmt: skip
    return bodies


def _verdict(identity: str, p: float, base: float, outcome: int | None) -> dict[str, Any]:
    if outcome is None:
        return {"id": identity, "result": "void", "reason": "made up"}
    result = "right" if (p >= 0.5) == (outcome == 1) else "wrong"
    return {
        "id": identity, "result": result, "outcome": outcome, "score": (p - outcome) ** 2,
        "base_score": (base - outcome) ** 2, "log_score": 0.0, "realised": 0.01,
    }  # fmt: skip


def collected(bodies: Sequence[dict[str, Any]], minds: int, baselines: Sequence[str] = ("b",)) -> History:
    """The history of such a run."""
    history = History([f"m{at}" for at in range(minds)], {"baselines": list(baselines)})
    for body in bodies:
        history.add(body)
    return history
