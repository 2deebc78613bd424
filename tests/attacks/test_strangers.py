"""Connections that do not log in: a thousand at once, or slowly; honest callers are served meanwhile."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from jumphost.errors import Code
from jumphost.gateway.transport import GatewayServerConnection
from jumphost.testing.gateway import HOST, Rig, rig

ATTACKER = "127.0.0.2"


@asynccontextmanager
async def half_open(here: Rig, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections from one address that say nothing, at most a few hundred of them open on our side."""
    readers: list[asyncio.StreamReader] = []
    writers: list[asyncio.StreamWriter] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection(HOST, here.port, local_addr=(ATTACKER, 0))
        readers.append(reader)
        writers.append(writer)

    try:
        for _ in range(0, count, 50):
            await asyncio.gather(*(one() for _ in range(50)))
            while len(writers) > 400:
                writers.pop(0).transport.abort()
        yield readers
    finally:
        for writer in writers:
            writer.transport.abort()


async def served(here: Rig) -> bool:
    async with await here.connect() as caller:
        return (await caller.run("echo honest", encoding="utf-8")).stdout == "honest\n"


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.long)])
async def test_half_open_connections_make_room_for_each_other(count: int) -> None:
    async with rig(unauthenticated=50) as here, half_open(here, count):
        assert await served(here)
        evicted = [code for _, code, _ in here.gate.refused_logins if code is Code.LIMIT_UNAUTHENTICATED]
        assert len(evicted) >= count - 400 - 50
        here.gate.closed_connections.clear()  # the one place that remembers them
        gc.collect()
        assert sum(isinstance(one, GatewayServerConnection) for one in gc.get_objects()) <= 60


async def test_an_address_that_never_logs_in_is_turned_away_and_others_are_not() -> None:
    async with rig(connections_per_minute=10) as here, half_open(here, 100) as readers:
        while len(here.gate.turned_aways) < 90:
            await asyncio.sleep(0.01)
        assert set(here.gate.turned_aways) == {(ATTACKER, Code.LIMIT_CONNECTIONS)}
        assert len(readers) == 100
        assert all([await served(here) for _ in range(15)])


async def test_a_peer_that_is_gone_before_it_is_looked_at_leaves_nothing() -> None:
    async with rig(unauthenticated=1) as here:
        for _ in range(50):
            with socket.create_connection((HOST, here.port)) as peer:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes with a reset
        assert await served(here)


async def test_so_many_attempts_and_the_connection_ends() -> None:
    async with rig(login_attempts=2) as here:
        plain = [here.login()[0] for _ in range(5)]
        with pytest.raises(Exception, match="Too many authentication failures"):
            await here.connect(client_keys=plain)
        assert 2 <= len(here.gate.refused_logins) <= 3
