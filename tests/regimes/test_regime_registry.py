"""The door through which regime models come in, what becomes of one that breaks its contract, and `--regime`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backtest.replay import Replay
from engine.errors import InputError
from engine.ledger import Ledger
from engine.market import Market
from engine.signals.spec import SignalSpec
from engine.snapshot import Snapshot
from minds.registry import load_minds
from minds.view import Abstention
from regimes.markov import MarkovModel
from regimes.model import RegimeReader
from regimes.reading import Component, RegimeReading
from regimes.registry import list_regimes, load_regime
from tests.regimes.planted import planted
from tests.runs import READING, TARGETS, calm_bars, main, snapshots, write_folder, write_universe
from tests.worlds import WORLD

SOUND = '''
from regimes.reading import RegimeReading

class Model:
    """Says what the moon says.

    And more.
    """
    name = "moon"
    signals = ()
    refit_every = 10

    def __init__(self{argument}):
        self.folder = {folder}

    def fit(self, past):
        self.fits = getattr(self, "fits", 0) + 1

    def update(self, today):
        return RegimeReading("neutral", 0.0, "unknown", "confirmed", today.session, self.fits, 1.0, ())
'''
PLAIN = SOUND.format(argument="", folder="None")
KEEPING = SOUND.format(argument=", cache=None", folder="cache")


class Shelf:
    """A folder on the import path, with one distribution for each model that is put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, code: str, name: str = "moon") -> None:
        """Install a distribution that offers a model called `name`."""
        module = f"stranger_{name}"
        (self.folder / f"{module}.py").write_text(code, encoding="utf-8")
        about = self.folder / f"{module}-2.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 2.0\n", encoding="utf-8")
        points = f"[workshop.regimes]\n{name} = {module}:Model\n"
        (about / "entry_points.txt").write_text(points, encoding="utf-8")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield Shelf(folder)
    for name in [name for name in sys.modules if name.startswith("stranger_")]:
        del sys.modules[name]


# --- the registry ---


@pytest.mark.parametrize("name", ["rules", "markov", "sma200"])
def test_the_built_in_models_come_by_name(name: str) -> None:
    model = load_regime(name)
    assert model.name == name
    assert load_regime(name) is not model, "each run has a model of its own"


def test_the_listing_says_what_there_is_and_where_it_comes_from(shelf: Shelf) -> None:
    shelf.put(PLAIN)
    found = list_regimes()
    assert [item.name for item in found] == ["rules", "markov", "sma200", "moon"]
    assert all(item.distribution == "workshop-desk" and item.summary and not item.error for item in found[:3])
    assert found[3] == ("moon", "stranger_moon", "2.0", "stranger_moon:Model", "Says what the moon says.", "")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("markof", "did you mean 'markov'?"),
        ("rule", "did you mean 'rules'?"),
        ("SMA200", "did you mean 'sma200'?"),
        ("xyzzy", "known: markov, rules, sma200"),
        ("", "known: markov, rules, sma200"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        load_regime(name)
    assert str(caught.value) == f"no regime model is called {name!r}; {hint}"


def test_the_folder_for_fits_goes_to_those_who_ask_for_it(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put(PLAIN)
    shelf.put(KEEPING.replace('"moon"', '"sun"'), "sun")
    assert getattr(load_regime("moon", tmp_path), "folder", "") is None
    assert getattr(load_regime("sun", tmp_path), "folder", "") == tmp_path
    assert getattr(load_regime("sun"), "folder", "") is None


BROKEN = [
    ("raise RuntimeError('no moon tonight')", "cannot be loaded: RuntimeError: no moon tonight"),
    ("import sys; sys.exit('bye')", "cannot be loaded: SystemExit: bye"),
    ("Model = 7", "cannot be loaded: TypeError"),
    ("class Other: pass", "cannot be loaded: AttributeError"),
    (PLAIN.replace("(self)", "(self, key)"), "cannot be loaded: TypeError"),
    (PLAIN.replace('"moon"', '"sun"'), "must have that `name` and the methods `fit` and `update`"),
    (PLAIN.replace("def fit", "def fitted"), "must have that `name` and the methods `fit` and `update`"),
    (PLAIN.replace("def update", "def read"), "must have that `name` and the methods `fit` and `update`"),
    (PLAIN.replace("refit_every = 10", "refit_every = -1"), "must say in `refit_every`"),
    (PLAIN.replace("refit_every = 10", "refit_every = 0.5"), "must say in `refit_every`"),
    (PLAIN.replace("    refit_every = 10\n", ""), "must say in `refit_every`"),
    (PLAIN.replace("signals = ()", "signals = ['ret_1d']"), "must list its own signals"),
    (PLAIN.replace("signals = ()", "signals = ('ret_1d',)"), "must list its own signals"),
]


@pytest.mark.parametrize(("code", "error"), BROKEN)
def test_a_broken_plug_in_is_listed_with_its_error_and_refused_by_name(shelf: Shelf, code: str, error: str) -> None:
    shelf.put(code)
    found = list_regimes()[-1]
    assert found.error.startswith("the regime model 'moon' (stranger_moon:Model)") and error in found.error
    assert load_regime("rules").name == "rules", "a stranger's fault must not touch those who did not ask for it"
    with pytest.raises(InputError) as caught:
        load_regime("moon")
    assert str(caught.value).startswith(found.error.split("(")[0]) and error in str(caught.value)


def test_a_model_that_lacks_a_package_says_so_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    with pytest.raises(InputError) as caught:
        load_regime("markov")
    assert str(caught.value).startswith("the regime model 'markov' is fitted by statsmodels, which is not installed")
    found = {item.name: item.error for item in list_regimes()}
    assert found == {"rules": "", "markov": str(caught.value), "sma200": ""}


def test_the_environment_can_limit_which_models_there_are(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.put("raise RuntimeError('it must not even be imported')")
    monkeypatch.setenv("WORKSHOP_REGIMES", "rules, sma200")
    assert [item.name for item in list_regimes()] == ["rules", "sma200"]
    with pytest.raises(InputError, match="WORKSHOP_REGIMES leaves out the regime model 'moon'"):
        load_regime("moon")


# --- how a model is asked ---

MARKET = planted(1, np.full(25, 0.01))


class Told:
    """A model that does as it is told and writes down when it was asked."""

    name = "told"
    signals: tuple[SignalSpec, ...] = ()

    def __init__(self, every: int = 0, answer: object = READING) -> None:
        self.refit_every, self.answer = every, answer
        self.asked: list[tuple[str, str]] = []

    def fit(self, past: Snapshot) -> None:
        """Write down the session."""
        self.asked.append(("fit", past.session))

    def update(self, today: Snapshot) -> RegimeReading:
        """Write down the session, and answer."""
        self.asked.append(("update", today.session))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]  # a stranger's answer may be anything


def asked(model: Told, market: Market = MARKET) -> RegimeReading:
    """The last reading."""
    reader = RegimeReader(model)
    return [reader.read(snapshot) for snapshot in snapshots(market, ())][-1]


@pytest.mark.parametrize(("every", "fits"), [(0, []), (1, list(range(25))), (7, [0, 7, 14, 21]), (100, [0])])
def test_a_fit_comes_on_the_first_session_and_then_on_schedule(every: int, fits: list[int]) -> None:
    model, days = Told(every), MARKET.calendar.labels
    assert asked(model) is READING
    wanted = [(what, days[at]) for at in range(25) for what in ("fit", "update") if what == "update" or at in fits]
    assert model.asked == wanted


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "it returned NoneType instead of a RegimeReading"),
        (("neutral", 0.1), "it returned tuple instead of a RegimeReading"),
        (dict(label="panic"), "'panic'"),
        (dict(path="up"), "'up'"),
        (dict(status="fine"), "'fine'"),
        (dict(score=1.5), "its score must be None or a plain float"),
        (dict(score=float("nan")), "its score must be None or a plain float"),
        (dict(score=np.float64(0.5)), "its score must be None or a plain float"),
        (dict(coverage=None), "its coverage a plain float"),
        (dict(components=(("calm", 1.0, 1.0),)), "its components must be of type Component"),
        (dict(components=(Component("calm", 2.0, 1.0),)), "its components must be of type Component"),
        (dict(reasons=["why"]), "its reasons must be a tuple of texts"),
        (dict(reasons=(None,)), "its reasons must be a tuple of texts"),
    ],
)
def test_what_is_no_reading_is_refused_with_the_day(answer: Any, told: str) -> None:
    """A dictionary stands for a sound reading with these changes."""
    if isinstance(answer, dict):
        answer = RegimeReading(**{**READING._asdict(), **answer})
    with pytest.raises(InputError) as caught:
        asked(Told(answer=answer))
    assert str(caught.value).startswith("the regime model 'told' gave no reading on 2000-01-03: ")
    assert told in str(caught.value)


def test_a_model_that_fails_ends_the_run_in_one_sentence() -> None:
    with pytest.raises(InputError) as caught:
        asked(Told(answer=ValueError("the moon\n  is new")))
    assert str(caught.value) == "the regime model 'told' failed on 2000-01-03 with ValueError: the moon is new"
    with pytest.raises(InputError, match=r"^buy a calendar$"):
        asked(Told(answer=InputError("buy a calendar")))


# --- in a replay and on the command line ---

SESSIONS = 150


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The options of a short run."""
    folder = tmp_path_factory.mktemp("world")
    bars = calm_bars(5, SESSIONS)
    write_folder(folder / "prices", bars)
    days = bars["MKT"].days
    return (
        "--data", f"csv:{folder / 'prices'}", "--universe", str(write_universe(folder / "world.toml")),
        "--start", str(days[100]), "--end", str(days[110]), "--essays", "none",
    )  # fmt: skip


def test_a_replay_fits_from_its_first_session_on_and_minds_keep_their_gauges() -> None:
    market = Market.build(WORLD, calm_bars(5, SESSIONS))
    model = Told(40)
    found = list(Replay(market, load_minds(), TARGETS, model, 120).run())
    days = market.calendar.labels
    assert [day for what, day in model.asked if what == "fit"] == [days[at] for at in (0, 40, 80, 120)]
    assert [day for what, day in model.asked if what == "update"] == days[: market.size]
    said = [item for record in found for views in record.views.values() for item in views]
    assert said and not any(isinstance(item, Abstention) and "it failed" in item.reason for item in said)


def test_an_unknown_model_is_bad_input_and_leaves_no_folder(world: tuple[str, ...], tmp_path: Path) -> None:
    ran = main("backtest", *world, "--out", tmp_path / "run", "--regime", "markof")
    assert ran.code == 2
    assert ran.err == "workshop: no regime model is called 'markof'; did you mean 'markov'?\n"
    assert not (tmp_path / "run").exists()


def test_a_run_says_in_its_ledger_which_model_it_used(
    world: tuple[str, ...], shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put(PLAIN)
    monkeypatch.setenv("WORKSHOP_CACHE", str(tmp_path / "cache"))
    for name, arguments in (("moon", ("--regime", "moon")), ("rules", ()), ("sma200", ("--regime", "sma200"))):
        out = tmp_path / name
        assert main("backtest", *world, "--out", out, *arguments).code == 0
        with Ledger.open(out / "ledger.sqlite") as ledger:
            assert f'"regime":"{name}"'.encode() in ledger.genesis()
    ran = main("backtest", *world, "--out", tmp_path / "moon", "--resume", "--regime", "sma200")
    assert ran.code == 2 and "other settings" in ran.err


def test_a_model_that_fails_in_a_run_is_one_sentence(world: tuple[str, ...], shelf: Shelf, tmp_path: Path) -> None:
    shelf.put(PLAIN.replace("self.fits, 1.0", "self.fits, 1.0 / 0.0"))
    ran = main("backtest", *world, "--out", tmp_path / "run", "--regime", "moon")
    assert ran.code == 2 and ran.err.count("\n") == 1
    assert "the regime model 'moon' failed on 2000-01-03 with ZeroDivisionError" in ran.err


def test_help_names_the_option() -> None:
    assert "--regime NAME" in main("backtest", "--help").out


def test_the_markov_model_takes_the_folder() -> None:
    assert isinstance(load_regime("markov", Path("somewhere")), MarkovModel)
