"""A PostgreSQL server with TLS and passwords, and a role that stands for that of a lease."""

import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jumphost.credential.delivery.backend import Place
from jumphost.secret import Secret
from jumphost.testing.databases import Server, postgres
from jumphost.testing.tls import certificate

LEASED, DATABASE = "leased", "postgres"
METHODS: Final = {LEASED: "scram-sha-256", "trusted": "trust", "spoken": "password", "hashed": "md5"}  # by role


@dataclass(frozen=True, slots=True)
class Bank:
    """The running server; its roles have one password, and are let in each by its method."""

    server: Server
    folder: Path
    port: int
    ca: Path
    password: Secret

    @property
    def place(self) -> Place:
        """By its socket."""
        return Place(host=str(self.folder), port=self.port)

    @property
    def over_tls(self) -> Place:
        """By TCP and TLS."""
        return Place(host="127.0.0.1", port=self.port, ca=str(self.ca))


@contextmanager
def bank(folder: Path) -> Iterator[Bank]:
    """Runs it in ``folder`` (short, readable to all); LookupError if PostgreSQL is not installed."""
    public, private = certificate(folder, "server")
    if os.geteuid() == 0:
        shutil.chown(private, "postgres")
    private.chmod(0o600)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    access = "".join(
        f"local all {role} {method}\nhost all {role} 127.0.0.1/32 {method}\n" for role, method in METHODS.items()
    )
    settings = ["listen_addresses=127.0.0.1", "ssl=on", f"ssl_cert_file={public}", f"ssl_key_file={private}"]
    with postgres(folder / "pg", port=port, access=access, settings=settings) as server:
        password = secrets.token_urlsafe(24)
        server.fill(
            *(f"create role {role} login password '{password}'" for role in METHODS if role != "hashed"),
            f"set password_encryption = md5; create role hashed login password '{password}'",
            f"grant select on cards to {LEASED}",
        )
        yield Bank(server, folder / "pg", port, public, Secret(password.encode()))
