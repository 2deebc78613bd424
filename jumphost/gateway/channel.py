"""One exec, shell or subsystem of a caller: what the session sees of it, and the asyncssh channel below.

Nothing here raises into asyncssh: an exception in one of its callbacks would end the whole connection, with every other
command on it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

import asyncssh
import structlog
from asyncssh.packet import SSHPacket

from jumphost import fastwire, wire
from jumphost.config.settings import Limits
from jumphost.gateway.connection import Connection
from jumphost.target.base import STDERR, STDOUT, Exit

log = structlog.get_logger(__name__)

Kind = Literal["exec", "shell", "subsystem"]

SIGNALS = 16  # signals kept for a sink that is not there yet; more are dropped
_SERVED = frozenset({"env", "exec", "shell", "subsystem", "signal"})
_HARMLESS = frozenset({"eow@openssh.com", "keepalive@openssh.com"})  # OpenSSH PROTOCOL §2.1: answered, not reported


class Sink(Protocol):
    """Who takes what a caller sends, and is told whether the caller can take more. No method blocks."""

    def stdin(self, chunk: bytes) -> None:
        """Bytes of standard input."""

    def stdin_eof(self) -> None:
        """End of standard input."""

    def signal(self, name: str) -> None:
        """A signal the caller sent, as it was named (RFC 4254 §6.9: without SIG)."""

    def pause_output(self) -> None:
        """The caller reads more slowly than it is written to."""

    def resume_output(self) -> None:
        """It has caught up, or it is gone."""


class CallerChannel:
    """A request of a caller from the moment it was accepted; asyncssh calls it as its ``SSHServerSession``.

    Until a sink is attached, input stays within the channel's window: one packet here, the rest in asyncssh.
    """

    def __init__(self, connection: Connection, opened: "Callable[[CallerChannel], None]") -> None:
        self.connection = connection
        self.kind: Kind = "shell"
        self.raw = b""  # what is judged: the exec line or subsystem name, or the certificate's force-command
        self.asked = b""  # what the caller sent; differs from ``raw`` only where ``forced``
        self.forced = False
        self.env: dict[str, bytes] = {}
        self.pty_requested = False
        self.gone = asyncio.Event()  # nothing more reaches the caller: it left, or all was sent and the channel closed
        self._opened = opened
        self._channel: asyncssh.SSHServerChannel[bytes]
        self._sink: Sink | None = None
        self._early: deque[bytes] = deque()
        self._signals: deque[str] = deque()
        self._input_paused = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._eof: Literal["", "came", "told"] = ""
        self._ended = False

    # What the session does

    def attach(self, sink: Sink) -> None:
        """Hands over what has come so far and whatever comes from now on; replaces the sink that was there."""
        self._sink = sink
        if not self._writable.is_set():
            sink.pause_output()
        while self._signals:
            sink.signal(self._signals.popleft())
        self._feed()

    def detach(self) -> None:
        """Takes the sink away: what comes waits for the next one."""
        self._sink = None

    def pause(self) -> None:
        """No more input for the sink; the caller is stopped by its window."""
        self._input_paused = True
        self._channel.pause_reading()

    def resume(self) -> None:
        """Input may come again."""
        self._input_paused = False
        self._feed()

    def write(self, chunk: bytes, stream: int = STDOUT) -> None:
        """Sends bytes on STDOUT or STDERR; dropped if the caller is gone or the output was ended."""
        if not self._channel.is_closing():
            self._channel.write(chunk, asyncssh.EXTENDED_DATA_STDERR if stream == STDERR else None)

    def say(self, line: str) -> None:
        """One line on the caller's standard error."""
        self.write(f"{line}\n".encode(), STDERR)

    def write_eof(self) -> None:
        """No more output of either stream; input and the exit status may still come."""
        self._channel.write_eof()

    async def flushed(self) -> None:
        """Waits until everything written was handed to the caller's socket, or the caller is gone."""
        if not self.gone.is_set():
            self._channel.set_write_buffer_limits(0)
            await self._writable.wait()

    def exit(self, end: Exit) -> None:
        """The status (its low eight bits) or signal, everything written, then the channel closes; once."""
        if self._ended:
            return
        self._ended = True
        if end.signal:
            self._channel.exit_with_signal(end.signal, end.core, end.message, end.lang)
        else:
            self._channel.exit(end.status)
        self._channel.close()  # asyncssh's exit does not close a channel that the caller closed with input unread

    # What asyncssh and the channel below say

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """The channel is open."""
        self._channel = chan

    def requested(self, kind: Kind, raw: bytes) -> None:
        """The one request of this channel was accepted; a forced command takes its place."""
        self.kind, self.raw, self.asked = kind, raw, raw
        caller = self.connection.caller
        if caller is not None and (command := caller.identity.certificate.force_command):
            self.kind, self.raw, self.forced = "exec", command.encode(), True

    def session_started(self) -> None:
        """The caller was told that its request was accepted."""
        self._guard(lambda: self._opened(self))

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Standard input."""
        sink = self._sink
        if sink is None or self._input_paused:
            self._early.append(data)
            self._channel.pause_reading()  # again: asyncssh resumes reading after session_started()
        else:
            self._guard(lambda: sink.stdin(data))

    def eof_received(self) -> bool:
        """End of standard input; True: output goes on."""
        self._eof = "came"
        self._guard(self._feed_eof)
        return True

    def signal_received(self, signal: str) -> None:
        """A signal request."""
        sink = self._sink
        if sink is not None:
            self._guard(lambda: sink.signal(signal))
        elif len(self._signals) < SIGNALS:
            self._signals.append(signal)

    def pause_writing(self) -> None:
        """More is buffered than the high-water mark."""
        self._writable.clear()
        if self._sink is not None:
            self._guard(self._sink.pause_output)

    def resume_writing(self) -> None:
        """The buffer is down to the low-water mark."""
        if not self._writable.is_set():
            self._writable.set()
            if self._sink is not None:
                self._guard(self._sink.resume_output)

    def departed(self) -> None:
        """Nothing can be sent any more, whoever closed."""
        self.gone.set()
        self.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed both ways."""
        self.departed()

    def _feed(self) -> None:
        while self._early and self._sink is not None and not self._input_paused:
            self._sink.stdin(self._early.popleft())
        self._feed_eof()
        if self._sink is not None and not self._input_paused:
            self._channel.resume_reading()

    def _feed_eof(self) -> None:
        if self._eof == "came" and self._sink is not None and not self._early:
            self._eof = "told"
            self._sink.stdin_eof()

    def _guard(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:
            log.exception("channel.callback_failed", connection=self.connection.id)
            self._channel.abort()


class GatewayChannel(fastwire.FastChannel, asyncssh.SSHServerChannel[bytes]):
    """A session channel: environment, then exactly one exec, shell or subsystem, then signals; nothing else."""

    def __init__(
        self,
        connection: asyncssh.SSHServerConnection,
        caller: CallerChannel,
        limits: Limits,
        refuse: Callable[[bytes, str], None],
    ) -> None:
        super().__init__(
            connection,
            asyncio.get_running_loop(),
            allow_pty=False,
            line_editor=False,
            line_echo=False,
            line_history=0,
            max_line_length=0,
            encoding=None,
            errors="strict",
            window=limits.window_bytes,
            max_pktsize=wire.PACKET,
        )
        self._caller = caller
        self._limits = limits
        self._refuse = refuse
        self._env_bytes = 0
        self._env_refused = False

    def _service_next_request(self) -> None:
        request = self._request_queue[0][0]
        if request in _SERVED or request in _HARMLESS:
            super()._service_next_request()
            return
        if request == "pty-req":
            self._caller.pty_requested = True
        self._refuse(request.encode(), "")
        self._report_response(result=False)

    def _process_env_request(self, packet: SSHPacket) -> bool:
        name, value = packet.get_string(), packet.get_string()
        packet.check_end()
        self._env_bytes += len(name) + len(value)
        fits = len(self._caller.env) < self._limits.env_names and self._env_bytes <= self._limits.env_bytes
        if fits and not self._session_started:
            self._caller.env[name.decode("utf-8", "backslashreplace")] = value
            return True
        if not self._env_refused:
            self._env_refused = True
            self._refuse(b"env", "after the command" if fits else "over limits.env_names or limits.env_bytes")
        return False

    def _process_exec_request(self, packet: SSHPacket) -> bool:
        command = packet.get_string()
        packet.check_end()
        return self._start("exec", command)

    def _process_subsystem_request(self, packet: SSHPacket) -> bool:
        name = packet.get_string()
        packet.check_end()
        return self._start("subsystem", name)

    def _process_shell_request(self, packet: SSHPacket) -> bool:
        packet.check_end()
        return self._start("shell", b"")

    def _start(self, kind: Kind, raw: bytes) -> bool:
        if self._session_started:
            self._refuse(kind.encode(), f"a second request on a channel that has its {self._caller.kind}")
            return False
        self._session_started = True
        self._caller.requested(kind, raw)
        return True

    def _close_send(self) -> None:
        super()._close_send()
        self._caller.departed()
