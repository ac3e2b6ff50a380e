"""What a broken plug-in can do through the command line: its own abstention, or one sentence to those who asked for it.

Each plug-in is an installed distribution; the truth is what the same command gives without it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desk import watch
from engine.ledger import Ledger
from tests.runs import Prices, Ran, calm_bars, command, main, write_folder, write_universe
from tests.shelf import Shelf, put_up

BARS = calm_bars(81, 290)
DAYS = Prices(BARS).sessions
HEAD = "import os, sys, time\nimport numpy as np\nfrom minds import *\n"
MIND = (
    HEAD
    + '''
class Mind:
    """A stranger."""
    name = "zodiac"
    def view(self, snapshot, reading, target):
        {view}
'''
)
SPEC = '''
def make(columns):
    {make}
def spec(name, make):
    return SignalSpec(name, "sigma", 1, ("market",), make, "made up")
class Mind:
    """A stranger with a signal."""
    name = "zodiac"
    signals = (spec({name!r}, make),)
    def view(self, snapshot, reading, target):
        z = snapshot.z({name!r})
        if z is None:
            return Abstention(self.name, target.key, snapshot.why_missing({name!r}))
        return View(self.name, target.key, z / 3)
'''


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """Options of a short backtest over invented prices."""
    folder = tmp_path_factory.mktemp("world")
    prices, universe = write_folder(folder / "prices", BARS), write_universe(folder / "world.toml")
    return ("--data", f"csv:{prices}", "--universe", str(universe), "--start", DAYS[270], "--end", DAYS[280])


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    (tmp_path / "shelf").mkdir()
    with put_up(tmp_path / "shelf", monkeypatch) as shelf:
        yield shelf


def backtest(world: tuple[str, ...], out: Path, minds: str, *more: str) -> Ran:
    return main("backtest", *world, "--out", out, "--minds", minds, "--essays", "none", *more)


def said(out: Path) -> list[dict[str, Any]]:
    """What the mind `zodiac` said in each session, by target."""
    return [{key: views["zodiac"] for key, views in body["views"].items()} for body in bodies(out)]


def bodies(out: Path) -> list[dict[str, Any]]:
    with Ledger.open(out / "ledger.sqlite") as ledger:
        return [json.loads(entry.body) for entry in ledger.entries(1)]


def others(out: Path) -> list[Any]:
    """What everybody else said."""
    return [
        {key: {name: view for name, view in views.items() if name != "zodiac"} for key, views in body["views"].items()}
        for body in bodies(out)
    ]


def one_sentence(ran: Ran, *parts: str) -> None:
    assert (ran.code, ran.out) == (2, ""), ran
    assert ran.err.startswith("workshop: ") and ran.err.endswith("\n") and ran.err.count("\n") == 1, ran.err
    assert all(part in ran.err for part in parts), ran.err


BROKEN_VIEWS = {
    "raise ValueError('not  today')": "it failed with ValueError: not today",
    "sys.exit('bye')": "it failed with SystemExit: bye",
    "raise GeneratorExit": "it failed with GeneratorExit",
    "return self.view(snapshot, reading, target)": "it failed with RecursionError: maximum recursion depth exceeded",
    "return 0.3": "it returned float instead of a View or an Abstention",
    "return View(self.name, target.key, float('nan'))": "its lean nan lies outside -1 to 1",
    "return View(self.name, target.key, 1.5)": "its lean 1.5 lies outside -1 to 1",
    "return View(self.name, target.key, 'up')": "its lean is not a number",
    "return snapshot.z('no.such')": "it failed with InputError: no signal is called 'no.such'; `snapshot.names()`",
}


@pytest.mark.parametrize("view", BROKEN_VIEWS)
def test_a_view_that_is_broken_is_an_abstention_that_states_it(
    view: str, world: tuple[str, ...], shelf: Shelf, tmp_path: Path
) -> None:
    shelf.put("zodiac", MIND.format(view=view))
    ran = backtest(world, tmp_path / "out", "macro,zodiac")
    assert ran.code == 0, ran.err
    found = said(tmp_path / "out")
    assert len(found) == 11
    for session in found:
        assert all(answer["abstains"].startswith(BROKEN_VIEWS[view]) for answer in session.values()), session
    scores = json.loads((tmp_path / "out" / "scores.json").read_text(encoding="utf-8"))
    assert (scores["minds"]["zodiac"]["views"], scores["minds"]["zodiac"]["n"]) == (0, 0)
    assert scores["minds"]["zodiac"]["abstained"] == 11 * len(found[0])


BROKEN_AT_THE_DOOR = {
    "raise ImportError('the stars are out')": "ImportError: the stars are out",
    "def Mind(": "SyntaxError",
    "import sys; sys.exit(0)": "SystemExit: 0",
    "class Mind:\n    def __init__(self): raise RuntimeError('no star chart')": "RuntimeError: no star chart",
    "class Mind:\n    name = 'zodiac'": "must have that `name` and a method `view`",
}


@pytest.mark.parametrize("code", BROKEN_AT_THE_DOOR)
def test_a_mind_that_does_not_load_is_refused_by_name_and_listed(
    code: str, world: tuple[str, ...], shelf: Shelf, tmp_path: Path
) -> None:
    shelf.put("zodiac", code)
    one_sentence(backtest(world, tmp_path / "out", "macro,zodiac"), "zodiac", BROKEN_AT_THE_DOOR[code])
    assert not (tmp_path / "out").exists()
    assert backtest(world, tmp_path / "out", "macro").code == 0, "nobody asked for it here"
    listed = {item["name"]: item["error"] for item in json.loads(main("minds", "list", "--json").out)}
    assert BROKEN_AT_THE_DOOR[code] in listed.pop("zodiac")
    assert set(listed.values()) == {""}
    assert "does not load" in main("minds", "list").err


BROKEN_SIGNALS = {
    "raise ValueError('low  tide')": "signal 'tide' (from stranger_zodiac) failed with ValueError: low tide; mend it",
    "sys.exit(0)": "signal 'tide' (from stranger_zodiac) failed with SystemExit: 0",
    "return None": "signal 'tide' (from stranger_zodiac) failed with TypeError",
    "return [1.0], [1.0]": "must return values as an array of shape",
    "x = columns.ret('market'); return x[1:], x[1:]": "must return values as an array of shape",
    "x = columns.ret('market').astype(str); return x, x": "must return values as an array of shape",
    "columns.ret('market')[:] = 0.0": "failed with ValueError: assignment destination is read-only",
}


@pytest.mark.parametrize("make", BROKEN_SIGNALS)
def test_a_signal_that_fails_refuses_the_run_that_needs_it(
    make: str, world: tuple[str, ...], shelf: Shelf, tmp_path: Path
) -> None:
    shelf.put("zodiac", HEAD + SPEC.format(make=make, name="tide"))
    one_sentence(backtest(world, tmp_path / "out", "macro,zodiac"), BROKEN_SIGNALS[make])
    assert not (tmp_path / "out").exists(), "bad input must leave nothing behind"
    assert backtest(world, tmp_path / "out", "macro").code == 0


def test_a_signal_with_a_name_of_ours_refuses_the_run(world: tuple[str, ...], shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("zodiac", HEAD + SPEC.format(make="return columns.ret('market'), columns.ret('market')",
                                           name="market.ret_1d"))  # fmt: skip
    one_sentence(
        backtest(world, tmp_path / "out", "zodiac"),
        "two signals are called 'market.ret_1d'",
        "and stranger_zodiac); rename the plug-in's",
    )


@pytest.mark.parametrize("value", ["np.nan", "np.inf"])
def test_a_signal_without_numbers_is_missing(value: str, world: tuple[str, ...], shelf: Shelf, tmp_path: Path) -> None:
    make = f"x = np.full(columns.market.size, {value}); return x, x"
    shelf.put("zodiac", HEAD + SPEC.format(make=make, name="tide"))
    assert backtest(world, tmp_path / "out", "zodiac").code == 0
    for session in said(tmp_path / "out"):
        assert {answer["abstains"] for answer in session.values()} == {"its inputs do not allow a value today"}


def test_two_minds_of_one_package_may_share_a_signal(world: tuple[str, ...], shelf: Shelf, tmp_path: Path) -> None:
    code = HEAD + SPEC.format(make="x = columns.ret('market'); return x, 50.0 * x", name="tide")
    shelf.put("zodiac", code + "class Other(Mind):\n    name = 'other'\n",
              points="[workshop.minds]\nzodiac = stranger_zodiac:Mind\nother = stranger_zodiac:Other\n")  # fmt: skip
    assert backtest(world, tmp_path / "out", "zodiac,other").code == 0
    for body in bodies(tmp_path / "out"):
        for views in body["views"].values():
            assert views["zodiac"]["lean"] == views["other"]["lean"]


MUTATORS = {
    "numpy raises": "np.seterr(all='raise')",
    "seeds": "import random; random.seed(0); np.random.seed(0)",
    "environment": "os.environ.clear()",
    "a constant": "import minds.view; minds.view.LIMIT = 7",
    "recursion": "sys.setrecursionlimit(10_000)",
    "decimals": "import decimal; decimal.getcontext().prec = 1",
    "the universe": "snapshot.universe.roles['market'] = 'GRO'",
}


@pytest.mark.parametrize("what", MUTATORS)
def test_a_mind_that_changes_what_is_global_moves_nobody_else(
    what: str, world: tuple[str, ...], shelf: Shelf, tmp_path: Path
) -> None:
    """In a process of its own, for what it changes stays changed."""
    shelf.put("zodiac", MIND.format(view=f"{MUTATORS[what]}\n        return Abstention(self.name, target.key, 'done')"))
    path = os.pathsep.join([str(shelf.folder), *filter(None, sys.path)])
    options = ["backtest", *world, "--essays", "none"]
    ran = command(*options, "--minds", "macro,flow,zodiac", "--out", tmp_path / "with", env={"PYTHONPATH": path})
    assert ran.code == 0, ran.err
    assert main(*options, "--minds", "macro,flow", "--out", tmp_path / "without").code == 0
    assert others(tmp_path / "with") == others(tmp_path / "without")


def test_what_a_plug_in_prints_stays_out_of_the_document(world: tuple[str, ...], shelf: Shelf, tmp_path: Path) -> None:
    code = "print('imported')\n" + MIND.format(view="print('asked')")
    shelf.put("zodiac", code)
    ran = backtest(world, tmp_path / "out", "zodiac", "--json")
    assert json.loads(ran.out)["minds"]["zodiac"]["views"] == 0
    assert "imported\n" in ran.err and "asked\n" in ran.err
    assert json.loads(main("minds", "list", "--json").out)


def test_a_plug_in_that_takes_long_is_named_and_left_to_the_user(
    world: tuple[str, ...], shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mind waits until it has been named (or half a minute has passed, and the test fails)."""
    monkeypatch.setattr(watch, "PATIENCE", 0.05)
    wait = """
        for _ in range(1500):
            if self.told or "the mind 'zodiac'" in sys.stderr.getvalue():
                self.told = True
                return View(self.name, target.key, 0.5)
            time.sleep(0.02)
        self.told = True
        raise TimeoutError
    told = False
"""
    shelf.put("zodiac", MIND.format(view=wait.strip()))
    ran = backtest(world, tmp_path / "out", "zodiac")
    assert ran.code == 0
    line = f"workshop: still waiting for the mind 'zodiac' (MKT:1 on {DAYS[270]}), for more than 0 seconds; Control-C"
    (told,) = [text for text in ran.err.splitlines() if "the mind 'zodiac'" in text]
    assert told.startswith(line), told
    assert {answer["lean"] for session in said(tmp_path / "out") for answer in session.values()} == {0.5}


# --- WORKSHOP_MINDS, through every command that knows minds ---------------------------------------------------------


def test_the_variable_limits_what_loads(
    world: tuple[str, ...], shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put("astrology", "raise RuntimeError('it must not even be imported')")
    shelf.put("zodiac", MIND.format(view="return View(self.name, target.key, 0.5)"))
    assert main("doctor").code == 1, "without the variable the broken one shows"
    monkeypatch.setenv("WORKSHOP_MINDS", "zodiac, macro")
    assert [item["name"] for item in json.loads(main("minds", "list", "--json").out)] == ["macro", "zodiac"]
    assert backtest(world, tmp_path / "one", "macro,zodiac").code == 0
    one_sentence(
        backtest(world, tmp_path / "two", "flow"),
        "WORKSHOP_MINDS leaves out the mind 'flow'; add it to that variable, or name others (left in: macro, zodiac)",
    )
    one_sentence(backtest(world, tmp_path / "two", "astrology"), "WORKSHOP_MINDS leaves out the mind 'astrology'")
    one_sentence(main("backtest", *world, "--out", tmp_path / "two"), "WORKSHOP_MINDS leaves out the mind 'flow'")
    assert not (tmp_path / "two").exists()
    assert main("doctor").code == 0
    monkeypatch.setenv("WORKSHOP_MINDS", "")
    assert json.loads(main("minds", "list", "--json").out) == []
    one_sentence(backtest(world, tmp_path / "two", "macro"), "WORKSHOP_MINDS leaves out the mind 'macro'")


# --- clashes ---------------------------------------------------------------------------------------------------------


def test_a_name_that_two_packages_offer_stops_only_those_who_ask_for_it(
    world: tuple[str, ...], shelf: Shelf, tmp_path: Path
) -> None:
    for package in ("one", "two"):
        shelf.put("zodiac", MIND.format(view="return View(self.name, target.key, 0.5)"), package=package)
    assert backtest(world, tmp_path / "one", "macro").code == 0
    one_sentence(
        backtest(world, tmp_path / "two", "macro,zodiac"),
        "two packages offer a mind called 'zodiac' (stranger_one:Mind and stranger_two:Mind); uninstall one of them",
    )
    listed = json.loads(main("minds", "list", "--json").out)
    clash = [item for item in listed if item["name"] == "zodiac"]
    assert [item["distribution"] for item in clash] == ["stranger_one", "stranger_two"]
    assert all("uninstall one of them" in item["error"] for item in clash)


def test_an_imitator_of_a_built_in_mind_is_listed_and_not_used(
    world: tuple[str, ...], shelf: Shelf, tmp_path: Path
) -> None:
    shelf.put("flow", MIND.format(view="return View(self.name, target.key, 1.0)").replace("zodiac", "flow"))
    assert backtest(world, tmp_path / "after", "flow").code == 0
    options = ("--out", tmp_path / "without", "--minds", "flow", "--essays", "none")
    assert command("backtest", *world, *options).code == 0, "a process that does not see the shelf"
    assert bodies(tmp_path / "after") == bodies(tmp_path / "without")
    (error,) = [item["error"] for item in json.loads(main("minds", "list", "--json").out) if item["error"]]
    assert "'flow' belongs to a mind of Workshop, which is used; stranger_flow:Mind needs another" in error


# --- a regime model ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("update", ["raise ValueError('new moon')", "sys.exit(0)", "return None"])
def test_a_regime_model_that_fails_refuses_the_run(
    update: str, world: tuple[str, ...], shelf: Shelf, tmp_path: Path
) -> None:
    code = f"""
import sys
class Model:
    name, signals, refit_every = "moon", (), 0
    def fit(self, past): pass
    def update(self, today):
        {update}
"""
    shelf.put("moon", code, attribute="Model", group="workshop.regimes")
    one_sentence(backtest(world, tmp_path / "out", "macro", "--regime", "moon"), "the regime model 'moon'")
    assert backtest(world, tmp_path / "other", "macro").code == 0
