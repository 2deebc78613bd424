import asyncio
import os
import signal
import struct
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from jumphost.credential.delivery import pgwire, postgres, pump
from jumphost.credential.delivery.backend import Place
from jumphost.credential.delivery.postgres import PostgresProxy
from jumphost.secret import Secret
from jumphost.testing.bank import DATABASE, LEASED, Bank
from jumphost.testing.site import open_folder

PORT = 5432
SLEEPING = "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"


@dataclass(frozen=True, slots=True)
class Door:
    """A proxy behind a socket."""

    proxy: PostgresProxy
    folder: str
    logs: list[MutableMapping[str, Any]]

    @property
    def environment(self) -> dict[str, str]:
        """What a command has."""
        return {"PATH": os.environ["PATH"], "PGHOST": self.folder, "PGPORT": str(PORT), "LC_ALL": "C.UTF-8"}

    async def run(self, *words: str, stdin: str = "", **more: str) -> tuple[int, str, str]:
        """Status, output and errors of a client."""
        client = await self.start(*words, **more)
        out, err = await client.communicate(stdin.encode())
        assert client.returncode is not None
        return client.returncode, out.decode(), err.decode()

    async def start(self, *words: str, **more: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *words, stdin=pipe, stdout=pipe, stderr=pipe, env=self.environment | more
        )

    async def psql(self, text: str, *words: str, **more: str) -> tuple[int, str, str]:
        return await self.run("psql", "-XqAt", *words, "-c", text, **more)

    async def connect(self) -> "psycopg.AsyncConnection[Any]":
        return await psycopg.AsyncConnection.connect(host=self.folder, port=PORT, user="x", dbname="y", autocommit=True)

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(f"{self.folder}/.s.PGSQL.{PORT}")


@asynccontextmanager
async def door(
    bank: Bank, place: Place | None = None, *, password: Secret | None = None, **more: Any
) -> AsyncIterator[Door]:
    proxy = PostgresProxy(
        place or bank.place, user=LEASED, database=DATABASE, password=password or bank.password, **more
    )
    with open_folder() as folder, capture_logs() as logs:
        async with await asyncio.start_unix_server(proxy.serve, folder / f".s.PGSQL.{PORT}"):
            yield Door(proxy, str(folder), logs)
            await proxy.close()
    assert bank.password.reveal().decode() not in repr(logs)


@pytest.fixture(params=["place", "over_tls"])
async def lease(bank: Bank, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    async with door(bank, getattr(bank, request.param)) as made:
        yield made


async def until(found: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not found():
            await asyncio.sleep(0.01)


def first_packet(body: bytes) -> bytes:
    return struct.pack("!i", len(body) + 4) + body


OPENING = first_packet(struct.pack("!HH", 3, 0) + b"user\0x\0\0")


class TestClients:
    async def test_psql_is_the_lease_s_role_whatever_it_says(self, lease: Door) -> None:
        who = "select current_user, session_user, current_database()"
        expected = f"{LEASED}|{LEASED}|{DATABASE}\n"
        assert await lease.psql(who) == (0, expected, "")
        assert await lease.psql(who, "-U", "postgres", "-d", "template1") == (0, expected, "")

    async def test_settings_of_the_client(self, lease: Door) -> None:
        shown = "select current_setting('statement_timeout'), current_setting('application_name')"
        given = {"PGOPTIONS": "-c statement_timeout=77", "PGAPPNAME": "nightly"}
        assert (await lease.psql(shown, **given))[1] == "0|nightly\n"
        assert (await lease.psql("show client_encoding", PGCLIENTENCODING="LATIN1"))[1] == "LATIN1\n"

    async def test_what_the_role_may_not_is_refused_by_the_server(self, lease: Door) -> None:
        status, _, err = await lease.psql("delete from cards")
        assert (status, "permission denied for table cards" in err) == (1, True)

    async def test_a_password_is_never_asked_for(self, lease: Door) -> None:
        assert (await lease.psql("select 1", "-w"))[0] == 0

    async def test_pg_dump_of_a_table(self, lease: Door) -> None:
        status, out, err = await lease.run("pg_dump", "--inserts", "-t", "cards")
        assert (status, err) == (0, "")
        assert "5500000000000004" in out

    async def test_pgbench_with_many_sessions(self, lease: Door, bank: Bank) -> None:
        script = bank.folder.parent / "script.sql"
        script.write_text("select amount from cards where id = 1;\n")
        ran = await lease.run("pgbench", "-n", "-c", "8", "-j", "2", "-t", "40", "-f", str(script))
        assert ran[0] == 0, ran[2]
        assert "number of transactions actually processed: 320/320" in ran[1]

    async def test_much_both_ways(self, lease: Door) -> None:
        async with await lease.connect() as session:
            await session.execute("create temp table rows (n int, pad text)")
            cursor = session.cursor()
            async with cursor.copy("copy rows from stdin") as copy:
                for at in range(0, 200_000, 1000):
                    await copy.write("".join(f"{n}\t{'x' * 40}\n" for n in range(at, at + 1000)))
            got = 0
            async with cursor.copy("copy rows to stdout") as copy:
                async for piece in copy:
                    got += len(piece)
            assert got == sum(len(f"{n}\t{'x' * 40}\n") for n in range(200_000))


class TestCancel:
    async def test_ctrl_c_of_psql(self, lease: Door, bank: Bank) -> None:
        client = await lease.start("psql", "-X", "-c", "select pg_sleep(600)")
        await until(lambda: bank.server.ask(SLEEPING).stdout == "1\n")
        client.send_signal(signal.SIGINT)
        _, err = await client.communicate()
        assert b"canceling statement due to user request" in err
        assert bank.server.ask(SLEEPING).stdout == "0\n"

    async def test_a_key_that_this_lease_was_not_given(self, bank: Bank) -> None:
        async with door(bank) as theirs, door(bank) as ours, await theirs.connect() as session:
            async with asyncio.TaskGroup() as group:
                sleep = group.create_task(session.execute("select pg_sleep(1)"))
                await until(lambda: bank.server.ask(SLEEPING).stdout == "1\n")
                [key] = theirs.proxy._keys
                reader, writer = await ours.raw()
                writer.write(pgwire.cancel(key))
                assert await reader.read() == b""
                writer.close()
            assert (await sleep.result().fetchall()) == [("",)]
            assert [entry["event"] for entry in ours.logs] == ["proxy.foreign_cancel"]

    async def test_a_key_of_a_session_that_ended(self, bank: Bank) -> None:
        async with door(bank) as here:
            async with await here.connect():
                [key] = here.proxy._keys
            await until(lambda: not here.proxy._keys)
            reader, writer = await here.raw()
            writer.write(pgwire.cancel(key))
            assert await reader.read() == b""
            writer.close()
            assert [entry["event"] for entry in here.logs] == ["proxy.foreign_cancel"]


class TestRefused:
    async def test_tls_and_gssapi_to_the_socket_itself(self, bank: Bank) -> None:
        async with door(bank) as here:
            reader, writer = await here.raw()
            for code in (80877103, 80877104):
                writer.write(first_packet(struct.pack("!i", code)))
                assert await reader.readexactly(1) == b"N"
            writer.write(OPENING)
            assert await reader.readexactly(9) == pgwire.logged_in()
            writer.close()

    @pytest.mark.parametrize(
        "sent",
        [
            first_packet(struct.pack("!i", 80877103)) * 4,
            first_packet(struct.pack("!HH", 3, 0) + b"user\0x\0replication\0true\0\0"),
            first_packet(struct.pack("!HH", 2, 0) + b"user\0x\0\0"),
            b"GET / HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00",
        ],
    )
    async def test_what_is_no_session(self, bank: Bank, sent: bytes) -> None:
        async with door(bank) as here:
            reader, writer = await here.raw()
            writer.write(sent)
            assert b"C08P01\0Mjumphost: got " in await reader.read()
            writer.close()

    @pytest.mark.parametrize("sent", [b"", b"\0\0", OPENING[:-3]])
    async def test_who_leaves_within_the_first_packet(self, bank: Bank, sent: bytes) -> None:
        async with door(bank) as here:
            reader, writer = await here.raw()
            writer.write(sent)
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()

    async def test_who_says_nothing(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres, "START_S", 0.05)
        async with door(bank) as here:
            reader, writer = await here.raw()
            assert await reader.read() == b""
            writer.close()

    async def test_more_sessions_than_the_lease_has(self, bank: Bank) -> None:
        async with door(bank, connections=2) as here, await here.connect(), await here.connect():
            with pytest.raises(psycopg.OperationalError, match="more than 2 sessions of one lease"):
                await here.connect()

    async def test_more_streams_than_sessions_need(self, bank: Bank) -> None:
        async with door(bank, connections=1) as here:
            silent = [await here.raw() for _ in range(2)]
            await until(lambda: len(here.proxy._tasks) == 2)
            reader, writer = await here.raw()
            assert await reader.read() == b""
            for _, one in (*silent, (reader, writer)):
                one.close()

    async def test_nothing_once_it_is_closed(self, bank: Bank) -> None:
        async with door(bank) as here:
            await here.proxy.close()
            reader, writer = await here.raw()
            assert await reader.read() == b""
            writer.close()


class TestDatabase:
    async def test_one_that_does_not_let_us_in_says_why(self, bank: Bank) -> None:
        async with door(bank, password=Secret(b"wrong")) as here:
            assert "password authentication failed" in (await here.psql("select 1"))[2]

    async def test_one_that_is_not_there(self, bank: Bank) -> None:
        async with door(bank, Place("127.0.0.1", 1)) as here:
            assert "jumphost: the database cannot be reached" in (await here.psql("select 1"))[2]
            assert [entry["event"] for entry in here.logs] == ["proxy.no_database"]

    async def test_one_that_is_another(self, bank: Bank) -> None:
        async with door(bank, Place("localhost", bank.port, str(bank.ca))) as here:
            assert "did not prove itself" in (await here.psql("select 1"))[2]

    async def test_one_that_answers_nothing(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres, "LOGIN_S", 0.05)
        done = asyncio.Event()

        async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await done.wait()
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as deaf:
            async with door(bank, Place("127.0.0.1", deaf.sockets[0].getsockname()[1])) as here:
                assert "cannot be reached" in (await here.psql("select 1"))[2]
            done.set()

    async def test_its_session_ends_with_the_client_s_and_the_other_way_round(self, lease: Door, bank: Bank) -> None:
        open_ones = f"select count(*) from pg_stat_activity where usename = '{LEASED}'"
        async with await lease.connect():
            assert bank.server.ask(open_ones).stdout == "1\n"
        await until(lambda: bank.server.ask(open_ones).stdout == "0\n")
        session = await lease.connect()
        bank.server.ask(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{LEASED}'")
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            await session.execute("select 1")
        await session.close()
        await until(lambda: not lease.proxy._tasks)


async def test_what_is_open_ends_with_the_lease(lease: Door, bank: Bank) -> None:
    session = await lease.connect()
    await lease.proxy.close()
    with pytest.raises(psycopg.OperationalError):
        await session.execute("select 1")
    await session.close()
    await until(
        lambda: bank.server.ask(f"select count(*) from pg_stat_activity where usename = '{LEASED}'").stdout == "0\n"
    )


async def test_a_client_that_ends_its_half_is_still_answered(bank: Bank) -> None:
    async with door(bank) as here:
        reader, writer = await here.raw()
        writer.write(OPENING + pgwire.message(b"Q", b"select 'the answer'\0"))
        writer.write_eof()
        assert b"the answer" in await reader.read()
        writer.close()


class Stopped:
    """A client that sends and does not read."""

    def __init__(self) -> None:
        self.got = 0
        self.full = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.got += len(data)

    async def drain(self) -> None:
        if self.got > 10 * pump.PIECE:
            self.full.set()
            await asyncio.Event().wait()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None: ...
    def close(self) -> None: ...


async def test_a_client_that_does_not_read_stops_the_server(lease: Door, bank: Bank) -> None:
    reader, client = asyncio.StreamReader(), Stopped()
    reader.feed_data(OPENING + pgwire.message(b"Q", b"select repeat('x', 1000) from generate_series(1, 300000)\0"))
    async with asyncio.TaskGroup() as group:
        group.create_task(lease.proxy.serve(reader, client))
        await client.full.wait()
        writing = f"select wait_event from pg_stat_activity where usename = '{LEASED}'"
        await until(lambda: bank.server.ask(writing).stdout == "ClientWrite\n")
        assert client.got < 12 * pump.PIECE
        await lease.proxy.close()
