"""Sockets of leases on an OpenSSH sshd that followed what ``target enroll`` prints where credentials go by proxy."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh
import pytest
from msgspec.structs import replace

from jumphost.clock import SystemClock, new_id
from jumphost.command import forced, leased
from jumphost.credential.delivery.postgres import PostgresProxy
from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.stream import Socket
from jumphost.target.base import Exit, Order, Process
from jumphost.target.connection import Reach, TargetConnection, connect
from jumphost.target.ssh import SshRunner
from jumphost.testing.bank import DATABASE, LEASED, Bank
from jumphost.testing.ca import TargetCA
from jumphost.testing.contracts import Collected
from jumphost.testing.sshd import Sshd

RUNNER = SshRunner(Reach())
SLEEPING = "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"


@pytest.fixture
async def proxy(bank: Bank) -> AsyncIterator[PostgresProxy]:
    made = PostgresProxy(bank.over_tls, user=LEASED, database=DATABASE, password=bank.password)
    yield made
    await made.close()


def order(target: Target, text: str, proxy: PostgresProxy | None, *, login: str = "job", request: str = "") -> Order:
    request = request or new_id(SystemClock())
    env = leased.postgres(request, kind="ssh", login=login, database=DATABASE)
    line = forced.pinned(text, request=request, env=env, shell="sh", timeout_s=None)
    socket = Socket(leased.socket(request), proxy.serve) if proxy else None
    return Order(request=request, target=target, login=login, line=line, socket=socket)


@asynccontextmanager
async def running(one: Order, ca: TargetCA, output: Collected) -> AsyncIterator[Process]:
    process = await RUNNER.start(one, output, ca.mint(one))
    try:
        yield process
    finally:
        await process.close()
        assert await process.stop()


async def finished(one: Order, ca: TargetCA) -> tuple[int, str]:
    output = Collected()
    async with running(one, ca, output) as process:
        process.write_eof()
        end = await process.wait()
    return end.status, (output.stdout + output.stderr).decode()


def place(one: Order) -> Path:
    assert one.socket is not None
    return Path(one.socket.path)


async def test_a_command_asks_the_database_as_the_lease(
    prepared: Sshd, target_ca: TargetCA, proxy: PostgresProxy
) -> None:
    one = order(prepared.target, "psql -XqAt -c 'select current_user'; stat -c '%a %U' /tmp/.s.PGSQL.$PGPORT", proxy)
    assert await finished(one, target_ca) == (0, f"{LEASED}\n600 job\n")
    assert not place(one).exists()
    assert target_ca.minted[-1][0] == "stop"


async def test_much_both_ways(prepared: Sshd, target_ca: TargetCA, proxy: PostgresProxy) -> None:
    rows = "".join(f"{n}\t{'x' * 30}\n" for n in range(100_000)).encode()
    text = 'psql -Xq -c "create temp table t (n int, pad text)" -c "copy t from stdin" -c "copy t to stdout"'
    output = Collected()
    one = order(prepared.target, text, proxy)
    async with running(one, target_ca, output) as process:
        process.write(rows)
        process.write_eof()
        assert await process.wait() == Exit()
    assert hashlib.sha256(output.stdout).digest() == hashlib.sha256(rows).digest()


async def test_a_signal_of_the_caller_cancels_the_query(
    prepared: Sshd, target_ca: TargetCA, proxy: PostgresProxy, bank: Bank
) -> None:
    output = Collected()
    one = order(prepared.target, "exec psql -X -c 'select pg_sleep(600)'", proxy)
    async with running(one, target_ca, output) as process, asyncio.TaskGroup() as group:
        end = group.create_task(process.wait())
        while bank.server.ask(SLEEPING).stdout != "1\n":
            await asyncio.sleep(0.01)
        process.send_signal("INT")
        assert (await end).status == 1
    assert b"canceling statement due to user request" in output.stderr


async def test_what_a_stopped_command_leaves_is_gone(prepared: Sshd, target_ca: TargetCA, proxy: PostgresProxy) -> None:
    output = Collected()
    one = order(prepared.target, "echo up; setsid sleep 1000 & sleep 1000", proxy)
    async with running(one, target_ca, output) as process:
        await output.until(lambda seen: b"up" in seen.stdout)
        assert place(one).exists()
        assert await process.stop()
        assert not place(one).exists()


async def test_who_outlives_the_command_is_ended_with_the_lease(
    prepared: Sshd, target_ca: TargetCA, proxy: PostgresProxy
) -> None:
    one = order(prepared.target, "setsid sleep 1000 >/dev/null 2>&1 & echo $!", proxy)
    status, said = await finished(one, target_ca)
    assert status == 0
    with suppress(FileNotFoundError, ProcessLookupError):  # the second of a zombie
        assert Path(f"/proc/{int(said)}/environ").read_bytes() == b""


async def test_another_login_does_not_get_there_and_this_one_does(
    prepared: Sshd, target_ca: TargetCA, proxy: PostgresProxy
) -> None:
    """The second half is what docs/credentials.md warns of, and why leases of two identities never share a login."""
    output = Collected()
    one = order(prepared.target, "echo up; cat", proxy)
    ask = f"psql -XqAt -h /tmp -p {leased.port(one.request)} -c 'select 1' 2>&1"
    async with running(one, target_ca, output) as process:
        await output.until(lambda seen: b"up" in seen.stdout)
        status, said = await finished(order(prepared.target, ask, None, login="other"), target_ca)
        assert (status, "Permission denied" in said) == (2, True)
        assert await finished(order(prepared.target, ask, None), target_ca) == (0, "1\n")
        process.write_eof()
        await process.wait()
    assert (await finished(order(prepared.target, ask, None), target_ca))[0] == 2


async def test_a_path_that_there_is(prepared: Sshd, target_ca: TargetCA, proxy: PostgresProxy, tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    tmp_path.chmod(0o777)
    one = order(prepared.target, f"touch {witness}", proxy)
    place(one).touch()
    try:
        with pytest.raises(Unavailable, match="makes no socket") as caught:
            await finished(one, target_ca)
    finally:
        place(one).unlink()
    assert caught.value.code is Code.CREDENTIAL_UNAVAILABLE
    assert not witness.exists()


async def test_a_target_that_is_not_prepared(server: Sshd, target_ca: TargetCA, proxy: PostgresProxy) -> None:
    with pytest.raises(Unavailable, match="makes no socket"):
        await finished(order(server.target, "true", proxy, login="dash"), target_ca)


async def test_a_login_that_commands_share(prepared: Sshd, target_ca: TargetCA, proxy: PostgresProxy) -> None:
    shared = replace(prepared.target, mode="connection")
    one = replace(order(shared, "true", proxy), connection=new_id(SystemClock()))

    async def use(_: str) -> None: ...

    with pytest.raises(Refused, match="that several commands share"):
        await RUNNER.start(one, Collected(), target_ca.mint(one), use)
    RUNNER.leave(one.connection)


class TestOpenedNoWider:
    """The certificate that may have a socket has nothing else, and no other certificate has one."""

    @asynccontextmanager
    async def login(self, prepared: Sshd, ca: TargetCA, *, sockets: bool) -> AsyncIterator[TargetConnection]:
        principal = prepared.target.principal("job")

        async def mint(address: str) -> asyncssh.SSHKeyPair:
            return ca.certified(principal=principal, line="true", address=address, sockets=sockets)

        connection = await connect(prepared.target, "job", mint, Reach())
        try:
            yield connection
        finally:
            await connection.end()

    async def test_no_socket_for_other_certificates(self, prepared: Sshd, target_ca: TargetCA) -> None:
        async with self.login(prepared, target_ca, sockets=False) as connection:
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.start_unix_server(lambda: None, f"/tmp/.jumphost-test-{os.getpid()}")

    async def test_no_tcp_either_way(self, prepared: Sshd, target_ca: TargetCA) -> None:
        async with self.login(prepared, target_ca, sockets=True) as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", prepared.target.port)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_unix_connection("/var/run/nscd/socket")
            with pytest.raises(asyncssh.ChannelListenError):
                await connection.start_server(lambda *_: None, "127.0.0.1", 0)
