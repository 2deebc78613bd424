"""A Process that is a shell of this machine: the port of ``target.base`` with nothing between it and the kernel."""

import asyncio
import os
import signal
import subprocess
from contextlib import suppress
from typing import cast

from jumphost.model.target import Target
from jumphost.target.base import STDERR, STDOUT, Exit, Mint, Order, Output, Use


class LocalRunner:
    """Runs an order's line by ``/bin/sh -c``, as the user who runs the tests; mints nothing."""

    async def start(self, order: Order, output: Output, mint: Mint, use: Use | None = None) -> "LocalProcess":
        """Starts the command in a session of its own."""
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: LocalProcess(output),
            *("/bin/sh", "-c", order.line),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )
        return process

    def prepare(self, connection: str, target: Target, login: str) -> None:
        """A shell needs no preparation."""

    def leave(self, connection: str) -> None:
        """Nothing was kept."""

    async def stop(self, order: Order, mint: Mint) -> bool:
        """Nothing here outlives the process that started it."""
        return True


class LocalProcess(asyncio.SubprocessProtocol):
    """The running shell; ``stop`` reaches its process group."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._transport: asyncio.SubprocessTransport
        self._open = {STDOUT, STDERR}  # our numbers are the descriptors
        self._ended: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._output.data(data, fd)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd in self._open:
            self._open.discard(fd)
            if not self._open:
                self._output.eof()

    def pause_writing(self) -> None:
        self._output.pause_input()

    def resume_writing(self) -> None:
        # not at once: asyncio loses count of a pipe that is closed in this very callback
        asyncio.get_running_loop().call_soon(self._output.resume_input)

    def connection_lost(self, exc: Exception | None) -> None:
        code = cast(int, self._transport.get_returncode())  # asyncio: the process has ended and its pipes are closed
        if code < 0:
            self._ended.set_result(Exit(signal=signal.Signals(-code).name.removeprefix("SIG")))
        else:
            self._ended.set_result(Exit(status=code))

    def write(self, chunk: bytes) -> None:
        """Standard input; dropped once the command takes none."""
        pipe = self._stdin()
        if not pipe.is_closing():
            pipe.write(chunk)

    def write_eof(self) -> None:
        """End of standard input."""
        self._stdin().close()

    def pause_output(self) -> None:
        """Leaves output in the pipes."""
        for fd in self._open:
            cast(asyncio.ReadTransport, self._transport.get_pipe_transport(fd)).pause_reading()

    def resume_output(self) -> None:
        """Reads on."""
        for fd in self._open:
            cast(asyncio.ReadTransport, self._transport.get_pipe_transport(fd)).resume_reading()

    def send_signal(self, name: str) -> None:
        """Signals the process group; a name that is none is dropped."""
        number = getattr(signal, f"SIG{name}", None)
        if isinstance(number, signal.Signals) and self._transport.get_returncode() is None:
            with suppress(ProcessLookupError):  # reaped already, and asyncio not told yet
                os.killpg(self._transport.get_pid(), number)

    async def wait(self) -> Exit:
        """The end, after the last data."""
        return await asyncio.shield(self._ended)

    async def stop(self) -> bool:
        """Kills the process group."""
        self.send_signal("KILL")
        await asyncio.wait([self._ended])
        return True

    async def close(self) -> None:
        """Kills what still runs, closes the pipes, and waits until both are done."""
        self.send_signal("KILL")
        for fd in (0, STDOUT, STDERR):  # closing the whole would take the status from asyncio's watcher
            if pipe := self._transport.get_pipe_transport(fd):
                pipe.close()
        await asyncio.wait([self._ended])

    def _stdin(self) -> asyncio.WriteTransport:
        return cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
