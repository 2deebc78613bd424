"""Delivery by file: a secret as it is; of a database what its clients read, with all that they need.

For PostgreSQL that is what they call a service file, for MariaDB an option file.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from jumphost.command import leased
from jumphost.config.credentials import Credential, MariaDb, Plain, RabbitMq, Redis
from jumphost.credential.base import Minted, Recipient
from jumphost.errors import Code, Refused
from jumphost.secret import Secret
from jumphost.stream import Socket

_PLAIN: Final = re.compile(r"[!$-&(-\[\]-~]+")  # neither space nor quote, # or \


class Filed:
    """Implements ``credential.base.Delivered``; the runner takes the file away."""

    socket: Socket | None = None

    def __init__(self, env: Mapping[str, str], file: Secret, secret: Secret) -> None:
        self.env, self.file, self.secrets = env, file, (secret,)

    async def close(self) -> None:
        """There is nothing of it here."""


class FileDelivery:
    """Implements ``credential.base.Delivery``; ``resolve`` finds a file that the settings name."""

    def __init__(self, credentials: Mapping[str, Credential], resolve: Callable[[str], Path]) -> None:
        self._credentials, self._resolve = credentials, resolve

    async def prepare(self, minted: Minted, recipient: Recipient) -> Filed:
        """A file for the target to take; OSError where the certificates cannot be read."""
        source, request = self._credentials[minted.lease.name], recipient.request
        if isinstance(source, Redis):
            raise Refused(Code.POLICY_UNSUPPORTED, f"{minted.lease.name} is no database whose clients read such a file")
        if isinstance(source, Plain):
            secret = minted.secret("secret")
            return Filed(leased.secret_file(request), secret, secret)
        password = minted.secret("password")
        if isinstance(source, RabbitMq):
            return Filed(leased.secret_file(request), minted.secret("url"), password)
        certificates = self._resolve(source.ca).read_bytes() if source.ca else b""
        if isinstance(source, MariaDb):
            options = _options(source, minted.lease.subject, password, leased.file(request))
            return Filed(leased.mariadb_file(request), Secret(options + certificates), password)
        values = {
            "host": source.host,
            "port": str(source.port),
            "dbname": source.database,
            "user": minted.lease.subject,
            "password": password.reveal().decode(),
        }
        if certificates:
            values |= {"sslmode": "verify-full", "sslrootcert": leased.file(request)}
        return Filed(leased.postgres_file(request), Secret(_service(values) + certificates), password)


def _service(values: Mapping[str, str]) -> bytes:
    """The service and the head of another, at which libpq stops reading: certificates may follow in the same file."""
    if any("\n" in value for value in values.values()):
        raise ValueError("got a value of two lines, expected one that a service file can hold")
    lines = [f"[{leased.SERVICE}]", *(f"{name}={value}" for name, value in values.items()), "[certificates]", ""]
    return "\n".join(lines).encode()


def _options(source: MariaDb, user: str, password: Secret, path: str) -> bytes:
    """Likewise the options of every client: what stands in a group that they do not read is not looked at."""
    place = {"socket": source.host} if source.host.startswith("/") else {"host": source.host}
    values = {**place, "port": str(source.port), "user": user, "password": password.reveal().decode()}
    if any(not _PLAIN.fullmatch(value) for value in values.values()):
        raise ValueError("got a value with spaces, quotes, # or \\, expected one that an option file can hold")
    proven = [f"ssl-ca={path}", "ssl-verify-server-cert"] if source.ca else []
    lines = ["[client]", *(f"{name}={value}" for name, value in values.items()), *proven, "[certificates]", ""]
    return "\n".join(lines).encode()
