"""A PostgreSQL role for one command: made with the grants of a template role, gone with everything it owned.

What holds at the server is what it can hold: only missing grants stop a write (a session undoes read-only settings by
SET), VALID UNTIL and DROP ROLE end no session. So the end is: no login any more, sessions ended, what is owned dropped
in each database that has something, and then the role.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from typing import Final

from psycopg import errors, sql

from jumphost.clock import rfc3339
from jumphost.config.credentials import Postgres
from jumphost.credential import naming, postgres_check
from jumphost.credential.base import Finding, Minted
from jumphost.credential.postgres_admin import SET_OPTION, Admin, Connection, unavailable
from jumphost.model.lease import Lease
from jumphost.secret import Secret

ITERATIONS: Final = 4096  # of SCRAM: what the server itself takes; the password has no need of them
TERMINATE_MS: Final = 2000  # for a session to be gone after it was told

_ROLE: Final = re.compile(r"jumphost_[0-9a-f]{8}_[0-9a-f]{32}_[0-9a-f]{8}")  # 59 of 63 characters

_CREATE = sql.SQL(
    "CREATE ROLE {role} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT {connections}"
    " PASSWORD {verifier} VALID UNTIL {until}; GRANT {template} TO {role}{alone}; GRANT {role} TO CURRENT_USER{alone}"
)
_ALONE = sql.SQL(" WITH INHERIT TRUE, SET FALSE")  # what a member may do, but never become the role
_SHUT = sql.SQL(
    "BEGIN; ALTER ROLE {role} NOLOGIN; COMMIT;"
    " SELECT pg_terminate_backend(pid, {patience}) FROM pg_stat_get_activity(NULL)"
    " WHERE usesysid = (SELECT oid FROM pg_roles WHERE rolname = {name}); {databases}"
)
_DATABASES = sql.SQL(
    "SELECT DISTINCT coalesce(datname, current_database()) FROM pg_shdepend JOIN pg_roles ON refobjid = pg_roles.oid"
    " LEFT JOIN pg_database ON dbid = pg_database.oid"
    " WHERE refclassid = 'pg_authid'::regclass AND rolname = {name}"
)
_DROP_OWNED = sql.SQL("DROP OWNED BY {role}")
_DROP = sql.SQL(  # not while anybody is in: who was coming in when the door was shut is seen by now
    "BEGIN; SET LOCAL synchronous_commit = on; DO {block}; DROP ROLE {role}; COMMIT"
)
_NOBODY = """
BEGIN
  IF EXISTS (SELECT FROM pg_stat_get_activity(NULL) JOIN pg_roles ON usesysid = oid WHERE rolname = %(name)s) THEN
    RAISE 'sessions of the role do not end';
  END IF;
END
"""


class PostgresProvider:
    """Implements ``credential.base.Provider``. ``mark`` tells the roles of this site and entry from all others."""

    kind = "postgres"

    def __init__(self, source: Postgres, admin: Admin, *, mark: str) -> None:
        self._source, self._admin, self._mark = source, admin, mark
        self.template = source.template

    def subject(self, request: str) -> str:
        """Mark, request and 32 random bits; see ``credential.base``."""
        return naming.name(self._mark, request)

    async def issue(self, lease: Lease) -> Minted:
        """Makes the role. The server, and so its log, sees a SCRAM verifier of 192 random bits and no password."""
        password = naming.password()

        async def create(connection: Connection) -> None:
            await connection.execute(
                _CREATE.format(
                    role=sql.Identifier(lease.subject),
                    template=sql.Identifier(self.template),
                    alone=_ALONE if connection.info.server_version >= SET_OPTION else sql.SQL(""),
                    connections=sql.Literal(self._source.connections),
                    verifier=sql.Literal(verifier(password)),
                    until=sql.Literal(rfc3339(lease.expires_ns)),
                )
            )

        await self._admin.run(create)
        source = self._source
        where: dict[str, str | Secret] = {"host": source.host, "port": str(source.port), "database": source.database}
        return Minted(lease, {**where, "user": lease.subject, "password": Secret(password)})

    async def revoke(self, lease: Lease) -> None:
        """Ends the role, its sessions and what it owns; see ``credential.base``."""
        if not _ROLE.fullmatch(lease.subject):
            raise unavailable(f"got {lease.subject!r} to end, expected a role that was made here")
        role, name = sql.Identifier(lease.subject), sql.Literal(lease.subject)

        async def shut(connection: Connection) -> Collection[str] | None:
            """The databases where it has something; None if there is no such role."""
            databases, patience = _DATABASES.format(name=name), sql.Literal(TERMINATE_MS)
            asked = _SHUT.format(role=role, name=name, patience=patience, databases=databases)
            try:
                said = await connection.execute(asked)
            except errors.UndefinedObject:
                await connection.execute("ROLLBACK")
                return None
            while said.nextset():
                pass
            return [database for (database,) in await said.fetchall()]

        async def drop_owned(connection: Connection) -> None:
            await connection.execute(_DROP_OWNED.format(role=role))

        async def drop(connection: Connection) -> None:
            block = sql.Literal(_NOBODY.replace("%(name)s", name.as_string()))
            await connection.execute(_DROP.format(role=role, block=block))

        owned = await self._admin.run(shut)
        if owned is None:
            return
        for database in owned:
            await self._admin.run(drop_owned, database)
        await self._admin.run(drop)

    async def left(self) -> Collection[str]:
        """The roles with our mark."""

        async def look(connection: Connection) -> Collection[str]:
            found = await connection.execute(
                "SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", (naming.prefix(self._mark),)
            )
            return [name for (name,) in await found.fetchall()]

        return await self._admin.run(look)

    async def check(self, *, writes: bool) -> list[Finding]:
        """What the template lets its leases do, and what the admin lacks; see ``credential.base``."""
        return await postgres_check.findings(self._admin, self.template, writes=writes)

    async def close(self) -> None:
        """Closes the connection."""
        await self._admin.close()


def verifier(password: bytes) -> str:
    """What the server keeps of a password that is plain ASCII (RFC 5803), in its own form.

    Libpq makes it too, and takes twice as long on the event loop (2.0 ms, here 0.9).
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, stored_text, server_text = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${ITERATIONS}:{salt_text}${stored_text}:{server_text}"
