"""A proxy for one lease: PostgreSQL sessions that the gateway logs in to, for a command that holds no secret.

(1) A client is asked for nothing: whoever reaches the lease's socket may use the lease, and nobody else gets there.
(2) User and database are the lease's; of its parameters, those that change how values are written go on.
(3) The gateway logs in by SCRAM, over TLS that is verified; a server that asks for the password itself gets nothing.
(4) From then on bytes go both ways as they come, each side at the pace of the other.
(5) A cancel goes on if this lease was given its key. What is open ends with the lease.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import asyncssh
import structlog

from jumphost.credential.delivery import backend, pgwire
from jumphost.credential.delivery.backend import Place, Streams, Turned
from jumphost.credential.delivery.pump import relay
from jumphost.secret import Secret
from jumphost.stream import Reader, Writer

CONNECTIONS: Final = 10  # sessions of a lease at once, where it names no number
START_S: Final = 10.0  # for a client to say what it wants
LOGIN_S: Final = 15.0  # for the server to be reached, to let us in and to be ready

log = structlog.get_logger(__name__)

_FAULTS = (OSError, EOFError, ValueError, asyncssh.Error)  # ssl.SSLError and TimeoutError are an OSError


class PostgresProxy:
    """Serves the streams of one lease (``stream.Serve``) until it is closed."""

    def __init__(
        self, place: Place, *, user: str, database: str, password: Secret, connections: int = CONNECTIONS
    ) -> None:
        self._place, self._user, self._database, self._password = place, user, database, password
        self._connections = connections
        self._sessions = 0
        self._keys: set[bytes] = set()  # that were given to sessions which are open
        self._tasks: set[asyncio.Task[object]] = set()
        self._closed = False

    async def serve(self, reader: Reader, writer: Writer) -> None:
        """One stream to its end."""
        task = asyncio.current_task()
        if task is None or self._closed or len(self._tasks) >= 2 * self._connections:  # cancels are streams too
            writer.close()
            return
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except _FAULTS as error:
            log.warning("proxy.failed", user=self._user, error=f"{type(error).__name__}: {error}")
        finally:
            self._tasks.discard(task)
            writer.close()

    async def close(self) -> None:
        """Ends what is open, and serves nothing more."""
        self._closed = True
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        try:
            async with asyncio.timeout(START_S):
                asked = await _opening(reader, writer)
            if isinstance(asked, pgwire.Cancel):
                await self._cancel(asked)
                return
            opening = pgwire.session(asked, user=self._user, database=self._database)
        except ValueError as error:
            await _refuse(writer, "08P01", str(error))
            return
        if self._sessions >= self._connections:
            await _refuse(writer, "53300", f"got more than {self._connections} sessions of one lease")
            return
        self._sessions += 1
        try:
            await self._session(reader, writer, asked, opening)
        finally:
            self._sessions -= 1

    async def _session(self, reader: Reader, writer: Writer, asked: pgwire.Start, opening: bytes) -> None:
        streams: Streams | None = None
        key = b""
        try:
            try:
                async with asyncio.timeout(LOGIN_S):
                    streams = await backend.dial(self._place)
                    await backend.log_in(streams, opening, self._user, self._password)
                    writer.write(pgwire.negotiated(asked) + pgwire.logged_in())
                    async for kind, body in _until_ready(streams):
                        if kind == pgwire.KEY:
                            self._keys.add(key := pgwire.key(body))
                        writer.write(pgwire.message(kind, body))
            except Turned as refused:
                writer.write(refused.message)
                await writer.drain()
                return
            except _FAULTS as error:
                log.warning("proxy.no_database", user=self._user, error=f"{type(error).__name__}: {error}")
                await _refuse(writer, "08001", "the database cannot be reached, or did not prove itself")
                return
            await relay(reader, writer, streams)
        finally:
            self._keys.discard(key)
            if streams is not None:
                streams[1].close()

    async def _cancel(self, asked: pgwire.Cancel) -> None:
        """The server says nothing to a cancel, whether it knew the key or not, and closes."""
        if asked.key not in self._keys:
            log.warning("proxy.foreign_cancel", user=self._user)
            return
        async with asyncio.timeout(LOGIN_S):
            reader, writer = await backend.dial(self._place)
            try:
                writer.write(pgwire.cancel(asked.key))
                await reader.read(1)
            finally:
                writer.close()


async def _opening(reader: Reader, writer: Writer) -> pgwire.Cancel | pgwire.Start:
    """What the client wants, once it has been told that there is neither TLS nor GSSAPI on a socket of its own."""
    for _ in range(3):
        size = pgwire.start_size(await reader.readexactly(4))
        asked = pgwire.opening(await reader.readexactly(size))
        if not isinstance(asked, pgwire.Encryption):
            return asked
        writer.write(b"N")
    raise ValueError("got one question for encryption after another")


async def _until_ready(streams: Streams) -> AsyncIterator[tuple[bytes, bytes]]:
    kind = b""
    while kind != pgwire.READY:
        kind, body = await backend.message(streams[0])
        if kind == pgwire.FAILED:
            raise Turned(pgwire.message(kind, body))
        yield kind, body


async def _refuse(writer: Writer, sqlstate: str, text: str) -> None:
    writer.write(pgwire.failure(sqlstate, text))
    await writer.drain()
