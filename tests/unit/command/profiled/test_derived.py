"""Effects that follow from SQL and HTTP."""

from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.command.profiled.derived import derived
from jumphost.model.request import Http, Sql, Statement, Table

SELECT = Statement("select", read_only=True)
KNOWN = Sql(1, "postgres", "-c", "…", parse_ok=True, statements=(SELECT,))
GET = Http(1, "GET", "https://a/", "https", "a", 443, "/")


def test_nothing_follows_where_the_profile_does_not_say_so() -> None:
    assert derived("", 1, [KNOWN], [GET]) == ()


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ({}, "db_read"),
        ({"cmd": 2}, "db_write"),
        ({"parse_ok": False}, "db_write"),
        ({"opaque": ("file",)}, "db_write"),
        ({"statements": ()}, "db_write"),
        ({"statements": (SELECT, replace(SELECT, read_only=False))}, "db_write"),
    ],
)
def test_sql(changes: dict[str, Any], effect: str) -> None:
    assert derived("sql", 1, [replace(KNOWN, **changes)], []) == (effect,)


def test_a_table_of_secrets_is_an_effect_of_its_own() -> None:
    secret = replace(SELECT, tables=(Table("", "", "pg_authid", "read"),))
    assert derived("sql", 1, [KNOWN, replace(KNOWN, statements=(secret,))], []) == ("db_read", "secret_read")


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ({}, "net_read"),
        ({"method": "HEAD", "output": "/dev/null"}, "net_read"),
        ({"cmd": 2}, "net_write"),
        ({"method": "POST"}, "net_write"),
        ({"body": "file"}, "net_write"),
        ({"output": "/tmp/x"}, "net_write"),
        ({"proxy": "p:1"}, "net_write"),
        ({"url_k": "dynamic"}, "net_write"),
    ],
)
def test_http(changes: dict[str, Any], effect: str) -> None:
    assert derived("http", 1, [], [replace(GET, **changes)]) == (effect,)
