"""One allowed command from its recording to its seal, step by step and with each step failing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from jumphost.config.settings import Settings
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.gateway import execution
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.execution import Execution
from jumphost.gateway.message import Ending
from jumphost.gateway.trail import Trail
from jumphost.model.decision import Decision, Limits
from jumphost.model.event import Event, Kind
from jumphost.recording.writer import Recording
from jumphost.store.writer import unavailable
from jumphost.testing.session import House, hangs, house, owing, raises

CUT = Ending("cut", Code.LIMIT_TIME, "ran longer than 1 s", 77)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, change=accepting_lang) as made:
        yield made


def accepting_lang(settings: Settings) -> Settings:
    return replace(settings, environment=replace(settings.environment, accept=("LANG",)))


class Steps:
    """The execution of one command that a real session was about to begin."""

    def __init__(self, made: Execution, trail: Trail, channel: CallerChannel) -> None:
        self.execution, self.trail, self.channel = made, trail, channel
        self.cuts: list[JumphostError] = []

    async def start(self) -> None:
        await self.execution.start(self.channel, self.cuts.append)

    def noted(self) -> list[Event]:
        return list(self.trail.take())


@pytest.fixture
async def steps(here: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Steps]:
    """Catches the execution of ``echo out`` before its first step; its session waits until the test is over."""
    made: asyncio.Future[Steps] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def caught(session: Any, target: Any, decision: Decision, approvals: Any, hold: Any) -> Ending:
        one = Execution(here.parts, session._trail, session._caller, target, decision, approvals, session._input.data)
        session._trail.take()
        made.set_result(Steps(one, session._trail, session._channel))
        await over.wait()
        return CUT

    monkeypatch.setattr("jumphost.gateway.session.Session._perform", caught)
    async with await here.caller() as caller:
        process = await caller.create_process("echo out")
        yield await made
        over.set()
        await process.wait()


async def test_every_step(steps: Steps, here: House) -> None:
    await steps.execution.record()
    (opened,) = steps.noted()
    path = here.site.recordings / opened.data["recording"]
    assert (opened.kind, path.is_file()) == (Kind.RECORDING_OPEN, True)
    await steps.start()
    assert (await steps.execution.ended()).status == 0
    await steps.execution.seal()
    (sealed,) = steps.noted()
    assert (sealed.kind, sealed.data["bytes"]) == (Kind.RECORDING_SEAL, path.stat().st_size)
    assert (steps.cuts, steps.execution.dropped_input) == ([], 0)
    assert here.runner.closed == [here.runner.started[0].request]
    text = path.read_text()
    assert '"identity":"deploy-bot"' in text
    assert '"target":"batch-host"' in text


async def test_steps_out_of_order_are_faults(steps: Steps) -> None:
    with pytest.raises(JumphostError, match="a command without a recording"):
        await steps.start()
    with pytest.raises(JumphostError, match="a command that was not started"):
        await steps.execution.ended()
    assert await steps.execution.stop(CUT)
    await steps.execution.seal()
    assert (steps.noted(), steps.execution.progress(), steps.execution.dropped_input) == ([], None, 0)


async def test_recording_that_does_not_open(steps: Steps, here: House) -> None:
    here.site.recordings.rmdir()
    here.site.recordings.write_text("a file where the folder was")
    with pytest.raises(Unavailable) as failed:
        await steps.execution.record()
    assert failed.value.code in (Code.RECORDING_FAILED, Code.LIMIT_DISK)
    await steps.execution.seal()
    assert steps.noted() == []


def slow_opening(here: House, monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """Recordings that open only when the test lets go, and are kept."""
    opens, made = Recording.open, list[Recording]()

    def opened(*args: Any, **known: Any) -> Recording:
        here.blocks()
        made.append(opens(*args, **known))
        return made[-1]

    monkeypatch.setattr(Recording, "open", opened)
    return made


async def test_recording_that_opens_too_late_is_closed(
    steps: Steps, here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "DISK_S", 0.05)
    made = slow_opening(here, monkeypatch)
    with pytest.raises(Unavailable, match="cannot be recorded") as late:
        await steps.execution.record()
    assert late.value.code is Code.RECORDING_FAILED
    here.released.set()
    await here.until(lambda: made and made[0]._descriptor < 0)


async def test_recording_of_a_caller_who_left_is_closed(
    steps: Steps, here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = slow_opening(here, monkeypatch)
    opening = asyncio.get_running_loop().create_task(steps.execution.record())
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    here.released.set()
    await here.until(lambda: made and made[0]._descriptor < 0)


async def test_recording_that_does_not_close_in_time(
    steps: Steps, here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await steps.execution.record()
    monkeypatch.setattr(execution, "DISK_S", 0.05)
    close = Recording.close

    def closes(recording: Recording) -> Any:
        here.blocks()
        return close(recording)

    monkeypatch.setattr(Recording, "close", closes)
    with pytest.raises(Unavailable, match="cannot be closed"):
        await steps.execution.seal()
    here.released.set()


@pytest.mark.parametrize("fault", [raises(RuntimeError("odd")), hangs], ids=["raises", "hangs"])
async def test_target_that_does_not_let_go_is_left_and_the_recording_sealed(
    steps: Steps, here: House, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "STOP_GRACE_S", 0.05)
    await steps.execution.record()
    await steps.start()
    process = steps.execution._process
    assert process is not None
    close = process.close
    monkeypatch.setattr(process, "close", fault)
    steps.noted()
    with capture_logs() as logs:
        await steps.execution.seal()
    assert [entry["event"] for entry in logs] == ["target.not_closed"]
    assert [event.kind for event in steps.noted()] == [Kind.RECORDING_SEAL]
    await close()


@pytest.mark.parametrize(("purpose", "minted"), [("run", False), ("deliver", False), ("stop", True), ("TERM", True)])
@pytest.mark.parametrize("error", [unavailable("full"), RuntimeError("odd")], ids=["full", "odd"])
async def test_credential_that_cannot_be_journalled(
    steps: Steps, here: House, purpose: Any, minted: bool, error: Exception
) -> None:
    """No command runs with it; but what runs is stopped all the same."""

    def broken() -> None:
        raise error

    here.store.faults[Kind.CREDENTIAL_ISSUE] = broken
    if minted:
        with capture_logs() as logs:
            assert await steps.execution._mint(purpose, "127.0.0.1")
        assert [entry["event"] for entry in logs] == ["journal.unavailable"]
    else:
        with pytest.raises(type(error)):
            await steps.execution._mint(purpose, "127.0.0.1")
    here.store.faults.clear()


async def test_a_login_that_is_used_again_is_noted_then_journalled(steps: Steps, here: House) -> None:
    await steps.execution._use("r")
    assert here.credentials.used == ["r"]
    assert [event["login"] for event in await here.events("credential.use")] == ["r"]

    def broken() -> None:
        raise unavailable("full")

    here.store.faults[Kind.CREDENTIAL_USE] = broken
    with pytest.raises(Unavailable):
        await steps.execution._use("r")
    here.store.faults.clear()


async def test_limits_of_the_decision(here: House) -> None:
    owing(here.engine, limits=Limits(output_bytes=3))
    done = await here.run("echo 123456789")
    assert (done.exit_status, done.stdout, "jumphost: cut limit.output" in done.stderr) == (77, "123", True)
    owing(here.engine, limits=Limits(timeout_s=1))
    done = await here.run("sleep 60")
    assert (done.exit_status, "jumphost: cut limit.time: ran longer than 1 s" in done.stderr) == (77, True)


async def test_environment_that_was_granted_and_no_other(here: House) -> None:
    env = {"LANG": "de_DE.UTF-8", "LC_ALL": "C"}
    owing(here.engine, env=("LANG", "LC_ALL", "HOME"))
    done = await here.run("env", env=env)
    assert "LANG=de_DE.UTF-8\n" in done.stdout
    owing(here.engine)
    assert "de_DE" not in (await here.run("env", env=env)).stdout


async def test_what_the_runner_refuses_is_told(here: House) -> None:
    here.runner.start_fault = raises(Refused(Code.TARGET_HOST_KEY, "another key"))
    done = await here.run("true")
    assert (done.exit_status, "jumphost: failed target.host_key" in done.stderr) == (76, True)
