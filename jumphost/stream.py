"""A stream of bytes both ways, whoever carries it: a socket of this machine, or a channel of an SSH connection."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct


class Reader(Protocol):
    """What ``asyncio.StreamReader`` and ``asyncssh.SSHReader`` have in common."""

    async def read(self, n: int) -> bytes:
        """Up to ``n`` bytes; b"" at the end."""

    async def readexactly(self, n: int) -> bytes:
        """So many bytes; asyncio.IncompleteReadError where they end before."""


class Writer(Protocol):
    """What ``asyncio.StreamWriter`` and ``asyncssh.SSHWriter`` have in common."""

    def write(self, data: bytes) -> None:
        """Sends, or keeps until it may."""

    async def drain(self) -> None:
        """Waits until the peer took most of what was kept."""

    def can_write_eof(self) -> bool:
        """Whether one direction can end alone."""

    def write_eof(self) -> None:
        """No more will be sent; what comes is still read."""

    def close(self) -> None:
        """Ends both directions."""


Serve = Callable[[Reader, Writer], Awaitable[None]]
"""Serves one stream to its end, and closes it; raises nothing but a cancellation."""


class Socket(Struct, frozen=True):
    """A socket that a command finds where it runs, and nobody else's command."""

    path: str
    serve: Serve
