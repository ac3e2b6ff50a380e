"""The door through which minds come in: distributions as pip leaves them, found by their entry points."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import InputError
from minds.registry import list_minds, load_minds

SOUND = '''
class Mind:
    """Reads the tea leaves.

    And more.
    """
    name = "{name}"
    def view(self, snapshot, reading, target):
        raise NotImplementedError
'''


class Shelf:
    """A folder on the import path, with one distribution for each mind that is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, code: str | None = None, *, attribute: str = "Mind", package: str = "") -> None:
        """Install a distribution that offers a mind called `name`."""
        module = f"stranger_{package or name}"
        (self.folder / f"{module}.py").write_text(SOUND.format(name=name) if code is None else code, encoding="utf-8")
        about = self.folder / f"{module}-1.2.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n", encoding="utf-8")
        points = f"[workshop.minds]\n{name} = {module}:{attribute}\n"
        (about / "entry_points.txt").write_text(points, encoding="utf-8")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Shelf(tmp_path)
    for name in [name for name in sys.modules if name.startswith("stranger_")]:
        del sys.modules[name]


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
    assert loaded("zodiac", "flow", "astrology") == ["flow", "astrology", "zodiac"]
    assert [item.name for item in list_minds()] == ["macro", "flow", "contrarian", "astrology", "zodiac"]
    assert loaded() == ["macro", "flow", "contrarian"], (
        "what is installed must not change a run that did not ask for it"
    )


def test_a_listing_says_where_a_mind_comes_from(shelf: Shelf) -> None:
    shelf.put("zodiac")
    found = next(item for item in list_minds() if item.name == "zodiac")
    assert found == ("zodiac", "stranger_zodiac", "1.2", "stranger_zodiac:Mind", "Reads the tea leaves.", "")
    assert all(item.distribution == "workshop-desk" and not item.error and item.summary for item in list_minds()[:3])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("contrarain", "did you mean 'contrarian'?"),
        ("Macro", "did you mean 'macro'?"),
        ("xyzzy", "known: contrarian, flow, macro"),
        ("", "known: contrarian, flow, macro"),
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


def test_each_call_gives_minds_of_its_own() -> None:
    assert load_minds()[0] is not load_minds()[0]


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


def test_two_packages_that_offer_one_name_are_refused(shelf: Shelf) -> None:
    shelf.put("flow", package="imitator")
    with pytest.raises(InputError, match=r"two .*packages offer .*'flow'.*stranger_imitator.*uninstall one"):
        load_minds(["macro"])


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
    with pytest.raises(InputError, match="no mind is called 'astrology'"):
        load_minds(["astrology"])
    monkeypatch.setenv("WORKSHOP_MINDS", "")
    assert list_minds() == []
