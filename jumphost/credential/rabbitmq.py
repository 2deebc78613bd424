"""A RabbitMQ user for one command: with what a template user may do in one virtual host, gone with its connections.

RabbitMQ knows no end of a user by time: what a crash leaves is ended by the next start. Who was logging in when the
user went gets no further than that: a virtual host is opened to users that there are.
"""

import asyncio
import base64
import hashlib
import re
import secrets
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from jumphost import webclient
from jumphost.config.credentials import RabbitMq
from jumphost.credential import naming
from jumphost.credential.base import Minted
from jumphost.credential.login import read_login
from jumphost.errors import Code, Unavailable
from jumphost.model.lease import Lease
from jumphost.secret import Secret

END_S: Final = 5.0  # for connections to be gone after they were told
POLL_S: Final = 0.05

_USER: Final = re.compile(r"jumphost_[0-9a-f]{8}_[0-9a-f]{32}_[0-9a-f]{8}")


class RabbitMqProvider:
    """Implements ``credential.base.Provider``. ``mark`` tells the users of this site and entry from all others."""

    kind = "rabbitmq"

    def __init__(self, source: RabbitMq, *, admin: Path, ca: Path | None, mark: str) -> None:
        self._source, self._admin, self._ca, self._mark = source, admin, ca, mark
        self.template = source.template

    def subject(self, request: str) -> str:
        """Mark, request and 32 random bits; see ``credential.base``."""
        return naming.name(self._mark, request)

    async def issue(self, lease: Lease) -> Minted:
        """Makes the user. The server sees a salted digest of 192 random bits and no password."""
        password, source, user = naming.password(), self._source, lease.subject
        place = quote(source.vhost, safe="")
        allowed, topics = await self._here("permissions"), await self._here("topic-permissions")
        if not allowed:
            raise _unavailable(f"the template {self.template} has no permissions in the virtual host {source.vhost}")
        digest = {"password_hash": hashed(password), "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ""}
        await self._ask("PUT", f"users/{user}", digest)
        await self._ask("PUT", f"user-limits/{user}/max-connections", {"value": source.connections})
        for topic in topics:
            await self._ask("PUT", f"topic-permissions/{place}/{user}", topic)
        for one in allowed:  # last: without it nothing is open
            await self._ask("PUT", f"permissions/{place}/{user}", one)
        scheme = "amqps" if self._ca else "amqp"
        url = f"{scheme}://{user}:{password.decode()}@{_host(source.host)}:{source.port}/{place}"
        return Minted(lease, {"user": user, "password": Secret(password), "url": Secret(url.encode())})

    async def revoke(self, lease: Lease) -> None:
        """Ends the user, then its connections; see ``credential.base``."""
        if not _USER.fullmatch(lease.subject):
            raise _unavailable(f"got {lease.subject!r} to end, expected a user that was made here")
        await self._ask("DELETE", f"users/{lease.subject}")
        give_up = time.monotonic() + END_S
        while await self._ask("GET", f"connections/username/{lease.subject}", expected=list[Any]):
            if time.monotonic() > give_up:
                raise _unavailable("connections of the user do not end")
            await self._ask("DELETE", f"connections/username/{lease.subject}")
            await asyncio.sleep(POLL_S)

    async def left(self) -> Collection[str]:
        """The users with our mark."""
        found = await self._ask("GET", "users?columns=name", expected=list[dict[Literal["name"], str]])
        return [one["name"] for one in found or () if one["name"].startswith(naming.prefix(self._mark))]

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _here(self, what: str) -> list[dict[str, str]]:
        """What the template has in the virtual host, without saying whose it is."""
        found = await self._ask("GET", f"users/{quote(self.template, safe='')}/{what}", expected=list[dict[str, str]])
        if found is None:
            raise _unavailable(f"there is no template {self.template}")
        mine = [one for one in found if one["vhost"] == self._source.vhost]
        return [{name: value for name, value in one.items() if name not in ("user", "vhost")} for one in mine]

    async def _ask(self, method: str, path: str, body: object = None, *, expected: Any = None) -> Any:
        """What the server answers, None where there is no such thing."""
        source = self._source
        try:
            user, password = read_login(self._admin)
            proof = base64.b64encode(user.encode() + b":" + password.reveal()).decode()
            status, said = await webclient.ask(
                f"{'https' if self._ca else 'http'}://{_host(source.host)}:{source.api_port}/api/{path}",
                method=method,
                body=None if body is None else msgspec.json.encode(body),
                headers={"Authorization": f"Basic {proof}", "Content-Type": "application/json"},
                ca=self._ca,
                timeout_s=source.deadline,
            )
            if status == 404 and method != "PUT":
                return None
            if status not in (200, 201, 204):
                raise ValueError(f"got status {status} for {method} of {path.partition('?')[0]}")
            return msgspec.json.decode(said, type=expected) if expected else None
        except (OSError, ValueError) as error:
            raise _unavailable(" ".join(str(error).split()) or type(error).__name__) from None


def hashed(password: bytes) -> str:
    """What the server keeps of a password, in its own form."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password).digest()).decode()


def _host(text: str) -> str:
    return f"[{text}]" if ":" in text else text


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(Code.CREDENTIAL_UNAVAILABLE, "the RabbitMQ server that makes credentials failed", detail=detail)
