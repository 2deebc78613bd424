"""Every trap of a template is found on a real PostgreSQL, and the SQL that is given mends it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.credential.base import Checked, Finding
from jumphost.credential.postgres_admin import SET_OPTION
from jumphost.testing.postgres import ADMIN, TEMPLATE, Bank, bank

TRAPS = {
    "a login": (f"ALTER ROLE {TEMPLATE} LOGIN", "template.attributes", "has LOGIN"),
    "rights of its own": (
        f"ALTER ROLE {TEMPLATE} CREATEROLE BYPASSRLS",
        "template.attributes",
        "CREATEROLE, BYPASSRLS",
    ),
    "settings": (
        f"ALTER ROLE {TEMPLATE} SET default_transaction_read_only = on",
        "template.settings",
        "SET undoes them: default_transaction_read_only=on",
    ),
    "a role of the system": (
        f"GRANT pg_write_all_data TO {TEMPLATE}",
        "template.member",
        "member of pg_write_all_data",
    ),
    "a table of its own": (f"ALTER TABLE accounts OWNER TO {TEMPLATE}", "owns", "owns 1 objects"),
    "a large object of its own": (
        f"SELECT lo_create(7); ALTER LARGE OBJECT 7 OWNER TO {TEMPLATE}",
        "owns",
        "owns 1 objects",
    ),
    "a write": (f"GRANT INSERT, DELETE ON cards TO {TEMPLATE}", "write", "DELETE, INSERT on public.cards for bank_ro"),
    "a write for all": ("GRANT TRUNCATE ON cards TO PUBLIC", "write", "TRUNCATE on public.cards for PUBLIC"),
    "a write by way of another": (
        f"CREATE ROLE go_between ROLE {TEMPLATE}; GRANT UPDATE ON audit.log TO go_between",
        "write",
        "UPDATE on audit.log for go_between",
    ),
    "a sequence": (f"GRANT USAGE ON SEQUENCE numbers TO {TEMPLATE}", "write", "USAGE on public.numbers"),
    "one column": (f"GRANT UPDATE (holder) ON cards TO {TEMPLATE}", "write.column", "UPDATE on public.cards (holder)"),
    "tables to come": (
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT ON TABLES TO {TEMPLATE}",
        "write.later",
        "INSERT on tables that tester will make",
    ),
    "objects in a schema": ("GRANT CREATE ON SCHEMA public TO PUBLIC", "create", "CREATE on schema public for PUBLIC"),
    "schemas": (f"GRANT CREATE ON DATABASE postgres TO {TEMPLATE}", "create", "CREATE on database postgres"),
    "temporary tables": (
        "GRANT TEMPORARY ON DATABASE postgres TO PUBLIC",
        "temporary",
        "in database postgres for PUBLIC",
    ),
    "another database": (
        f"GRANT CONNECT ON DATABASE template1 TO {TEMPLATE}",
        "database.other",
        "database template1 too",
    ),
    "large objects": ("GRANT EXECUTE ON FUNCTION lo_creat(integer) TO PUBLIC", "large.objects", "lo_creat(integer)"),
    "rights of another": (
        "CREATE FUNCTION mighty() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "definer",
        "function public.mighty() runs with the rights of tester, for PUBLIC",
    ),
    "an admin that may not": (f"ALTER ROLE {ADMIN} NOCREATEROLE", "admin.createrole", "keeper may not create roles"),
    "an admin that may all": (f"ALTER ROLE {ADMIN} SUPERUSER", "admin.superuser", "keeper is a superuser"),
}
WRITES = {"write", "write.column", "write.later"}


@pytest.fixture(scope="module")
def server() -> Iterator[Bank]:
    try:
        with bank() as made:
            made.sql("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
            yield made
    except LookupError as missing:
        pytest.skip(str(missing))


async def found(server: Bank, *, writes: bool = False, **changes: str) -> list[Finding]:
    provider = server.provider(**changes)
    assert isinstance(provider, Checked)
    try:
        return await provider.check(writes=writes)
    finally:
        await provider.close()


async def test_a_template_that_only_reads(server: Bank) -> None:
    assert await found(server) == []


@pytest.mark.parametrize("trap", TRAPS)
async def test_a_trap_is_found_and_its_sql_mends_it(server: Bank, trap: str) -> None:
    text, code, said = TRAPS[trap]
    server.sql(text)
    try:
        findings = await found(server)
        assert [one.code for one in findings if said in one.message] == [code]
        assert {one.code for one in await found(server, writes=True)} == {one.code for one in findings} - WRITES
    finally:
        for one in await found(server):
            server.sql(one.fix)
    assert await found(server) == [], "each of them was mended by its SQL"


async def test_a_new_server_has_traps_for_every_template() -> None:
    try:
        with bank(sealed=False) as fresh:
            fresh.sql("GRANT TEMPORARY ON DATABASE postgres TO PUBLIC")
            codes = [one.code for one in await found(fresh)]
            assert codes == ["temporary", "database.other", *["large.objects"] * 3]
    except LookupError as missing:
        pytest.skip(str(missing))


async def test_names_that_need_quotes_are_quoted(server: Bank) -> None:
    server.sql('CREATE TABLE "Odd ""one" (i int); GRANT DELETE ON "Odd ""one" TO PUBLIC')
    (one,) = await found(server)
    assert one.fix == 'REVOKE DELETE ON public."Odd ""one" FROM PUBLIC;'
    server.sql(one.fix)
    server.sql('DROP TABLE "Odd ""one"')
    assert await found(server) == []


async def test_no_template(server: Bank, tmp_path: Path) -> None:
    (one,) = await found(server, template='no"body')
    assert (one.code, one.fix) == ("template.missing", 'CREATE ROLE "no""body" NOLOGIN;')


async def test_an_admin_that_may_not_grant_the_template(server: Bank) -> None:
    """From PostgreSQL 16 on; before it CREATEROLE is enough."""
    server.sql(f"REVOKE {TEMPLATE} FROM {ADMIN}")
    findings = await found(server)
    strict = int(server.sql("SHOW server_version_num")) >= SET_OPTION
    assert [one.code for one in findings] == ["admin.template"] * strict
    server.sql(f"GRANT {TEMPLATE} TO {ADMIN} WITH ADMIN OPTION")
    assert all(one.fix == f"GRANT {TEMPLATE} TO {ADMIN} WITH ADMIN OPTION;" for one in findings)
    assert await found(server) == []
