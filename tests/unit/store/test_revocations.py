"""What was revoked, as rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from jumphost.store import migrations, revocations


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate(connection, migrations.journal)
        yield connection


def test_nothing_at_first(connection: sqlite3.Connection) -> None:
    assert revocations.everything(connection) == []


def test_the_first_reason_stays(connection: sqlite3.Connection) -> None:
    revocations.insert(connection, "identity", "job", "stolen", 1)
    revocations.insert(connection, "identity", "job", "again", 2)
    revocations.insert(connection, "key_id", "job", "", 3)
    assert sorted(revocations.everything(connection)) == [("identity", "job", "stolen"), ("key_id", "job", "")]
    [(at_ns,)] = connection.execute("SELECT at_ns FROM revocation WHERE kind = 'identity'")
    assert at_ns == 1
