"""A target for machines without sshd: an asyncssh server that opens logins as an enrolled sshd does, and no other way.

User certificates of the target CA alone, principal LOGIN@TARGET, source-address and force-command honoured. Every login
runs as the user who started it, by ``/bin/sh``. As a process: ``python -m jumphost.testing.target NAME CA_FILE LOGIN…``
prints one JSON line with port and host key, and ends when its standard input does.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncssh

from jumphost.model.target import Target

_LOOPBACK = "127.0.0.1"
END_TIMEOUT_S = 10.0
_CHUNK = 65_536

HostKey = tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]


@contextmanager
def spawned(folder: Path, *, name: str, logins: tuple[str, ...], target_ca: str) -> Iterator[Target]:
    """Runs the server in a process of its own until the block ends; ``folder`` takes the CA's file."""
    ca_file = folder / f"{name}.target_ca.pub"
    ca_file.write_text(target_ca)
    server = subprocess.Popen(
        [sys.executable, "-m", __name__, name, str(ca_file), *logins], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        yield Target(name=name, logins=logins, host=_LOOPBACK, port=ready["port"], host_keys=(ready["host_key"],))
    finally:
        with suppress(subprocess.TimeoutExpired):
            server.communicate(timeout=END_TIMEOUT_S)  # closes its standard input and waits for it
        server.kill()
        server.wait()


async def listen(
    *, name: str, logins: tuple[str, ...], target_ca: str, certified: HostKey | None = None
) -> tuple[asyncssh.SSHAcceptor, str]:
    """Starts the server in this process on a free port; the second value is its host key line.

    ``certified`` is a host key with its certificate, which are shown instead of a plain key.
    """
    host_key = certified[0] if certified else asyncssh.generate_private_key("ssh-ed25519")
    place = Target(name=name, logins=logins)
    allowed = {
        login: asyncssh.import_authorized_keys(f'cert-authority,principals="{place.principal(login)}" {target_ca}')
        for login in logins
    }
    acceptor = await asyncssh.listen(
        _LOOPBACK,
        0,
        server_factory=lambda: _Server(allowed),
        server_host_keys=[certified or host_key],
        process_factory=_run,
        encoding=None,
        config=None,
        gss_host=None,
        x509_trusted_certs=None,
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        agent_forwarding=False,
        allow_pty=False,
        line_editor=False,
        compression_algs=["none"],
    )
    return acceptor, host_key.export_public_key().decode().strip()


class _Server(asyncssh.SSHServer):
    def __init__(self, allowed: dict[str, asyncssh.SSHAuthorizedKeys]) -> None:
        self._allowed = allowed

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        if username in self._allowed:
            self._connection.set_authorized_keys(self._allowed[username])
        return True


_runs: set["asyncio.Task[object]"] = set()


async def idle() -> None:
    """Waits, a while at most, until nothing runs any more on the servers in this process."""
    if mine := [run for run in _runs if run.get_loop() is asyncio.get_running_loop()]:
        await asyncio.wait(mine, timeout=END_TIMEOUT_S)


async def _run(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    """Runs the command as sshd does: its own session, no signal relayed, closed once both outputs have ended."""
    task = asyncio.current_task()
    assert task is not None
    _runs.add(task)
    task.add_done_callback(_runs.discard)
    if process.command is None:
        process.exit(1)
        return
    login = process.get_extra_info("username")
    peer, local = process.get_extra_info("peername"), process.get_extra_info("sockname")
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        process.command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={
            "HOME": os.environ.get("HOME", "/"),
            "USER": login,
            "LOGNAME": login,
            "SHELL": "/bin/sh",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SSH_CONNECTION": f"{peer[0]} {peer[1]} {local[0]} {local[1]}",
            "SHLVL": "1",
            "ZDOTDIR": "/nonexistent",
        },
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    async with asyncio.TaskGroup() as group:
        feeding = group.create_task(_feed(process.stdin, child.stdin))
        await asyncio.gather(_drain(child.stdout, process.stdout), _drain(child.stderr, process.stderr))
        status = await child.wait()
        feeding.cancel()
    if process.is_closing():
        return
    process.stdout.write_eof()
    if status < 0:
        process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
    else:
        process.exit(status)


async def _feed(source: "asyncssh.SSHReader[bytes]", sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
    except (OSError, asyncssh.Error):
        pass  # the command reads no more, or the caller is gone
    finally:
        sink.close()


async def _drain(source: asyncio.StreamReader, sink: "asyncssh.SSHWriter[bytes]") -> None:
    while chunk := await source.read(_CHUNK):
        try:
            sink.write(chunk)
            await sink.drain()
        except (OSError, asyncssh.Error):
            return  # nobody reads: the next write of the command ends it


async def _main(name: str, target_ca: str, *logins: str) -> None:
    acceptor, host_key = await listen(name=name, logins=logins, target_ca=target_ca)
    async with acceptor:
        print(json.dumps({"port": acceptor.get_port(), "host_key": host_key}), flush=True)  # its ready line
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2]).read_text(), *sys.argv[3:]))
