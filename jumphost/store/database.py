"""One SQLite file: written by one thread of one process, read by anyone with the rights.

WAL with synchronous FULL: what was acknowledged survives a crash and a power cut. A lock file beside it (``NAME.lock``)
says which process writes.
"""

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlite_utils import Migrations

from jumphost.errors import Code, Unavailable
from jumphost.store.migrations import migrate
from jumphost.store.writer import Measure, Writer, primary_code, unavailable

WRITE_DEADLINE_S = 10.0  # a commit takes milliseconds; a disk that hangs must not leave commands running unseen
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})  # https://www.sqlite.org/rescode.html
BUSY_TIMEOUT = 2.0  # seconds that a lock held by another process (a copy being made) is waited for

T = TypeVar("T")


class Database:
    """An open file: jobs are written through one thread, queries read beside it."""

    def __init__(self, path: Path, lock: int, writer: Writer) -> None:
        self._path, self._lock, self._writer = path, lock, writer

    @classmethod
    def open(cls, path: Path, steps: Migrations, *, measure: Measure | None = None) -> "Database":
        """The file, made if there is none (0600), its tables brought up to date.

        Unavailable (journal.unavailable) if another process has it open, it cannot be written, or it is damaged.
        """
        lock = _claim(path)
        try:
            connection = _connect(path)
            migrate(connection, steps)
        except (OSError, sqlite3.Error) as error:
            os.close(lock)
            raise _not_opened(path, error) from error
        return cls(path, lock, Writer(connection, name=f"jumphost-{path.stem}", measure=measure))

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """As ``Writer.submit``: what ``job`` returned, once it is on disk.

        Unavailable as well if the disk does not answer in time: then it may still be done, as after a cancellation.
        """
        try:
            async with asyncio.timeout(WRITE_DEADLINE_S):
                result: T = await self._writer.submit(job)
        except TimeoutError:
            raise unavailable(f"{self._path.name}: no answer within {WRITE_DEADLINE_S:.0f} s") from None
        return result

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What ``query`` finds on a read-only connection of its own, on another thread; errors as ``reading``."""

        def ask() -> T:
            with reading(self._path) as connection:
                return query(connection)

        return await asyncio.to_thread(ask)

    async def close(self) -> None:
        """Commits what was submitted and lets go of the file; idempotent."""
        await self._writer.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection whose rows can be asked by name; also to a copy in a folder that cannot be written.

    Unavailable (journal.unavailable) if there is no such file or it cannot be read.
    """
    try:
        with contextlib.closing(_read_only(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise unavailable(error) from error


def _read_only(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path))}?mode=ro"
    if not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists():
        uri += "&immutable=1"  # WAL needs files beside it, unless nobody writes
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT)
    connection.row_factory = sqlite3.Row
    return connection


def _claim(path: Path) -> int:
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
        raise _not_opened(path, error) from error
    return lock


def _not_opened(path: Path, error: OSError | sqlite3.Error) -> Unavailable:
    """The error, and the way out of it."""
    if isinstance(error, sqlite3.Error) and primary_code(error) in DAMAGE:
        way_out = "it is damaged: keep it, it is evidence, and put the last good copy in its place or move it away"
    elif isinstance(error, sqlite3.Error) and primary_code(error) == sqlite3.SQLITE_BUSY:
        way_out = "another program has locked it: end that one"
    else:
        way_out = "see to its disk, folder and modes, as `jumphost doctor` says"
    return Unavailable(Code.JOURNAL_UNAVAILABLE, f"{path} cannot be opened: {way_out}", detail=str(error))


def _connect(path: Path) -> sqlite3.Connection:
    """Transactions are the writer's to begin and end; each is on disk when it ends."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_TIMEOUT, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
