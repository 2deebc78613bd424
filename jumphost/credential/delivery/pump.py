"""Bytes between a command and a server once the gateway has logged in: as they come, each side at the other's pace."""

import asyncio
from typing import Final

import asyncssh

from jumphost.stream import Reader, Writer

PIECE: Final = 65_536  # bytes on their way at once, each way


async def relay(reader: Reader, writer: Writer, server: tuple[Reader, Writer]) -> None:
    """Ends when the server does; a client that ended may still be answered, where its end can be told alone."""
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_pump(reader, server[1]))
        await _pump(server[0], writer)
        asking.cancel()


async def _pump(source: Reader, sink: Writer) -> None:
    try:
        while piece := await source.read(PIECE):
            sink.write(piece)
            await sink.drain()
    except (OSError, asyncssh.Error):
        pass  # one of them is gone: the same as its end
    try:
        if sink.can_write_eof():
            sink.write_eof()
        else:
            sink.close()  # TLS has no half close: clients of databases end by leaving
    except (OSError, asyncssh.Error):
        pass
