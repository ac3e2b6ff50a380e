"""A run as a whole: the same bytes from the same knowledge, and nothing acknowledged is ever lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from backtest.run import Done, Progress, _batches, load_market, run_backtest
from backtest.scores import ScoreBook
from backtest.settings import Settings, default_targets, parse_targets
from engine.bars import FIELDS, Bars
from engine.errors import ChainError, InputError, LedgerError
from engine.ledger import Entry, Ledger
from engine.ledger_lock import WriterLock
from engine.sources.csv_folder import CsvFolder
from tests.runs import Prices, calm_bars, command, write_folder
from tests.worlds import WORLD, cut_bars

SESSIONS = 330
BARS = calm_bars(71, SESSIONS)
DAYS = Prices(BARS).sessions
START, MIDDLE, END, LATER = (DAYS[at] for at in (120, 200, 250, 290))
"""One stock lists at session 264."""

GARBAGE = """2030-01-02,1,2,3,4,5,6
this is not a line of prices
2001-04-xx,,,
2031-01-01,nan,-5,1e400,abc,,\x00
"""


class Left(NamedTuple):
    """What a run left on the disk, as bytes that equal runs must share."""

    scores: bytes
    head: str
    bodies: tuple[bytes, ...]

    @property
    def document(self) -> dict[str, Any]:
        """`scores.json`, read."""
        found: dict[str, Any] = json.loads(self.scores)
        return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole folder of prices."""
    return write_folder(tmp_path_factory.mktemp("data") / "whole", BARS)


@pytest.fixture(scope="module")
def reference(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Left:
    """The run that all others are held against."""
    out = tmp_path_factory.mktemp("reference") / "run"
    go(data, out)
    return left(out)


def settings(end: str = END, start: str = START, **changes: Any) -> Settings:
    usual = Settings(
        "csv", WORLD, date.fromisoformat(start), date.fromisoformat(end), ("macro", "flow", "contrarian"),
        default_targets(WORLD), essays=0,
    )  # fmt: skip
    return replace(usual, **changes)


def go(
    data: Path, out: Path, asked: Settings | None = None, *, resume: bool = False, progress: Progress | None = None
) -> Done:
    return run_backtest(asked or settings(), CsvFolder(data), out, resume=resume, progress=progress)


def entries(out: Path) -> list[Entry]:
    with Ledger.open(out / "ledger.sqlite") as ledger:
        ledger.verify()
        return list(ledger.entries())


def left(out: Path) -> Left:
    found = entries(out)
    return Left((out / "scores.json").read_bytes(), found[-1].digest, tuple(entry.body for entry in found))


# --- the same knowledge, the same bytes -----------------------------------------------------------------------------


def test_twice_in_one_process(data: Path, reference: Left, tmp_path: Path) -> None:
    done = go(data, tmp_path / "again")
    assert left(tmp_path / "again") == reference
    assert done.head.digest == reference.head == done.scores["digest"]
    assert len(reference.bodies) == 1 + 250 - 120 + 1
    assert reference.document["claims"]["published"] > 200


def bent(bars: Mapping[str, Bars], rng: np.random.Generator) -> dict[str, Bars]:
    """The same bars up to END, and after it prices that no market has seen."""
    found = {}
    for symbol, item in bars.items():
        later = item.days > np.datetime64(END)
        columns = {name: getattr(item, name).copy() for name in FIELDS}
        for column in columns.values():
            column[later] = rng.choice([-3.0, 0.0, 1e-9, 1e15, 77.0], int(later.sum()))
        found[symbol] = Bars(symbol, item.days.copy(), **columns)
    return found


def futures(folder: Path) -> dict[str, Path]:
    """Folders that agree up to END and nowhere after it."""
    known = cut_bars(BARS, np.datetime64(END))
    assert len(known) < len(BARS), "no symbol that lists after END: a folder cut there would lack none"
    return {
        "cut at END": write_folder(folder / "cut", known),
        "garbage text": write_folder(folder / "text", BARS, GARBAGE),
        "garbage after a cut": write_folder(folder / "cut-text", known, GARBAGE),
        "garbage prices": write_folder(folder / "prices", bent(BARS, np.random.default_rng(1))),
    }


def test_end_is_the_end_of_knowledge(reference: Left, tmp_path: Path) -> None:
    for what, folder in futures(tmp_path).items():
        go(folder, tmp_path / f"out-{folder.name}")
        assert left(tmp_path / f"out-{folder.name}") == reference, what


def test_claims_due_after_the_end_stay_open(reference: Left) -> None:
    published = [claim for text in reference.bodies[1:] for claim in json.loads(text)["claims"]]
    settled = {verdict["id"] for text in reference.bodies[1:] for verdict in json.loads(text)["verdicts"]}
    waiting = [claim for claim in published if claim["id"] not in settled]
    assert waiting and all(claim["deadline"] > END for claim in waiting)
    assert reference.document["claims"]["open"] == len(waiting)


def test_the_bound_counts_the_most_forecasts_that_were_ever_open_at_a_time(reference: Left) -> None:
    standing: dict[str, set[str]] = {}
    most: dict[str, int] = {}
    for text in reference.bodies[1:]:
        for verdict in json.loads(text)["verdicts"]:
            for claims in standing.values():
                claims.discard(verdict["id"])
        for claim in json.loads(text)["claims"]:
            if claim["kind"] == "direction":
                key = f"{claim['symbol']}:{claim['horizon']}"
                standing.setdefault(key, set()).add(claim["id"])
                most[key] = max(most.get(key, 0), len(standing[key]))
    assert most == {"MKT:1": 1, "GRO:1": 1, "SML:2": 2}
    synthesis = reference.document["synthesis"]
    assert synthesis["outstanding"] == 4 and synthesis["bound"] == pytest.approx(4 * np.log(2.0) / 2.0)


SAMPLE = ("backtest", "--start", "2003-01-02", "--end", "2003-03-31", "--essays", "none")


def test_processes_agree_whatever_their_surroundings(tmp_path: Path) -> None:
    """Another hash seed, time zone, language and order of minds; the sample that everybody has."""
    runs: list[tuple[dict[str, str], str]] = [
        ({"PYTHONHASHSEED": "0", "TZ": "UTC"}, "macro,flow,contrarian"),
        ({"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"}, "contrarian,macro,flow"),
        ({"PYTHONHASHSEED": "random", "TZ": "America/Los_Angeles", "LC_ALL": "C", "OPENBLAS_NUM_THREADS": "1"},
         "flow,contrarian,macro"),
    ]  # fmt: skip

    def run(at: int) -> Left:
        surroundings, minds = runs[at]
        out = tmp_path / str(at)
        ran = command(*SAMPLE, "--out", out, "--minds", minds, env=surroundings)
        assert ran.code == 0, ran.err
        return left(out)

    with ThreadPoolExecutor(2) as pool:
        first, *others = pool.map(run, range(len(runs)))
    assert others == [first] * len(others)
    assert first.document["range"] == {"start": "2003-01-02", "end": "2003-03-31", "sessions": 61}


# --- going on -------------------------------------------------------------------------------------------------------


def test_a_longer_range_extends_the_ledger(data: Path, tmp_path: Path) -> None:
    """What was said until the middle stays as it was; going on gives what one run would have given."""
    out = tmp_path / "run"
    go(data, out, settings(MIDDLE))
    short = entries(out)
    assert [entry.key for entry in short] == ["", *DAYS[120:201]]
    assert any(MIDDLE < str(bars.days[0]) <= LATER for bars in BARS.values()), "nothing lists in between"
    go(data, out, settings(LATER), resume=True)
    assert entries(out)[: len(short)] == short
    go(data, tmp_path / "at-once", settings(LATER))
    assert left(out) == left(tmp_path / "at-once")


def test_resuming_what_is_finished_changes_nothing(data: Path, reference: Left, tmp_path: Path) -> None:
    out = tmp_path / "run"
    for _ in range(3):
        go(data, out, resume=True)  # the first one begins it
        assert left(out) == reference


AT_ONCE = 32  # sessions that are committed together


def test_progress_is_told_of_what_is_kept(data: Path, tmp_path: Path) -> None:
    """Whenever progress hears of a session, another reader finds it in the ledger."""
    out, told = tmp_path / "run", list[str]()

    def progress(done: int, total: int, day: str) -> None:
        told.append(day)
        assert (done, total) == (len(told), 81)
        if done in (1, 2, 40, 81):
            with Ledger.open(out / "ledger.sqlite") as reader:
                kept = [entry.key for entry in reader.entries(1)]
                assert kept[: len(told)] == told and len(kept) < len(told) + AT_ONCE

    go(data, out, settings(MIDDLE), progress=progress)
    assert len(told) == 81 and told[0] == START and told[-1] == MIDDLE


class Stop(Exception):
    """What a test throws into a run."""


def test_an_exception_half_way_loses_nothing_and_resumes(data: Path, reference: Left, tmp_path: Path) -> None:
    out, kept = tmp_path / "run", 0
    for stop in (1, 60, 20, 131):

        def progress(done: int, _total: int, _day: str, stop: int = stop) -> None:
            if done == stop:
                raise Stop

        with pytest.raises(Stop):
            go(data, out, resume=True, progress=progress)
        before, kept = max(kept, stop), len(entries(out)) - 1
        assert before <= kept < before + AT_ONCE, "what was acknowledged, and at most what was committed with it"
        assert [entry.key for entry in entries(out)[1:]] == DAYS[120 : 120 + kept]
        assert not (out / "scores.json").exists(), "no scores of half a run"
    go(data, out, resume=True)
    assert left(out) == reference


KILLER = """
import json, os, random, signal, sys, time
from pathlib import Path
from tests.backtest.test_run import go, left, settings
from engine.ledger import Ledger

data, scratch, trials = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
asked = settings(sys.argv[4])
chance = random.Random(int(sys.argv[5]))

def run(out, acknowledged, delay):
    '''Run in a child; kill it `delay` seconds after it has acknowledged that many sessions.'''
    listen, speak = os.pipe()
    child = os.fork()
    if not child:
        os.close(listen)

        def progress(done, total, day):
            os.write(speak, (day + "\\n").encode())
            time.sleep(0.0005)  # or the run is over before anybody can kill it

        go(data, out, asked, resume=True, progress=progress)
        os._exit(0)
    os.close(speak)
    heard = b""
    with os.fdopen(listen, "rb", buffering=0) as pipe:
        while heard.count(b"\\n") < acknowledged and (more := pipe.read(11)):
            heard += more
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        while more := pipe.read(4096):
            heard += more
    os.waitpid(child, 0)
    return heard.decode().split()

results = []
for trial in range(trials):
    out = scratch / str(trial)
    kills = []
    for _ in range(3):
        told = run(out, chance.randint(0, 80), chance.choice([0.0, 0.0, 0.001, 0.01, 0.1]))
        kept = []
        if (out / "ledger.sqlite").exists():
            with Ledger.open(out / "ledger.sqlite") as ledger:
                ledger.verify()
                kept = [entry.key for entry in ledger.entries(1)]
        kills.append([told, kept])
    go(data, out, asked, resume=True)
    made = left(out)
    results.append({"kills": kills, "scores": made.scores.decode(), "head": made.head})
print(json.dumps(results))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_killed_at_any_moment_nothing_acknowledged_is_missing_and_a_resumed_run_is_the_same(
    data: Path, tmp_path: Path
) -> None:
    """Kill -9 three times running at random moments, also in loading, in the resumed part and in the last steps."""
    go(data, tmp_path / "whole", settings(MIDDLE))
    whole = left(tmp_path / "whole")
    ran = command(data, tmp_path, "5", MIDDLE, "1", code=KILLER)
    assert ran.code == 0, ran.err
    depths = set()
    for result in json.loads(ran.out):
        assert (result["scores"].encode(), result["head"]) == (whole.scores, whole.head)
        before = 0
        for told, kept in result["kills"]:
            assert kept == [json.loads(text)["session"] for text in whole.bodies[1 : len(kept) + 1]]
            assert set(told) <= set(kept), "acknowledged and gone"
            assert len(kept) >= before, "what one run kept the next one must not lose"
            before = len(kept)
            depths.add(len(kept))
    assert len(depths) > 2, "the kills all came at the same moment"


# --- what a run refuses ---------------------------------------------------------------------------------------------


@pytest.fixture
def begun(data: Path, tmp_path: Path) -> Path:
    """A folder with a short run in it."""
    go(data, tmp_path / "begun", settings(DAYS[160]))
    return tmp_path / "begun"


def state(out: Path) -> dict[str, object]:
    """Every file with what it says; a ledger by its entries, for opening one for writing stamps its header."""
    files = {str(path.relative_to(out)): path for path in out.rglob("*") if path.is_file()}
    found: dict[str, object] = {name: path.read_bytes() for name, path in files.items()}
    with contextlib.suppress(LedgerError, ChainError):
        found["ledger.sqlite"] = entries(out)
    return found


def refused(
    match: str, data: Path, out: Path, asked: Settings | None = None, *, resume: bool = True,
    error: type[Exception] = InputError,
) -> None:  # fmt: skip
    """The run ends in one sentence, and the folder is as it was."""
    before = state(out)
    with pytest.raises(error, match=match) as caught:
        go(data, out, asked, resume=resume)
    assert "\n" not in str(caught.value)
    assert state(out) == before


def test_an_existing_run_is_not_overwritten(data: Path, begun: Path) -> None:
    refused(r"begun already holds a run; add --resume .* or choose another --out", data, begun, resume=False)


def test_other_data_are_refused_at_the_first_difference(data: Path, begun: Path, tmp_path: Path) -> None:
    """One price of one symbol, one cent."""
    at = 155
    gold = BARS["AU"]
    close = gold.close.copy()
    place = int(np.searchsorted(gold.days, np.datetime64(DAYS[at])))
    close[place] += 0.01
    high = np.maximum(gold.high, close)
    changed = Bars("AU", gold.days, gold.open, high, gold.low, close, gold.adj_close, gold.volume)
    folder = shutil.copytree(data, tmp_path / "other")
    write_folder(folder, {"AU": changed})
    day = str(gold.days[place])
    refused(rf"differs from this run at {day}: the data or the program have changed", folder, begun)


@pytest.mark.parametrize(
    "asked",
    [
        settings(start=DAYS[121]),
        settings(minds=("macro", "flow")),
        settings(targets=parse_targets("market:1", WORLD)),
        settings(universe=replace(WORLD, name="elsewhere")),
        settings(universe=replace(WORLD, lags={"R10Y": 1})),
        settings(source="yahoo"),
    ],
)
def test_other_settings_are_refused(data: Path, begun: Path, asked: Settings) -> None:
    refused(r"begun holds a run with other settings; choose another --out", data, begun, asked)


def test_minds_out_of_order_are_refused(data: Path, tmp_path: Path) -> None:
    refused(r"heard as \('macro', 'flow'\), so say it so", data, tmp_path / "run", settings(minds=("flow", "macro")))
    assert not (tmp_path / "run").exists()


def test_a_shorter_range_is_refused(data: Path, begun: Path) -> None:
    refused(rf"holds a longer run than --end {DAYS[155]}; give a later --end", data, begun, settings(DAYS[155]))


def test_two_runs_cannot_write_one_ledger(data: Path, begun: Path) -> None:
    lock = WriterLock(begun / "ledger.sqlite")
    try:
        with pytest.raises(LedgerError, match=r"ledger\.sqlite is in use by another process; wait"):
            go(data, begun, resume=True)
    finally:
        lock.release()
    go(data, begun, resume=True)
    assert len(entries(begun)) == 132


def other_database(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
    db.close()


def test_a_damaged_ledger_is_told_and_left_alone(data: Path, begun: Path) -> None:
    file = begun / "ledger.sqlite"
    text = file.read_bytes()
    file.write_bytes(text.replace(b'"cycle":5', b'"cycle":6', 1))
    assert file.read_bytes() != text
    refused("entry 5", data, begun, error=ChainError)


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.write_text("dear diary"),
        lambda path: path.write_bytes(bytes(range(256)) * 40),
        lambda path: path.touch(),
        lambda path: path.mkdir(),
        other_database,
    ],
    ids=["text", "noise", "empty", "folder", "database"],
)
@pytest.mark.parametrize("resume", [False, True])
def test_a_foreign_file_in_the_ledgers_place_is_refused(
    data: Path, tmp_path: Path, put: Callable[[Path], object], resume: bool
) -> None:
    out = tmp_path / "out"
    (out / "essays").mkdir(parents=True)
    put(out / "ledger.sqlite")
    refused("ledger" if resume else "already holds a run", data, out, resume=resume)


@pytest.mark.parametrize("name", ["file/below", "x" * 300])
def test_a_folder_that_cannot_be_made_is_refused(data: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match=r"cannot write to the folder .*; choose another --out"):
        go(data, tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_bad_input_leaves_nothing_behind(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for asked in (settings(end="2030-01-01"), settings(start="1990-01-01"), settings(minds=("nobody",))):
        with pytest.raises(InputError):
            go(data, out, asked)
        assert not out.exists()


# --- what it leaves -------------------------------------------------------------------------------------------------


def test_the_folder_of_a_run(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = go(data, out, settings(MIDDLE))
    assert sorted(path.name for path in out.iterdir()) == ["essays", "ledger.sqlite", "run.json", "scores.json"]
    assert done.essay is None and not list((out / "essays").iterdir())
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["settings"] == {
        "source": "csv", "universe": "world", "start": START, "end": MIDDLE, "minds": ["macro", "flow", "contrarian"],
        "targets": ["MKT:1", "GRO:1", "SML:2"], "pairs": [], "regime": "rules", "essays": 0,
        "adviser": None,
    }  # fmt: skip
    assert record["ledger"] == {"entries": 82, "digest": done.head.digest}
    assert record["data"]["first"] == DAYS[0] and record["data"]["last"] == MIDDLE
    assert record["data"]["digest"] == json.loads(entries(out)[-1].body)["data"]
    assert set(record["data"]["symbols"]) == {name for name, bars in BARS.items() if str(bars.days[0]) <= MIDDLE}
    assert {"numpy", "pandas", "orjson"} <= set(record["packages"]) and record["python"]
    assert record["packages"] == {name: metadata.version(name) for name in record["packages"]}
    assert all(value > 0.0 for value in record["timings"].values())
    assert (out / "scores.json").read_bytes().endswith(b"}\n")


def walk(document: object, path: str = "") -> list[tuple[str, object]]:
    if isinstance(document, dict):
        return [item for key, value in document.items() for item in walk(value, f"{path}.{key}")]
    if isinstance(document, list):
        return [item for value in document for item in walk(value, path)]
    return [(path, document)]


def test_scores_hold_no_path_and_no_timing(reference: Left, tmp_path_factory: pytest.TempPathFactory) -> None:
    for path, value in walk(reference.document):
        assert "seconds" not in path and "time" not in path
        assert not isinstance(value, str) or not ("/" in value or os.sep in value), path
    assert str(tmp_path_factory.getbasetemp()) not in reference.scores.decode()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_sessions_worked_out_before_a_failure_are_kept(size: int) -> None:
    """Records are committed some at a time; nobody may lose those that came before a fault or an interruption."""

    def records() -> Iterator[Any]:
        yield from "abcd"
        raise KeyboardInterrupt

    seen: list[Any] = []
    with pytest.raises(KeyboardInterrupt):
        for batch in _batches(records(), size):
            seen += batch
    assert seen == list("abcd")
    four: Iterator[Any] = iter("abcd")
    assert [len(batch) for batch in _batches(four, size)] == [min(size, 4 - at) for at in range(0, 4, size)]


def test_bars_are_let_go_before_scores_are_made(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores and report need memory of their own; a run never holds both."""
    seen: list[weakref.ref[Any]] = []
    held: list[bool] = []

    def load(*arguments: Any) -> Any:
        market, notices = load_market(*arguments)
        seen.append(weakref.ref(market))
        return market, notices

    def table(book: ScoreBook, *arguments: Any) -> dict[str, Any]:
        held.append(seen[0]() is not None)
        return made(book, *arguments)

    made = ScoreBook.table
    monkeypatch.setattr("backtest.run.load_market", load)
    monkeypatch.setattr(ScoreBook, "table", table)
    run_backtest(settings(), CsvFolder(data), tmp_path / "out")
    assert held == [False]
