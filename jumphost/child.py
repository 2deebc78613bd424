"""Helper processes that may die at any time: started with nothing, limited, killed at will, spoken to in frames.

A frame is a length (4 bytes, big-endian) and that many bytes. The parent's side is :class:`Child`, the child's
:class:`Parent`; a child calls :func:`confine` before it reads a byte that comes from outside.
"""

import asyncio
import ctypes
import fcntl
import mmap
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, cast

_HEAD = 4  # bytes of a frame's length
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38  # linux/prctl.h
_SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


@dataclass(frozen=True, slots=True)
class Limits:
    """What a helper may use. Processor time is given in portions: see :func:`grant_cpu`."""

    memory: int  # bytes of address space
    files: int = 32  # open descriptors
    reserves: bool = (
        False  # it reserves far more addresses than it uses, as Go does: count what is private and writable
    )


def confine(limits: Limits, parent: int) -> None:
    """Binds this process to its limits and to the life of the process ``parent``; for its first line of work.

    No core dumps (they hold what was judged), no files, no new privileges. Ends the process if the parent is gone.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.files, limits.files))
    resource.setrlimit(resource.RLIMIT_DATA if limits.reserves else resource.RLIMIT_AS, (limits.memory, limits.memory))
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_PDEATHSIG, signal.SIGKILL), (_PR_SET_NO_NEW_PRIVS, 1)):
        if libc.prctl(option, value, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before the signal was asked for
        os._exit(0)


def seclude() -> None:
    """New files are this uid's alone, no core is dumped, and no other of this uid may look into the memory."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def grant_cpu(seconds: int) -> None:
    """Lets this process use ``seconds`` more of processor time; over it, the kernel ends it (SIGXCPU)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def sealed(content: bytes, name: str) -> int:
    """A descriptor of memory that holds ``content`` and that nobody can change any more; the caller closes it."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(content)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
    return fd


def unsealed(fd: int) -> bytes:
    """The content of :func:`sealed` memory, without moving the position that all its readers share."""
    with mmap.mmap(fd, os.fstat(fd).st_size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as view:
        return bytes(view)


class Process:
    """A process of ours: it starts with what it is given, is killed at will and reaped by the event loop."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
        output: int = subprocess.DEVNULL,
        errors: int | None = None,
    ) -> None:
        """Starts it in ``/``, with no descriptor but its standard streams and ``fds``; OSError if it cannot be.

        ``errors`` is the standard error where that is not ``output``.
        """
        self._process = subprocess.Popen(
            arguments,
            stdin=stdin,
            stdout=output,
            stderr=output if errors is None else errors,
            env=environment or {},
            cwd="/",
            pass_fds=fds,
        )
        self._ended = asyncio.Event()
        try:
            self._pidfd = os.pidfd_open(self._process.pid)
        except OSError:
            self._process.kill()
            self._process.wait()
            raise
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs, asked of the kernel."""
        return self._process.poll() is None

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left: no process to be waited for, and no descriptor once nobody reads it."""
        return self._ended.is_set()

    def kill(self) -> None:
        """Ends it at once; idempotent."""
        self._process.kill()

    async def wait(self) -> int:
        """Its exit status once it has ended (a signal is negative, as :mod:`subprocess` has it)."""
        await self._ended.wait()
        return self._process.wait()

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._process.wait()
        self._ended.set()


class Child(Process):
    """The parent's side of a helper that runs ``python -I -m MODULE SOCKET PARENT FD…``.

    Its environment is what is given, its standard streams are /dev/null, it holds no descriptor but the socket and
    ``fds``.
    """

    def __init__(
        self,
        module: str,
        *,
        fds: Sequence[int] = (),
        frame_bytes: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts it; OSError if the machine does not let us. Frames over ``frame_bytes`` are faults of the child."""
        self._frame_bytes = frame_bytes
        self._talking = 0
        self._socket, theirs = socket.socketpair()
        with theirs:
            arguments = [str(number) for number in (theirs.fileno(), os.getpid(), *fds)]
            try:
                super().__init__([*python(module), *arguments], fds=[theirs.fileno(), *fds], environment=environment)
            except BaseException:
                self._socket.close()
                raise
        self._socket.settimeout(0)

    async def send(self, message: bytes) -> None:
        """Writes one frame; OSError if the child is gone. After a cancellation the child can only be killed."""
        with self._talk():
            await asyncio.get_running_loop().sock_sendall(self._socket, len(message).to_bytes(_HEAD, "big") + message)

    async def receive(self) -> bytes:
        """Reads one frame; EOFError or OSError if the child is gone, ValueError if the frame is too long.

        After a cancellation or an error the child can only be killed.
        """
        with self._talk():
            length = int.from_bytes(await self._exactly(_HEAD), "big")
            if length > self._frame_bytes:
                raise ValueError(f"got a frame of {length} bytes, expected at most {self._frame_bytes}")
            return await self._exactly(length)

    async def _exactly(self, count: int) -> bytes:
        loop, data = asyncio.get_running_loop(), bytearray()
        while len(data) < count:
            piece = await loop.sock_recv(self._socket, min(count - len(data), 1 << 18))
            if not piece:
                raise EOFError(f"child {self.pid} closed its side")
            data += piece
        return bytes(data)

    def _reap(self) -> None:
        super()._reap()
        self._close_unused()

    @contextmanager
    def _talk(self) -> Iterator[None]:
        self._talking += 1
        try:
            yield
        finally:
            self._talking -= 1
            self._close_unused()

    def _close_unused(self) -> None:
        """Closes the socket of an ended child; not while its last words are being read."""
        if self._ended.is_set() and not self._talking:
            self._socket.close()


def filtered(
    arguments: Sequence[str],
    given: bytes,
    *,
    memory: int,
    cpu_s: int,
    deadline_s: float,
    output_bytes: int,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """What a program prints for the bytes that it is ``given`` (at most 64 KiB: one pipe full). Blocks.

    Its limits stand before it can read a byte: ``memory`` it writes to, seconds of processor and of wall time, bytes of
    output; it may open no file for writing. One whose parent dies ends by its own limits. TimeoutError if it is late,
    ValueError if it prints too much, ChildProcessError if it ends otherwise than with status 0, OSError if it cannot be
    started.
    """
    ends_at = time.monotonic() + deadline_s
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment or {},
        cwd="/",
        bufsize=0,
    )
    with process:
        try:
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory, memory))
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (cpu_s, cpu_s))
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, 0))
            resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
            printed = _exchange(process, given, ends_at, output_bytes)
        except BrokenPipeError:  # its status says why
            printed = b""
            process.wait(deadline_s)
        finally:
            process.kill()
    if process.returncode:
        raise ChildProcessError(process.returncode, f"{arguments[0]} ended with {process.returncode}")
    return printed


def _exchange(process: "subprocess.Popen[bytes]", given: bytes, ends_at: float, output_bytes: int) -> bytes:
    to, back = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    to.write(given)
    to.close()
    printed, poll = bytearray(), select.poll()
    poll.register(back, select.POLLIN)
    while poll.poll(max(0, ends_at - time.monotonic()) * 1000):
        piece = os.read(back.fileno(), 1 << 18)
        if not piece:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, ends_at - time.monotonic()))
            return bytes(printed)
        printed += piece
        if len(printed) > output_bytes:
            raise ValueError(f"got more than {output_bytes} bytes of output, expected fewer")
    raise TimeoutError(f"{process.args!r} took too long")


def python(module: str) -> list[str]:
    """The command that runs a module of ours apart from the user's environment and folder."""
    return [sys.executable, "-I", "-B", "-m", module]


class Parent:
    """The child's side: blocking, one frame after the other."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)

    def send(self, message: bytes) -> None:
        """Writes one frame; OSError if the parent is gone."""
        self._socket.sendall(len(message).to_bytes(_HEAD, "big") + message)

    def receive(self) -> bytes | None:
        """Reads one frame; None once the parent has closed its side."""
        head = self._exactly(_HEAD)
        return self._exactly(int.from_bytes(head, "big")) if head is not None else None

    def _exactly(self, count: int) -> bytes | None:
        data = bytearray()
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                return None
            data += piece
        return bytes(data)
