"""Both mixins, on real connections: what a slow, a stopped and a rude peer can make us hold."""

import asyncio
import hashlib
import socket

import asyncssh
import pytest

from jumphost import wire
from jumphost.gateway.channel import CallerChannel
from jumphost.target.base import STDERR, STDOUT, Exit
from jumphost.testing.gateway import Rig, rig

WINDOW = 65_536
HUGE = (1 << 31) - 1


class Hand:
    """A Sink in the test's hand."""

    def __init__(self, channel: CallerChannel) -> None:
        self.channel = channel
        self.chunks: list[bytes] = []
        self.came = asyncio.Event()
        self.ended = asyncio.Event()
        self.paused = asyncio.Event()
        self.resumed = asyncio.Event()
        self.stop_after_each = False

    def stdin(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        self.came.set()
        if self.stop_after_each:
            self.channel.pause()

    def stdin_eof(self) -> None:
        self.ended.set()

    def signal(self, name: str) -> None: ...

    def pause_output(self) -> None:
        self.resumed.clear()
        self.paused.set()

    def resume_output(self) -> None:
        self.paused.clear()
        self.resumed.set()


async def held(channel: CallerChannel) -> None:
    """Serves nothing: the test does."""


async def opened(here: Rig, **options: object) -> tuple[asyncssh.SSHClientProcess, CallerChannel]:
    client = await here.connect()
    process = await client.create_process("anything", encoding=None, **options)
    return process, here.gate.channels[-1]


async def turns(count: int = 50) -> None:
    """Lets the loop run without waiting for time to pass."""
    for _ in range(count):
        await asyncio.sleep(0)


def account(channel: wire.BoundedChannel) -> int:
    return channel._recv_window + sum(len(data) for data, _ in channel._recv_buf) + channel._uncredited


async def test_window_is_credited_only_for_what_was_delivered() -> None:
    async with rig(held, window_bytes=WINDOW) as here:
        process, caller = await opened(here)
        channel = caller._channel
        sink = Hand(caller)
        sink.stop_after_each = True
        caller.attach(sink)
        sent = bytes(range(256)) * 4096
        process.stdin.write(sent)
        process.stdin.write_eof()
        most = 0
        while not sink.ended.is_set():
            await turns(3)
            assert account(channel) == WINDOW
            most = max(most, sum(len(data) for data, _ in channel._recv_buf))
            caller.resume()
        assert b"".join(sink.chunks) == sent
        assert 0 < most <= WINDOW
        caller.exit(Exit())


async def test_small_packets_of_a_paused_channel_are_joined() -> None:
    async with rig(held, window_bytes=WINDOW) as here:
        process, caller = await opened(here)
        for _ in range(3000):
            process.stdin.channel.write(b"x")
        process.stdin.write_eof()
        while caller._channel._recv_state == "open":
            await asyncio.sleep(0)
        assert len(caller._channel._recv_buf) <= 2
        sink = Hand(caller)
        caller.attach(sink)
        assert b"".join(sink.chunks) == b"x" * 3000
        caller.exit(Exit())


@pytest.mark.parametrize("stream", [STDOUT, STDERR])
async def test_stopped_reader_with_a_huge_window_holds_little(stream: int) -> None:
    async with rig(held) as here:
        process, caller = await opened(here, window=HUGE)
        channel, connection = caller._channel, caller._channel.get_connection()
        sink = Hand(caller)
        caller.attach(sink)
        process.channel.get_connection()._transport.pause_reading()
        digest, total = hashlib.sha256(), 0
        while not sink.paused.is_set():
            chunk = total.to_bytes(4, "big") * 4096
            digest.update(chunk)
            total += len(chunk)
            caller.write(chunk, stream)
            await asyncio.sleep(0)
        assert connection.congested
        assert channel.get_write_buffer_size() <= 65_536 + 16_384
        assert connection._transport.get_write_buffer_size() <= 4 * 65_536
        process.channel.get_connection()._transport.resume_reading()
        await sink.resumed.wait()
        caller.exit(Exit())
        result = await process.wait()
        got = result.stdout if stream == STDOUT else result.stderr
        assert (len(got), hashlib.sha256(got).digest()) == (total, digest.digest())


async def test_small_writes_to_a_stopped_reader_are_joined() -> None:
    async with rig(held) as here:
        process, caller = await opened(here, window=1)
        for _ in range(3000):
            caller.write(b"y")
        assert len(caller._channel._send_buf) <= 2
        caller.exit(Exit())
        process.channel.abort()


async def test_channels_take_turns_at_a_full_socket() -> None:
    async with rig(held) as here:
        client = await here.connect()
        processes = [await client.create_process("x", encoding=None, window=HUGE) for _ in range(3)]
        callers = here.gate.channels
        connection = callers[0]._channel.get_connection()
        connection.pause_writing()
        for caller in callers:
            caller.write(b"z" * 1000)
        first, *others = connection._waiting
        assert first is callers[0]._channel
        wrote = [channel.get_write_buffer_size() for channel in connection._waiting]
        assert wrote == [1000, 1000, 1000]
        first._send_buf, first._send_buf_len = [(bytearray(1000), None)], 1000
        del connection._waiting[first]
        connection.wait_for_room(first)
        assert list(connection._waiting) == [*others, first]
        connection.resume_writing()
        for caller in callers:
            caller.exit(Exit())
        assert [len((await process.wait()).stdout) for process in processes] == [1000, 1000, 1000]


async def test_nothing_is_queued_while_keys_are_exchanged() -> None:
    async with rig(held) as here:
        process, caller = await opened(here, window=HUGE)
        connection = caller._channel.get_connection()
        connection._kex_complete = False
        caller.write(b"k" * 50_000)
        assert connection._deferred_packets == []
        assert caller._channel.get_write_buffer_size() == 50_000
        connection._kex_complete = True
        connection._send_deferred_packets()
        caller.exit(Exit())
        assert (await process.wait()).stdout == b"k" * 50_000


async def test_a_peer_that_asks_on_during_a_key_exchange_is_cut_off() -> None:
    async with rig(held) as here:
        client = await here.connect()
        connection = here.gate.logins[0]._ssh
        connection._kex_complete = False
        for _ in range(wire._DEFERRED + 100):
            client._send_global_request(b"keepalive@openssh.com", want_reply=True)
        await connection.wait_closed()
        client.abort()


async def test_a_peer_that_asks_and_does_not_read_is_not_read_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_UNSENT", 65_536)
    async with rig(held) as here:
        client = await here.connect()
        connection = here.gate.logins[0]._ssh
        connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client._transport.pause_reading()
        while connection._transport.is_reading():
            for _ in range(200):
                client._global_request_waiters.append(asyncio.get_running_loop().create_future())
                client._send_global_request(b"keepalive@openssh.com", want_reply=True)
            await asyncio.sleep(0)
        assert connection._transport.get_write_buffer_size() < 4 * 65_536 + 262_144
        client._transport.resume_reading()
        while not connection._transport.is_reading():
            await asyncio.sleep(0)
        client.abort()


async def test_one_packet_a_write() -> None:
    async with rig(held) as here:
        process, caller = await opened(here)
        connection = caller._channel.get_connection()
        before = connection._send_seq
        caller.write(b"one")
        assert connection._send_seq == before + 1
        caller.exit(Exit())
        assert (await process.wait()).stdout == b"one"


async def test_sockets_do_not_wait_for_each_other() -> None:
    async with rig(held) as here:
        await here.connect()
        connection = here.gate.logins[0]._ssh
        sock = connection.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert 0 < connection._quick_reads <= wire._QUICK_READS


@pytest.mark.parametrize("leg", ["client", "server"])
async def test_rekeying_keeps_every_byte(leg: str) -> None:
    async with rig() as here:
        client = await here.connect(**({"rekey_bytes": 100_000} if leg == "client" else {}))
        if leg == "server":
            here.gate.logins[0]._ssh._rekey_bytes = 100_000
        sent = bytes(range(256)) * 8192
        result = await client.run("cat", input=sent, encoding=None)
        assert hashlib.sha256(result.stdout).digest() == hashlib.sha256(sent).digest()
        client.close()


class Client(wire.BoundedConnection, asyncssh.SSHClientConnection):
    """The client's side of the mixin."""


class ClientChannel(wire.BoundedChannel, asyncssh.SSHClientChannel[bytes]):
    """And its channel."""


class Reader(asyncssh.SSHClientSession[bytes]):
    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self.channel = chan
        self.got = bytearray()
        self.most = 0
        self.over = asyncio.Event()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self.got += data
        self.channel.pause_reading()
        self.most = max(self.most, sum(len(piece) for piece, _ in self.channel._recv_buf))

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()


async def test_slow_reader_as_a_client_buffers_no_more_than_the_window() -> None:
    """The fault of asyncssh 2.24.1 on the leg to the target: 147,680 KiB were buffered against 2,048 KiB of window."""
    async with rig() as here:
        loop = asyncio.get_running_loop()
        options = asyncssh.SSHClientConnectionOptions(**here.client_options([here.login()], "here", {}))
        options.waiter = loop.create_future()
        _, connection = await loop.create_connection(lambda: Client(loop, options, wait="auth"), "127.0.0.1", here.port)
        await options.waiter
        channel = ClientChannel(connection, loop, "strict", None, "strict", WINDOW, wire.PACKET)
        reader = Reader()
        await channel.create(
            lambda: reader,
            command="head -c 3000000 /dev/zero",
            subsystem=None,
            env={},
            request_pty=False,
            term_type=None,
            term_size=None,
            term_modes={},
            x11_forwarding=False,
            x11_display=None,
            x11_auth_path=None,
            x11_single_connection=False,
            agent_forwarding=False,
        )
        while not reader.over.is_set():
            await turns(2)
            assert account(channel) == WINDOW
            channel.resume_reading()
        assert bytes(reader.got) == bytes(3_000_000)
        assert reader.most <= WINDOW
        connection.abort()


@pytest.mark.parametrize("suite", wire.SUITES.values(), ids=wire.SUITES)
def test_nothing_weak_is_offered(suite: wire.Suite) -> None:
    offered = " ".join((*suite.kex, *suite.ciphers, *suite.macs, *suite.host_keys))
    assert not [bad for bad in ("sha1", "ssh-rsa", "ssh-dss", "chacha", "cbc", "ctr", "group") if bad in offered]
    assert suite.compression == ("none",)
    assert suite.login_key in suite.signatures


def test_fips_has_the_curves_of_nist_only() -> None:
    assert "25519" not in " ".join((*wire.FIPS.kex, *wire.FIPS.host_keys, wire.FIPS.login_key))


async def test_a_channel_that_closed_while_waiting_is_passed_over() -> None:
    async with rig(held) as here:
        _, caller = await opened(here)
        connection = caller._channel.get_connection()
        connection.pause_writing()
        caller.write(b"never sent")
        assert list(connection._waiting) == [caller._channel]
        connection.abort()
        await connection.wait_closed()
        connection.resume_writing()
        assert not connection._waiting


async def test_reading_on_after_the_connection_is_gone_does_nothing() -> None:
    async with rig(held) as here:
        process, caller = await opened(here)
        sink = Hand(caller)
        caller.attach(sink)
        caller.pause()
        process.stdin.write(b"unread")
        process.stdin.write_eof()
        channel = caller._channel
        while channel._recv_state != "eof_pending":
            await asyncio.sleep(0)
        connection = channel.get_connection()
        connection.abort()
        await connection.wait_closed()
        caller.resume()
        assert sink.chunks == []


class Lax(asyncssh.SSHClientConnection):
    """A client from before strict key exchange."""

    def _get_extra_kex_algs(self) -> list[bytes]:
        return [b"ext-info-c"]


async def test_a_peer_that_does_not_count_packets_strictly_is_refused() -> None:
    """What CVE-2023-48795 (Terrapin) needs, whatever the cipher."""
    async with rig() as here:
        loop = asyncio.get_running_loop()
        options = asyncssh.SSHClientConnectionOptions(**here.client_options([here.login()], "here", {}))
        options.waiter = loop.create_future()
        await loop.create_connection(lambda: Lax(loop, options, wait="auth"), "127.0.0.1", here.port)
        with pytest.raises(asyncssh.KeyExchangeFailed, match="without strict key exchange"):
            await options.waiter
        assert not here.gate.verified
