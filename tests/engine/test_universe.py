"""Universes: what a file may say, what is refused in one sentence, and that the shipped ones hold together."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.universe import Universe, load_universe, universe_names

MARKET = '[roles]\nmarket = "SPY"\n'


def load(folder: Path, text: str | bytes) -> Universe:
    path = folder / "mine.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_universe(str(path))


def test_a_file_is_read_as_it_is_written(tmp_path: Path) -> None:
    universe = load(
        tmp_path,
        """
        name = "desk"
        title = "Two markets"
        calendar = "24/7"
        [roles]
        market = "BTC-USD"
        rate_10y = "^TNX"
        [groups]
        coins = ["BTC-USD", "ETH-USD"]
        [levels]
        symbols = ["^TNX"]
        [lags]
        "^TNX" = 1
        [missing]
        gold = "no gold here"
        """,
    )
    assert universe == Universe(
        name="desk",
        title="Two markets",
        calendar="24/7",
        roles={"market": "BTC-USD", "rate_10y": "^TNX"},
        groups={"coins": ("BTC-USD", "ETH-USD")},
        levels=frozenset({"^TNX"}),
        lags={"^TNX": 1},
        missing={"gold": "no gold here"},
    )
    assert universe.symbols == ("BTC-USD", "ETH-USD", "^TNX")


def test_little_is_needed(tmp_path: Path) -> None:
    universe = load(tmp_path, MARKET)
    assert (universe.name, universe.calendar, universe.symbols) == ("mine", "XNYS", ("SPY",))
    assert not (universe.groups or universe.levels or universe.lags or universe.missing)


def test_roles_and_symbols_find_each_other(tmp_path: Path) -> None:
    universe = load(
        tmp_path, MARKET + 'growth = "QQQ"\n[groups]\nstocks = ["KO", "PG"]\n[missing]\ngold = "too dear"\n'
    )
    assert [universe.symbol(role) for role in ("market", "growth", "KO", "SPY")] == ["SPY", "QQQ", "KO", "SPY"]
    assert [universe.symbol(role) for role in ("gold", "stocks", "IBM", "")] == [None] * 4
    assert [universe.role(symbol) for symbol in ("SPY", "QQQ", "KO", "IBM")] == ["market", "growth", "KO", "IBM"]
    assert universe.why_missing("gold") == "too dear"
    assert universe.why_missing("oil") == "the universe mine has no symbol for the role oil"


NAMES = st.text("ABCDEFGXYZ^.-=", min_size=1, max_size=6)


@given(st.dictionaries(st.sampled_from("abcdef"), NAMES), st.dictionaries(st.sampled_from("uvw"), st.lists(NAMES)))
def test_symbols_are_the_sorted_union(roles: dict[str, str], groups: dict[str, list[str]]) -> None:
    universe = Universe("u", "", "XNYS", roles, {role: tuple(members) for role, members in groups.items()})
    expected = sorted(set(roles.values()) | {symbol for members in groups.values() for symbol in members})
    assert list(universe.symbols) == expected
    assert all(universe.symbol(symbol) is not None for symbol in expected)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r'\[roles\] has no market; add a line such as market = "SPY"'),
        ('[roles]\ngrowth = "QQQ"\n', r"\[roles\] has no market"),
        ('[rolls]\nmarket = "SPY"\n', "no setting is called 'rolls'; did you mean 'roles'"),
        (MARKET + "[charts]\n", "no setting is called 'charts'; known: calendar, groups"),
        ("[roles\n", "is not valid TOML: .*line 1.*; mend that line"),
        (MARKET + MARKET, "is not valid TOML"),
        ('roles = "SPY"\n', r'\[roles\] must hold lines of the form name = "text"'),
        ("[roles]\nmarket = 5\n", r'\[roles\] must hold lines of the form name = "text"'),
        ('[roles]\nmarket = ""\n', r'\[roles\] must hold lines of the form name = "text"'),
        (MARKET + "[missing]\ngold = 1\n", r'\[missing\] must hold lines of the form name = "text"'),
        (MARKET + '[groups]\nstocks = "KO"\n', "group stocks must be a list of symbols"),
        (MARKET + "[groups]\nstocks = [1]\n", "group stocks must be a list of symbols"),
        (MARKET + "[lags]\nSPY = -1\n", r"\[lags\] must be whole numbers of sessions, 0 to 64"),
        (MARKET + "[lags]\nSPY = 65\n", r"\[lags\] must be whole numbers"),
        (MARKET + "[lags]\nSPY = 1.0\n", r"\[lags\] must be whole numbers"),
        (MARKET + '[lags]\nSPY = "1"\n', r"\[lags\] must be whole numbers"),
    ],
)
def test_what_a_file_may_not_say(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        load(tmp_path, text)
    assert "mine.toml" in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("groups = 1\n" + MARKET, r"groups must be a section; write \[groups\]"),
        ("lags = [1]\n" + MARKET, r"lags must be a section; write \[lags\]"),
        ('levels = ["SPY"]\n' + MARKET, r"levels must be a section; write \[levels\]"),
        (MARKET + '[levels]\nsymbols = "SPY"\n', r"\[levels\] symbols must be a list of symbols"),
        (MARKET + '[levels]\nsymbol = ["SPY"]\n', "no setting is called 'symbol'; did you mean 'symbols'"),
        (MARKET + '[levels]\nsymbols = ["SPX"]\n', "no symbol is called 'SPX'; did you mean 'SPY'"),
        (MARKET + "[lags]\nSPX = 1\n", "no symbol is called 'SPX'; did you mean 'SPY'"),
        (MARKET + "[lags]\nSPY = true\n", r"\[lags\] must be whole numbers"),
        (MARKET + '[groups]\nstocks = [""]\n', "group stocks must be a list of symbols"),
        (MARKET + '[groups]\nstocks = ["KO", "KO"]\n', "group stocks names a symbol twice"),
        ("name = 3\n" + MARKET, "name must be text"),
        ("calendar = 3\n" + MARKET, "calendar must be text"),
    ],
)
def test_slips_that_would_otherwise_go_unnoticed(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as refusal:
        load(tmp_path, text)
    assert "mine.toml" in str(refusal.value)


def test_a_file_must_be_utf8(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not UTF-8 text; save it as UTF-8"):
        load(tmp_path, b'[roles]\nmarket = "S\xffY"\n')


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "no universe is called ''; known: .*us"),
        ("samplee", "no universe is called 'samplee'; did you mean 'sample'"),
        ("../us", "no universe is called '../us'"),
        ("nowhere.toml", r"the universe file nowhere\.toml does not exist; give a path to a \.toml file"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_universe(name)


def test_a_folder_is_no_universe(tmp_path: Path) -> None:
    (tmp_path / "u.toml").mkdir()
    with pytest.raises(InputError, match="does not exist; give a path to a"):
        load_universe(str(tmp_path / "u.toml"))


class TestShipped:
    """The universes in the package."""

    def test_are_the_sample_and_the_us(self) -> None:
        assert {"sample", "us"} <= set(universe_names())

    @pytest.mark.parametrize("name", ["sample", "us"])
    def test_hold_together(self, name: str) -> None:
        universe = load_universe(name)
        assert universe.name == name
        assert universe.title
        assert universe.levels <= set(universe.symbols)
        assert set(universe.lags) <= set(universe.symbols)
        assert not set(universe.missing) & (set(universe.roles) | set(universe.groups))
        assert all(len(set(members)) == len(members) > 0 for members in universe.groups.values())

    def test_speak_of_the_same_roles(self) -> None:
        words = [
            set(universe.roles) | set(universe.groups) | set(universe.missing)
            for universe in (load_universe("sample"), load_universe("us"))
        ]
        assert words[0] == words[1]

    def test_map_the_us_roles_to_the_symbols_people_know(self) -> None:
        roles = load_universe("us").roles
        wanted = {"market": "SPY", "growth": "QQQ", "small": "IWM", "volatility": "^VIX", "rate_10y": "^TNX"}
        assert wanted.items() <= roles.items()

    def test_keep_back_yields_that_are_published_in_the_evening(self) -> None:
        for name in ("sample", "us"):
            universe = load_universe(name)
            for role, symbol in universe.roles.items():
                assert not role.startswith("rate_") or universe.lags[symbol] >= 1, (name, role)

    def test_are_read_whole(self) -> None:
        folder = resources.files("engine") / "universes"
        for name in universe_names():
            table = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
            universe = load_universe(name)
            assert dict(universe.roles) == table["roles"]
            assert {role: list(members) for role, members in universe.groups.items()} == table["groups"]
            assert dict(universe.lags) == table["lags"]
            assert sorted(universe.levels) == sorted(table["levels"]["symbols"])
            assert dict(universe.missing) == table["missing"]
