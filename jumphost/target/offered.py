"""A socket of the gateway's own host for the command of one sandbox: bound to where the command looks for it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from jumphost.localsocket import bound
from jumphost.stream import Socket

_NAME = "socket"


@asynccontextmanager
async def offered(socket: Socket) -> AsyncIterator[str]:
    """Serves it, and gives the path that it has outside; OSError if it cannot be.

    Its folder may be passed through by all, as the command's uid is not known yet; the socket itself is for our own uid
    until it is given away.
    """
    with _folder() as folder:
        path = Path(folder, _NAME)
        server = await asyncio.start_unix_server(socket.serve, sock=bound(path, 0o600))
        try:
            yield str(path)
        finally:
            server.close()


def _folder() -> "tempfile.TemporaryDirectory[str]":
    made = tempfile.TemporaryDirectory(prefix="jumphost-")
    Path(made.name).chmod(0o711)
    return made
