"""What both SSH legs share: the algorithms offered, and asyncssh held to bounded memory by subclasses.

asyncssh 2.24.1 bounds neither direction of a slow peer (measured: +500 MiB in 15 s): it credits a full receive window
for every delivery, and it ignores the socket's back-pressure. The two classes here keep, for every channel::

    advertised window + buffered input + delivered but not yet credited  ==  the initial window
    buffered output  <=  the channel's high-water mark + one write, whatever window the peer granted

The target leg mixes them into the client classes, the gateway into the server classes. Every private name of asyncssh
used here is checked by ``tests/contract/test_asyncssh_privates.py``.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncssh import KeyExchangeFailed, ProtocolError
from asyncssh.channel import SSHChannel
from asyncssh.connection import SSHConnection
from asyncssh.constants import MSG_CHANNEL_WINDOW_ADJUST, MSG_IGNORE
from asyncssh.packet import SSHPacketLogger, UInt32
from asyncssh.session import DataType


@dataclass(frozen=True, slots=True)
class Suite:
    """The algorithms that one side offers and takes, best first.

    Ciphers are AES-GCM alone: chacha20-poly1305 costs asyncssh three times the CPU, and a client's first preference
    wins. Signatures have no SHA-1, no DSA, and no security keys: a machine has no finger.
    """

    kex: tuple[str, ...]
    signatures: tuple[str, ...]
    login_key: str  # kind of the keys that are made for logins to targets
    ciphers: tuple[str, ...] = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
    macs: tuple[str, ...] = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")  # GCM needs none
    compression: tuple[str, ...] = ("none",)

    @property
    def host_keys(self) -> tuple[str, ...]:
        """What a server may prove itself by: certificates first."""
        return tuple(f"{name}-cert-v01@openssh.com" for name in self.signatures) + self.signatures


_NIST_SIGNATURES = (
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
# ssh-audit fails the NIST curves and warns of curve25519, which OpenSSH before 9.9 needs: it has no ML-KEM.
DEFAULT = Suite(
    kex=("mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org"),
    signatures=("ssh-ed25519", *_NIST_SIGNATURES),
    login_key="ssh-ed25519",
)
# Only what FIPS 186-5, SP 800-56A, FIPS 203 and SP 800-38D have, and of the curves only NIST's.
FIPS = Suite(
    kex=("mlkem768nistp256-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384"),
    signatures=_NIST_SIGNATURES,
    login_key="ecdsa-sha2-nistp256",
)
SUITES = {"default": DEFAULT, "fips": FIPS}

PACKET = 32_768  # bytes of payload a packet; OpenSSH caps its side at this, larger ones gained nothing (measured)
KEEPALIVE_COUNT = 3  # unanswered keepalives before the peer counts as gone
REKEY_BYTES = 1 << 30
REKEY_SECONDS = 3600

_QUICK_READS = 40  # reads acknowledged at once: covers the handshake, where delayed ACK × Nagle costs 40 ms a turn
_JOIN = 4096  # bytes below which a buffered piece takes in the next one
_UNSENT = 1 << 20  # bytes waiting in the socket's buffer above which nothing more is read from the peer
_DEFERRED = 1024  # packets kept back during a key exchange; a peer that keeps asking then is cut off


class BoundedConnection(SSHConnection):
    """Mixed in before ``SSHClientConnection`` or ``SSHServerConnection``; its channels are :class:`BoundedChannel`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._socket_full = False
        self._waiting: dict[BoundedChannel, None] = {}  # channels with output that may not go now, longest wait first
        self._quick_reads = 0

    @property
    def congested(self) -> bool:
        """Whether channel data must wait: the socket is full, or a key exchange is going on.

        During a key exchange asyncssh keeps what it is given in a list without bound.
        """
        return self._socket_full or not self._kex_complete

    def wait_for_room(self, channel: "BoundedChannel") -> None:
        """Flushes ``channel`` when the connection is congested no more; channels take turns."""
        self._waiting.setdefault(channel)

    def pause_writing(self) -> None:
        self._socket_full = True

    def resume_writing(self) -> None:
        self._socket_full = False
        if self._transport is not None:
            self._transport.resume_reading()
        self._flush_waiting()

    def _send_deferred_packets(self) -> None:
        super()._send_deferred_packets()
        self._flush_waiting()

    def _flush_waiting(self) -> None:
        while self._waiting and not self.congested:
            channel = next(iter(self._waiting))
            del self._waiting[channel]
            channel.flush()

    def _choose_alg(self, alg_type: str, local_algs: Sequence[bytes], remote_algs: Sequence[bytes]) -> bytes:
        """Chooses as asyncssh does, once the peer has said that it counts packets strictly (against CVE-2023-48795)."""
        if not self._strict_kex:
            raise KeyExchangeFailed("got a peer without strict key exchange, expected OpenSSH 9.6 or one with that fix")
        return super()._choose_alg(alg_type, local_algs, remote_algs)

    def data_received(self, data: bytes, datatype: DataType = None) -> None:
        self._acknowledge_quickly()
        super().data_received(data, datatype)
        self._stop_reading_from_who_does_not_read()

    def _acknowledge_quickly(self) -> None:
        if self._quick_reads < _QUICK_READS:
            self._quick_reads += 1
            sock = self.get_extra_info("socket")
            if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _stop_reading_from_who_does_not_read(self) -> None:
        """Bounds the answers to requests, which no window limits."""
        if self._transport is None:
            return
        if len(self._deferred_packets) > _DEFERRED:
            self.connection_lost(ProtocolError("too many requests within a key exchange"))
        elif self._socket_full and self._transport.get_write_buffer_size() > _UNSENT:
            self._transport.pause_reading()

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        """Sends all but the empty MSG_IGNORE that asyncssh puts before each packet: a measure for CBC, not for GCM."""
        if pkttype != MSG_IGNORE:
            super().send_packet(pkttype, *args, handler=handler)


class BoundedChannel(SSHChannel[bytes]):
    """Mixed in before ``SSHClientChannel`` or ``SSHServerChannel``, on a :class:`BoundedConnection`; bytes only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._uncredited = 0  # bytes delivered since the last window adjustment
        super().__init__(*args, **kwargs)

    def flush(self) -> None:
        """Sends what may go now; nothing on a closed channel."""
        if self._conn is not None:
            self._flush_send_buf()

    def resume_reading(self) -> None:
        """Delivers what is buffered; nothing on a closed channel, where asyncssh would miss the session it let go."""
        if self._conn is not None:
            super().resume_reading()

    def write(self, data: bytes, datatype: DataType = None) -> None:
        super().write(data, datatype)
        _join_last(self._send_buf)

    def _flush_send_buf(self) -> None:
        connection = self._conn
        if self._send_buf and isinstance(connection, BoundedConnection) and connection.congested:
            connection.wait_for_room(self)
            self._pause_resume_writing()
        else:
            super()._flush_send_buf()

    def _accept_data(self, data: bytes, datatype: DataType = None) -> None:
        super()._accept_data(data, datatype)
        _join_last(self._recv_buf)

    def _deliver_data(self, data: bytes, datatype: DataType) -> None:
        self._uncredited += len(data)
        if self._uncredited > self._init_recv_window // 2:
            self.send_packet(MSG_CHANNEL_WINDOW_ADJUST, UInt32(self._uncredited))
            self._recv_window += self._uncredited
            self._uncredited = 0
        if self._session is not None:
            self._session.data_received(data, datatype)


def _join_last(pieces: list[tuple[Any, DataType]]) -> None:
    """Joins the last two buffered pieces of one stream while they are small.

    A window full of one-byte packets would otherwise take a hundred times its size.
    """
    if len(pieces) > 1 and pieces[-2][1] == pieces[-1][1] and len(pieces[-2][0]) < _JOIN:
        last, datatype = pieces.pop()
        pieces[-1] = (pieces[-1][0] + last, datatype)
