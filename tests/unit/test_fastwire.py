"""The quick path against asyncssh's own: the same bytes in, in any pieces, must have the same effects and answers."""

import asyncio
import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import asyncssh
import pytest
from asyncssh.constants import (
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_EOF,
    MSG_CHANNEL_EXTENDED_DATA,
    MSG_CHANNEL_REQUEST,
    MSG_CHANNEL_WINDOW_ADJUST,
    MSG_DEBUG,
    MSG_GLOBAL_REQUEST,
    MSG_IGNORE,
)
from asyncssh.crypto.cipher import GCMCipher
from asyncssh.encryption import GCMEncryption
from asyncssh.packet import Boolean, Byte, String, UInt32
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost import fastwire, wire
from jumphost.gateway.channel import CallerChannel
from jumphost.target.base import Exit
from jumphost.testing.gateway import rig

KEY, IV = bytes(range(32)), b"\xff" * 11 + b"\xfe"  # the counter wraps after two packets
WINDOW = 4096


class Wire(asyncio.Transport):
    """What a connection sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.sends = 0
        self.aborted = False

    def write(self, data: Any) -> None:
        self.sent += data
        self.sends += 1

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def abort(self) -> None:
        self.aborted = True


class Notes(asyncssh.SSHClientSession[bytes]):
    """What a session was told; it can write, and stop reading, in the middle of a read."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.channel: Any = None

    def connection_made(self, chan: Any) -> None:
        self.channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.told.append((data, datatype))
        if data.startswith(b"e") and not self.channel.is_closing():
            self.channel.write(data)
        if data.startswith(b"p"):
            self.channel.pause_reading()
        if data.startswith(b"x"):
            raise ValueError("a fault of the session")

    def eof_received(self) -> bool:
        self.told.append("eof")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append(("lost", repr(exc)))


class Stock(wire.BoundedConnection, asyncssh.SSHClientConnection):
    """asyncssh's own packets."""


class StockChannel(wire.BoundedChannel, asyncssh.SSHClientChannel[bytes]):
    """And channels."""


class Fast(fastwire.FastConnection, asyncssh.SSHClientConnection):
    """Ours."""


class FastChannel(fastwire.FastChannel, asyncssh.SSHClientChannel[bytes]):
    """And ours."""


class Party:
    """One connection, logged in, with two open channels, on a wire in the test's hand."""

    def __init__(self, connection: type, channel: type) -> None:
        loop = asyncio.get_running_loop()
        options = asyncssh.SSHClientConnectionOptions(
            config=None, client_keys=None, agent_path=None, username="u", keepalive_interval=0
        )
        self.wire = Wire()
        self.connection = ssh = connection(loop, options)
        ssh._transport = self.wire
        ssh._send_encryption, ssh._recv_encryption = stock_cipher(), stock_cipher()
        ssh._send_blocksize, ssh._recv_blocksize, ssh._recv_macsize, ssh._send_enchdrlen = 16, 16, 16, 1
        ssh._auth_complete = ssh._auth_final = ssh._kex_complete = ssh._strict_kex = True
        ssh._recv_handler = ssh._recv_pkthdr
        ssh._rekey_time = loop.time() + 3600
        self.sessions = []
        self.channels = []
        for _ in range(2):
            made = channel(ssh, loop, None, None, "strict", WINDOW, 1024)
            made._send_chan, made._send_window, made._send_pktsize = 5, 3000, 1000
            made._send_state = made._recv_state = "open"
            made._recv_paused = False
            made._encoding = None
            made._session = session = Notes()
            session.connection_made(made)
            self.channels.append(made)
            self.sessions.append(session)

    async def takes(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            if self.connection._transport is not None:
                self.connection.data_received(piece)
            for _ in range(4):
                await asyncio.sleep(0)

    def state(self) -> dict[str, Any]:
        ssh = self.connection
        return {
            "sent": self.wire.sent,
            "told": [session.told for session in self.sessions],
            "windows": [(made._recv_window, made._send_window, made._uncredited) for made in self.channels],
            "states": [(made._recv_state, made._send_state, made._recv_paused) for made in self.channels],
            "buffers": [(made._recv_buf, made._send_buf) for made in self.channels],
            "counts": (ssh._recv_seq, ssh._send_seq, ssh._rekey_bytes_sent),
            "closed": (ssh._transport is None, self.wire.aborted),
        }


def stock_cipher() -> GCMEncryption:
    return GCMEncryption(GCMCipher("aes256-gcm", KEY, IV))


@contextlib.contextmanager
def known_padding() -> Iterator[None]:
    """Padding is random: without it, what two connections send can be compared byte for byte."""
    random = os.urandom
    os.urandom = bytes
    try:
        yield
    finally:
        os.urandom = random


def packets(payloads: list[tuple[bytes, int | None]]) -> list[bytes]:
    """Each payload sealed as a peer would; with a padding length that lies, where one is given."""
    cipher = stock_cipher()
    done = []
    for payload, lie in payloads:
        padding = -(len(payload) + 1) % 16
        padding += 16 if padding < 4 else 0
        plain = Byte(padding if lie is None else lie) + payload + bytes(padding)
        done.append(b"".join(cipher.encrypt_packet(0, UInt32(len(plain)), plain)))
    return done


def data(channel: int, body: bytes) -> bytes:
    return Byte(MSG_CHANNEL_DATA) + UInt32(channel) + String(body)


bodies = st.one_of(st.binary(max_size=40), st.sampled_from([b"e" * 900, b"p", b"p" * 100, b"e", b"y" * 2000, b""]))
usual = st.builds(data, st.sampled_from([0, 0, 0, 1]), bodies)
others = st.one_of(
    st.builds(
        lambda channel, kind, body: Byte(MSG_CHANNEL_EXTENDED_DATA) + UInt32(channel) + UInt32(kind) + String(body),
        st.sampled_from([0, 1]),
        st.sampled_from([1, 1, 1, 2]),
        bodies,
    ),
    st.builds(
        lambda channel, size: Byte(MSG_CHANNEL_WINDOW_ADJUST) + UInt32(channel) + UInt32(size),
        st.sampled_from([0, 1, 2]),
        st.integers(0, 1 << 20),
    ),
    st.builds(lambda kind, channel: Byte(kind) + UInt32(channel), st.sampled_from([MSG_CHANNEL_EOF]), st.just(1)),
    st.just(Byte(MSG_CHANNEL_CLOSE) + UInt32(1)),
    st.just(Byte(MSG_CHANNEL_REQUEST) + UInt32(0) + String("no-such@example") + Boolean(1)),
    st.just(Byte(MSG_GLOBAL_REQUEST) + String("keepalive@openssh.com") + Boolean(1)),
    st.just(Byte(MSG_IGNORE) + String(b"nothing")),
    st.just(Byte(MSG_DEBUG) + Boolean(0) + String("text") + String("")),
    st.just(Byte(199) + b"no such type"),
)
malformed = st.one_of(
    st.builds(data, st.integers(0, 9), st.binary(min_size=WINDOW, max_size=WINDOW + 1)),
    st.builds(lambda body, size: data(0, body)[:5] + UInt32(size) + body, st.binary(max_size=40), st.integers(0, 99)),
    st.builds(data, st.just(9), bodies),
    st.builds(data, st.just(0), st.just(b"x of a fault")),
    st.binary(max_size=12),
)
payloads = st.lists(
    st.tuples(st.one_of(usual, usual, usual, usual, others), st.none())
    | st.tuples(usual | malformed, st.sampled_from([None, None, 0, 1, 3, 17, 255])),
    max_size=25,
)


def same(stream: bytes, cuts: list[int], tamper: int | None = None) -> dict[str, Any]:
    """Feeds both the same; returns the state that both came to."""
    if tamper is not None and stream:
        at = tamper % len(stream)
        stream = stream[:at] + bytes((stream[at] ^ 1,)) + stream[at + 1 :]
    edges = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    pieces = [stream[begin:end] for begin, end in itertools.pairwise(edges)]

    async def both() -> tuple[dict[str, Any], dict[str, Any]]:
        stock, fast = Party(Stock, StockChannel), Party(Fast, FastChannel)
        await stock.takes(pieces)
        await fast.takes(pieces)
        return stock.state(), fast.state()

    with known_padding():
        expected, got = asyncio.run(both())
    assert got == expected
    return got


@given(payloads, st.lists(st.integers(0, 1 << 16), max_size=8), st.none() | st.integers(0, 1 << 16))
@settings(max_examples=150, deadline=None)
def test_same_effects_and_the_same_answers(
    sent: list[tuple[bytes, int | None]], cuts: list[int], tamper: int | None
) -> None:
    same(b"".join(packets(sent)), cuts, tamper)


def test_the_quick_path_is_taken() -> None:
    taken: list[bool] = []

    class Counting(Fast):
        def _take_data(self, sealer: Any, end: int) -> bool:
            taken.append(super()._take_data(sealer, end))
            return taken[-1]

    async def scenario() -> None:
        party = Party(Counting, FastChannel)
        await party.takes([b"".join(packets([(data(0, b"one"), None), (data(1, b"two"), None)]))])
        assert [session.told for session in party.sessions] == [[(b"one", None)], [(b"two", None)]]

    asyncio.run(scenario())
    assert taken == [True, True]


@pytest.mark.parametrize(
    "header", [UInt32(0), UInt32(1), UInt32(11), UInt32(12), UInt32(15), UInt32(300_000), UInt32(0xFFFFFFFF)]
)
def test_lengths_that_no_packet_has(header: bytes) -> None:
    state = same(header + bytes(64), [])
    assert state["closed"] == (True, True)


def test_what_is_cut_off_is_told_why_before() -> None:
    state = same(b"".join(packets([(data(0, b"y" * (WINDOW + 1)), None)])), [])
    assert state["closed"] == (True, True)
    assert state["sent"]


def test_bytes_one_by_one() -> None:
    stream = b"".join(packets([(data(0, b"abc"), None), (Byte(MSG_CHANNEL_EOF) + UInt32(0), None)]))
    state = same(stream, list(range(len(stream))))
    assert state["told"][0] == [(b"abc", None), "eof"]


def test_one_send_a_turn_in_order() -> None:
    async def scenario() -> None:
        party = Party(Fast, FastChannel)
        for body in (b"one", b"two", b"three"):
            party.channels[0].write(body)
        party.channels[0].write_eof()
        assert party.wire.sends == 0
        await asyncio.sleep(0)
        assert party.wire.sends == 1

    asyncio.run(scenario())


def test_a_turn_keeps_no_more_than_its_bound() -> None:
    async def scenario() -> None:
        party = Party(Fast, FastChannel)
        channel = party.channels[0]
        channel._send_window = channel._send_pktsize = 1 << 30
        for _ in range(10):
            channel.write(bytes(fastwire._CORK // 2))
            assert party.connection._corked_bytes < fastwire._CORK
        assert party.wire.sends == 5

    asyncio.run(scenario())


@pytest.mark.parametrize("left", ["window", "packet", "nothing"])
def test_what_does_not_fit_waits(left: str) -> None:
    async def scenario(connection: type, channel: type) -> dict[str, Any]:
        party = Party(connection, channel)
        made = party.channels[0]
        made._send_window, made._send_pktsize = {"window": (10, 1000), "packet": (900, 7), "nothing": (0, 1000)}[left]
        made.write(b"0123456789abcdef")
        made.write(b"more")
        await asyncio.sleep(0)
        return party.state()

    with known_padding():
        assert asyncio.run(scenario(Fast, FastChannel)) == asyncio.run(scenario(Stock, StockChannel))


def test_a_closed_channel_takes_nothing() -> None:
    async def scenario() -> None:
        channel = Party(Fast, FastChannel).channels[0]
        channel.write_eof()
        with pytest.raises(BrokenPipeError):
            channel.write(b"late")

    asyncio.run(scenario())


@pytest.mark.parametrize("why", ["bytes", "seconds"])
def test_a_key_exchange_that_is_due_begins(why: str) -> None:
    async def scenario() -> None:
        party = Party(Fast, FastChannel)
        ssh = party.connection
        began: list[bool] = []
        ssh._send_kexinit = lambda: began.append(True)
        if why == "bytes":
            ssh._rekey_bytes_sent = ssh._rekey_bytes
        else:
            ssh._rekey_time = 0.0
        party.channels[0].write(b"data")
        assert began

    asyncio.run(scenario())


def test_nothing_is_logged_of_a_packet(caplog: pytest.LogCaptureFixture) -> None:
    asyncssh.set_log_level("DEBUG")
    asyncssh.set_debug_level(3)
    try:
        with caplog.at_level("DEBUG"):

            async def scenario() -> None:
                party = Party(Fast, FastChannel)
                party.channels[0].write(b"a secret word")
                eof = Byte(MSG_CHANNEL_EOF) + UInt32(0)
                await party.takes(packets([(data(0, b"a secret word"), None), (eof, None)]))

            asyncio.run(scenario())
    finally:
        asyncssh.set_debug_level(1)
        asyncssh.set_log_level("WARNING")
    assert "secret" not in caplog.text


async def echo(channel: CallerChannel) -> None:
    """Gives back what comes, on both streams in turn, to the end of input."""
    ended = asyncio.Event()
    count = 0

    class Mirror:
        def stdin(self, chunk: bytes) -> None:
            nonlocal count
            count += 1
            channel.write(chunk)

        def stdin_eof(self) -> None:
            ended.set()

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_: None

    channel.attach(Mirror())
    await ended.wait()
    await channel.flushed()
    channel.exit(Exit(status=count and 7))


@pytest.mark.parametrize("rekey", [0, 70_000])
async def test_interleaved_channels_of_a_stock_client_while_keys_change(rekey: int) -> None:
    async with rig(echo) as here:
        client = await here.connect(**({"rekey_bytes": rekey} if rekey else {}))
        if rekey:
            here.gate.logins[0]._ssh._rekey_bytes = rekey + 1
        sizes = [1, 100, 30_000, 700_000]
        sent = [os.urandom(size) for size in sizes]
        runs = await asyncio.gather(*(client.run("x", input=body, encoding=None) for body in sent))
        digests = [hashlib.sha256(run.stdout).digest() for run in runs]
        assert digests == [hashlib.sha256(body).digest() for body in sent]
        assert [run.exit_status for run in runs] == [7] * len(sizes)
        client.close()
