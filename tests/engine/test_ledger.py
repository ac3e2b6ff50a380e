"""What a ledger does in daily use: keeps what was appended, refuses edits, refuses a second writer, explains itself.

The independent truth is a plain list and `chain`, which recomputes the digests with hashlib from the published formula.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import engine.ledger
from engine import ledger_lock, ledger_sql
from engine.errors import ChainError, InputError, LedgerError
from engine.ledger import Entry, Head, Ledger

CHECKOUT = Path(engine.ledger.__file__).parents[1]
Record = tuple[str, str, bytes]
GENESIS: Record = ("genesis", "", b'{"run":"test"}')


def netstring(field: bytes) -> bytes:
    return str(len(field)).encode() + b":" + field + b","


def chain(records: list[Record]) -> list[Entry]:
    """The entries that must be in a ledger of these records, genesis included; written from the formula alone."""
    entries, previous = [], "0" * 64
    for seq, (kind, key, body) in enumerate(records):
        fields = [previous.encode(), str(seq).encode(), kind.encode(), key.encode(), body]
        previous = hashlib.sha256(b"".join(netstring(field) for field in fields)).hexdigest()
        entries.append(Entry(seq, kind, key, body, previous))
    return entries


def head_of(records: list[Record]) -> Head:
    return Head(len(records), chain(records)[-1].digest)


def some_records(n: int) -> list[Record]:
    return [GENESIS, *(("session", f"2018-12-{day:02}", json.dumps({"day": day}).encode()) for day in range(1, n))]


def write(path: Path, records: list[Record]) -> Head:
    with Ledger.create(path, records[0][2]) as ledger:
        for record in records[1:]:
            ledger.append(*record)
        return ledger.head


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


# --- what is kept --------------------------------------------------------------------------------------------------


def test_several_entries_at_once_are_the_same_entries(path: Path) -> None:
    records = some_records(7)
    with Ledger.create(path, GENESIS[2]) as ledger:
        heads = ledger.extend("session", [record[1:] for record in records[1:4]])
        assert heads == [head_of(records[:n]) for n in (2, 3, 4)] and ledger.head == heads[-1]
        assert ledger.extend("session", []) == []
        heads = ledger.extend("session", [record[1:] for record in records[4:]])
        assert heads[-1] == ledger.head == head_of(records)
        assert list(ledger.entries()) == chain(records)


def test_several_entries_are_kept_all_or_none(path: Path) -> None:
    records = some_records(3)
    write(path, records)
    with Ledger.open(path, writable=True) as ledger:
        with pytest.raises(InputError, match="not UTF-8"):
            ledger.extend("session", [("a", b"{}"), ("b", b"\xff")])
        assert ledger.head == head_of(records) and list(ledger.entries()) == chain(records)
        with closing(sqlite3.connect(path)) as other:  # a fault that comes with the second of two rows
            other.execute(
                "CREATE TRIGGER spoilt BEFORE INSERT ON entries WHEN NEW.key = 'b' BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        with pytest.raises(LedgerError):
            ledger.extend("session", [("a", b"{}"), ("b", b"{}")])
        assert list(ledger.entries()) == chain(records), "the first of the two went with the second"
        with pytest.raises(LedgerError, match="takes no more entries since entry 3 failed"):
            ledger.append("session", "c", b"{}")


def test_entries_heads_and_digests_follow_the_published_formula(path: Path) -> None:
    records = some_records(6)
    expected = chain(records)
    with Ledger.create(path, GENESIS[2]) as ledger:
        assert ledger.head == head_of(records[:1])
        for n, record in enumerate(records[1:], start=2):
            assert ledger.append(*record) == ledger.head == head_of(records[:n])
        assert list(ledger.entries()) == expected
    with Ledger.open(path) as reader:
        assert reader.head == reader.verify() == head_of(records)
        assert reader.genesis() == GENESIS[2]
        assert [list(reader.entries(start)) for start in range(8)] == [expected[start:] for start in range(8)]


def test_a_known_digest_by_hand(path: Path) -> None:
    text = "64:" + "0" * 64 + ",1:0,7:genesis,0:,2:{},"
    with Ledger.create(path, b"{}") as ledger:
        assert ledger.head == Head(1, hashlib.sha256(text.encode()).hexdigest())


def test_more_entries_than_one_read_takes(path: Path) -> None:
    records = [GENESIS, *(("session", str(n), b"%d" % n) for n in range(1, 700))]
    assert write(path, records) == head_of(records)
    with Ledger.open(path) as reader:
        assert list(reader.entries()) == chain(records)
        assert list(reader.entries(255)) == chain(records)[255:]


@pytest.mark.parametrize("durable", [False, True])
def test_one_file_remains_after_close(path: Path, durable: bool) -> None:
    with Ledger.create(path, b"{}", durable=durable) as ledger:
        ledger.append("session", "2018-12-31", b"{}")
    assert os.listdir(path.parent) == [path.name]
    with Ledger.open(path, writable=True, durable=durable) as ledger:
        ledger.append("session", "2019-01-02", b"{}")
    assert os.listdir(path.parent) == [path.name]
    with Ledger.open(path) as reader:
        assert reader.verify().entries == 3
    assert os.listdir(path.parent) == [path.name]


def test_the_same_entries_make_the_same_head_in_any_file(tmp_path: Path) -> None:
    assert write(tmp_path / "a", some_records(9)) == write(tmp_path / "b", some_records(9))


def test_find_gives_the_entries_of_a_key_oldest_first(path: Path) -> None:
    records = [GENESIS, ("session", "d1", b"1"), ("verdicts", "d2", b"2"), ("verdicts", "d1", b"3")]
    write(path, records)
    with Ledger.open(path) as reader:
        entries = chain(records)
        assert reader.find("d1") == [entries[1], entries[3]]
        assert reader.find("d2") == [entries[2]]
        assert reader.find("") == [entries[0]]
        assert reader.find("d") == reader.find("\udcff") == []


def test_the_views_show_claims_and_verdicts_by_session(path: Path) -> None:
    claim = {
        "id": "2018-12-03/SPX/direction", "kind": "direction", "symbol": "SPX", "horizon": 1, "probability": 0.52,
        "low": None, "high": None, "base_rate": 0.54, "reference": 2790.37, "deadline": "2018-12-04",
    }  # fmt: skip
    verdict = {
        "id": claim["id"], "result": "wrong", "outcome": 0, "realised": -0.032, "score": 0.2704, "base_score": 0.2916,
        "log_score": 0.734, "reason": None,
    }  # fmt: skip
    bodies = [{"claims": [claim, claim | {"id": "b", "surplus": 1}]}, {"claims": [], "verdicts": [verdict]}]
    records = [
        ("genesis", "", b"not JSON"),
        *(("session", f"2018-12-0{3 + n}", json.dumps(b).encode()) for n, b in enumerate(bodies)),
    ]
    write(path, records)
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        rows = [dict(row) for row in db.execute("SELECT * FROM claims")]
        assert rows == [{"session": "2018-12-03", **claim}, {"session": "2018-12-03", **claim, "id": "b"}]
        assert [dict(row) for row in db.execute("SELECT * FROM verdicts")] == [{"session": "2018-12-04", **verdict}]


class Model(RuleBasedStateMachine):
    """Any order of appends, reopenings and checks agrees with a plain list."""

    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)  # a NUL or a newline is a character too

    @initialize(body=text)
    def create(self, body: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "l.sqlite"
        self.records: list[Record] = [("genesis", "", body.encode())]
        self.ledger = Ledger.create(self.path, body.encode())

    @rule(kind=text.filter(lambda kind: kind not in ("", "genesis")), key=text, body=text, times=st.integers(1, 30))
    def append(self, kind: str, key: str, body: str, times: int) -> None:
        for _ in range(times):
            self.records.append((kind, key, body.encode()))
            assert self.ledger.append(*self.records[-1]) == head_of(self.records)

    @rule(body=st.binary(max_size=4).filter(lambda body: b"\xff" in body))
    def append_what_is_no_text(self, body: bytes) -> None:
        with pytest.raises(InputError):
            self.ledger.append("session", "", body)

    @rule()
    def reopen(self) -> None:
        self.ledger.close()
        self.ledger = Ledger.open(self.path, writable=True)

    @rule(data=st.data())
    def verify_against_an_old_head(self, data: st.DataObject) -> None:
        n = data.draw(st.integers(1, len(self.records)))
        assert self.ledger.verify(head_of(self.records[:n])) == head_of(self.records)
        assert self.ledger.verify(Head.parse(str(head_of(self.records[:n])))) == head_of(self.records)

    @rule(data=st.data())
    def a_head_that_never_was_is_refused(self, data: st.DataObject) -> None:
        n = data.draw(st.integers(1, len(self.records)))
        with pytest.raises(ChainError, match=f"entry {n - 1} "):
            self.ledger.verify(Head(n, hashlib.sha256(b"other").hexdigest()))
        with pytest.raises(ChainError, match=f"entry {len(self.records)} is missing"):
            self.ledger.verify(Head(len(self.records) + n, "0" * 16))

    @rule(data=st.data())
    def read_one(self, data: st.DataObject) -> None:
        seq = data.draw(st.integers(-1, len(self.records)))
        if 0 <= seq < len(self.records):
            assert self.ledger.entry(seq) == chain(self.records)[seq]
        else:
            with pytest.raises(InputError, match=f"no entry {seq}"):
                self.ledger.entry(seq)

    @rule(data=st.data())
    def find(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from([key for _, key, _ in self.records]))
        assert self.ledger.find(key) == [entry for entry in chain(self.records) if entry.key == key]

    @precondition(lambda self: hasattr(self, "ledger"))
    @invariant()
    def a_reader_sees_it_all(self) -> None:
        with Ledger.open(self.path) as reader:
            assert list(reader.entries()) == chain(self.records)
            assert reader.verify(self.ledger.head) == self.ledger.head == head_of(self.records)

    def teardown(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
            assert os.listdir(self.folder.name) == ["l.sqlite"]
            self.folder.cleanup()


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=settings().max_examples // 3, stateful_step_count=12)


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET body = '{}' WHERE seq = 3",
        "UPDATE OR REPLACE entries SET seq = 4 WHERE seq = 3",
        "UPDATE OR IGNORE entries SET body = '{}' WHERE seq = 3",
        "DELETE FROM entries",
        "DELETE FROM entries WHERE seq = 5",
        "INSERT OR REPLACE INTO entries VALUES (3, 'session', '', '', '')",
        "REPLACE INTO entries VALUES (0, 'genesis', '', '', '')",
        "INSERT OR IGNORE INTO entries VALUES (7, 'session', '', '', '')",
        "INSERT INTO entries VALUES (3, 'session', '', '', '') ON CONFLICT DO UPDATE SET body = ''",
        "INSERT INTO entries VALUES (3, 'session', '', '', '') ON CONFLICT DO NOTHING",
        "INSERT INTO entries VALUES (7, 'session', '', '', '')",
        "INSERT INTO entries VALUES (-1, 'session', '', '', '')",
        "INSERT INTO entries VALUES (NULL, 'session', '', '', '')",
        "INSERT INTO entries(kind, key, body, digest) VALUES ('session', '', '', '')",
        "INSERT INTO entries SELECT seq + 5, kind, key, body, digest FROM entries",
        "INSERT INTO entries VALUES (6, 'session', '', x'7b7d', '')",
        "INSERT INTO entries VALUES (6, NULL, '', '', '')",
    ],
)  # fmt: skip
def test_the_database_itself_refuses_to_edit(path: Path, statement: str, recursive_triggers: str) -> None:
    records = some_records(6)
    write(path, records)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)
    with Ledger.open(path) as reader:
        assert reader.verify() == head_of(records)
        assert list(reader.entries()) == chain(records)


@contextmanager
def other_process(code: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A Python that runs `code` with `path` as its argument and then waits, until it is killed."""
    preface = "import sys; from pathlib import Path; from engine.ledger import *; path = Path(sys.argv[1])\n"
    script = f"{preface}{code}\nprint('ready', flush=True)\nsys.stdin.readline()"
    child = subprocess.Popen(
        [sys.executable, "-S", "-c", script, str(path)], env=os.environ | {"PYTHONPATH": str(CHECKOUT)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            yield child
        finally:
            child.kill()


def test_a_second_writer_is_refused_at_once_and_readers_are_not(path: Path) -> None:
    code = "ledger = Ledger.create(path, b'{}')\nfor n in range(300): ledger.append('session', str(n), b'{}')"
    records = [("genesis", "", b"{}"), *(("session", str(n), b"{}") for n in range(300))]
    with other_process(code, path):
        for attempt in (partial(Ledger.open, path, writable=True), partial(Ledger.create, path, b"{}")):
            with pytest.raises(LedgerError, match="is in use by another process; wait for it or choose another --out"):
                attempt()
        with Ledger.open(path) as one, Ledger.open(path) as two:
            assert one.verify() == two.verify() == head_of(records)
    with Ledger.open(path, writable=True) as ledger:  # killed, so its lock is gone, though its files are not
        assert ledger.head == head_of(records)
        ledger.append("session", "300", b"{}")
    assert os.listdir(path.parent) == [path.name]


def test_a_second_writer_in_this_process_is_refused(path: Path) -> None:
    with Ledger.create(path, b"{}") as ledger:
        with pytest.raises(LedgerError, match="in use"):
            Ledger.open(path, writable=True)
        ledger.append("session", "", b"{}")
    Ledger.open(path, writable=True).close()


def test_two_readers_keep_up_with_a_writer(path: Path) -> None:
    records = some_records(1)
    with Ledger.create(path, GENESIS[2]) as ledger, Ledger.open(path) as one:
        walk = one.entries()  # a slow reader: it stands still while the writer goes on
        assert next(walk) == chain(records)[0]
        with Ledger.open(path) as two:
            for n in range(400):
                records.append(("session", str(n), b"%d" % n * 300))
                ledger.append(*records[-1])
                if n % 50 == 0:
                    assert one.verify() == two.verify(ledger.head) == one.head == two.head == head_of(records)
        assert list(walk) == chain(records)[1:]
        ledger.close()
        assert one.verify() == head_of(records)  # the writer left while this reader was looking
    with Ledger.open(path, writable=True) as ledger:
        assert ledger.head == head_of(records)
    assert os.listdir(path.parent) == [path.name]


def test_a_reader_does_not_keep_the_next_writer_out(path: Path) -> None:
    write(path, some_records(3))
    with Ledger.open(path) as reader:
        with Ledger.open(path, writable=True) as ledger:
            head = ledger.append("session", "next", b"{}")
            assert reader.verify() == head
        assert reader.verify(head) == head


def test_a_lock_file_that_is_lying_about_blocks_nobody(path: Path) -> None:
    write(path, some_records(2))
    path.with_name(path.name + "-lock").write_text("12345")
    with Ledger.open(path, writable=True) as ledger:
        ledger.append("session", "next", b"{}")
    assert os.listdir(path.parent) == [path.name]


def test_a_lock_file_deleted_by_its_last_holder_in_mid_step_is_not_trusted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The holder closes between our opening of its file and our locking of it: what we lock then has no name."""
    write(path, some_records(2))
    lock, deletions = ledger_lock._lock, [path.with_name(path.name + "-lock")]

    def delete_then_lock(fd: int) -> None:
        if deletions:
            deletions.pop().unlink()
        lock(fd)

    monkeypatch.setattr(ledger_lock, "_lock", delete_then_lock)
    with Ledger.open(path, writable=True), pytest.raises(LedgerError, match="is in use by another process"):
        Ledger.open(path, writable=True)


def test_refusals_leak_no_file_handle(path: Path) -> None:
    def lowest_free_handle() -> int:
        handle = os.open(os.devnull, os.O_RDONLY)
        os.close(handle)
        return handle

    write(path, some_records(2))
    (path.parent / "text").write_text("no ledger " * 100)
    with Ledger.open(path, writable=True):
        free = lowest_free_handle()
        for _ in range(20):
            with pytest.raises(LedgerError):
                Ledger.open(path, writable=True)
            with pytest.raises(LedgerError):
                Ledger.open(path.parent / "text", writable=True)
            with pytest.raises(LedgerError):
                Ledger.create(path, b"{}")
        Ledger.open(path).close()
        assert lowest_free_handle() == free


def test_a_start_that_fails_at_its_last_step_leaves_no_ledger(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse)
        with pytest.raises(LedgerError, match=r"cannot be opened or written \(Input/output error\)"):
            Ledger.create(path, b"{}")
    assert not path.exists()
    assert write(path, some_records(2)) == head_of(some_records(2))


def test_a_writer_that_closes_under_a_reader_leaves_everything_in_the_file_itself(path: Path) -> None:
    with Ledger.create(path, b"{}") as ledger, Ledger.open(path) as reader:
        head = ledger.append("session", "", b"{}")
        ledger.close()
        alone = Path(shutil.copy(path, path.parent / "alone"))
        assert reader.verify() == head
    with Ledger.open(alone) as reader:
        assert reader.verify() == head


def test_what_a_killed_start_left_behind_does_not_matter(path: Path) -> None:
    for leftover in ("-new", "-new-journal", "-lock"):
        path.with_name(path.name + leftover).write_bytes(b"half a file")
    assert write(path, some_records(3)) == head_of(some_records(3))
    assert os.listdir(path.parent) == [path.name]


def test_create_never_touches_a_file_that_exists(path: Path) -> None:
    head = write(path, some_records(3))
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"ledger\.sqlite exists already; resume that run, move the file away or"):
        Ledger.create(path, b"{}")
    assert path.read_bytes() == before
    journal = path.with_name(path.name + "-wal")
    path.rename(path.with_name("elsewhere"))
    journal.write_bytes(b"of another life")
    with pytest.raises(LedgerError, match=r"ledger\.sqlite-wal exists already"):
        Ledger.create(path, b"{}")
    with Ledger.open(path.with_name("elsewhere")) as reader:
        assert reader.verify() == head


def foreign_database(path: Path, *pragmas: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, body TEXT)")
        for pragma in pragmas:
            db.execute(f"PRAGMA {pragma}")
        db.commit()


OURS = f"application_id = {ledger_sql.APPLICATION_ID}"


NOT_LEDGERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "there is no ledger at {0}; check the path, or start a run that writes one"),
    "folder": (Path.mkdir, "{0} is a folder, not a ledger; name the file in it, such as {0}/ledger.sqlite"),
    "empty": (Path.touch, "{0} is an empty file, not a ledger; remove it and start again"),
    "text": (
        lambda path: path.write_text("date,close\n" * 500),
        "{0} is not a Workshop ledger (file is not a database); choose another --out or move that file away",
    ),
    "another program's": (
        foreign_database,
        "{0} is a database of another program, not a Workshop ledger; choose another --out",
    ),
    "another program's, with an id": (
        lambda path: foreign_database(path, "application_id = 1"),
        "{0} is a database of another program, not a Workshop ledger; choose another --out",
    ),
    "newer": (
        lambda path: foreign_database(path, OURS, "user_version = 3"),
        "{0} has ledger format 3 and this Workshop reads format 2; upgrade Workshop",
    ),
    "older": (
        lambda path: foreign_database(path, OURS),
        "{0} has ledger format 0 and this Workshop reads format 2; use the Workshop that wrote it",
    ),
    "another table": (
        lambda path: foreign_database(path, OURS, "user_version = 2"),
        "{0} cannot be used as a ledger (no such column: digest); verify it, or choose another --out",
    ),
}


@pytest.mark.parametrize("writable", [False, True])
@pytest.mark.parametrize("name", NOT_LEDGERS)
def test_what_is_not_a_ledger_is_refused_in_one_sentence_and_left_alone(path: Path, name: str, writable: bool) -> None:
    make, sentence = NOT_LEDGERS[name]
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerError) as caught:
        Ledger.open(path, writable=writable)
    assert str(caught.value) == sentence.format(path)
    assert caught.value.exit_code == 2
    assert before == (path.read_bytes() if path.is_file() else None)


def test_a_path_without_a_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no" / "ledger.sqlite"
    with pytest.raises(LedgerError, match="no is not a folder; create that folder first"):
        Ledger.create(path, b"{}")
    (tmp_path / "no").write_text("a file")
    with pytest.raises(LedgerError, match="no is not a folder"):
        Ledger.create(path, b"{}")
    with pytest.raises(LedgerError, match="there is no ledger at"):
        Ledger.open(path)


@pytest.mark.parametrize("mode", ["EXCLUSIVE", "IMMEDIATE"])
def test_a_file_locked_by_another_program_is_refused(path: Path, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_sql, "BUSY_SECONDS", 0.01)
    write(path, some_records(3))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"BEGIN {mode}")
        with pytest.raises(LedgerError, match=r"is in use by another process .*; wait for it or choose another --out"):
            Ledger.open(path, writable=True)
        if mode == "EXCLUSIVE":
            with pytest.raises(LedgerError, match="is in use by another process"):
                Ledger.open(path)
        other.execute("ROLLBACK")
    Ledger.open(path, writable=True).close()


@contextmanager
def without_privileges() -> Iterator[None]:
    """Act as an ordinary user, for root may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="folders there have no mode that refuses new files")
def test_a_read_only_folder_can_be_read_and_says_that_it_cannot_be_written() -> None:
    folder = Path(tempfile.mkdtemp())  # not tmp_path, whose parents an ordinary user may not enter
    try:
        path = folder / "ledger.sqlite"
        write(path, some_records(4))
        path.chmod(0o444)
        folder.chmod(0o555)
        with without_privileges():
            with Ledger.open(path) as reader:
                assert reader.verify() == head_of(some_records(4))
            for attempt in (partial(Ledger.open, path, writable=True), partial(Ledger.create, folder / "new", b"{}")):
                with pytest.raises(
                    LedgerError, match=r"cannot be written \(Permission denied\); choose an --out that can"
                ):
                    attempt()
        path.chmod(0o000)
        with without_privileges(), pytest.raises(LedgerError, match="cannot be opened or written"):
            Ledger.open(path)
        folder.chmod(0o000)
        with (
            without_privileges(),
            pytest.raises(LedgerError, match=r"cannot be opened or written \(Permission denied\)"),
        ):
            Ledger.open(path)
        folder.chmod(0o755)
        path.chmod(0o444)
        folder.chmod(0o777)
        with without_privileges(), pytest.raises(LedgerError, match="cannot be opened or written"):
            Ledger.open(path, writable=True)
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_input_that_cannot_be_stored_is_refused_and_the_ledger_goes_on(path: Path) -> None:
    with Ledger.create(path, b"{}") as ledger:
        for kind, key, body in [("", "k", b""), ("genesis", "k", b""), ("s", "\ud800", b""), ("s", "k", b"\xff")]:
            with pytest.raises(InputError):
                ledger.append(kind, key, body)
        ledger.append("session", "k", b"")
    with pytest.raises(InputError, match="not UTF-8"):
        Ledger.create(path.with_name("other"), b"\xff")
    with Ledger.open(path) as reader:
        assert list(reader.entries()) == chain([("genesis", "", b"{}"), ("session", "k", b"")])


def test_reading_beyond_the_record(path: Path) -> None:
    write(path, some_records(2))
    with Ledger.open(path) as reader:
        for seq in (2, 2**63, 10**30):
            assert list(reader.entries(seq)) == []
            with pytest.raises(InputError, match=f"has no entry {seq}; its last is 1"):
                reader.entry(seq)
        with pytest.raises(InputError, match="has no entry -1"):
            list(reader.entries(-1))


def test_a_ledger_that_is_not_open_for_it_says_so(path: Path) -> None:
    ledger = Ledger.create(path, b"{}")
    ledger.close()
    ledger.close()
    for attempt in (ledger.verify, ledger.genesis, lambda: ledger.append("s", "", b""), lambda: ledger.find("")):
        with pytest.raises(LedgerError, match="was closed; open it again"):
            attempt()
    with (
        Ledger.open(path) as reader,
        pytest.raises(LedgerError, match="opened for reading; open it with writable=True"),
    ):
        reader.append("session", "", b"{}")


def test_an_error_inside_the_with_block_is_the_one_that_is_seen(path: Path) -> None:
    with pytest.raises(KeyError), Ledger.create(path, b"{}") as ledger:
        ledger.append("session", "", b"{}")
        raise KeyError
    with Ledger.open(path) as reader:
        assert reader.verify().entries == 2


def test_an_error_of_closing_is_told_but_never_hides_another(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA writable_schema = x; not SQL")

    monkeypatch.setattr(ledger_sql, "close_writer", fail)
    with pytest.raises(KeyError), Ledger.create(path, b"{}") as ledger:
        raise KeyError
    with pytest.raises(LedgerError, match="cannot be used as a ledger"), Ledger.open(path, writable=True) as ledger:
        ledger.append("session", "", b"{}")
    monkeypatch.undo()
    with Ledger.open(path, writable=True) as ledger:  # the lock was let go all the same
        assert ledger.verify().entries == 2


@pytest.mark.parametrize("number", ["", "0", "-1", "01", "1.0", "\uff11", "1" * 19])
@pytest.mark.parametrize("digest", ["", "a" * 15, "A" * 16, "g" * 16, "a" * 65])
def test_a_text_that_is_no_head_is_refused(number: str, digest: str) -> None:
    for text in (f"{number}:{'a' * 16}", f"12:{digest}", f"{number}:{digest}", "12", ""):
        with pytest.raises(InputError, match="is not a ledger head; copy one from an essay"):
            Head.parse(text)


def test_a_head_is_printed_and_parsed(path: Path) -> None:
    head = Head(5034, "0123456789abcdef" * 4)
    assert str(head) == f"{head}" == "5034:0123456789abcdef"
    assert Head.parse(f" {head}\n") == Head(5034, "0123456789abcdef")
    assert Head.parse("5034:" + head.digest) == head
    write(path, some_records(2))
    with Ledger.open(path) as reader:
        for short in (Head(0, "0" * 64), Head(2, reader.head.digest[:15]), Head(2, "")):
            with pytest.raises(InputError, match="is not a ledger head"):
                reader.verify(short)
