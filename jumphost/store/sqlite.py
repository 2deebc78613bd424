"""The store of one gateway: ``state/journal.db``, the events and what is known beside them, in one transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, overload

from jumphost.model.event import Event, encode
from jumphost.store import migrations
from jumphost.store.database import Database
from jumphost.store.projection import project
from jumphost.store.writer import Measure

T = TypeVar("T")


class Store:
    """The journal's events get a gapless index from 0; rows beside them change in the same transaction."""

    def __init__(self, database: Database, log: str) -> None:
        self._database, self._log = database, log

    @classmethod
    def open(cls, path: Path, *, log: str, measure: Measure | None = None) -> "Store":
        """The store in ``path``; ``log`` names this gateway's journal in it. Errors as ``Database.open``."""
        return cls(Database.open(path, migrations.journal, measure=measure), log)

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

        return await self._database.write(job)

    async def probe(self) -> None:
        """Writes to the file, but nothing into it; Unavailable (journal.unavailable) if the storage cannot."""
        await self._database.write(_touch)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What ``query`` finds, on another thread and a connection that cannot write; Unavailable if it cannot read."""
        return await self._database.read(query)

    async def close(self) -> None:
        """Commits what was submitted and lets go of the file; idempotent."""
        await self._database.close()


def _touch(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version = {version}")  # a page is written and synced, although nothing changes


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
