"""Enrolment tokens, as rows that know only their digests.

Each function runs inside a transaction of ``Store.write``.
"""

import sqlite3

from msgspec import Struct


class Enrolment(Struct, frozen=True):
    """One token; times are nanoseconds of the epoch."""

    digest: str  # SHA-256 of the token, hex
    identity: str
    created_ns: int
    expires_ns: int
    redeemed_ns: int = 0  # 0: not yet
    key: str = ""  # fingerprint of the key that it was redeemed for


_DAY_NS = 86_400 * 10**9
_COLUMNS = ", ".join(Enrolment.__struct_fields__)


def insert(connection: sqlite3.Connection, row: Enrolment) -> None:
    """A new token, and no more those that expired a day before it."""
    connection.execute("DELETE FROM enrolment WHERE expires_ns < ?", (row.created_ns - _DAY_NS,))
    values = tuple(getattr(row, name) for name in Enrolment.__struct_fields__)
    connection.execute(f"INSERT INTO enrolment ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608  # names are ours


def find(connection: sqlite3.Connection, digest: str) -> Enrolment | None:
    """The token with a digest."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM enrolment WHERE digest = ?", (digest,)).fetchone()  # noqa: S608  # names are ours
    return Enrolment(*row) if row else None


def redeem(connection: sqlite3.Connection, digest: str, key: str, at_ns: int) -> None:
    """Notes for which key a token was used."""
    connection.execute("UPDATE enrolment SET redeemed_ns = ?, key = ? WHERE digest = ?", (at_ns, key, digest))
