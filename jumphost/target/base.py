"""The port to a place where commands run: an order goes in, a running process and its output come back."""

from collections.abc import Awaitable, Callable
from typing import Final, Literal, Protocol

import asyncssh
from msgspec import Struct

from jumphost.model.target import Target
from jumphost.secret import Secret
from jumphost.stream import Socket

Signal = Literal["HUP", "INT", "QUIT", "KILL", "TERM", "USR1", "USR2"]
Login = Literal["deliver", "run", "stop"] | Signal
Mint = Callable[[Login, str], Awaitable[asyncssh.SSHKeyPair]]
"""Mints a certificate for one login of this request, bound to the address (the second argument) the target will see.

Called during authentication, when the local address of the socket is known. Raises Refused or Unavailable."""

Use = Callable[[str], Awaitable[None]]
"""Tells that this request runs without a certificate: on the login that the run of another request (the argument, its
id) opened, or, where the argument is empty, on the gateway's own host.

Returns once that is durable; raises Refused or Unavailable, and then nothing may run."""

STDOUT, STDERR = 1, 2
MAY_RUN: Final = "the command may still run on the target"  # a note (PEP 678) on what start() raised


class Exit(Struct, frozen=True):
    """How a command ended: a status, or a signal name without SIG (RFC 4254 §6.10)."""

    status: int = 0
    signal: str = ""
    core: bool = False
    message: str = ""
    lang: str = ""


class Order(Struct, frozen=True):
    """What is to run."""

    request: str  # id of the request: the stop login finds its processes by it
    target: Target
    login: str
    line: str  # the pinned string, equal to the certificate's force-command
    connection: str = ""  # id of the caller's; nothing that was kept is used without one
    # Both are there before the command starts, where ``command.leased`` says, and gone once ``Process.stop`` returns.
    socket: Socket | None = None
    secret: Secret | None = None  # what the file of its lease holds


class Output(Protocol):
    """The relay's side; none of its methods may raise, and none may block."""

    def data(self, chunk: bytes, stream: int) -> None:
        """Bytes of STDOUT or STDERR, in the order they came."""

    def eof(self) -> None:
        """No more output of either stream."""

    def pause_input(self) -> None:
        """The process takes no more standard input for now."""

    def resume_input(self) -> None:
        """It does again."""


class Process(Protocol):
    """A command that runs."""

    def write(self, chunk: bytes) -> None:
        """Standard input."""

    def write_eof(self) -> None:
        """End of standard input; output may go on."""

    def pause_output(self) -> None:
        """No more data() until resume_output(): the caller is slow."""

    def resume_output(self) -> None:
        """Data may come again."""

    def send_signal(self, name: str) -> None:
        """Relays a signal (without SIG) of the caller to all processes of the request."""

    async def wait(self) -> Exit:
        """The end, after the last data(); Unavailable (target.unreachable) if the connection broke."""

    async def stop(self) -> bool:
        """Ends every process of the request on the target and checks that none is left; true if so. Idempotent.

        What the order had put there for the command goes too; also after its end, and after ``close``.
        """

    async def close(self) -> None:
        """Gives up the connection; idempotent, never raises."""


class Runner(Protocol):
    """Runs commands on targets of one kind."""

    async def start(self, order: Order, output: Output, mint: Mint, use: Use | None = None) -> Process:
        """Logs in and starts the command; or starts it, after ``use``, on a login that serves the caller's connection.

        Raises Unavailable with target.unreachable or target.refused, Refused with target.host_key or target.protocol,
        and whatever ``mint`` and ``use`` raise. When it raises or is cancelled, it has ended what may have begun; where
        it could not, the exception has the note MAY_RUN.
        """

    def prepare(self, connection: str, target: Target, login: str) -> None:
        """A command of the caller's connection has ended and another may come: it should not have to wait."""

    def leave(self, connection: str) -> None:
        """The caller's connection has ended, or may start nothing more: nothing is kept for it."""

    async def stop(self, order: Order, mint: Mint) -> bool:
        """Ends every process of a request that an earlier process of ours started; True if it is known none is left.

        ``order.line`` does not matter.
        """
