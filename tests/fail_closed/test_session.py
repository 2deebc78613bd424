"""Every port of a session × every way to fail: the caller is told the documented thing, nothing ran that was not
durably allowed, the trail says so, and the next command is served."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from jumphost.errors import Code, Unavailable
from jumphost.gateway import execution, server
from jumphost.model.decision import Limits, denied
from jumphost.model.event import Kind
from jumphost.recording.writer import Recording
from jumphost.store import database
from jumphost.store.writer import unavailable
from jumphost.testing.session import House, about_another, hangs, holding, house, owing, raises, returns

ODD = RuntimeError("nobody expects this")
LATE_S = 1.0  # every deadline of ours, in these tests


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(database, "WRITE_DEADLINE_S", LATE_S)
    monkeypatch.setattr(execution, "DISK_S", LATE_S)
    monkeypatch.setattr(server, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(server, "PROGRESS_BEATS", 1)
    async with house(tmp_path) as made:
        owing(made.engine, limits=Limits(timeout_s=1))
        yield made


Break = Callable[[House, pytest.MonkeyPatch], None]


def engine(fault: Callable[[House], Any]) -> Break:
    def broken(here: House, _: pytest.MonkeyPatch) -> None:
        here.engine.fault = fault(here)

    return broken


def journal(kind: Kind, fault: Callable[[House], Callable[[], None]]) -> Break:
    def broken(here: House, _: pytest.MonkeyPatch) -> None:
        here.store.faults[kind] = fault(here)

    return broken


def held(kind: Kind, fault: Callable[[House], Callable[[], None]]) -> Break:
    def broken(here: House, patch: pytest.MonkeyPatch) -> None:
        holding(here.engine)
        journal(kind, fault)(here, patch)

    return broken


def requests(fault: Callable[[House], Callable[[], None]]) -> Break:
    def broken(here: House, _: pytest.MonkeyPatch) -> None:
        here.requests.fault = fault(here)

    return broken


def opening(fault: Callable[[House], Callable[[], Any]]) -> Break:
    def broken(here: House, patch: pytest.MonkeyPatch) -> None:
        act = fault(here)
        patch.setattr(Recording, "open", lambda *_, **__: act())

    return broken


def slow(here: House, patch: pytest.MonkeyPatch) -> None:
    """The disk takes longer than we wait for it."""
    opens = Recording.open

    def opened(*args: Any, **known: Any) -> Recording:
        here.blocks()
        return opens(*args, **known)

    patch.setattr(Recording, "open", opened)


def recording(fault: Callable[[House], Callable[[], None]]) -> Break:
    def broken(here: House, patch: pytest.MonkeyPatch) -> None:
        act = fault(here)
        patch.setattr(Recording, "output", lambda *_: act())

    return broken


def sealing(fault: Callable[[House], Callable[[], None]]) -> Break:
    def broken(here: House, patch: pytest.MonkeyPatch) -> None:
        close = Recording.close

        def closed(one: Recording) -> Any:
            close(one)
            fault(here)()

        patch.setattr(Recording, "close", closed)

    return broken


def port(name: str, fault: Callable[[House], Any]) -> Break:
    """``credentials.fault``, ``runner.start_fault``, ``runner.wait_fault``."""

    def broken(here: House, _: pytest.MonkeyPatch) -> None:
        owner, attribute = name.split(".")
        setattr(getattr(here, owner), attribute, fault(here))

    return broken


def full(_: House) -> Callable[[], None]:
    """The disk is full: a fault that passes."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return throws(error)


def throws(error: Exception) -> Callable[[], Any]:
    def act() -> Any:
        raise error

    return act


def odd(_: House) -> Callable[[], Any]:
    return throws(ODD)


def stuck(here: House) -> Callable[[], None]:
    return here.blocks


def down(code: Code) -> Callable[[House], Any]:
    return lambda _: raises(Unavailable(code, "down"))


def always(fault: Any) -> Callable[[House], Any]:
    return lambda _: fault


class Case(Struct, frozen=True):
    """``ran``: whether the command began before the fault, which it may only after a durable allow."""

    name: str
    breaks: Break
    status: int
    says: str
    ran: bool = False


RAN = True
BEFORE, WHILE, ENDLESS = "journal before the start", "journal while running", "target never ends"
NO_RECORDING = Unavailable(Code.RECORDING_FAILED, "the session cannot be recorded")
CASES = [
    Case("engine denies with its fault", engine(lambda _: returns(denied(Code.POLICY_TIMEOUT, "late"))), 69,
         "failed policy.timeout"),
    Case("engine raises", engine(lambda _: raises(ODD)), 70, "failed internal"),
    Case("engine says nothing", engine(lambda _: returns(None)), 70, "failed internal"),
    Case("engine judges another request", engine(lambda here: about_another(here.engine)), 77, "denied policy.invalid"),
    Case("request store full", requests(lambda _: throws(unavailable("full"))), 69, "failed journal.unavailable"),
    Case("request store odd", requests(odd), 70, "failed internal"),
    Case("request store hangs", requests(stuck), 69, "failed journal.unavailable"),
    Case("hold cannot be opened", held(Kind.HOLD_OPEN, full), 69, "failed journal.unavailable"),
    Case("hold opens oddly", held(Kind.HOLD_OPEN, odd), 70, "failed internal"),
    Case("hold hangs", held(Kind.HOLD_OPEN, stuck), 69, "failed journal.unavailable"),
    Case("recorder cannot open", opening(lambda _: throws(NO_RECORDING)), 70, "failed recording.failed"),
    Case("recorder opens oddly", opening(odd), 70, "failed internal"),
    Case("recorder hangs", slow, 70, "failed recording.failed"),
    Case("recorder is rubbish", opening(lambda _: object), 70, "failed internal"),
    Case(f"{BEFORE} full", journal(Kind.COMMAND_START, full), 69, "failed journal.unavailable"),
    Case(f"{BEFORE} odd", journal(Kind.COMMAND_START, odd), 70, "failed internal"),
    Case(f"{BEFORE} hangs", journal(Kind.COMMAND_START, stuck), 69, "failed journal.unavailable"),
    Case("signer down", port("credentials.fault", down(Code.SIGNER_UNAVAILABLE)), 69, "failed signer.unavailable"),
    Case("signer odd", port("credentials.fault", always(raises(ODD))), 70, "failed internal"),
    Case("signer hangs", port("credentials.fault", always(hangs)), 77, "cut limit.time"),
    Case("signer is rubbish", port("credentials.fault", always(returns(None))), 70, "failed internal"),
    Case("journal of the credential full", journal(Kind.CREDENTIAL_ISSUE, full), 69, "failed journal.unavailable"),
    Case("target down", port("runner.start_fault", down(Code.TARGET_UNREACHABLE)), 69, "failed target.unreachable"),
    Case("target odd", port("runner.start_fault", always(raises(ODD))), 70, "failed internal"),
    Case("target hangs", port("runner.start_fault", always(hangs)), 77, "cut limit.time"),
    Case("target is rubbish", port("runner.start_fault", always(returns(object()))), 70, "failed internal"),
    Case("target lost", port("runner.wait_fault", down(Code.TARGET_UNREACHABLE)), 69,
         "failed target.unreachable", RAN),
    Case("target ends oddly", port("runner.wait_fault", always(raises(ODD))), 70, "failed internal", RAN),
    Case(ENDLESS, port("runner.wait_fault", always(hangs)), 77, "cut limit.time", RAN),
    Case("target ends with rubbish", port("runner.wait_fault", always(returns("0"))), 70, "failed internal", RAN),
    Case("recorder fails", recording(lambda _: throws(NO_RECORDING)), 70, "cut recording.failed", RAN),
    Case("recorder fails oddly", recording(odd), 70, "failed internal", RAN),
    Case("recording cannot be sealed", sealing(lambda _: throws(NO_RECORDING)), 70, "cut recording.failed", RAN),
    Case("recording seals oddly", sealing(odd), 70, "failed internal", RAN),
    Case("recording hangs at its seal", sealing(stuck), 70, "cut recording.failed", RAN),
    Case(f"{WHILE} full", journal(Kind.RECORDING_PROGRESS, full), 70, "cut journal.unavailable", RAN),
    Case(f"{WHILE} odd", journal(Kind.RECORDING_PROGRESS, odd), 70, "cut journal.unavailable", RAN),
    Case(f"{WHILE} hangs", journal(Kind.RECORDING_PROGRESS, stuck), 70, "cut journal.unavailable", RAN),
    Case("journal at the end full", journal(Kind.SESSION_CLOSE, full), 70, "cut journal.unavailable", RAN),
    Case("journal at the end odd", journal(Kind.SESSION_CLOSE, odd), 70, "", RAN),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_fault(here: House, case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    runs = "sleep 30" if case.name.startswith((WHILE, ENDLESS)) else "true"
    if case.name.startswith(WHILE):
        owing(here.engine, limits=Limits(timeout_s=60))
    with monkeypatch.context() as patch:
        case.breaks(here, patch)
        done = await here.run(f"sh -c 'echo ran >> {mark}; echo out; {runs}'")
        assert done.exit_status == case.status
        assert done.stderr.startswith(f"jumphost: {case.says}" if case.says else "")
        here.released.set()
    assert bool(here.runner.started) == case.ran
    assert case.ran or not mark.exists()
    await all_is_accounted_for(here)

    here.engine.fault = here.requests.fault = here.credentials.fault = None
    here.runner.start_fault = here.runner.wait_fault = None
    here.store.faults.clear()
    owing(here.engine)
    after = await here.run("sh -c 'echo next'")
    assert (after.exit_status, after.stdout, after.stderr) == (0, "next\n", "")


async def all_is_accounted_for(here: House) -> None:
    """No target was touched before a durable allow; what began was closed, and stopped unless it ended by itself."""
    for known in here.runner.known.values():
        assert known[-1] == Kind.COMMAND_START
        assert Kind.COMMAND_DECISION in known
        assert Kind.RECORDING_OPEN in known
    ended = {event["session"] for event in await here.events(Kind.COMMAND_EXIT)}
    for order in here.runner.started:
        assert order.request in here.runner.closed
        assert order.request in here.runner.stopped or order.request in ended or not ended


@pytest.mark.parametrize(
    ("fault", "status", "says"),
    [(full, 69, "failed journal.unavailable"), (odd, 70, "failed internal"), (stuck, 69, "failed journal.unavailable")],
    ids=["full", "odd", "hangs"],
)
async def test_approval_that_cannot_be_taken_runs_nothing(
    here: House, fault: Callable[[House], Callable[[], None]], status: int, says: str
) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        waiting = await caller.create_process("sh -c 'echo ran'")
        hold = await here.hold()
        here.store.faults[Kind.HOLD_CONSUME] = fault(here)
        await here.answer(hold)
        done = await waiting.wait()
        assert (done.exit_status, done.stdout) == (status, "")
        assert f"\njumphost: {says}" in done.stderr
    assert here.runner.known == {}
    here.released.set()
    here.store.faults.clear()


async def test_caller_who_leaves_a_hanging_engine_is_let_go(here: House) -> None:
    here.engine.fault = hangs
    async with await here.caller() as caller:
        await caller.create_process("true")
        await here.until(lambda: here.engine.asked)
    closed = await here.event(Kind.SESSION_CLOSE)
    assert (closed["code"], closed["status"]) == (Code.CALLER_GONE, 77)
    assert here.runner.known == {}
    here.engine.fault = None
    assert (await here.run("true")).exit_status == 0


@pytest.mark.parametrize("fault", [raises(ODD), hangs, returns(value=False)], ids=["raises", "hangs", "left"])
async def test_command_that_cannot_be_stopped_is_admitted(
    here: House, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "STOP_GRACE_S", 0.2)
    here.runner.stop_fault = fault
    done = await here.run("sh -c 'echo out; sleep 30'")
    assert (done.exit_status, done.stderr.startswith("jumphost: cut limit.time")) == (77, True)
    cut = (await here.events(Kind.COMMAND_CUT))[0]
    assert (cut["outcome"], cut["left"]) == ("limit_time", True)
    assert await here.events(Kind.RECORDING_SEAL)


async def test_start_that_could_not_end_what_it_began_is_admitted(here: House) -> None:
    error = Unavailable(Code.TARGET_UNREACHABLE, "gone")
    error.add_note(execution.MAY_RUN)
    here.runner.start_fault = raises(error)
    assert (await here.run("true")).exit_status == 69
    assert (await here.events(Kind.COMMAND_CUT))[0]["left"]
