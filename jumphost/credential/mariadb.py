"""A MariaDB user for one command: with a template role, which has the grants, gone with its sessions.

MariaDB knows no end of a user within a day: what a crash leaves is ended by the next start. Neither a lock nor DROP
USER ends a session, so that all are told to end and seen to be gone.
"""

import asyncio
import hashlib
import re
import ssl
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final, TypeVar

import pymysql

from jumphost.config.credentials import MariaDb
from jumphost.credential import naming
from jumphost.credential.base import Minted
from jumphost.credential.login import read_login
from jumphost.credential.mariadb_grants import too_much
from jumphost.errors import Code, Unavailable
from jumphost.model.lease import Lease
from jumphost.secret import Secret

END_S: Final = 2.0  # for sessions to be gone after they were told
POLL_S: Final = 0.02

_USER: Final = re.compile(r"jumphost_[0-9a-f]{8}_[0-9a-f]{32}_[0-9a-f]{8}")  # 59 of 80 characters
_SESSIONS: Final = "SELECT count(*) FROM information_schema.processlist WHERE user = %s"
_LEFT: Final = (  # one that was logging in when its user went has a session, without a role, and no user
    "SELECT user FROM mysql.user WHERE left(user, %s) = %s"
    " UNION SELECT user FROM information_schema.processlist WHERE left(user, %s) = %s"
)

Ask = Callable[..., list[tuple[Any, ...]]]  # one statement with its values
T = TypeVar("T")


class _Refused:
    """In place of a way to log in by which a server that is not proven would learn the password."""

    def __init__(self, connection: object) -> None: ...

    def authenticate(self, packet: object) -> None:
        """Says what is wrong with the server."""
        raise pymysql.OperationalError("the server asks for more than a proof by mysql_native_password")


_WAYS: Final[dict[str, Callable[["pymysql.Connection[Any]"], object]]] = dict.fromkeys(
    ("mysql_clear_password", "dialog", "mysql_old_password", "sha256_password", "caching_sha2_password"), _Refused
)


class MariaDbProvider:
    """Implements ``credential.base.Provider``. ``mark`` tells the users of this site and entry from all others."""

    kind = "mariadb"

    def __init__(self, source: MariaDb, *, admin: Path, ca: Path | None, mark: str) -> None:
        self._source, self._admin, self._ca, self._mark = source, admin, ca, mark
        self.template = source.template

    def subject(self, request: str) -> str:
        """Mark, request and 32 random bits; see ``credential.base``."""
        return naming.name(self._mark, request)

    async def issue(self, lease: Lease) -> Minted:
        """Makes the user. The server, and so its log, sees a digest of 192 random bits and no password."""
        password = naming.password()
        source, who, role = self._source, f"'{lease.subject}'@'%'", _name(self.template)
        proven = "REQUIRE SSL" if self._ca else "REQUIRE NONE"

        def create(ask: Ask) -> None:
            if wrong := too_much([line for (line,) in ask(f"SHOW GRANTS FOR {role}")]):
                raise _unavailable(f"the template {self.template} {wrong}")
            ask(
                f"CREATE USER {who} IDENTIFIED BY PASSWORD '{digest(password)}'"
                f" {proven} WITH MAX_USER_CONNECTIONS {source.connections}"
            )
            ask(f"GRANT {role} TO {who}")
            ask(f"SET DEFAULT ROLE {role} FOR {who}")

        await self._run(create)
        where: dict[str, str | Secret] = {"host": source.host, "port": str(source.port)}
        return Minted(lease, {**where, "user": lease.subject, "password": Secret(password)})

    async def revoke(self, lease: Lease) -> None:
        """Ends the user and its sessions; see ``credential.base``."""
        if not _USER.fullmatch(lease.subject):
            raise _unavailable(f"got {lease.subject!r} to end, expected a user that was made here")

        def end(ask: Ask) -> None:
            ask(f"ALTER USER IF EXISTS '{lease.subject}'@'%' ACCOUNT LOCK")
            _put_out(ask, lease.subject)
            ask(f"DROP USER IF EXISTS '{lease.subject}'@'%'")
            _put_out(ask, lease.subject)  # who was coming in when the door was shut

        await self._run(end)

    async def left(self) -> Collection[str]:
        """The users with our mark, and the sessions of such."""
        ours = len(naming.prefix(self._mark)), naming.prefix(self._mark)
        return [name for (name,) in await self._run(lambda ask: ask(_LEFT, *ours, *ours))]

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _run(self, work: Callable[[Ask], T]) -> T:
        """What ``work`` returns, in a thread; a caller who is cancelled waits for it, since ``revoke`` may follow."""
        running = asyncio.get_running_loop().run_in_executor(None, self._work, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    def _work(self, work: Callable[[Ask], T]) -> T:
        try:
            with self._connect() as connection, connection.cursor() as cursor:

                def ask(statement: str, *values: object) -> list[tuple[Any, ...]]:
                    cursor.execute(statement, values or None)
                    return list(cursor.fetchall())

                return work(ask)
        except (pymysql.Error, OSError) as error:
            said = error.args[-1] if isinstance(error, pymysql.Error) and error.args else error
            raise _unavailable(" ".join(str(said).split()) or type(error).__name__) from None

    def _connect(self) -> "pymysql.Connection[Any]":
        try:
            user, password = read_login(self._admin)
        except ValueError as error:
            raise _unavailable(str(error)) from None
        source = self._source
        local = source.host.startswith("/")
        return pymysql.connect(
            host="" if local else source.host,
            port=source.port,
            unix_socket=source.host if local else None,
            user=user,
            password=password.reveal().decode(),
            ssl=ssl.create_default_context(cafile=self._ca) if self._ca else None,
            ssl_disabled=not self._ca,
            auth_plugin_map=_WAYS,
            autocommit=True,
            connect_timeout=source.deadline,
            read_timeout=source.deadline,
            write_timeout=source.deadline,
        )


def digest(password: bytes) -> str:
    """What the server keeps of a password, in its own form; 192 random bits are not found from it."""
    inner = hashlib.sha1(password, usedforsecurity=False).digest()
    return f"*{hashlib.sha1(inner, usedforsecurity=False).hexdigest().upper()}"


def _put_out(ask: Ask, user: str) -> None:
    """Returns once the user has no session; OSError if that takes too long."""
    give_up = time.monotonic() + END_S
    while True:
        ask(f"KILL HARD CONNECTION USER '{user}'")
        if ask(_SESSIONS, user) == [(0,)]:
            return
        if time.monotonic() > give_up:
            raise OSError("sessions of the user do not end")
        time.sleep(POLL_S)


def _name(text: str) -> str:
    return f"`{text.replace('`', '``')}`"


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(Code.CREDENTIAL_UNAVAILABLE, "the MariaDB server that makes credentials failed", detail=detail)
