"""The rows of leases of ``credentials:``, made of their events alone: each is live from its ``credential.issue`` to a
``credential.revoke`` that left nothing. Certificates end by themselves, and have no rows.
"""

import sqlite3

from msgspec import Struct

from jumphost.model.event import Event, Kind
from jumphost.model.lease import Lease

_TOLD = ("lease", "name", "provider", "subject", "template", "expires_ns")  # in the data of credential.issue
_INSERT = """
INSERT INTO lease
 (id, name, provider, subject, template, session, connection, decision, identity, target, issued_ns, expires_ns)
VALUES
 (:lease, :name, :provider, :subject, :template, :session, :connection, :decision, :identity, :target, :at, :expires_ns)
"""


class Kept(Struct, frozen=True):
    """A lease, and what its events say of the command that had it."""

    lease: Lease
    connection: str = ""
    decision: str = ""
    target: str = ""
    issued_ns: int = 0


def project(connection: sqlite3.Connection, event: Event) -> None:
    """Takes an event into the row of its lease, in the transaction that stores the event."""
    if event.kind is Kind.CREDENTIAL_ISSUE and event.data.get("name"):
        told = {name: event.data[name] for name in _TOLD}
        of = {"session": event.session, "connection": event.connection, "decision": event.decision}
        who = {"identity": event.identity, "target": event.target, "at": event.at_ns}
        connection.execute(_INSERT, {**told, **of, **who})
    elif event.kind is Kind.CREDENTIAL_REVOKE and not event.data["left"]:
        connection.execute("UPDATE lease SET revoked_ns = ? WHERE id = ?", (event.at_ns, event.data["lease"]))


def live(connection: sqlite3.Connection) -> list[Kept]:
    """Those whose end is not known, oldest first."""
    rows = connection.execute("SELECT * FROM lease WHERE revoked_ns IS NULL ORDER BY id").fetchall()
    return [_kept(row) for row in rows]


def _kept(row: sqlite3.Row) -> Kept:
    lease = Lease(
        id=row["id"],
        provider=row["provider"],
        subject=row["subject"],
        expires_ns=row["expires_ns"],
        name=row["name"],
        template=row["template"],
        request=row["session"],
        identity=row["identity"],
    )
    return Kept(lease, row["connection"], row["decision"], row["target"], row["issued_ns"])
