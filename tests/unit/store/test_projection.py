import sqlite3
from contextlib import closing

import pytest

from jumphost.model.event import Event, Kind
from jumphost.store import migrations
from jumphost.store.projection import FIELDS, project

K = Kind
WAY_OF_ONE_COMMAND = (
    Event(K.SESSION_OPEN, 1, "s", "c", "", "i", "t", {"login": "app", "issuer": "main", "serial": "7"}),
    Event(K.COMMAND_DECISION, 2, "s", "c", "d1", "i", "t", {"effect": "hold", "code": "a.b.hold", "command": "ls"}),
    Event(K.HOLD_OPEN, 3, "s", "c", "d1", "i", "t", {"hold": "h"}),
    Event(K.COMMAND_DECISION, 4, "s", "c", "d2", "i", "t", {"effect": "allow", "code": "a.b.ok", "command": "ls"}),
    Event(K.COMMAND_START, 5, "s", "c", "d2", "i", "t", {"login": "app", "hold": "h", "recording": "x.cast"}),
    Event(K.MASK_COUNT, 6, "s", "c", "d2", "i", "t", {"status": 99}),
    Event(K.COMMAND_EXIT, 7, "s", "c", "d2", "i", "t", {"status": 3, "signal": "", "outcome": "exited"}),
    Event(K.RECORDING_SEAL, 8, "s", "c", "d2", "i", "t", {"bytes": 10, "sha256": "ff"}),
    Event(K.SESSION_CLOSE, 9, "s", "c", "", "i", "t", {"code": "", "status": 70, "effect": "allowed", "outcome": "z"}),
)  # fmt: skip


@pytest.fixture
def connection():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrations.migrate(connection, migrations.journal)
        yield connection


def rows(connection: sqlite3.Connection, *events: Event) -> list[dict[str, object]]:
    for event in events:
        project(connection, event)
    found = connection.execute("SELECT * FROM session ORDER BY id").fetchall()
    return [{key: row[key] for key in row.keys() if row[key] is not None} for row in found]  # noqa: SIM118


def test_the_way_of_one_command(connection: sqlite3.Connection) -> None:
    assert rows(connection, *WAY_OF_ONE_COMMAND) == [
        {
            "id": "s", "connection": "c", "identity": "i", "target": "t", "login": "app",
            "issuer": "main", "serial": "7", "opened_ns": 1, "started_ns": 5, "ended_ns": 7, "command": "ls",
            "decision": "d2", "effect": "allow", "code": "a.b.ok", "hold": "h", "status": 3, "outcome": "exited",
            "recording": "x.cast", "bytes": 10, "sha256": "ff",
        }
    ]  # fmt: skip


def test_a_denial_ends_with_what_its_close_says(connection: sqlite3.Connection) -> None:
    opened = Event(K.SESSION_OPEN, 1, "s", "c", "", "i", "t")
    closed = Event(K.SESSION_CLOSE, 2, "s", "c", "d", "i", "t", {"code": "target.unavailable", "status": 77})
    [row] = rows(connection, opened, closed)
    assert (row["code"], row["status"], row["ended_ns"]) == ("target.unavailable", 77, 2)
    assert "started_ns" not in row


def test_events_of_no_session_change_nothing(connection: sqlite3.Connection) -> None:
    assert rows(connection, Event(K.COMMAND_EXIT, 1, data={"status": 1})) == []
    assert rows(connection, Event(K.COMMAND_EXIT, 1, "unknown", data={"status": 1})) == []


def test_a_start_ends_what_the_process_before_it_left(connection: sqlite3.Connection) -> None:
    def opened(name: str) -> Event:
        return Event(K.SESSION_OPEN, 1, name, "c", "", "i", "t")

    found = rows(
        connection,
        opened("held"),
        opened("ran"),
        Event(K.COMMAND_START, 2, "ran", "c"),
        opened("whole"),
        Event(K.COMMAND_START, 2, "whole", "c"),
        Event(K.COMMAND_EXIT, 3, "whole", "c", data={"status": 0, "outcome": "exited"}),
        Event(K.SESSION_CLOSE, 4, "whole", "c"),
        Event(K.SYSTEM_START, 9),
    )
    assert [(row["id"], row["outcome"], row["ended_ns"]) for row in found] == [
        ("held", "interrupted", 9),
        ("ran", "unknown", 9),
        ("whole", "exited", 3),
    ]


def test_every_field_has_a_column(connection: sqlite3.Connection) -> None:
    columns = {row["name"] for row in connection.execute("PRAGMA table_info(session)")}
    assert {field for fields in FIELDS.values() for field in fields} <= columns


def test_a_value_of_the_wrong_type_is_refused(connection: sqlite3.Connection) -> None:
    project(connection, Event(K.SESSION_OPEN, 1, "s", "c", "", "i", "t"))
    with pytest.raises(sqlite3.IntegrityError):
        project(connection, Event(K.COMMAND_EXIT, 1, "s", "c", data={"status": "three"}))
