"""Both libraries that carry streams have what is asked of them here."""

import asyncio

import asyncssh
import pytest

from jumphost import stream


@pytest.mark.parametrize("kind", [asyncio.StreamReader, asyncssh.SSHReader])
def test_readers(kind: type) -> None:
    assert all(callable(getattr(kind, name)) for name in vars(stream.Reader) if not name.startswith("_"))


@pytest.mark.parametrize("kind", [asyncio.StreamWriter, asyncssh.SSHWriter])
def test_writers(kind: type) -> None:
    assert all(callable(getattr(kind, name)) for name in vars(stream.Writer) if not name.startswith("_"))


async def test_a_socket_is_served_by_what_it_names() -> None:
    served: list[object] = []

    async def serve(reader: stream.Reader, writer: stream.Writer) -> None:
        served.append((reader, writer))

    reader, writer = object(), object()
    await stream.Socket("/tmp/s", serve).serve(reader, writer)  # type: ignore[arg-type]
    assert served == [(reader, writer)]
