import asyncio
import os
import signal
import stat
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.stream import Reader, Socket, Writer
from jumphost.target import bubble, lineage, process, sandbox
from jumphost.target.base import Exit, Process
from jumphost.target.process import ProcessRunner, launch
from jumphost.testing import contracts
from jumphost.testing.contracts import Collected, Start, end_of
from jumphost.testing.sandboxes import order, ran, started, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")


async def mint(purpose: str, address: str) -> None:
    raise AssertionError(f"got a certificate for {purpose} from {address}, expected none to be asked for")


@pytest.fixture
def start(tmp_path: Path) -> Start:
    async def begun(text: str, output: Collected) -> Process:
        return await started(order(text), output, tmp_path)

    return begun


@pytest.mark.parametrize("check", contracts.PROCESS, ids=lambda check: check.__name__)
async def test_contract(check: Callable[[Start], Awaitable[None]], start: Start) -> None:
    await check(start)


@pytest.mark.parametrize("status", [128 + number for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV)])
async def test_a_death_by_signal_is_the_status_of_a_shell(status: int, tmp_path: Path) -> None:
    how, _, err = await ran(order(f"kill -{status - 128} $$"), tmp_path)
    assert (how, err) == (Exit(status=status), "")


class TestNoted:
    """What nobody noted does not run."""

    async def test_a_signer_that_refuses(self, tmp_path: Path) -> None:
        async def use(login: str) -> None:
            raise Refused(Code.SIGNER_REFUSED, f"not {login!r}")

        one = order("true")
        with pytest.raises(Refused, match="not ''"):
            await ProcessRunner(tmp_path).start(one, Collected(), mint, use)  # type: ignore[arg-type]
        assert lineage.marked(*sandbox.mark(one.request)) == []

    async def test_nobody_to_note_it(self, tmp_path: Path) -> None:
        with pytest.raises(JumphostError, match="nobody noted") as failed:
            await ProcessRunner(tmp_path).start(order("true"), Collected(), mint)  # type: ignore[arg-type]
        assert failed.value.code is Code.INTERNAL


class TestStart:
    async def test_a_program_that_is_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bubble, "PATH", str(tmp_path))
        with pytest.raises(Unavailable, match="a program is missing") as failed:
            await launch(order("true"), Collected(), tmp_path)
        assert failed.value.code is Code.TARGET_UNREACHABLE

    async def test_a_program_that_does_not_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bubble, "program", lambda: str(tmp_path / "none"))
        monkeypatch.setattr(bubble, "SETPRIV", str(tmp_path / "none"))
        with pytest.raises(Unavailable, match="bwrap does not start"):
            await launch(order("true"), Collected(), tmp_path)

    @pytest.fixture
    def slow(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A sandbox whose first process never says that it is there."""
        monkeypatch.setattr(sandbox, "FIRST", "trap '' TERM; sleep 1000; exit")

    @pytest.mark.usefixtures("slow")
    async def test_one_that_is_late_is_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(process, "START_S", 0.3)
        one = order("true")
        with pytest.raises(Unavailable, match="bwrap did not make it in time"):
            await launch(one, Collected(), tmp_path)
        assert lineage.marked(*sandbox.mark(one.request)) == []

    @pytest.mark.usefixtures("slow")
    async def test_one_that_is_cancelled_is_ended(self, tmp_path: Path) -> None:
        one = order("true")
        async with asyncio.TaskGroup() as group:
            task = group.create_task(launch(one, Collected(), tmp_path))
            while not lineage.marked(*sandbox.mark(one.request)):
                await asyncio.sleep(0)
            task.cancel()
        assert lineage.marked(*sandbox.mark(one.request)) == []

    async def test_one_that_nobody_waits_for_does_not_begin(self, tmp_path: Path) -> None:
        """Between bwrap's end and the beginning of the command nothing else would end it; a stop takes the rest."""
        one = order("true")
        begun = bubble.Bubble(bubble.program(), sandbox.words(one, tmp_path))
        begun.close()
        assert await begun._child.wait() != 0
        assert await ProcessRunner(tmp_path).stop(one, mint)  # type: ignore[arg-type]
        assert lineage.marked(*sandbox.mark(one.request)) == []


class TestEnd:
    async def test_a_sandbox_that_another_ended(self, start: Start) -> None:
        running = await start("sleep 1000", Collected())
        lineage.send(lineage.descendants(os.getpid()), signal.SIGKILL)
        with pytest.raises(Unavailable, match="ended before the command said how"):
            await end_of(running)
        assert await running.stop()
        await running.close()

    async def test_all_who_wait_are_told_the_status(self, start: Start) -> None:
        running = await start("read -r line; exit 3", Collected())
        async with asyncio.TaskGroup() as group:
            end = group.create_task(end_of(running))
            running.write(b"go\n")
            again = group.create_task(end_of(running))
        assert end.result() == again.result() == Exit(status=3)
        assert await running.stop()
        await running.close()
        assert await end_of(running) == Exit(status=3)

    async def test_who_has_only_the_same_name_is_left_alone(self, tmp_path: Path) -> None:
        one = order("sleep 1000")
        with subprocess.Popen(
            ["sh", "-c", "sleep 1000; exit", f"jumphost:{one.request}"], stdin=subprocess.DEVNULL
        ) as stranger:
            running = await started(one, Collected(), tmp_path)
            assert await running.stop()
            assert stranger.poll() is None
            lineage.send(lineage.descendants(stranger.pid), signal.SIGKILL)
        await running.close()

    async def test_close_ends_it(self, tmp_path: Path) -> None:
        one = order("trap '' TERM; sleep 1000")
        running = await started(one, Collected(), tmp_path)
        await running.close()
        assert lineage.marked(*sandbox.mark(one.request)) == []

    async def test_stop_finds_what_an_earlier_process_started(self, tmp_path: Path) -> None:
        one = order("trap '' TERM; sleep 1000")
        running = await started(one, Collected(), tmp_path)
        assert await ProcessRunner(tmp_path).stop(one, mint)  # type: ignore[arg-type]
        assert lineage.marked(*sandbox.mark(one.request)) == []
        assert await ProcessRunner(tmp_path).stop(one, mint)  # type: ignore[arg-type]
        await running.close()

    async def test_what_does_not_end_is_admitted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(process, "END_S", 0.1)
        monkeypatch.setattr(lineage, "send", lambda *_: 0)
        one = order("sleep 1000")
        running = await started(one, Collected(), tmp_path)
        assert not await running.stop()
        monkeypatch.undo()
        assert await running.stop()
        await running.close()

    async def test_a_signal_that_no_target_takes_is_dropped(self, start: Start) -> None:
        running = await start("read -r line", Collected())
        with capture_logs() as logs:
            running.send_signal("STOP")
        assert [one["event"] for one in logs] == ["signal.dropped"]
        running.write_eof()
        await end_of(running)
        await running.close()


CONNECT = (
    "use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un(q(/tmp/s))) or die $!; "
    "syswrite($s, q(hello)); sysread($s, my $answer, 100); print $answer"
)


async def answer(reader: Reader, writer: Writer) -> None:
    writer.write(b"heard " + await reader.read(100))
    writer.close()


async def test_a_socket_is_there_for_the_command_alone(tmp_path: Path) -> None:
    output, places = Collected(), set(Path(tempfile.gettempdir()).glob("jumphost-*/socket"))
    running = await started(order(f"perl -e '{CONNECT}'", socket=Socket("/tmp/s", answer)), output, tmp_path)
    (path,) = set(Path(tempfile.gettempdir()).glob("jumphost-*/socket")) - places
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await end_of(running) == Exit(), output.stderr
    assert output.stdout == b"heard hello"
    await running.close()
    assert not path.exists()
    _, out, _ = await ran(order("ls -A /tmp"), tmp_path)
    assert out == ""


async def test_a_socket_is_gone_where_the_sandbox_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "PRLIMIT", "/bin/false")
    before = set(Path(tempfile.gettempdir()).glob("jumphost-*"))
    with pytest.raises(Unavailable):
        await launch(order("true", socket=Socket("/tmp/s", answer)), Collected(), tmp_path)
    assert set(Path(tempfile.gettempdir()).glob("jumphost-*")) <= before
