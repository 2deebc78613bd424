"""Bytes between a caller and its command, both ways, with the back-pressure of each side handed to the other.

Every chunk goes through the tap before it goes on; when the tap fails, or a limit is reached, nothing more goes on in
either direction. No method that asyncssh or a target calls raises.
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Concatenate, Literal, ParamSpec, Protocol

from jumphost.errors import Code, JumphostError, Refused
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.masked import Masked
from jumphost.masking.plan import Masker
from jumphost.target.base import Process

PIECE = 32_768  # bytes of judged input that are tapped at once, as of an SSH packet
EOF_GRACE_S = 0.5  # from the end of output to the end of nearly every command it takes a few milliseconds

P = ParamSpec("P")


class Tap(Protocol):
    """Looks at every chunk before it goes on, and stops the relay by raising."""

    def output(self, chunk: bytes, stream: int) -> None:
        """Bytes of STDOUT or STDERR on their way to the caller."""

    def input(self, chunk: bytes, *, judged: bool = False) -> None:
        """Bytes of standard input on their way to the command; ``judged``: they were part of the decision."""


def _contained(
    method: "Callable[Concatenate[Relay, P], None]",
) -> "Callable[Concatenate[Relay, P], None]":
    """After a fault the method does nothing; what it raises becomes the fault."""

    @functools.wraps(method)
    def contained(relay: "Relay", /, *args: P.args, **kwargs: P.kwargs) -> None:
        if relay.fault is not None:
            return
        try:
            method(relay, *args, **kwargs)
        except JumphostError as error:
            relay.fail(error)
        except Exception as error:  # noqa: BLE001  # of tap, channel or process: none may reach asyncssh
            relay.fail(JumphostError(Code.INTERNAL, "a fault while relaying", detail=repr(error)))

    return contained


class Relay:
    """Implements ``target.base.Output`` for the target and ``channel.Sink`` for the caller.

    ``stdin`` is the decision's: with ``stream`` the command reads what the caller sends, with ``judge`` what is
    ``judged`` and then its end. Otherwise it sees end of file at once, and what the caller sends anyway is dropped and
    counted. ``recorded`` is what the tap gets of ``judged``, if that is something else; ``maskers`` mask the output,
    each one stream of it. ``on_fault`` is called once, with the first fault.
    """

    def __init__(
        self,
        channel: CallerChannel,
        tap: Tap,
        *,
        output_bytes: int,
        stdin: Literal["closed", "judge", "stream"],
        on_fault: Callable[[JumphostError], None],
        judged: bytes = b"",
        recorded: bytes | None = None,
        maskers: Mapping[int, Masker] = MappingProxyType({}),
    ) -> None:
        self._channel = channel
        self._tap = tap
        self._output_left = output_bytes
        self._streams_input = stdin == "stream"
        self._judged = judged if stdin == "judge" else b""
        self._recorded = self._judged if recorded is None else recorded
        self._on_fault = on_fault
        self._masked = Masked(maskers, forward=self._forward, paced=self._pace, guarded=self._guarded)
        self._slow = False  # the caller
        self._process: Process | None = None
        self._ending: asyncio.TimerHandle | None = None
        self.fault: JumphostError | None = None
        self.dropped_input = 0  # bytes

    def attach(self, process: Process) -> None:
        """The command runs: input goes to it from now on. Output may have come before."""
        self._process = process
        if self._masked.busy:
            process.pause_output()
        if not self._streams_input:
            self._write_judged(process)
        self._channel.attach(self)

    async def drained(self) -> None:
        """The command has ended: waits until the caller's socket took all output or the caller is gone.

        Raises the fault if there is one.
        """
        self._guarded(self._masked.end)
        await self._masked.over()
        if self._ending is not None:
            self._ending.cancel()
        await self._channel.flushed()
        if self.fault is not None:
            raise self.fault

    def fail(self, error: JumphostError) -> None:
        """Stops relaying; the command's output is drained unseen, so that its end can still come."""
        if self.fault is None:
            self.fault = error
            self._masked.drop()
            if self._process is not None:
                self._process.resume_output()
            self._on_fault(error)

    # target.base.Output: from the command

    @_contained
    def data(self, chunk: bytes, stream: int) -> None:
        """Bytes of STDOUT or STDERR, in the order they came; a limit lets its last bytes through."""
        allowed = chunk[: self._output_left]
        self._output_left -= len(allowed)
        if allowed:
            self._masked.take(allowed, stream)
        if len(allowed) < len(chunk):
            raise Refused(Code.LIMIT_OUTPUT, "the command wrote more than its limit of output")

    @_contained
    def eof(self) -> None:
        """No more output. The caller learns of it with the command's end, or a moment later if that does not come.

        After it nothing can be said any more, and how the command ended may have to be.
        """
        self._masked.end()
        self._ending = asyncio.get_running_loop().call_later(EOF_GRACE_S, self._write_eof)

    @_contained
    def _write_eof(self) -> None:
        if not self.dropped_input:
            self._channel.write_eof()

    @_contained
    def _write_judged(self, process: Process) -> None:
        """All of it is tapped before any goes on: half of a script is another script."""
        judged, recorded = self._judged, self._recorded
        self._judged = self._recorded = b""
        for at in range(0, len(recorded), PIECE):
            self._tap.input(recorded[at : at + PIECE], judged=True)
        if judged:
            process.write(judged)
        process.write_eof()

    @_contained
    def pause_input(self) -> None:
        """The command takes no more standard input for now."""
        self._channel.pause()

    @_contained
    def resume_input(self) -> None:
        """It does again."""
        self._channel.resume()

    # channel.Sink: from the caller

    @_contained
    def stdin(self, chunk: bytes) -> None:
        """Bytes of standard input."""
        if not self._streams_input:
            self.dropped_input += len(chunk)
        elif self._process is not None:
            self._tap.input(chunk)
            self._process.write(chunk)

    @_contained
    def stdin_eof(self) -> None:
        """End of standard input; a closed one was ended at the start."""
        if self._streams_input and self._process is not None:
            self._process.write_eof()

    @_contained
    def signal(self, name: str) -> None:
        """A signal for the command."""
        if self._process is not None:
            self._process.send_signal(name)

    @_contained
    def pause_output(self) -> None:
        """The caller is slow."""
        self._slow = True
        self._masked.rest(slow=True)
        self._pace()

    @_contained
    def resume_output(self) -> None:
        """It has caught up."""
        self._slow = False
        self._masked.rest(slow=False)
        self._pace()

    # masked.Masked: what may go, and how the scan gets on

    def _forward(self, chunk: bytes, stream: int) -> None:
        self._tap.output(chunk, stream)
        self._channel.write(chunk, stream)

    @_contained
    def _guarded(self, act: Callable[[], None]) -> None:
        act()

    def _pace(self) -> None:
        if self._process is None:
            return
        if self._slow or self._masked.busy:
            self._process.pause_output()
        else:
            self._process.resume_output()
