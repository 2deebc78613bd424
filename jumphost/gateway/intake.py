"""A caller's standard input, read to its end before the first byte of it goes anywhere: what a policy is to judge.

It lies in memory, bounded by ``limits.stdin_*``, from its first byte until it is handed on or its session is over.
"""

import asyncio
from collections import deque

from jumphost.config.settings import Limits
from jumphost.errors import Code, Refused
from jumphost.gateway.channel import SIGNALS, CallerChannel
from jumphost.gateway.room import Room


class Intake:
    """Implements ``channel.Sink`` while it reads. ``data`` is None until the caller has ended its input."""

    def __init__(self, limits: Limits, room: Room, identity: str) -> None:
        self.data: bytes | None = None
        self._limits, self._room, self._identity = limits, room, identity
        self._read = bytearray()  # not a list of chunks: each would cost more than the byte that may be in it
        self._size = 0
        self._signals: deque[str] = deque(maxlen=SIGNALS)
        self._over = asyncio.Event()
        self._fault: Refused | None = None

    async def read(self, channel: CallerChannel) -> None:
        """Reads to the end; Refused (limit.stdin) if that is too far, or does not come in time.

        Signals that come meanwhile are for the command, as if they came now.
        """
        seconds = self._limits.stdin_s
        channel.attach(self)
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            self._fault = Refused(Code.LIMIT_STDIN, f"got no end of standard input within {seconds} s")
        finally:
            channel.detach()
            for name in self._signals:
                channel.signal_received(name)
        if self._fault is not None:
            self.drop()
            raise self._fault
        self.data = bytes(self._read)
        self._read = bytearray()

    def drop(self) -> None:
        """Lets go of everything; idempotent."""
        self.data = None
        self._read = bytearray()
        if self._size:
            self._room.give(self._identity, self._size)
            self._size = 0

    # channel.Sink

    def stdin(self, chunk: bytes) -> None:
        """Bytes, of which none is kept once there are too many."""
        if self._over.is_set():
            return
        most = self._limits.stdin_bytes
        if self._size + len(chunk) > most:
            self._refuse(f"got more than {most} bytes of standard input, expected at most that to be judged")
        elif not self._room.take(self._identity, len(chunk), self._limits.stdin_bytes_per_identity):
            self._refuse(f"{self._identity} has as much standard input waiting as it may")
        else:
            self._size += len(chunk)
            self._read += chunk

    def stdin_eof(self) -> None:
        """The end of it."""
        self._over.set()

    def signal(self, name: str) -> None:
        """For the command, which does not run yet."""
        self._signals.append(name)

    def pause_output(self) -> None:
        """There is no output yet."""

    def resume_output(self) -> None:
        """Nor now."""

    def _refuse(self, message: str) -> None:
        self._fault = Refused(Code.LIMIT_STDIN, message)
        self._over.set()
