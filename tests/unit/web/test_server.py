"""A listener for strangers: bounded in room, time and head; no word of what serves it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from jumphost.testing.tls import certificate
from jumphost.web import server


async def answer(request: Request) -> Response:
    return PlainTextResponse(request.client.host if request.client else "")


APP = Starlette(routes=[Route("/", answer)])


@asynccontextmanager
async def listening(context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async with await server.listen(APP, "127.0.0.1", 0, context) as here:
        yield here.sockets[0].getsockname()[1]


async def talk(port: int, request: bytes, context: ssl.SSLContext | None = None) -> bytes:
    """All that is answered until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(request)
    said = await reader.read()
    writer.close()
    return said


async def test_the_peer_is_who_asks_whatever_it_says() -> None:
    async with listening() as port:
        said = await talk(port, b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.1\r\nConnection: close\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert said.endswith(b"127.0.0.1")
    head = said.partition(b"\r\n\r\n")[0].lower()
    assert b"server:" not in head
    assert b"uvicorn" not in said.lower()


async def test_a_head_without_end_is_no_request() -> None:
    async with listening() as port:
        said = await talk(port, b"GET / HTTP/1.1\r\nX: " + b"x" * (2 * server.MAX_HEAD))
    assert said.startswith(b"HTTP/1.1 400 ")


async def test_who_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LIFE_S", 0.05)
    async with listening() as port:
        assert await talk(port, b"GET / HTTP/1.1\r\n") == b""


async def test_a_full_room_has_place_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    async with listening() as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        said = await talk(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 200 OK")
        assert await silent[0][0].read() == b""
        for _, writer in silent:
            writer.close()


async def test_idle_connections_end_with_it() -> None:
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"127.0.0.1")
    assert await reader.read() == b""
    writer.close()


async def test_tls_of_these_days_only(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "exchange")
    client = ssl.create_default_context(cafile=cert)
    async with listening(server.context(cert, key)) as port:
        said = await talk(port, b"GET / HTTP/1.0\r\n\r\n", client)
        assert said.startswith(b"HTTP/1.1 200 OK")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(cert)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await talk(port, b"GET / HTTP/1.0\r\n\r\n", old)


def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("nonsense")
    with pytest.raises(OSError, match=r"."):
        server.context(tmp_path / "cert.pem", tmp_path / "cert.pem")
    with pytest.raises(OSError, match=r"."):
        server.context(tmp_path / "none.pem", tmp_path / "none.pem")
