"""Families of renewed certificates and locked identities, as rows.

Each function runs in a transaction of ``Store.write`` or on a reader.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from jumphost.errors import Code, Refused

COLUMNS = (
    *("identity", "id", "generation", "serial", "parent", "key", "certificate"),
    *("issued_ns", "issued_to", "ends_ns", "used_ns", "used_from"),
)
_PUT = (
    f"INSERT INTO family ({', '.join(COLUMNS)}) VALUES ({', '.join(':' + name for name in COLUMNS)})"  # noqa: S608  # names are ours
    f" ON CONFLICT (identity, id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[2:])}"
)


def put(connection: sqlite3.Connection, row: Mapping[str, Any], now_ns: int) -> None:
    """Keeps the newest certificate of a family, and forgets families whose newest has ended: none of theirs logs in."""
    connection.execute("DELETE FROM family WHERE ends_ns < ?", (now_ns,))
    connection.execute(_PUT, row)


def everything(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All families."""
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM family")  # noqa: S608  # names are ours
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def lock(connection: sqlite3.Connection, identity: str, reason: str, at_ns: int) -> None:
    """Locks an identity; the first reason stays."""
    connection.execute(
        "INSERT INTO identity_lock (identity, at_ns, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (identity, at_ns, reason),
    )


def unlock(connection: sqlite3.Connection, identity: str) -> None:
    """Takes the lock away; Refused (request.invalid) if there is none."""
    if connection.execute("DELETE FROM identity_lock WHERE identity = ?", (identity,)).rowcount != 1:
        raise Refused(Code.REQUEST_INVALID, f"the identity {identity} is not locked")


def locks(connection: sqlite3.Connection) -> Sequence[tuple[str, int, str]]:
    """Locked identities: name, since when, why."""
    return [tuple(row) for row in connection.execute("SELECT identity, at_ns, reason FROM identity_lock")]
