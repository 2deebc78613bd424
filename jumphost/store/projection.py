"""The row of a session, made of its events and of nothing else: it can be thrown away and made again.

A column is filled from the datum of the same name in the events listed here. What comes later replaces what was said
before, except at ``session.close``, which only fills what is still unknown. A session that has no end when the gateway
starts ended with the process that served it, at the latest by then. Append-only, as the events are.
"""

import sqlite3

from jumphost.model.event import Event, Kind
from jumphost.store import leases

FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.SESSION_OPEN: ("operation", "login", "purpose", "correlation", "source", "issuer", "serial", "key_id"),
    Kind.COMMAND_REQUEST: ("operation", "login", "command", "purpose", "correlation", "request_digest"),
    Kind.COMMAND_DECISION: ("effect", "code", "command", "revision", "request_digest"),
    Kind.REQUEST_REFUSED: ("code", "command"),
    Kind.HOLD_OPEN: ("hold",),
    Kind.COMMAND_START: ("login", "hold", "recording"),
    Kind.COMMAND_EXIT: ("status", "signal", "outcome"),
    Kind.COMMAND_CUT: ("outcome",),
    Kind.RECORDING_OPEN: ("recording",),
    Kind.RECORDING_SEAL: ("recording", "bytes", "sha256"),
    Kind.RECORDING_RECOVERED: ("recording", "bytes", "sha256"),
    Kind.SESSION_CLOSE: ("code", "status", "signal", "outcome"),
}
_TIMES: dict[Kind, str] = {
    Kind.COMMAND_START: "started_ns",
    Kind.COMMAND_EXIT: "ended_ns",
    Kind.SESSION_CLOSE: "ended_ns",
}


# one process writes a journal (store.database), so nothing of an earlier one is left when it starts
_INTERRUPT = """
UPDATE session SET ended_ns = ?, outcome = CASE WHEN started_ns IS NULL THEN 'interrupted' ELSE 'unknown' END
WHERE ended_ns IS NULL
"""


def project(connection: sqlite3.Connection, event: Event) -> None:
    """Takes one event into the row of its session or lease, in the transaction that stores the event."""
    leases.project(connection, event)
    if event.kind is Kind.SYSTEM_START:
        connection.execute(_INTERRUPT, (event.at_ns,))
    if not event.session or event.kind not in FIELDS:
        return
    if event.kind is Kind.SESSION_OPEN:
        connection.execute(
            "INSERT INTO session (id, connection, identity, target, opened_ns) VALUES (?, ?, ?, ?, ?)",
            (event.session, event.connection, event.identity, event.target, event.at_ns),
        )
    values = {name: event.data[name] for name in FIELDS[event.kind] if event.data.get(name) not in (None, "")}
    if time := _TIMES.get(event.kind):
        values[time] = event.at_ns
    if event.kind is Kind.COMMAND_DECISION:
        values["decision"] = event.decision
    if not values:
        return
    first_wins = event.kind is Kind.SESSION_CLOSE
    assignments = ", ".join(
        f"{column} = coalesce({column}, :{column})" if first_wins else f"{column} = :{column}" for column in values
    )
    connection.execute(f"UPDATE session SET {assignments} WHERE id = :id", {**values, "id": event.session})  # noqa: S608  # names are ours
