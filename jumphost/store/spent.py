"""Tokens that bought a certificate, as rows: what all copies of one have in common, and when none can come again."""

import sqlite3

from jumphost.errors import Code, Refused


def insert(connection: sqlite3.Connection, once: str, until_s: int, now_s: int) -> None:
    """Spends a token, and forgets those that ended; Refused (token.replayed) if it was spent."""
    connection.execute("DELETE FROM spent_token WHERE until_s <= ?", (now_s,))
    done = connection.execute(
        "INSERT INTO spent_token (once, until_s) VALUES (?, ?) ON CONFLICT DO NOTHING", (once, until_s)
    )
    if done.rowcount != 1:
        raise Refused(Code.TOKEN_REPLAYED, "the token has bought a certificate already")


def everything(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """All of them."""
    return [tuple(row) for row in connection.execute("SELECT once, until_s FROM spent_token")]
