"""Peers that do not keep to SSH, at each step: each is cut off and told of with a code, and others are served."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.constants import (
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_OPEN,
    MSG_DEBUG,
    MSG_EXT_INFO,
    MSG_GLOBAL_REQUEST,
    MSG_IGNORE,
    MSG_KEXINIT,
    MSG_NEWKEYS,
    MSG_SERVICE_REQUEST,
    MSG_UNIMPLEMENTED,
    MSG_USERAUTH_REQUEST,
)
from asyncssh.packet import Boolean, Byte, String, UInt32
from msgspec.structs import replace

from jumphost.audit.flood import EACH
from jumphost.config.settings import Settings
from jumphost.errors import Code
from jumphost.gateway.channel import CallerChannel
from jumphost.testing.gateway import HOST, Door, Rig, rig
from jumphost.testing.raw import RawClient
from jumphost.testing.session import House, house

MSG_KEX_ECDH_INIT = 30  # RFC 5656 §7.1
STAGES = {
    "before its version": 0,
    "within its version": 1,
    "after its version": MSG_KEXINIT,
    "after KEXINIT": MSG_KEX_ECDH_INIT,
    "before NEWKEYS": MSG_NEWKEYS,
    "after NEWKEYS": MSG_SERVICE_REQUEST,
    "within the login": MSG_USERAUTH_REQUEST,
}
VERSION = b"SSH-2.0-rude\r\n"
EXT_INFO = UInt32(1) + String("server-sig-algs") + String("ssh-rsa")
SESSION = String("session") + UInt32(0) + UInt32(1 << 20) + UInt32(32_768)

Act = Callable[["Rude"], None]


class Rude(asyncssh.SSHClientConnection):
    """A client that sends nothing from its first packet of type ``stops`` on; ``act`` is done in its place."""

    def __init__(self, here: Door, stops: int, act: Act = lambda _: None, **options: Any) -> None:
        fixed = here.client_options([], "here", options)
        super().__init__(asyncio.get_running_loop(), asyncssh.SSHClientConnectionOptions(**fixed))
        self._stops, self._act = stops, act
        self.stopped, self.closed = asyncio.Event(), asyncio.Event()

    @classmethod
    async def connect(cls, here: Door, stops: int, act: Act = lambda _: None, **options: Any) -> "Rude":
        """Returns once it came to that packet."""
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(lambda: cls(here, stops, act, **options), HOST, here.port)
        await client.stopped.wait()
        return client

    def send_packet(self, pkttype: int, *args: bytes, **more: Any) -> None:
        if pkttype == self._stops and not self.stopped.is_set():
            self.stopped.set()
            self._act(self)
        elif not self.stopped.is_set():
            super().send_packet(pkttype, *args, **more)

    def connection_lost(self, exc: Exception | None = None) -> None:
        self.closed.set()
        super().connection_lost(exc)

    def raw(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)


async def served(here: Rig) -> bool:
    async with await here.connect() as caller:
        return bool((await caller.run("echo honest", encoding="utf-8")).stdout == "honest\n")


async def served_by(here: House) -> bool:
    return bool((await here.run("echo honest")).stdout == "honest\n")


def plain(pkttype: int, payload: bytes = b"") -> bytes:
    """A packet as it is before keys are exchanged (RFC 4253 §6)."""
    padding = -(6 + len(payload)) % 8 + 8
    return UInt32(2 + len(payload) + padding) + Byte(padding) + Byte(pkttype) + payload + bytes(padding)


GREETINGS = {
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
    "SSH 1": b"SSH-1.5-old\r\n",
    "a version without an end": b"SSH-2.0-" + b"x" * 9000,
    "a version that is too long": b"SSH-2.0-" + b"x" * 300 + b"\r\n",
    "a version that is not ASCII": b"SSH-2.0-\xff\xfe\r\n",
    "a packet of four gigabytes": VERSION + b"\xff" * 64,
    "a packet of a megabyte": VERSION + UInt32(1 << 20) + bytes(64),
    "a packet of no length": VERSION + bytes(64),
    "a packet that is all padding": VERSION + UInt32(12) + Byte(255) + bytes(11),
    "extensions before keys": VERSION + plain(MSG_EXT_INFO, EXT_INFO),  # CVE-2023-46445
    "new keys before keys": VERSION + plain(MSG_NEWKEYS),
    "a service before keys": VERSION + plain(MSG_SERVICE_REQUEST, String("ssh-userauth")),
    "a login before keys": VERSION + plain(MSG_USERAUTH_REQUEST, String("root") * 3),  # CVE-2023-46446
    "a channel before keys": VERSION + plain(MSG_CHANNEL_OPEN, SESSION),
    "a key exchange that cannot be read": VERSION + plain(MSG_KEXINIT, bytes(20)),
    "a key exchange without a common word": VERSION + plain(MSG_KEXINIT, bytes(16) + String("none") * 10 + bytes(5)),
}


@pytest.mark.parametrize("greeting", GREETINGS)
async def test_rude_greetings(greeting: str) -> None:
    async with rig() as here:
        reader, writer = await asyncio.open_connection(HOST, here.port)
        writer.write(GREETINGS[greeting])
        await until_closed(reader)
        writer.close()
        assert [code for _, code, _ in here.gate.breaks] == [Code.CALLER_PROTOCOL]
        assert here.gate.logins == []
        assert await served(here)


async def until_closed(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(65_536):
            pass
    except ConnectionResetError:
        pass  # what was not read when it was closed


# What is sent in the place of a packet of a key exchange or login, and what is said of it.
STEPS: dict[str, tuple[int, Act, str]] = {
    "ignored within the exchange": (  # CVE-2023-48795 begins with a packet more than the peer counts
        MSG_KEX_ECDH_INIT,
        lambda rude: rude.raw(plain(MSG_IGNORE, String("x"))),
        "Strict key exchange violation",
    ),
    "debug within the exchange": (
        MSG_KEX_ECDH_INIT,
        lambda rude: rude.raw(plain(MSG_DEBUG, Boolean(False) + String("") * 2)),  # noqa: FBT003
        "Strict key exchange violation",
    ),
    "unimplemented within the exchange": (
        MSG_KEX_ECDH_INIT,
        lambda rude: rude.raw(plain(MSG_UNIMPLEMENTED, UInt32(0))),
        "Strict key exchange violation",
    ),
    "extensions within the exchange": (
        MSG_KEX_ECDH_INIT,
        lambda rude: rude.raw(plain(MSG_EXT_INFO, EXT_INFO)),
        "Unexpected ext_info received",
    ),
    "another exchange within the exchange": (
        MSG_KEX_ECDH_INIT,
        lambda rude: rude.raw(plain(MSG_KEXINIT, rude._client_kexinit[1:])),
        "Key exchange already in progress",
    ),
    "a point of small order": (
        MSG_KEX_ECDH_INIT,
        lambda rude: rude.raw(plain(MSG_KEX_ECDH_INIT, String(bytes(32)))),
        "",
    ),
    "keys that are not encrypted": (MSG_NEWKEYS, lambda rude: rude.raw(plain(MSG_SERVICE_REQUEST)), ""),
    "another service": (
        MSG_SERVICE_REQUEST,
        lambda rude: _instead(rude, MSG_SERVICE_REQUEST, String("ssh-connection")),
        "Unexpected service",
    ),
    "another exchange before the login": (
        MSG_SERVICE_REQUEST,
        lambda rude: _instead(rude, MSG_KEXINIT, rude._client_kexinit[1:]),
        "a second key exchange before the login",
    ),
    "extensions within the login": (
        MSG_USERAUTH_REQUEST,
        lambda rude: _instead(rude, MSG_EXT_INFO, EXT_INFO),
        "Unexpected ext_info received",
    ),
    "a channel within the login": (
        MSG_USERAUTH_REQUEST,
        lambda rude: _instead(rude, MSG_CHANNEL_OPEN, SESSION),
        "Invalid request before authentication was complete",
    ),
    "a packet that was changed on its way": (
        MSG_USERAUTH_REQUEST,
        lambda rude: rude.raw(UInt32(48) + bytes(64)),
        "MACError",
    ),
    "a packet of four gigabytes": (
        MSG_USERAUTH_REQUEST,
        lambda rude: rude.raw(b"\xff" * 64),
        "Max packet size exceeded",
    ),
    "a name of a megabyte": (
        MSG_USERAUTH_REQUEST,
        lambda rude: _instead(rude, MSG_USERAUTH_REQUEST, String("x" * 30_000) + String("ssh-connection") * 2),
        "Username too long",
    ),
}


def _instead(rude: Rude, pkttype: int, payload: bytes) -> None:
    rude._auth_complete = True  # or asyncssh would hold it back
    asyncssh.SSHClientConnection.send_packet(rude, pkttype, payload)


@pytest.mark.parametrize("step", STEPS)
async def test_rude_steps(step: str) -> None:
    stops, act, reason = STEPS[step]
    async with rig() as here:
        rude = await Rude.connect(here, stops, act, kex_algs=["curve25519-sha256"])
        await rude.closed.wait()
        assert [code for _, code, _ in here.gate.breaks] == [Code.CALLER_PROTOCOL]
        assert reason in here.gate.breaks[0][2]
        assert here.gate.logins == []
        assert await served(here)


# What a caller who is logged in, and has a command running on its channel 0, sends then.
MANNERS: dict[str, tuple[int, bytes, str]] = {
    "data for nobody": (MSG_CHANNEL_DATA, UInt32(77) + String("x"), "Invalid channel number"),
    "data beyond the window": (MSG_CHANNEL_DATA, UInt32(0) + String(bytes(33_000)), "Window exceeded"),
    "a channel that takes no data": (
        MSG_CHANNEL_OPEN,
        String("session") + UInt32(1) + UInt32(1 << 20) + UInt32(0),
        "Invalid maximum packet size",
    ),
    "extensions": (MSG_EXT_INFO, EXT_INFO, "Unexpected ext_info received"),
    "a request cut short": (MSG_GLOBAL_REQUEST, UInt32(9) + b"cut", ""),
    "a packet beyond the largest": (MSG_CHANNEL_DATA, UInt32(0) + String(bytes(300_000)), "Max packet size exceeded"),
}


async def held(channel: CallerChannel) -> None:
    """Serves nothing: the test does."""


@pytest.mark.parametrize("manner", MANNERS)
async def test_rude_callers(manner: str) -> None:
    pkttype, payload, reason = MANNERS[manner]
    async with rig(held, window_bytes=32_768) as here:
        client = await here.connect()
        await client.create_process("x", encoding=None)
        client.send_packet(pkttype, payload)
        await client.wait_closed()
        ((connection, code, detail),) = here.gate.breaks
        assert (connection.caller.identity.name, code) == ("alice", Code.CALLER_PROTOCOL)
        assert reason in detail
        assert here.gate.channels[0].gone.is_set()
        await here.connect("bob")


async def test_whoever_stops_at_a_stage_has_until_the_login_is_due(tmp_path: Path) -> None:
    """Also if it goes on a byte at a time. The journal has each, an honest caller does not wait."""
    async with house(tmp_path, change=lambda settings: _limited(settings, login=1)) as here:
        stopped = [await Rude.connect(here, stops) for stops in STAGES.values() if stops > 1]
        sockets = [await asyncio.open_connection(HOST, here.port) for _ in range(2)]
        drip = asyncio.ensure_future(_drip(sockets[1][1]))
        assert await served_by(here)
        await asyncio.gather(
            *(rude.closed.wait() for rude in stopped), *(until_closed(reader) for reader, _ in sockets)
        )
        await drip
        for _, writer in sockets:
            writer.close()

        async def all_told() -> bool:
            told = [event["code"] for event in await here.events("auth.refused")]
            return told == ["limit.login"] * len(STAGES)

        await here.until(all_told)
        assert await served_by(here)


async def _drip(writer: asyncio.StreamWriter) -> None:
    while not writer.transport.is_closing():
        writer.write(b"S")
        await asyncio.sleep(0.05)


def _limited(settings: Settings, **changes: int) -> Settings:
    return replace(settings, limits=replace(settings.limits, **changes))


async def test_many_rude_strangers_are_counted(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        for _ in range(EACH + 30):
            reader, writer = await asyncio.open_connection(HOST, here.port)
            writer.write(VERSION + b"\xff" * 64)
            await until_closed(reader)
            writer.close()
        assert await served_by(here)
        told = [event["code"] for event in await here.events("auth.refused")]
        assert told == ["caller.protocol"] * EACH


async def test_what_a_caller_says_when_it_leaves_is_no_fault_of_its() -> None:
    async with rig() as here:
        client = await here.connect()
        client.disconnect(asyncssh.DISC_PROTOCOL_ERROR, "so long")
        await client.wait_closed()
        gone = await RawClient.connect(here)
        gone.abort()
        while len(here.gate.closed_connections) < 2:
            await asyncio.sleep(0.01)
        assert here.gate.breaks == []
