"""The way of one command: the order of its events, and one ending however and wherever it is cut."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from jumphost.config.settings import Hold, Settings
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.connection import Connection
from jumphost.gateway.session import Session
from jumphost.model.approval import Term
from jumphost.model.decision import CredentialTerms, Limits, Verdict
from jumphost.model.event import Kind
from jumphost.model.mask import Mask
from jumphost.policy.base import Submission
from jumphost.recording.writer import Recording
from jumphost.store.writer import unavailable
from jumphost.testing.clock import ManualClock
from jumphost.testing.session import ONE_DBA, Fault, House, hangs, holding, house, owing, raises, verdict

LEASE = CredentialTerms("db", 60, "env")

STAGES = ("judging", "holding", "opening", "minting", "starting", "running")
STOLEN = Refused(Code.IDENTITY_REVOKED, "the certificate was revoked")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, change=often_told) as made:
        yield made


def often_told(settings: Settings) -> Settings:
    return replace(settings, hold=Hold(status_interval=1))


async def kinds(here: House) -> list[str]:
    """The kinds of the one session's events, in their order."""
    (session,) = {event["session"] for event in await here.events() if event["session"]}
    return [event["kind"] for event in await here.events() if event["session"] == session or "hold" in event["kind"]]


async def test_events_of_a_command_in_their_order(here: House) -> None:
    done = await here.run("echo out")
    assert (done.exit_status, done.stdout, done.stderr) == (0, "out\n", "")
    assert await kinds(here) == [
        "session.open",
        "command.request",
        "command.decision",
        "recording.open",
        "command.start",
        "credential.issue",
        "command.exit",
        "recording.seal",
        "session.close",
    ]


async def test_decision_recording_and_start_are_durable_before_the_target_is_touched(here: House) -> None:
    await here.run("true")
    (known,) = here.runner.known.values()
    assert known == ["session.open", "command.request", "command.decision", "recording.open", "command.start"]


async def test_events_of_a_held_command_in_their_order(here: House) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        waiting = await caller.create_process("echo out")
        hold = await here.answer(await here.hold())
        done = await waiting.wait()
    assert (done.exit_status, done.stdout) == (0, "out\n")
    assert done.stderr.startswith(f"jumphost: held test.rule: says the test (hold {hold.id})\n")
    assert await kinds(here) == [
        "session.open",
        "command.request",
        "command.decision",
        "hold.open",
        "hold.approve",
        "hold.consume",
        "command.decision",
        "recording.open",
        "command.start",
        "credential.issue",
        "command.exit",
        "recording.seal",
        "session.close",
    ]
    (known,) = here.runner.known.values()
    assert known[-1] == "command.start"


async def test_denied_touches_nothing(here: House) -> None:
    owing(here.engine, "deny")
    done = await here.run("echo out")
    assert (done.exit_status, done.stdout) == (77, "")
    assert done.stderr.startswith("jumphost: denied test.rule: says the test (decision ")
    assert await kinds(here) == ["session.open", "command.request", "command.decision", "session.close"]
    assert here.credentials.issued == []


@pytest.mark.parametrize(
    "obligation",
    [
        {"mask": Mask({"*": "redact"}), "credential": LEASE},
        {"credential": LEASE},
    ],
    ids=["credential", "both"],
)
async def test_obligation_that_cannot_be_met_denies(here: House, obligation: dict[str, Any]) -> None:
    owing(here.engine, **obligation)
    done = await here.run("true")
    assert (done.exit_status, "denied policy.unsupported" in done.stderr) == (77, True)


async def test_the_document_that_was_judged_is_kept(here: House) -> None:
    await here.run("echo out")
    decision = (await here.events("command.decision"))[0]["decision"]
    kept = await here.requests.get(decision)
    assert kept is not None
    assert b'"raw":"echo out"' in kept


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"echo \0", "got a NUL in the command"),
        (b"echo caf\xe9", "got a command that is not UTF-8 at byte 8"),
        (b"x" * 8193, "got a command of 8193 bytes, expected at most 8192"),
    ],
)
async def test_bytes_that_are_no_command(here: House, raw: bytes, says: str) -> None:
    async with await here.caller() as caller:
        done = await caller.run(raw)
        assert (done.exit_status, says in done.stderr) == (65, True)
    assert here.engine.asked == []


@pytest.mark.parametrize(
    ("options", "what"),
    [({}, "a shell"), ({"subsystem": "sftp"}, "a subsystem")],
)
async def test_what_is_no_command_is_refused(here: House, options: dict[str, Any], what: str) -> None:
    async with await here.caller() as caller:
        done = await (await caller.create_process(**options)).wait()
    assert (done.exit_status, f"denied request.unsupported: got {what}, expected a command" in done.stderr) == (
        77,
        True,
    )


async def test_the_gateways_own_verbs(here: House) -> None:
    async with await here.caller(target="jumphost") as caller:
        done = await caller.run("whoami")
    assert (done.exit_status, '"name": "deploy-bot"' in done.stdout) == (0, True)
    assert here.engine.asked == []


@pytest.mark.parametrize(("effect", "status"), [("allow", 0), ("hold", 75), ("deny", 77)])
async def test_dry_run(here: House, effect: Any, status: int) -> None:
    owing(here.engine, effect, ONE_DBA if effect == "hold" else ())
    done = await here.run("echo ran", env={"JUMPHOST_DRY_RUN": "1"})
    assert (done.exit_status, done.stdout) == (status, "")
    assert (here.runner.known, here.parts.holds.live()) == ({}, [])


async def test_alert_is_told_at_once_and_not_where_nothing_runs(here: House) -> None:
    owing(here.engine, alert=True)
    with capture_logs() as logs:
        await here.run("true", env={"JUMPHOST_PURPOSE": "the site is down"})
        await here.run("true", env={"JUMPHOST_DRY_RUN": "1"})
    assert [entry["event"] for entry in logs].count("command.alert") == 1
    (known,) = here.runner.known.values()
    assert "command.alert" in known
    (told,) = [event for event in await here.events() if event["kind"] == "command.alert"]
    assert (told["purpose"], told["code"]) == ("the site is down", "test.rule")


async def test_dropped_input_is_named(here: House) -> None:
    async with await here.caller() as caller:
        process = await caller.create_process("sh -c 'echo begun; sleep 0.3'")
        await process.stdout.readline()
        process.stdin.write("0123456789")
        done = await process.wait()
    assert done.exit_status == 0
    assert "jumphost: note stdin.closed: 10 bytes of standard input were dropped" in done.stderr
    assert (await here.events("command.exit"))[0]["dropped_input"] == 10


async def test_recording_that_cannot_be_sealed(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    close = Recording.close

    def closed(recording: Recording) -> Any:
        close(recording)
        raise Unavailable(Code.RECORDING_FAILED, "the session cannot be recorded")

    monkeypatch.setattr(Recording, "close", closed)
    done = await here.run("echo out")
    assert (done.exit_status, done.stdout) == (70, "out\n")
    assert "jumphost: cut recording.failed" in done.stderr


async def test_outcome_that_cannot_be_journalled(here: House) -> None:
    def broken() -> None:
        raise unavailable("full")

    here.store.faults[Kind.SESSION_CLOSE] = broken
    done = await here.run("true")
    assert (done.exit_status, "jumphost: cut journal.unavailable" in done.stderr) == (70, True)
    owing(here.engine, "deny")
    assert (await here.run("true")).exit_status == 77  # nothing ran, and nothing better can be said
    here.store.faults.clear()


async def test_fault_of_ours_is_told_as_no_more_than_that(here: House) -> None:
    here.engine.fault = raises(RuntimeError("its text is for the log"))
    with capture_logs() as logs:
        done = await here.run("true")
    assert done.exit_status == 70
    assert done.stderr.startswith("jumphost: failed internal: internal fault (decision ")
    assert [entry["event"] for entry in logs] == ["session.fault"]
    here.engine.fault = None


# ── cut at every stage ──────────────────────────────────────────────────────────────────────────────────────────────


async def begin(here: House, caller: Any, stage: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A command that has come to this stage and goes no further."""
    fault: Fault = hangs
    if stage == "judging":
        here.engine.fault = fault
    elif stage == "holding":
        holding(here.engine)
    elif stage == "opening":
        monkeypatch.setattr(Recording, "open", slow(here, opening := threading.Event()))
    elif stage == "minting":
        here.credentials.fault = fault
    elif stage == "starting":
        here.runner.start_fault = fault
    process = await caller.create_process("sh -c 'echo begun; exec sleep 60'")
    if stage == "judging":
        await here.until(lambda: here.engine.asked)
    elif stage == "holding":
        await here.hold()
    elif stage == "opening":
        await here.until(opening.is_set)
    elif stage == "running":
        await process.stdout.readline()
    else:
        await here.until(lambda: here.runner.known)
    return process


def slow(here: House, begun: threading.Event) -> Any:
    """A ``Recording.open`` that takes until the test lets go."""
    opens = Recording.open

    def opened(*args: Any, **known: Any) -> Recording:
        begun.set()
        here.blocks()
        return opens(*args, **known)

    return opened


def only_session(here: House) -> Session:
    (session,) = here.gateway._sessions
    return session


async def is_over(here: House, stage: str) -> None:
    """One ending, what was opened sealed, what began stopped and closed."""
    await here.until(lambda: not here.gateway._sessions)
    events = await here.events()
    seen = [event["kind"] for event in events if event["kind"] not in ("auth.ok",)]
    assert seen.count("session.close") == 1
    assert seen.count("command.cut") == (stage in ("opening", "minting", "starting", "running"))
    assert "command.exit" not in seen
    assert seen.count("recording.open") == seen.count("recording.seal")
    assert seen.count("hold.detach") == (stage == "holding")
    assert [order.request for order in here.runner.started] == here.runner.stopped == here.runner.closed
    assert seen[-1] == "session.close"


@pytest.mark.parametrize("stage", STAGES)
async def test_cut(here: House, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await here.caller() as caller:
        process = await begin(here, caller, stage, monkeypatch)
        session = only_session(here)
        session.cut(STOLEN)
        session.cut(Refused(Code.LIMIT_TIME, "too late to be the reason"))
        done = await process.wait()
        here.released.set()
        assert done.exit_status == 77
        word = "cut" if stage in ("minting", "starting", "running") else "denied"
        assert f"jumphost: {word} identity.revoked: " in done.stderr
        assert "too late" not in done.stderr
    await is_over(here, stage)
    closed = (await here.events("session.close"))[0]
    assert (closed["code"], closed["status"]) == (Code.IDENTITY_REVOKED, 77)


@pytest.mark.parametrize("stage", STAGES)
async def test_caller_who_leaves(here: House, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await here.caller() as caller:
        await begin(here, caller, stage, monkeypatch)
    await here.event("session.close", code=Code.CALLER_GONE)
    here.released.set()
    await is_over(here, stage)


async def test_cut_while_it_is_being_stopped_changes_nothing(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with await here.caller() as caller:
        process = await begin(here, caller, "running", monkeypatch)
        session = only_session(here)

        async def second() -> bool:
            session.cut(Refused(Code.LIMIT_TIME, "a second reason"))
            return True

        here.runner.stop_fault = second
        session.cut(STOLEN)
        done = await process.wait()
    assert "identity.revoked" in done.stderr
    await is_over(here, "running")


async def test_cut_after_the_end_does_nothing(here: House) -> None:
    seen: list[Session] = []

    def says(_: Submission) -> Verdict:
        seen.append(only_session(here))
        return verdict()

    here.engine.says = says
    assert (await here.run("true")).exit_status == 0
    await here.until(lambda: seen[0].over.is_set())
    seen[0].cut(STOLEN)
    assert not seen[0].running
    assert seen[0].progress() is None
    assert [event["kind"] for event in await here.events("command.cut", "session.close")] == ["session.close"]


def test_a_channel_without_a_caller_has_no_session(here: House) -> None:
    channel = CallerChannel(Connection("c", None), lambda _: None)  # type: ignore[arg-type]  # never asked
    with pytest.raises(JumphostError, match="without a verified caller"):
        Session(here.parts, channel)


# ── who asks, looked at again ───────────────────────────────────────────────────────────────────────────────────────


async def test_expired_between_two_commands_of_one_connection(tmp_path: Path) -> None:
    clock = ManualClock()
    async with house(tmp_path, clock=clock) as here, await here.caller() as caller:
        running = await caller.create_process("sh -c 'echo begun; read line; echo $line'")
        owing(here.engine, stdin="stream")
        streaming = await caller.create_process("sh -c 'echo begun; read line; echo $line'")
        assert await streaming.stdout.readline() == "begun\n"
        clock.advance(601)
        refused = await caller.run("true")
        assert (refused.exit_status, "denied identity.expired" in refused.stderr) == (77, True)
        streaming.stdin.write("finished\n")
        assert (await streaming.wait()).stdout == "finished\n"
        running.terminate()


async def test_expiry_cuts_where_the_decision_says_so(tmp_path: Path) -> None:
    clock = ManualClock()
    async with house(tmp_path, clock=clock) as here, await here.caller() as caller:
        owing(here.engine, limits=Limits(on_expiry="cut"))
        clock.advance(599.5)
        done = await caller.run("sleep 60")
        assert (done.exit_status, "jumphost: cut identity.expired: " in done.stderr) == (77, True)


async def test_certificate_that_ends_while_held(tmp_path: Path) -> None:
    clock = ManualClock()
    async with house(tmp_path, clock=clock, change=often_told) as here, await here.caller() as caller:
        holding(here.engine)
        waiting = await caller.create_process("true")
        hold = await here.hold()
        clock.advance(601)
        done = await waiting.wait()
        assert (done.exit_status, "held approval.detached: " in done.stderr) == (75, True)
        assert hold.id in done.stderr
        assert here.parts.holds.get(hold.id).state == "pending"
        await here.parts.holds.withdraw(hold.id, "")


async def test_decided_again_after_the_wait(here: House) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        waiting = await caller.create_process("true")
        hold = await here.hold()
        owing(here.engine, "deny")
        await here.answer(hold)
        done = await waiting.wait()
    assert (done.exit_status, "denied test.rule" in done.stderr) == (77, True)
    assert [view.approver for view in here.engine.asked[-1].approvals] == ["alice"]
    assert here.runner.known == {}


async def test_new_terms_after_the_wait_hold_again(here: House) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        waiting = await caller.create_process("echo ran")
        first = await here.hold()
        holding(here.engine, (*ONE_DBA, Term(("security",), 1, 3600)))
        await here.answer(first)
        second = await here.until(lambda: next((h for h in here.parts.holds.live() if h.id != first.id), None))
        assert [view.approver for view in here.engine.asked[-1].approvals] == []
        await here.answer(second)
        await here.answer(second, "bob")
        assert (await waiting.wait()).stdout == "ran\n"
    withdrawn = (await here.events("hold.withdraw"))[0]
    assert withdrawn["hold"] == first.id


async def test_approval_is_of_what_would_run(here: House) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        waiting = await caller.create_process("true")
        hold = await here.hold()
        answered = here.engine.judgement
        here.engine.judgement = lambda asked: replace(answered(asked), request_digest="0" * 64)  # type: ignore[method-assign]
        await here.answer(hold)
        done = await waiting.wait()
    assert (done.exit_status, "denied policy.invalid" in done.stderr) == (77, True)
    assert here.runner.known == {}


async def test_two_callers_one_approval(here: House) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        first = await caller.create_process("echo ran")
        hold = await here.hold()
        second = await caller.create_process("echo ran")
        await here.until(lambda: len(here.engine.asked) == 2)
        await here.answer(hold)
        assert (await first.wait()).stdout == "ran\n"
        later = await here.hold()
        assert later.id != hold.id
        await here.answer(later, word="reject")
        done = await second.wait()
    assert (done.exit_status, done.stdout, "denied approval.rejected" in done.stderr) == (77, "", True)


async def test_refused_as_it_lost_its_scope_while_held(here: House) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        waiting = await caller.create_process("true")
        hold = await here.hold()
        here.site.targets.write_text("")
        here.parts.standing.reload()
        await here.answer(hold)
        done = await waiting.wait()
    assert (done.exit_status, "denied target.unavailable" in done.stderr) == (77, True)
