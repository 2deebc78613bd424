"""The target for machines without sshd opens as an enrolled sshd does, and no other way."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from jumphost.clock import SystemClock
from jumphost.model.target import Target
from jumphost.target.base import Exit
from jumphost.target.connection import Reach, connect
from jumphost.target.ssh import run
from jumphost.testing.ca import TargetCA
from jumphost.testing.target import listen, spawned


@pytest.fixture
def ca() -> TargetCA:
    return TargetCA(SystemClock())


@pytest.fixture
async def target(ca: TargetCA) -> AsyncIterator[Target]:
    acceptor, host_key = await listen(name="here", logins=("app", "db"), target_ca=ca.line)
    async with acceptor:
        yield Target(
            name="here", logins=("app", "db"), host="127.0.0.1", port=acceptor.get_port(), host_keys=(host_key,)
        )


async def open_with(target: Target, key: asyncssh.SSHKeyPair, login: str = "app") -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        target.host,
        target.port,
        username=login,
        client_keys=[key],
        known_hosts=None,
        agent_path=None,
        config=None,
        encoding=None,
    )


WRONG: dict[str, Callable[[TargetCA], asyncssh.SSHKeyPair]] = {
    "plain key": lambda _: asyncssh.load_keypairs([asyncssh.generate_private_key("ssh-ed25519")])[0],
    "another CA": lambda _: TargetCA(SystemClock()).certified(principal="app@here", line="true", address="127.0.0.1"),
    "another login": lambda ca: ca.certified(principal="db@here", line="true", address="127.0.0.1"),
    "another target": lambda ca: ca.certified(principal="app@there", line="true", address="127.0.0.1"),
    "another address": lambda ca: ca.certified(principal="app@here", line="true", address="192.0.2.1"),
    "ended": lambda ca: ca.certified(principal="app@here", line="true", address="127.0.0.1", age_s=61),
}


@pytest.mark.parametrize("name", WRONG)
async def test_refuses(name: str, target: Target, ca: TargetCA) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await open_with(target, WRONG[name](ca))


async def test_refuses_a_login_that_it_does_not_have(target: Target, ca: TargetCA) -> None:
    key = ca.certified(principal="root@here", line="true", address="127.0.0.1")
    with pytest.raises(asyncssh.PermissionDenied):
        await open_with(target, key, login="root")


async def test_runs_what_the_certificate_says_in_the_environment_of_a_login(target: Target, ca: TargetCA) -> None:
    line = 'echo "$USER $LOGNAME $SHELL $SHLVL $ZDOTDIR ${SSH_CONNECTION%% *}"; cat; exit 5'
    async with await open_with(
        target, ca.certified(principal="app@here", line=line, address="127.0.0.1")
    ) as connection:
        done = await connection.run("rm -rf /nonexistent", input=b"fed")
    assert (done.exit_status, done.stdout) == (5, b"app app /bin/sh 1 /nonexistent 127.0.0.1\nfed")


async def test_no_terminal_and_no_forwarding(target: Target, ca: TargetCA) -> None:
    key = ca.certified(principal="app@here", line="true", address="127.0.0.1")
    async with await open_with(target, key) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.run("true", term_type="xterm")
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", 1)


async def test_a_caller_who_leaves_ends_nothing_but_a_writer(target: Target, ca: TargetCA) -> None:
    key = ca.certified(principal="app@here", line="yes", address="127.0.0.1")
    async with await open_with(target, key) as connection:
        process: asyncssh.SSHClientProcess[Any] = await connection.create_process("")
        assert await process.stdout.read(4) == b"y\ny\n"


async def test_in_a_process_of_its_own(ca: TargetCA, tmp_path: Path) -> None:
    with spawned(tmp_path, name="there", logins=("app",), target_ca=ca.line) as target:

        async def credential(address: str) -> asyncssh.SSHKeyPair:
            return ca.certified(principal="app@there", line="echo $PPID", address=address)

        connection = await connect(target, "app", credential, Reach(login_s=10))
        end, said = await run(connection, "")
        await connection.end()
        assert end == Exit()
        assert int(said)
    with pytest.raises(ProcessLookupError):
        os.kill(int(said), 0)
