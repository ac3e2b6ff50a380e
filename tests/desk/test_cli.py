"""The command line: one sentence and exit code 2 for any bad input, one JSON document on request, help at once."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from desk.cli import workshop
from engine.ledger import Ledger
from tests.runs import ROOT, Prices, Ran, calm_bars, command, main, write_folder, write_universe

BARS = calm_bars(81, 300)
DAYS = Prices(BARS).sessions
FIRST, START, END, LAST = DAYS[0], DAYS[260], DAYS[280], DAYS[-1]


class Desk:
    """A folder with prices, a universe file and room for runs; every test starts from a sound command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prices = write_folder(folder / "prices", BARS)
        self.universe = write_universe(folder / "world.toml")

    def backtest(self, *more: str | Path, **changes: str | Path | None) -> Ran:
        """`workshop backtest` with the usual options, some of them changed (None: left out)."""
        options: dict[str, str | Path | None] = {
            "data": f"csv:{self.prices}", "universe": self.universe, "start": START, "end": END,
            "out": self.folder / "out", "essays": "none", **changes,
        }  # fmt: skip
        given = [text for name, value in options.items() if value is not None for text in (f"--{name}", value)]
        return main("backtest", *given, *more)

    def damaged(self, name: str, text: str) -> str:
        """`csv:` and a folder in which one file says something else."""
        folder = write_folder(self.folder / "damaged", BARS)
        (folder / name).write_text(text, encoding="utf-8")
        return f"csv:{folder}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a run, not to be changed."""
    desk = Desk(tmp_path_factory.mktemp("finished"))
    ran = desk.backtest()
    assert (ran.code, ran.out) == (0, ""), ran.err
    yield desk.folder / "out"


def sentence(ran: Ran, *fragments: str) -> None:
    """One line on stderr that names what is wrong and says what to do; nothing else."""
    assert ran.code == 2, ran
    assert ran.out == ""
    assert ran.err.endswith("\n") and ran.err.count("\n") == 1, ran.err
    assert ran.err.startswith("workshop: ") and "Traceback" not in ran.err
    for fragment in fragments:
        assert fragment in ran.err


HEADER = "date,open,high,low,close,adj_close,volume\n"
WRONG: dict[str, tuple[Callable[[Desk], Ran], tuple[str, ...]]] = {
    "missing folder": (
        lambda d: d.backtest(data="csv:/no/such/folder"),
        ("/no/such/folder does not exist; write csv:",),
    ),
    "no folder": (lambda d: d.backtest(data="csv:"), ("needs a folder; write csv:DIR",)),
    "file for a folder": (lambda d: d.backtest(data=f"csv:{d.universe}"), ("is a file; give the folder",)),
    "empty folder": (lambda d: d.backtest(data=f"csv:{d.folder}"), ("no file for the market role, MKT", "MKT.csv")),
    "other universe": (lambda d: d.backtest(universe="us"), ("no file for the market role, SPY", "--universe")),
    "empty file": (lambda d: d.backtest(data=d.damaged("MKT.csv", "")), ("MKT", "it is empty; delete it or fill it")),
    "header only": (lambda d: d.backtest(data=d.damaged("MKT.csv", HEADER)), ("MKT", "no bar", "--end")),
    "wrong column": (
        lambda d: d.backtest(data=d.damaged("GRO.csv", HEADER.replace("close,adj", "closing,adj"))),
        ("GRO.csv", "the column 'closing' is unknown (is it close?); make the first line date,open"),
    ),
    "missing column": (
        lambda d: d.backtest(data=d.damaged("GRO.csv", HEADER.replace(",volume", ""))),
        ("GRO.csv", "row 1", "the column volume is missing; make the first line"),
    ),
    "words for numbers": (
        lambda d: d.backtest(data=d.damaged("GRO.csv", f"{HEADER}2000-01-03,1,1,1,one,1,0\n")),
        ("GRO.csv", "row 2", "the close 'one' is not a number; write a plain number"),
    ),
    "unsorted": (
        lambda d: d.backtest(data=d.damaged("GRO.csv", f"{HEADER}2000-01-04,1,1,1,1,1,0\n2000-01-03,1,1,1,1,1,0\n")),
        ("GRO.csv", "row 3", "comes after 2000-01-04; sort the lines"),
    ),
    "unknown source": (
        lambda d: d.backtest(data="bloomberg"),
        ("no data source is called 'bloomberg'; known: csv:DIR",),
    ),
    "unknown universe": (lambda d: d.backtest(universe="uss"), ("no universe is called 'uss'; did you mean 'us'?",)),
    "universe name too long": (lambda d: d.backtest(universe="x" * 300 + ".toml"), ("does not exist; give a path",)),
    "no universe file": (lambda d: d.backtest(universe="no.toml"), ("no.toml does not exist; give a path",)),
    "bad universe file": (
        lambda d: d.backtest(universe=_file(d, "bad.toml", "[roles\n")),
        ("bad.toml is not valid TOML", "; mend that line"),
    ),
    "reversed range": (
        lambda d: d.backtest(start=END, end=START),
        (f"--start {END} lies after --end {START}; swap them",),
    ),
    "start before the data": (
        lambda d: d.backtest(start="1999-12-31"),
        (f"the data begin on {FIRST}", f"from {FIRST} on"),
    ),
    "end after the data": (lambda d: d.backtest(end="2030-01-02"), (f"the data end on {LAST}", f"up to {LAST}")),
    "all before the data": (lambda d: d.backtest(start="1990-01-02", end="1991-01-02"), ("MKT", "give a later --end")),
    "all after the data": (lambda d: d.backtest(start="2030-01-02", end="2031-01-02"), (f"the data end on {LAST}",)),
    "no session": (lambda d: d.backtest(start="2000-12-30", end="2000-12-31"), ("no session from 2000-12-30", "widen")),
    "no such day": (
        lambda d: d.backtest(start="2000-02-30"),
        ("--start '2000-02-30' is not a day; write it as YYYY-MM-DD",),
    ),
    "a word for a day": (lambda d: d.backtest(end="yesterday"), ("--end 'yesterday' is not a day; write it as",)),
    "no day": (lambda d: d.backtest(end=""), ("--end '' is not a day; write it as YYYY-MM-DD",)),
    "unknown mind": (lambda d: d.backtest(minds="macro,flwo"), ("no mind is called 'flwo'; did you mean 'flow'?",)),
    "mind twice": (lambda d: d.backtest(minds="flow,flow"), ("the mind 'flow' is named twice; name each once",)),
    "no mind": (lambda d: d.backtest(minds=","), ("no mind is named; give --minds a,b",)),
    "no horizon": (lambda d: d.backtest(targets="MKT"), ("the target 'MKT' is not SYMBOL:SESSIONS", "such as QQQ:1")),
    "horizon too long": (lambda d: d.backtest(targets="MKT:65"), ("'MKT:65' is not SYMBOL:SESSIONS with 1 to 64",)),
    "unknown symbol": (lambda d: d.backtest(targets="QQQ:1"), ("no symbol 'QQQ'; targets come from AU, CRUDE",)),
    "a level": (lambda d: d.backtest(targets="^VOL:1"), ("^VOL is a level", "choose a traded symbol")),
    "bad essays": (lambda d: d.backtest(essays="some"), ("--essays 'some' is not possible; give last, all, none or",)),
    "file for out": (
        lambda d: d.backtest(out=d.universe / "out"),
        ("cannot write to the folder", "choose another --out"),
    ),
    "out too long": (
        lambda d: d.backtest(out=d.folder / ("x" * 300)),
        ("cannot write to the folder", "choose another"),
    ),
    "no start": (lambda d: d.backtest(start=None), ("Missing option '--start'; see `workshop backtest --help`",)),
    "no end": (lambda d: d.backtest(end=None), ("Missing option '--end'; see `workshop backtest --help`",)),
    "no out": (lambda d: d.backtest(out=None), ("Missing option '--out'; see `workshop backtest --help`",)),
    "unknown option": (lambda d: d.backtest("--fast"), ("No such option '--fast'", "`workshop backtest --help`")),
    "an argument": (lambda d: d.backtest("spare"), ("unexpected extra argument", "`workshop backtest --help`")),
    "unknown command": (lambda d: main("backtets"), ("backtets", "see `workshop --help`")),
    "option without value": (
        lambda d: main("backtest", "--start"),
        ("'--start' requires an argument; see `workshop --help`",),
    ),
    "unknown regime": (
        lambda d: d.backtest(regime="ruels"),
        ("no regime model is called 'ruels'; did you mean 'rules'?",),
    ),
    "no ledger": (lambda d: main("ledger", "verify", d.folder / "none"), ("no ledger at", "check the path")),
    "no ledger inside": (
        lambda d: main("ledger", "verify", d.prices),
        ("no ledger at", "ledger.sqlite; check the path"),
    ),
    "foreign ledger": (
        lambda d: main("ledger", "verify", d.universe),
        ("is not a Workshop ledger", "; choose another --out"),
    ),
    "no essay": (lambda d: main("parse", d.folder / "none.md"), ("cannot read", "give the path of an essay")),
    "folder for essay": (lambda d: main("parse", d.prices), ("cannot read", "give the path of an essay")),
    "bytes for essay": (
        lambda d: main("parse", _file(d, "noise.md", "naïve", encoding="latin-1")),
        ("is not UTF-8 text; save it as UTF-8",),
    ),
}


def _file(desk: Desk, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = desk.folder / name
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize("what", WRONG)
def test_bad_input_is_one_sentence_that_says_what_to_do(what: str, desk: Desk) -> None:
    run, fragments = WRONG[what]
    sentence(run(desk), *fragments)
    assert not (desk.folder / "out").exists(), "bad input must leave nothing behind"


def test_a_process_of_its_own_says_it_the_same_way(desk: Desk) -> None:
    """No warning, no traceback and no banner comes from outside our own code."""
    options = ("--data", "csv:/no/such/folder", "--start", START, "--end", END, "--out", desk.folder / "out")
    sentence(command("backtest", *options), "/no/such/folder does not exist")


def test_an_existing_run_is_not_overwritten(finished: Path, desk: Desk) -> None:
    sentence(desk.backtest(out=finished), "already holds a run; add --resume to continue it, or choose another --out")


def test_a_bad_head_is_refused_and_a_wrong_one_is_a_failed_check(finished: Path) -> None:
    sentence(main("ledger", "verify", finished, "--head", "12"), "--head '12' is not a head; copy it from an essay")
    ran = main("ledger", "verify", finished, "--head", f"5:{'0' * 16}")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1) and "entry 4" in ran.err


def test_a_locked_and_a_foreign_ledger(desk: Desk) -> None:
    from engine.ledger_lock import WriterLock

    assert desk.backtest().code == 0
    ledger = desk.folder / "out" / "ledger.sqlite"
    lock = WriterLock(ledger)
    try:
        sentence(desk.backtest("--resume"), "ledger.sqlite is in use by another process; wait for it")
    finally:
        lock.release()
    ledger.write_bytes(b"SQLite format 3\x00 but not really")
    sentence(desk.backtest("--resume"), "is not a Workshop ledger", "; choose another --out")
    sentence(desk.backtest(), "already holds a run")
    assert ledger.read_bytes() == b"SQLite format 3\x00 but not really"


# --- what it prints -------------------------------------------------------------------------------------------------


def one_document(ran: Ran, code: int = 0) -> Any:
    """Stdout as exactly one JSON document, with nothing after it and no NaN in it."""
    assert ran.code == code, ran.err
    found, end = json.JSONDecoder(parse_constant=pytest.fail).raw_decode(ran.out)
    assert ran.out[end:] == "\n"
    return found


def test_json_of_a_backtest_is_its_scores(desk: Desk) -> None:
    ran = desk.backtest("--json")
    assert one_document(ran) == json.loads((desk.folder / "out" / "scores.json").read_text(encoding="utf-8"))
    assert ran.err == ""


def test_json_of_a_ledger(finished: Path) -> None:
    found = one_document(main("ledger", "verify", finished, "--json"))
    scores = json.loads((finished / "scores.json").read_text(encoding="utf-8"))
    assert found == {"digest": scores["digest"], "entries": 22, "ok": True}
    for head in (f"22:{scores['digest']}", f"22:{scores['digest'][:16]}"):
        assert one_document(main("ledger", "verify", finished / "ledger.sqlite", "--head", head, "--json"))["ok"]


def test_json_of_the_minds() -> None:
    found = one_document(main("minds", "list", "--json"))
    baselines = ["climatology", "yesterday", "coin", "always_up", "sma200"]
    assert [item["name"] for item in found] == ["macro", "flow", "contrarian", *baselines]
    assert all(item["summary"] and not item["error"] for item in found)


def test_json_of_the_doctor() -> None:
    found = one_document(main("doctor", "--json"))
    assert all(item["ok"] for item in found), found
    assert {"python", "packages", "sample data", "minds"} <= {item["check"] for item in found}


def test_people_read_stderr_and_stdout_stays_empty(finished: Path, desk: Desk) -> None:
    for ran, words in (
        (desk.backtest(), ("claims published", "workshop ledger verify", "Brier")),
        (main("ledger", "verify", finished), ("22 entries, chain intact",)),
        (main("minds", "list"), ("contrarian", "workshop-desk")),
        (main("doctor"), ("ok", "sample data")),
    ):
        assert (ran.code, ran.out) == (0, "")
        assert all(word in ran.err for word in words), ran.err


KEYS = {
    "": ("schema", "range", "digest", "claims", "kinds", "minds", "regimes", "synthesis", "gates", "arms"),
    "range": ("start", "end", "sessions"),
    "claims": ("published", "resolved", "void", "open"),
    "kinds.direction": (
        "n", "hit_rate", "base_rate", "brier", "brier_climatology", "skill", "bias", "ece5", "mcb", "dsc", "log_score",
        "e_value",
    ),
    "kinds.interval": ("n", "coverage", "winkler", "winkler_climatology", "skill"),
    "minds.flow": ("views", "abstained", "n", "brier", "skill", "weight", "by_regime"),
    "minds.flow.by_regime.*": ("n", "rate", "low", "high", "brier"),
    "regimes": ("flips_per_year", "sessions", "stale_share"),
    "synthesis": ("brier_sum", "climatology_sum", "bound", "outstanding"),
}  # fmt: skip


def test_scores_have_every_key_of_the_interface(finished: Path) -> None:
    scores = json.loads((finished / "scores.json").read_text(encoding="utf-8"))
    for path, keys in KEYS.items():
        part = scores
        for name in path.split(".") if path else []:
            part = next(iter(part.values())) if name == "*" else part[name]
        assert set(keys) <= set(part), path
    assert (scores["range"], scores["schema"]) == ({"start": START, "end": END, "sessions": 21}, 1)
    assert scores["kinds"]["direction"]["n"] > 0


# --- help -----------------------------------------------------------------------------------------------------------


def commands(group: click.Group = workshop, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, item in group.commands.items():
        if isinstance(item, click.Group):
            yield from commands(item, (*path, name))
        else:
            yield (*path, name)


EVERY = list(commands())


@pytest.mark.parametrize("path", EVERY, ids=[" ".join(("workshop", *path)) for path in EVERY])
def test_help_shows_an_example_that_can_be_typed(path: tuple[str, ...]) -> None:
    ran = main(*path, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: {' '.join(('workshop', *path))}")
    lines = [line.strip() for line in ran.out.splitlines()]
    shown = [line for line in lines if line.startswith("workshop ")]
    assert shown and any(line.startswith("Example") for line in lines)
    for line in shown:
        group: click.Command = workshop
        context, words = None, shlex.split(line)
        while isinstance(group, click.Group):
            context = click.Context(group, parent=context, info_name=words[0])
            _, found, words = group.resolve_command(context, words[1:])
            assert found is not None
            group, words = found, [found.name or "", *words]
        group.make_context(words[0], words[1:], parent=context)  # raises for an option or argument that does not exist


LIGHT = """
import contextlib, io, json, sys
from desk.cli import main
for path in json.loads(sys.argv[1]):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            main([*path, "--help"])
        except SystemExit as end:
            assert not end.code, path
    assert "Usage" in out.getvalue()
try:
    main(["--version"])
except SystemExit as end:
    assert not end.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_help_loads_nothing_heavy() -> None:
    ran = command(json.dumps(EVERY), code=LIGHT)
    assert ran.code == 0, ran.err
    version, modules = ran.out.splitlines()
    assert version.startswith("workshop, version ")
    heavy = {
        "pandas",
        "statsmodels",
        "yfinance",
        "litellm",
        "numpy",
        "rich",
        "exchange_calendars",
        "transitions",
        "scipy",
    }
    assert not heavy & set(json.loads(modules))


def test_without_a_command_there_is_help_and_code_2() -> None:
    ran = main()
    assert (ran.code, ran.out) == (2, "") and ran.err.startswith("Usage: workshop")


# --- interrupted ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
def test_an_interruption_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    """Control-C in the middle of twenty years: exit code 130, and whatever another reader had seen is still there."""
    out, seen = tmp_path / "run", 0
    run = subprocess.Popen(
        [sys.executable, "-c", "from desk.cli import main; main()", "backtest", "--start", "1999-01-04", "--end",
         "2018-12-31", "--out", str(out), "--essays", "all"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A suite that a shell has started in the background hands an ignored SIGINT down to whatever it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        while seen < 30 and run.poll() is None:
            time.sleep(0.05)
            if (out / "ledger.sqlite").exists():
                with Ledger.open(out / "ledger.sqlite") as reader:
                    seen = reader.head.entries
        run.send_signal(signal.SIGINT)
        said, told = run.communicate(timeout=120)
    finally:
        run.kill()
    assert run.returncode == 130, told
    kept = f"workshop: interrupted; everything acknowledged is kept in {out}: add --resume to the same command to go on"
    assert said == "" and told.strip() == kept
    found = one_document(main("ledger", "verify", out, "--json"))
    assert found["ok"] and seen <= found["entries"] < 5000
    assert not (out / "scores.json").exists()


# --- essays ---------------------------------------------------------------------------------------------------------


def test_an_essay_for_every_session_and_each_can_be_read_back(desk: Desk) -> None:
    ran = desk.backtest(essays="all", start=DAYS[284], end=LAST)
    assert ran.code == 0, ran.err
    out = desk.folder / "out"
    with Ledger.open(out / "ledger.sqlite") as ledger:
        bodies = [json.loads(entry.body) for entry in ledger.entries(1)]
        heads = [f"{entry.seq + 1}:{entry.digest[:16]}" for entry in ledger.entries(1)]
    essays = sorted((out / "essays").iterdir())
    assert [path.name[:10] for path in essays] == DAYS[284:]
    for path, body, head in zip(essays, bodies, heads, strict=True):
        found = one_document(main("parse", path, "--json"))
        assert (found["problems"], found["cycle"], found["ledger"]) == ([], body["cycle"], head)
        assert found["stamp"] == body["as_of"] and found["as_of"] == body["session"]
        called = [claim for claim in body["claims"] if claim["id"] == f"{body['session']}/MKT/direction/1"]
        if called:
            p = called[0]["probability"]
            assert found["direction"] == ("up" if p >= 0.5 else "down")
            assert found["confidence"] == pytest.approx(max(p, 1.0 - p), abs=0.005 + 1e-9)
            assert found["deadline"]["day"] == called[0]["deadline"]
        else:
            assert found["direction"] in (None, "none")
    assert any(body["claims"] for body in bodies)
    assert str(essays[-1]) in ran.err.replace("\n", "")
