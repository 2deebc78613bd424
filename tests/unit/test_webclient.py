"""Asking a web server: what is taken for an answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from jumphost import webclient
from jumphost.testing.tls import certificate
from jumphost.testing.web import ANSWER, web


async def test_get_and_post() -> None:
    with web() as server:
        assert await webclient.ask(f"http://{server.address}/a?b") == (200, ANSWER)
        assert await webclient.ask(f"http://{server.address}/c", body=b"text") == (200, ANSWER)
        assert [(asked.method, asked.target, asked.body) for asked in server.asked] == [
            ("GET", "/a?b", b""),
            ("POST", "/c", b"text"),
        ]


async def test_other_methods() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(line), line))

    async with serving(echo) as address:
        assert await webclient.ask(f"http://{address}/a", method="DELETE") == (200, b"DELETE /a HTTP/1.1\r\n")
        assert await webclient.ask(f"http://{address}/a", method="PUT", body=b"") == (200, b"PUT /a HTTP/1.1\r\n")


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The address of a server that does as told; it ends after its connections."""
    ends: list[asyncio.Event] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(over := asyncio.Event())
        with suppress(OSError):
            await handler(reader, writer)
            writer.close()
            await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for over in ends:
            await over.wait()


def saying(head: bytes, body: bytes = b"") -> Handler:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n" + body)

    return answer


async def test_no_redirect_is_followed() -> None:
    with web() as other:
        async with serving(saying(f"HTTP/1.1 302 Found\r\nLocation: http://{other.address}/".encode())) as address:
            assert (await webclient.ask(f"http://{address}"))[0] == 302
        assert other.asked == []


async def test_answers_are_bounded() -> None:
    async with serving(saying(b"HTTP/1.1 200 OK", b"x" * (webclient.MAX_BYTES + 1))) as address:
        with pytest.raises(ValueError, match="got an answer of more than"):
            await webclient.ask(f"http://{address}")


async def test_what_is_no_answer() -> None:
    async with serving(saying(b"nonsense")) as address:
        with pytest.raises(OSError, match=r"."):
            await webclient.ask(f"http://{address}")
    with pytest.raises(OSError, match="Cannot connect"):
        await webclient.ask(f"http://{address}")
    with pytest.raises(OSError, match=r"."):
        await webclient.ask("http://[bad")


async def test_a_server_that_says_nothing() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as address:
        with pytest.raises(TimeoutError):
            await webclient.ask(f"http://{address}", timeout_s=0.1)


async def test_certificates_are_looked_at(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    async with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 2", b"ok"), context) as address:
        assert await webclient.ask(f"https://{address}", ca=cert) == (200, b"ok")
        with pytest.raises(OSError, match="certificate"):
            await webclient.ask(f"https://{address}")
