"""Settings: what users may type, and which part of it the ledger's first entry keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.settings import Settings, default_targets, names, parse_essays, parse_targets
from engine.claims import Target
from engine.errors import InputError
from engine.universe import Universe, load_universe
from tests.worlds import WORLD

LAGGED = Universe(
    "lagged", "", "XNYS", {"market": "SPY", "growth": "QQQ", "oil": "WTI", "broad": "SPY"}, {"stocks": ("AAPL", "A.B")},
    frozenset({"^VIX"}), {"WTI": 6},
)  # fmt: skip
SETTINGS = Settings("csv", WORLD, date(2000, 1, 3), date(2001, 1, 3), ("macro", "flow"), default_targets(WORLD))


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("QQQ:1", [Target("QQQ", "growth", 1)]),
        ("growth:1", [Target("QQQ", "growth", 1)]),
        (" QQQ:1 , SPY:64 ", [Target("QQQ", "growth", 1), Target("SPY", "market", 64)]),
        ("SPY:2,QQQ:1", [Target("SPY", "market", 2), Target("QQQ", "growth", 1)]),  # the first one leads
        ("broad:5", [Target("SPY", "market", 5)]),  # a symbol with two roles goes by the first
        ("AAPL:3,A.B:02", [Target("AAPL", "AAPL", 3), Target("A.B", "A.B", 2)]),
    ],
)
def test_targets_as_people_type_them(text: str, targets: list[Target]) -> None:
    assert parse_targets(text, LAGGED) == tuple(targets)


@pytest.mark.parametrize("text", ["", "QQQ", "QQQ:", ":1", "QQQ:0", "QQQ:65", "QQQ:-1", "QQQ:1.5", "QQQ:x", "QQQ:1,",
                                  "QQQ:²", "QQQ:1:2:", "QQQ:99999999999"])  # fmt: skip
def test_what_is_no_target_is_shown_with_the_form(text: str) -> None:
    with pytest.raises(InputError, match=r"is not SYMBOL:SESSIONS with 1 to 64 sessions, such as QQQ:1"):
        parse_targets(text, LAGGED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("IWM:1", "no symbol 'IWM'; targets come from A.B, AAPL, QQQ, SPY, WTI"),
        ("QQQ:1:2", "no symbol 'QQQ:1'"),
        ("WTI:1", "WTI is a level or comes late"),
        ("oil:1", "WTI is a level or comes late"),
        ("QQQ:1,growth:1", "the target QQQ:1 is named twice"),
    ],
)
def test_targets_that_cannot_be_called(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_targets(text, LAGGED)
    assert message in str(caught.value)


def test_a_level_has_no_return_to_call() -> None:
    with pytest.raises(InputError, match=r"\^VOL is a level or comes late.*choose a traded symbol"):
        parse_targets("volatility:1", WORLD)


@given(st.text(max_size=12))
def test_any_text_is_targets_or_one_sentence(text: str) -> None:
    try:
        found = parse_targets(text, LAGGED)
    except InputError as error:
        assert ";" in str(error) or " is not " in str(error)
    else:
        assert parse_targets(",".join(target.key for target in found), LAGGED) == found


def test_default_targets_are_the_roles_that_exist() -> None:
    assert [target.key for target in default_targets(load_universe("us"))] == ["SPY:1", "QQQ:1", "IWM:2"]
    assert [target.key for target in default_targets(load_universe("sample"))] == ["^GSPC:1", "^IXIC:1"]
    assert default_targets(WORLD) == (
        Target("MKT", "market", 1), Target("GRO", "growth", 1), Target("SML", "small", 2),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "essays"), [("last", 1), ("none", 0), ("all", "all"), ("0", 0), ("17", 17), ("007", 7)]
)
def test_essays(text: str, essays: object) -> None:
    assert parse_essays(text) == essays


@pytest.mark.parametrize("text", ["", "LAST", "-1", "1.5", "first", "²", " 3"])
def test_essays_that_make_no_sense(text: str) -> None:
    with pytest.raises(InputError, match=r"give last, all, none or a number of sessions"):
        parse_essays(text)


def test_names() -> None:
    assert names(None) is None
    assert names(" flow, macro ,,") == ["flow", "macro"]
    assert names(" , ") == []


def test_a_reversed_range_is_refused() -> None:
    with pytest.raises(InputError, match="--start 2001-01-04 lies after --end 2001-01-03; swap them"):
        replace(SETTINGS, start=date(2001, 1, 4))
    assert replace(SETTINGS, start=date(2001, 1, 3)).start == SETTINGS.end


def test_the_genesis_keeps_nothing_that_a_longer_run_would_change() -> None:
    """No end, no essays; a start that is no session is the session after it."""
    genesis = SETTINGS.genesis("2000-01-03")
    assert replace(SETTINGS, end=date(2049, 1, 1), essays="all").genesis("2000-01-03") == genesis
    assert replace(SETTINGS, start=date(2000, 1, 1)).genesis("2000-01-03") == genesis
    text = genesis.decode()
    assert "2001-01-03" not in text and "/" not in text.replace("24/7", "")
    assert orjson.dumps(orjson.loads(genesis), option=orjson.OPT_SORT_KEYS) == genesis


@pytest.mark.parametrize(
    "other",
    [
        replace(SETTINGS, source="yahoo"),
        replace(SETTINGS, minds=("macro",)),
        replace(SETTINGS, targets=SETTINGS.targets[:2]),
        replace(SETTINGS, targets=(*SETTINGS.targets[:2], Target("SML", "small", 3))),
        replace(SETTINGS, regime="other"),
        replace(SETTINGS, universe=replace(WORLD, name="other")),
        replace(SETTINGS, universe=replace(WORLD, calendar="XTSE")),
        replace(SETTINGS, universe=replace(WORLD, roles={**WORLD.roles, "gold": "GLD"})),
        replace(SETTINGS, universe=replace(WORLD, groups={**WORLD.groups, "stocks": ("S00",)})),
        replace(SETTINGS, universe=replace(WORLD, lags={"R10Y": 1})),
    ],
)
def test_the_genesis_tells_any_two_settings_apart(other: Settings) -> None:
    assert other.genesis("2000-01-03") != SETTINGS.genesis("2000-01-03")
    assert SETTINGS.genesis("2000-01-04") != SETTINGS.genesis("2000-01-03")
