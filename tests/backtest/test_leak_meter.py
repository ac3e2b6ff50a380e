"""Models whose memory is known: one that remembers, one that guesses, one that reads, one that does not, one that
babbles.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from backtest.leak_meter import measure
from backtest.leak_questions import ARMS, Day, answered, draw_days, question
from engine.market import Market
from engine.scoring import wilson
from minds.llm.call import Answer, Call, NoAnswer
from minds.llm.scripted import Scripted
from tests.runs import Prices, calm_bars
from tests.worlds import WORLD

SESSIONS = 900
CUT = 500
UP, DOWN = '{"direction": "up"}', '{"direction": "down"}'
Says = Callable[[str], str]


@cache
def market() -> Market:
    return Market.build(WORLD, calm_bars(31, SESSIONS))


@cache
def prices() -> Prices:
    return Prices(calm_bars(31, SESSIONS))


@cache
def days(n: int = 200) -> tuple[Day, ...]:
    return tuple(draw_days(market(), WORLD, 0, SESSIONS - 1, n, 1))


def cutoff() -> str:
    return str(prices().sessions[CUT])


def rose(session: str) -> bool:
    """From the raw bars."""
    return (prices().ratio("MKT", prices().at[session], prices().at[session] + 1) or 1.0) > 1.0


def said(up: bool) -> str:
    return UP if up else DOWN


def coin(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 0


def dated(text: str) -> str:
    found = re.search(r"\d{4}-\d\d-\d\d", text)
    return str(found.group()) if found else ""


def remembers(text: str) -> str:
    """Everything up to the cutoff; a coin for the rest."""
    day = dated(text)
    return said(rose(day) if day and day <= cutoff() else coin(text))


def guesses(text: str) -> str:
    return said(coin(text))


def reads(text: str) -> str:
    """The sign of the last return that it is shown; a coin without one."""
    found = re.findall(r"([+-]\d+\.\d)% \(oldest", text)
    return said(float(found[0]) >= 0.0 if found else coin(text))


def ignores(text: str) -> str:
    return UP


def by_date(text: str) -> str:
    """Does not read the evidence, and knows nothing of the date that it goes by."""
    return said(coin(dated(text) or text))


def babbles(text: str) -> str:
    kinds = [
        "I cannot help with that.",
        '{"direction": "sideways"}',
        "up",
        "[]",
        '{"direction": ["up"]}',
        "",
        "{" * 9_999,
    ]
    return kinds[len(text) % len(kinds)]


def ask(says: Says, *, cut: str | None = None, n: int = 200) -> dict[str, Any]:
    model = Scripted(lambda call: says(call.messages[-1].text))
    return measure(model, days(n), cut)


def test_days_are_drawn_from_what_can_be_asked() -> None:
    chosen = days()
    assert len({day.session for day in chosen}) == 200
    assert [day.session for day in chosen] == sorted(day.session for day in chosen)
    assert all(day.rose == rose(day.session) for day in chosen)
    assert all(day.other != day.session for day in chosen)
    gap = [abs(prices().at[day.other] - prices().at[day.session]) for day in chosen]
    assert min(gap) > 100
    again = draw_days(market(), WORLD, 0, SESSIONS - 1, 200, 2)
    assert again != list(chosen)
    everything = draw_days(market(), WORLD, 0, SESSIONS - 1, 10_000, 1)
    assert 700 < len(everything) < SESSIONS
    assert [day for day in everything if day.session < "2000-01-28"] == []


def test_evidence_is_that_of_the_day() -> None:
    day = days()[57]
    at = prices().at[day.session]
    line = day.lines[0]
    assert line.symbol == "MKT"
    assert line.level == prices().of("MKT", at, "close")
    week = [100.0 * ((prices().ratio("MKT", at - back - 1, at - back) or 0.0) - 1.0) for back in (4, 3, 2, 1, 0)]
    assert line.week == pytest.approx(week)
    assert line.month == pytest.approx(100.0 * ((prices().ratio("MKT", at - 21, at) or 0.0) - 1.0))


def test_no_question_depends_on_what_comes_after() -> None:
    """Prices after a day are changed beyond recognition, and the evidence of the days before stays."""
    columns = {name: column.copy() for name, column in market().columns.items()}
    for column in columns.values():
        column[:, CUT + 1 :] *= 3.0
    other = Market(market().universe, market().calendar, market().symbols, market().size, columns, market().events)
    mine = {day.session: day for day in draw_days(market(), WORLD, 0, SESSIONS - 1, 10_000, 1)}
    theirs = {day.session: day for day in draw_days(other, WORLD, 0, SESSIONS - 1, 10_000, 1)}
    shared = [session for session in mine if session <= cutoff() and session in theirs]
    assert len(shared) > 400
    for session in shared:
        assert mine[session].lines == theirs[session].lines


def test_masked_questions_name_nothing() -> None:
    for day in days():
        text = question("masked", day, "m").messages[-1].text
        assert dated(text) == ""
        assert not any(symbol in text for symbol in ("MKT", "GRO", "SML", "VOL", "TLNG"))
        assert not any(f"{line.level:.2f}" in text for line in day.lines)


def test_arms_differ_in_nothing_but_their_purpose() -> None:
    day = days()[3]
    real, redated, flipped = (question(arm, day, "m").messages[-1].text for arm in ("real", "redated", "flipped"))
    assert redated == real.replace(day.session, day.other)
    assert redated != real
    turned = re.sub(r"([+-])(\d+\.\d%)", lambda found: ("-" if found[1] == "+" else "+") + found[2], real)
    assert flipped.replace("-0.0%", "+0.0%") == turned.replace("-0.0%", "+0.0%")
    numbers = re.compile(r"[+-]\d+\.\d%")
    assert numbers.findall(question("masked", day, "m").messages[-1].text) == numbers.findall(real)
    assert numbers.findall(question("recall", day, "m").messages[-1].text) == []


def test_one_that_remembers_is_found_out() -> None:
    found = ask(remembers, cut=cutoff())
    before, after = found["parts"]["before"], found["parts"]["after"]
    assert before["recall"]["accuracy"] == before["real"]["accuracy"] == 1.0
    assert before["recall"]["p_blind"] < 1e-15
    assert before["real_over_masked"]["p"] < 1e-6
    assert before["redated"]["share"] > 0.3
    assert before["flipped"]["share"] == 0.0
    assert after["recall"]["p_blind"] > 0.01
    assert after["real_over_masked"]["p"] > 0.01
    assert found["verdict"]["knows"] is True
    assert found["verdict"]["says"].startswith("knows the past: with the date alone 100.0% right")
    assert "too early" not in found["verdict"]["says"]


def test_the_day_of_the_cutoff_may_be_remembered() -> None:
    """It is the last day that the model was trained on."""
    at = 70
    parts = measure(Scripted(lambda call: UP), days(), days()[at].session)["parts"]
    assert (parts["before"]["n"], parts["after"]["n"]) == (at + 1, len(days()) - at - 1)


def test_a_cutoff_that_is_stated_too_early_is_told() -> None:
    found = ask(remembers, cut=prices().sessions[CUT // 2])
    assert found["parts"]["after"]["recall"]["p_blind"] < 0.005
    assert "stated too early" in found["verdict"]["says"]


def test_one_that_guesses_is_not_accused() -> None:
    found = ask(guesses)
    assert found["verdict"]["knows"] is False
    assert re.search(
        r"no sign of memory at n=200 .* could have missed an accuracy below 6\d%", found["verdict"]["says"]
    )
    recall = found["parts"]["all"]["recall"]
    assert 0.5 < recall["missed"] < 0.7
    assert 0.4 < found["parts"]["all"]["redated"]["share"] < 0.6


def test_false_alarms_are_rare() -> None:
    """A hundred guessers of their own: the two tests together accuse one in a hundred on average."""
    accused = 0
    for number in range(100):
        found = ask(lambda text, number=number: said(coin(f"{number} {text}")), n=60)  # type: ignore[misc] # a default
        accused += found["verdict"]["knows"] is True
    assert accused <= 4


def test_one_that_reads_changes_with_its_evidence_and_with_nothing_else() -> None:
    found = ask(reads)["parts"]["all"]
    assert found["redated"]["share"] == 0.0
    still = [day for day in days() if abs(day.lines[0].week[-1]) < 0.05]  # shown as 0.0%, whose sign it cannot see
    assert found["flipped"]["changed"] == 200 - len(still)
    assert found["real_over_masked"]["difference"] == 0.0
    assert found["real"]["right"] == found["masked"]["right"]


def test_one_that_always_says_up_knows_nothing_and_cannot_be_judged() -> None:
    found = ask(ignores)
    part = found["parts"]["all"]
    assert part["recall"]["p_blind"] == 1.0
    assert part["recall"]["accuracy"] == sum(day.rose for day in days()) / 200
    assert part["flipped"]["share"] == part["redated"]["share"] == 0.0
    assert found["verdict"]["knows"] is None
    assert "200 answers, of which 200 say up" in found["verdict"]["says"]


def test_one_that_goes_by_the_date_is_seen_by_the_false_date() -> None:
    part = ask(by_date)["parts"]["all"]
    assert 0.35 < part["redated"]["share"] < 0.65
    assert part["flipped"]["share"] == 0.0


def test_memory_follows_the_false_date() -> None:
    part = ask(remembers, cut=prices().sessions[-1])["parts"]["all"]["redated"]["false_date"]
    always = [rose(day.other) for day in days() if day.other <= cutoff()]
    assert part["right"] >= len(always)


def test_answers_that_are_none_are_counted_by_reason_and_cost_nothing() -> None:
    found = ask(babbles, n=70)
    assert all(arm["answered"] == 0 and arm["lost"] == {"not of the form": 70} for arm in found["questions"].values())
    assert found["parts"]["all"]["recall"]["accuracy"] is None
    assert found["verdict"] == {"knows": None, "says": "cannot be judged: 0 answers; 70 days"}


def test_refusals_budgets_and_answers_add_up() -> None:
    def mixed(call: Call) -> str | Answer | NoAnswer:
        kind = hashlib.sha256(call.messages[-1].text.encode()).digest()[1] % 5
        if kind == 0:
            return NoAnswer("budget", "the tokens are spent")
        if kind == 1:
            return NoAnswer("refused", "no")
        if kind == 2:
            return Answer(UP, "length")
        return said(coin(call.messages[-1].text))

    found = measure(Scripted(mixed), days(), None)
    for arm, counts in found["questions"].items():
        assert counts["asked"] == 200
        assert counts["answered"] + sum(counts["lost"].values()) == 200
        assert set(counts["lost"]) == {"budget", "refused", "not of the form"}
        if arm in ("recall", "real", "masked"):
            assert found["parts"]["all"][arm]["n"] == counts["answered"]
    paired = found["parts"]["all"]["real_over_masked"]
    assert paired["n"] < found["questions"]["real"]["answered"]


def test_figures_by_hand() -> None:
    """Four arms of a model that is right on chosen days, recounted from the questions it was asked."""
    asked: dict[str, dict[str, bool]] = {arm: {} for arm in ARMS}
    by_text = {question(arm, day, "scripted").messages[-1].text: (arm, day) for arm in ARMS for day in days()}

    def answer(call: Call) -> str:
        arm, day = by_text[call.messages[-1].text]
        up = coin(f"{arm} {day.session}") if coin(day.session) else day.rose
        asked[arm][day.session] = up
        return said(up)

    found = measure(Scripted(answer), days(), None)["parts"]["all"]
    for arm in ("recall", "real", "masked"):
        right = sum(asked[arm][day.session] == day.rose for day in days())
        rises = sum(day.rose for day in days())
        ups = sum(asked[arm].values())
        assert (found[arm]["right"], found[arm]["ups"]) == (right, ups)
        assert found[arm]["interval"] == list(wilson(right, 200))
        assert found[arm]["base_rate"] == max(rises, 200 - rises) / 200
    pairs = Counter((asked["real"][d.session] == d.rose, asked["masked"][d.session] == d.rose) for d in days())
    assert found["real_over_masked"]["better"] == pairs[True, False]
    assert found["real_over_masked"]["worse"] == pairs[False, True]
    for arm in ("redated", "flipped"):
        assert found[arm]["changed"] == sum(asked["real"][d.session] != asked[arm][d.session] for d in days())


def test_the_document_is_plain_and_the_same_each_time() -> None:
    once, again = ask(remembers, cut=cutoff()), ask(remembers, cut=cutoff())
    assert json.dumps(once, sort_keys=True, allow_nan=False) == json.dumps(again, sort_keys=True, allow_nan=False)


def test_progress_counts_every_question() -> None:
    told: list[tuple[int, int]] = []
    measure(Scripted(lambda call: UP), days(70), None, progress=lambda done, of, arm: told.append((done, of)))
    assert told[-1] == (350, 350)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_only_the_asked_form_is_an_answer() -> None:
    assert answered(Answer(' {"direction":"down", "why": "x"}\n', "stop")) is False
    assert answered(Answer(UP, "stop")) is True
    assert all(
        answered(Answer(text, "stop")) is None for text in ("", "null", "up", '{"direction": "UP"}', "1e999", "NaN")
    )
    assert answered(Answer(UP, "length")) is None
