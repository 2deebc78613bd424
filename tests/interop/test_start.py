"""A start that is given up after the command was asked for leaves nothing running: on a real sshd."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from structlog.testing import capture_logs

from jumphost.clock import SystemClock, new_id
from jumphost.command import forced
from jumphost.errors import Code, Refused, Unavailable
from jumphost.target import ssh
from jumphost.target.base import MAY_RUN, Login, Mint, Order
from jumphost.target.connection import Reach, TargetConnection
from jumphost.target.ssh import SshRunner
from jumphost.testing.ca import TargetCA
from jumphost.testing.contracts import Collected
from jumphost.testing.sshd import Sshd

Execute = Callable[..., Awaitable[Any]]


@pytest.fixture
def order(server: Sshd) -> Order:
    request = new_id(SystemClock())
    line = forced.pinned("sleep 1000", request=request, env={}, shell="sh", timeout_s=None)
    return Order(request=request, target=server.target, login="dash", line=line)


def running(one: Order) -> list[int]:
    """The processes of the request."""
    mark = f"JUMPHOST_REQUEST={one.request}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


async def until_it_runs(one: Order) -> None:
    async with asyncio.timeout(10):
        while not running(one):
            await asyncio.sleep(0.01)


def hang_after_exec(monkeypatch: pytest.MonkeyPatch, one: Order) -> asyncio.Event:
    """The answer to the exec request of the run never comes, though the command runs; set once it does."""
    execute: Execute = TargetConnection.execute
    began = asyncio.Event()

    async def silent(connection: Any, session: Any, line: str, window: int) -> Any:
        channel = await execute(connection, session, line, window)
        if line == one.line:
            await until_it_runs(one)
            began.set()
            await asyncio.Event().wait()
        return channel

    monkeypatch.setattr(TargetConnection, "execute", silent)
    monkeypatch.setattr(ssh, "CONFIRM_S", 0.1)
    return began


async def test_cancelled(order: Order, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch) -> None:
    began = hang_after_exec(monkeypatch, order)
    start = asyncio.get_running_loop().create_task(SshRunner(Reach()).start(order, Collected(), target_ca.mint(order)))
    await began.wait()
    assert running(order)
    start.cancel()
    with pytest.raises(asyncio.CancelledError) as given_up:
        await start
    assert running(order) == []
    assert MAY_RUN not in getattr(given_up.value, "__notes__", ())


async def test_silent_target(order: Order, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch) -> None:
    hang_after_exec(monkeypatch, order)
    with pytest.raises(Unavailable, match="let the login in and then did not answer") as silent:
        await SshRunner(Reach(login_s=4)).start(order, Collected(), target_ca.mint(order))
    assert silent.value.code is Code.TARGET_UNREACHABLE
    assert running(order) == []


async def test_cancelled_before_the_answer(order: Order, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is on its way, nothing came back yet: what the target begins after that is seen too."""
    execute: Execute = TargetConnection.execute
    asked = asyncio.Event()

    async def noted(connection: Any, session: Any, line: str, window: int) -> Any:
        if line == order.line:
            asyncio.get_running_loop().call_soon(asked.set)
        return await execute(connection, session, line, window)

    monkeypatch.setattr(TargetConnection, "execute", noted)
    start = asyncio.get_running_loop().create_task(SshRunner(Reach()).start(order, Collected(), target_ca.mint(order)))
    await asked.wait()
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert running(order) == []


async def test_stop_that_fails_is_told(order: Order, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch) -> None:
    hang_after_exec(monkeypatch, order)
    willing: Mint = target_ca.mint(order)

    async def mint(purpose: Login, address: str) -> asyncssh.SSHKeyPair:
        if purpose == "stop":
            raise Refused(Code.SIGNER_REFUSED, "no more certificates")
        return await willing(purpose, address)

    with capture_logs() as logs, pytest.raises(Unavailable) as silent:
        await SshRunner(Reach(login_s=4)).start(order, Collected(), mint)
    assert MAY_RUN in silent.value.__notes__
    assert [entry["code"] for entry in logs] == [Code.SIGNER_REFUSED] * ssh.STOP_ATTEMPTS
    assert running(order)
    assert await ssh.stop(order, willing, Reach())
    assert running(order) == []


async def test_refused_command_needs_no_stop(
    order: Order, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: Any) -> Any:
        raise Unavailable(Code.TARGET_REFUSED, "runs no command")

    monkeypatch.setattr(TargetConnection, "execute", refused)
    with pytest.raises(Unavailable):
        await SshRunner(Reach()).start(order, Collected(), target_ca.mint(order))
    assert [purpose for purpose, _ in target_ca.minted][-1:] == ["run"]
