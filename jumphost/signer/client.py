"""Asking the signer, and starting one."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Unavailable
from jumphost.signer.protocol import Answer, Issued, Question, answer, frame, peer_uid, read_frame

ANSWER_TIMEOUT_S = 10.0  # questions queue behind each other's disk writes
START_TIMEOUT_S = 20.0  # longer than it waits for another signer to end
END_TIMEOUT_S = 5.0


class SignerClient:
    """Asks the signer that listens on a socket; each question has a connection of its own."""

    def __init__(self, path: Path, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._path, self._timeout_s = path, timeout_s

    async def ask(self, question: Question) -> Issued:
        """The certificate; Refused (signer.refused) or Unavailable (signer.unavailable) with the signer's own words."""
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await self._exchange(frame(question))
        except (OSError, TimeoutError, ValueError, EOFError) as error:
            raise Unavailable(
                Code.SIGNER_UNAVAILABLE, "the signer does not answer", detail=f"{self._path}: {error!r}"
            ) from None
        if isinstance(found, Issued):
            return found
        if found.code == Code.SIGNER_REFUSED:
            raise Refused(Code.SIGNER_REFUSED, found.message, detail=found.detail)
        raise Unavailable(Code.SIGNER_UNAVAILABLE, found.message, detail=found.detail)

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

    A child ends with the context, or with us. One of our own uid that still listens is another's child: it is waited
    for and never shared. Unavailable (signer.unavailable) if none starts.
    """
    if await _listener(site.signer_socket) not in (None, os.geteuid()):
        yield SignerClient(site.signer_socket)
        return
    path = path or site.signer_socket
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "jumphost.signer", "--site", str(site.root), "--socket", str(path)),
        "--with-parent",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={},
        start_new_session=True,  # a Ctrl-C at the terminal is for us, and we end it last
    )
    try:
        await _ready(process)
        yield SignerClient(path)
    finally:
        await _end(process)


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


async def _end(process: asyncio.subprocess.Process) -> None:
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
