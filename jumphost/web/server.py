"""Serving an application over HTTPS to strangers: bounded in connections, in the life of each, and in its head.

uvicorn's protocol without its server: signals, logging and the process are ours.
"""

import asyncio
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from jumphost.audit.crowd import Crowd

MAX_CONNECTIONS = 256  # for one more, one of the address that has most is closed
LIFE_S = 30.0  # of a connection, whatever it does: an exchange takes milliseconds, or as long as an issuer's keys
IDLE_S = 5  # between two requests
MAX_HEAD = 16_384  # bytes of a request line and its header fields
HANDSHAKE_S = 10.0
END_S = 5.0  # for answers that are under way at the end


class Listening:
    """A listener until the context ends."""

    def __init__(self, server: asyncio.Server, state: ServerState) -> None:
        self._server, self._state = server, state

    @property
    def sockets(self) -> Any:
        """As those of asyncio.Server."""
        return self._server.sockets

    async def __aenter__(self) -> "Listening":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(self._state.tasks, timeout=END_S)
        for connection in list(self._state.connections):
            if isinstance(connection, _Connection):
                connection.transport.abort()


async def listen(app: ASGIApp, host: str, port: int, certified: ssl.SSLContext | None) -> Listening:
    """Serves until the context ends; port 0 takes a free one. OSError if it cannot."""
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # what strangers send is no news
        access_log=False,
        proxy_headers=False,  # the address is the peer's, whatever it says of others
        server_header=False,
        date_header=False,
        timeout_keep_alive=IDLE_S,
        h11_max_incomplete_event_size=MAX_HEAD,
    )
    state, crowd = ServerState(), Crowd[_Connection](MAX_CONNECTIONS)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(config, state, crowd),
        host,
        port,
        ssl=certified,
        ssl_handshake_timeout=HANDSHAKE_S if certified else None,
    )
    return Listening(server, state)


def context(cert: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and later with the certificate of a file; OSError (ssl.SSLError) if it is none."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(cert, key)
    return made


class _Connection(H11Protocol):
    """One connection that ends in time."""

    def __init__(self, config: uvicorn.Config, state: ServerState, crowd: "Crowd[_Connection]") -> None:
        super().__init__(config, state, {})
        self._crowd = crowd
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._end = self.loop.call_later(LIFE_S, transport.abort)
        address = str((transport.get_extra_info("peername") or ("",))[0])
        if (late := self._crowd.enter(self, address)) is not None:
            late.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._crowd.leave(self)
        if self._end is not None:
            self._end.cancel()
