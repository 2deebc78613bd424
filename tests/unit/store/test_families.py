"""Families and locks, as rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from jumphost.errors import Code, Refused
from jumphost.store import families, migrations


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate(connection, migrations.journal)
        yield connection


def row(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {name: 10 if name.endswith("_ns") else "x" for name in families.COLUMNS}
    return {**values, "generation": 1, **changes}


def test_the_newest_takes_the_place_of_the_one_before(connection: sqlite3.Connection) -> None:
    families.put(connection, row(), 5)
    families.put(connection, row(generation=2, serial="y"), 5)
    families.put(connection, row(id="other"), 5)
    assert families.everything(connection) == [row(generation=2, serial="y"), row(id="other")]


def test_families_that_ended_are_forgotten(connection: sqlite3.Connection) -> None:
    families.put(connection, row(id="ended"), 5)
    families.put(connection, row(ends_ns=20), 11)
    assert families.everything(connection) == [row(ends_ns=20)]


def test_a_lock_keeps_its_first_reason_and_goes_once(connection: sqlite3.Connection) -> None:
    families.lock(connection, "job", "stolen", 1)
    families.lock(connection, "job", "again", 2)
    assert families.locks(connection) == [("job", 1, "stolen")]
    families.unlock(connection, "job")
    assert families.locks(connection) == []
    with pytest.raises(Refused) as caught:
        families.unlock(connection, "job")
    assert caught.value.code is Code.REQUEST_INVALID
