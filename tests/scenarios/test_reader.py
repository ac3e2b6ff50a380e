"""Scenario files: every slip is one sentence with file, place and way out; what is accepted comes back the same."""

from __future__ import annotations

import string
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import InputError
from scenarios import Scenario, read_file, read_scenario, to_toml
from scenarios.expect import CLAUSES, LabelIs, StatusIs
from scenarios.fields import rows
from scenarios.model import Fault, History, Jumps, News, ScriptedDay, Segment

HEAD = 'title = "t"\nstart = "2026-01-05"\n'
WORLD = "[[segments]]\nsessions = 20\n"
DAY = "[[days]]\nsession = 5\n"
NEWS = "[[events]]\nsession = 5\n"
FAULT = "[[faults]]\n"
EXPECT = "[[expect]]\n"
LONG, SHORT = "[[segments]]\nsessions = 9000\n", "[[segments]]\nsessions = 1\n"
STORM = "[[events]]\nsession = 1\nrepeat = 20\n"
HISTORY = 'title = "t"\n[history]\nsource = "sample"\n'

WRONG = {
    "no TOML": ("title = ", "t.toml is not valid TOML: ", "; mend that line"),
    "huge number": (f"seed = {'9' * 5000}", "t.toml is not valid TOML", ""),
    "deep": (f"title = {'[' * 50_000}", "t.toml is nested too deeply", ""),
    "long": ("#" * 1_000_001, "t.toml has 1,000,001 characters", "at most 1,000,000"),
    "no title": (WORLD, "t.toml: has no title", "add it"),
    "unknown key": (f"{HEAD}sede = 3\n{WORLD}", "t.toml: no key is called 'sede'", "did you mean 'seed'?"),
    "unknown key below": (f"{HEAD}[[segments]]\nsesions = 3", "t.toml: segments 1: no key", "did you mean 'sessions'?"),
    "not a text": (f"title = 3\n{WORLD}", "t.toml: title is 3, not a text", "in quotes"),
    "control character": (f'title = "a\\u001bb"\n{WORLD}', "t.toml: title holds a control character", "leave it out"),
    "no start": (f'title = "t"\n{WORLD}', "t.toml: has no start", "add the first day"),
    "no day": (f'title = "t"\nstart = "2026-02-30"\n{WORLD}', "start is '2026-02-30', not a day", "2026-04-02"),
    "far away": (f'title = "t"\nstart = "1066-01-01"\n{WORLD}', "start is 1066-01-01", "from 1950 to 2049"),
    "no world": (HEAD, "t.toml: must have either [history] or [[segments]]", "add one"),
    "not tables": (f"{HEAD}segments = 3", "t.toml: segments is not a list of tables", "write [[segments]]"),
    "too many sessions": (f"{HEAD}{LONG * 2}", "has 18,000 sessions", "at most 10,000"),
    "too many segments": (f"{HEAD}{SHORT * 1001}", "segments has 1,001 tables", "1,000"),
    "no sessions": (f'{HEAD}[[segments]]\nregime = "calm"', "segments 1 has no sessions", "add it"),
    "negative": (f"{HEAD}[[segments]]\nsessions = -1", "segments 1.sessions is -1", "whole number from 1 to 10,000"),
    "true for a number": (f"{HEAD}[[segments]]\nsessions = true", "sessions is true", "whole number"),
    "regime": (f'{HEAD}{WORLD}regime = "crises"', "segments 1.regime: no regime is called 'crises'", "'crisis'?"),
    "nan": (f"{HEAD}{WORLD}volatility = nan", "segments 1.volatility is nan", "number from 0 to 5"),
    "huge volatility": (f"{HEAD}{WORLD}volatility = {{ growth = 1e9 }}", "volatility.growth is 1000000000.0", "0 to 5"),
    "role": (
        f"{HEAD}{WORLD}drift = {{ grwth = 1 }}",
        "segments 1.drift: no role, group or symbol is called 'grwth'",
        "did you mean 'growth'?",
    ),
    "loading": (f"{HEAD}{WORLD}correlation = 2", "correlation is 2", "-1 to 1"),
    "pair": (f"{HEAD}{WORLD}pairs = {{ growth = 0.1 }}", "pairs: 'growth' is not a pair", '"growth,small"'),
    "pair twice": (f'{HEAD}{WORLD}pairs = {{ "a,b" = 0.1, "b,a" = 0.2 }}', "'b,a' is given twice", "once"),
    "tails": (f"{HEAD}{WORLD}tails = 1.5", "segments 1.tails is 1.5", "more than 2"),
    "a price as a level": (
        f"{HEAD}{WORLD}levels = {{ growth = 20 }}",
        "levels names growth, which is a price",
        "return",
    ),
    "return": (f'{HEAD}{WORLD}{DAY}returns = {{ growth = "a lot" }}', "days 1.returns.growth is 'a lot'", '"-0.31%"'),
    "loss of all": (f'{HEAD}{WORLD}{DAY}returns = {{ growth = "-100%" }}', "days 1.returns.growth is -1.0", "-0.95"),
    "return of a level": (
        f"{HEAD}{WORLD}{DAY}returns = {{ volatility = 0.1 }}",
        "volatility, which is a level",
        "levels",
    ),
    "no volatility": (f"{HEAD}{WORLD}{DAY}levels = {{ volatility = 0 }}", "gives volatility 0 points", "above 0"),
    "a day twice": (f'{HEAD}{WORLD}{DAY}[[days]]\ndate = "2026-01-09"', "days 2 is session 2026-01-09 again", "once"),
    "two names": (f'{HEAD}{WORLD}{DAY}date = "2026-01-09"', "days 1 has both session and date", "one of them"),
    "session outside": (f"{HEAD}{WORLD}[[days]]\nsession = 21", "days 1.session is 21", "from -599 to 20"),
    "holiday": (f'{HEAD}{WORLD}[[days]]\ndate = "2026-01-19"', "XNYS was closed on 2026-01-19", "nearest sessions"),
    "tier": (f'{HEAD}{WORLD}{NEWS}tier = "insider"', "events 1.tier: no tier is called 'insider'", "known: official"),
    "time": (f'{HEAD}{WORLD}{NEWS}time = "25:00"', "events 1.time is '25:00'", "14:30"),
    "value alone": (f"{HEAD}{WORLD}{NEWS}value = 3.1", "events 1 has one of value and series", "both"),
    "repeat": (f"{HEAD}{WORLD}{NEWS}repeat = 20", "repeat ends at a session that is 24", "from -599 to 20"),
    "many events": (f"{HEAD}{WORLD}{STORM * 251}", "has 5,020 events", "5,000"),
    "fault": (f'{HEAD}{WORLD}{FAULT}kind = "stail"', "faults 1.kind: no fault is called 'stail'", "'stale'?"),
    "fault without a session": (f'{HEAD}{WORLD}{FAULT}kind = "stale"', "is stale and has no session or date", "add"),
    "two ends": (
        f'{HEAD}{WORLD}{FAULT}kind = "stale"\nsession = 3\nsessions = 2\nuntil = 9',
        "both sessions and until",
        "",
    ),
    "end before start": (
        f'{HEAD}{WORLD}{FAULT}kind = "stale"\nsession = 3\nuntil = 2',
        "lies before its first",
        "later",
    ),
    "half day of one": (
        f'{HEAD}{WORLD}{FAULT}kind = "half_day"\nsession = 3\nwhat = "small"',
        "what is 'small'",
        "leave",
    ),
    "size": (f'{HEAD}{WORLD}{FAULT}kind = "halt"\nsession = 3\nsize = 2', "size belongs to a spike", "leave it out"),
    "no market": (
        f'{HEAD}{WORLD}{FAULT}kind = "missing"',
        "faults 1 takes away the market role on the last",
        "end before",
    ),
    "empty clause": (f"{HEAD}{WORLD}{EXPECT}", "expect 1 is empty", "write one of status, label"),
    "clause": (
        f'{HEAD}{WORLD}{EXPECT}lable = "crisis"',
        "expect 1: no clause is called 'lable'",
        "did you mean 'label'?",
    ),
    "two clauses": (
        f'{HEAD}{WORLD}{EXPECT}label = "crisis"\nstatus = "stale"',
        "asks two things, label and status",
        "each",
    ),
    "label": (f'{HEAD}{WORLD}{EXPECT}label = "risky"', "expect 1.label: no label is called 'risky'", "did you mean"),
    "never and always": (
        f'{HEAD}{WORLD}{EXPECT}claims = "none"\nnever = true\nalways = true',
        "both never and always",
        "",
    ),
    "at and by": (f'{HEAD}{WORLD}{EXPECT}claims = "none"\nat = 3\nby = 4', "says at beside since or by", "at alone"),
    "false": (f"{HEAD}{WORLD}{EXPECT}claims_resolved = false", "claims_resolved is false", "true, or leave it out"),
    "before the run": (f'{HEAD}{WORLD}{EXPECT}claims = "none"\nat = 0', "expect 1.at lies before the run", "session 1"),
    "foreign key": (f"{HEAD}{WORLD}{EXPECT}claims_resolved = true\nby = 3", "expect 1: no key is called 'by'", ""),
    "nothing to take out": (
        f'{HEAD}{WORLD}{EXPECT}same_as_without = "faults"',
        "no part of this scenario",
        "known: none",
    ),
    "two worlds": (
        f'{HEAD}[history]\nsource = "sample"\nstart = "2018-01-02"\nend = "2018-02-01"\n{WORLD}',
        "either",
        "",
    ),
    "source": (
        'title = "t"\n[history]\nsource = "yahoo"\nstart = "2018-01-02"\nend = "2018-02-01"',
        "history.source is",
        "csv",
    ),
    "universe": (
        f'{HEAD}universe = "uss"\n{WORLD}',
        "t.toml: universe: no universe is called 'uss'",
        "did you mean 'us'?",
    ),
    "own universe": (
        f'{HEAD}{WORLD}[universe.roles]\ngrowth = "Q"',
        "universe of t.toml: universe: [roles] has no market",
        "",
    ),
    "weekend history": (
        'title = "t"\nuniverse = "sample"\n[history]\nsource = "sample"\nstart = "2018-01-06"\nend = "2018-01-07"',
        "has no session from 2018-01-06",
        "widen",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_slip_is_one_sentence_that_says_where_and_what_to_do(what: str) -> None:
    text, *fragments = WRONG[what]
    with pytest.raises(InputError) as told:
        read_scenario(text, name="t.toml")
    message = str(told.value)
    assert all(fragment in message for fragment in fragments), message
    assert message.count("\n") == 0 and len(message) < 700


@given(st.text())
@example("a=nan\n[[a]]")
def test_any_text_is_refused_with_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        read_scenario(text)


def _inline(table: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{key} = {item}" for key, item in table.items()) + " }"


LEAVES = (
    st.just("''")
    | st.integers().map(str)
    | st.floats().map(repr)
    | st.booleans().map(lambda truth: str(truth).lower())
    | st.text(string.printable.replace("'", ""), max_size=8).map(lambda text: f"'''{text}'''")
    | st.sampled_from(
        ["2026-01-05", "2026-01-05T00:00:00Z", "07:30:00", '"2026-01-06"', '"-3%"', '"calm"', '"all"', '"us"']
    )
)
NAMES = st.sampled_from(["all", "market", "growth", "x", "sessions", "session", "kind"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(NAMES, inner, max_size=3).map(_inline)
    ),
    max_leaves=6,
)
KEYS = [row.name for cls in (Scenario, Segment, ScriptedDay, News, Fault, History, Jumps) for row in rows(cls)]


SECTIONS = ["", "[[segments]]\nsessions = 3\n", DAY, "[[days]]\n", NEWS, FAULT, EXPECT, "[history]\n"]


@given(st.dictionaries(st.sampled_from([*KEYS, *CLAUSES, "at"]), VALUES, max_size=4), st.sampled_from(SECTIONS))
def test_known_keys_with_any_values_never_end_in_a_traceback(table: dict[str, str], section: str) -> None:
    lines = "".join(f"{key} = {value}\n" for key, value in table.items())
    text = f"{HEAD}{'' if 'segments' in section else WORLD}{section}{lines}" if section else f"{lines}{WORLD}"
    try:
        scenario = read_scenario(text)
    except InputError as error:
        assert str(error)
    else:
        assert read_scenario(to_toml(scenario)) == scenario


def test_files_that_are_none(tmp_path: object) -> None:
    for path in (f"{tmp_path}/none.toml", "x" * 5000 + ".toml", "\x00.toml"):
        with pytest.raises(InputError, match="does not exist; give a path"):
            read_file(path)
    odd = f"{tmp_path}/odd.toml"
    with open(odd, "wb") as file:
        file.write(b"title = '\xff'")
    with pytest.raises(InputError, match="is not UTF-8 text; save it as UTF-8"):
        read_file(odd)


FULL = r'''
title = "All of it: \"quotes\", a\ttab"
story = """
Two lines,
with a \\ and three \"\"\" quotes.
"""
seed = 12
start = 2026-01-05
warm_up = 30
warm_up_regime = "chop"

[universe]
name = "mine"
calendar = "XNYS"
roles = { market = "^M", growth = "G Q", volatility = "V" }
groups = { stocks = ["A", "B"] }
levels = { symbols = ["V"] }
lags = { A = 1 }
missing = { small = "nobody sells it" }

[[segments]]
sessions = 20
regime = "crisis"
drift = -0.5
volatility = { all = 0.3, "G Q" = 0.4 }
correlation = { stocks = 0.2 }
pairs = { "stocks,^M" = 0.1 }
levels = { V = 40 }
jumps = { probability = 0.1, size = -0.05 }
tails = 4.5

[[days]]
date = 2026-01-07
returns = { growth = "-0.31%", all = 0.01 }
opens = { growth = "+1.5 %" }
volume = 2
note = "n"

[[events]]
session = 3
kind = "macro"
available = "2026-03-01"
time = 08:30:00
tier = "official"
value = 3
series = "CPI"

[[faults]]
kind = "spike"
what = "stocks"
session = 4
until = "2026-01-12"
size = "+500%"

[[expect]]
status = "stale"
by = 3
never = true

[[expect]]
label = ["crisis", "risk_off"]
since = "2026-01-06"
'''.replace('pairs = { "stocks,^M" = 0.1 }', 'pairs = { "growth,^M" = 0.1 }')


def test_every_key_is_read_and_written_back() -> None:
    found = read_scenario(FULL)
    assert read_scenario(to_toml(found)) == found and to_toml(read_scenario(to_toml(found))) == to_toml(found)
    assert repr(found) == to_toml(found)
    assert found.story == 'Two lines,\nwith a \\ and three """ quotes.\n'
    assert (found.start, found.days[0].session, found.days[0].returns) == (
        "2026-01-05", "2026-01-07", {"growth": -0.31 / 100, "all": 0.01},
    )  # fmt: skip
    assert found.segments[0].drift == {"all": -0.5} and found.segments[0].pairs == {"^M,growth": 0.1}
    assert (found.events[0].time, found.events[0].value) == ("08:30", 3.0)
    assert found.faults[0].size == 5.0
    assert found.expect == (StatusIs(("stale",), by=3, never=True), LabelIs(("crisis", "risk_off"), since="2026-01-06"))


def test_what_was_made_by_hand_is_written_as_toml_too() -> None:
    """Whether or not a reader would accept it: no text can break out of its quotes."""
    every = "".join(map(chr, range(128))) + "\u202e" + '"' * 3
    for text in (every, every.replace("\n", "")):
        made = Scenario(text, story=text, days=(ScriptedDay(1, {text: 0.5}),))
        found = tomllib.loads(to_toml(made))
        assert (found["title"], found["story"], found["days"][0]["returns"]) == (text, text, {text: 0.5})


def test_clauses_say_in_english_what_they_ask() -> None:
    said = [clause.describe() for clause in read_scenario(FULL).expect]
    assert said == [
        "the regime's status is stale never up to session 3",
        "the regime is crisis or risk_off at some session from 2026-01-06",
    ]


def test_clauses_cover_sessions_by_number_and_by_day() -> None:
    days = [(1, "2026-01-05"), (2, "2026-01-06"), (3, "2026-01-07"), (4, "2026-01-08")]
    for clause, wanted in [
        (StatusIs(("stale",)), [1, 2, 3, 4]),
        (StatusIs(("stale",), at=2), [2]),
        (StatusIs(("stale",), at="2026-01-07"), [3]),
        (StatusIs(("stale",), since=2, by="2026-01-07"), [2, 3]),
        (StatusIs(("stale",), by=1), [1]),
    ]:
        assert [number for number, day in days if clause.covers(number, day)] == wanted
    assert [StatusIs(("stale",)).times, StatusIs(("stale",), never=True).times, StatusIs((), always=True).times] == [
        "some", "none", "every",
    ]  # fmt: skip


def test_the_folder_of_a_history_lies_beside_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the file is called from; an absolute folder stays where it is."""
    text = 'title = "t"\nuniverse = "us"\n[history]\nsource = "csv:{}"\nstart = "2020-01-02"\nend = "2020-01-03"\n'
    (tmp_path / "worlds").mkdir()
    (tmp_path / "worlds" / "one.toml").write_text(text.format("prices"), encoding="utf-8")
    (tmp_path / "worlds" / "two.toml").write_text(text.format(tmp_path / "prices"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for path, folder in {"worlds/one.toml": "worlds/prices", "worlds/two.toml": f"{tmp_path}/prices"}.items():
        history = read_file(path).history
        assert history is not None and history.source == f"csv:{folder}"
