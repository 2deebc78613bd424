import asyncio
from functools import partial
from pathlib import Path

from jumphost.credential.delivery.pump import relay
from jumphost.stream import Reader, Writer


async def between(folder: Path, reader: Reader, writer: Writer) -> None:
    server = await asyncio.open_unix_connection(folder / "server")
    await relay(reader, writer, server)
    server[1].close()
    writer.close()


async def test_each_side_hears_the_other_and_its_end(tmp_path: Path) -> None:
    heard = []

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.write(b"all of it: %d" % len(heard[0]))
        writer.close()

    async with (
        await asyncio.start_unix_server(server, tmp_path / "server"),
        await asyncio.start_unix_server(partial(between, tmp_path), tmp_path / "between"),
    ):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "between")
        writer.write(bytes(1_000_000))
        writer.write_eof()
        assert await reader.read() == b"all of it: 1000000"
        writer.close()


async def test_a_server_that_ends_ends_it(tmp_path: Path) -> None:
    async def server(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with (
        await asyncio.start_unix_server(server, tmp_path / "server"),
        await asyncio.start_unix_server(partial(between, tmp_path), tmp_path / "between"),
    ):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "between")
        assert await reader.read() == b""
        writer.close()
