"""Asking the signer, and starting one."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import structlog

from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Unavailable
from jumphost.localsocket import peer_uid
from jumphost.signer.protocol import (
    Answer,
    Failed,
    ForCertificate,
    Issued,
    Noted,
    Question,
    UseTarget,
    answer,
    frame,
    read_frame,
)

ANSWER_TIMEOUT_S = 10.0  # questions queue behind each other's disk writes
START_TIMEOUT_S = 20.0  # longer than it waits for another signer to end
END_TIMEOUT_S = 5.0
RESTART_S, RESTART_AT_MOST_S = 0.1, 5.0  # pauses before a signer that died has a successor: the first, the longest
STEADY_S = 10.0  # one that lived as long counts as the first again

T = TypeVar("T", Issued, Noted)

log = structlog.get_logger(__name__)


class SignerClient:
    """Asks the signer that listens on a socket; each question has a connection of its own."""

    def __init__(self, path: Path, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._path, self._timeout_s = path, timeout_s

    async def ask(self, question: ForCertificate) -> Issued:
        """The certificate; Refused (signer.refused) or Unavailable (signer.unavailable) with the signer's own words."""
        return await self._answered(question, Issued)

    async def note(self, question: UseTarget) -> None:
        """Returns once it is noted; raises as ``ask``."""
        await self._answered(question, Noted)

    async def _answered(self, question: Question, expected: type[T]) -> T:
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._exchange(frame(question))
        except (OSError, TimeoutError, ValueError, EOFError) as error:
            raise self._silent(error) from None
        if isinstance(found, expected):
            return found
        if not isinstance(found, Failed):
            raise self._silent(ValueError(f"got {found}"))
        if found.code == Code.SIGNER_REFUSED:
            raise Refused(Code.SIGNER_REFUSED, found.message, detail=found.detail)
        raise Unavailable(Code.SIGNER_UNAVAILABLE, found.message, detail=found.detail)

    async def probe(self) -> None:
        """Asks nothing, which a signer answers by hanging up; Unavailable (signer.unavailable)."""
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, writer = await asyncio.open_unix_connection(str(self._path))
                try:
                    writer.write_eof()
                    await reader.read()
                finally:
                    writer.close()
        except (OSError, TimeoutError) as error:
            raise self._silent(error) from None

    def _silent(self, error: Exception) -> Unavailable:
        return Unavailable(Code.SIGNER_UNAVAILABLE, "the signer does not answer", detail=f"{self._path}: {error!r}")

    async def _exchange(self, data: bytes) -> Answer:
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        try:
            writer.write(data)
            await writer.drain()
            return answer(await read_frame(reader))
        finally:
            writer.close()


@asynccontextmanager
async def running(site: Site, path: Path | None = None) -> AsyncIterator[SignerClient]:
    """The signer of another uid that serves the site, else a child of ours on ``path`` (default: the site's socket).

    A child ends with the context, or with us; if it dies another is started, and meanwhile nothing is signed. One of
    our own uid that still listens is another's child: it is waited for and never shared. Unavailable
    (signer.unavailable) if none starts.
    """
    if await _listener(site.signer_socket) not in (None, os.geteuid()):
        yield SignerClient(site.signer_socket)
        return
    path = path or site.signer_socket
    child = _Child(site, path)
    failure: BaseException | None = None
    try:
        await child.start()
        async with asyncio.TaskGroup() as group:
            keeper = group.create_task(child.keep())
            try:
                yield SignerClient(path)
            except BaseException as error:  # noqa: BLE001  # raised as it is, and not in a group
                failure = error
            keeper.cancel()
    finally:
        await child.end()
    if failure is not None:
        raise failure


@asynccontextmanager
async def ephemeral(site: Site) -> AsyncIterator[SignerClient]:
    """For one question: whichever signer listens for the site or, where none does, a child on a private socket."""
    if await _listener(site.signer_socket) is not None:
        yield SignerClient(site.signer_socket)
        return
    with tempfile.TemporaryDirectory(prefix="jumphost-") as folder:
        async with running(site, Path(folder) / "signer.sock") as client:
            yield client


async def _listener(path: Path) -> int | None:
    """The uid of the process that listens on the socket, None if none does."""
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        return None
    try:
        return peer_uid(writer)
    finally:
        writer.close()


class _Child:
    """A signer of ours, and whoever takes its place."""

    def __init__(self, site: Site, path: Path) -> None:
        self._site, self._path = site, path
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it answers; Unavailable (signer.unavailable) if it does not, OSError if there can be none."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "jumphost.signer", "--site", str(self._site.root)),
            *("--socket", str(self._path), "--with-parent"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={},
            start_new_session=True,  # a Ctrl-C at the terminal is for us, and we end it last
        )
        await _ready(self._process)

    async def keep(self) -> None:
        """Starts another when it has died, soon the first time, ever later if they go on dying."""
        loop = asyncio.get_running_loop()
        pause = 0.0
        while self._process is not None:
            since = loop.time()
            status = await self._process.wait()
            pause = RESTART_S if loop.time() - since > STEADY_S else min(2 * pause or RESTART_S, RESTART_AT_MOST_S)
            log.error("signer.died", status=status, restart_in_s=pause)
            await asyncio.sleep(pause)
            try:
                await self.start()
            except (OSError, Unavailable) as error:
                log.error("signer.not_started", error=str(error))
                await self.end()

    async def end(self) -> None:
        """Has it end in order, or kills it; idempotent."""
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError):  # it ended by itself
            process.terminate()
        try:
            async with asyncio.timeout(END_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await process.stdout.readline()
    except TimeoutError:
        line = b""
    if not line:
        raise Unavailable(Code.SIGNER_UNAVAILABLE, "the signer did not start: what it says on stderr is why")
