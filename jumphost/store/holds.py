"""Holds and their approvals as rows; each function runs inside a transaction of ``Store.write`` or on a reader."""

import sqlite3

import msgspec

from jumphost.errors import Code, Refused
from jumphost.model.approval import Approval, Hold, Term

_COLUMNS = tuple(field for field in Hold.__struct_fields__ if field != "approvals")
_INSERT = f"INSERT INTO hold ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + name for name in _COLUMNS)})"  # noqa: S608  # names are ours
_APPROVAL = tuple(Approval.__struct_fields__)
_INSERT_APPROVAL = (
    f"INSERT INTO approval ({', '.join(_APPROVAL)}) VALUES ({', '.join(':' + name for name in _APPROVAL)})"  # noqa: S608  # names are ours
)


def insert(connection: sqlite3.Connection, hold: Hold) -> None:
    """A new hold; sqlite3.IntegrityError if its request has a live one."""
    row = {name: getattr(hold, name) for name in _COLUMNS}
    connection.execute(_INSERT, {**row, "terms": msgspec.json.encode(hold.terms).decode()})


def update(connection: sqlite3.Connection, before: Hold, after: Hold) -> None:
    """Takes a hold from one state to the next and adds the approvals that came; at most one of two racers succeeds.

    Refused (approval.closed) if the row is no longer as ``before`` says.
    """
    changed = connection.execute(
        "UPDATE hold SET state = ?, reason = ? WHERE id = ? AND state = ?",
        (after.state, after.reason, before.id, before.state),
    ).rowcount
    if changed != 1:
        raise Refused(Code.APPROVAL_CLOSED, f"hold {before.id} is no longer {before.state}")
    for given in after.approvals[len(before.approvals) :]:
        row = {name: getattr(given, name) for name in _APPROVAL}
        connection.execute(_INSERT_APPROVAL, {**row, "groups": msgspec.json.encode(given.groups).decode()})


def live(connection: sqlite3.Connection) -> list[Hold]:
    """Pending and approved holds with their approvals, oldest first."""
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT * FROM hold WHERE state IN ('pending', 'approved') ORDER BY id").fetchall()
    return [_hold(connection, row) for row in rows]


def _hold(connection: sqlite3.Connection, row: sqlite3.Row) -> Hold:
    given = connection.execute("SELECT * FROM approval WHERE hold = ? ORDER BY rowid", (row["id"],)).fetchall()
    values = {name: row[name] for name in _COLUMNS}
    values["terms"] = msgspec.json.decode(row["terms"], type=tuple[Term, ...])
    return Hold(**values, approvals=tuple(_approval(answer) for answer in given))


def _approval(row: sqlite3.Row) -> Approval:
    values = {name: row[name] for name in _APPROVAL}
    values["groups"] = msgspec.json.decode(row["groups"], type=tuple[str, ...])
    return Approval(**values)
