"""The proxy of a Redis lease, before a real Redis and before what is none."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jumphost.credential.base import Minted
from jumphost.credential.delivery import redis as proxies
from jumphost.credential.delivery.backend import Place
from jumphost.credential.delivery.redis import RedisProxy
from jumphost.secret import Secret
from jumphost.testing.provider_contracts import issued
from jumphost.testing.redis import Store, redis


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    try:
        with redis() as made:
            yield made
    except LookupError as missing:
        pytest.skip(str(missing))


def proxy(server: Store, minted: Minted, **changes: str) -> RedisProxy:
    return RedisProxy(
        Place(changes.get("host", server.source.host), 6379),
        user=changes.get("user", minted.lease.subject),
        password=minted.secret("password"),
    )


@asynccontextmanager
async def served(one: RedisProxy, folder: Path) -> AsyncIterator[str]:
    path = str(folder / "redis.sock")
    async with await asyncio.start_unix_server(one.serve, path):
        yield path
        await one.close()


async def says(path: str, *lines: str) -> bytes:
    """What comes back; nothing where the connection is cut."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write("".join(f"{line}\r\n" for line in lines).encode())
        writer.write_eof()
        return await reader.read()
    except OSError:
        return b""
    finally:
        writer.close()


async def test_a_client_is_logged_in_and_asked_for_nothing(server: Store, tmp_path: Path) -> None:
    minted = await issued(server.provider())
    async with served(proxy(server, minted), tmp_path) as path:
        said = await says(path, "GET cards:1", "GET secrets:1")
    assert said.startswith(b"$3\r\nann\r\n-NOPERM")
    await server.provider().revoke(minted.lease)


async def test_who_resets_the_connection_is_nobody(server: Store, tmp_path: Path) -> None:
    minted = await issued(server.provider())
    async with served(proxy(server, minted), tmp_path) as path:
        assert (await says(path, "RESET", "GET cards:1", "AUTH default x")).startswith(b"+RESET\r\n-NOAUTH")
    await server.provider().revoke(minted.lease)


async def test_large_values_go_both_ways(server: Store, tmp_path: Path) -> None:
    minted = await issued(server.provider())
    value = "x" * 3_000_000
    async with served(proxy(server, minted), tmp_path) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(f"*3\r\n$3\r\nSET\r\n$8\r\ndrafts:1\r\n${len(value)}\r\n{value}\r\n".encode())
        assert await reader.readline() == b"+OK\r\n"
        writer.close()
    assert server.ask("STRLEN", "drafts:1") == "3000000"
    server.ask("DEL", "drafts:1")
    await server.provider().revoke(minted.lease)


@pytest.mark.parametrize("changes", [{"host": "/nonexistent/socket"}, {"user": "nobody"}])
async def test_a_server_that_does_not_let_us_in(server: Store, tmp_path: Path, changes: dict[str, str]) -> None:
    minted = await issued(server.provider())
    async with served(proxy(server, minted, **changes), tmp_path) as path:
        assert await says(path) == b"-ERR the server cannot be reached, or did not let the lease in\r\n"
    await server.provider().revoke(minted.lease)


async def test_no_more_connections_than_a_lease_may_have(
    server: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxies, "CONNECTIONS", 1)
    minted = await issued(server.provider())
    async with served(proxy(server, minted), tmp_path) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"PING\r\n")
        assert await reader.readline() == b"+PONG\r\n"
        assert await says(path, "PING") == b""
        writer.close()
    await server.provider().revoke(minted.lease)


async def test_what_is_open_ends_with_the_lease(server: Store, tmp_path: Path) -> None:
    minted = await issued(server.provider())
    one = proxy(server, minted)
    async with await asyncio.start_unix_server(one.serve, tmp_path / "sock"):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "sock")
        writer.write(b"PING\r\n")
        assert await reader.readline() == b"+PONG\r\n"
        await one.close()
        assert await reader.read() == b""
        writer.close()
        assert await says(str(tmp_path / "sock"), "PING") == b""
    await server.provider().revoke(minted.lease)


async def test_a_server_elsewhere_is_reached_by_verified_tls_alone(tmp_path: Path) -> None:
    heard = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(3))
        writer.close()

    listening = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with listening:
        place = Place("localhost", listening.sockets[0].getsockname()[1])
        one = RedisProxy(place, user="u", password=Secret(b"canary"))
        async with served(one, tmp_path) as path:
            assert (await says(path)).startswith(b"-ERR")
    assert heard == [b"\x16\x03\x01"], "a TLS handshake, and no AUTH"
