"""A RabbitMQ that makes leases: an administrator, a template user, queues, and nothing else to find."""

import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import aiormq
from aiormq.abc import AbstractConnection
from msgspec.structs import replace

from jumphost.config.credentials import RabbitMq
from jumphost.credential.base import Material
from jumphost.credential.rabbitmq import RabbitMqProvider
from jumphost.secret import Secret
from jumphost.testing.databases import as_user, own
from jumphost.testing.site import open_folder
from jumphost.testing.sshd import free_port
from jumphost.testing.tls import certificate

TEMPLATE, ADMIN, MARK = "orders_ro", "keeper", "0123abcd"
PROOF = "of the keeper: 7"  # a colon and spaces are part of it
START_S: Final = 60.0
PROGRAM: Final = "/usr/lib/rabbitmq/bin/rabbitmq-server"
ALL: Final = {"configure": ".*", "write": ".*", "read": ".*"}


@dataclass(frozen=True)
class Broker:
    """The running server, and the entry of ``credentials:`` for it."""

    source: RabbitMq
    tls_port: int  # of the same interface over TLS, by the certificate ``ca``
    ca: Path
    log: Path
    env: dict[str, str]  # of its programs

    def provider(self, *, ca: Path | None = None, **changes: Any) -> RabbitMqProvider:
        """A provider; ``changes`` are made to the entry."""
        source = replace(self.source, **changes)
        return RabbitMqProvider(source, admin=Path(source.admin), ca=ca, mark=MARK)

    def control(self, *words: str) -> None:
        """One command of rabbitmqctl; RuntimeError if it fails."""
        program = str(Path(PROGRAM).with_name("rabbitmqctl"))
        done = subprocess.run(
            [*as_user("rabbitmq"), program, *words], env=self.env, capture_output=True, text=True, cwd="/"
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What an administrator is told; OSError if it fails."""
        proof = base64.b64encode(b"guest:guest").decode()
        request = Request(  # of this machine
            f"http://127.0.0.1:{self.source.api_port}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {proof}", "Content-Type": "application/json"},
        )
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            said = answer.read()
        return json.loads(said) if said else None


@contextmanager
def rabbitmq() -> Iterator[Broker]:
    """The server, until the block ends; LookupError if RabbitMQ is not installed."""
    epmd = shutil.which("epmd")
    if not Path(PROGRAM).exists() or not epmd:
        raise LookupError("RabbitMQ is not installed: apt-get install rabbitmq-server")
    with open_folder() as folder:
        home, secret = folder / "rabbitmq", folder / "admin"
        home.mkdir()
        own(home, "rabbitmq")
        secret.touch(0o600)
        secret.write_text(f"{ADMIN}:{PROOF}\n")
        public, private = certificate(folder, "broker")
        private.chmod(0o644)
        port, api, tls, nodes, names = (free_port() for _ in range(5))
        settings = {
            "listeners.tcp.1": f"127.0.0.1:{port}",
            "management.tcp.ip": "127.0.0.1",
            "management.tcp.port": api,
            "management.ssl.ip": "127.0.0.1",
            "management.ssl.port": tls,
            "management.ssl.cacertfile": public,
            "management.ssl.certfile": public,
            "management.ssl.keyfile": private,
        }
        (folder / "rabbitmq.conf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        (folder / "plugins").write_text("[rabbitmq_management].")
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "RABBITMQ_NODENAME": "jumphost@localhost",
            "RABBITMQ_MNESIA_BASE": str(home / "db"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": str(nodes),
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        source = RabbitMq(host="127.0.0.1", port=port, api_port=api, admin=str(secret), template=TEMPLATE)
        made = Broker(source, tls, public, folder / "log", env)
        with made.log.open("w") as log:
            # Of our own, since the server would start one that outlives it.
            daemon = subprocess.Popen([epmd, "-port", str(names)], env=env, stdin=subprocess.DEVNULL, stderr=log)
            server = subprocess.Popen(
                [*as_user("rabbitmq"), PROGRAM], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
            )
        try:
            _wait(made, server)
            _fill(made)
            yield made
        finally:
            for process in (server, daemon):
                process.send_signal(signal.SIGTERM)
                process.wait(START_S)


def _wait(made: Broker, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up and process.poll() is None:
        try:
            made.ask("GET", "overview")
            if "Server startup complete" in made.log.read_text():
                return
        except (URLError, OSError, HTTPError):
            pass
        time.sleep(0.2)
    raise RuntimeError(f"got no RabbitMQ: {made.log.read_text()}")


def _fill(made: Broker) -> None:
    made.ask("PUT", f"users/{ADMIN}", {"password": PROOF, "tags": "administrator"})
    made.ask("PUT", f"users/{TEMPLATE}", {"password_hash": "", "tags": "administrator"})  # which no lease has
    made.ask("PUT", f"permissions/%2F/{TEMPLATE}", {"configure": "", "write": "^events$", "read": "^orders$"})
    made.ask("PUT", f"topic-permissions/%2F/{TEMPLATE}", {"exchange": "events", "write": "^a[.]", "read": ""})
    made.ask("PUT", "vhosts/other")
    made.ask("PUT", f"permissions/other/{TEMPLATE}", ALL)
    made.ask("PUT", "queues/%2F/orders", {})
    made.ask("PUT", "queues/%2F/secrets", {})
    made.ask("PUT", "exchanges/%2F/events", {"type": "topic"})


@dataclass(frozen=True)
class Visitor:
    """A connection that a lease opened."""

    connection: AbstractConnection

    @classmethod
    async def enter(cls, material: Material) -> "Visitor":
        """Logs in with a lease as a command would."""
        url = material["url"]
        assert isinstance(url, Secret)
        async with asyncio.timeout(10):
            return cls(await aiormq.connect(url.reveal().decode()))

    async def ask(self) -> None:
        """Reads a queue that the template may read."""
        await self.read("orders")

    async def read(self, queue: str) -> None:
        """Reads a queue."""
        async with asyncio.timeout(10):
            channel = await self.connection.channel()
            await channel.basic_get(queue)

    async def send(self, key: str) -> None:
        """Sends to the exchange, and waits until the server took it."""
        async with asyncio.timeout(10):
            channel = await self.connection.channel(publisher_confirms=True)
            await channel.basic_publish(b"x", exchange="events", routing_key=key)

    async def declare(self) -> None:
        """Makes a queue."""
        async with asyncio.timeout(10):
            channel = await self.connection.channel()
            await channel.queue_declare("mine")

    async def close(self) -> None:
        """Ends it."""
        await self.connection.close()
