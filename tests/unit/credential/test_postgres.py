"""Roles of one command on a real PostgreSQL: the contract of providers, and each trap that was measured."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jumphost.clock import SystemClock, new_id
from jumphost.credential.base import Material, Minted
from jumphost.credential.postgres import PostgresProvider
from jumphost.credential.postgres_admin import SET_OPTION
from jumphost.errors import Code, Unavailable
from jumphost.model.lease import Lease
from jumphost.secret import Secret
from jumphost.testing.postgres import ADMIN, MARK, TEMPLATE, Bank, Visitor, bank
from jumphost.testing.provider_contracts import PROVIDER, Bench, issued, planned


class PostgresBench:
    refusals = (psycopg.Error,)

    def __init__(self, bank: Bank) -> None:
        self.provider = bank.provider()
        self.astray = bank.provider(host="127.0.0.1", port=1)

    async def enter(self, material: Material) -> Visitor:
        return await Visitor.enter(material)


@pytest.fixture(scope="module")
def server() -> Iterator[Bank]:
    try:
        with bank(settings=("log_statement=all",)) as made:
            yield made
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture
async def provider(server: Bank) -> AsyncIterator[PostgresProvider]:
    made = server.provider()
    yield made
    await made.close()


@pytest.mark.parametrize("check", PROVIDER, ids=lambda check: check.__name__)
async def test_contract(server: Bank, check: Callable[[Bench], Awaitable[None]]) -> None:
    bench = PostgresBench(server)
    await check(bench)
    await bench.provider.close()


def roles(server: Bank) -> str:
    return server.sql(f"SELECT count(*) FROM pg_roles WHERE rolname LIKE 'jumphost\\_{MARK}\\_%'")


async def test_what_the_role_is(server: Bank, provider: PostgresProvider) -> None:
    minted = await issued(provider)
    name = minted.lease.subject
    assert name.split("_")[:3] == ["jumphost", MARK, minted.lease.request.replace("-", "")]
    assert minted.material["database"] == "postgres"
    columns = "rolcanlogin, rolinherit, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    assert server.sql(f"SELECT {columns}, rolconnlimit FROM pg_roles WHERE rolname = '{name}'") == "t|t|f|f|f|f|f|4"
    left = server.sql(
        "SELECT abs(extract(epoch FROM rolvaliduntil) - extract(epoch FROM now()) - 60) < 30"
        f" FROM pg_roles WHERE rolname = '{name}'"
    )
    assert left == "t"
    await provider.revoke(minted.lease)
    assert roles(server) == "0"


async def test_no_password_reaches_the_server(server: Bank, provider: PostgresProvider) -> None:
    minted = await issued(provider)
    password = minted.material["password"]
    assert isinstance(password, Secret)
    assert minted.lease.subject in server.log
    assert "PASSWORD 'SCRAM-SHA-256$" in server.log
    assert password.reveal().decode() not in server.log
    await provider.revoke(minted.lease)


async def test_only_so_many_sessions_at_once(server: Bank, provider: PostgresProvider) -> None:
    minted = await issued(provider)
    visits = [await Visitor.enter(minted.material) for _ in range(4)]
    with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
        await Visitor.enter(minted.material)
    await provider.revoke(minted.lease)
    for visit in visits:
        await visit.close()


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO cards VALUES (9)",
        "UPDATE cards SET amount = 0",
        "DELETE FROM cards",
        "TRUNCATE cards",
        "DROP TABLE cards",
        "SELECT * FROM audit.log",
        "CREATE TABLE t (i int)",
        "CREATE SCHEMA s",
        "CREATE TEMP TABLE t (i int)",
        "CREATE ROLE r",
        "SELECT lo_creat(-1)",
        "COPY cards TO PROGRAM 'id'",
        "SELECT pg_read_file('/etc/passwd')",
        f"SET ROLE {ADMIN}",
        "SET SESSION AUTHORIZATION tester",
    ],
)
async def test_only_missing_grants_stop_anything(server: Bank, provider: PostgresProvider, text: str) -> None:
    minted = await issued(provider)
    visit = await Visitor.enter(minted.material, options="-c default_transaction_read_only=off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await visit.do(text)
    await visit.close()
    await provider.revoke(minted.lease)


async def test_read_only_settings_stop_nothing(server: Bank, provider: PostgresProvider) -> None:
    """Why a template is judged by its grants: a session takes back what was set for it."""
    server.sql(f"ALTER ROLE {TEMPLATE} SET default_transaction_read_only = on; GRANT INSERT ON cards TO {TEMPLATE}")
    minted = await issued(provider)
    visit = await Visitor.enter(minted.material)
    await visit.do("BEGIN READ WRITE; INSERT INTO cards VALUES (99); ROLLBACK")
    await visit.close()
    await provider.revoke(minted.lease)
    server.sql(f"ALTER ROLE {TEMPLATE} RESET ALL; REVOKE INSERT ON cards FROM {TEMPLATE}")


async def test_nobody_becomes_the_template_where_the_server_can_say_so(
    server: Bank, provider: PostgresProvider
) -> None:
    """What is made as the template outlives the lease; before PostgreSQL 16 missing grants alone keep it from that."""
    minted = await issued(provider)
    visit = await Visitor.enter(minted.material)
    if visit.connection.info.server_version >= SET_OPTION:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await visit.do(f"SET ROLE {TEMPLATE}")
    else:
        await visit.do(f"SET ROLE {TEMPLATE}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await visit.do("CREATE TABLE public.t (i int)")
    await visit.close()
    await provider.revoke(minted.lease)


OWNED = {
    "large object": "SELECT lo_create(4711); SELECT lo_put(4711, 0, 'x')",
    "temp table": "CREATE TEMP TABLE mine (i int)",
    "table": "CREATE SCHEMA mine CREATE TABLE t (i int)",
    "default privileges": "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "function": "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
}


@pytest.fixture
def loose(server: Bank) -> Iterator[Bank]:
    """A template that lets its members own things."""
    grants = "CREATE, TEMPORARY ON DATABASE postgres"
    objects = "EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid)"
    server.sql(f"GRANT {grants} TO {TEMPLATE}; GRANT {objects} TO {TEMPLATE}")
    yield server
    server.sql(f"REVOKE {grants} FROM {TEMPLATE}; REVOKE {objects} FROM {TEMPLATE}")


@pytest.mark.parametrize("what", OWNED)
@pytest.mark.parametrize("open_", [True, False], ids=["open", "closed"])
async def test_what_it_owns_goes_with_it(loose: Bank, provider: PostgresProvider, what: str, open_: bool) -> None:
    minted = await issued(provider)
    visit = await Visitor.enter(minted.material)
    await visit.do(OWNED[what])
    if not open_:
        await visit.close()
    await provider.revoke(minted.lease)
    await visit.close()
    assert roles(loose) == "0"
    owners = "SELECT relowner FROM pg_class UNION SELECT lomowner FROM pg_largeobject_metadata"
    assert loose.sql(f"SELECT count(*) FROM ({owners}) o (id) WHERE id NOT IN (SELECT oid FROM pg_roles)") == "0"


async def test_what_it_owns_in_another_database_goes_too(loose: Bank, provider: PostgresProvider) -> None:
    loose.sql("CREATE DATABASE other")
    loose.sql(f"GRANT CREATE, TEMPORARY ON DATABASE other TO {TEMPLATE}")
    minted = await issued(provider)
    visit = await Visitor.enter(minted.material, database="other")
    await visit.do("CREATE SCHEMA mine CREATE TABLE t (i int)")
    await provider.revoke(minted.lease)
    await visit.close()
    assert roles(loose) == "0"
    loose.sql("DROP DATABASE other")


async def test_what_an_owner_granted_it_itself_is_for_a_superuser_to_take_back(
    server: Bank, provider: PostgresProvider, tmp_path: Path
) -> None:
    """Nobody has a reason to; the role stays, shut and alone, until somebody has looked."""
    minted = await issued(provider)
    server.sql(f"GRANT TEMPORARY, CONNECT ON DATABASE postgres, template1 TO {minted.lease.subject}")
    with pytest.raises(Unavailable) as failed:
        await provider.revoke(minted.lease)
    assert "cannot be dropped because some objects depend on it" in failed.value.detail
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        await Visitor.enter(minted.material)
    server.sql("CREATE ROLE chief SUPERUSER LOGIN PASSWORD 'c'")
    (tmp_path / "chief").write_text("chief:c")
    mighty = server.provider(admin=str(tmp_path / "chief"))
    await mighty.revoke(minted.lease)
    await mighty.close()
    server.sql("DROP ROLE chief")
    assert roles(server) == "0"


async def test_a_session_in_the_middle_of_something_ends(loose: Bank, provider: PostgresProvider) -> None:
    minted = await issued(provider)
    visit, sleeping = await Visitor.enter(minted.material), await Visitor.enter(minted.material)
    await visit.do("BEGIN; CREATE SCHEMA mine; LOCK TABLE cards IN ACCESS SHARE MODE")
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(ended(sleeping, "SELECT pg_sleep(1000)"))
        await asyncio.sleep(0)
        await provider.revoke(minted.lease)
        assert await waiting
    await visit.close()
    assert roles(loose) == "0"


async def test_no_role_is_dropped_under_a_session_that_does_not_end(
    server: Bank, provider: PostgresProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would live on, and nobody but a superuser could end it any more."""
    monkeypatch.setattr("jumphost.credential.postgres.TERMINATE_MS", 50)
    minted = await issued(provider)
    visit = await Visitor.enter(minted.material)
    backend = visit.connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable) as failed:
            await provider.revoke(minted.lease)
        assert failed.value.detail == "sessions of the role do not end"
        assert roles(server) == "1"
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            await Visitor.enter(minted.material)
    finally:
        os.kill(backend, signal.SIGCONT)
    await provider.revoke(minted.lease)
    assert roles(server) == "0"
    await visit.close()


async def ended(visit: Visitor, text: str) -> bool:
    """Whether the server ended the session that was doing it."""
    with pytest.raises(psycopg.OperationalError):
        await visit.do(text)
    return visit.connection.closed


async def test_what_others_depend_on_is_not_dropped_with_it(loose: Bank, provider: PostgresProvider) -> None:
    """The role stays, shut and alone, until somebody has looked; then the next attempt ends it."""
    minted = await issued(provider)
    visit = await Visitor.enter(minted.material)
    await visit.do("CREATE SCHEMA mine CREATE TABLE t (i int)")
    loose.sql("CREATE VIEW theirs AS SELECT * FROM mine.t")
    with pytest.raises(Unavailable) as failed:
        await provider.revoke(minted.lease)
    assert "cannot drop desired object(s)" in failed.value.detail
    for entering in (Visitor.enter(minted.material), visit.ask()):
        with pytest.raises(psycopg.OperationalError):
            await entering
    loose.sql("DROP VIEW theirs")
    await provider.revoke(minted.lease)
    assert roles(loose) == "0"


@pytest.mark.parametrize("subject", ["postgres", "tester", ADMIN, TEMPLATE, "", "jumphost_x", f"jumphost_{MARK}_1_2"])
async def test_no_role_of_others_is_ever_ended(server: Bank, provider: PostgresProvider, subject: str) -> None:
    with pytest.raises(Unavailable, match="failed"):
        await provider.revoke(Lease("", "postgres", subject, 0))
    assert server.sql(f"SELECT count(*) FROM pg_roles WHERE rolname = '{subject}' AND NOT rolcanlogin") in ("0", "1")
    assert server.sql("SELECT 1") == "1"


async def test_names_that_need_quotes(server: Bank) -> None:
    template = 'odd "name'
    server.sql(f'CREATE ROLE "{template.replace(chr(34), chr(34) * 2)}" IN ROLE {TEMPLATE} ADMIN {ADMIN}')
    provider = server.provider(template=template)
    minted = await issued(provider)
    visit = await Visitor.enter(minted.material)
    await visit.ask()
    await visit.close()
    await provider.revoke(minted.lease)
    await provider.close()


async def test_a_template_that_is_not_there(server: Bank) -> None:
    provider = server.provider(template="nobody")
    lease = planned(provider)
    with pytest.raises(Unavailable) as failed:
        await provider.issue(lease)
    assert failed.value.code is Code.CREDENTIAL_UNAVAILABLE
    assert failed.value.detail == 'role "nobody" does not exist'
    assert roles(server) == "0", "half of it is undone by the server"
    await provider.revoke(lease)
    await provider.close()


async def test_an_admin_that_may_not(server: Bank, tmp_path: Path) -> None:
    server.sql("CREATE ROLE weak LOGIN PASSWORD 'w'")
    (tmp_path / "weak").write_text("weak:w")
    provider = server.provider(admin=str(tmp_path / "weak"))
    with pytest.raises(Unavailable) as failed:
        await issued(provider)
    assert "permission denied" in failed.value.detail
    await provider.close()
    server.sql("DROP ROLE weak")


async def test_another_site_at_the_same_server(server: Bank, provider: PostgresProvider) -> None:
    minted: Minted = await issued(provider)
    admin: Any = provider._admin
    other = PostgresProvider(server.source, admin, mark="ffffffff")
    assert minted.lease.subject not in await other.left()
    await provider.revoke(minted.lease)


def test_subjects_are_never_the_same(server: Bank) -> None:
    provider, request = server.provider(), new_id(SystemClock())
    assert len({provider.subject(request) for _ in range(100)}) == 100
    assert all(len(provider.subject(request)) <= 63 for _ in range(3))
