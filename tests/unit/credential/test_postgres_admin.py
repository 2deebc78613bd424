"""The connection by which roles are made: how it proves itself, what it takes from nobody, and when it gives up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.config.credentials import Postgres
from jumphost.credential.postgres_admin import Admin, Connection
from jumphost.errors import Code, Unavailable
from jumphost.testing import bank as tls_bank
from jumphost.testing.postgres import ADMIN, PROOF, Bank, bank
from jumphost.testing.site import open_folder
from jumphost.testing.tls import certificate

NOWHERE = Postgres(host="127.0.0.1", database="x", admin="none", template="t", port=1)


@pytest.fixture(scope="module")
def server() -> Iterator[Bank]:
    try:
        with bank() as made:
            yield made
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture
async def admin(server: Bank) -> AsyncIterator[Admin]:
    made = Admin(server.source, admin=Path(server.source.admin), ca=None)
    yield made
    await made.close()


def asks(text: str) -> Any:
    async def work(connection: Connection) -> Any:
        return await (await connection.execute(text.encode())).fetchone()

    return work


async def fails(admin: Admin, work: Any = None) -> Unavailable:
    with pytest.raises(Unavailable) as failed:
        await admin.run(work or asks("SELECT 1"))
    assert failed.value.code is Code.CREDENTIAL_UNAVAILABLE
    assert PROOF not in f"{failed.value} {failed.value.detail}"
    return failed.value


async def test_one_connection_serves_all(admin: Admin) -> None:
    pids = [await admin.run(asks("SELECT pg_backend_pid(), current_user::text")) for _ in range(3)]
    assert len(set(pids)) == 1
    assert pids[0][1] == ADMIN


async def test_another_database_has_one_of_its_own(admin: Admin) -> None:
    here = await admin.run(asks("SELECT pg_backend_pid(), current_database()::text"))
    there = await admin.run(asks("SELECT pg_backend_pid(), current_database()::text"), "template1")
    assert (here[1], there[1]) == ("postgres", "template1")
    assert here[0] != there[0]
    assert await admin.run(asks("SELECT pg_backend_pid(), current_database()::text")) == here


async def test_names_of_others_stand_in_for_nothing(server: Bank, admin: Admin) -> None:
    server.sql("CREATE FUNCTION public.starts_with(name, text) RETURNS bool LANGUAGE sql AS 'SELECT 1/0 = 1'")
    assert await admin.run(asks("SELECT starts_with('x'::name, 'x'::text)")) == (True,)
    server.sql("DROP FUNCTION public.starts_with(name, text)")


async def test_a_statement_that_fails_is_told_without_its_text(admin: Admin) -> None:
    before = await admin.run(asks("SELECT pg_backend_pid()"))
    error = await fails(admin, asks("SELECT s3cret FROM cards"))
    assert error.detail == 'relation "cards" does not exist'
    assert await admin.run(asks("SELECT pg_backend_pid()")) != before, "nobody knows what state it was in"


async def test_a_server_that_ended_the_connection_is_asked_again(server: Bank, admin: Admin) -> None:
    (pid,) = await admin.run(asks("SELECT pg_backend_pid()"))
    server.sql(f"SELECT pg_terminate_backend({pid}, 5000)")
    await fails(admin)
    assert await admin.run(asks("SELECT 1")) == (1,)


async def test_it_waits_no_longer_than_it_may(server: Bank) -> None:
    hasty = Admin(replace(server.source, deadline=1), admin=Path(server.source.admin), ca=None)
    assert (await fails(hasty, asks("SELECT pg_sleep(1000)"))).detail == "no answer in time"
    assert await hasty.run(asks("SELECT 1")) == (1,)
    await hasty.close()
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    assert server.sql(asleep) == "0", "what was given up was cancelled"


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def posing(serve: Serve) -> AsyncIterator[int]:
    """A server that is none, for one client; yields its port."""
    over = asyncio.Event()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError):  # a client that gave up lets go of its socket when it is collected
            async with asyncio.timeout(2):
                await serve(reader, writer)
        writer.close()
        await writer.wait_closed()
        over.set()

    async with await asyncio.start_server(served, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await over.wait()


async def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    (tmp_path / "admin").write_text("a:b")
    async with posing(silent) as port:
        admin = Admin(replace(NOWHERE, port=port, deadline=1), admin=tmp_path / "admin", ca=None)
        assert (await fails(admin)).detail == "no answer in time"


async def test_a_password_goes_to_nobody_who_does_not_know_it(server: Bank, tmp_path: Path) -> None:
    """A server that asks for it in the clear, or for none at all, is none that we speak to."""
    (tmp_path / "admin").write_text("tester:x")
    assert "auth" in (await fails(Admin(server.source, admin=tmp_path / "admin", ca=None))).detail
    heard: list[bytes] = []

    async def greedy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        writer.write(b"R\0\0\0\x08\0\0\0\x03")  # AuthenticationCleartextPassword
        heard.append(await reader.read())

    async with posing(greedy) as port:
        admin = Admin(replace(NOWHERE, port=port), admin=Path(server.source.admin), ca=None)
        assert "auth" in (await fails(admin)).detail
    assert PROOF.encode() not in b"".join(heard)


@pytest.mark.parametrize("text", ["", "keeper", "keeper:", ":password", "\xff"])
async def test_a_file_without_a_login(tmp_path: Path, text: str) -> None:
    (tmp_path / "admin").write_bytes(text.encode("latin-1"))
    assert str(tmp_path / "admin") in (await fails(Admin(NOWHERE, admin=tmp_path / "admin", ca=None))).detail


async def test_no_file() -> None:
    assert (
        await fails(Admin(NOWHERE, admin=Path("/none"), ca=None))
    ).detail == "/none cannot be read: FileNotFoundError"


async def test_a_new_password_counts_from_the_next_connection(server: Bank, tmp_path: Path) -> None:
    server.sql("CREATE ROLE changing LOGIN PASSWORD 'one'")
    (tmp_path / "admin").write_text("changing:two")
    admin = Admin(server.source, admin=tmp_path / "admin", ca=None)
    assert "password authentication failed" in (await fails(admin)).detail
    (tmp_path / "admin").write_text("changing:one\n")
    assert await admin.run(asks("SELECT 1")) == (1,)
    await admin.close()
    server.sql("DROP ROLE changing")


async def test_the_servers_certificate_is_verified(tmp_path: Path) -> None:
    with open_folder() as folder:
        try:
            with tls_bank.bank(folder) as made:
                (tmp_path / "admin").write_text(f"{tls_bank.LEASED}:{made.password.reveal().decode()}")
                source = replace(NOWHERE, port=made.port, database=tls_bank.DATABASE)
                admin = Admin(source, admin=tmp_path / "admin", ca=made.ca)
                encrypted = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                assert await admin.run(asks(encrypted)) == (True, "TLSv1.3")
                await admin.close()
                another, _ = certificate(tmp_path, "another")
                stranger = Admin(source, admin=tmp_path / "admin", ca=another)
                assert "certificate verify failed" in (await fails(stranger)).detail
                elsewhere = Admin(replace(source, host="localhost"), admin=tmp_path / "admin", ca=made.ca)
                assert "does not match host name" in (await fails(elsewhere)).detail
        except LookupError as missing:
            pytest.skip(str(missing))
