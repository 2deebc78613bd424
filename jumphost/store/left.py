"""What an earlier process left behind in the journal, as rows: for the start of the next one."""

import sqlite3
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from jumphost.model.event import Kind

_SEALED = (Kind.RECORDING_SEAL.value, Kind.RECORDING_RECOVERED.value)


class Left(Struct, frozen=True):
    """A session without an end, or without the seal of its recording."""

    id: str
    connection: str = ""
    identity: str = ""
    target: str = ""
    decision: str = ""
    started: bool = False  # its command may have run
    ended: bool = True
    recording: str = ""  # relative to the folder of recordings; "": none, or its name was not journalled
    bytes: int = 0  # of the recording, that the journal proves
    sha256: str = ""


def sessions(connection: sqlite3.Connection) -> list[Left]:
    """All of them, oldest first."""
    rows = connection.execute(
        "SELECT * FROM session WHERE ended_ns IS NULL UNION"
        " SELECT * FROM session WHERE recording IS NOT NULL AND sha256 IS NULL ORDER BY id"
    ).fetchall()
    return [_left(connection, row) for row in rows if row["ended_ns"] is None or not _sealed(connection, row["id"])]


def running(connection: sqlite3.Connection, since_ns: int) -> list[Left]:
    """Sessions opened since a time whose command a target may still run.

    Either nobody saw it end, and it had a login, so that it may have begun; or it was cut and could not be stopped. And
    no stop has said yet that nothing of it is left.
    """
    rows = connection.execute(
        "WITH said AS (SELECT session, kind, json_extract(CAST(body AS TEXT), '$.left') AS remains FROM event"
        "  WHERE kind IN (?, ?) AND at_ns >= ?)"
        " SELECT * FROM session WHERE opened_ns >= ? AND ("
        "  outcome = 'unknown' AND EXISTS (SELECT 1 FROM event WHERE event.session = session.id AND kind IN (?, ?))"
        "  OR id IN (SELECT session FROM said WHERE kind = ? AND remains = 1)"
        " ) AND id NOT IN (SELECT session FROM said WHERE kind = ? AND remains = 0) ORDER BY id",
        (
            *(Kind.COMMAND_CUT, Kind.COMMAND_STOP, since_ns, since_ns),
            *(Kind.CREDENTIAL_ISSUE, Kind.CREDENTIAL_USE, Kind.COMMAND_CUT, Kind.COMMAND_STOP),
        ),
    )
    return [_left(connection, row) for row in rows.fetchall()]


def unknown(connection: sqlite3.Connection, identifiers: Iterable[str]) -> list[str]:
    """Those that are no session of the journal's, and whose recording was not sealed either."""
    known = "SELECT 1 FROM session WHERE id = ?"
    return [
        identifier
        for identifier in identifiers
        if not connection.execute(known, (identifier,)).fetchone() and not _sealed(connection, identifier)
    ]


def latest(connection: sqlite3.Connection, kind: Kind | None = None) -> int:
    """When the newest event (of a kind) was, in nanoseconds since the epoch; 0 if there is none."""
    if kind is None:
        found = connection.execute("SELECT at_ns FROM event ORDER BY idx DESC LIMIT 1")
    else:
        found = connection.execute("SELECT max(at_ns) FROM event WHERE kind = ?", (kind.value,))
    row = found.fetchone()
    return int(row[0] or 0) if row else 0


def recorded(connection: sqlite3.Connection, since_ns: int) -> Mapping[str, int]:
    """Bytes that each identity recorded in the sessions since a time."""
    rows = connection.execute(
        "SELECT identity, sum(bytes) FROM session WHERE opened_ns >= ? AND bytes IS NOT NULL GROUP BY identity",
        (since_ns,),
    )
    return dict(rows.fetchall())


def _sealed(connection: sqlite3.Connection, session: str) -> bool:
    found = connection.execute("SELECT 1 FROM event WHERE session = ? AND kind IN (?, ?)", (session, *_SEALED))
    return found.fetchone() is not None


def _left(connection: sqlite3.Connection, row: sqlite3.Row) -> Left:
    body = connection.execute(
        "SELECT body FROM event WHERE session = ? AND kind = ? ORDER BY idx DESC LIMIT 1",
        (row["id"], Kind.RECORDING_PROGRESS.value),
    ).fetchone()
    progress = msgspec.json.decode(body["body"]) if body else {}
    return Left(
        id=row["id"],
        connection=row["connection"],
        identity=row["identity"],
        target=row["target"],
        decision=row["decision"] or "",
        started=row["started_ns"] is not None,
        ended=row["ended_ns"] is not None,
        recording=row["recording"] or "",
        bytes=progress.get("bytes", 0),
        sha256=progress.get("sha256", ""),
    )
