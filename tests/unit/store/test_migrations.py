import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from jumphost.model.approval import Approval, Hold
from jumphost.store import migrations


@pytest.fixture
def connection(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "t.db", isolation_level=None)) as connection:
        migrations.migrate(connection, migrations.journal)
        yield connection


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def test_again_changes_nothing(connection: sqlite3.Connection) -> None:
    before = connection.execute("SELECT sql FROM sqlite_schema").fetchall()
    migrations.migrate(connection, migrations.journal)
    assert connection.execute("SELECT sql FROM sqlite_schema").fetchall() == before


def test_the_tables_hold_what_the_model_says(connection: sqlite3.Connection) -> None:
    assert columns(connection, "hold") == set(Hold.__struct_fields__) - {"approvals"}
    assert columns(connection, "approval") == set(Approval.__struct_fields__)


@pytest.mark.parametrize("statement", ["UPDATE event SET kind = 'x'", "DELETE FROM event"])
def test_the_journal_is_append_only(connection: sqlite3.Connection, statement: str) -> None:
    connection.execute("INSERT INTO event VALUES ('l', 0, 0, 'k', '', '', '', '', '', x'00')")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)


def test_one_live_hold_a_request(connection: sqlite3.Connection) -> None:
    insert = "INSERT INTO hold VALUES (?, ?, 'digest', '', '', '', '', '', '[]', '', 0, 0, '', '', '', '')"
    connection.execute(insert, ("1", "consumed"))
    connection.execute(insert, ("2", "approved"))
    with pytest.raises(sqlite3.IntegrityError, match=r"hold\.request_digest"):
        connection.execute(insert, ("3", "pending"))
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(insert, ("4", "guessed"))
