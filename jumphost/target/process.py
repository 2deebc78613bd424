"""Runs commands on the gateway's own host, each in a sandbox of its own (``sandbox``): there is no other way.

The end of the sandbox's first process is the end of every process in it. When the gateway ends, by whatever means, the
kernel ends bwrap and that process.
"""

import asyncio
import functools
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final

import structlog

from jumphost.command import forced
from jumphost.errors import Code, JumphostError, Unavailable
from jumphost.model.target import Target
from jumphost.target import bubble, lineage, sandbox
from jumphost.target.base import MAY_RUN, STDERR, STDOUT, Exit, Mint, Order, Output, Use
from jumphost.target.bubble import Bubble
from jumphost.target.offered import offered

START_S: Final = 20.0  # for a sandbox to be made; it takes 20 ms
GRACE_S: Final = 0.4  # from TERM to KILL, as on an SSH target
END_S: Final = 10.0  # for the kernel to end what was killed
LOOKS, LOOK_S = 2, 0.02  # at what is left, and between them
KILLED: Final = 128 + signal.SIGKILL

log = structlog.get_logger(__name__)


class ProcessRunner:
    """The Runner for targets of kind process; ``site`` is the folder that no command may see."""

    def __init__(self, site: Path) -> None:
        self._site = site

    async def start(self, order: Order, output: Output, mint: Mint, use: Use | None = None) -> "SandboxedProcess":
        """Starts the command once ``use`` has noted it; see ``target.base.Runner``."""
        if use is None:
            raise JumphostError(Code.INTERNAL, "a command on this host that nobody noted")
        await use("")
        return await launch(order, output, self._site)

    def prepare(self, connection: str, target: Target, login: str) -> None:
        """There is nothing to prepare."""

    def leave(self, connection: str) -> None:
        """There is nothing to leave."""

    async def stop(self, order: Order, mint: Mint) -> bool:
        """Kills what an earlier process of ours started, should the kernel not have; see ``target.base.Runner``."""
        return await _killed(order.request)


async def launch(order: Order, output: Output, site: Path) -> "SandboxedProcess":
    """Starts the command of an order, whoever wants it; raises as ``target.base.Runner.start``."""
    async with AsyncExitStack() as held:
        try:
            socket = await held.enter_async_context(offered(order.socket)) if order.socket else ""
            started = Bubble(bubble.program(), sandbox.words(order, site, socket))
        except OSError as error:
            raise sandbox.unfit("bwrap does not start", str(error)) from error
        process = SandboxedProcess(order, output, started)
        try:
            async with asyncio.timeout(START_S):
                await process.begin()
        except BaseException as error:
            started.close()  # what has not begun yet has nobody to tell, and ends
            if not await _killed(order.request):
                error.add_note(MAY_RUN)
            if isinstance(error, TimeoutError):
                raise sandbox.unfit("bwrap did not make it in time", f"{START_S:.0f} s") from error
            raise
        process.keep(held.pop_all())
        return process


class _Stream(asyncio.Protocol):
    """One output of the command."""

    def __init__(self, process: "SandboxedProcess", stream: int) -> None:
        self._process, self._stream = process, stream

    def data_received(self, data: bytes) -> None:
        self._process.came(data, self._stream)

    def connection_lost(self, exc: Exception | None) -> None:
        self._process.over(self._stream)


class _Input(asyncio.BaseProtocol):
    """The command's standard input.

    Only later is it said that it takes more: asyncio forgets what is written, if its end is too, while it says so.
    """

    def __init__(self, output: Output) -> None:
        self._output = output

    def pause_writing(self) -> None:
        self._output.pause_input()

    def resume_writing(self) -> None:
        asyncio.get_running_loop().call_soon(self._output.resume_input)


class SandboxedProcess:
    """A command that runs in a sandbox on the gateway's host."""

    def __init__(self, order: Order, output: Output, started: Bubble) -> None:
        self._order, self._output, self._bubble = order, output, started
        self._first = 0  # process id of the sandbox's first process
        self._input: asyncio.WriteTransport | None = None
        self._outputs: list[asyncio.ReadTransport] = []
        self._open = {STDOUT, STDERR}
        self._all_came = asyncio.Event()
        self._status: int | None = None
        self._stopping = asyncio.Lock()
        self._cut = self._stopped = False
        self._kept = AsyncExitStack()

    async def begin(self) -> None:
        """Returns once the command runs; output may come before that. Raises as ``Bubble.begun``."""
        self._first = await self._bubble.begun()
        loop = asyncio.get_running_loop()
        self._input, _ = await loop.connect_write_pipe(lambda: _Input(self._output), self._bubble.stdin)
        for stream, file in ((STDOUT, self._bubble.stdout), (STDERR, self._bubble.stderr)):
            transport, _ = await loop.connect_read_pipe(functools.partial(_Stream, self, stream), file)
            self._outputs.append(transport)

    def keep(self, held: AsyncExitStack) -> None:
        """Takes over what the command has as long as it is there."""
        self._kept = held

    def came(self, chunk: bytes, stream: int) -> None:
        """Output came."""
        self._output.data(chunk, stream)

    def over(self, stream: int) -> None:
        """One of the outputs has ended."""
        self._open.discard(stream)
        if not self._open and not self._all_came.is_set():
            self._all_came.set()
            self._output.eof()

    def write(self, chunk: bytes) -> None:
        """Standard input; dropped once the command takes none."""
        if self._input is not None and not self._input.is_closing():
            self._input.write(chunk)

    def write_eof(self) -> None:
        """End of standard input."""
        if self._input is not None and not self._input.is_closing():
            self._input.write_eof()

    def pause_output(self) -> None:
        """What the command writes from now on stays in its pipes, until these are full."""
        for transport in self._outputs:
            transport.pause_reading()

    def resume_output(self) -> None:
        """What stayed comes."""
        for transport in self._outputs:
            transport.resume_reading()

    def send_signal(self, name: str) -> None:
        """Sends a signal to every process of the command; one that no target takes is dropped."""
        if name not in forced.SIGNALS:
            log.warning("signal.dropped", target=self._order.target.name, request=self._order.request, signal=name)
            return
        self._send(signal.Signals[f"SIG{name}"])

    async def wait(self) -> Exit:
        """The end, after the last data; Unavailable (target.unreachable) if the sandbox was ended by another.

        A death by signal is the status that a shell gives it: 128 and its number.
        """
        await self._ended()
        await self._all_came.wait()
        if self._status is None and not self._cut:
            raise Unavailable(
                Code.TARGET_UNREACHABLE,
                "the sandbox ended before the command said how: whether it finished is unknown",
                detail="bwrap was killed",
            )
        return Exit(status=KILLED if self._status is None else self._status)

    async def stop(self) -> bool:
        """Ends every process of the command; False if one may be left."""
        async with self._stopping:
            self._cut = True
            if not self._bubble.over:
                self._send(signal.SIGTERM)
                with suppress(TimeoutError):
                    async with asyncio.timeout(GRACE_S):
                        await self._ended()
            self._stopped = self._stopped or await _killed(self._order.request)
            return self._stopped

    async def close(self) -> None:
        """Kills what still runs, closes the pipes, and takes away the socket."""
        if not self._bubble.over:
            await _killed(self._order.request)
        for transport in (self._input, *self._outputs):
            if transport is not None:
                transport.close()
        self._bubble.close()
        await self._kept.aclose()

    async def _ended(self) -> None:
        if self._status is None:
            self._status = await self._bubble.ended()

    def _send(self, number: signal.Signals) -> None:
        if not self._bubble.over:
            lineage.send(lineage.descendants(self._first), number)


async def _killed(request: str) -> bool:
    """Kills all processes of a request, its sandbox's too; whether none is left.

    Two looks must find none: a process in the middle of execve has no arguments for a moment.
    """
    clean = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(END_S):
            while clean < LOOKS:
                left = await asyncio.to_thread(lineage.marked, *sandbox.mark(request))
                clean = 0 if left else clean + 1
                lineage.send(left, signal.SIGKILL)
                await asyncio.sleep(LOOK_S)
    return clean == LOOKS
