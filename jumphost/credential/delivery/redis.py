"""A proxy for one lease: Redis connections that the gateway logs in to, for a command that holds no secret.

Whoever reaches the lease's socket may use the lease. What the command says goes on as it comes: a Redis connection can
become somebody else only by a password, and RESET makes it nobody (``credential.redis`` sees to that).
"""

import asyncio
import ssl
from typing import Final

import structlog

from jumphost.credential.delivery.backend import LIMIT, Place, Streams
from jumphost.credential.delivery.pump import relay
from jumphost.secret import Secret
from jumphost.stream import Reader, Writer

CONNECTIONS: Final = 10  # of a lease at once
LOGIN_S: Final = 15.0  # for the server to be reached and to let us in

log = structlog.get_logger(__name__)


class RedisProxy:
    """Serves the streams of one lease (``stream.Serve``) until it is closed."""

    def __init__(self, place: Place, *, user: str, password: Secret) -> None:
        self._place, self._user, self._password = place, user, password
        self._tasks: set[asyncio.Task[object]] = set()
        self._closed = False

    async def serve(self, reader: Reader, writer: Writer) -> None:
        """One stream to its end."""
        task = asyncio.current_task()
        if task is None or self._closed or len(self._tasks) >= CONNECTIONS:
            writer.close()
            return
        self._tasks.add(task)
        server: Streams | None = None
        try:
            async with asyncio.timeout(LOGIN_S):
                server = await _dial(self._place)
                await self._log_in(server)
            await relay(reader, writer, server)
        except (OSError, EOFError, ValueError) as error:  # ssl.SSLError and TimeoutError are an OSError
            log.warning("proxy.no_server", user=self._user, error=f"{type(error).__name__}: {error}")
            writer.write(b"-ERR the server cannot be reached, or did not let the lease in\r\n")
        finally:
            self._tasks.discard(task)
            writer.close()
            if server is not None:
                server[1].close()

    async def close(self) -> None:
        """Ends what is open, and serves nothing more."""
        self._closed = True
        if self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)

    async def _log_in(self, server: Streams) -> None:
        words = (b"AUTH", self._user.encode(), self._password.reveal())
        server[1].write(b"*3\r\n" + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        answer = await server[0].readline()
        if answer != b"+OK\r\n":
            raise ValueError(f"got {answer[:100]!r} to AUTH, expected OK")


async def _dial(place: Place) -> Streams:
    """A connection on which nothing was said yet: as ``backend.Place`` has it, but TLS from its first byte."""
    if place.host.startswith("/"):
        return await asyncio.open_unix_connection(place.host, limit=LIMIT)
    if place.plain:
        return await asyncio.open_connection(place.host, place.port, limit=LIMIT)
    trusted = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=place.ca or None)
    trusted.minimum_version = ssl.TLSVersion.TLSv1_2
    return await asyncio.open_connection(place.host, place.port, ssl=trusted, limit=LIMIT)
