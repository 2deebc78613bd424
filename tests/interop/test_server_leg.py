"""The server leg under the OpenSSH client and a crowd of channels: every byte, every status, every way to end."""

import asyncio
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from jumphost.testing.gateway import HOST, Rig, rig

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="install openssh-client: no ssh on PATH")
MB = 1_000_000
GB = 1_000 * MB


@dataclass
class OpenSSH:
    """The OpenSSH client with a login of its own."""

    port: int
    folder: Path

    @classmethod
    def of(cls, here: Rig, folder: Path) -> "OpenSSH":
        key, cert = here.login()
        key.write_private_key(str(folder / "id"))
        (folder / "id").chmod(0o600)
        cert.write_certificate(str(folder / "id-cert.pub"))
        return cls(here.port, folder)

    async def start(self, *arguments: str, **streams: int) -> asyncio.subprocess.Process:
        quiet = ("-F", "none", "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-q")
        own = ("-i", str(self.folder / "id"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-p", str(self.port))
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE) | streams
        return await asyncio.create_subprocess_exec("ssh", *quiet, *own, f"here@{HOST}", *arguments, **pipes)

    async def run(self, *arguments: str, given: bytes = b"") -> tuple[int | None, bytes, bytes]:
        ssh = await self.start(*arguments)
        out, err = await ssh.communicate(given)
        return ssh.returncode, out, err


def blob(folder: Path, size: int) -> tuple[Path, str]:
    """A file of random megabytes, repeated, and its SHA-256."""
    path, digest, piece = folder / "blob", hashlib.sha256(), os.urandom(MB)
    with path.open("wb") as file:
        for _ in range(size // MB):
            file.write(piece)
            digest.update(piece)
    return path, digest.hexdigest()


SIZES = [pytest.param(64 * MB, id="64MB"), pytest.param(GB, id="1GB", marks=pytest.mark.long)]


@needs_ssh
@pytest.mark.parametrize("size", SIZES)
async def test_every_byte_to_the_caller(size: int, tmp_path: Path) -> None:
    path, expected = blob(tmp_path, size)
    async with rig() as here:
        ssh = await OpenSSH.of(here, tmp_path).start(f"cat {path}", stdin=asyncio.subprocess.DEVNULL)
        assert ssh.stdout is not None
        digest = hashlib.sha256()
        while chunk := await ssh.stdout.read(1 << 20):
            digest.update(chunk)
        assert (await ssh.wait(), digest.hexdigest()) == (0, expected)


@needs_ssh
@pytest.mark.parametrize("size", SIZES)
async def test_every_byte_to_the_command(size: int, tmp_path: Path) -> None:
    path, expected = blob(tmp_path, size)
    async with rig() as here:
        with path.open("rb") as file:
            ssh = await OpenSSH.of(here, tmp_path).start("sha256sum", stdin=file.fileno())
            out, err = await ssh.communicate()
        assert (ssh.returncode, out.split()[0].decode(), err) == (0, expected, b"")


@needs_ssh
async def test_both_ways_at_once(tmp_path: Path) -> None:
    path, expected = blob(tmp_path, 64 * MB)
    async with rig() as here:
        with path.open("rb") as file:
            ssh = await OpenSSH.of(here, tmp_path).start("cat", stdin=file.fileno())
            assert ssh.stdout is not None
            digest = hashlib.sha256()
            while chunk := await ssh.stdout.read(1 << 20):
                digest.update(chunk)
            assert (await ssh.wait(), digest.hexdigest()) == (0, expected)


@needs_ssh
@pytest.mark.parametrize(
    ("command", "given", "expected"),
    [
        ("exit 7", b"", (7, b"", b"")),
        ("echo out; echo err >&2; exit 1", b"", (1, b"out\n", b"err\n")),
        ("kill -KILL $$", b"", (255, b"", b"")),
        ("cat; exit 5", b"given", (5, b"given", b"")),
        ("exec >&- 2>&-; cat > /dev/null; exit 4", b"given", (4, b"", b"")),
        ("(sleep 0.3; echo late) & exit 3", b"", (3, b"late\n", b"")),
        ("head -c 3000000 /dev/zero | tr '\\0' x; exit 9", b"", (9, b"x" * 3_000_000, b"")),
        ("head -c 3", b"123456", (0, b"123", b"")),
    ],
)
async def test_ways_to_end(command: str, given: bytes, expected: tuple[int, bytes, bytes], tmp_path: Path) -> None:
    async with rig() as here:
        assert await OpenSSH.of(here, tmp_path).run(command, given=given) == expected


@needs_ssh
async def test_a_command_that_is_not_text_gets_a_status_and_not_a_broken_channel(tmp_path: Path) -> None:
    async with rig() as here:
        assert (await OpenSSH.of(here, tmp_path).run(os.fsdecode(b"echo \xff")))[0] == 65
        assert here.gate.channels[0].raw == b"echo \xff"


@needs_ssh
async def test_a_client_that_is_killed_takes_its_command_along(tmp_path: Path) -> None:
    async with rig() as here:
        ssh = await OpenSSH.of(here, tmp_path).start("echo up; exec sleep 1000")
        assert ssh.stdout is not None
        assert await ssh.stdout.readline() == b"up\n"
        ssh.kill()
        await here.gate.channels[0].gone.wait()
        await ssh.wait()


async def test_every_exit_status() -> None:
    async with rig(sessions_per_connection=300) as here:
        client = await here.connect()
        results = await asyncio.gather(*(client.run(f"exit {status}") for status in range(256)))
        assert [result.exit_status for result in results] == list(range(256))
        client.close()


async def test_fifty_channels_on_one_connection() -> None:
    async with rig() as here:
        client = await here.connect()
        sent = [bytes([number]) * 400_000 + os.urandom(1000) for number in range(50)]
        results = await asyncio.gather(*(client.run("cat", input=data, encoding=None) for data in sent))
        assert [result.stdout == data for result, data in zip(results, sent, strict=True)] == [True] * 50
        client.close()
