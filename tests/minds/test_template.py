"""The template writer: facts by hand arithmetic, phrases as data, and years of essays without repetition."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from minds.essay import render
from minds.lookup import speakers
from minds.nouns import Nouns
from minds.record import CycleRecord
from minds.template import TemplateWriter, compose
from minds.template.evidence import Desk, thesis_facts
from minds.template.facts import facts
from minds.template.phrases import Teller, load, order
from minds.view import Contribution, View
from tests.minds.records import invented, seed_day

ROOT = Path(__file__).parents[2]
HEAD = "617:abcdef0123456789"
SENTENCE = re.compile(r"(?<=[.!?:]) ")


# ---- facts that only arithmetic gives ----


def told(record: CycleRecord) -> dict[str, str]:
    return facts(record, speakers(record), Nouns(record))


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


def test_one_witness_behind_two_minds_is_noticed() -> None:
    part = Contribution("volatility.level", -0.2, 18.4, "fear is high")
    said = tuple([View(mind, "QQQ:1", -0.2, (part,)) for mind in ("macro", "flow")])
    found = told(replace(seed_day(), views={"QQQ:1": said}))
    assert (found["witness_mind"], found["witness_other"]) == ("Flow", "Macro")
    assert "shared_thing" not in found


# ---- the phrases as data ----


def test_phrase_files_hold_no_figures() -> None:
    for file in sorted((ROOT / "minds" / "template").glob("*.toml")):
        if file.name != "angles.toml":
            assert not re.search(r"[0-9]", file.read_text(encoding="utf-8")), file.name
    values = re.findall(r'= "(.*)"', (ROOT / "minds" / "nouns.toml").read_text(encoding="utf-8"))
    assert len(values) > 50 and not [value for value in values if re.search(r"[0-9,()]", value)]


def test_every_phrase_asks_for_facts_that_exist_and_pools_that_exist() -> None:
    known: set[str] = {"me", "why", "verdicts", "more", "each", "gaps", "rest", "others"}
    for record in (*invented(400, seed=7), seed_day()):
        nouns, called = Nouns(record), speakers(record)
        known |= facts(record, called, nouns).keys()
        for item in record.views[record.targets[0].key]:
            if isinstance(item, View):
                known |= thesis_facts(Desk(record, called, nouns), item).keys()
    for pool, book in load().pools.items():
        for phrase in book.phrases:
            assert phrase.needs <= known, (pool, phrase.needs - known)
            for field in phrase.parts[1::2]:
                assert not field.startswith("~") or field[1:] in load().pools, (pool, field)
    for angle, table in load().angles.items():
        assert table.needs <= known and {f"title_{angle}", f"hook_{angle}"} <= load().pools.keys()
        assert {section for sections in table.order for section in sections} <= {
            "bridge", "theses", "fork", "insight", "mute", "regime", "form", "missing", "end"
        }  # fmt: skip
        for sections in table.order:
            assert {"mute", "regime", "form", "missing", "theses"} - set(sections) <= (
                {"theses"} if angle == "silent" else set()
            )


def test_beside_the_stamped_calls_nobody_is_quoted() -> None:
    for pool in ("why", "why_none", "verdict_line"):
        for phrase in load().pools[pool].phrases:
            assert not [fact for fact in phrase.needs if fact.endswith(("_reads", "reasons", "held"))], phrase


def test_no_phrase_is_written_twice() -> None:
    texts = Counter(
        "{}".join(phrase.parts[::2]) + str(phrase.parts[1::2])
        for pool in load().pools.values()
        for phrase in pool.phrases
    )
    assert [text for text, count in texts.items() if count > 1] == []


@given(st.integers(1, 40), st.integers(0, 10_000), st.text(max_size=5))
def test_in_a_round_each_phrase_has_its_turn_once(size: int, lap: int, what: str) -> None:
    teller = [Teller({}, lap * size + step, what) for step in range(size)]
    assert sorted(one.turn("pool", size) for one in teller) == list(range(size))
    assert order(what, lap, size) == order.__wrapped__(what, lap, size)


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


def masked(text: str) -> str:
    return re.sub(r"[-+]?[0-9][0-9.,]*%?", "#", text)


def test_years_of_essays_never_repeat_one_word_for_word_even_with_other_figures() -> None:
    assert len({masked(text) for text in YEARS}) == len(YEARS)


def test_neighbouring_days_share_next_to_nothing() -> None:
    shared = []
    for one, two in pairwise(YEARS):
        first, second = (
            {s for s in SENTENCE.split(text) if len(s) > 30 and not re.search("[0-9]", s)} for text in (one, two)
        )
        shared.append(len(first & second))
    assert sum(shared) / len(shared) < 1.0


def test_headlines_vary() -> None:
    titles = [text.splitlines()[0] for text in YEARS]
    assert len(set(titles)) > 0.6 * len(titles)
    near = [title for at, title in enumerate(titles) if title in titles[max(0, at - 5) : at]]
    assert len(near) < 0.02 * len(titles)


def test_all_angles_come_up() -> None:
    seen = Counter(compose._Essay(record).name for record in invented(900, seed=3))
    assert set(load().angles) - set(seen) <= {"alert", "bare", "silent", "old", "plain", "split", "dark", "held"}, seen


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
