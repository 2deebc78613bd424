"""No byte of standard input reaches a target before a durable allow, whatever fails or is killed."""

import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.errors import Code, Unavailable
from jumphost.gateway.intake import Intake
from jumphost.model.decision import Limits, denied
from jumphost.model.event import Kind
from jumphost.recording.writer import Recording
from jumphost.store.writer import unavailable
from jumphost.testing.killed_at import STEPS
from jumphost.testing.lab import lab_site
from jumphost.testing.session import House, hangs, house, owing, raises, returns
from jumphost.testing.site import LiveSite, has_ssh, open_folder

ODD = RuntimeError("nobody expects this")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        owing(made.engine, stdin="judge", limits=Limits(timeout_s=1))
        yield made


async def send(here: House, data: bytes) -> Any:
    async with await here.caller() as caller:
        process = await caller.create_process("sh -s", encoding="utf-8")
        process.stdin.write(data.decode())
        process.stdin.write_eof()
        return await process.wait()


def throws(error: Exception) -> Callable[..., Any]:
    def act(*_: Any, **__: Any) -> Any:
        raise error

    return act


def once_read(here: House, fault: Any) -> None:
    """The engine fails the second time that it is asked."""
    judged = here.engine.judge

    async def judge(asked: Any) -> Any:
        here.engine.fault = fault if asked.stdin is not None else None
        return await judged(asked)

    here.engine.judge = judge  # type: ignore[method-assign]


Break = Callable[[House, pytest.MonkeyPatch], object]
NO_RECORDING = Unavailable(Code.RECORDING_FAILED, "the session cannot be recorded")
BEFORE: dict[str, tuple[Break, int, str]] = {
    "engine denies the second time": (
        lambda here, _: once_read(here, returns(denied(Code.POLICY_TIMEOUT, "late"))),
        69,
        "failed policy.timeout",
    ),
    "engine raises the second time": (lambda here, _: once_read(here, raises(ODD)), 70, "failed internal"),
    "engine says nothing the second time": (lambda here, _: once_read(here, returns(None)), 70, "failed internal"),
    "reading fails": (lambda _, patch: patch.setattr(Intake, "read", throws(ODD)), 70, "failed internal"),
    "reading gives nothing": (
        lambda _, patch: patch.setattr(Intake, "stdin", lambda *_: None),
        77,
        "denied command.unparsed",  # no script at all
    ),
    "request store": (
        lambda here, _: setattr(here.requests, "fault", throws(unavailable("full"))),
        69,
        "failed journal.unavailable",
    ),
    "recorder": (lambda _, patch: patch.setattr(Recording, "open", throws(NO_RECORDING)), 70, "failed recording"),
    "journal": (
        lambda here, _: here.store.faults.update({Kind.COMMAND_START: throws(ODD)}),
        70,
        "failed internal",
    ),
    "signer": (lambda here, _: setattr(here.credentials, "fault", raises(ODD)), 70, "failed internal"),
    "signer hangs": (lambda here, _: setattr(here.credentials, "fault", hangs), 77, "cut limit.time"),
    "target": (lambda here, _: setattr(here.runner, "start_fault", raises(ODD)), 70, "failed internal"),
    "target hangs": (lambda here, _: setattr(here.runner, "start_fault", hangs), 77, "cut limit.time"),
    "recording of the input": (lambda _, patch: patch.setattr(Recording, "input", throws(NO_RECORDING)), 70, "cut rec"),
}


@pytest.mark.parametrize("name", BEFORE)
async def test_fault(here: House, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    breaks, status, says = BEFORE[name]
    mark = tmp_path / "mark"
    with monkeypatch.context() as patch:
        breaks(here, patch)
        done = await send(here, f"echo ran >> {mark}\n".encode())
    assert (done.exit_status, done.stdout) == (status, "")
    assert done.stderr.startswith(f"jumphost: {says}")
    assert not mark.exists()
    for known in here.runner.known.values():
        assert known[-1] == Kind.COMMAND_START
        assert known.count(Kind.COMMAND_DECISION) == 2
    await here.until(lambda: not here.parts.room.taken("deploy-bot"))


async def test_a_recording_that_is_full_half_way_hands_on_nothing(here: House, tmp_path: Path) -> None:
    recording = replace(here.parts.settings.recording, max_bytes=50_000)
    settings = replace(here.parts.settings, recording=recording)
    object.__setattr__(here.parts, "settings", settings)
    mark = tmp_path / "mark"
    done = await send(here, f"echo ran >> {mark}\n".encode() + b"echo " + b"x" * 60_000 + b"\n")
    assert (done.exit_status, "cut limit.recording" in done.stderr) == (77, True)
    assert not mark.exists()


# ── killed ──────────────────────────────────────────────────────────────────────────────────────────────────────────


REACHED = tuple(name for name in STEPS if name not in ("holding", "held"))
NOT_DURABLE = REACHED[: REACHED.index("committed")]
NOT_BEGUN = ("committed", "minting", "minted", "starting", "running")  # durable, and no byte handed on
QUICK = ("taking", "taken", "committing", "running")  # `make test-long` runs all


def steps(names: tuple[str, ...]) -> list[Any]:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.fixture(scope="module")
def crashing() -> Iterator[LiveSite]:
    """A site whose gateway each test starts and kills."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        site.stop()
        site.write_settings(policy={"engine": "embedded", "deadline_ms": 2000})
        yield site


@pytest.fixture(scope="module")
def caller(crashing: LiveSite) -> Path:
    return crashing.key("deploy-bot", "--ttl", "15m")


@pytest.fixture
def mark() -> Iterator[Path]:
    with open_folder() as folder:
        folder.chmod(0o777)
        yield folder / "mark"


def send_script(site: LiveSite, caller: Path, mark: Path) -> "subprocess.CompletedProcess[bytes]":
    script = f"echo ran >> {mark}\necho done\n".encode()
    return site.ssh(caller, "batch-host", "sh -s", env={"JUMPHOST_PURPOSE": "judge"}, stdin=script)


@pytest.mark.parametrize("step", steps((*NOT_DURABLE, *NOT_BEGUN)))
def test_killed_before_the_script_is_handed_on(crashing: LiveSite, caller: Path, mark: Path, step: str) -> None:
    crashing.start("-m", "jumphost.testing.killed_at", step)
    assert send_script(crashing, caller, mark).returncode == 255
    assert crashing.killed() == -signal.SIGKILL
    crashing.start()
    try:
        assert not mark.exists()
        assert send_script(crashing, caller, mark).stdout == b"done\n"
        assert mark.read_text() == "ran\n"
    finally:
        crashing.stop()
