"""The door through which minds come in: distributions as pip leaves them, found by their entry points."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import InputError
from minds.baseline.rules import Coin
from minds.registry import list_minds, load_minds, taken_names
from tests.shelf import Shelf, put_up

OURS = ["macro", "flow", "contrarian", "climatology", "yesterday", "coin", "always_up", "sma200"]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    with put_up(tmp_path, monkeypatch) as shelf:
        yield shelf


def loaded(*names: str) -> list[str]:
    return [mind.name for mind in load_minds(names or None)]


def test_without_a_choice_the_built_in_three_in_their_order() -> None:
    assert loaded() == ["macro", "flow", "contrarian"]


@pytest.mark.parametrize("names", [("contrarian", "macro", "flow"), ("flow", "macro", "contrarian")])
def test_the_order_does_not_depend_on_how_they_are_named(names: tuple[str, ...]) -> None:
    assert loaded(*names) == ["macro", "flow", "contrarian"]


def test_strangers_come_after_the_built_in_ones_by_name(shelf: Shelf) -> None:
    shelf.put("zodiac")
    shelf.put("astrology")
    assert loaded("zodiac", "coin", "flow", "astrology") == ["flow", "coin", "astrology", "zodiac"]
    assert [item.name for item in list_minds()] == [*OURS, "astrology", "zodiac"]
    assert loaded() == ["macro", "flow", "contrarian"], (
        "what is installed must not change a run that did not ask for it"
    )


def test_a_listing_says_where_a_mind_comes_from(shelf: Shelf) -> None:
    shelf.put("zodiac")
    found = next(item for item in list_minds() if item.name == "zodiac")
    assert found == ("zodiac", "stranger_zodiac", "1.2", "stranger_zodiac:Mind", "Reads the tea leaves.", "")
    assert all(item.distribution == "workshop-desk" and not item.error and item.summary for item in list_minds()[:8])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("contrarain", "did you mean 'contrarian'?"),
        ("Macro", "did you mean 'macro'?"),
        ("xyzzy", "known: always_up, climatology, coin, contrarian, flow, macro, sma200, yesterday"),
        ("", "known: always_up, climatology, coin, contrarian, flow, macro, sma200, yesterday"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        load_minds(["flow", name])
    assert str(caught.value) == f"no mind is called {name!r}; {hint}"


def test_a_name_given_twice_or_none_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="'flow' is named twice"):
        load_minds(["flow", "macro", "flow"])
    with pytest.raises(InputError, match="no mind is named"):
        load_minds([])


def test_the_seed_of_a_run_reaches_those_who_have_a_use_for_it() -> None:
    mind, coin = load_minds(["coin", "macro"], seed=7)
    assert mind.name == "macro" and isinstance(coin, Coin) and coin.seed == 7
    (coin,) = load_minds(["coin"])
    assert isinstance(coin, Coin) and coin.seed == 0


def test_each_call_gives_minds_of_its_own() -> None:
    assert load_minds()[0] is not load_minds()[0]


HEAD = "class Mind:\n    name = 'zodiac'\n    def view(self): pass\n"
BROKEN = [
    ("raise RuntimeError('not today')", "Mind", "RuntimeError: not today"),
    ("import a_module_that_is_not_there", "Mind", "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"),
    ("import sys; sys.exit('bye')", "Mind", "SystemExit: bye"),
    ("class Mind", "Mind", "SyntaxError"),
    ("raise ImportError('a story\\n\\n  of many lines')", "Mind", "ImportError: a story of many lines"),
    ("class Other: pass", "Mind", "AttributeError"),
    ("class Mind:\n    def __init__(self, key): pass", "Mind", "TypeError"),
    ("class Mind:\n    def view(self): pass", "Mind", "must have that `name` and a method `view`"),
    ("class Mind:\n    name = 'other'\n    def view(self): pass", "Mind", "must have that `name` and a method `view`"),
    ("class Mind:\n    name = 'zodiac'", "Mind", "must have that `name` and a method `view`"),
    ("class Mind:\n    name = 'zodiac'\n    view = 7", "Mind", "must have that `name` and a method `view`"),
    ("Mind = 7", "Mind", "TypeError"),
    ("class Gone(BaseException): pass\nraise Gone('away')", "Mind", "Gone: away"),
    (HEAD + "    @property\n    def signals(self): raise OSError('no tide')", "Mind", "OSError: no tide"),
    (HEAD + "    signals = ('tide',)", "Mind", "must list its own signals in `signals`"),
    (HEAD + "    signals = 7", "Mind", "must list its own signals in `signals`"),
    *[
        (
            "from minds import SignalSpec\n" + HEAD + f"    signals = (SignalSpec({fields}),)",
            "Mind",
            "declares the signal " + error,
        )
        for fields, error in [
            ("7, 'sigma', 1, (), print, ''", "7 whose name is not a word such as tide.height"),
            ("'the tide', 'sigma', 1, (), print, ''", "'the tide' whose name is not a word"),
            ("'tide', 'metres', 1, (), print, ''", "'tide' whose unit is not one of return, points"),
            ("'tide', 'sigma', 0, (), print, ''", "'tide' whose window is not a number of sessions from 1 on"),
            ("'tide', 'sigma', 1, 'market', print, ''", "'tide' whose roles are not a tuple of texts"),
            ("'tide', 'sigma', 1, (), None, ''", "'tide' whose make is not a function of columns"),
            ("'tide', 'sigma', 1, (), print, None", "'tide' whose reads is not text"),
            ("'tide', 'sigma', 1, (), print, '', 256", "'tide' whose max_age is not a number of sessions"),
        ]
    ],
    *[
        (
            "from minds import EvidenceMind, Term\nclass Mind(EvidenceMind):\n"
            f"    name = 'zodiac'\n    terms = {terms}",
            "Mind",
            error,
        )
        for terms, error in [
            ("()", "must list its evidence in `terms`, a tuple of Term"),
            ("[Term('s', 1.0, '', '')]", "must list its evidence in `terms`, a tuple of Term"),
            ("('s',)", "must list its evidence in `terms`, a tuple of Term"),
            ("(Term('s', float('nan'), '', ''),)", "has a term 's' whose weight is not a number other than 0"),
            ("(Term('s', 0, '', ''),)", "has a term 's' whose weight is not a number other than 0"),
            ("(Term('s', 1, '', '', 0.0),)", "whose full is not above 0"),
            ("(Term('s', 1, '', 7),)", "has a term 's' whose signal, high or low is not text"),
            ("(Term('s', 1, '', '', 2.0, 'small'),)", "whose `only` is not a tuple of roles"),
            ("(Term('{role}.ret_1d', 1, '', ''),)", "{target} is the only name that may stand in braces"),
        ]
    ],
]


@pytest.mark.parametrize(("code", "attribute", "error"), BROKEN)
def test_a_broken_plug_in_is_listed_with_its_error_and_refused_by_name(
    shelf: Shelf, code: str, attribute: str, error: str
) -> None:
    shelf.put("zodiac", code, attribute=attribute)
    found = next(item for item in list_minds() if item.name == "zodiac")
    assert "'zodiac'" in found.error and "stranger_zodiac:Mind" in found.error and error in found.error
    assert found.summary == ""
    assert loaded() == ["macro", "flow", "contrarian"], "a stranger's fault must not touch those who did not ask for it"
    with pytest.raises(InputError) as caught:
        load_minds(["macro", "zodiac"])
    assert str(caught.value) == found.error


def test_two_packages_that_offer_one_name_are_refused_to_those_who_ask_for_it(shelf: Shelf) -> None:
    shelf.put("zodiac", package="one")
    shelf.put("zodiac", package="two")
    assert loaded("macro") == ["macro"], "a clash must not touch those who did not ask for the name"
    sentence = (
        "two packages offer a mind called 'zodiac' (stranger_one:Mind and stranger_two:Mind); uninstall one of them"
    )
    with pytest.raises(InputError) as caught:
        load_minds(["macro", "zodiac"])
    assert str(caught.value) == sentence
    listed = [(item.distribution, item.error) for item in list_minds() if item.name == "zodiac"]
    assert listed == [("stranger_one", sentence), ("stranger_two", sentence)]


def test_a_name_of_ours_stays_ours(shelf: Shelf) -> None:
    shelf.put("flow", "raise RuntimeError('it must not even be imported')", package="a_imitator")
    assert type(load_minds(["flow"])[0]).__module__ == "minds.builtin.flow"
    ours, theirs = [item for item in list_minds() if item.name == "flow"]
    assert (ours.distribution, ours.error) == ("workshop-desk", "")
    assert theirs.error == (
        "the name 'flow' belongs to a mind of Workshop, which is used; stranger_a_imitator:Mind needs another"
    )


@pytest.mark.parametrize("points", ["no section, no sign", "[workshop.minds]\nlater", "[workshop.minds]\nodd = ???"])
def test_a_list_of_entry_points_that_cannot_be_read_harms_nobody_else(shelf: Shelf, points: str) -> None:
    shelf.put("a_rubbish", points=points)
    shelf.put("zodiac")
    assert loaded("zodiac", "macro") == ["macro", "zodiac"]
    found = {item.name: item.error for item in list_minds()}
    assert [name for name, error in found.items() if not error] == [*OURS, "zodiac"]


def test_a_distribution_without_metadata_can_be_listed(shelf: Shelf) -> None:
    shelf.put("zodiac")
    (shelf.folder / "stranger_zodiac-1.2.dist-info" / "METADATA").unlink()
    assert [item.error for item in list_minds()] == [""] * 9


def test_names_that_are_taken_are_known_without_importing_anything(shelf: Shelf) -> None:
    shelf.put("zodiac", "raise RuntimeError('it must not even be imported')")
    assert taken_names() == (*OURS, "zodiac")


def test_the_same_mind_found_twice_is_one_mind(shelf: Shelf) -> None:
    """An editable install beside a wheel: two distributions, one entry point."""
    shelf.put("zodiac")
    again = shelf.folder / "again-1.2.dist-info"
    again.mkdir()
    (again / "METADATA").write_text("Metadata-Version: 2.1\nName: again\nVersion: 1.2\n", encoding="utf-8")
    (again / "entry_points.txt").write_text("[workshop.minds]\nzodiac = stranger_zodiac:Mind\n", encoding="utf-8")
    assert loaded("zodiac") == ["zodiac"]


def test_the_environment_can_limit_which_plug_ins_there_are(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.put("zodiac")
    shelf.put("astrology", "raise RuntimeError('it must not even be imported')")
    monkeypatch.setenv("WORKSHOP_MINDS", " zodiac , flow")
    assert [item.name for item in list_minds()] == ["flow", "zodiac"]
    assert loaded("zodiac") == ["zodiac"]
    with pytest.raises(InputError) as caught:
        load_minds(["astrology"])
    assert str(caught.value) == (
        "WORKSHOP_MINDS leaves out the mind 'astrology'; add it to that variable, or name others "
        "(left in: flow, zodiac)"
    )
    monkeypatch.setenv("WORKSHOP_MINDS", "")
    assert list_minds() == []
    with pytest.raises(InputError, match=r"leaves out the mind 'macro'; .*\(left in: none\)"):
        load_minds()
    assert taken_names() == (*OURS, "astrology", "zodiac")
