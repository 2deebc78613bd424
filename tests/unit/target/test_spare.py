"""What is opened ahead: when, for whom, for how long, and that nobody logs in on it before a command may run."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncssh
import msgspec
import pytest
from asyncssh.constants import MSG_USERAUTH_SUCCESS

from jumphost.errors import Code, JumphostError
from jumphost.model.target import Target
from jumphost.target import spare
from jumphost.target.base import Exit, Order
from jumphost.target.connection import Reach, TargetConnection, connect
from jumphost.target.spare import PER_TARGET, Spares
from jumphost.target.ssh import SshRunner
from jumphost.testing.ca import TargetCA
from jumphost.testing.contracts import PATIENCE_S, Collected
from jumphost.testing.target import _Server

REACH = Reach(login_s=10)
LOGIN = "app"

MakeOrder = Callable[..., Order]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[TargetConnection]:
    """Every connection to a target, as it is made."""
    made: list[TargetConnection] = []
    begin = TargetConnection.connection_made

    def noting(self: TargetConnection, transport: asyncio.BaseTransport) -> None:
        made.append(self)
        begin(self, transport)  # type: ignore[arg-type]

    monkeypatch.setattr(TargetConnection, "connection_made", noting)
    return made


@pytest.fixture
def logins(monkeypatch: pytest.MonkeyPatch) -> list[TargetConnection]:
    """The connection of every request to log in."""
    sent: list[TargetConnection] = []
    send = TargetConnection.send_userauth_packet

    def noting(self: TargetConnection, *args: object, **rest: object) -> None:
        sent.append(self)
        send(self, *args, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(TargetConnection, "send_userauth_packet", noting)
    return sent


@pytest.fixture
async def spares(target: Target) -> AsyncIterator[Spares]:
    made = Spares(REACH)
    yield made
    for owner in list(made._served):
        made.leave(owner)


def served(spares: Spares, owner: str, target: Target) -> None:
    """Two commands of a connection have ended: there is a spare for the third."""
    spares.prepare(owner, target, LOGIN)
    spares.prepare(owner, target, LOGIN)


async def taken(spares: Spares, owner: str, target: Target) -> TargetConnection:
    connection = await spares.take(owner, target, LOGIN)
    assert connection is not None
    return connection


async def closed(connection: TargetConnection) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await connection.wait_closed()


async def one_open(opened: list[TargetConnection]) -> TargetConnection:
    """The one connection, once its key exchange is done."""
    async with asyncio.timeout(PATIENCE_S):
        while not opened:
            await asyncio.sleep(0)
        (connection,) = opened
        await connection.ready()
    return connection


async def test_the_second_command_is_the_first_to_leave_one(spares: Spares, target: Target) -> None:
    assert await spares.take("one", target, LOGIN) is None
    spares.prepare("one", target, LOGIN)
    assert await spares.take("one", target, LOGIN) is None
    spares.prepare("one", target, LOGIN)
    connection = await taken(spares, "one", target)
    assert not connection.is_closed()
    connection.abort()


async def test_a_spare_says_nothing_of_who_will_log_in(
    spares: Spares, target: Target, opened: list[TargetConnection], logins: list[TargetConnection]
) -> None:
    served(spares, "one", target)
    connection = await one_open(opened)
    assert connection.get_server_host_key() is not None
    assert logins == []
    assert connection.asked is False


async def test_a_login_on_a_spare_is_bound_to_its_socket(
    spares: Spares, target: Target, target_ca: TargetCA, opened: list[TargetConnection]
) -> None:
    served(spares, "one", target)
    seen = []

    async def credential(address: str) -> asyncssh.SSHKeyPair:
        seen.append(address)
        return target_ca.certified(principal=target.principal(LOGIN), line="echo ran", address=address)

    given = await taken(spares, "one", target)
    connection = await connect(target, LOGIN, credential, REACH, given)
    assert connection is given
    assert seen == [given.get_extra_info("sockname")[0]] == ["127.0.0.1"]
    assert len(opened) == 1
    await connection.end()


async def test_never_two_logins_on_one(spares: Spares, target: Target, target_ca: TargetCA) -> None:
    served(spares, "one", target)
    given = await taken(spares, "one", target)

    async def credential(address: str) -> asyncssh.SSHKeyPair:
        return target_ca.certified(principal=target.principal(LOGIN), line="true", address=address)

    await connect(target, LOGIN, credential, REACH, given)
    assert await spares.take("one", target, LOGIN) is None
    with pytest.raises(RuntimeError, match="second login"):
        await given.log_in(credential)
    await given.end()


async def test_two_who_take_at_the_same_time_get_one(spares: Spares, target: Target) -> None:
    served(spares, "one", target)
    got = await asyncio.gather(*(spares.take("one", target, LOGIN) for _ in range(5)))
    (connection,) = [one for one in got if one is not None]
    connection.abort()


async def test_at_most_one_for_a_connection(spares: Spares, target: Target, opened: list[TargetConnection]) -> None:
    for _ in range(5):
        spares.prepare("one", target, LOGIN)
    await one_open(opened)
    (await taken(spares, "one", target)).abort()
    assert await spares.take("one", target, LOGIN) is None


async def test_never_shared(spares: Spares, target: Target, opened: list[TargetConnection]) -> None:
    """Neither with another connection of a caller, nor with another login, nor with another target of the same host."""
    served(spares, "one", target)
    connection = await one_open(opened)
    assert await spares.take("two", target, LOGIN) is None
    assert await spares.take("one", msgspec.structs.replace(target, name="there"), LOGIN) is None
    assert await spares.take("", target, LOGIN) is None
    assert await spares.take("one", target, "root") is None
    await closed(connection)


@pytest.mark.parametrize("change", [{"host": "127.0.0.2"}, {"port": 1}, {"host_keys": ()}, {"labels": {"env": "prod"}}])
async def test_an_entry_that_was_changed(
    spares: Spares, target: Target, opened: list[TargetConnection], change: dict[str, object]
) -> None:
    served(spares, "one", target)
    connection = await one_open(opened)
    assert await spares.take("one", msgspec.structs.replace(target, **change), LOGIN) is None
    await closed(connection)


async def test_so_many_a_target(spares: Spares, target: Target) -> None:
    owners = [str(number) for number in range(PER_TARGET + 2)]
    for owner in owners:
        served(spares, owner, target)
    got = [await spares.take(owner, target, LOGIN) for owner in owners]
    assert [one is not None for one in got] == [True] * PER_TARGET + [False] * 2
    for one in got[:PER_TARGET]:
        assert one is not None
        one.abort()


@pytest.mark.parametrize("open_first", [True, False], ids=["open", "opening"])
async def test_it_ends_with_the_callers_connection(
    spares: Spares, target: Target, opened: list[TargetConnection], open_first: bool
) -> None:
    served(spares, "one", target)
    served(spares, "two", target)
    async with asyncio.timeout(PATIENCE_S):
        while len(opened) < 2:
            await asyncio.sleep(0)
    if open_first:
        for connection in opened:
            await connection.ready()
    spares.leave("one")
    await closed(opened[0])
    assert await spares.take("one", target, LOGIN) is None
    (await taken(spares, "two", target)).abort()
    spares.leave("nobody")


async def test_it_is_not_kept_for_long(
    spares: Spares, target: Target, opened: list[TargetConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "KEEP_S", 0)
    served(spares, "one", target)
    async with asyncio.timeout(PATIENCE_S):
        while "one" in {owner for owner, _ in spares._spares}:
            await asyncio.sleep(0)
    for connection in opened:
        await closed(connection)
    assert await spares.take("one", target, LOGIN) is None


async def test_a_target_that_does_not_answer_leaves_none(spares: Spares, target: Target) -> None:
    served(spares, "one", msgspec.structs.replace(target, port=1))
    assert await spares.take("one", msgspec.structs.replace(target, port=1), LOGIN) is None


async def test_another_host_key_leaves_none(spares: Spares, target: Target, logins: list[TargetConnection]) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    moved = msgspec.structs.replace(target, host_keys=(other,))
    served(spares, "one", moved)
    assert await spares.take("one", moved, LOGIN) is None
    assert logins == []


async def test_whoever_waits_for_one_and_leaves_leaves_nothing(
    spares: Spares, target: Target, opened: list[TargetConnection]
) -> None:
    served(spares, "one", target)
    waiting = asyncio.create_task(spares.take("one", target, LOGIN))
    async with asyncio.timeout(PATIENCE_S):
        while not opened:
            await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await closed(opened[0])


async def test_a_target_that_lets_in_whoever_has_not_asked(
    spares: Spares, target: Target, opened: list[TargetConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[asyncssh.SSHServerConnection] = []
    monkeypatch.setattr(_Server, "connection_made", lambda _, connection: servers.append(connection))
    served(spares, "one", target)
    connection = await one_open(opened)
    servers[0].send_packet(MSG_USERAUTH_SUCCESS)
    await closed(connection)
    given = await spares.take("one", target, LOGIN)
    assert given is connection
    with pytest.raises(asyncssh.ConnectionLost):
        await given.log_in(never)


async def never(_: str) -> asyncssh.SSHKeyPair:
    raise AssertionError("asked for a certificate for a connection that is gone")


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def running(runner: SshRunner, order: Order, target_ca: TargetCA) -> AsyncIterator[bytes]:
    output = Collected()
    process = await runner.start(order, output, target_ca.mint(order))
    assert await process.wait() == Exit()
    await process.close()
    runner.prepare(order.connection, order.target, order.login)
    yield output.stdout


async def test_commands_of_one_connection_have_a_login_each(
    target: Target,
    target_ca: TargetCA,
    order: MakeOrder,
    opened: list[TargetConnection],
    logins: list[TargetConnection],
) -> None:
    runner = SshRunner(REACH)
    for number in range(5):
        one = msgspec.structs.replace(order(f"echo {number}"), connection="one")
        async with running(runner, one, target_ca) as said:
            assert said == b"%d\n" % number
    assert logins == opened[:5]  # each on its own
    assert len(target_ca.minted) == 5
    runner.leave("one")


async def test_a_spare_that_died_is_not_noticed(
    target: Target, target_ca: TargetCA, order: MakeOrder, opened: list[TargetConnection]
) -> None:
    runner = SshRunner(REACH)
    for number in range(3):
        one = msgspec.structs.replace(order("echo ran"), connection="one")
        async with running(runner, one, target_ca) as said:
            assert said == b"ran\n"
        if number == 1:
            await opened_ready(opened, 3)
            opened[2].abort()
            await closed(opened[2])
    runner.leave("one")
    assert len(target_ca.minted) == 3


async def opened_ready(opened: list[TargetConnection], count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(opened) < count:
            await asyncio.sleep(0)
        await opened[count - 1].ready()


async def test_one_that_dies_during_the_login_costs_no_second_certificate(
    spares: Spares, target: Target, target_ca: TargetCA, opened: list[TargetConnection]
) -> None:
    """The signer makes one for each decision."""
    served(spares, "one", target)
    given = await taken(spares, "one", target)
    asked = []

    async def credential(address: str) -> asyncssh.SSHKeyPair:
        asked.append(address)
        given._force_close(asyncssh.ConnectionLost("the target let go"))
        return target_ca.certified(principal=target.principal(LOGIN), line="echo ran", address=address)

    connection = await connect(target, LOGIN, credential, REACH, given)
    assert connection is opened[1]
    assert asked == ["127.0.0.1"]
    await connection.end()


async def test_a_refused_certificate_is_refused_on_a_spare_too(
    spares: Spares, target: Target, target_ca: TargetCA, opened: list[TargetConnection]
) -> None:
    served(spares, "one", target)
    given = await taken(spares, "one", target)

    async def credential(address: str) -> asyncssh.SSHKeyPair:
        return target_ca.certified(principal="app@other", line="true", address=address)

    with pytest.raises(JumphostError) as failed:
        await connect(target, LOGIN, credential, REACH, given)
    assert failed.value.code is Code.TARGET_REFUSED
    assert opened == [given]
    await closed(given)
