"""`--writer` on the command line: what cannot be used is one sentence, what was done and paid is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minds.llm.budget import Budget
from minds.llm.recorded import Recorded
from minds.llm.scripted import Scripted
from minds.llm.tape import Tape
from minds.llm.untrusted import keep_secret
from minds.llm.writer import ModelWriter
from tests.backtest.test_writers import run
from tests.minds.llm.models import honest
from tests.runs import Ran, main

RANGE = ("--start", "2018-10-01", "--end", "2018-12-31")


def backtest(folder: Path, *options: str) -> Ran:
    return main("backtest", *RANGE, "--out", str(folder), "--essays", "all", *options)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of calls for that range."""
    from datetime import date

    folder = tmp_path_factory.mktemp("recorded")
    asked = Recorded(Scripted(honest), Tape(folder / "calls"), Budget(clock=lambda: 0.0))
    writer = ModelWriter(asked, keep_secret(folder / "calls", bytes), bill=asked.bill)
    run(folder / "run", writer, date(2018, 10, 1))
    return folder / "calls"


def test_a_replay_writes_essays_and_tells_what_it_took(calls: Path, tmp_path: Path) -> None:
    plain = backtest(tmp_path / "plain")
    ran = backtest(tmp_path / "run", "--writer", f"replay:{calls}")
    assert (plain.code, ran.code) == (0, 0), ran.err
    assert "Writer scripted: at most " in ran.err and "price unknown" in ran.err
    assert "Memory of scripted: not measured; run `workshop leak" in ran.err
    assert "drafts printed" in ran.err and "calls per mind and day" in ran.err and "0 tokens and $0.0000 now" in ran.err
    assert (tmp_path / "run" / "scores.json").read_bytes() == (tmp_path / "plain" / "scores.json").read_bytes()
    assert (tmp_path / "run" / "ledger.sqlite").exists()
    essays = sorted((tmp_path / "run" / "essays").glob("*.md"))
    assert len(essays) == 63 and "*Writer: scripted wrote" in essays[0].read_text(encoding="utf-8")
    account = json.loads((tmp_path / "run" / "run.json").read_text())["writer"]
    assert account["name"] == "scripted" and set(account["bill"]["minds"]) <= {
        "macro",
        "flow",
        "contrarian",
        "synthesis",
    }


def test_a_run_can_be_resumed_with_another_writer(calls: Path, tmp_path: Path) -> None:
    """Who writes changes no entry, so the ledger is the same run."""
    assert backtest(tmp_path).code == 0
    ran = backtest(tmp_path, "--writer", f"replay:{calls}", "--resume")
    assert ran.code == 0, ran.err
    assert main("ledger", "verify", str(tmp_path)).code == 0


WRONG = {
    "no such writer": (("--writer", "gpt"), ("--writer 'gpt' is not known", "litellm:MODEL or replay:DIR")),
    "no model": (("--writer", "litellm:"), ("litellm:MODEL",)),
    "no folder": (("--writer", "replay:/no/such/folder"), ("no folder /no/such/folder",)),
    "an empty folder": (("--writer", "replay:{empty}"), ("holds no recorded calls",)),
    "a budget for nobody": (("--budget-usd", "1"), ("--budget-usd needs a model; add --writer",)),
    "a record for nobody": (("--calls", "x"), ("--calls needs a model; add --writer",)),
    "no money": (("--writer", "replay:{calls}", "--budget-usd", "-1"), ("budget of -1.0 USD",)),
    "no number": (("--writer", "replay:{calls}", "--budget-tokens", "many"), ("many",)),
}


@pytest.mark.parametrize(("options", "told"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_used_is_one_sentence(
    options: tuple[str, ...], told: tuple[str, ...], calls: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    ran = backtest(tmp_path / "run", *[part.format(empty=tmp_path / "empty", calls=calls) for part in options])
    assert ran.code == 2 and "Traceback" not in ran.err
    assert all(text in ran.err for text in told), ran.err


def test_a_replay_of_other_days_stops_and_names_the_call(calls: Path, tmp_path: Path) -> None:
    ran = main(
        "backtest", "--start", "2017-01-03", "--end", "2017-03-31", "--out", str(tmp_path / "run"), "--essays", "all",
        "--writer", f"replay:{calls}",
    )  # fmt: skip
    assert ran.code == 2 and "argue/1" in ran.err and "Traceback" not in ran.err
