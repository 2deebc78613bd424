"""A managed OPA: our child on a unix socket, started again when it dies, less and less eagerly."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from jumphost import child
from jumphost.errors import Code, Unavailable

MEMORY = 1 << 30  # bytes of private memory; 100,000 entries of data take 138 MB, 192 MB after use
HEAP = MEMORY * 3 // 4  # from here on Go collects rather than grows
BACK_OFF_S = (0.1, 10.0)  # before it is started again: doubled each time from the first to the last
STEADY_S = 10.0  # who lived that long begins anew
_LINE = 4096  # bytes of one line of its log that are kept
_LAST_LINES = 32

log = structlog.get_logger(__name__)


def arguments(command: str, socket: Path, bundles: Sequence[Path]) -> list[str]:
    """The command line of a server that answers on ``socket`` what its guard admits, and calls nobody."""
    return [
        command,
        "run",
        "--server",
        f"--addr=unix://{socket}",
        "--unix-socket-perm=700",
        "--authorization=basic",
        "--skip-version-check",
        "--log-level=error",
        "--bundle",
        *map(str, bundles),
    ]


class Server:
    """The process; ``starts`` counts how often it was started."""

    def __init__(self, command: Sequence[str], *, memory: int = MEMORY) -> None:
        """Starts it; OSError if the machine does not let us."""
        self._command = [*child.python("jumphost.policy.opa.launch"), str(os.getpid()), str(memory), *command]
        self._environment = {"GOMEMLIMIT": str(min(HEAP, memory * 3 // 4)), "GOTRACEBACK": "none"}
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._back_off = BACK_OFF_S[0]
        self._again: asyncio.TimerHandle | None = None
        self._closed = False
        self.starts = 0
        self._start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def said(self) -> str:
        """The last that it wrote to its log."""
        return "\n".join(self._last)

    def check(self) -> None:
        """Unavailable (policy.unavailable) if it does not run just now."""
        if self._closed or self._process.ended:
            raise Unavailable(Code.POLICY_UNAVAILABLE, "the policy engine is not running", detail=self.said)

    def kill(self) -> None:
        """Ends it at once; another is started."""
        self._process.kill()

    async def close(self) -> None:
        """Ends it for good, and waits for its end."""
        self._closed = True
        if self._again is not None:
            self._again.cancel()
        self._process.kill()
        await self._process.wait()

    def _start(self) -> None:
        ours, theirs = os.pipe2(os.O_CLOEXEC)
        try:
            self._process = _Opa(self._command, self._environment, theirs, self._gone)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        self._log = _Log(ours, self._last)
        self._started = asyncio.get_running_loop().time()
        self.starts += 1

    def _gone(self, status: int) -> None:
        self._log.drain()
        if self._closed:
            return
        loop = asyncio.get_running_loop()
        if loop.time() - self._started >= STEADY_S:
            self._back_off = BACK_OFF_S[0]
        log.error("the policy engine ended", status=status, again_s=self._back_off, said=self.said)
        self._again = loop.call_later(self._back_off, self._start_again)
        self._back_off = min(self._back_off * 2, BACK_OFF_S[1])

    def _start_again(self) -> None:
        try:
            self._start()
        except OSError as error:
            log.error("the policy engine cannot be started", error=str(error), again_s=BACK_OFF_S[1])
            self._again = asyncio.get_running_loop().call_later(BACK_OFF_S[1], self._start_again)


class _Opa(child.Process):
    """One run of the program, which tells of its end."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], output: int, gone: Callable[[int], None]
    ) -> None:
        self._tell = gone
        super().__init__(command, environment=environment, output=output)

    def _reap(self) -> None:
        super()._reap()
        self._tell(self._process.returncode)


class _Log:
    """What a process writes to a pipe, line by line, whether anybody looks at it or not."""

    def __init__(self, fd: int, lines: deque[str]) -> None:
        os.set_blocking(fd, False)
        self._fd, self._lines, self._rest = fd, lines, b""
        asyncio.get_running_loop().add_reader(fd, self._read)

    def drain(self) -> None:
        """Reads what is left after the end of the process."""
        while self._fd >= 0:
            self._read()

    def _read(self) -> None:
        try:
            piece = os.read(self._fd, 1 << 16)
        except BlockingIOError:  # it is held open by someone else: nothing more of ours comes
            piece = b""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if not piece or len(self._rest) > _LINE:
            lines, self._rest = [*lines, self._rest], b""
        for text in (line[:_LINE].decode(errors="replace").rstrip() for line in lines):
            if text:
                self._lines.append(text)
                log.debug("the policy engine says", text=text)
        if not piece:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
