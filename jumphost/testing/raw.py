"""A client that sends exactly the packets it is told to, for attacks on logging in."""

import asyncio
from typing import Any

import asyncssh
from asyncssh.constants import MSG_USERAUTH_FAILURE, MSG_USERAUTH_REQUEST, MSG_USERAUTH_SUCCESS
from asyncssh.logging import SSHLogger
from asyncssh.packet import Boolean, Byte, SSHPacket, SSHPacketHandler, String

from jumphost.testing.gateway import HOST, Door

MSG_USERAUTH_PK_OK = 60  # RFC 4252 §7
CLOSED = 0  # no packet: the server closed the connection


class RawClient(asyncssh.SSHClientConnection):
    """Keys are exchanged; from there on nothing is sent that the test does not send."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answers = _Answers(self.logger)
        self._ready = asyncio.Event()

    @classmethod
    async def connect(cls, here: Door, source: str = HOST) -> "RawClient":
        """A connection from ``source`` whose authentication service was accepted."""
        loop = asyncio.get_running_loop()
        options = asyncssh.SSHClientConnectionOptions(**here.client_options([], "here", {}))
        _, client = await loop.create_connection(lambda: cls(loop, options), HOST, here.port, local_addr=(source, 0))
        await client._ready.wait()
        return client

    def try_next_auth(self, *, next_method: bool = False) -> None:
        self._auth = self._answers  # type: ignore[assignment]  # stands in for a method's handler
        self._ready.set()

    def connection_lost(self, exc: Exception | None = None) -> None:
        self._answers.queue.put_nowait(CLOSED)
        super().connection_lost(exc)

    def _answered(self, pkttype: int, _pktid: int, _packet: SSHPacket) -> None:
        self._answers.queue.put_nowait(pkttype)

    _packet_handlers = {  # noqa: RUF012  # asyncssh dispatches by this table of the class
        **asyncssh.SSHClientConnection._packet_handlers,
        MSG_USERAUTH_FAILURE: _answered,
        MSG_USERAUTH_SUCCESS: _answered,
    }

    def body(
        self,
        cert: asyncssh.SSHCertificate | bytes,
        key: asyncssh.SSHKey | None = None,
        *,
        username: str = "here",
        algorithm: bytes = b"ssh-ed25519",
        session_id: bytes | None = None,
        signature: bytes | None = None,
    ) -> bytes:
        """A publickey request (RFC 4252 §7): a probe without ``key`` and ``signature``."""
        blob = cert if isinstance(cert, bytes) else cert.public_data
        signed = key is not None or signature is not None
        kind = b"" if isinstance(cert, bytes) else cert.algorithm
        body = b"".join(
            (
                String(username),
                String("ssh-connection"),
                String("publickey"),
                Boolean(signed),
                String(kind),
                String(blob),
            )
        )
        if key is not None:
            data = String(self._session_id if session_id is None else session_id) + Byte(MSG_USERAUTH_REQUEST) + body
            signature = key.sign(data, algorithm)
        return body if signature is None else body + String(signature)

    def send(self, *bodies: bytes) -> None:
        """Authentication requests in one write, without waiting for answers."""
        wire = self._transport
        assert wire is not None
        held: list[bytes] = []
        self._send = held.append  # type: ignore[method-assign,assignment]  # so that all arrive in one read
        try:
            for body in bodies:
                self.send_packet(MSG_USERAUTH_REQUEST, body)
        finally:
            del self._send
        wire.write(b"".join(held))

    async def answer(self) -> int:
        """The type of the next answer: MSG_USERAUTH_…, or CLOSED."""
        return await self._answers.queue.get()

    async def ask(self, body: bytes) -> int:
        """Sends one request and waits for its answer."""
        self.send(body)
        return await self.answer()


class _Answers(SSHPacketHandler):
    def __init__(self, logger: SSHLogger) -> None:
        self._logger = logger
        self.queue: asyncio.Queue[int] = asyncio.Queue()

    @property
    def logger(self) -> SSHLogger:
        return self._logger

    def process_packet(self, pkttype: int, pktid: int, packet: SSHPacket) -> bool:
        self.queue.put_nowait(pkttype)
        return True

    def cancel(self) -> None: ...


FAILURE, SUCCESS, PROBED = MSG_USERAUTH_FAILURE, MSG_USERAUTH_SUCCESS, MSG_USERAUTH_PK_OK
