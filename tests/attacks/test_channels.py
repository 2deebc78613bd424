"""Attacks on the server leg, packet by packet: whose identity a connection has, and what it may be used for."""

import asyncio
import shutil
from pathlib import Path

import asyncssh
import pytest
from asyncssh.constants import MSG_CHANNEL_DATA, MSG_CHANNEL_OPEN, MSG_GLOBAL_REQUEST
from asyncssh.packet import Boolean, String, UInt32

from jumphost.errors import Code
from jumphost.gateway.channel import CallerChannel
from jumphost.testing.gateway import HOST, Rig, rig
from jumphost.testing.raw import CLOSED, FAILURE, PROBED, SUCCESS, RawClient


async def held(channel: CallerChannel) -> None:
    """Serves nothing: the test does."""


def names(here: Rig) -> list[str]:
    """Who is logged in."""
    return [connection.caller.identity.name for connection in here.gate.logins if connection.caller is not None]


async def test_probe_with_the_victims_certificate_then_log_in_with_the_own() -> None:
    async with rig() as here:
        (_, bobs), (key, own) = here.login("bob"), here.login("alice")
        client = await RawClient.connect(here)
        assert await client.ask(client.body(bobs)) == PROBED
        assert here.gate.logins == []
        assert await client.ask(client.body(own, key)) == SUCCESS
        assert names(here) == ["alice"]
        client.abort()


@pytest.mark.parametrize("username", ["here", "other"])
async def test_log_in_with_the_own_certificate_and_probe_with_the_victims_in_one_segment(username: str) -> None:
    """CVE-2024-45337 and its like: asyncssh 2.24.0 logged this in as the victim."""
    async with rig() as here:
        (_, bobs), (key, own) = here.login("bob"), here.login("alice")
        for order in ((0, 1), (1, 0), (0, 1, 1, 0), (1, 0, 1)):
            client = await RawClient.connect(here)
            bodies = (client.body(own, key), client.body(bobs, username=username))
            client.send(*(bodies[turn] for turn in order))
            while await client.answer() not in (SUCCESS, CLOSED, PROBED):
                pass
            client.abort()
        assert "bob" not in names(here)


async def test_a_second_login_does_not_change_who_it_is() -> None:
    async with rig() as here:
        (bobs_key, bobs), (key, own) = here.login("bob"), here.login("alice")
        client = await RawClient.connect(here)
        client.send(client.body(own, key), client.body(bobs, bobs_key))
        assert await client.answer() == SUCCESS
        client.send(client.body(bobs, bobs_key))
        kind, _ = await _global(client, b"keepalive@openssh.com")
        assert names(here) == ["alice"]
        client.abort()
        assert kind == 81


async def test_the_victims_certificate_with_the_own_key() -> None:
    async with rig() as here:
        (_, bobs), (key, _) = here.login("bob"), here.login("alice")
        client = await RawClient.connect(here)
        assert await client.ask(client.body(bobs, key)) == FAILURE
        assert [code for _, code, _ in here.gate.refused_logins] == [Code.IDENTITY_BAD_SIGNATURE]
        client.abort()


async def test_a_signature_is_for_one_connection_and_one_login_name() -> None:
    async with rig() as here:
        key, own = here.login()
        client, earlier = await RawClient.connect(here), await RawClient.connect(here)
        replayed = earlier.body(own, key)
        assert await client.ask(replayed) == FAILURE
        renamed = client.body(own, key, username="here").replace(String("here"), String("prod"), 1)
        assert await client.ask(renamed) == FAILURE
        assert [code for _, code, _ in here.gate.refused_logins] == [Code.IDENTITY_BAD_SIGNATURE] * 2
        assert names(here) == []
        client.abort()
        earlier.abort()


async def test_sha1_is_refused_of_a_key_that_could_do_better() -> None:
    async with rig() as here:
        key, own = here.login(key=asyncssh.generate_private_key("ssh-rsa", key_size=3072))
        client = await RawClient.connect(here)
        assert await client.ask(client.body(own, key, algorithm=b"ssh-rsa")) == FAILURE
        assert await client.ask(client.body(own, key, algorithm=b"rsa-sha2-256")) == SUCCESS
        assert [code for _, code, _ in here.gate.refused_logins] == [Code.IDENTITY_WEAK_SIGNATURE]
        client.abort()


@pytest.mark.parametrize("blob", [b"", b"\0\0", String("ssh-ed25519-cert-v01@openssh.com"), String("x" * 200)])
async def test_malformed_keys(blob: bytes) -> None:
    async with rig() as here:
        client = await RawClient.connect(here)
        assert await client.ask(client.body(blob)) == FAILURE
        assert here.gate.refused_logins[0][1] in (Code.IDENTITY_MALFORMED, Code.IDENTITY_PLAIN_KEY)
        client.abort()


@pytest.mark.parametrize("signature", [b"", b"\0", String("ssh-ed25519"), String("ssh-ed25519") + String(b"x" * 64)])
async def test_malformed_signatures(signature: bytes) -> None:
    async with rig() as here:
        _, own = here.login()
        client = await RawClient.connect(here)
        assert await client.ask(client.body(own, signature=signature)) == FAILURE
        assert names(here) == []
        client.abort()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (MSG_CHANNEL_OPEN, String("session") + UInt32(0) + UInt32(1000) + UInt32(1000)),
        (MSG_GLOBAL_REQUEST, String("tcpip-forward") + Boolean(True) + String("") + UInt32(0)),  # noqa: FBT003
        (MSG_CHANNEL_DATA, UInt32(0) + String("x")),
        (52, b""),  # SSH_MSG_USERAUTH_SUCCESS, from the wrong side
    ],
)
async def test_nothing_is_served_before_the_login(kind: int, payload: bytes) -> None:
    async with rig() as here:
        client = await RawClient.connect(here)
        client._auth_complete = True  # or asyncssh would hold the packet back
        client.send_packet(kind, payload)
        assert await client.answer() == CLOSED
        assert (here.gate.logins, here.gate.channels, here.gate.refused_requests) == ([], [], [])


async def test_data_beyond_the_window_ends_the_connection() -> None:
    async with rig(held, window_bytes=32_768) as here:
        client = await here.connect()
        process = await client.create_process("x", encoding=None)
        process.channel._send_window = 1 << 30
        process.stdin.write(b"x" * 100_000)
        await client.wait_closed()
        assert here.gate.channels[0].gone.is_set()


async def test_a_flood_of_environment_is_refused_once_and_the_command_still_counts() -> None:
    async with rig(held) as here:
        client = await here.connect()
        process = await client.create_process("x", env={f"N{n}": "v" * 1000 for n in range(500)})
        assert len(here.gate.refused_requests) == 1
        assert sum(map(len, here.gate.channels[0].env.values())) <= 8192
        process.channel.abort()


@pytest.mark.skipif(shutil.which("ssh") is None, reason="install openssh-client: no ssh on PATH")
@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["-A"], set()),  # the client asks for an agent channel only if it has an agent
        (["-tt"], {"pty-req"}),
        (["-R", "0:127.0.0.1:9"], {"tcpip-forward"}),
        (["-R", "/tmp/jumphost-none.sock:127.0.0.1:9"], {"streamlocal-forward@openssh.com"}),
        (["-o", "Tunnel=yes", "-w", "any"], set()),
    ],
)
async def test_openssh_is_refused_what_is_not_offered(flags: list[str], told: set[str], tmp_path: Path) -> None:
    async with rig() as here:
        status, out = await _ssh(here, tmp_path, *flags, "here@" + HOST, "echo ran")
        assert (status, out.replace(b"\r", b"")) in ((0, b"ran\n"), (255, b""))
        assert told <= {kind for kind, _ in here.gate.refused_requests}


@pytest.mark.skipif(shutil.which("ssh") is None, reason="install openssh-client: no ssh on PATH")
async def test_openssh_cannot_reach_through(tmp_path: Path) -> None:
    async with rig() as here:
        status, out = await _ssh(here, tmp_path, "-W", f"{HOST}:{here.port}", "here@" + HOST)
        assert (status, out) == (255, b"")
        assert here.gate.refused_requests == [("direct-tcpip", f"{HOST}:{here.port}")]


async def _ssh(here: Rig, folder: Path, *arguments: str) -> tuple[int, bytes]:
    """Status and standard output of the OpenSSH client, logged in as alice."""
    key, cert = here.login()
    key.write_private_key(str(folder / "id"))
    (folder / "id").chmod(0o600)
    cert.write_certificate(str(folder / "id-cert.pub"))
    quiet = ("-F", "none", "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no")
    own = ("-i", str(folder / "id"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-p", str(here.port))
    ssh = await asyncio.create_subprocess_exec(
        "ssh",
        *quiet,
        *own,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    out, _ = await ssh.communicate()
    assert ssh.returncode is not None
    return ssh.returncode, out


async def _global(client: RawClient, name: bytes) -> tuple[int, object]:
    client._auth_complete = True
    return await client._make_global_request(name)
