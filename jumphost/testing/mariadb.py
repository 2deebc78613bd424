"""A MariaDB that makes leases: a user that may create users, a template role with grants, and nothing else to find."""

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
from msgspec.structs import replace

from jumphost.config.credentials import MariaDb
from jumphost.credential.base import Material
from jumphost.credential.mariadb import MariaDbProvider
from jumphost.secret import Secret
from jumphost.testing.databases import Server, mariadb
from jumphost.testing.site import open_folder

TEMPLATE, ADMIN, MARK = "bank_ro", "keeper", "0123abcd"
PROOF = "of the keeper: 7"  # a colon and spaces are part of it
SET_UP = (
    f"CREATE ROLE {TEMPLATE}",
    f"GRANT SELECT ON bank.cards TO {TEMPLATE}",
    f"CREATE USER {ADMIN}@'%' IDENTIFIED BY '{PROOF}'",
    f"GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO {ADMIN}@'%'",
    f"GRANT SELECT, UPDATE ON mysql.* TO {ADMIN}@'%'",
    f"GRANT {TEMPLATE} TO {ADMIN}@'%' WITH ADMIN OPTION",
)


@dataclass(frozen=True)
class Books:
    """The running server, and the entry of ``credentials:`` for it."""

    server: Server
    source: MariaDb
    log: Path

    def provider(self, *, ca: Path | None = None, **changes: Any) -> MariaDbProvider:
        """A provider; ``changes`` are made to the entry."""
        source = replace(self.source, **changes)
        return MariaDbProvider(source, admin=Path(source.admin), ca=ca, mark=MARK)

    def sql(self, text: str) -> str:
        """What the owner of the server is told; RuntimeError if it fails."""
        done: subprocess.CompletedProcess[str] = self.server.ask(text)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()


@contextmanager
def books(settings: Sequence[str] = ()) -> Iterator[Books]:
    """The server, which logs every statement, until the block ends; LookupError if MariaDB is not installed."""
    with open_folder() as folder:
        log, secret = folder / "db/statements", folder / "admin"
        secret.touch(0o600)
        secret.write_text(f"{ADMIN}:{PROOF}\n")
        logged = ("general-log=1", f"general-log-file={log}")
        with mariadb(folder / "db", settings=(*logged, *settings)) as server:
            server.fill(*SET_UP)
            yield Books(server, MariaDb(host=str(folder / "db/socket"), admin=str(secret), template=TEMPLATE), log)


@dataclass(frozen=True)
class Visitor:
    """A session that a lease opened."""

    connection: "pymysql.Connection[Any]"

    @classmethod
    async def enter(cls, material: Material) -> "Visitor":
        """Logs in with a lease as a command would."""
        password = material["password"]
        assert isinstance(password, Secret)

        def connect() -> "pymysql.Connection[Any]":
            place, user = str(material["host"]), str(material["user"])
            return pymysql.connect(unix_socket=place, user=user, password=password.reveal().decode(), autocommit=True)

        return cls(await asyncio.to_thread(connect))

    async def ask(self) -> None:
        """Reads a table that the template may read."""
        await self.do("SELECT count(*) FROM bank.cards")

    async def do(self, text: str) -> None:
        """One statement."""
        with self.connection.cursor() as cursor:
            await asyncio.to_thread(cursor.execute, text)

    async def close(self) -> None:
        """Ends it."""
        if self.connection.open:
            self.connection.close()
