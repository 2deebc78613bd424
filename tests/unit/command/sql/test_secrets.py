"""Tables that hold secrets of the databases themselves."""

import pytest

from jumphost.command.facts import analyse
from jumphost.command.sql.secrets import holds_secrets


def named(text: str) -> bool:
    (found,) = analyse(text.encode()).sql
    return holds_secrets(found)


@pytest.mark.parametrize(
    "text",
    [
        "psql -X -c 'select passwd from pg_shadow'",
        "psql -X -c 'table PG_CATALOG.PG_AUTHID'",
        "psql -X -c 'select 1; select * from a join pg_user_mappings m on true'",
        "psql -X -c 'with s as (select * from pg_authid) select * from s'",
        "psql -X -c 'select * from information_schema.user_mapping_options'",
        "mysql -e 'select * from mysql.user'",
        "mysql -e 'select * from `MySQL`.`global_priv`'",
    ],
)
def test_named(text: str) -> None:
    assert named(text)


@pytest.mark.parametrize(
    "text",
    [
        "psql -X -c 'select * from pg_stat_activity'",
        "psql -X -c 'select * from shop.pg_authid'",
        "psql -X -c 'select * from mysql.user'",
        "mysql -e 'select * from shop.user'",
        "mysql -e 'select * from user'",  # of which database the profile sees to: none is mysql
        "sqlite3 x.db 'select * from pg_authid'",
    ],
)
def test_others(text: str) -> None:
    assert not named(text)
