"""The template writer: facts by hand arithmetic, phrases as data, and years of essays without repetition."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.signals.spec import Signal
from minds.essay import render
from minds.record import CycleRecord, MindRecord
from minds.template import TemplateWriter, compose
from minds.template.evidence import thesis_facts
from minds.template.phrases import Phrase, Teller, day_number, load, parse, walk
from minds.view import Abstention, Contribution, Missing, View
from tests.minds.prose import Prose, faults, masked, prose, repeats
from tests.minds.records import invented, seed_day

ROOT = Path(__file__).parents[2]
HEAD = "617:abcdef0123456789"


# ---- facts that only arithmetic gives ----


def told(record: CycleRecord) -> dict[str, str]:
    return compose._Essay(record).facts


def test_a_mind_that_hangs_on_one_line_is_told_so() -> None:
    said = View("macro", "QQQ:1", 0.10, (Contribution("a", 0.25, 1.0, "x"), Contribution("b", -0.15, 1.0, "y")))
    found = told(replace(seed_day(), views={"QQQ:1": (said,)}))
    # Without the first line the lean would be -0.15: it flips.
    assert (found["thin_from"], found["thin_to"]) == ("10%", "15%") and "thin_flips" in found
    # 25 up and 15 down leave 10.
    assert "torn_mind" in found and (found["torn_pro"], found["torn_con"], found["torn_net"]) == ("25%", "15%", "10%")


def test_one_signal_read_in_two_ways_is_noticed() -> None:
    found = told(seed_day())
    assert (found["shared_mind"], found["shared_other"], found["shared_value"]) == ("Flow", "Macro", "+0.59%")
    assert found["split_sym"] == "IWM" and found["moves"] == "QQQ -0.31%, IWM +0.28%"
    assert found["edge"] == "7.1 points" and found["above"] == "below"  # 0.48 against 0.551
    assert found["narrower"] == "15%"  # 2.73 points against 3.20
    assert "clash" in found and found["most"] == "down"  # risk-on, and two of three lean down


@pytest.mark.parametrize(
    ("p", "base", "flags", "edge"),
    [
        (0.48, 0.551, {"crossing"}, "7.1 points below"),  # below one half, where the base rate is above
        (0.52, 0.47, {"crossing"}, "5.0 points above"),
        (0.60, 0.55, set(), "5.0 points above"),
        (0.56, 0.55, {"by_base"}, "1.0 point above"),
        (0.55, 0.55, {"by_base", "no_edge"}, " "),
        (0.44, 0.45, {"by_base"}, "1.0 point below"),
    ],
)
def test_a_call_beside_its_base_rate(p: float, base: float, flags: set[str], edge: str) -> None:
    call = seed_day().claims[0]._replace(probability=p, base_rate=base)
    found = told(replace(seed_day(), claims=(call, *seed_day().claims[1:])))
    assert found.keys() & {"crossing", "by_base", "no_edge"} == flags
    assert f"{found.get('edge', '')} {found.get('above', '')}" == edge


@pytest.mark.parametrize(
    ("right", "flags"),
    [
        (50, {"record_not_above", "record_even"}),  # 95% Wilson interval of 50 in 100: .404 to .596
        (59, {"record_above", "record_even"}),
        (66, {"record_above"}),  # .563 to .745
        (44, {"record_not_above"}),  # .347 to .538
    ],
)
def test_a_record_is_even_while_its_interval_holds_the_base_rate(right: int, flags: set[str]) -> None:
    found = told(replace(seed_day(), records=(MindRecord("synthesis", "all", 100, right, 0.55),)))
    assert found.keys() & {"record_above", "record_not_above", "record_even"} == flags


def test_one_witness_behind_two_minds_is_noticed() -> None:
    part = Contribution("volatility.level", -0.2, 18.4, "fear is high")
    said = tuple([View(mind, "QQQ:1", -0.2, (part,)) for mind in ("macro", "flow")])
    found = told(replace(seed_day(), views={"QQQ:1": said}))
    assert (found["witness_mind"], found["witness_other"]) == ("Flow", "Macro")
    assert "shared_thing" not in found


def test_reasons_of_the_record_are_clauses() -> None:
    day = seed_day()
    reading = day.reading._replace(status="alert", reasons=("the week's fall is 4.2 deviations deep",))
    lost = (Missing("volatility.change_5d", "no bar for ^VIX on 2026-04-02"),)
    said = (Abstention("momentum", "QQQ:1", "no bar for ^VIX on 2026-04-02"),)
    essay = render(replace(day, reading=reading, missing=lost, views={**day.views, "QQQ:1": said}), HEAD)
    assert "the week's fall is 4.2 deviations deep" in essay.replace("The week", "the week")
    assert len(re.findall("[Tt]here is no bar for \\^VIX", essay)) == essay.count("no bar for ^VIX") > 1


def test_plural_roles_are_spoken_of_as_one() -> None:
    view = View("flow", "QQQ:1", 0.2, (Contribution("mid.ret_5d", 0.2, 0.031, "the week was bid"),))
    signal = Signal("mid.ret_5d", 0.031, 2.2, "return", 5, "2026-04-02", 5, 0, 0)
    day = replace(seed_day(), views={"QQQ:1": (view,)}, signals={"mid.ret_5d": signal})
    for at in range(40):
        found = prose(render(replace(day, session=str(date(2026, 3, 2) + timedelta(at))), HEAD))
        assert faults(found) == []


@pytest.mark.parametrize("parts", [(), (Contribution("a.b", 0.2, 1.0, "x"), Contribution("b.c", -0.2, 1.0, "y"))])
def test_a_lean_of_nothing_is_on_no_side(parts: tuple[Contribution, ...]) -> None:
    view = View("climatology", "QQQ:1", 0.0, parts)
    day = replace(seed_day(), views={"QQQ:1": (view,)})
    assert "camp" not in told(day)
    for at in range(40):
        said = compose._Essay(replace(day, session=str(date(2026, 3, 2) + timedelta(at)))).theses["climatology"]
        assert "Climatology" in said and not re.search(r"\b(up|down|higher|lower|bullish|bearish|0%)\b", said), said


# ---- the phrases as data ----


def test_phrase_files_hold_no_figures() -> None:
    for file in sorted((ROOT / "minds" / "template").glob("*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        texts = [] if file.name == "angles.toml" else [text for pool in table.values() for text in pool]
        assert not [text for text in texts if re.search(r"[0-9]", text)], file.name
    values = re.findall(r'= "(.*)"', (ROOT / "minds" / "nouns.toml").read_text(encoding="utf-8"))
    assert len(values) > 50 and not [value for value in values if re.search(r"[0-9,()]", value)]


# What a section adds to the facts of the record for one phrase.
GIVEN = {"me", "my", "why", "rest", "more", "others", "gap", "ahead", "before", "opposite", "linked"}
GIVEN |= {"who", "whose", "thing", "value", "amount"}


def fields(phrase: Phrase) -> list[str]:
    return [field for wordings in phrase.parts for wording in wordings for field in wording[1::2]]


def test_every_phrase_asks_for_facts_that_exist_and_pools_that_exist() -> None:
    known = set(GIVEN)
    for record in (*invented(400, seed=7), seed_day()):
        essay = compose._Essay(record)
        known |= essay.facts.keys()
        for item in record.views[record.targets[0].key]:
            if isinstance(item, View):
                known |= thesis_facts(essay.desk, item).keys()
    for pool, book in load().pools.items():
        for phrase in book.phrases:
            assert phrase.needs <= known, (pool, phrase.needs - known)
            for field in fields(phrase):
                assert not field.startswith("~") or field[1:] in load().pools, (pool, field)
    for angle, table in load().angles.items():
        assert table.needs <= known and {f"title_{angle}", f"hook_{angle}"} <= load().pools.keys()
        for sections in table.order:
            assert set(sections) <= {"theses", "turn", "further", "mute", "regime", "form", "missing", "end"}
            assert {"mute", "regime", "form", "missing", "theses"} - set(sections) <= (
                {"theses"} if angle == "silent" else set()
            )


def test_brackets_and_braces_of_the_files_are_in_pairs() -> None:
    for pool, book in load().pools.items():
        for phrase in book.phrases:
            literal = "".join(text for wordings in phrase.parts for wording in wordings for text in wording[::2])
            assert not set(literal) & set("[]{}|"), (pool, literal)


def test_the_readings_that_have_other_words_are_those_of_the_built_in_minds() -> None:
    # Else an edit of a mind's table would silently turn its fine sentences into plain ones.
    from minds.builtin.contrarian import Contrarian
    from minds.builtin.flow import Flow
    from minds.builtin.macro import Macro

    read = {text for mind in (Macro, Flow, Contrarian) for term in mind.terms for text in (term.high, term.low)}
    known = {pool.removeprefix("says_") for pool in load().pools if pool.startswith("says_")}
    assert read - known <= {"no flight into bonds", "no panic to buy into", "no failed rally"}  # never printed: zero
    assert known - read <= {
        "small caps up while the big names fall is a warning",
        "money moves from large to small, in good order",
    }


def test_beside_the_stamped_calls_nobody_is_quoted() -> None:
    for pool in ("why", "why_none", "verdict_line"):
        for phrase in load().pools[pool].phrases:
            assert not [fact for fact in phrase.needs if fact.endswith(("_reads", "reasons", "held"))], phrase


def test_no_phrase_is_written_twice() -> None:
    texts = Counter(
        str(phrase.parts)
        for name, pool in load().pools.items()
        for phrase in pool.phrases
        if not name.startswith(("is_", "gist_", "says_", "title_", "verb_"))
    )
    assert [text for text, count in texts.items() if count > 1] == []


@given(st.integers(1, 40), st.integers(0, 1_000_000), st.text(max_size=5))
def test_a_walk_visits_every_place_and_never_soon_again(size: int, day: int, what: str) -> None:
    places = [walk(what, day + step, size) for step in range(8 * size)]
    assert set(places) == set(range(size))
    # A step with partial quotients of one and two comes back after a quarter of a round at the earliest.
    soon = max(1, size // 4)
    assert all(place not in places[at + 1 : at + soon] for at, place in enumerate(places))


def test_sessions_in_a_row_have_numbers_in_a_row() -> None:
    week = [day_number(f"2018-11-{day:02d}") for day in range(5, 17)]  # Monday to the Friday of the next week
    assert [week[at + 1] - week[at] for at in (0, 1, 2, 3, 7, 8, 9, 10)] == [1] * 8
    assert week[7] - week[4] == 1  # from Friday to Monday
    assert len(set(week)) == len(week)  # and a weekend's days are days of their own, where something trades


def test_wordings_take_turns_and_articles_fit_the_figures() -> None:
    phrase = parse("a {n} [one|two {x}]{!bar}")
    assert phrase.needs == {"n", "x"} and phrase.bars == {"bar"} and fields(phrase) == ["n", "x", "!bar"]
    for figure, article in {"8%": "an", "11%": "an", "18 points": "an", "80": "an", "1%": "a", "110": "a"}.items():
        teller = Teller({"conviction": figure, "conv_low": "", "sym": "X"}, 5, "")
        said = {Teller(teller.facts, day, "").say("title_divergent") for day in range(400)}
        assert any(f"{article} disagreement" not in text for text in said)
        at = {text for text in said if figure in text}
        assert at and all(f" {article} {figure}" in f" {text}" or f"at {figure}" in text for text in at)


# ---- in parts ----


def test_an_essay_is_made_of_its_parts() -> None:
    writer = TemplateWriter()
    for record in (*invented(40, seed=5), seed_day()):
        draft, parts = writer.write(record), writer.parts(record)
        assert (parts.title, parts.prediction, parts.closing) == (draft.title, draft.prediction, draft.closing)
        spoken = [item.mind for item in record.views[record.targets[0].key] if isinstance(item, View)]
        assert list(parts.theses) == spoken
        pieces = [*parts.opening, *parts.theses.values(), *parts.turns, *parts.rest]
        assert all(pieces) and set(pieces) <= set(draft.argument) and len(set(pieces)) == len(pieces)
        for kind in (parts.turns, parts.rest):  # each in the essay's own order
            assert list(kind) == [text for text in draft.argument if text in kind]


# ---- years of it ----

YEARS = [render(record, HEAD) for record in invented(500)]
READ = [prose(text) for text in YEARS]


def test_years_of_essays_never_repeat_one_word_for_word_even_with_other_figures() -> None:
    assert len({masked(text) for text in YEARS}) == len(YEARS)
    assert repeats(READ, 20, figures=False).equal == 0


def test_sentences_seldom_come_back_within_a_month_even_with_other_figures() -> None:
    month, week = repeats(READ, 20, figures=False), repeats(READ, 5, figures=False)
    assert month.near < 0.25 * month.sentences and week.near < 0.06 * week.sentences
    exact = repeats(READ, 20)
    assert exact.near < 0.18 * exact.sentences
    assert exact.paragraphs < 0.15 * sum(len(essay.paragraphs) for essay in READ)
    assert exact.openings == 0


def test_essays_have_the_length_of_an_essay() -> None:
    lengths = sorted(essay.words for essay in READ)
    assert 380 < lengths[len(lengths) // 2] < 560 and lengths[-1] < 800


def test_headlines_vary() -> None:
    titles = [essay.title for essay in READ]
    assert len(set(titles)) > 0.9 * len(titles)
    near = [title for at, title in enumerate(titles) if title in titles[max(0, at - 5) : at]]
    assert len(near) < 0.01 * len(titles)


def test_a_careful_reader_finds_no_fault() -> None:
    assert [fault for essay in READ for fault in faults(essay)] == []


def test_the_careful_reader_is_awake() -> None:
    bad = {
        "two spaces": "It is  late.",
        "a space before a stop": "It is late , I know.",
        "stops in a row": "It is late,, I know.",
        "no capital after a stop": "It is late. i know.",
        "no capital at the start": "it is late.",
        "no stop at the end": "It is late",
        "a word twice": "It is is late.",
        "an article that does not fit": "It is a 8% move and a up day.",
        "one of several": "After 1 sessions it is late.",
        "several of one": "After 2 session it is late.",
        "an empty place": "It is {late}.",
        "an unbalanced bracket": "It is (late.",
        "half a quotation": 'It is "late.',
        "one star": "It is *late.",
        "a sign spoken twice": "It fell -2.00%.",
        "a reason without a verb": "I wrote this without it, because no bar for ^TNX on that day.",
        "one thing of two": "Nobody has the week and the month, which is missing.",
        "a mood that does not fit": "Should fear proves to be right, I shall say so.",
        "a signal by its code name": "It lacks curve.slope_10y3m today.",
    }
    for name, text in bad.items():
        found = faults(Prose("A Title", (text,), ""))
        assert any(fault.startswith(f"{name}:") for fault in found), (name, found)
    assert faults(Prose("A Title", ("It fell 2.00%, or so. An 8% move; a 1% move.",), "")) == []


def test_all_angles_come_up() -> None:
    seen = Counter(compose._Essay(record).name for record in invented(900, seed=3))
    assert set(load().angles) - set(seen) <= {
        "alert",
        "bare",
        "calm",
        "silent",
        "old",
        "plain",
        "split",
        "dark",
        "held",
    }, seen


def test_the_same_bytes_in_another_process_with_other_settings() -> None:
    program = (
        "import hashlib; from minds.essay import render; from tests.minds.records import invented; "
        "print(hashlib.sha256(''.join(render(r, '1:abcdef0123456789') for r in invented(30)).encode()).hexdigest())"
    )
    here = hashlib.sha256("".join(render(record, "1:abcdef0123456789") for record in invented(30)).encode()).hexdigest()
    for settings_of in (
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"},
        {"PYTHONHASHSEED": "2", "TZ": "UTC", "LC_ALL": "C"},
    ):
        env = {**os.environ, **settings_of, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == here
