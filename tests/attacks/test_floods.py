"""Callers who are logged in and ask without end, of a gateway process: it grows no further, and serves the others."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import psutil
import pytest
from asyncssh.constants import (
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_OPEN,
    MSG_CHANNEL_OPEN_CONFIRMATION,
    MSG_CHANNEL_OPEN_FAILURE,
    MSG_CHANNEL_REQUEST,
    MSG_GLOBAL_REQUEST,
    MSG_KEXINIT,
    MSG_REQUEST_FAILURE,
    MSG_REQUEST_SUCCESS,
)
from asyncssh.logging import SSHLogger
from asyncssh.packet import Boolean, SSHPacket, SSHPacketHandler, String, UInt32

from jumphost.audit.flood import EACH
from jumphost.testing.gateway import HOST, Door
from jumphost.testing.lab import lab_site
from jumphost.testing.site import LiveSite, has_ssh

BOUND = 8 << 20  # bytes a gateway may grow by: a window each way, what is journalled, and the allocator's slack
MANY = 5000

YES, NO = Boolean(True), Boolean(False)  # noqa: FBT003


@pytest.fixture(scope="module")
def place() -> Iterator[LiveSite]:
    """A site of this module's own: after it, refusals of this address are only counted for a while."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        yield site


class Deaf(asyncssh.SSHClientConnection):
    """A client that takes whatever it is answered, on whatever channel."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._channels = _Anything(self)
        self.opened = asyncio.Event()

    def _taken(self, pkttype: int, _pktid: int, _packet: SSHPacket) -> None:
        if pkttype == MSG_CHANNEL_OPEN_CONFIRMATION:
            self.opened.set()

    _packet_handlers = {  # noqa: RUF012  # asyncssh dispatches by this table of the class
        **asyncssh.SSHClientConnection._packet_handlers,
        MSG_CHANNEL_OPEN_CONFIRMATION: _taken,
        MSG_CHANNEL_OPEN_FAILURE: _taken,
        MSG_REQUEST_SUCCESS: _taken,
        MSG_REQUEST_FAILURE: _taken,
    }


class _Anything(dict[int, Any]):
    def __init__(self, client: Deaf) -> None:
        self._any = _Ear(client)

    def __missing__(self, number: int) -> SSHPacketHandler:
        return self._any


class _Ear(SSHPacketHandler):
    def __init__(self, client: Deaf) -> None:
        self._client = client

    @property
    def logger(self) -> SSHLogger:
        return self._client.logger

    def process_packet(self, pkttype: int, pktid: int, packet: SSHPacket) -> bool:
        return True


@pytest.fixture(scope="module")
def deploy_key(place: LiveSite) -> Path:
    return place.key("deploy-bot", "--ttl", "15m")


@asynccontextmanager
async def logged_in(site: LiveSite, key: Path, source: str) -> AsyncIterator[Deaf]:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()

    class Client(asyncssh.SSHClient):
        def auth_completed(self) -> None:
            ready.set()

    options = asyncssh.SSHClientConnectionOptions(
        **Door.client_options([str(key)], "batch-host", {"client_factory": Client})
    )
    _, client = await loop.create_connection(lambda: Deaf(loop, options), HOST, site.port, local_addr=(source, 0))
    await ready.wait()
    try:
        yield client
    finally:
        client.abort()


async def send(client: Deaf, pkttype: int, payload: Callable[[int], bytes]) -> None:
    """MANY packets, as fast as the gateway reads; none once it has closed the connection."""
    for number in range(MANY):
        client.send_packet(pkttype, payload(number))
        if number % 500 == 0:
            await asyncio.sleep(0)
    while client._transport is not None and client._transport.get_write_buffer_size():
        await asyncio.sleep(0.01)


def asked(window: int, number: int) -> bytes:
    return String("session") + UInt32(number) + UInt32(window) + UInt32(32_768)


async def a_channel(client: Deaf, *, window: int = 1 << 20, number: int = 0) -> None:
    client.opened.clear()
    client.send_packet(MSG_CHANNEL_OPEN, asked(window, number))
    await client.opened.wait()


Flood = Callable[[Deaf], Awaitable[None]]


async def environment(client: Deaf) -> None:
    await a_channel(client)
    await send(
        client, MSG_CHANNEL_REQUEST, lambda n: UInt32(0) + String("env") + NO + String(f"N{n}") + String("v" * 99)
    )


async def channels(client: Deaf) -> None:
    await send(client, MSG_CHANNEL_OPEN, lambda n: asked(1 << 20, n))


async def channels_that_come_and_go(client: Deaf) -> None:
    for number in range(MANY // 5):
        await a_channel(client, number=number)
        client.send_packet(MSG_CHANNEL_CLOSE, UInt32(number))


async def global_requests(client: Deaf) -> None:
    await send(client, MSG_GLOBAL_REQUEST, lambda _: String("tcpip-forward") + YES + String("0.0.0.0") + UInt32(22))


async def requests_of_a_channel(client: Deaf) -> None:
    await a_channel(client)
    await send(client, MSG_CHANNEL_REQUEST, lambda _: UInt32(0) + String("rude") + YES)


async def second_commands(client: Deaf) -> None:
    await a_channel(client)
    await send(client, MSG_CHANNEL_REQUEST, lambda _: UInt32(0) + String("exec") + YES + String("sleep 60"))


async def signals(client: Deaf) -> None:
    await a_channel(client)
    client.send_packet(MSG_CHANNEL_REQUEST, UInt32(0) + String("exec") + YES + String("sleep 60"))
    await send(client, MSG_CHANNEL_REQUEST, lambda _: UInt32(0) + String("signal") + NO + String("WINCH"))


async def key_exchanges(client: Deaf) -> None:
    for _ in range(100):
        client._send_kexinit()
        client._kexinit_sent = True
        while not client._kex_complete:
            await asyncio.sleep(0)


async def requests_within_a_key_exchange(client: Deaf) -> None:
    """One that is begun and never ended: what would be answered has to be kept until then."""
    client.send_packet(MSG_KEXINIT, client._client_kexinit[1:])
    client._kex_complete = True  # or asyncssh would hold the rest back
    await send(client, MSG_GLOBAL_REQUEST, lambda _: String("keepalive@openssh.com") + YES)


async def output_into_a_window_of_nothing(client: Deaf) -> None:
    for number in range(4):
        await a_channel(client, window=0, number=number)
        line = "sh -c 'head -c 50000000 /dev/zero'"
        client.send_packet(MSG_CHANNEL_REQUEST, UInt32(number) + String("exec") + YES + String(line))
    await asyncio.sleep(1)


# What is refused by each, as the journal has it; "" for what is only bounded.
FLOODS: dict[str, tuple[Flood, str]] = {
    flood.__name__: (flood, refused)
    for flood, refused in (
        (environment, "env"),
        (channels, "session"),
        (channels_that_come_and_go, ""),
        (global_requests, "tcpip-forward"),
        (requests_of_a_channel, "rude"),
        (second_commands, "exec"),
        (signals, ""),
        (key_exchanges, ""),
        (requests_within_a_key_exchange, "connection"),
        (output_into_a_window_of_nothing, ""),
    )
}


@pytest.mark.parametrize("name", FLOODS)
async def test_asking_without_end(name: str, place: LiveSite, deploy_key: Path) -> None:
    flood, refused = FLOODS[name]
    assert place.process is not None
    gateway = psutil.Process(place.process.pid)
    await honest(place, deploy_key)
    before = gateway.memory_info().rss
    source = f"127.0.0.{10 + list(FLOODS).index(name)}"  # each has refusals of its own, until they are only counted
    async with logged_in(place, deploy_key, source) as client:
        asking = asyncio.ensure_future(asyncio.wait_for(flood(client), 20))
        await honest(place, deploy_key)
        await asking
        await honest(place, deploy_key)
        assert gateway.memory_info().rss - before < BOUND
    events = [event for event in place.events("request.refused") if event.get("source") == source]
    told = [event["request"] for event in events]
    assert set(told) == ({refused} if refused else set())
    assert len(told) <= EACH


# What a stranger has sent when it stops, its connection left open.
STOPS = {
    "nothing": b"",
    "a version": b"SSH-2.0-slow\r\n",
    "the beginning of a packet": b"SSH-2.0-slow\r\n" + UInt32(35_000) + bytes(30_000),
}


@pytest.mark.parametrize("stop", STOPS)
async def test_half_open_without_end(stop: str, place: LiveSite, deploy_key: Path) -> None:
    """They make room for each other: a thousand more take no more than the first few hundred do."""
    assert place.process is not None
    gateway = psutil.Process(place.process.pid)
    await half_open(place, STOPS[stop], 300)
    await honest(place, deploy_key)
    before = gateway.memory_info().rss
    await half_open(place, STOPS[stop], 1000)
    await honest(place, deploy_key)
    assert gateway.memory_info().rss - before < BOUND


async def half_open(place: LiveSite, sent: bytes, count: int) -> None:
    """So many connections of many addresses, the newest two hundred of them open on our side."""
    kept: deque[asyncio.StreamWriter] = deque()
    for number in range(count):
        source = f"127.77.{number % 100}.{1 + number // 100}"
        _, writer = await asyncio.open_connection(HOST, place.port, local_addr=(source, 0))
        writer.write(sent)
        kept.append(writer)
        if len(kept) > 200:
            kept.popleft().transport.abort()
    for writer in kept:
        writer.transport.abort()


async def honest(place: LiveSite, key: Path) -> None:
    async with await asyncssh.connect(HOST, place.port, **Door.client_options([str(key)], "batch-host", {})) as caller:
        assert (await caller.run("sh -c 'echo honest'", encoding="utf-8")).stdout == "honest\n"
