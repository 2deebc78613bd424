"""docs/credentials.md says what each kind of credential takes, and its SQL makes a server that works."""

import re
import shlex
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from aiormq.exceptions import AMQPError
from msgspec.structs import replace
from redis.exceptions import ResponseError

from jumphost.config.credentials import Jwt, MariaDb, Postgres, RabbitMq, Redis, Source, Stored
from jumphost.credential.postgres import PostgresProvider
from jumphost.credential.postgres_admin import Admin
from jumphost.testing import mariadb, rabbitmq, redis
from jumphost.testing.postgres import MARK, Visitor, bank
from jumphost.testing.provider_contracts import issued
from tests.docs.test_reference import defaults, said

PAGE = (Path(__file__).parents[2] / "docs/credentials.md").read_text()


SQL = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def keys(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\| `([^`]+)` \| (.*?) \|", text, re.MULTILINE))


def checked(text: str, expected: dict[str, tuple[Any, bool]]) -> None:
    shown = keys(text)
    assert shown.keys() == expected.keys()
    for key, (default, duration) in expected.items():
        got = said(shown[key], duration)
        assert got == (list(default) if isinstance(default, tuple) else default), key


def test_every_key_of_every_kind() -> None:
    common, *kinds = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    of_all = {key: (default, duration) for key, default, duration in defaults(Source)}
    table = common[common.index("Every kind has") :]
    assert keys(table).pop("kind") == "required"
    checked(table.replace("| `kind` |", ""), of_all)
    pages = {kind.partition("\n")[0]: kind for kind in kinds}
    for kind in (Postgres, Redis, MariaDb, RabbitMq, Stored, Jwt):
        of_it = {key: (default, duration) for key, default, duration in defaults(kind)}
        own = {key: found for key, found in of_it.items() if of_all.get(key) != found}
        checked(pages[str(kind.__struct_config__.tag)], own)


async def test_the_sql_of_the_page_makes_a_server_that_works(tmp_path: Path) -> None:
    text, _ = SQL
    try:
        with bank(sealed=False) as server:
            server.sql("CREATE DATABASE payments")
            for line in ("CREATE TABLE ledger (id int)", text):
                server.sql(line, database="payments")
            (tmp_path / "admin").write_text("jumphost_admin:change me\n")
            source = replace(server.source, database="payments", template="payments_ro")
            provider = PostgresProvider(source, Admin(source, admin=tmp_path / "admin", ca=None), mark=MARK)
            minted = await issued(provider)
            visit = await Visitor.enter(minted.material)
            await visit.do("SELECT * FROM ledger")
            for refused in ("INSERT INTO ledger VALUES (1)", "CREATE TABLE t (i int)", "SELECT lo_creat(-1)"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await visit.do(refused)
            await visit.close()
            await provider.revoke(minted.lease)
            assert await provider.check(writes=False) == []
            await provider.close()
    except LookupError as missing:
        pytest.skip(str(missing))


async def test_the_users_of_the_page_make_a_redis_that_works(tmp_path: Path) -> None:
    lines = re.findall(r"^ACL SETUSER .*$", PAGE, re.MULTILINE)
    assert len(lines) == 3
    try:
        with redis.redis() as server:
            for line in lines:
                server.ask(*line.split())
            (tmp_path / "admin").write_text("jumphost_admin:CHANGE-ME\n")
            provider = server.provider(admin=str(tmp_path / "admin"))
            minted = await issued(provider)
            visit = await redis.Visitor.enter(minted.material)
            await visit.ask()
            with pytest.raises(ResponseError, match="no permissions"):
                await visit.do("SET", "cards:1", "x")
            await visit.close()
            await provider.revoke(minted.lease)
    except LookupError as missing:
        pytest.skip(str(missing))


async def test_the_users_of_the_page_make_a_mariadb_that_works(tmp_path: Path) -> None:
    (tmp_path / "admin").write_text("jumphost_admin:change me\n")
    try:
        with mariadb.books() as server:
            server.sql("CREATE DATABASE payments; CREATE TABLE payments.ledger (id int)")
            server.sql(SQL[1])
            provider = server.provider(admin=str(tmp_path / "admin"), template="payments_ro")
            minted = await issued(provider)
            visit = await mariadb.Visitor.enter(minted.material)
            await visit.do("SELECT * FROM payments.ledger")
            with pytest.raises(pymysql.Error, match="denied"):
                await visit.do("INSERT INTO payments.ledger VALUES (1)")
            await visit.close()
            await provider.revoke(minted.lease)
            assert await provider.left() == []
    except LookupError as missing:
        pytest.skip(str(missing))


async def test_the_users_of_the_page_make_a_rabbitmq_that_works(tmp_path: Path) -> None:
    lines = re.findall(r"^rabbitmqctl (.*)$", PAGE, re.MULTILINE)
    assert len(lines) == 5
    (tmp_path / "admin").write_text("jumphost_admin:CHANGE-ME\n")
    try:
        with rabbitmq.rabbitmq() as server:
            server.ask("DELETE", f"users/{rabbitmq.TEMPLATE}")
            for line in lines:
                server.control(*shlex.split(line))
            provider = server.provider(admin=str(tmp_path / "admin"))
            minted = await issued(provider)
            visit = await rabbitmq.Visitor.enter(minted.material)
            await visit.ask()
            await visit.send("a")
            with pytest.raises(AMQPError, match="refused"):
                await visit.declare()
            await visit.close()
            await provider.revoke(minted.lease)
            assert await provider.left() == []
    except LookupError as missing:
        pytest.skip(str(missing))
