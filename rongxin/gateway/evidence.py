"""The gateway's own evidence: every question, what was decided and the hash of what left, in one chain.

An SQLite file of the department's. Each entry's hash covers the one before, so a change shows; the hash goes
into the signed receipt, so the node holds it too. Nothing of an answer's content is kept. One thread writes:
it settles all questions that wait in one transaction, and none is answered before that is on the disk.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import orjson

from rongxin.gateway.errors import GatewayError
from rongxin.proof import canonical
from rongxin.proof.keys import SigningKey
from rongxin.proof.profile import INTL

_TABLES = """
CREATE TABLE IF NOT EXISTS entry (
    position INTEGER PRIMARY KEY, body TEXT NOT NULL, message BLOB NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (
    consent TEXT NOT NULL, span TEXT NOT NULL, request TEXT NOT NULL,
    PRIMARY KEY (consent, span, request)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tried (
    asker TEXT NOT NULL, field TEXT NOT NULL, day TEXT NOT NULL, claim TEXT NOT NULL,
    matched INTEGER NOT NULL, PRIMARY KEY (asker, field, day, claim)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt (position INTEGER PRIMARY KEY, token TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS receipt_stays BEFORE UPDATE ON receipt
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS receipt_kept BEFORE DELETE ON receipt
    BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS entry_stays BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS entry_kept BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
FIRST = "0" * 64
_AT_ONCE = 64

Result = TypeVar("Result")
Job = Callable[["Settling"], Result]


class Replayed(GatewayError):
    """A question with this number was answered before."""


class Broken(GatewayError):
    """The chain of evidence doesn't hold; the message names the entry."""


@dataclass(frozen=True)
class Entry:
    """Where a question stands in the evidence."""

    position: int
    hash: str


@dataclass(frozen=True)
class Kept:
    """All that is kept of one question: the entry's text, the message opened and the digest of it as it lies
    sealed, the receipt that was given ("": one of an earlier version, which kept none).
    """

    position: int
    body: str
    message: bytes
    sealed_sha256: str
    receipt: str


class Settling:
    """What a job may do inside the writing transaction."""

    def __init__(self, base: sqlite3.Connection, last: Entry, secret: bytes) -> None:
        self._base, self.last, self._secret = base, last, secret

    def append(self, body: Mapping[str, Any], message: bytes, *, once: Sequence[str]) -> Entry:
        """Add an entry; raises `Replayed` where one of the numbers that may be used once was used."""
        position = self.last.position + 1
        text = canonical.dumps({**body, "position": position, "previous": self.last.hash}).decode()
        # Claimed values of a check stand in the message, so it is kept under the gateway's key.
        message = INTL.seal(self._secret, message, place=_place(position))
        entry = Entry(position, _hash(text, message))
        try:
            self._base.executemany("INSERT INTO nonce VALUES (?, ?)", [(number, position) for number in once])
        except sqlite3.IntegrityError as error:
            raise Replayed(f"{once[0]} was used before") from error
        self._base.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (position, text, message, entry.hash))
        self.last = entry
        return entry

    def give(self, entry: Entry, token: str) -> None:
        """Keep the receipt that is about to be given; it holds the entry's hash, so it is no part of it."""
        self._base.execute("INSERT INTO receipt VALUES (?, ?)", (entry.position, token))

    def uses(self, consent: str, span: str, *, request: str) -> int:
        """Count the other requests that a consent was used for in a span (`Frequency.span`)."""
        (count,) = self._base.execute(
            "SELECT count(*) FROM used WHERE consent = ? AND span = ? AND request <> ?",
            (consent, span, request),
        ).fetchone()
        return int(count)

    def use(self, consent: str, span: str, *, request: str) -> None:
        self._base.execute("INSERT OR IGNORE INTO used VALUES (?, ?, ?)", (consent, span, request))

    def tries(self, asker: str, field: str, since: str) -> list[tuple[str, str, bool]]:
        """Return day, claim and whether it matched, of what was tried since a day."""
        found = self._base.execute(
            "SELECT day, claim, matched FROM tried WHERE asker = ? AND field = ? AND day >= ? ORDER BY day",
            (asker, field, since),
        )
        return [(day, claim, bool(matched)) for day, claim, matched in found]

    def tried(self, asker: str, field: str, day: str, claim: str, *, matched: bool) -> None:
        self._base.execute(
            "INSERT OR IGNORE INTO tried VALUES (?, ?, ?, ?, ?)", (asker, field, day, claim, matched)
        )


@dataclass
class _Waiting(Generic[Result]):
    job: Job[Result]
    future: Future[Result]


class Evidence:
    """The file of evidence, open for writing by this process."""

    def __init__(self, path: Path, *, secret: bytes) -> None:
        self._path, self._secret = path, secret
        self._queue: SimpleQueue[_Waiting[Any] | None] = SimpleQueue()
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(opened,), name="evidence", daemon=True)
        self._thread.start()
        opened.result()

    def settle(self, job: Job[Result]) -> Result:
        """Run a job in the writing transaction and return when it is on the disk; raises what it raises."""
        waiting: _Waiting[Result] = _Waiting(job, Future())
        self._queue.put(waiting)
        return waiting.future.result()

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _run(self, opened: Future[None]) -> None:
        try:
            base = _open(self._path)
        except sqlite3.Error as error:
            opened.set_exception(GatewayError(f"{self._path}: 证据文件不能打开 can't be opened ({error})"))
            return
        opened.set_result(None)
        while (first := self._queue.get()) is not None:
            batch = [first, *self._waiting()]
            stop = None in batch
            self._settle(base, [one for one in batch if one is not None])
            if stop:
                break
        base.close()

    def _waiting(self) -> Iterator[_Waiting[Any] | None]:
        for _ in range(_AT_ONCE):
            try:
                yield self._queue.get_nowait()
            except Empty:
                return

    def _settle(self, base: sqlite3.Connection, batch: list[_Waiting[Any]]) -> None:
        results: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            # IMMEDIATE: another worker's process writes to the same file, and each reads the chain's end.
            base.execute("BEGIN IMMEDIATE")
            for waiting in batch:
                results.append((waiting.future, *_run_one(base, waiting.job, self._secret)))
            base.execute("COMMIT")
        except sqlite3.Error as error:
            if base.in_transaction:
                base.execute("ROLLBACK")
            failed = GatewayError(f"{self._path}: 证据未能写入 evidence could not be written ({error})")
            results = [(waiting.future, None, failed) for waiting in batch]
        for future, result, failure in results:
            if failure is None:
                future.set_result(result)
            else:
                future.set_exception(failure)


def _run_one(base: sqlite3.Connection, job: Job[Any], secret: bytes) -> tuple[Any, BaseException | None]:
    base.execute("SAVEPOINT job")
    try:
        result = job(Settling(base, last(base), secret))
    except Exception as error:
        base.execute("ROLLBACK TO job")
        return None, error
    finally:
        base.execute("RELEASE job")
    return result, None


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    base = sqlite3.connect(path, isolation_level=None, timeout=30)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("PRAGMA synchronous = FULL")
    base.executescript(_TABLES)
    path.chmod(0o600)
    return base


def last(base: sqlite3.Connection) -> Entry:
    """Return the end of the chain."""
    found = base.execute("SELECT position, hash FROM entry ORDER BY position DESC LIMIT 1").fetchone()
    return Entry(*found) if found else Entry(0, FIRST)


def message(path: Path, position: int, *, secret: bytes) -> bytes:
    """Return the signed message of an entry as it came; raises `Forged` where it was changed."""
    with reading(path) as base:
        row = base.execute("SELECT message FROM entry WHERE position = ?", (position,)).fetchone()
    if row is None:
        raise GatewayError(f"{path}: 没有第{position}条证据 there is no entry {position}")
    return INTL.open(secret, row[0], place=_place(position))


def secret_of(key: SigningKey) -> bytes:
    """Return the secret, derived from a gateway's key, under which its evidence keeps messages and claims."""
    return canonical.sha256(b"rongxin.gateway.evidence" + key.cryptography.private_bytes_raw())


def of(path: Path, request: str, *, secret: bytes) -> list[Kept]:
    """Return what is kept of a request's questions, in their order."""
    query = (
        "SELECT entry.position, body, message, coalesce(token, '')"
        " FROM entry LEFT JOIN receipt USING (position)"
        " WHERE json_extract(body, '$.request') = ? ORDER BY entry.position"
    )
    with reading(path) as base:
        found = base.execute(query, (request,)).fetchall()
    return [
        Kept(
            position,
            body,
            INTL.open(secret, sealed, place=_place(position)),
            canonical.sha256(sealed).hex(),
            token,
        )
        for position, body, sealed, token in found
    ]


def hashes(path: Path, *, until: int) -> list[str]:
    """Return the hashes of the entries, from the first to the one at `until`."""
    with reading(path) as base:
        found = base.execute("SELECT hash FROM entry WHERE position <= ? ORDER BY position", (until,))
        return [stated for (stated,) in found]


def hash_of(body: str, sealed_sha256: str) -> str:
    """Return the hash of an entry (hex) from its text and the digest of its sealed message."""
    return canonical.sha256(canonical.sha256(body.encode()) + bytes.fromhex(sealed_sha256)).hex()


def _place(position: int) -> bytes:
    return f"entry {position}".encode()


def _hash(body: str, message: bytes) -> str:
    return hash_of(body, canonical.sha256(message).hex())


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the evidence to look into it; the gateway may go on writing."""
    if not path.is_file():
        raise GatewayError(f"{path}: 尚无证据 there is no evidence yet; the gateway begins it when it serves")
    base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield base
    except sqlite3.Error as error:
        raise Broken(f"{path}: 证据文件已损坏 the file is damaged ({error})") from error
    finally:
        base.close()


def _follows(previous: Entry, position: int, body: str, message: bytes, stated: str) -> bool:
    """Whether an entry is what its hash says, at its place in the chain; whatever was put there instead."""
    try:
        if _hash(body, message) != stated:
            return False
        found = orjson.loads(body)
        return bool(
            position == previous.position + 1 == found["position"] and found["previous"] == previous.hash
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def verify(path: Path) -> Entry:
    """Go through the whole chain; return its end, or raise `Broken` at the first entry that doesn't hold."""
    with reading(path) as base:
        previous = Entry(0, FIRST)
        for position, body, message, stated in base.execute("SELECT * FROM entry ORDER BY position"):
            if not _follows(previous, position, body, message, stated):
                raise Broken(
                    f"{path}: 第{position}条与其哈希或前一条不符 this entry was changed, or one is missing"
                )
            previous = Entry(position, stated)
        return previous
