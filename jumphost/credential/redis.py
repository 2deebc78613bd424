"""A Redis user for one command: with the rules of a template user, gone with its connections.

Redis knows no end of a user by time: what a crash leaves is ended by the next start. Users are in the memory of the
server until somebody tells it to save them, which this never does.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from jumphost.config.credentials import Redis as Source
from jumphost.credential import naming
from jumphost.credential.base import Minted
from jumphost.credential.login import read_login
from jumphost.errors import Code, Unavailable
from jumphost.model.lease import Lease
from jumphost.secret import Secret

_USER: Final = re.compile(r"jumphost_[0-9a-f]{8}_[0-9a-f]{32}_[0-9a-f]{8}")
# With one of these a lease could make what outlives it, or be somebody else.
_OUTLIVING: Final = (
    ("ACL", "SETUSER", "jumphost"),
    ("ACL", "SAVE"),
    ("CONFIG", "SET", "dir", "/"),
    ("MODULE", "LOAD", "/"),
    ("DEBUG", "SLEEP", "0"),
    ("REPLICAOF", "NO", "ONE"),
    ("FUNCTION", "LOAD", "#!lua name=jumphost"),
)

Ask = Callable[..., Awaitable[Any]]  # one command, word by word
T = TypeVar("T")


class RedisProvider:
    """Implements ``credential.base.Provider``. ``mark`` tells the users of this site and entry from all others."""

    kind = "redis"

    def __init__(self, source: Source, *, admin: Path, ca: Path | None, mark: str) -> None:
        self._source, self._admin, self._ca, self._mark = source, admin, ca, mark
        self.template = source.template

    def subject(self, request: str) -> str:
        """Mark, request and 32 random bits; see ``credential.base``."""
        return naming.name(self._mark, request)

    async def issue(self, lease: Lease) -> Minted:
        """Makes the user. The server, and so its log, sees a digest of 192 random bits and no password."""
        password = naming.password()

        async def create(ask: Ask) -> None:
            rules = await self._rules(ask)
            proof = f"#{hashlib.sha256(password).hexdigest()}"
            await ask("ACL", "SETUSER", lease.subject, "reset", *rules, proof, "on")

        await self._run(create)
        source = self._source
        where: dict[str, str | Secret] = {"host": source.host, "port": str(source.port)}
        return Minted(lease, {**where, "user": lease.subject, "password": Secret(password)})

    async def revoke(self, lease: Lease) -> None:
        """Ends the user and its connections, which the server does in one; see ``credential.base``."""
        if not _USER.fullmatch(lease.subject):
            raise _unavailable(f"got {lease.subject!r} to end, expected a user that was made here")
        await self._run(lambda ask: ask("ACL", "DELUSER", lease.subject))

    async def left(self) -> Collection[str]:
        """The users with our mark."""
        names = await self._run(lambda ask: ask("ACL", "USERS"))
        return [name.decode() for name in names if name.startswith(naming.prefix(self._mark).encode())]

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _rules(self, ask: Ask) -> list[str]:
        """What the template may do; Unavailable (credential.unavailable) if there is none, or it may do too much."""
        nobody = _fields(await ask("ACL", "GETUSER", "default"))["flags"]
        if b"on" in nobody and b"nopass" in nobody:
            raise _unavailable("the user default needs no password: RESET would make any lease it")
        for words in _OUTLIVING:
            if await ask("ACL", "DRYRUN", self.template, *words) == b"OK":
                raise _unavailable(f"the template {self.template} may {' '.join(words[:2])}, which outlives a lease")
        found = _fields(await ask("ACL", "GETUSER", self.template))
        chosen = [f"({' '.join(_words(_fields(selector)))})" for selector in found.get("selectors", [])]
        return [*_words(found), *chosen]

    async def _run(self, work: Callable[[Ask], Awaitable[T]]) -> T:
        try:
            user, password = read_login(self._admin)
        except ValueError as error:
            raise _unavailable(str(error)) from None
        source = self._source
        local = source.host.startswith("/")
        client = Redis(
            host="" if local else source.host,
            port=source.port,
            unix_socket_path=source.host if local else None,
            username=user,
            password=password.reveal().decode(),
            ssl=self._ca is not None,
            ssl_ca_certs=str(self._ca) if self._ca else None,
            ssl_check_hostname=True,
            protocol=2,
            single_connection_client=True,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            async with asyncio.timeout(source.deadline):
                return await work(client.execute_command)
        except (RedisError, OSError) as error:
            raise _unavailable(" ".join(str(error).split()) or type(error).__name__) from None
        finally:
            await client.aclose()


def _fields(reply: list[Any]) -> dict[str, Any]:
    return {name.decode(): value for name, value in zip(reply[::2], reply[1::2], strict=True)}


def _words(fields: dict[str, Any]) -> Iterator[str]:
    """Commands, keys and channels as rules say them."""
    for name in ("commands", "keys", "channels"):
        yield from fields[name].decode().split()


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(Code.CREDENTIAL_UNAVAILABLE, "the Redis server that makes credentials failed", detail=detail)
