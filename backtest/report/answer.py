"""The answer in three sentences: did it work, compared with what, could it be luck.

Contract: a function of the document of `scores.json` alone, by rule. Skill in direction is claimed from an e-value of
20 on and never below; each rate stands beside its base rate, n and interval; of nothing settled nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from backtest.evidence import ENOUGH
from backtest.report.markup import between, count, evidence, percent, share

__all__ = ["Answer", "answer", "certain", "commoner"]

_NAMES = {"volatility": "a turbulent month", "drawdown": "a 5% fall"}
_SIZES = tuple(_NAMES)

Row = dict[str, Any]


class Answer(NamedTuple):
    """One sentence each."""

    worked: str
    against: str
    luck: str


def answer(scores: dict[str, Any]) -> Answer:
    """The three sentences for these scores."""
    kinds, claims = scores["kinds"], scores["claims"]
    direction = kinds["direction"]
    if not claims["resolved"]:
        waiting = f"{count(claims['open'])} are still open" + (f", {count(claims['void'])} void" * bool(claims["void"]))
        return Answer(
            f"Nothing can be said yet: of {count(claims['published'])} claims none has been settled.",
            f"There is nothing to compare with a base rate; {waiting}.",
            "Whatever these calls will turn out to be worth, a few of them will not show it: telling 56% from 54% "
            "takes about 3,900 settled calls.",
        )
    return Answer(_worked(direction, kinds), _against(direction, kinds), _luck(direction, kinds))


def commoner(row: Row) -> float:
    """Share of right calls that always naming the commoner side would have had."""
    rises: float = row["base_rate"]
    return max(rises, 1.0 - rises)


def certain(row: Row) -> bool:
    """Whether the 95% interval of a skill lies above zero, and the evidence, where it is known, does not gainsay it."""
    ends, e = row.get("skill_interval"), row.get("e_value")
    return bool(row["n"] and ends and ends[0] > 0.0 and (e is None or e >= ENOUGH))


def _worked(direction: Row, kinds: dict[str, Row]) -> str:
    first = _called(direction)
    sizes = [*_sizes(kinds)]
    return f"{first}; on the size of moves, {_listed(sizes)}." if sizes else f"{first}."


def _called(direction: Row) -> str:
    if not direction["n"]:
        return "On direction nothing can be said, as no such call has been settled"
    if direction["e_value"] >= ENOUGH:
        return "On direction, yes: there is evidence that the calls are better than the base rate"
    ends = direction.get("skill_interval")
    if ends and ends[0] > 0.0:
        return (
            f"On direction, not shown: the calls are ahead of the base rate by {share(direction['skill'], 2)} of its "
            "loss, and the evidence falls short of what a claim of skill needs"
        )
    if ends and ends[1] < 0.0:
        return "On direction, no: the calls are worse than the base rate"
    return "On direction, no: as far as this record can tell, the calls are not better than the base rate"


def _sizes(kinds: dict[str, Row]) -> Iterator[str]:
    held = kinds["interval"]
    if held["n"]:
        low, high = held["coverage_interval"]
        verb = "kept" if low <= 0.8 <= high else "did not keep"
        yield f"the intervals {verb} their promise to hold 80% of the time"
    settled = [kind for kind in _SIZES if kinds[kind]["n"]]
    better = [_NAMES[kind] for kind in settled if certain(kinds[kind])]
    level = [_NAMES[kind] for kind in settled if not certain(kinds[kind])]
    if better:
        yield f"the odds of {_listed(better)} were better than {_base(better)}"
    if level:
        yield f"{'those' if better else 'the odds'} of {_listed(level)} cannot be told from {_base(level)}"


def _base(names: list[str]) -> str:
    return "their base rate" if len(names) == 1 else "their base rates"


def _against(direction: Row, kinds: dict[str, Row]) -> str:
    parts = []
    if direction["n"]:
        parts.append(
            f"Always naming the commoner side would have been right {share(commoner(direction))} of the time, and the "
            f"calls were right {share(direction['hit_rate'])} (n = {count(direction['n'])}, 95% interval "
            f"{between(direction['hit_rate_interval'])}{_brier(direction)})"
        )
    saved = [*_saved(kinds)]
    if saved:
        first = "against history alone" if parts else "Against history alone"
        parts.append(f"{first}, {_listed(saved)}")
    return "; ".join(parts) + "." if parts else "Of what has been settled nothing has a base rate to stand beside."


def _brier(direction: Row) -> str:
    ends = direction.get("skill_interval")
    return f"; Brier skill {percent(direction['skill'], 2)}, {between(ends, 2, signed=True)}" if ends else ""


def _saved(kinds: dict[str, Row]) -> Iterator[str]:
    held = kinds["interval"]
    if held["n"]:
        yield (
            f"the intervals held {share(held['coverage'])} (n = {count(held['n'])}, "
            f"{between(held['coverage_interval'])}) at a loss {_less(held['skill'])}{_ends(held)}"
        )
    for kind in _SIZES:
        row = kinds[kind]
        if row["n"] and row["skill"] is not None:
            yield f"the odds of {_NAMES[kind]} had a loss {_less(row['skill'])}{_ends(row)}"


def _less(skill: float) -> str:
    return f"{share(abs(skill))} {'smaller' if skill >= 0.0 else 'larger'}"


def _ends(row: Row) -> str:
    ends = between(row.get("skill_interval"), 0, signed=True)
    return f" (skill {ends})" if ends else ""


def _luck(direction: Row, kinds: dict[str, Row]) -> str:
    settled = [kind for kind in _SIZES if kinds[kind]["n"]]
    sure = [_NAMES[kind] for kind in settled if certain(kinds[kind])]
    unsure = [_NAMES[kind] for kind in settled if not certain(kinds[kind])]
    rest = [f"for the odds of {_listed(sure)} luck is unlikely, as the 95% interval lies above zero"] if sure else []
    rest += [f"the odds of {_listed(unsure)} may owe what they have to luck"] if unsure else []
    return "; ".join([_evidence(direction), *rest]) + "."


def _evidence(direction: Row) -> str:
    if not direction["n"]:
        return "Of direction it cannot be said whether it was luck"
    e = direction["e_value"]
    if e >= ENOUGH:
        return (
            f"On direction hardly: the evidence (an e-value) is {evidence(e)}, 20 is needed, and without skill at "
            f"most one record in {evidence(e)} shows as much; look for a leak first (workshop audit)"
        )
    often = f"as much is shown by up to one record in {evidence(e)}" if e >= 2.0 else "most records may show as much"
    return (
        f"On direction it could all be luck: the evidence (an e-value) is {evidence(e)} where 20 is needed to "
        f"claim skill, and without any skill {often}"
    )


def _listed(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
