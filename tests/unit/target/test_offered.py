import asyncio
import os
import stat
from pathlib import Path

import pytest

from jumphost.stream import Reader, Socket, Writer
from jumphost.target.offered import offered


async def echo(reader: Reader, writer: Writer) -> None:
    writer.write(await reader.read(100))
    writer.close()


async def test_it_is_served_as_long_as_it_is_offered() -> None:
    async with offered(Socket("/tmp/within", echo)) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"hello")
        assert await reader.read() == b"hello"
        writer.close()
    assert not Path(path).parent.exists()
    with pytest.raises(FileNotFoundError):
        await asyncio.open_unix_connection(path)


async def test_it_is_ours_alone_in_a_folder_that_all_may_pass() -> None:
    async with offered(Socket("/tmp/within", echo)) as path:
        socket, folder = Path(path).stat(), Path(path).parent.stat()
        assert (stat.S_IMODE(socket.st_mode), socket.st_uid) == (0o600, os.geteuid())
        assert stat.S_IMODE(folder.st_mode) == 0o711
