"""Enrolment tokens, as rows; what they are for is in tests/unit/identity/test_enrolment.py."""

import sqlite3
from contextlib import closing

from jumphost.store import enrolments, migrations
from jumphost.store.enrolments import Enrolment


def test_a_row_goes_in_is_found_and_redeemed() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.migrate(connection, migrations.journal)
        row = Enrolment("digest", "job", 1, 2)
        enrolments.insert(connection, row)
        assert enrolments.find(connection, "digest") == row
        assert enrolments.find(connection, "other") is None
        enrolments.redeem(connection, "digest", "SHA256:key", 7)
        assert enrolments.find(connection, "digest") == Enrolment("digest", "job", 1, 2, 7, "SHA256:key")
