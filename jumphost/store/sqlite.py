"""The store of one gateway: ``state/journal.db``, events and what is known beside them, in one SQLite file.

WAL with synchronous FULL: what was acknowledged survives a crash and a power cut. One process writes (a lock file says
which), anyone with the rights may read.
"""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload
from urllib.parse import quote

from jumphost.errors import Code, Unavailable
from jumphost.model.event import Event, encode
from jumphost.store import migrations
from jumphost.store.projection import project
from jumphost.store.writer import Writer, unavailable

BUSY_TIMEOUT = 2.0  # seconds that a lock held by another process (a copy being made) is waited for

T = TypeVar("T")


class Store:
    """Writes through one thread, reads beside it."""

    def __init__(self, path: Path, log: str, lock: int, writer: Writer) -> None:
        self._path, self._log, self._lock, self._writer = path, log, lock, writer

    @classmethod
    def open(cls, path: Path, *, log: str) -> "Store":
        """The store in ``path``, made if there is none (0600); ``log`` names this gateway's journal in it.

        Unavailable (journal.unavailable) if another process has it open, or it cannot be written.
        """
        lock = claim(path)
        try:
            connection = connect(path)
            migrations.migrate(connection, migrations.journal)
        except (OSError, sqlite3.Error) as error:
            os.close(lock)
            raise unavailable(error) from error
        return cls(path, log, lock, Writer(connection, name="jumphost-journal"))

    @overload
    async def write(self, work: None = None, *events: Event) -> None: ...
    @overload
    async def write(self, work: Callable[[sqlite3.Connection], T], *events: Event) -> T: ...
    async def write(self, work: Callable[[sqlite3.Connection], T] | None = None, *events: Event) -> T | None:
        """Does ``work`` and appends ``events`` in one transaction; returns what ``work`` did once it is on disk.

        ``work`` runs on the writing thread and must not begin or end transactions. What it raises undoes it, and the
        events are not written. Unavailable (journal.unavailable) if the storage failed: nothing was done. Once called
        it happens, even if the caller is cancelled while it waits.
        """

        def job(connection: sqlite3.Connection) -> T | None:
            value = work(connection) if work else None
            _append(connection, self._log, events)
            return value

        result: T | None = await self._writer.submit(job)
        return result

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What ``query`` finds on a read-only connection of its own, on another thread.

        Rows can be asked by name. Unavailable (journal.unavailable) if the file cannot be read.
        """
        return await asyncio.to_thread(self._read, query)

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with reading(self._path) as connection:
            return query(connection)

    async def close(self) -> None:
        """Commits what was submitted and lets go of the file; idempotent."""
        await self._writer.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _append(connection: sqlite3.Connection, log: str, events: Sequence[Event]) -> None:
    if not events:
        return
    (first,) = connection.execute("SELECT coalesce(max(idx) + 1, 0) FROM event WHERE log = ?", (log,)).fetchone()
    connection.executemany(
        "INSERT INTO event (log, idx, at_ns, kind, session, connection, decision, identity, target, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(event, log, index) for index, event in enumerate(events, first)],
    )
    for event in events:
        project(connection, event)


def _row(event: Event, log: str, index: int) -> tuple[Any, ...]:
    return (
        log,
        index,
        event.at_ns,
        event.kind.value,
        event.session,
        event.connection,
        event.decision,
        event.identity,
        event.target,
        encode(event, log=log, index=index),
    )


def claim(path: Path) -> int:
    """A descriptor that holds the lock of the one process that may write ``path``; Unavailable if another has it."""
    lock = -1
    try:
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError as error:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
        os.close(lock)
        raise Unavailable(
            Code.JOURNAL_UNAVAILABLE,
            f"{path.name} is written by another process (pid {holder}): stop that gateway first",
        ) from error
    except OSError as error:
        if lock >= 0:
            os.close(lock)
        raise unavailable(error) from error
    return lock


def connect(path: Path) -> sqlite3.Connection:
    """The writing connection: transactions are ours to begin and end, each is on disk when it ends."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection; also to a copy in a folder that cannot be written.

    Unavailable (journal.unavailable) if there is no journal or it cannot be read.
    """
    try:
        with contextlib.closing(_read_only(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise unavailable(error) from error


def _read_only(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?mode=ro"
    if not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists():
        uri += "&immutable=1"  # WAL needs files beside it, unless nobody writes
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT)
    connection.row_factory = sqlite3.Row
    return connection
