"""The connection by which roles are made and ended: one, opened when it is needed, for one piece of work at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
import structlog

from jumphost.config.credentials import Postgres
from jumphost.credential.login import read_login
from jumphost.errors import Code, Unavailable
from jumphost.secret import Secret

SET_OPTION: Final = 160_000  # the first version whose memberships may come without SET ROLE

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
T = TypeVar("T")

# Names are looked up in pg_catalog alone: what others made in a database cannot stand in for it. That a role was made
# or shut need not be on disk: a crash of the server ends its sessions, and what is not ended is tried again.
_OPTIONS: Final = "-c search_path=pg_catalog -c synchronous_commit=off -c client_min_messages=error"

log = structlog.get_logger(__name__)


def unavailable(detail: str) -> Unavailable:
    """The one error that callers see."""
    return Unavailable(Code.CREDENTIAL_UNAVAILABLE, "the database that makes credentials failed", detail=detail)


class Admin:
    """Works as the role of ``admin:``, whose password is read anew for each connection."""

    def __init__(self, source: Postgres, *, admin: Path, ca: Path | None) -> None:
        self._source, self._admin, self._ca = source, admin, ca
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def run(self, work: Callable[[Connection], Awaitable[T]], database: str = "") -> T:
        """What ``work`` returns, with a connection to ``database``, by default the one of the entry.

        Unavailable (credential.unavailable) if the server refuses or does not answer in time; then the connection is
        given up, since nobody knows in what state it is.
        """
        async with self._turn:
            return await self._at(work, database or self._source.database)

    async def close(self) -> None:
        """Closes it; idempotent, never raises."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _at(self, work: Callable[[Connection], Awaitable[T]], database: str) -> T:
        elsewhere: Connection | None = None
        try:
            async with asyncio.timeout(self._source.deadline):
                if database != self._source.database:
                    connection = elsewhere = await self._connect(database)
                else:
                    connection = await self._usual()
                return await work(connection)
        except (psycopg.Error, OSError) as error:
            await self.close()
            raise unavailable(_text(error)) from None
        except BaseException:
            await self.close()
            raise
        finally:
            if elsewhere is not None:
                await elsewhere.close()

    async def _usual(self) -> Connection:
        """The open connection, if it still is one."""
        if self._connection is not None and self._connection.closed:
            self._connection = None
        if self._connection is None:
            self._connection = await self._connect(self._source.database)
        return self._connection

    async def _connect(self, database: str) -> Connection:
        source, (role, password) = self._source, self._login()
        return await psycopg.AsyncConnection.connect(
            host=source.host,
            port=source.port,
            dbname=database,
            user=role,
            password=password.reveal().decode(),
            require_auth="scram-sha-256",
            sslmode="verify-full" if self._ca else "disable",
            sslrootcert=str(self._ca) if self._ca else None,
            gssencmode="disable",
            target_session_attrs="read-write",
            connect_timeout=source.deadline,
            application_name="jumphost",
            options=_OPTIONS,
            autocommit=True,
        )

    def _login(self) -> tuple[str, Secret]:
        try:
            return read_login(self._admin)
        except ValueError as error:
            raise unavailable(str(error)) from None


def _text(error: psycopg.Error | OSError) -> str:
    """What the server or the network said, on one line; a statement is not in it."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return " ".join((said or str(error)).split())
