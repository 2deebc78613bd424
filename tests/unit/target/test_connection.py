import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
import pytest
from asyncssh.packet import SSHPacket

from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.target.base import Exit
from jumphost.target.connection import Reach, TargetConnection, connect
from jumphost.target.ssh import run
from jumphost.testing.ca import TargetCA
from jumphost.testing.target import listen

REACH = Reach(login_s=10)


def certified(
    target_ca: TargetCA, target: Target, **wrong: str
) -> Callable[[str], "asyncio.Future[asyncssh.SSHKeyPair]"]:
    async def credential(address: str) -> asyncssh.SSHKeyPair:
        target_ca.minted.append(("run", address))
        given = {"principal": target.principal("app"), "line": "echo ran", "address": address, **wrong}
        return target_ca.certified(**given)

    return credential  # type: ignore[return-value]


async def failure(target: Target, credential: object, reach: Reach = REACH) -> JumphostError:
    with pytest.raises(JumphostError) as failed:
        await connect(target, "app", credential, reach)  # type: ignore[arg-type]
    return failed.value


def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """The method of each request to log in that is sent from now on, and whether it is signed."""
    requests = []
    send = TargetConnection.send_userauth_packet

    def noting(self: TargetConnection, pkttype: int, *args: bytes, **rest: Any) -> None:
        packet = SSHPacket(b"".join(args))
        for _ in ("user", "service"):
            packet.get_string()
        method = packet.get_string().decode()
        requests.append((method, method == "publickey" and packet.get_boolean()))
        send(self, pkttype, *args, **rest)

    monkeypatch.setattr(TargetConnection, "send_userauth_packet", noting)
    return requests


@asynccontextmanager
async def listening(answer: Callable[[asyncio.StreamWriter], None]) -> AsyncIterator[int]:
    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer(writer)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(served, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_login_is_bound_to_the_address_of_its_socket(target: Target, target_ca: TargetCA) -> None:
    connection = await connect(target, "app", certified(target_ca, target), REACH)
    assert await run(connection, "anything: the certificate says what runs") == (Exit(), "ran\n")
    assert target_ca.minted == [("run", "127.0.0.1")]
    await connection.end()
    await connection.end()


async def test_the_signed_request_is_the_only_one(
    target: Target, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = asked(monkeypatch)
    connection = await connect(target, "app", certified(target_ca, target), REACH)
    await connection.end()
    assert requests == [("publickey", True)]


async def test_nor_is_there_another_after_a_refusal(
    target: Target, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = asked(monkeypatch)
    await failure(target, certified(target_ca, target, principal="app@other"))
    assert requests == [("publickey", True)]


async def test_nothing_of_this_user_is_offered(
    target: Target, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No key file, no agent, no ssh_config of whoever runs the gateway."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent")
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host *\n  ProxyCommand false\n  User other\n")
    connection = await connect(target, "app", certified(target_ca, target), REACH)
    assert connection.get_extra_info("username") == "app"
    await connection.end()


@pytest.mark.parametrize(
    "wrong", [{"principal": "app@other"}, {"principal": "app"}, {"address": "192.0.2.1"}], ids=lambda wrong: str(wrong)
)
async def test_a_refused_certificate_is_asked_for_once(
    target: Target, target_ca: TargetCA, wrong: dict[str, str]
) -> None:
    failed = await failure(target, certified(target_ca, target, **wrong))
    assert isinstance(failed, Unavailable)
    assert failed.code is Code.TARGET_REFUSED
    assert failed.message == "target here refused the login: see `jumphost target check here`"
    assert len(target_ca.minted) == 1


@pytest.mark.parametrize("error", [Refused(Code.SIGNER_REFUSED, "no"), RuntimeError("a bug")], ids=["refused", "bug"])
async def test_what_the_credential_raises_comes_through(target: Target, error: Exception) -> None:
    async def credential(_: str) -> asyncssh.SSHKeyPair:
        raise error

    with pytest.raises(type(error)) as failed:
        await connect(target, "app", credential, REACH)
    assert failed.value is error


async def test_another_host_key(target: Target, target_ca: TargetCA) -> None:
    for algorithm in ("ssh-ed25519", "ecdsa-sha2-nistp256"):
        other = asyncssh.generate_private_key(algorithm).export_public_key().decode()
        failed = await failure(msgspec.structs.replace(target, host_keys=(other,)), certified(target_ca, target))
        assert isinstance(failed, Refused)
        assert failed.code is Code.TARGET_HOST_KEY
    assert target_ca.minted == []


async def test_nobody_listens(target: Target, target_ca: TargetCA) -> None:
    async with listening(lambda _: None) as port:
        gone = msgspec.structs.replace(target, port=port)
    failed = await failure(gone, certified(target_ca, target))
    assert (type(failed), failed.code) == (Unavailable, Code.TARGET_UNREACHABLE)
    assert failed.message == "target here does not answer"
    assert f"127.0.0.1:{port}" in failed.detail


async def test_nobody_answers(target: Target, target_ca: TargetCA) -> None:
    async with listening(lambda _: None) as port:
        silent = msgspec.structs.replace(target, port=port)
        failed = await failure(silent, certified(target_ca, target), Reach(login_s=0.2))
    assert (failed.code, failed.detail) == (Code.TARGET_UNREACHABLE, f"127.0.0.1:{port}: TimeoutError")


async def test_a_host_that_speaks_something_else(target: Target, target_ca: TargetCA) -> None:
    async with listening(lambda writer: writer.write(b"SSH-1.5-old\r\n")) as port:
        failed = await failure(msgspec.structs.replace(target, port=port), certified(target_ca, target))
    assert (type(failed), failed.code) == (Refused, Code.TARGET_PROTOCOL)


async def test_cancelled_while_it_waits(target: Target) -> None:
    asked = asyncio.Event()

    async def never(_: str) -> asyncssh.SSHKeyPair:
        asked.set()
        return await asyncio.get_running_loop().create_future()

    login = asyncio.create_task(connect(target, "app", never, REACH))
    await asked.wait()
    login.cancel()
    with pytest.raises(asyncio.CancelledError):
        await login


class TestHostCertificates:
    @asynccontextmanager
    async def target(self, target_ca: TargetCA, principals: list[str]) -> AsyncIterator[Target]:
        authority, key = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        certificate = authority.generate_host_certificate(key, "host", principals=principals)
        acceptor, _ = await listen(name="here", logins=("app",), target_ca=target_ca.line, certified=(key, certificate))
        async with acceptor:
            yield Target(
                name="here",
                logins=("app",),
                host="127.0.0.1",
                port=acceptor.get_port(),
                host_ca=(authority.export_public_key().decode(),),
            )

    async def test_of_the_host(self, target_ca: TargetCA) -> None:
        async with self.target(target_ca, ["127.0.0.1"]) as target:
            connection: TargetConnection = await connect(target, "app", certified(target_ca, target), REACH)
            await connection.end()

    @pytest.mark.parametrize("principals", [[], ["other"]], ids=["of no host", "of another host"])
    async def test_others(self, target_ca: TargetCA, principals: list[str]) -> None:
        async with self.target(target_ca, principals) as target:
            failed = await failure(target, certified(target_ca, target))
        assert failed.code is Code.TARGET_HOST_KEY
