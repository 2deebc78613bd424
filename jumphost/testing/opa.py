"""What passes for an OPA server that others run: right by default, and wrong in whatever way a test asks for."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

DECISION, CANARY, HEALTH = "/v1/data/jumphost/main/decision", "/v1/data/jumphost/canary/raised", "/health"
ALLOW = {"effect": "allow", "rules": [{"id": "remote.good", "effect": "allow", "message": "fine"}], "obligations": {}}

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def http(status: int, body: bytes | object, *headers: str, length: int | None = None) -> bytes:
    """A response whose body is these bytes, or this value as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Some", f"Content-Length: {len(content) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + content


def raised(code: str) -> dict[str, object]:
    """The body of OPA's own error."""
    where = {"file": "a.rego", "row": 7, "col": 1}
    return {
        "code": "internal_error",
        "message": "error(s)",
        "errors": [{"code": code, "message": "no", "location": where}],
    }


class FakeOpa:
    """Answers by what is set in it; ``asked`` are the paths that were asked for, ``heads`` the whole heads."""

    def __init__(self) -> None:
        self.revision = "r1"
        self.version = "1.22.2"
        self.strict = True
        self.well = True
        self.decision: Answer | None = None  # instead of the right one
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is, without TLS."""
        return f"http://127.0.0.1:{self.port}"

    def allow(self) -> dict[str, object]:
        """The body of the right answer."""
        bundles = {name: {"revision": self.revision} for name in ("library", "site")}
        return {"provenance": {"version": self.version, "bundles": bundles}, "result": ALLOW}

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.heads.append(head)
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:-2])
                await reader.readexactly(int(fields.get("content-length", 0)))
                await self._answer(head.split()[1].partition("?")[0], writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        self.asked.append(path)
        if path == CANARY:
            writer.write(http(500, raised("eval_builtin_error")) if self.strict else http(200, {}))
        elif path == HEALTH:
            if not self.well:
                await asyncio.Event().wait()
            writer.write(http(200, {}))
        elif self.decision is not None:
            await self.decision(writer)
        else:
            writer.write(http(200, self.allow()))


@asynccontextmanager
async def fake_opa(context: ssl.SSLContext | None = None) -> AsyncIterator[FakeOpa]:
    """One that listens on a free port of this machine, with TLS where a context is given."""
    fake = FakeOpa()
    talking: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            await fake.talk(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            talking.discard(task)

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for task in tuple(talking):
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)
        await server.wait_closed()
