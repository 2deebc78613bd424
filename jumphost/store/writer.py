"""Many callers, one writing thread: whatever waits when a commit ends shares the next one (group commit).

A job is a function of the connection. It runs in its own savepoint: its exception undoes that job alone and goes to
its caller. A fault of the storage undoes the whole batch and goes to every caller of it. A job that was submitted is
done or undone as a whole, whether or not its caller still waits.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import Any

from jumphost.errors import Code, Unavailable

BATCH = 250  # jobs a commit: more gains little and makes the first of them wait (measured: 68k events/s at 250)

Work = Callable[[sqlite3.Connection], Any]
Measure = Callable[[int], AbstractContextManager[None]]
"""What is entered around each commit, told how many jobs share it."""

# What the job itself did wrong (https://www.sqlite.org/rescode.html); every other code is a fault of the storage.
_OF_THE_JOB = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_RANGE,
    }
)
# Faults that leave the file as it was and may pass: another's lock, a full disk, no memory.
_PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM})


def unavailable(error: BaseException | str) -> Unavailable:
    """The one error that callers see when the storage fails."""
    return Unavailable(
        Code.JOURNAL_UNAVAILABLE, "the journal cannot be written or read: see the gateway's log", detail=str(error)
    )


def primary_code(error: sqlite3.Error) -> int:
    """The primary result code; errors of the Python module itself have none and count as the job's."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


class _Job:
    """One piece of work, the future of who waits for it, and what came of it."""

    __slots__ = ("_error", "_future", "_value", "_work", "loop")

    def __init__(self, work: Work, loop: asyncio.AbstractEventLoop) -> None:
        self._work, self.loop = work, loop
        self._future: asyncio.Future[Any] = loop.create_future()
        self._value: Any = None
        self._error: BaseException | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Does the work in a savepoint; raises only faults of the storage."""
        connection.execute("SAVEPOINT job")
        try:
            self._value = self._work(connection)
        except Exception as error:  # whatever it is, it is for the caller who sent the work
            if isinstance(error, sqlite3.Error) and primary_code(error) not in _OF_THE_JOB:
                raise
            self._error = error
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def fail(self, error: Unavailable) -> None:
        self._value, self._error = None, error

    def settle(self) -> None:
        """Tells the caller; on its loop."""
        if self._future.done():
            return
        if self._error is not None:
            self._future.set_exception(self._error)
        else:
            self._future.set_result(self._value)

    async def outcome(self) -> Any:
        return await self._future


class Writer:
    """The only user of a connection (isolation_level None), on a thread of its own."""

    def __init__(self, connection: sqlite3.Connection, *, name: str, measure: Measure | None = None) -> None:
        self._connection = connection
        self._measure = measure or (lambda _: contextlib.nullcontext())
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._accepting = threading.Lock()
        self._closed: str = ""  # why nothing is taken any more
        self._broken: str = ""  # the lasting fault, until the file is opened again
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def submit(self, work: Work) -> Any:
        """What ``work`` returned, once it is committed.

        Raises what ``work`` raised, undone; Unavailable (journal.unavailable) if the storage failed, undone.
        A caller that is cancelled meanwhile takes nothing back.
        """
        job = _Job(work, asyncio.get_running_loop())
        with self._accepting:
            if self._closed:
                raise unavailable(self._closed)
            self._jobs.put(job)
        return await job.outcome()

    async def close(self) -> None:
        """Commits what was submitted and ends the thread; idempotent."""
        self._stop_taking("closed")
        await asyncio.to_thread(self._thread.join)

    def _stop_taking(self, why: str) -> None:
        with self._accepting:
            if not self._closed:
                self._closed = why
                self._jobs.put(None)

    def _run(self) -> None:
        try:
            while batch := self._gather():
                self._commit(batch)
        finally:
            self._stop_taking("the writing thread ended")
            _settle(self._failed(self._gather_rest(), "the writing thread ended"))
            self._connection.close()

    def _gather(self) -> list[_Job]:
        """The jobs that wait, at least one; none when the end was reached."""
        batch: list[_Job] = []
        while len(batch) < BATCH:
            try:
                job = self._jobs.get(block=not batch)
            except Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _gather_rest(self) -> list[_Job]:
        rest: list[_Job] = []
        with contextlib.suppress(Empty):
            while True:
                if job := self._jobs.get_nowait():
                    rest.append(job)
        return rest

    def _commit(self, batch: list[_Job]) -> None:
        try:
            if self._broken:
                self._failed(batch, self._broken)
                return
            with self._measure(len(batch)):
                self._connection.execute("BEGIN IMMEDIATE")
                for job in batch:
                    job.run(self._connection)
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo()
            if primary_code(error) not in _PASSING:
                self._broken = str(error)
            self._failed(batch, str(error))
        except BaseException as error:
            self._failed(batch, repr(error))
            raise
        finally:
            _settle(batch)

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # the fault that led here is the one to tell
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _failed(self, batch: list[_Job], why: str) -> list[_Job]:
        for job in batch:
            job.fail(unavailable(why))
        return batch


def _settle(batch: list[_Job]) -> None:
    """One wake-up for each loop that waits; a loop that is gone waits for nothing."""
    for loop in {job.loop for job in batch}:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell, [job for job in batch if job.loop is loop])


def _tell(jobs: list[_Job]) -> None:
    for job in jobs:
        job.settle()
