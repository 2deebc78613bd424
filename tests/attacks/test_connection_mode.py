"""Logins that serve a connection: what is left of them, and of what ran on them, when something ends too early."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import psutil
import pytest
import yaml

from jumphost.testing.gateway import HOST, Door
from jumphost.testing.lab import lab_site
from jumphost.testing.site import LiveSite, has_ssh
from jumphost.testing.sshd import find_sshd

COMMANDS, AT_ONCE = 300, 6
pytestmark = pytest.mark.skipif(not has_ssh(), reason="install openssh-client: no ssh on PATH")


@pytest.fixture(scope="module")
def own() -> Iterator[LiveSite]:
    with lab_site() as site:
        site.stop()
        site.set_mode("batch-host", "connection")
        site.start()
        yield site


@pytest.fixture(scope="module")
def caller(own: LiveSite) -> Path:
    return own.key("deploy-bot", "--ttl", "15m")


@asynccontextmanager
async def connected(own: LiveSite, key: Path) -> AsyncIterator[asyncssh.SSHClientConnection]:
    options = Door.client_options([str(key)], "batch-host", {})
    async with await asyncssh.connect(HOST, own.port, **options) as connection:
        yield connection


def port_of(own: LiveSite) -> int:
    return int(yaml.safe_load((own.root / "targets.yaml").read_text())["batch-host"]["port"])


def logins(own: LiveSite) -> list[int]:
    """Our ports of the connections that the gateway has to the target."""
    assert own.process is not None
    found = psutil.Process(own.process.pid).net_connections("tcp")
    return [
        one.laddr.port for one in found if one.status == "ESTABLISHED" and one.raddr and one.raddr.port == port_of(own)
    ]


def gone(own: LiveSite) -> bool:
    return not logins(own)


async def test_hundreds_of_commands_have_each_their_own_status(own: LiveSite, caller: Path) -> None:
    async with connected(own, caller) as connection:
        for first in range(0, COMMANDS, AT_ONCE):
            statuses = [number % 251 for number in range(first, min(first + AT_ONCE, COMMANDS))]
            ended = await asyncio.gather(*(connection.run(f"sh -c 'exit {status}'") for status in statuses))
            assert [one.exit_status for one in ended] == statuses
        assert len(logins(own)) == 1


async def test_a_login_ends_with_the_connection_of_its_caller(own: LiveSite, caller: Path) -> None:
    async with connected(own, caller) as one, connected(own, caller) as two:
        assert (await one.run("sh -c 'exit 3'")).exit_status == 3
        assert len(logins(own)) == 1
        assert (await two.run("sh -c 'exit 4'")).exit_status == 4
        assert len(logins(own)) == 2
    await asyncio.to_thread(own.wait_for, "the end of the logins", lambda: gone(own))


async def test_an_idle_login_ends_with_the_revocation_of_its_caller(own: LiveSite) -> None:
    own.cli("identity", "add", "other-bot", "--owner", "team", "--group", "deploy")
    async with connected(own, own.key("other-bot")) as connection:
        assert (await connection.run("sh -c 'exit 3'")).exit_status == 3
        assert len(logins(own)) == 1
        own.cli("identity", "disable", "other-bot")
        await asyncio.to_thread(own.wait_for, "the end of the login", lambda: gone(own))


@pytest.mark.skipif(find_sshd() is None, reason="needs an sshd, which has a process for each connection")
async def test_a_login_whose_target_process_died_is_followed_by_another(own: LiveSite, caller: Path) -> None:
    """What ran on it has an unknown end, and is run by nobody again."""
    async with connected(own, caller) as connection:
        mark = own.root.parent / "ran"
        mark.touch()
        mark.chmod(0o666)
        process = await connection.create_process(f"sh -c 'echo ran >> {mark}; echo begun; sleep 60'")
        assert await process.stdout.readline() == "begun\n"
        (end,) = logins(own)
        sever(port_of(own), end)
        async with asyncio.timeout(60):
            done = await process.wait()
        assert done.exit_status == 69
        assert "target.unreachable" in str(done.stderr)
        assert (await connection.run("sh -c 'exit 5'")).exit_status == 5
        assert mark.read_text() == "ran\n"


async def test_what_ran_on_an_open_login_when_the_gateway_was_killed_is_stopped(own: LiveSite, caller: Path) -> None:
    async with connected(own, caller) as connection:
        assert (await connection.run("sh -c 'exit 0'")).exit_status == 0
        process = await connection.create_process("sh -c 'echo begun; sleep 60'")
        assert await process.stdout.readline() == "begun\n"
        session = own.events("credential.use")[-1]["session"]
        assert own.process is not None
        own.process.kill()
        own.killed()
    own.start()
    stopped = await asyncio.to_thread(
        own.wait_for,
        "the stop",
        lambda: [event for event in own.events("command.stop") if event["session"] == session],
    )
    assert stopped[0]["left"] is False
    assert not [one.pid for one in psutil.process_iter() if belongs(one, session)]


def sever(server: int, client: int) -> None:
    """Ends the processes of the target's sshd that hold one connection."""
    for process in psutil.process_iter():
        try:
            held = [(one.laddr.port, one.raddr.port) for one in process.net_connections("tcp") if one.raddr]
            if (server, client) in held:
                process.kill()
        except psutil.Error:  # it ended, or is not ours
            continue


def belongs(process: psutil.Process, request: str) -> bool:
    """Whether it is one that was started for the request."""
    try:
        return process.environ().get("JUMPHOST_REQUEST") == request
    except psutil.Error:  # it ended, or is not ours
        return False
