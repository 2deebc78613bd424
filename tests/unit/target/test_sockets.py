"""What a target may do with the sockets we ask for; that a real sshd makes them is shown by tests/interop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from jumphost.errors import Code, Unavailable
from jumphost.model.target import Target
from jumphost.stream import Reader, Socket, Writer
from jumphost.target.connection import Reach, TargetConnection, connect
from jumphost.target.sockets import SocketChannel
from jumphost.testing.ca import TargetCA


class Server(asyncssh.SSHServer):
    """Makes every socket that it is asked for, but for paths with "refused" in them."""

    def __init__(self, ca: str, peers: list[asyncssh.SSHServerConnection]) -> None:
        self._ca, self._peers = ca, peers

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._peers.append(conn)

    def begin_auth(self, username: str) -> bool:
        allowed = asyncssh.import_authorized_keys(f'cert-authority,principals="app@here" {self._ca}')
        self._peers[-1].set_authorized_keys(allowed)
        return True

    def unix_server_requested(self, listen_path: str) -> bool:
        if "broken" in listen_path:
            self._peers[-1].abort()
        return "refused" not in listen_path


@asynccontextmanager
async def logged_in(ca: TargetCA) -> AsyncIterator[tuple[TargetConnection, asyncssh.SSHServerConnection]]:
    """Our side of a login, and the target's."""
    key, peers = asyncssh.generate_private_key("ssh-ed25519"), list[asyncssh.SSHServerConnection]()

    async def mint(address: str) -> asyncssh.SSHKeyPair:
        return ca.certified(principal="app@here", line="true", address=address, sockets=True)

    listening = await asyncssh.listen(
        "127.0.0.1", 0, server_factory=lambda: Server(ca.line, peers), server_host_keys=[key]
    )
    async with listening:
        line = key.export_public_key().decode()
        target = Target("here", ("app",), host="127.0.0.1", port=listening.get_port(), host_keys=(line,))
        connection = await connect(target, "app", mint, Reach())
        try:
            yield connection, peers[0]
        finally:
            await connection.end()


async def echo(reader: Reader, writer: Writer) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
    writer.close()


async def test_each_connection_is_a_bounded_channel_of_its_own(target_ca: TargetCA, tmp_path: Path) -> None:
    async with logged_in(target_ca) as (ours, _):
        seen = []

        async def serve(reader: Reader, writer: Writer) -> None:
            assert isinstance(writer, asyncssh.SSHWriter)
            seen.append(type(writer.channel))
            await echo(reader, writer)

        await ours.offer(Socket(str(tmp_path / "socket"), serve), 65_536)
        for _ in range(2):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
            writer.write(bytes(1_000_000))
            writer.write_eof()
            assert len(await reader.read()) == 1_000_000
            writer.close()
        assert seen == [SocketChannel, SocketChannel]


@pytest.mark.parametrize(
    ("name", "code"), [("refused", Code.CREDENTIAL_UNAVAILABLE), ("broken", Code.TARGET_UNREACHABLE)]
)
async def test_a_target_that_makes_none(target_ca: TargetCA, tmp_path: Path, name: str, code: Code) -> None:
    async with logged_in(target_ca) as (ours, _):
        with pytest.raises(Unavailable) as caught:
            await ours.offer(Socket(str(tmp_path / name), echo), 65_536)
    assert caught.value.code is code


async def test_a_target_opens_nothing_that_we_did_not_ask_for(target_ca: TargetCA, tmp_path: Path) -> None:
    async with logged_in(target_ca) as (ours, theirs):
        await ours.offer(Socket(str(tmp_path / "socket"), echo), 65_536)
        for path in (str(tmp_path / "other"), "", "/run/jumphost/control.sock"):
            with pytest.raises(asyncssh.ChannelOpenError):
                await theirs.create_unix_connection(asyncssh.SSHUNIXSession, path)
        with pytest.raises(asyncssh.ChannelOpenError):
            await theirs.create_connection(asyncssh.SSHTCPSession, "127.0.0.1", 22)
