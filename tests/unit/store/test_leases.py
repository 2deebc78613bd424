"""Rows of leases follow from their events."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from jumphost.model.event import Event, Kind
from jumphost.model.lease import Lease
from jumphost.store import leases, migrations
from jumphost.store.leases import Kept
from jumphost.store.projection import project

LEASE = {"lease": "l", "name": "db", "provider": "postgres", "subject": "r", "template": "ro", "expires_ns": 9}
KEPT = Kept(
    Lease("l", "postgres", "r", 9, name="db", template="ro", request="s", identity="i"),
    connection="c",
    decision="d",
    target="t",
    issued_ns=1,
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrations.migrate(connection, migrations.journal)
        yield connection


def event(kind: Kind, at_ns: int, **data: Any) -> Event:
    return Event(kind, at_ns, "s", "c", "d", "i", "t", data)


def test_a_lease_is_live_until_nothing_of_it_is_left(connection: sqlite3.Connection) -> None:
    project(connection, event(Kind.CREDENTIAL_ISSUE, 1, **LEASE, delivery="proxy"))
    assert leases.live(connection) == [KEPT]
    project(connection, event(Kind.CREDENTIAL_REVOKE, 2, lease="l", left=True))
    assert leases.live(connection) == [KEPT]
    project(connection, event(Kind.CREDENTIAL_REVOKE, 3, lease="l", left=False))
    assert leases.live(connection) == []
    assert connection.execute("SELECT revoked_ns FROM lease").fetchone()[0] == 3


def test_the_end_of_one_is_not_that_of_another(connection: sqlite3.Connection) -> None:
    for name in "ba":
        project(connection, event(Kind.CREDENTIAL_ISSUE, 1, **LEASE | {"lease": name}))
    project(connection, event(Kind.CREDENTIAL_REVOKE, 2, lease="unknown", left=False))
    assert [kept.lease.id for kept in leases.live(connection)] == ["a", "b"]


def test_certificates_have_no_rows(connection: sqlite3.Connection) -> None:
    project(connection, event(Kind.CREDENTIAL_ISSUE, 1, lease="l", provider="ssh-certificate", subject="a@b"))
    assert leases.live(connection) == []
