"""Delivery by file: what clients of PostgreSQL call a service file, with all that they need, the secret too."""

from collections.abc import Callable, Mapping
from pathlib import Path

from jumphost.command import leased
from jumphost.config.credentials import Credential, Postgres
from jumphost.credential.base import Minted, Recipient
from jumphost.errors import Code, Refused
from jumphost.secret import Secret
from jumphost.stream import Socket


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
        if not isinstance(source, Postgres):
            raise Refused(Code.POLICY_UNSUPPORTED, f"{minted.lease.name} is no database whose clients read such a file")
        password = minted.secret("password")
        values = {
            "host": source.host,
            "port": str(source.port),
            "dbname": source.database,
            "user": minted.lease.subject,
            "password": password.reveal().decode(),
        }
        certificates = b""
        if source.ca:
            certificates = self._resolve(source.ca).read_bytes()
            values |= {"sslmode": "verify-full", "sslrootcert": leased.file(request)}
        return Filed(leased.postgres_file(request), Secret(_service(values) + certificates), password)


def _service(values: Mapping[str, str]) -> bytes:
    """The service and the head of another, at which libpq stops reading: certificates may follow in the same file."""
    if any("\n" in value for value in values.values()):
        raise ValueError("got a value of two lines, expected one that a service file can hold")
    lines = [f"[{leased.SERVICE}]", *(f"{name}={value}" for name, value in values.items()), "[certificates]", ""]
    return "\n".join(lines).encode()
