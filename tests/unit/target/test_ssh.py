import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncssh
import pytest
from structlog.testing import capture_logs

from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.target import ssh
from jumphost.target.base import MAY_RUN, STDERR, STDOUT, Exit, Login, Order, Process
from jumphost.target.connection import Reach, TargetChannel, TargetConnection
from jumphost.target.ssh import Session, SshRunner
from jumphost.testing import contracts
from jumphost.testing.ca import TargetCA
from jumphost.testing.contracts import Collected, Start

RUNNER = SshRunner(Reach(login_s=10))

MakeOrder = Callable[[str], Order]


@pytest.fixture
def start(order: MakeOrder, target_ca: TargetCA) -> Start:
    async def started(text: str, output: Collected) -> Process:
        one = order(text)
        return await RUNNER.start(one, output, target_ca.mint(one))

    return started


@pytest.mark.parametrize("check", contracts.PROCESS, ids=lambda check: check.__name__)
async def test_contract(check: Callable[[Start], Awaitable[None]], start: Start) -> None:
    await check(start)


async def test_what_mint_raises_comes_through(order: MakeOrder) -> None:
    async def mint(_: Login, __: str) -> asyncssh.SSHKeyPair:
        raise Unavailable(Code.SIGNER_UNAVAILABLE, "the signer does not answer")

    with pytest.raises(Unavailable) as failed:
        await RUNNER.start(order("true"), Collected(), mint)
    assert failed.value.code is Code.SIGNER_UNAVAILABLE


class TestNoChannel:
    """Targets that let the login in and then run nothing."""

    @asynccontextmanager
    async def target(
        self, ca: TargetCA, session: Callable[[asyncssh.SSHServerConnection], bool]
    ) -> AsyncIterator[Target]:
        class Server(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                self.connection = conn

            def begin_auth(self, username: str) -> bool:
                allowed = asyncssh.import_authorized_keys(f'cert-authority,principals="app@here" {ca.line}')
                self.connection.set_authorized_keys(allowed)
                return True

            def session_requested(self) -> bool:
                return session(self.connection)

        key = asyncssh.generate_private_key("ssh-ed25519")
        async with asyncssh.listen("127.0.0.1", 0, server_factory=Server, server_host_keys=[key]) as server:
            line = key.export_public_key().decode()
            yield Target(name="here", logins=("app",), host="127.0.0.1", port=server.get_port(), host_keys=(line,))

    async def test_refused(self, order: Callable[..., Order], target_ca: TargetCA) -> None:
        async with self.target(target_ca, lambda _: False) as target:
            one = order("true", target)
            with pytest.raises(Unavailable, match="let the login in but runs no command") as failed:
                await RUNNER.start(one, Collected(), target_ca.mint(one))
        assert failed.value.code is Code.TARGET_REFUSED

    async def test_broken_off(self, order: Callable[..., Order], target_ca: TargetCA) -> None:
        def leave(connection: asyncssh.SSHServerConnection) -> bool:
            connection.abort()
            return False

        async with self.target(target_ca, leave) as target:
            one = order("true", target)
            with pytest.raises(Unavailable, match="broke before the command ran") as failed:
                await RUNNER.start(one, Collected(), target_ca.mint(one))
        assert failed.value.code is Code.TARGET_UNREACHABLE


async def test_each_login_has_its_own_certificate(order: MakeOrder, target_ca: TargetCA) -> None:
    output, one = Collected(), order("trap 'echo usr' USR1; echo up; while :; do sleep 0.1; done")
    process = await RUNNER.start(one, output, target_ca.mint(one))
    await output.until(lambda seen: seen.stdout == b"up\n")
    async with asyncio.TaskGroup() as group:
        end = group.create_task(process.wait())
        process.send_signal("USR1")
        await output.until(lambda seen: seen.stdout == b"up\nusr\n")
        assert await process.stop()
        assert (await end).signal == "TERM"
    await process.close()
    assert [purpose for purpose, _ in target_ca.minted] == ["run", "USR1", "stop"]


async def test_stops_that_come_together_are_one(order: MakeOrder, target_ca: TargetCA) -> None:
    one = order("sleep 1000")
    process = await RUNNER.start(one, Collected(), target_ca.mint(one))
    assert await asyncio.gather(process.stop(), process.stop()) == [True, True]
    assert [purpose for purpose, _ in target_ca.minted] == ["run", "stop"]
    await process.close()


async def test_a_stop_that_cannot_log_in_is_tried_again_and_admitted(order: MakeOrder, target_ca: TargetCA) -> None:
    one, asked = order("sleep 1000"), []
    willing = target_ca.mint(one)

    async def mint(purpose: Login, address: str) -> asyncssh.SSHKeyPair:
        asked.append(purpose)
        if purpose == "stop" and len(asked) <= 1 + ssh.STOP_ATTEMPTS:
            raise Refused(Code.SIGNER_REFUSED, "no more certificates")
        return await willing(purpose, address)

    process = await RUNNER.start(one, Collected(), mint)
    with capture_logs() as logs:
        assert not await process.stop()
    assert [(entry["event"], entry["code"]) for entry in logs] == [("login.failed", Code.SIGNER_REFUSED)] * 3
    assert await process.stop()
    await process.close()


async def test_a_stop_that_leaves_something_is_admitted(order: MakeOrder, target_ca: TargetCA) -> None:
    one = order("exit 0")
    willing = target_ca.mint(one)

    async def mint(purpose: Login, address: str) -> asyncssh.SSHKeyPair:
        if purpose == "stop":
            return target_ca.certified(principal="app@here", line="echo 4711; exit 1", address=address)
        return await willing(purpose, address)

    process = await RUNNER.start(one, Collected(), mint)
    assert await process.wait() == Exit()
    with capture_logs() as logs:
        assert not await process.stop()
    assert [(entry["event"], entry["status"], entry["report"]) for entry in logs] == [("login.said", 1, "4711\n")] * 3
    await process.close()


async def test_a_stop_that_takes_too_long_is_admitted(
    order: MakeOrder, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh, "STOP_DEADLINE_S", 0.05)
    one = order("exit 0")
    willing = target_ca.mint(one)

    async def mint(purpose: Login, address: str) -> asyncssh.SSHKeyPair:
        if purpose == "stop":
            await asyncio.Event().wait()
        return await willing(purpose, address)

    process = await RUNNER.start(one, Collected(), mint)
    with capture_logs() as logs:
        assert not await process.stop()
    assert [entry["event"] for entry in logs] == ["stop.late"]
    assert await process.wait() == Exit()
    await process.close()


def hang_after_exec(monkeypatch: pytest.MonkeyPatch, one: Order) -> asyncio.Event:
    """The answer to the exec request of the run never comes; set once the command was asked for."""
    execute, asked = TargetConnection.execute, asyncio.Event()

    async def silent(connection: TargetConnection, session: Session, line: str, window: int) -> TargetChannel:
        channel = await execute(connection, session, line, window)
        if line == one.line:
            asked.set()
            await asyncio.Event().wait()
        return channel

    monkeypatch.setattr(TargetConnection, "execute", silent)
    monkeypatch.setattr(ssh, "CONFIRM_S", 0.05)
    return asked


async def test_a_start_that_is_cancelled_ends_what_it_began(
    order: MakeOrder, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = order("sleep 1000")
    asked = hang_after_exec(monkeypatch, one)
    starting = asyncio.get_running_loop().create_task(RUNNER.start(one, Collected(), target_ca.mint(one)))
    await asked.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await starting
    assert [purpose for purpose, _ in target_ca.minted] == ["run", "stop"]
    assert not hasattr(cancelled.value, "__notes__")


async def test_a_start_without_an_answer_whose_stop_fails_is_admitted(
    order: MakeOrder, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = order("sleep 0")
    hang_after_exec(monkeypatch, one)
    willing = target_ca.mint(one)

    async def mint(purpose: Login, address: str) -> asyncssh.SSHKeyPair:
        if purpose == "stop":
            raise Refused(Code.SIGNER_REFUSED, "no more certificates")
        return await willing(purpose, address)

    with capture_logs(), pytest.raises(Unavailable, match="let the login in and then did not answer") as silent:
        await SshRunner(Reach(login_s=1)).start(one, Collected(), mint)
    assert silent.value.code is Code.TARGET_UNREACHABLE
    assert MAY_RUN in silent.value.__notes__


async def test_a_command_that_the_target_refused_needs_no_stop(
    order: MakeOrder, target_ca: TargetCA, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(*_: object) -> TargetChannel:
        raise Unavailable(Code.TARGET_REFUSED, "runs no command")

    monkeypatch.setattr(TargetConnection, "execute", refused)
    one = order("exit 0")
    with pytest.raises(Unavailable, match="runs no command"):
        await RUNNER.start(one, Collected(), target_ca.mint(one))
    assert [purpose for purpose, _ in target_ca.minted] == ["run"]


async def test_signals_no_target_takes_are_dropped(order: MakeOrder, target_ca: TargetCA) -> None:
    one = order("exit 0")
    process = await RUNNER.start(one, Collected(), target_ca.mint(one))
    with capture_logs() as logs:
        process.send_signal("STOP")
        for _ in range(ssh.SIGNALS_WAITING + 1):
            process.send_signal("INT")
    assert [entry["signal"] for entry in logs] == ["STOP", "INT"]
    assert await process.wait() == Exit()
    await process.close()


async def test_a_connection_that_breaks_leaves_the_outcome_unknown(order: MakeOrder, target_ca: TargetCA) -> None:
    output, one = Collected(), order("echo up; sleep 1000")
    process = await RUNNER.start(one, output, target_ca.mint(one))
    await output.until(lambda seen: bool(seen.stdout))
    process._connection.abort()
    with pytest.raises(Unavailable, match="ended before the command said how: whether it finished is unknown") as lost:
        await process.wait()
    assert lost.value.code is Code.TARGET_UNREACHABLE
    assert await process.stop()
    await process.close()


async def test_output_paused_at_once_stays_paused(order: MakeOrder, target_ca: TargetCA) -> None:
    output, one = Collected(), order("echo up")
    process = await RUNNER.start(one, output, target_ca.mint(one))
    process.pause_output()
    ended = asyncio.get_running_loop().create_task(process.wait())
    await asyncio.wait([ended], timeout=0.1)
    assert (output.stdout, ended.done()) == (b"", False)
    process.resume_output()
    assert await ended == Exit()
    assert output.stdout == b"up\n"
    await process.close()


class TestSession:
    """The ends of a channel, one by one."""

    async def ended(self, *events: tuple[str, object], lost: Exception | None = None) -> Exit:
        session = Session(Collected())
        for name, argument in events:
            method = getattr(session, name)
            method(*argument) if isinstance(argument, tuple) else method()
        session.connection_lost(lost)
        session.connection_lost(lost)
        return await session.ended

    async def test_streams_are_told_apart(self) -> None:
        output = Collected()
        session = Session(output)
        session.data_received(b"a", None)
        session.data_received(b"b", asyncssh.EXTENDED_DATA_STDERR)
        session.pause_writing()
        assert (output.stdout, output.stderr, output.input_paused) == (b"a", b"b", True)
        session.resume_writing()
        assert not output.input_paused
        assert (STDOUT, STDERR) == (1, 2)

    async def test_closed_after_a_status(self) -> None:
        assert await self.ended(("exit_status_received", (3,))) == Exit(status=3)

    async def test_signal(self) -> None:
        end = await self.ended(("exit_signal_received", ("SEGV", True, "dumped", "en")))
        assert end == Exit(signal="SEGV", core=True, message="dumped", lang="en")

    async def test_lost_after_status_and_all_output(self) -> None:
        known = ("eof_received", None), ("exit_status_received", (0,))
        assert await self.ended(*known, lost=ConnectionError()) == Exit()

    async def test_lost_after_status_with_output_missing(self) -> None:
        with pytest.raises(Unavailable, match="ended before the command said how"):
            await self.ended(("exit_status_received", (0,)), lost=ConnectionError())

    async def test_closed_without_a_status(self) -> None:
        with pytest.raises(Unavailable, match="ended before the command said how"):
            await self.ended(("eof_received", None))


async def test_the_report_of_a_script_is_bounded(order: MakeOrder, target_ca: TargetCA) -> None:
    from jumphost.target.connection import connect

    async def credential(address: str) -> asyncssh.SSHKeyPair:
        text = "head -c 100000 /dev/zero | tr '\\0' x; echo noise >&2; exit 1"
        return target_ca.certified(principal="app@here", line=text, address=address)

    connection = await connect(order("true").target, "app", credential, Reach())
    end, report = await ssh.run(connection, "")
    assert (end, report) == (Exit(status=1), "x" * ssh.MAX_REPORT)
    await connection.end()
