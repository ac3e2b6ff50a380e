"""The leak meter: what a model remembers of the days that a backtest would ask it about.

Contract: `measure` asks a model about drawn days in five arms (`backtest.leak_questions`) and returns a document of
plain numbers; it reads no clock and keeps no file. Every question is counted: answers that are missing, refused or not
of the form are told by reason and are in no rate. Each rate stands beside n, an interval and what could be had without
any memory.

- *Recall*: right answers with the date alone, beside the base rate (always saying the more frequent side) and beside
  the same answers dealt to the days at random. The test is Fisher's exact one, so that a model that always says up has
  no memory, however often it rose.
- *Real against masked*: the same evidence shown and hidden; what the names and dates add is memory. Paired, McNemar.
- *Redated*: share of answers that change with the date alone; and how often they follow the false date's truth.
- *Flipped*: share of answers that change when the evidence is turned around; who does not read does not change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backtest import leak_stats as stats
from backtest.leak_questions import ARMS, PROMPT, Arm, Day, answered, question
from engine.scoring import wilson
from minds.llm.call import Model, NoAnswer

__all__ = ["ALPHA", "measure", "verdict"]

ALPHA = 0.01
"""Chance of a false alarm, shared by the two tests of memory."""
_POWER = 0.8
_BATCH = 64
Said = dict[Arm, list[bool | None]]


def measure(
    model: Model, days: Sequence[Day], cutoff: str | None, *, progress: Callable[[int, int, str], None] | None = None
) -> dict[str, Any]:
    """Ask about every day in every arm.

    Args:
        model: who is asked.
        days: drawn days, in order.
        cutoff: ISO day, the last that the model was trained on as its maker states it; None when it is not known.
        progress: told (questions done, questions in all, the arm) after each batch.
    """
    said, lost = _asked(model, days, progress)
    parts: dict[str, Sequence[int]] = {"all": range(len(days))}
    if cutoff is not None:
        parts["before"] = [at for at, day in enumerate(days) if day.session <= cutoff]
        parts["after"] = [at for at, day in enumerate(days) if day.session > cutoff]
    found = {name: _part(days, said, places) for name, places in parts.items()}
    document = {
        "schema": 1,
        "model": model.name,
        "prompt": PROMPT,
        "cutoff": cutoff,
        "days": {"n": len(days), "first": days[0].session, "last": days[-1].session},
        "questions": {
            arm: {
                "asked": len(days),
                "answered": len(days) - sum(lost[arm].values()),
                "lost": dict(sorted(lost[arm].items())),
            }
            for arm in ARMS
        },
        "parts": found,
    }
    return document | {"verdict": verdict(document)}


def _asked(
    model: Model, days: Sequence[Day], progress: Callable[[int, int, str], None] | None
) -> tuple[Said, dict[Arm, Counter[str]]]:
    """For each arm, whether each day's answer says up (None without one); and why there is none, counted."""
    said: Said = {arm: [] for arm in ARMS}
    lost: dict[Arm, Counter[str]] = {arm: Counter() for arm in ARMS}
    done = 0
    for arm in ARMS:
        for first in range(0, len(days), _BATCH):
            some = days[first : first + _BATCH]
            for outcome in model.ask([question(arm, day, model.name) for day in some]):
                up = None if isinstance(outcome, NoAnswer) else answered(outcome)
                if isinstance(outcome, NoAnswer):
                    lost[arm][outcome.reason] += 1
                elif up is None:
                    lost[arm]["not of the form"] += 1
                said[arm].append(up)
            done += len(some)
            if progress is not None:
                progress(done, len(ARMS) * len(days), arm)
    return said, lost


def _part(days: Sequence[Day], said: Said, places: Sequence[int]) -> dict[str, Any]:
    rose = [days[at].rose for at in places]
    arms = {arm: [said[arm][at] for at in places] for arm in ARMS}
    truth = {day.session: day.rose for day in days}
    false_truth = [truth[days[at].other] for at in places]
    return {
        "n": len(places),
        "recall": _accuracy(arms["recall"], rose),
        "real": _accuracy(arms["real"], rose),
        "masked": _accuracy(arms["masked"], rose),
        "real_over_masked": _paired(arms["real"], arms["masked"], rose),
        "redated": {**_changed(arms["real"], arms["redated"]), "false_date": _accuracy(arms["redated"], false_truth)},
        "flipped": _changed(arms["real"], arms["flipped"]),
    }


def _accuracy(said: Sequence[bool | None], rose: Sequence[bool]) -> dict[str, Any]:
    """Right answers, of those given; without any, every figure but n is null."""
    pairs = [(up, truth) for up, truth in zip(said, rose, strict=True) if up is not None]
    n = len(pairs)
    names = ("right", "ups", "accuracy", "interval", "base_rate", "p_base", "blind", "p_blind", "missed")
    if not n:
        return {"n": 0, **dict.fromkeys(names)}
    hits, ups, rises = (sum(part) for part in ([up == truth for up, truth in pairs], *zip(*pairs, strict=True)))
    base, blind = max(rises, n - rises) / n, stats.blind_accuracy(n, ups, rises)
    best = n - abs(ups - rises)  # most right answers that so many ups can have
    judged = stats.p_blind(n, ups, rises, best) <= ALPHA / 2
    found = (
        hits, ups, hits / n, list(wilson(hits, n)), base, stats.at_least(hits, n, base), blind,
        stats.p_blind(n, ups, rises, hits),
        stats.least_detectable(n, blind, alpha=ALPHA / 2, power=_POWER) if judged else None,
    )  # fmt: skip
    return {"n": n, **dict(zip(names, found, strict=True))}


def _paired(first: Sequence[bool | None], second: Sequence[bool | None], rose: Sequence[bool]) -> dict[str, Any]:
    """How much more often the first arm is right, on the days on which both answer."""
    both = [(a == y, b == y) for a, b, y in zip(first, second, rose, strict=True) if a is not None and b is not None]
    n, better, worse = len(both), sum([a and not b for a, b in both]), sum([b and not a for a, b in both])
    if not n:
        return {"n": 0, **dict.fromkeys(("better", "worse", "difference", "interval", "p"))}
    return {
        "n": n, "better": better, "worse": worse, "difference": (better - worse) / n,
        "interval": list(stats.paired_difference(better, worse, n)), "p": stats.mcnemar(better, worse),
    }  # fmt: skip


def _changed(first: Sequence[bool | None], second: Sequence[bool | None]) -> dict[str, Any]:
    """Share of answers that differ, on the days on which both arms answer."""
    both = [a != b for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    n, changed = len(both), sum(both)
    if not n:
        return {"n": 0, "changed": None, "share": None, "interval": None}
    return {"n": n, "changed": changed, "share": changed / n, "interval": list(wilson(changed, n))}


def _known(recall: Mapping[str, Any]) -> bool:
    return bool(recall["n"] and recall["p_blind"] <= ALPHA / 2)


def verdict(document: Mapping[str, Any]) -> dict[str, Any]:
    """What follows: `knows` (True, False, or None where nothing can be said) and one sentence.

    Days up to the cutoff are judged where one is stated and has days before it, all days otherwise.
    """
    cutoff = document["cutoff"]
    name = "before" if cutoff is not None and document["parts"]["before"]["n"] else "all"
    part = document["parts"][name]
    recall, paired = part["recall"], part["real_over_masked"]
    where = f"{part['n']} days" + (f" up to {cutoff}" if name == "before" else "")
    if cutoff is not None and name == "all":
        where += f", all after its cutoff {cutoff}"
    elif name == "before" and _known(document["parts"]["after"]["recall"]):
        where += "; it knows later days as well, so that cutoff is stated too early"
    signs = []
    if _known(recall):
        low, high = recall["interval"]
        signs.append(
            f"with the date alone {recall['accuracy']:.1%} right ({low:.1%}-{high:.1%}, n={recall['n']}) where "
            f"{recall['blind']:.1%} is luck and {recall['base_rate']:.1%} the base rate"
        )
    if paired["n"] and paired["p"] <= ALPHA / 2:
        low, high = paired["interval"]
        signs.append(
            f"with names and dates {paired['difference']:+.1%} more right than without ({low:+.1%} to {high:+.1%}, "
            f"n={paired['n']})"
        )
    if signs:
        return {"knows": True, "says": f"knows the past: {'; '.join(signs)}; {where}"}
    if recall["missed"] is None:
        given = f"{recall['n']} answers"
        told = given if not recall["n"] else f"{given}, of which {recall['ups']} say up"
        return {"knows": None, "says": f"cannot be judged: {told}; {where}"}
    return {
        "knows": False,
        "says": f"no sign of memory at n={recall['n']} ({recall['accuracy']:.1%} right with the date alone), which "
        f"could have missed an accuracy below {recall['missed']:.0%}; {where}",
    }
