"""The SSH packet path of both legs, made quick: AES-GCM kept at hand, no re-slicing, one send a turn of the loop.

asyncssh's own path stays in charge: it negotiates, authenticates, rekeys, and handles every packet that is not plain
channel data on an open channel within its window. A packet that is anything else, or that does not authenticate, is
left where it is for asyncssh to read, and to refuse as it always does. Measured on bulk output: half the CPU a byte.

Every private name of asyncssh used here is checked by ``tests/contract/test_asyncssh_privates.py``.
"""

import os
from typing import Any

from asyncssh.constants import MSG_CHANNEL_DATA, MSG_KEX_LAST
from asyncssh.encryption import GCMEncryption
from asyncssh.packet import SSHPacketLogger, UInt32
from asyncssh.session import DataType
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jumphost import wire

_LENGTH = 4  # bytes of the length before a packet (RFC 4253 §6): sent in the clear, authenticated (RFC 5647 §7.3)
_TAG = 16  # bytes (RFC 5647 §6.3)
_BLOCK = 16  # bytes; the padded packet without its length is a multiple of it (RFC 5647 §7.2)
_MIN_PADDING = 4  # bytes (RFC 4253 §6)
_COUNTER = (1 << 64) - 1  # the invocation counter wraps (RFC 5647 §7.1)
_DATA = 10  # bytes of a data packet before its data: padding length, type, channel, length (RFC 4254 §5.2)
_CORK = 131_072  # bytes kept for the end of the turn: about one read


class Sealer(GCMEncryption):
    """One direction's cipher between two key exchanges: the key schedule is made once, the nonce is counted."""

    def __init__(self, stock: GCMEncryption) -> None:
        cipher = stock._cipher
        super().__init__(cipher)
        self._aead = AESGCM(cipher._key)
        self._fixed, self._count = cipher._iv[:4], int.from_bytes(cipher._iv[4:], "big")

    def seal(self, header: bytes, packet: bytes) -> bytes:
        """The packet's ciphertext and tag; uses up a nonce."""
        sealed = self._aead.encrypt(self._nonce(), packet, header)
        self.advance()
        return sealed

    def peek(self, header: bytes, sealed: bytes) -> bytes:
        """The next packet, b"" if it is not authentic. Only ``advance`` uses up its nonce."""
        try:
            return self._aead.decrypt(self._nonce(), sealed, header)
        except InvalidTag:
            return b""

    def advance(self) -> None:
        """The packet that was looked at is taken."""
        self._count = (self._count + 1) & _COUNTER

    def encrypt_packet(self, seq: int, header: bytes, packet: bytes) -> tuple[bytes, bytes]:
        sealed = self.seal(header, packet)
        return header + sealed[:-_TAG], sealed[-_TAG:]

    def decrypt_packet(self, seq: int, first: bytes, rest: bytes, header_len: int, mac: bytes) -> bytes | None:
        packet = self.peek(first[:header_len], b"".join((first[header_len:], rest, mac)))
        self.advance()
        return packet or None

    def _nonce(self) -> bytes:
        return self._fixed + self._count.to_bytes(8, "big")


class FastConnection(wire.BoundedConnection):
    """A BoundedConnection whose packets take the quick path where there is one; its channels are FastChannels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._corked: list[bytes] = []
        self._corked_bytes = 0

    # Sending

    def send_packet(self, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None) -> None:
        """Sends a packet; what asyncssh would defer, compress or answer with a key exchange goes its way."""
        sealer = self._sealer() if pkttype > MSG_KEX_LAST else None
        if sealer is None:
            super().send_packet(pkttype, *args, handler=handler)
            return
        size = 2 + sum(map(len, args))
        padding = -size % _BLOCK
        if padding < _MIN_PADDING:
            padding += _BLOCK
        packet = b"".join((bytes((padding, pkttype)), *args, os.urandom(padding)))
        header = UInt32(len(packet))
        self._cork(header, sealer.seal(header, packet))
        self._send_seq = (self._send_seq + 1) & 0xFFFFFFFF
        self._rekey_bytes_sent += len(packet)

    def _sealer(self) -> Sealer | None:
        """What to seal with, if nothing but sealing is to be done."""
        if not (self._auth_complete and self._kex_complete) or self._compressor or self._rekey_due():
            return None
        if type(self._send_encryption) is GCMEncryption:
            self._send_encryption = Sealer(self._send_encryption)
        return self._send_encryption if isinstance(self._send_encryption, Sealer) else None

    def _rekey_due(self) -> bool:
        late = bool(self._rekey_seconds) and self._loop.time() >= self._rekey_time
        return late or self._rekey_bytes_sent >= self._rekey_bytes

    def _send(self, data: bytes) -> None:
        self._cork(data)

    def _cork(self, *pieces: bytes) -> None:
        """Keeps bytes until the end of this turn of the loop, so that all of a turn go out in one send."""
        if not self._corked:
            self._loop.call_soon(self._uncork)
        self._corked += pieces
        self._corked_bytes += sum(map(len, pieces))
        if self._corked_bytes >= _CORK:
            self._uncork()

    def _uncork(self) -> None:
        if self._corked:
            data = b"".join(self._corked)
            self._corked.clear()
            self._corked_bytes = 0
            super()._send(data)

    def _force_close(self, exc: Exception | None) -> None:
        self._uncork()  # the reason for it may be among what waits
        super()._force_close(exc)

    # Receiving

    def _recv_data(self) -> None:
        super()._recv_data()
        self._inpbuf = bytes(self._inpbuf)  # no copy unless it is a view

    def _recv_pkthdr(self) -> bool:
        """Takes whole packets of channel data; the first that is anything else is asyncssh's."""
        if type(self._recv_encryption) is GCMEncryption:
            self._recv_encryption = Sealer(self._recv_encryption)
        sealer = self._recv_encryption
        if not isinstance(sealer, Sealer) or self._decompressor or not self._auth_final:
            return super()._recv_pkthdr()
        self._inpbuf = memoryview(self._inpbuf)  # type: ignore[assignment]  # its slices cost nothing, here and in asyncssh
        while len(self._inpbuf) >= _BLOCK:
            size = int.from_bytes(self._inpbuf[:_LENGTH], "big")
            end = _LENGTH + size + _TAG
            if size <= self._max_recv_pktlen and end > len(self._inpbuf):
                return False
            if not self._take_data(sealer, end):
                return super()._recv_pkthdr()
        return False

    def _take_data(self, sealer: Sealer, end: int) -> bool:
        """Delivers the packet that ends at ``end`` to its channel; False, and nothing has changed, if it may not."""
        view = self._inpbuf
        if end > len(view):
            return False
        packet = sealer.peek(view[:_LENGTH], view[_LENGTH:end])
        if len(packet) < _DATA or packet[1] != MSG_CHANNEL_DATA or not packet[0]:
            return False
        channel = self._channels.get(int.from_bytes(packet[2:6], "big"))
        size = int.from_bytes(packet[6:_DATA], "big")
        if not isinstance(channel, FastChannel) or not channel.takes(size):
            return False
        if _DATA + size + packet[0] != len(packet):
            return False
        sealer.advance()
        self._inpbuf = view[end:]
        channel.take(packet[_DATA : _DATA + size])
        self._recv_seq = (self._recv_seq + 1) & 0xFFFFFFFF
        return True

    def _log_packet(self, *args: Any) -> None:
        """Nothing: at its third level of debugging asyncssh would write every packet, and always makes the text."""


class FastChannel(wire.BoundedChannel):
    """A BoundedChannel on a FastConnection."""

    def takes(self, size: int) -> bool:
        """Whether so many bytes of data may come now."""
        return self._recv_state == "open" and size <= self._recv_window

    def take(self, data: bytes) -> None:
        """Data that may come."""
        self._accept_data(data)

    def write(self, data: bytes, datatype: DataType = None) -> None:
        """Sends one packet at once where it fits; buffers what does not."""
        connection = self._conn
        if (
            datatype is None
            and not self._send_buf
            and self._send_state == "open"
            and self._send_chan is not None
            and 0 < len(data) <= min(self._send_window, self._send_pktsize)
            and isinstance(connection, FastConnection)
            and not connection.congested
        ):
            self._send_window -= len(data)
            connection.send_packet(MSG_CHANNEL_DATA, UInt32(self._send_chan), UInt32(len(data)), data)
        else:
            super().write(data, datatype)

    def _log_packet(self, *args: Any) -> None:
        """Nothing, as its connection."""
