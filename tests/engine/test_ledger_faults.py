"""A ledger among faults: killed writers, edited, cut, flipped and torn files, full disks.

The law in every case: either exactly what was acknowledged, or a `LedgerError` or `ChainError`; never other content.
The normal suite runs a sample; the "thorough" Hypothesis profile runs sixteen times as many cases.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings

import engine.ledger
from engine import ledger_sql
from engine.errors import ChainError, LedgerError
from engine.ledger import Entry, Head, Ledger

CHECKOUT = Path(engine.ledger.__file__).parents[1]
SCALE = max(1, settings().max_examples // 60)
Record = tuple[str, str, bytes]
N = 12
# Bodies from 0.4 to 6 KB and one of 12 KB, so that the file has every sort of page: header, inner, leaf, overflow.
BODIES = [json.dumps({"n": n, "text": f"{n * n}." * (4000 if n == 6 else 150 * n)}).encode() for n in range(1, N)]
RECORDS: list[Record] = [
    ("genesis", "", b'{"run":"test"}'),
    *(("session", f"2018-12-{n:02}", body) for n, body in enumerate(BODIES, start=1)),
]


def digest(previous: str, seq: int, kind: str, key: str, body: bytes) -> str:
    fields = [previous.encode(), str(seq).encode(), kind.encode(), key.encode(), body]
    return hashlib.sha256(b"".join(b"%d:%s," % (len(field), field) for field in fields)).hexdigest()


def chain(records: list[Record]) -> list[Entry]:
    entries, previous = [], "0" * 64
    for seq, record in enumerate(records):
        previous = digest(previous, seq, *record)
        entries.append(Entry(seq, *record, previous))
    return entries


ENTRIES = chain(RECORDS)
HEAD = Head(N, ENTRIES[-1].digest)


def write(path: Path) -> Path:
    with Ledger.create(path, RECORDS[0][2]) as ledger:
        for record in RECORDS[1:]:
            ledger.append(*record)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "ledger.sqlite")


def tamper(path: Path, *statements: str) -> None:
    """What a skilled hand would do: take the guards away, edit, put them back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        guards = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        for _, sql in guards:
            db.execute(sql)


def verify(path: Path, expected: Head | None = None) -> Head:
    with Ledger.open(path) as ledger:
        return ledger.verify(expected)


# --- records changed by hand ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seq", range(N))
@pytest.mark.parametrize("column", ["body", "kind", "key", "digest"])
def test_an_edited_record_is_named(path: Path, column: str, seq: int) -> None:
    tamper(path, f"UPDATE entries SET {column} = replace({column} || ' ', substr({column}, -1), '9') WHERE seq = {seq}")
    with pytest.raises(ChainError, match=f"entry {seq} does not match its digest"):
        verify(path)
    with pytest.raises(ChainError, match=f"entry {seq} does not match its digest"):
        Ledger.open(path, writable=True)
    with Ledger.open(path) as reader, pytest.raises(ChainError, match=f"entry {seq} does not"):
        reader.entry(seq)


def shift(first: int, by: int) -> list[str]:
    """Renumber the entries from `first` on."""
    return [
        f"UPDATE entries SET seq = -1000 - seq WHERE seq >= {first}",
        f"UPDATE entries SET seq = {by} - 1000 - seq WHERE seq < 0",
    ]


def copy(seq: int, to: int) -> str:
    return f"INSERT INTO entries SELECT {to}, kind, key, body, digest FROM entries WHERE seq = {seq}"


def fit(records: list[Record], last: int | None = None) -> list[str]:
    """Give the entries up to `last` the digests that these records would have."""
    fitting = chain(records)[: None if last is None else last + 1]
    return [f"UPDATE entries SET digest = '{entry.digest}' WHERE seq = {entry.seq}" for entry in fitting]


def rewrite(seq: int, body: bytes, last: int | None = None) -> list[str]:
    """Change a body and make every digest from there to `last` fit again."""
    records = [*RECORDS[:seq], (RECORDS[seq][0], RECORDS[seq][1], body), *RECORDS[seq + 1 :]]
    return [f"UPDATE entries SET body = '{body.decode()}' WHERE seq = {seq}", *fit(records, last)]


@pytest.mark.parametrize("seq", range(N - 1))
def test_lost_doubled_moved_and_foreign_records_are_named(tmp_path: Path, seq: int) -> None:
    original = write(tmp_path / "original")
    other = (seq + 1 + seq * seq % (N - 2)) % N
    other += other == seq
    low = min(seq, other)
    swap = [
        copy(seq, 500),
        f"DELETE FROM entries WHERE seq = {seq}",
        copy(other, seq),
        f"DELETE FROM entries WHERE seq = {other}",
    ]
    swap += [copy(500, other), "DELETE FROM entries WHERE seq = 500"]
    drop = f"DELETE FROM entries WHERE seq = {seq}"
    insert = f"INSERT INTO entries VALUES ({seq}, 'session', '', '', '{'a' * 64}')"
    faults: dict[str, tuple[list[str], str]] = {
        "dropped": ([drop], f"entry {seq} is missing"),
        "dropped and closed up": ([drop, *shift(seq + 1, -1)], f"entry {seq} does not"),
        "doubled in place": ([*shift(seq + 1, 1), copy(seq, seq + 1)], f"entry {seq + 1} does not"),
        "doubled at the end": ([copy(seq, N)], f"entry {N} does not"),
        "swapped": (swap, f"entry {low} does not"),
        "inserted": ([*shift(seq, 1), insert], f"entry {seq} does not"),
        "inserted before all": ([copy(seq, -1)], "entry 0 is missing, -1 is in its place"),
        "edited with its digest": (rewrite(seq, b"{}", last=seq), f"entry {seq + 1} does not"),
    }  # fmt: skip
    for name, (statements, message) in faults.items():
        path = Path(shutil.copy(original, tmp_path / "copy"))
        tamper(path, *statements)
        with pytest.raises(ChainError, match=message):
            print(name, verify(path))


@pytest.mark.parametrize("seq", range(1, N))
def test_a_cut_tail_and_a_rewritten_record_show_against_a_printed_head(tmp_path: Path, seq: int) -> None:
    printed = Head.parse(str(HEAD))
    path = write(tmp_path / "cut")
    tamper(path, f"DELETE FROM entries WHERE seq >= {seq}")
    assert verify(path) == Head(seq, ENTRIES[seq - 1].digest)  # the rest of the chain does hold: nothing else can tell
    with pytest.raises(ChainError, match=f"entry {seq} is missing, it once reached {printed}"):
        verify(path, printed)
    path = write(tmp_path / "rewritten")
    tamper(path, *rewrite(seq, b"{}"))
    verify(path)
    with pytest.raises(ChainError, match=f"entry {N - 1} makes the head"):
        verify(path, printed)
    with pytest.raises(ChainError, match=f"entry {seq} makes the head"):
        verify(path, Head(seq + 1, ENTRIES[seq].digest))
    assert verify(path, Head(seq, ENTRIES[seq - 1].digest)).entries == N


def test_a_tail_cut_while_the_ledger_is_open_shows_without_any_head(path: Path) -> None:
    with Ledger.open(path) as reader:
        tamper(path, f"DELETE FROM entries WHERE seq = {N - 1}")
        with pytest.raises(ChainError, match=f"entry {N - 1} is missing"):
            reader.verify()


def test_a_genesis_stands_first_and_only_there_even_if_the_digests_fit(tmp_path: Path) -> None:
    late = write(tmp_path / "late")
    tamper(late, "UPDATE entries SET kind = 'genesis' WHERE seq = 1", *fit([RECORDS[0], ("genesis", *RECORDS[1][1:])]))
    with pytest.raises(ChainError, match="entry 1 does not match its digest, so it or its place was changed"):
        verify(late)
    none = write(tmp_path / "none")
    tamper(none, "UPDATE entries SET kind = 'session' WHERE seq = 0", *fit([("session", *RECORDS[0][1:])]))
    with pytest.raises(ChainError, match="entry 0 does not match"):
        verify(none)


def loosen(path: Path, *columns: str) -> None:
    """Replace the table by one without types, where entry 5 has these columns."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"CREATE TABLE copy AS SELECT {', '.join(columns)} FROM entries WHERE seq = 5")
        db.execute("INSERT INTO copy SELECT * FROM entries WHERE seq != 5")
        db.execute("DROP TABLE entries")
        db.execute("CREATE TABLE entries AS SELECT * FROM copy")


@pytest.mark.parametrize("value", ["NULL", "7", "0.5", "x'ff'", "CAST(x'ff' AS TEXT)"])
@pytest.mark.parametrize("column", ["kind", "key", "body", "digest"])
def test_a_value_of_a_type_that_no_ledger_holds_is_a_changed_entry(path: Path, column: str, value: str) -> None:
    loosen(
        path, *(f"{value} AS {name}" if name == column else name for name in ("seq", "kind", "key", "body", "digest"))
    )
    with pytest.raises(ChainError, match="entry 5 does not match"):
        verify(path)


def test_a_number_that_is_none_is_refused(path: Path) -> None:
    loosen(path, "'five' AS seq", "kind", "key", "body", "digest")
    with pytest.raises(ChainError, match="an entry has b'five' for its number"):
        verify(path)


def test_text_that_is_no_text_is_refused_even_if_its_digest_fits(path: Path) -> None:
    fields = [ENTRIES[10].digest.encode(), b"11", b"\xff", b"", b""]
    digest = hashlib.sha256(b"".join(b"%d:%s," % (len(field), field) for field in fields)).hexdigest()
    tamper(
        path, f"UPDATE entries SET kind = CAST(x'ff' AS TEXT), key = '', body = '', digest = '{digest}' WHERE seq = 11"
    )
    with pytest.raises(ChainError, match="entry 11 does not match"):
        verify(path)


def test_an_emptied_ledger(path: Path) -> None:
    tamper(path, "DELETE FROM entries")
    with pytest.raises(ChainError, match="entry 0 is missing"):
        Ledger.open(path)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DROP TRIGGER no_update", "the database's 'no_update' is missing"),
        ("DROP TRIGGER no_delete", "the database's 'no_delete' is missing"),
        ("DROP TRIGGER only_the_next_entry", "the database's 'only_the_next_entry' is missing"),
        ("DROP VIEW claims", "the database's 'claims' is missing"),
        ("CREATE TRIGGER t BEFORE INSERT ON entries BEGIN SELECT RAISE(IGNORE); END", "'t' was added to its table"),
    ],
)
def test_missing_guards_are_told_and_nothing_is_appended_without_them(path: Path, statement: str, fault: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement)
    with pytest.raises(ChainError, match=f"every entry holds, but {fault}"):
        verify(path)
    with pytest.raises(ChainError, match=fault):
        Ledger.open(path, writable=True)


def test_a_changed_view_is_told_and_a_view_of_ones_own_is_not(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("CREATE VIEW mine AS SELECT key FROM entries")
        assert verify(path, HEAD) == HEAD
        db.execute("DROP VIEW claims")
        db.execute("CREATE VIEW claims AS SELECT 1 AS brier")
    with pytest.raises(ChainError, match="the database's 'claims' was changed"):
        verify(path)


def test_another_program_that_adds_an_entry_stops_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.create(path, b"{}") as ledger:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("INSERT INTO entries VALUES (1, 'session', '', '', 'rubbish')")
        with pytest.raises(LedgerError, match=r"was changed by another program .* verify it, then open it again"):
            ledger.append("session", "", b"{}")
        with pytest.raises(LedgerError, match="takes no more entries since entry 1 failed"):
            ledger.append("session", "", b"{}")
    with pytest.raises(ChainError, match="entry 1 does not match"):
        verify(path)


# --- damaged files -------------------------------------------------------------------------------------------------


def outcome(path: Path) -> tuple[list[Entry], str]:
    """What a reader gets from a file: the entries before the first error, and the error's type or "clean"."""
    got: list[Entry] = []
    try:
        with Ledger.open(path) as ledger:
            got.extend(ledger.entries())
            assert ledger.verify() == Head(len(got), got[-1].digest)
            for entry in got:
                assert ledger.entry(entry.seq) == entry
        return got, "clean"
    except (LedgerError, ChainError) as error:  # anything else is a defect of ours and fails the test
        return got, type(error).__name__


def damaged(path: Path, data: bytes | bytearray) -> Path:
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(data)
    return path


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def bits_to_flip(data: bytes, number: int) -> list[int]:
    """One bit of each byte of the file header, and a sample of the whole file, the used bytes mostly."""
    dice = random.Random(number)
    used = [n for n, byte in enumerate(data) if byte]
    places = (
        list(range(min(100, len(data)))) + dice.choices(used, k=number) + dice.choices(range(len(data)), k=number // 3)
    )
    return [8 * place + dice.randrange(8) for place in places]


def test_damage_that_leaves_the_entries_alone_is_told_too(path: Path) -> None:
    data = bytearray(path.read_bytes())
    last = next(start for start in reversed(range(0, len(data), ledger_sql.PAGE_SIZE)) if data[start] == 0x0D)
    data[last + 7] = 200  # a leaf page's count of lost bytes: nobody needs it to read, but an insert goes by it
    with Ledger.open(damaged(path, data)) as reader:
        assert list(reader.entries()) == ENTRIES
        with pytest.raises(ChainError, match="every entry holds, but its pages are damaged"):
            reader.verify()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            b"seq INTEGER PRIMARY KEY",
            b"seq INTEGER PRIMARY \xa0EY",
        ),  # SQLite quotes it in its message, which is no UTF-8
        (b"CREATE TABLE entries", b"CREATE TABLE entries"[::-1]),
    ],
)
def test_a_schema_that_cannot_be_read_is_damage(path: Path, old: bytes, new: bytes) -> None:
    with pytest.raises(ChainError, match=r"is damaged .*; restore it from a copy, or rebuild it by a new run"):
        verify(damaged(path, path.read_bytes().replace(old, new)))


def test_a_page_of_noise_is_damage(path: Path) -> None:
    data = path.read_bytes()
    size = ledger_sql.PAGE_SIZE
    for start in range(size, len(data), size):
        with pytest.raises(ChainError):
            verify(damaged(path, data[:start] + b"\xff" * size + data[start + size :]))
    with pytest.raises(ChainError, match="is damaged"):
        verify(damaged(path, data[:size] + b"\xff" * size + data[2 * size :]))


def test_no_flipped_bit_changes_what_is_read(path: Path, tmp_path: Path) -> None:
    data, target = path.read_bytes(), tmp_path / "flipped"
    results = {}
    for bit in bits_to_flip(data, 250 * SCALE):
        got, result = outcome(damaged(target, flipped(data, bit)))
        results[bit] = result
        assert got == (ENTRIES if result == "clean" else ENTRIES[: len(got)]), f"bit {bit}"
    assert {"clean", "ChainError", "LedgerError"} == set(results.values())  # the sample met all three
    assert list(results.values()).count("ChainError") > len(results) / 2


def test_no_flipped_bit_makes_an_append_destroy_what_was_there(path: Path, tmp_path: Path) -> None:
    data, target = path.read_bytes(), tmp_path / "flipped"
    more: list[Record] = [("session", f"2019-01-{n:02}", b"x" * 900 * n) for n in range(1, 6)]
    for bit in bits_to_flip(data, 60 * SCALE):
        damaged(target, flipped(data, bit))
        try:
            with Ledger.open(target, writable=True) as ledger:
                for record in more:
                    ledger.append(*record)
        except (LedgerError, ChainError):
            continue
        assert outcome(target) == (chain(RECORDS + more), "clean"), f"bit {bit}"


def test_a_truncated_file_is_whole_or_refused(path: Path, tmp_path: Path) -> None:
    data, target = path.read_bytes(), tmp_path / "truncated"
    dice = random.Random(4)
    sizes = {0, 1, 99, 100, 512, len(data) - 1, *(dice.randrange(len(data)) for _ in range(120 * SCALE))}
    sizes |= {
        size + near for size in range(0, len(data), ledger_sql.PAGE_SIZE) for near in (-1, 0, 1) if size + near >= 0
    }
    for size in sorted(sizes):
        got, result = outcome(damaged(target, data[:size]))
        assert got == (ENTRIES if result == "clean" else ENTRIES[: len(got)]), f"{size} bytes"


def start(code: str, path: Path) -> subprocess.Popen[str]:
    """A Python that runs `code` with `path` as its argument."""
    preface = "import sys; from pathlib import Path; from engine.ledger import *; path = Path(sys.argv[1])\n"
    command = [sys.executable, "-S", "-c", preface + code, str(path)]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    return subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def kill(child: subprocess.Popen[str]) -> list[str]:
    """Kill -9, and give every whole line that it had printed and we have not read."""
    child.kill()
    assert child.stdout is not None
    rest = child.stdout.read()  # not communicate(), which would miss what readline() has taken into its buffer
    child.communicate()
    return [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of a writer killed before any checkpoint: the file holds the genesis, its journal the rest."""
    path = tmp_path_factory.mktemp("torn") / "ledger.sqlite"
    code = (
        "import ast\nrecords = ast.literal_eval(sys.stdin.readline())\nledger = Ledger.create(path, records[0][2])\n"
        "for record in records[1:]: ledger.append(*record)\nprint('ready', flush=True)\nsys.stdin.readline()"
    )
    child = start(code, path)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(repr(RECORDS) + "\n")
    child.stdin.flush()
    assert child.stdout.readline() == "ready\n"
    kill(child)
    return path


def test_a_torn_journal_gives_a_true_prefix(torn: Path, tmp_path: Path) -> None:
    file, journal = torn.read_bytes(), torn.with_name(torn.name + "-wal").read_bytes()
    target = tmp_path / "ledger.sqlite"
    dice = random.Random(5)
    frame = ledger_sql.PAGE_SIZE + 24
    sizes = {0, 1, 31, 32, len(journal), *(dice.randrange(len(journal)) for _ in range(60 * SCALE))}
    sizes |= {32 + n * frame + near for n in range(1, len(journal) // frame + 1) for near in (-1, 0)}
    seen = set()
    for size in sorted(sizes):
        damaged(target, file).with_name(target.name + "-wal").write_bytes(journal[:size])
        got, result = outcome(target)
        assert result == "clean", f"{size} bytes"
        assert got == ENTRIES[: len(got)], f"{size} bytes"
        seen.add(len(got))
        if len(got) < N:
            with pytest.raises(ChainError, match=f"entry {len(got)} is missing"):
                verify(target, HEAD)
    assert seen == set(range(1, N + 1))


def test_a_flipped_bit_in_the_journal_never_changes_what_is_read(torn: Path, tmp_path: Path) -> None:
    file, journal = torn.read_bytes(), torn.with_name(torn.name + "-wal").read_bytes()
    target = tmp_path / "ledger.sqlite"
    for bit in bits_to_flip(journal, 80 * SCALE):
        damaged(target, file).with_name(target.name + "-wal").write_bytes(flipped(journal, bit))
        got, _ = outcome(target)
        assert got == ENTRIES[: len(got)], f"bit {bit}"


# --- killed writers ------------------------------------------------------------------------------------------------

# Each line is an acknowledgement. Bodies of 3 KB make a checkpoint every few dozen appends; closing and opening again
# now and then lets the kill fall into those moments too.
WRITER = """
body = b'{"n":"' + b'0123456789' * 300 + b'"}'
print("start", flush=True)
while True:
    if path.exists():
        ledger = Ledger.open(path, writable=True, durable=DURABLE)
    else:
        ledger = Ledger.create(path, b'{}', durable=DURABLE)
    print(*ledger.head, flush=True)
    for n in range(45):
        print(*ledger.append("session", str(ledger.head.entries), body), flush=True)
    ledger.close()
"""
BODY = b'{"n":"' + b"0123456789" * 300 + b'"}'


def promised(number: int) -> list[Entry]:
    return chain([("genesis", "", b"{}"), *(("session", str(n), BODY) for n in range(1, number))])


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Twenty-five killed writers, each going on where the last was killed."""
    path, dice, before = tmp_path / "ledger.sqlite", random.Random(9), 0
    for number in range(25 * SCALE):
        child = start(WRITER.replace("DURABLE", str(number % 5 == 0)), path)
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(dice.randrange(2, 120))]
        lines += kill(child)
        assert lines[0] == "start\n"
        entries, digest = lines[-1].split()
        acknowledged = Head(int(entries), digest)
        with Ledger.open(path) as reader:
            found = reader.verify(acknowledged)
            expected = promised(found.entries)
            assert found.digest == expected[-1].digest
            assert 0 <= found.entries - acknowledged.entries <= 1  # written, but killed before it could say so
            assert found.entries >= before
            assert list(reader.entries()) == expected
        before = found.entries
        if before > 1500:
            path.unlink()
            before = 0
    assert set(os.listdir(tmp_path)) <= {path.name, path.name + "-lock"}


def test_kill_9_while_the_file_is_made(tmp_path: Path) -> None:
    """There is a whole ledger or none, and the next run starts or resumes without help."""
    dice = random.Random(10)
    for number in range(8 * SCALE):
        path = tmp_path / f"{number}.sqlite"
        child = start(WRITER.replace("DURABLE", "False"), path)
        assert child.stdout is not None
        assert child.stdout.readline() == "start\n"
        time.sleep(dice.uniform(0, 0.008))
        lines = kill(child)
        if path.exists():
            acknowledged = Head(int(lines[-1].split()[0]), lines[-1].split()[1]) if lines else None
            found = verify(path, acknowledged)
            assert found == Head(found.entries, promised(found.entries)[-1].digest)
            Ledger.open(path, writable=True).close()
        else:
            assert lines == []
            Ledger.create(path, b"{}").close()
        assert not [name for name in os.listdir(tmp_path) if name.startswith(path.name + "-")]


# --- full disks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pages", [4, 5, 9, 30])
def test_a_full_disk_stops_the_ledger_and_keeps_what_was_acknowledged(
    tmp_path: Path, pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tune_writer = ledger_sql.tune_writer

    def tune_to_small_disk(db: sqlite3.Connection, path: Path, *, durable: bool) -> None:
        tune_writer(db, path, durable=durable)
        db.execute(f"PRAGMA max_page_count = {pages}")

    monkeypatch.setattr(ledger_sql, "tune_writer", tune_to_small_disk)
    path = tmp_path / "ledger.sqlite"
    with Ledger.create(path, b"{}") as ledger:
        with pytest.raises(
            LedgerError, match=r"cannot grow, what was acknowledged is kept \(database or disk is full\)"
        ):
            while True:
                ledger.append("session", str(ledger.head.entries), BODY)
        acknowledged = ledger.head
        for small in (BODY, b""):
            with pytest.raises(LedgerError, match=f"takes no more entries since entry {acknowledged.entries} failed"):
                ledger.append("session", "", small)
        assert ledger.verify() == acknowledged
    monkeypatch.undo()
    assert verify(path, acknowledged) == acknowledged
    assert os.listdir(tmp_path) == [path.name]
    with Ledger.open(path, writable=True) as ledger:
        assert list(ledger.entries()) == promised(acknowledged.entries)
        ledger.append("session", str(acknowledged.entries), BODY)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
def test_the_system_refusing_to_write_at_any_size_loses_nothing(tmp_path: Path) -> None:
    """The limit on file size makes some write fail, at every stage of a ledger's life; then it is lifted."""
    code = """
import json, resource
from engine.errors import WorkshopError
for limit in json.loads(sys.stdin.readline()):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    heads, error = [], None
    try:
        with Ledger.create(path / str(limit), b'{}') as ledger:
            heads.append(ledger.head)
            for n in range(1, 100):
                heads.append(ledger.append("session", str(n), BODY))
    except WorkshopError as caught:
        error = type(caught).__name__
    print(json.dumps([heads[-1:], error]), flush=True)
""".replace("BODY", repr(BODY))
    dice = random.Random(11)
    limits = sorted(
        {0, 1, 512, 8192, 16384, 24576, 49152, 65536, 65537, *(dice.randrange(1_240_000) for _ in range(60 * SCALE))}
    )
    out, _ = start(code, tmp_path).communicate(json.dumps(limits) + "\n")
    reports = [json.loads(line) for line in out.splitlines()]
    assert len(reports) == len(limits)
    for limit, (heads, error) in zip(limits, reports, strict=True):
        path = tmp_path / str(limit)
        if heads:
            head = Head(*heads[0])
            with Ledger.open(path, writable=True) as ledger:
                found = ledger.verify(head)
                assert found.entries - head.entries <= 1
                assert list(ledger.entries()) == promised(found.entries)
                ledger.append("session", "", b"{}")
        else:
            assert error == "LedgerError"
            with Ledger.open(path, writable=True) if path.exists() else Ledger.create(path, b"{}") as ledger:
                assert ledger.verify().entries == 1
    assert {error for _, error in reports} == {"LedgerError", None}


# --- the sentences -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [lambda path: path.unlink(), lambda path: tamper(path, "DELETE FROM entries WHERE seq = 3")]
)
def test_every_refusal_is_one_sentence_that_names_the_file(path: Path, make: Callable[[Path], object]) -> None:
    make(path)
    with pytest.raises((LedgerError, ChainError)) as caught:
        verify(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert sentence.count("; ") == 1  # what is wrong; what to do
    assert caught.value.exit_code == (2 if isinstance(caught.value, LedgerError) else 1)
