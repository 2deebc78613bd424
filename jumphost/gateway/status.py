"""How the gateway is, for this machine's probes and scrapers: three paths of HTTP on a loopback port.

``/healthz``: the process lives, since its event loop answers. ``/readyz``: a command could run now; else 503 and what
stands against it, by part. ``/metrics``: figures for Prometheus. One request a connection, and nothing else is served.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from prometheus_client import exposition, generate_latest

from jumphost.errors import JumphostError

Check = Callable[[], Awaitable[None]]
"""Returns if its part could serve a command now; raises what a command would meet."""

MAX_HEAD = 8192  # bytes of a request with its header fields
TIMEOUT_S = 5.0  # for a request to be read, answered and taken
MAX_CONNECTIONS = 16
CHECK_S = 2.0  # for one part to say how it is: less than the second that probes usually have would be no news

_JSON = "application/json"
_Answer = tuple[HTTPStatus, str, bytes]


class Status:
    """Answers probes; ``checks`` go by the names that ``/readyz`` shows."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._open = 0

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listens until the server is closed; port 0 takes a free one. OSError if it cannot."""
        return await asyncio.start_server(self._connected, host, port, limit=MAX_HEAD)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= MAX_CONNECTIONS:
                async with asyncio.timeout(TIMEOUT_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(_response(head, await self._answer(head)))
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asks so gets no answer
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, head: bytes) -> _Answer:
        method, _, rest = head.partition(b" ")
        if method not in (b"GET", b"HEAD"):
            return HTTPStatus.METHOD_NOT_ALLOWED, _JSON, b"{}"
        match rest.partition(b" ")[0].partition(b"?")[0]:
            case b"/healthz":
                return HTTPStatus.OK, _JSON, b"{}"
            case b"/readyz":
                return await self._ready()
            case b"/metrics":
                return HTTPStatus.OK, exposition.CONTENT_TYPE_PLAIN_0_0_4, generate_latest()
        return HTTPStatus.NOT_FOUND, _JSON, b"{}"

    async def _ready(self) -> _Answer:
        names, checks = self._checks.keys(), self._checks.values()
        found = await asyncio.gather(*map(_problem, checks))
        problems = {name: problem for name, problem in zip(names, found, strict=True) if problem}
        status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
        return status, _JSON, json.dumps({"ready": not problems, "problems": problems}).encode()


async def _problem(check: Check) -> dict[str, str] | None:
    try:
        async with asyncio.timeout(CHECK_S):
            await check()
    except JumphostError as error:
        return {"code": error.code, "message": error.message}
    except TimeoutError:
        return {"code": "", "message": f"no answer within {CHECK_S:.0f} s"}
    return None


def _response(head: bytes, answer: _Answer) -> bytes:
    status, kind, body = answer
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if head.startswith(b"HEAD ") else body)
