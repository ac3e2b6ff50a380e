"""Run a backtest: data in, ledger, scores and essays out.

Contract: each session is one ledger entry; some dozens are committed together and acknowledged after that, so a run
can be killed at any instant, loses nothing it acknowledged and leaves whole sessions.
`resume` replays from the start, compares each cycle with the entry that is there, and continues after the last: a
resumed run ends in the same bytes as an uninterrupted one, and a ledger made from other data or settings is refused at
the first difference.
"""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from backtest.advice_scores import AdviceBook
from backtest.folder import REPORT, RunFolder, commit_asked
from backtest.history import History
from backtest.leak_alarm import LeakAlarm, leak_alarm
from backtest.replay import Replay, first_session
from backtest.run_record import Covered, Left, run_record
from backtest.scores import Kept, ScoreBook
from backtest.settings import Settings
from engine.bar_checks import Repair
from engine.errors import InputError
from engine.ledger import Entry, Head, Ledger
from engine.market import Market
from engine.sources.base import Source
from minds.adviser import AdviserDesk, Said
from minds.cycle import Cycle
from minds.record import CycleRecord
from minds.registry import load_minds
from minds.writer import Writer
from regimes.registry import load_regime

if TYPE_CHECKING:
    from backtest.trading import Rule

__all__ = ["BATCH", "Done", "Progress", "load_market", "no_collector", "run_backtest"]

BATCH = 32
"""Sessions that are committed in one transaction; more would hardly be faster. A run that is killed has to do these
again, and what was worked out behind them (`backtest.replay`): a few hundredths of a second. With an adviser, whose
answers cost money, each is committed at once."""

Progress = Callable[[int, int, str], None]
"""Called after each session with (sessions done, sessions in all, ISO day)."""


@dataclass(frozen=True)
class Done:
    """What a run leaves behind: the document of scores, the last essay (None when none was asked for), what was
    noticed on the data and on the fits of the regime model.
    """

    scores: dict[str, Any]
    essay: Path | None
    notices: tuple[Repair, ...]
    fits: tuple[str, ...]
    head: Head


def load_market(source: Source, settings: Settings) -> tuple[Market, tuple[Repair, ...]]:
    """Load and align everything known by the end of the run, with what the reader should be told about the data."""
    loaded = source.load(settings.universe, settings.end)
    return Market.build(settings.universe, loaded.bars, loaded.events, loaded.closes), loaded.notices


def run_backtest(
    settings: Settings, source: Source, out: Path, *, resume: bool = False, progress: Progress | None = None,
    cache: Path | None = None, writer: Writer | None = None, report: bool = False,
    trade: Rule | None = None,
) -> Done:  # fmt: skip
    """Replay, settle, score, write.

    Args:
        settings: what to run.
        source: where the data come from.
        out: the run's folder.
        resume: whether to continue the run that is in it.
        progress: told after each session.
        cache: folder in which a regime model may keep its fits; None for no folder. It changes the time that a run
            takes and nothing else.
        writer: who writes the essays; the template by default. It changes no number, so a run may be resumed with
            another.
        report: whether to end with `report.html`; a folder's earlier one goes away all the same.
        trade: how calls become positions, for a trading view in the scores; None for none.

    Raises:
        InputError: the settings, the data or the folder cannot be used; the sentence says what to do.
        LeakAlarm: a record is too good to be true; everything but the scores is kept.
    """
    with no_collector(), commit_asked() as commit:
        return _run(settings, source, out, resume, progress, cache, commit, writer, report, trade)


def _run(
    settings: Settings, source: Source, out: Path, resume: bool, progress: Progress | None, cache: Path | None,
    commit: Callable[[], str | None], writer: Writer | None, report: bool,
    trade: Rule | None,
) -> Done:  # fmt: skip
    from minds.template import TemplateWriter

    began = time.perf_counter()
    writer = writer or TemplateWriter()
    folder = RunFolder(out)
    if folder.begun and not resume:
        raise InputError(f"{out} already holds a run; add --resume to continue it, or choose another --out")
    market, notices = load_market(source, settings)
    start = first_session(market, settings)
    minds, model = load_minds(settings.minds, settings.seed), load_regime(settings.regime, cache)
    heard_in = tuple(mind.name for mind in minds)
    if heard_in != settings.minds:
        raise InputError(f"the settings name the minds as {settings.minds}; they are heard as {heard_in}, so say it so")
    loaded = time.perf_counter()
    heard: dict[str, Said] = {}
    replay = Replay(
        market, minds, settings.targets, model, start, settings.pairs, _seat(settings, heard), settings.seed
    )
    folder.make()
    genesis = settings.genesis(market.calendar.labels[start])
    heads: list[str] = []
    book = ScoreBook(History(settings.minds, orjson.loads(genesis)), _advice(settings))
    with _open(folder, genesis) as ledger:
        folder.clear()
        heard |= _heard(ledger, settings)
        essay = _cycles(replay, settings, ledger, folder, book, progress, writer, heads)
        replayed = time.perf_counter()
        head = ledger.head
    said, data, sessions = _synthesis(settings, replay), Covered.by(market, replay.digest), replay.sessions
    del replay, market  # scores and report are made in the memory that bars and signals leave
    scores = book.table(head.digest, *said)
    alarm = leak_alarm(*book.sides())
    if alarm is None:
        if trade is not None:
            from backtest.trading import trading_view

            scores["trading"] = trading_view(book.history, trade).document
        folder.write_json("scores.json", scores)
    else:
        folder.remove("scores.json")
    fits = tuple(getattr(model, "notices", ()))
    left = Left(data, notices, fits, head, alarm, commit(), writer.account(), _account(settings))
    run = run_record(settings, left, {
        "load_seconds": loaded - began,
        "replay_seconds": replayed - loaded,
        "sessions_per_second": sessions / (replayed - loaded),
        "total_seconds": time.perf_counter() - began,
    })  # fmt: skip
    folder.write_json("run.json", run)
    if report and alarm is None:
        from backtest.report.write import write_report

        write_report(folder, book.history, scores, run, heads)
    else:
        folder.remove(REPORT)
    if alarm is not None:
        raise LeakAlarm(alarm.says())
    return Done(scores, essay, notices, fits, head)


def _seat(settings: Settings, heard: Mapping[str, Said]) -> Callable[[Cycle], AdviserDesk] | None:
    """Where the run's adviser will sit."""
    choice = settings.adviser
    if choice is None:
        return None
    cutoff = "" if choice.cutoff is None else str(choice.cutoff)
    return lambda cycle: AdviserDesk(choice.who, cycle, cutoff, heard)


def _advice(settings: Settings) -> AdviceBook | None:
    lead = settings.targets[0]
    return None if settings.adviser is None else AdviceBook(lead.symbol, lead.horizon)


def _account(settings: Settings) -> Mapping[str, Any] | None:
    """What the adviser says that asking it came to, if it does."""
    account = None if settings.adviser is None else getattr(settings.adviser.who, "account", None)
    return account() if callable(account) else None


def _heard(ledger: Ledger, settings: Settings) -> dict[str, Said]:
    """What an adviser has said in a run that is resumed: a budget may have ended where there is money now, so it is not
    asked again about days that are in the record.
    """
    if settings.adviser is None:
        return {}
    found = {}
    for entry in ledger.entries(1):
        advice = orjson.loads(entry.body).get("adviser")
        if advice is not None:
            found[entry.key] = Said(advice.get("tilt", ""), advice.get("because", advice.get("abstains", "")))
    return found


@contextlib.contextmanager
def no_collector() -> Iterator[None]:
    """Pause the search for reference cycles: a run hardly makes any, and the search walks millions of live numbers."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _open(folder: RunFolder, genesis: bytes) -> Ledger:
    if not folder.begun:
        return Ledger.create(folder.ledger, genesis)
    ledger = Ledger.open(folder.ledger, writable=True)
    if ledger.genesis() != genesis:
        ledger.close()
        raise InputError(
            f"{folder.path} holds a run with other settings; choose another --out, or the settings of that run"
        )
    return ledger


def _cycles(
    replay: Replay, settings: Settings, ledger: Ledger, folder: RunFolder, book: ScoreBook, progress: Progress | None,
    writer: Writer, heads: list[str],
) -> Path | None:  # fmt: skip
    essay = None
    kept = ledger.entries(1)
    quoted_from = 0 if settings.essays == "all" else replay.sessions - settings.essays
    done = 0
    for batch in _batches(book.follow(replay.pieces(settings.essays)), BATCH if settings.adviser is None else 1):
        now = _keep(ledger, kept, [(session, text) for session, text, _ in batch], folder)
        for (session, _, record), head in zip(batch, now, strict=True):
            heads.append(head.digest)
            if record is not None and done >= quoted_from:
                essay = _essay(record, head, folder, writer)
            done += 1
            if progress is not None:
                progress(done, replay.sessions, session)
    if next(kept, None) is not None:
        raise InputError(
            f"{folder.path} holds a longer run than --end {settings.end}; give a later --end or another --out"
        )
    return essay


def _batches(pieces: Iterator[list[Kept]], size: int) -> Iterator[list[Kept]]:
    """So many sessions at a time; what was worked out before a failure comes before it."""
    failure: BaseException | None = None
    batch: list[Kept] = []
    while failure is None:
        try:
            batch += next(pieces)
        except BaseException as error:
            failure = error
        while len(batch) >= size or (batch and failure is not None):
            yield batch[:size]
            batch = batch[size:]
    if not isinstance(failure, StopIteration):
        raise failure


def _essay(record: CycleRecord, head: Head, folder: RunFolder, writer: Writer) -> Path:
    from minds.essay import file_name, render

    draft = writer.write(record)
    return folder.write_essay(file_name(record, draft.title), render(record, str(head), draft))


def _keep(ledger: Ledger, kept: Iterator[Entry], entries: Sequence[tuple[str, bytes]], folder: RunFolder) -> list[Head]:
    """Check cycles against what an earlier run has left, and append the others, all at once."""
    heads: list[Head] = []
    for (session, text), before in zip(entries, kept, strict=False):
        if before.body != text:
            raise InputError(
                f"{folder.path} differs from this run at {session}: the data or the program have changed since; "
                "choose another --out"
            )
        heads.append(Head(before.seq + 1, before.digest))
    return heads + ledger.extend("cycle", entries[len(heads) :])


def _synthesis(settings: Settings, replay: Replay) -> tuple[int, dict[str, float]]:
    """What scores say of the synthesis at the end: copies of it over all targets, and the leading target's weights."""
    weights = replay.cycle.desks[settings.targets[0].key].synthesis.weights()
    return replay.cycle.synthesis_copies(), weights
