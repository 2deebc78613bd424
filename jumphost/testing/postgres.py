"""A PostgreSQL that makes leases: a role that may create roles, a template with grants, and nothing else to find."""

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from msgspec.structs import replace

from jumphost.config.credentials import Postgres
from jumphost.credential.base import Material
from jumphost.credential.postgres import PostgresProvider
from jumphost.credential.postgres_admin import Admin
from jumphost.secret import Secret
from jumphost.testing.databases import Server, postgres
from jumphost.testing.site import open_folder

TEMPLATE, ADMIN, MARK = "bank_ro", "keeper", "0123abcd"
PROOF = "of the keeper: 7"  # a colon and spaces are part of it
# Who owns the server comes in by its socket; all others prove a password.
ACCESS = "local all tester trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
SET_UP = (
    f"CREATE ROLE {TEMPLATE} NOLOGIN",
    f"GRANT SELECT ON cards, accounts TO {TEMPLATE}",
    "REVOKE TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC",
    f"CREATE ROLE {ADMIN} LOGIN CREATEROLE PASSWORD '{PROOF}'",
    f"GRANT {TEMPLATE} TO {ADMIN} WITH ADMIN OPTION",  # from PostgreSQL 16 on it may make members no other way
)
SEALED = (  # large objects, which everybody may make
    (
        "REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), lo_import(text),"
        " lo_import(text, oid) FROM PUBLIC"
    ),
)


@dataclass(frozen=True)
class Bank:
    """The running server, and the entry of ``credentials:`` for it."""

    server: Server
    folder: Path
    source: Postgres

    def provider(self, **changes: Any) -> PostgresProvider:
        """A provider; ``changes`` are made to the entry."""
        source = replace(self.source, **changes)
        return PostgresProvider(source, Admin(source, admin=Path(source.admin), ca=None), mark=MARK)

    @property
    def entry(self) -> dict[str, Any]:
        """The same as ``jumphost.yaml`` has it."""
        source = self.source
        where = {"host": source.host, "port": source.port, "database": source.database}
        return {"kind": "postgres", **where, "admin": source.admin, "template": source.template}

    def sql(self, text: str, *, database: str = "postgres") -> str:
        """What the owner of the server is told; RuntimeError if it fails."""
        client = self.server.client
        done = dataclasses.replace(self.server, client=(*client[:-1], "-d", database, client[-1])).ask(text)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    @property
    def log(self) -> str:
        """The server's log."""
        return (self.folder.parent / f"{self.folder.name}.log").read_text()


@contextmanager
def bank(*, sealed: bool = True, settings: tuple[str, ...] = ()) -> Iterator[Bank]:
    """The server, until the block ends; without ``sealed`` anybody may make large objects, as on a new one.

    LookupError if PostgreSQL is not installed.
    """
    with open_folder() as folder, postgres(folder / "pg", access=ACCESS, settings=settings) as server:
        server.fill(*SET_UP, *(SEALED if sealed else ()))
        secret = folder / "admin"
        secret.touch(0o600)
        secret.write_text(f"{ADMIN}:{PROOF}\n")
        source = Postgres(host=str(folder / "pg"), database="postgres", admin=str(secret), template=TEMPLATE)
        yield Bank(server, folder / "pg", source)


@dataclass(frozen=True)
class Visitor:
    """A session that a lease opened."""

    connection: psycopg.AsyncConnection[tuple[Any, ...]]

    @classmethod
    async def enter(cls, material: Material, **options: Any) -> "Visitor":
        """Logs in with a lease as a command would."""
        password = material["password"]
        assert isinstance(password, Secret)
        connection = await psycopg.AsyncConnection.connect(
            host=str(material["host"]),
            port=str(material["port"]),
            dbname=str(options.pop("database", material["database"])),
            user=str(material["user"]),
            password=password.reveal().decode(),
            passfile=os.devnull,
            autocommit=True,
            **options,
        )
        return cls(connection)

    async def ask(self) -> None:
        """Reads a table that the template may read."""
        await self.do("SELECT count(*) FROM cards")

    async def do(self, text: str) -> None:
        """One statement."""
        await self.connection.execute(text.encode())

    async def close(self) -> None:
        """Ends it."""
        await self.connection.close()
