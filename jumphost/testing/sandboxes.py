"""Targets of kind process for tests, and whether this machine can have them."""

import os
import subprocess
from functools import cache
from pathlib import Path

from jumphost.clock import SystemClock, new_id
from jumphost.command import forced
from jumphost.errors import Unavailable
from jumphost.model.target import Sandbox, Target
from jumphost.stream import Socket
from jumphost.target import bubble
from jumphost.target.base import Exit, Order
from jumphost.target.process import ProcessRunner, SandboxedProcess
from jumphost.testing.contracts import Collected, end_of

LOGIN = "app"


@cache
def why_not() -> str:
    """What keeps this machine from making sandboxes; "" if nothing does."""
    try:
        program = bubble.program()
    except Unavailable as error:
        return error.detail
    trial = [program, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    uid = bubble.FIRST_UID if os.geteuid() == 0 else None
    done = subprocess.run(trial, capture_output=True, text=True, cwd="/", user=uid, group=uid)
    return f"{done.stderr.strip()}: {bubble.ALLOW}" if done.returncode else ""


def order(text: str, sandbox: Sandbox | None = None, *, socket: Socket | None = None) -> Order:
    """What a decided request asks of a target of kind process."""
    request = new_id(SystemClock())
    target = Target(name="here", logins=(LOGIN,), kind="process", sandbox=sandbox or Sandbox())
    line = forced.pinned(text, request=request, env={}, shell=target.shell, timeout_s=None)
    return Order(request=request, target=target, login=LOGIN, line=line, socket=socket)


async def noted(login: str) -> None:
    """A ``target.base.Use`` of a signer that agrees."""
    assert login == ""


async def started(one: Order, output: Collected, site: Path) -> SandboxedProcess:
    """The process of an order; no certificate may be asked for."""

    async def mint(purpose: str, address: str) -> None:
        raise AssertionError(f"got a certificate for {purpose} from {address}, expected none to be asked for")

    return await ProcessRunner(site).start(one, output, mint, noted)  # type: ignore[arg-type]


async def ran(one: Order, site: Path) -> tuple[Exit, str, str]:
    """How an order ended that gets no input, and its two outputs."""
    output = Collected()
    process = await started(one, output, site)
    process.write_eof()
    how = await end_of(process)
    await process.close()
    return how, output.stdout.decode(), output.stderr.decode()
