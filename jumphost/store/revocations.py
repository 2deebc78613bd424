"""What was revoked, as rows: kind, value, reason."""

import sqlite3


def insert(connection: sqlite3.Connection, kind: str, value: str, reason: str, at_ns: int) -> None:
    """Adds a revocation; the first reason stays."""
    connection.execute(
        "INSERT INTO revocation (kind, value, at_ns, reason) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (kind, value, at_ns, reason),
    )


def everything(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """All of them."""
    return [tuple(row) for row in connection.execute("SELECT kind, value, reason FROM revocation")]
