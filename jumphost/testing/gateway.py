"""An SSH server leg that anyone can talk to: real transport, real certificates, no policy, commands in a local shell.

As a process: ``python -m jumphost.testing.gateway FOLDER [WINDOW_BYTES]`` prints one JSON line with its port, leaves a
login in FOLDER (``id`` and ``id-cert.pub``), and ends when its standard input does.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import asyncssh

from jumphost import wire
from jumphost.clock import NS_PER_S, Clock, SystemClock
from jumphost.config.settings import CallerCA, Limits, Settings
from jumphost.errors import Code, JumphostError, Status
from jumphost.gateway import transport
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.connection import Connection
from jumphost.gateway.relay import Relay
from jumphost.identity import certificate
from jumphost.identity.registry import Registry
from jumphost.identity.trust import Trust, TrustedCA
from jumphost.model.identity import Caller, IdentityEntry
from jumphost.model.target import Target
from jumphost.target.base import Exit, Order
from jumphost.testing.process import LocalRunner

HOST = "127.0.0.1"
_TTL_S = 600

Serve = Callable[[CallerChannel], Awaitable[None]]


class Fixed:
    """A ``transport.Shown`` that stays as it is."""

    version = 0

    def __init__(self, *keys: asyncssh.SSHKey) -> None:
        self.pairs = asyncssh.load_keypairs(list(keys))


class SilentTap:
    """A Tap that looks away."""

    def output(self, chunk: bytes, stream: int) -> None: ...
    def input(self, chunk: bytes, *, judged: bool = False) -> None: ...


async def in_a_shell(channel: CallerChannel, *, stdin: Literal["closed", "stream"] = "stream") -> None:
    """Runs what was asked in a local shell, whatever it is; status 65 if it is not text."""
    try:
        line = channel.raw.decode()
    except UnicodeDecodeError:
        channel.exit(Exit(status=Status.BAD_REQUEST))
        return
    faults: asyncio.Queue[JumphostError] = asyncio.Queue()
    relay = Relay(channel, SilentTap(), output_bytes=1 << 40, stdin=stdin, on_fault=faults.put_nowait)
    order = Order(request="", target=Target(name="here", logins=("me",)), login="me", line=line)
    process = await LocalRunner().start(order, relay, _mints_nothing)
    relay.attach(process)
    try:
        end = await _first(process.wait(), channel.gone)
        if end is not None:
            await relay.drained()
            channel.exit(end)
    finally:
        await process.close()


@dataclass
class OpenGate:
    """A ``transport.Gate`` that lets in whom the CA vouches for, and keeps what it was told."""

    trust: Trust
    clock: Clock
    serve: Serve
    tasks: asyncio.TaskGroup
    channels: list[CallerChannel] = field(default_factory=list)
    logins: list[Connection] = field(default_factory=list)
    closed_connections: list[Connection] = field(default_factory=list)
    refused_logins: list[tuple[str, Code, str]] = field(default_factory=list)
    refused_requests: list[tuple[str, str]] = field(default_factory=list)
    turned_aways: list[tuple[str, Code]] = field(default_factory=list)
    breaks: list[tuple[Connection, Code, str]] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)  # key id of every certificate that was found good

    def verify(self, connection: Connection, username: str, blob: bytes) -> Caller:
        caller = certificate.verify(
            blob, trust=self.trust, source=connection.source.address, now_ns=self.clock.now_ns()
        )
        self.verified.append(caller.identity.name)
        return caller

    def login_refused(self, connection: Connection, username: str, code: Code, detail: str) -> None:
        self.refused_logins.append((username, code, detail))

    def login_ok(self, connection: Connection) -> None:
        self.logins.append(connection)

    def opened(self, channel: CallerChannel) -> None:
        self.channels.append(channel)
        self.tasks.create_task(self._serve(channel))

    def refused_request(self, connection: Connection, kind: str, detail: str) -> None:
        self.refused_requests.append((kind, detail))

    def closed(self, connection: Connection) -> None:
        self.closed_connections.append(connection)

    def broken_off(self, connection: Connection, code: Code, detail: str) -> None:
        self.breaks.append((connection, code, detail))

    def turned_away(self, address: str, code: Code) -> None:
        self.turned_aways.append((address, code))

    async def _serve(self, channel: CallerChannel) -> None:
        await self.serve(channel)


@dataclass
class Door:
    """A listening server and the CA that it trusts."""

    port: int
    ca: asyncssh.SSHKey
    clock: Clock

    def login(
        self, name: str = "alice", *, key: asyncssh.SSHKey | None = None, **options: Any
    ) -> tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]:
        """A key with a certificate; ``options`` are those of asyncssh's ``generate_user_certificate``."""
        key = key or asyncssh.generate_private_key("ssh-ed25519")
        now = self.clock.now_ns() // NS_PER_S
        options = {"principals": [name], "valid_after": now - 30, "valid_before": now + _TTL_S, **options}
        return key, self.ca.generate_user_certificate(key, name, **options)

    async def connect(self, name: str = "alice", *, username: str = "here", **options: Any) -> Any:
        """A stock asyncssh client, logged in."""
        return await asyncssh.connect(HOST, self.port, **self.client_options([self.login(name)], username, options))

    @staticmethod
    def client_options(client_keys: Any, username: str, options: dict[str, Any]) -> dict[str, Any]:
        """What keeps asyncssh's client from looking at this machine's own keys and settings."""
        fixed = {"known_hosts": None, "config": None, "agent_path": None, "gss_host": None, "x509_trusted_certs": None}
        return {**fixed, "client_keys": client_keys, "username": username, **options}


@dataclass
class Rig(Door):
    """A server whose identities are ``alice`` and ``bob``."""

    gate: OpenGate
    settings: Settings


@contextlib.asynccontextmanager
async def rig(
    serve: Serve = in_a_shell, *, crypto: Literal["default", "fips"] = "default", **limits: Any
) -> AsyncIterator[Rig]:
    """Listens on a free port until the block ends; ``limits`` are fields of ``settings.Limits``.

    Attacks are many and come from one address, so the rate is none unless a test asks for one.
    """
    limits = {"connections_per_minute": 1 << 20, **limits}
    clock = SystemClock()
    ca = asyncssh.generate_private_key("ssh-ed25519")
    trusted = TrustedCA("main", ca.get_fingerprint(), _TTL_S)
    registry = Registry({name: IdentityEntry(owner="team") for name in ("alice", "bob")})
    settings = Settings(callers={"main": CallerCA(ca="unused")}, limits=Limits(**limits), crypto=crypto)
    async with asyncio.TaskGroup() as tasks:
        gate = OpenGate(Trust({ca.public_data: trusted}, registry), clock, serve, tasks)
        host_key = asyncssh.generate_private_key(wire.SUITES[crypto].login_key)
        server = await transport.listen(HOST, 0, gate, Fixed(host_key), settings, clock)
        try:
            yield Rig(server.sockets[0].getsockname()[1], ca, clock, gate, settings)
        finally:
            server.close()
            for connection in gate.logins:
                connection.disconnect("the test is over")


async def _first(end: Awaitable[Exit], gone: asyncio.Event) -> Exit | None:
    """How the command ended, or None if the caller left before."""
    ending, leaving = asyncio.ensure_future(end), asyncio.ensure_future(gone.wait())  # noqa: TID251  # both awaited here
    try:
        await asyncio.wait([ending, leaving], return_when=asyncio.FIRST_COMPLETED)
        return ending.result() if ending.done() else None
    finally:
        ending.cancel()
        leaving.cancel()
        await asyncio.wait([ending, leaving])


async def _mints_nothing(login: str, address: str) -> asyncssh.SSHKeyPair:
    raise JumphostError(Code.INTERNAL, "got a mint, expected none")


async def _main(folder: Path, window_bytes: int) -> None:
    async with rig(window_bytes=window_bytes) as here:
        key, cert = here.login()
        key.write_private_key(str(folder / "id"))
        (folder / "id").chmod(0o600)
        cert.write_certificate(str(folder / "id-cert.pub"))
        print(json.dumps({"port": here.port}), flush=True)  # its ready line
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), int(sys.argv[2])))
