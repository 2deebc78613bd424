"""Spent tokens, as rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from jumphost.errors import Code, Refused
from jumphost.store import migrations, spent


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate(connection, migrations.journal)
        yield connection


def test_each_once(connection: sqlite3.Connection) -> None:
    spent.insert(connection, "a", 100, 1)
    spent.insert(connection, "b", 50, 1)
    with pytest.raises(Refused) as caught:
        spent.insert(connection, "a", 200, 99)
    assert caught.value.code is Code.TOKEN_REPLAYED
    assert spent.everything(connection) == [("a", 100)], "what ended is forgotten"


def test_forgotten_when_it_cannot_come_again(connection: sqlite3.Connection) -> None:
    spent.insert(connection, "a", 100, 1)
    spent.insert(connection, "a", 300, 100)
    assert spent.everything(connection) == [("a", 300)]
