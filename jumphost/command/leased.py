"""Where a command finds what it was leased, told by its request alone: gateway, signer and stop script say the same.

Nothing here is secret: it stands in the string that a target's sshd logs.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FOLDER: Final = "/tmp"  # noqa: S108  # where sshd can make a socket for every login; nobody takes another's name there
_LOWEST, _HIGHEST = 1024, 65_535  # of the ports that libpq takes for the name of a socket


def port(request: str) -> int:
    """The number in the name of the request's socket: one that few others have at the same time."""
    return _LOWEST + int.from_bytes(hashlib.sha256(request.encode()).digest()[:8], "big") % (_HIGHEST - _LOWEST + 1)


def socket(request: str) -> str:
    """The path of the request's socket, as clients of PostgreSQL look for it."""
    return f"{FOLDER}/.s.PGSQL.{port(request)}"


def postgres(request: str, *, login: str, database: str) -> Mapping[str, str]:
    """The environment of a command that reaches a database by its request's socket.

    PGREQUIREPEER: a server of another login, which took the path before us, is not believed. User and database are what
    the client calls them; the session has those of the lease.
    """
    return MappingProxyType(
        {
            "PGHOST": FOLDER,
            "PGPORT": str(port(request)),
            "PGREQUIREPEER": login,
            "PGUSER": login,
            "PGDATABASE": database,
        }
    )
