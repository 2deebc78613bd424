"""Where a command finds what it was leased, told by its request alone: gateway, signer and stop script say the same.

Nothing here is secret: it stands in the string that a target's sshd logs.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from jumphost.model.target import Kind

FOLDER: Final = "/tmp"  # noqa: S108  # where sshd can make a socket for every login; nobody takes another's name there
SERVICE: Final = "lease"  # of the service file that clients of PostgreSQL read
REDIS: Final = f"{FOLDER}/redis.sock"  # in a sandbox, which has the folder to itself: `redis-cli -s /tmp/redis.sock`
OPTIONS: Final = "my.cnf"  # what clients of MariaDB look for in a folder that they are told; others are told the file
_LOWEST, _HIGHEST = 1024, 65_535  # of the ports that libpq takes for the name of a socket


def port(request: str) -> int:
    """The number in the name of the request's socket: one that few others have at the same time."""
    return _LOWEST + int.from_bytes(hashlib.sha256(request.encode()).digest()[:8], "big") % (_HIGHEST - _LOWEST + 1)


def socket(request: str) -> str:
    """The path of the request's socket, as clients of PostgreSQL look for it."""
    return f"{FOLDER}/.s.PGSQL.{port(request)}"


def folder(request: str) -> str:
    """The folder of the request's file: in memory, and the login's alone."""
    return f"/dev/shm/.jumphost-{request}"  # noqa: S108  # tmpfs on every Linux; made anew with mode 0700, or not at all


def file(request: str) -> str:
    """The path of the request's file."""
    return f"{folder(request)}/{OPTIONS}"


def postgres_file(request: str) -> Mapping[str, str]:
    """The environment of a command that reads in its request's file where its database is, and the secret."""
    return MappingProxyType({"PGSERVICEFILE": file(request), "PGSERVICE": SERVICE})


def mariadb_file(request: str) -> Mapping[str, str]:
    """Likewise for a command whose database is a MariaDB."""
    return MappingProxyType({"MYSQL_HOME": folder(request)})


def secret_file(request: str) -> Mapping[str, str]:
    """The environment of a command whose request's file holds a secret and nothing else."""
    return MappingProxyType({"JUMPHOST_CREDENTIAL_FILE": file(request)})


def postgres(request: str, *, kind: Kind, login: str, database: str) -> Mapping[str, str]:
    """The environment of a command that reaches a database by its request's socket, on a target of a kind.

    PGREQUIREPEER: a server of another login, which took the path before us, is not believed; in a sandbox there are no
    others. User and database are what the client calls them; the session has those of the lease.
    """
    peer = {"PGREQUIREPEER": login} if kind == "ssh" else {}
    place = {"PGHOST": FOLDER, "PGPORT": str(port(request))}
    return MappingProxyType({**place, **peer, "PGUSER": login, "PGDATABASE": database})
