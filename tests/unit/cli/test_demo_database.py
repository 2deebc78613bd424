"""The part of the demo that needs PostgreSQL: it is not told without one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jumphost.cli import demo_database


def test_without_postgresql_there_is_no_such_part(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def missing() -> Iterator[None]:
        raise LookupError("initdb is not installed")
        yield

    monkeypatch.setattr(demo_database, "bank", missing)
    with demo_database.database() as found:
        assert found is None


def test_it_has_tables_that_a_lease_may_read_and_one_that_its_owner_may_drop() -> None:
    with demo_database.database() as made:
        if made is None:
            pytest.skip("install postgresql: no initdb")
        owner = made._bank.sql("select tableowner from pg_tables where tablename = 'cards_2025'")
        assert owner == demo_database.OWNER
