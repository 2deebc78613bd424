"""A Redis that makes leases: a user that may use ACL, a template with rules, some keys, and nothing else to find."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from redis.asyncio import Redis as Client
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from jumphost.config.credentials import Redis
from jumphost.credential.base import Material
from jumphost.credential.redis import RedisProvider
from jumphost.secret import Secret
from jumphost.testing.site import open_folder

TEMPLATE, ADMIN, MARK = "cards_ro", "keeper", "0123abcd"
PROOF = "of the keeper: 7"  # a colon and spaces are part of it
OWNER = "of the owner"
START_S = 20.0
SET_UP = (
    ("SET", "cards:1", "ann"),
    ("ACL", "SETUSER", TEMPLATE, "off", "resetkeys", "~cards:*", "+@read", "+ping", "(+set ~drafts:*)"),
    ("ACL", "SETUSER", ADMIN, "on", f">{PROOF}", "+acl"),
    ("ACL", "SETUSER", "default", "resetpass", f">{OWNER}"),  # until then it needs no password
)


@dataclass(frozen=True)
class Store:
    """The running server, and the entry of ``credentials:`` for it."""

    source: Redis
    log: Path

    @property
    def entry(self) -> dict[str, str]:
        """As ``jumphost.yaml`` has it."""
        source = self.source
        return {"kind": "redis", "host": source.host, "admin": source.admin, "template": source.template}

    def provider(self, **changes: Any) -> RedisProvider:
        """A provider; ``changes`` are made to the entry."""
        source = replace(self.source, **changes)
        return RedisProvider(source, admin=Path(source.admin), ca=None, mark=MARK)

    def ask(self, *words: str) -> str:
        """What the owner of the server is told; RuntimeError if it fails."""
        done = subprocess.run(
            ["redis-cli", "-s", self.source.host, "-e", *words],
            env={"PATH": "/usr/bin:/bin", "REDISCLI_AUTH": OWNER},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()


@contextmanager
def redis() -> Iterator[Store]:
    """The server, until the block ends; LookupError if Redis is not installed."""
    program = shutil.which("redis-server")
    if not program or not shutil.which("redis-cli"):
        raise LookupError("Redis is not installed: apt-get install redis-server")
    with open_folder() as folder:
        socket, secret = str(folder / "socket"), folder / "admin"
        secret.touch(0o600)
        secret.write_text(f"{ADMIN}:{PROOF}\n")
        made = Store(Redis(host=socket, admin=str(secret), template=TEMPLATE), folder / "log")
        words = [program, "--port", "0", "--unixsocket", socket, "--save", "", "--loglevel", "debug"]
        process = subprocess.Popen(
            [*words, "--dir", str(folder), "--logfile", str(made.log)], stdin=subprocess.DEVNULL, cwd=folder
        )
        try:
            _wait(made, process)
            for command in SET_UP:
                made.ask(*command)
            yield made
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(START_S)


def _wait(made: Store, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + START_S
    while time.monotonic() < give_up and process.poll() is None:
        if Path(made.source.host).exists() and made.ask("PING") == "PONG":
            return
        time.sleep(0.02)
    raise RuntimeError(f"got no Redis: {made.log.read_text() if made.log.exists() else ''}")


@dataclass(frozen=True)
class Visitor:
    """A connection that a lease opened."""

    client: Client

    @classmethod
    async def enter(cls, material: Material) -> "Visitor":
        """Logs in with a lease as a command would."""
        password = material["password"]
        assert isinstance(password, Secret)
        client = Client(
            unix_socket_path=str(material["host"]),
            username=str(material["user"]),
            password=password.reveal().decode(),
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        try:
            await client.initialize()
        except BaseException:
            await client.aclose()
            raise
        return cls(client)

    async def ask(self) -> None:
        """Reads a key that the template may read."""
        assert await self.do("GET", "cards:1") == b"ann"

    async def do(self, *words: str) -> Any:
        """One command."""
        return await self.client.execute_command(*words)  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Ends it."""
        await self.client.aclose()
