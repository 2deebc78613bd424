"""What connections ask becomes sessions; what ends them early reaches them; nothing ends the gateway but its drain."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from structlog.testing import capture_logs

from jumphost.audit import flood
from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway import server
from jumphost.gateway.connection import Connection
from jumphost.gateway.server import Gateway
from jumphost.gateway.session import Session
from jumphost.model.event import Kind
from jumphost.store.writer import unavailable
from jumphost.testing.clock import ManualClock
from jumphost.testing.gateway import HOST
from jumphost.testing.session import House, holding, house, owing


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(server, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(server, "PROGRESS_BEATS", 2)
    monkeypatch.setattr(server, "HANG_UP_S", 0.05)
    async with house(tmp_path) as made:
        yield made


async def begun(caller: Any, command: str = "sh -c 'echo begun; exec sleep 60'") -> Any:
    """A command that runs."""
    process = await caller.create_process(command)
    assert await process.stdout.readline() == "begun\n"
    return process


# ── coming in ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_login_is_journalled_with_what_proved_it(here: House) -> None:
    async with await here.caller():
        event = await here.event("auth.ok")
    assert {name: event[name] for name in ("identity", "username", "issuer", "key_id", "source")} == {
        "identity": "deploy-bot",
        "username": "batch-host",
        "issuer": "main",
        "key_id": "deploy-bot",
        "source": HOST,
    }
    assert event["ca"] == here.ca.get_fingerprint()
    assert event["connection"]


async def refused_login(here: House, times: int) -> None:
    for _ in range(times):
        with pytest.raises(asyncssh.PermissionDenied):
            await here.caller("nobody")


async def test_refused_login_is_journalled_with_its_reason(here: House) -> None:
    await refused_login(here, 1)
    event = await here.event("auth.refused")
    assert (event["code"], event["username"], event["source"]) == (Code.IDENTITY_UNKNOWN, "batch-host", HOST)
    assert "nobody" in event["detail"]


async def test_flood_of_refused_logins_becomes_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEARTBEAT_S", 0.02)
    clock = ManualClock()
    async with house(tmp_path, clock=clock) as here:
        connection = Connection("c", here)  # type: ignore[arg-type]  # only its address is asked for
        connection.came_from("192.0.2.7", 1)
        here.get_extra_info = lambda *_: ""  # type: ignore[attr-defined]
        for _ in range(flood.EACH + 30):
            here.gateway.login_refused(connection, "x" * 1000, Code.IDENTITY_UNKNOWN, "y" * 10_000)
        clock.advance(flood.WINDOW_S + 1)
        counted = await here.event("auth.refused", count=30)
        assert counted["source"] == "192.0.2.7"
        each = [event for event in await here.events("auth.refused") if "code" in event]
        assert len(each) == flood.EACH
        assert all(len(event["username"]) <= 256 and len(event["detail"]) <= 1024 for event in each)


async def test_flood_of_refused_requests_becomes_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEARTBEAT_S", 0.02)
    clock = ManualClock()
    async with house(tmp_path, clock=clock) as here:
        connection = Connection("c", here)  # type: ignore[arg-type]  # only its address is asked for
        connection.came_from("192.0.2.7", 1)
        here.get_extra_info = lambda *_: ""  # type: ignore[attr-defined]
        for _ in range(flood.EACH + 30):
            here.gateway.refused_request(connection, "k" * 1000, "y" * 10_000)
        clock.advance(flood.WINDOW_S + 1)
        await here.event("request.refused", source="192.0.2.7", count=30)
        each = [event for event in await here.events("request.refused") if "code" in event]
        assert len(each) == flood.EACH
        assert all(len(event["request"]) <= 64 and len(event["detail"]) <= 1024 for event in each)
        assert await here.events("auth.refused") == []


async def test_connections_that_are_broken_off_are_journalled_as_what_they_were(here: House) -> None:
    stranger = Connection("c", here)  # type: ignore[arg-type]  # only its address is asked for
    stranger.came_from("192.0.2.7", 1)
    here.get_extra_info = lambda *_: ""  # type: ignore[attr-defined]
    here.gateway.broken_off(stranger, Code.LIMIT_LOGIN, "no login within 1 s")
    await here.event("auth.refused", code="limit.login", detail="no login within 1 s")
    async with await here.caller():
        (connection,) = here.gateway._connections.values()
        here.gateway.broken_off(connection, Code.CALLER_PROTOCOL, "rude")
        refused = await here.event("request.refused", code="caller.protocol", request="connection")
        assert (refused["identity"], refused["detail"]) == ("deploy-bot", "rude")


async def test_what_is_not_offered_is_journalled(here: House) -> None:
    async with await here.caller() as caller:
        with pytest.raises(asyncssh.ChannelOpenError):
            await caller.open_connection("127.0.0.1", 22)
        event = await here.event("request.refused")
    assert (event["request"], event["code"], event["identity"]) == (
        "direct-tcpip",
        Code.REQUEST_UNSUPPORTED,
        "deploy-bot",
    )
    assert event["detail"] == "127.0.0.1:22"


async def test_fifty_commands_of_one_connection(here: House) -> None:
    async with await here.caller() as caller:
        done = await asyncio.gather(*[caller.run(f"echo {number}") for number in range(50)])
    assert [one.stdout for one in done] == [f"{number}\n" for number in range(50)]
    assert len({event["session"] for event in await here.events("session.close")}) == 50


# ── ending early ────────────────────────────────────────────────────────────────────────────────────────────────────


async def revoke(here: House, kind: str, value: str) -> Any:
    return await here.verb("cert.revoke", kind=kind, value=value, reason="stolen")


@pytest.mark.parametrize("kind", ["serial", "key_id", "identity", "ca"])
async def test_revocation_ends_what_runs_and_the_connection(here: House, kind: str) -> None:
    fingerprint = here.ca.get_fingerprint()
    values = {"serial": f"{fingerprint}:7", "key_id": "deploy-bot", "identity": "deploy-bot", "ca": fingerprint}
    login = here.login("deploy-bot", serial=7)
    other = await here.caller("batch-reader")
    async with await here.caller("", client_keys=[login]) as caller:
        process = await begun(caller)
        told = await revoke(here, kind, values[kind])
        done = await process.wait()
        assert (done.exit_status, "jumphost: cut identity.revoked" in done.stderr) == (77, True)
        await caller.wait_closed()
    assert told["ended"] == (2 if kind == "ca" else 1)
    assert (await here.event("cert.revoke"))["value"] == values[kind]
    assert here.runner.stopped == [here.runner.started[0].request]
    if kind != "ca":
        assert (await other.run("true")).exit_status == 0
    other.close()


async def test_disabled_identity_is_out_and_its_holds_are_withdrawn(here: House) -> None:
    holding(here.engine)
    async with await here.caller() as caller:
        waiting = await caller.create_process("true")
        hold = await here.hold()
        text = here.site.identities.read_text()
        here.site.identities.write_text(text.replace("deploy-bot:\n", "deploy-bot:\n  enabled: false\n"))
        told = await here.verb("site.reload")
        done = await waiting.wait()
    assert told == {"ended": 1, "withdrawn": 1}
    assert (done.exit_status, "denied identity.disabled" in done.stderr) == (77, True)
    assert (await here.event("hold.withdraw"))["hold"] == hold.id
    assert (await here.event("identity.disable"))["identity"] == "deploy-bot"
    with pytest.raises(asyncssh.PermissionDenied):
        await here.caller()


async def test_an_expired_certificate_ends_no_connection(tmp_path: Path) -> None:
    clock = ManualClock()
    async with house(tmp_path, clock=clock) as here, await here.caller() as caller:
        process = await begun(caller)
        clock.advance(601)
        assert here.gateway.end_revoked() == 0
        assert process.exit_status is None


# ── what is kept ready on targets ───────────────────────────────────────────────────────────────────────────────────


async def test_a_target_is_prepared_for_the_next_command_until_its_caller_leaves(here: House) -> None:
    async with await here.caller() as caller:
        for _ in range(2):
            await caller.run("true", check=True)
        await here.until(lambda: len(here.runner.prepared) == 2)
        connection = here.runner.started[0].connection
        assert here.runner.prepared == [(connection, "batch-host", "batch")] * 2
        assert here.runner.left == []
    await here.until(lambda: here.runner.left == [connection])


async def test_nothing_is_prepared_for_what_did_not_run(here: House) -> None:
    owing(here.engine, "deny")
    async with await here.caller() as caller:
        assert (await caller.run("true")).exit_status == 77
        await here.until(lambda: not here.gateway._sessions)
        assert here.runner.prepared == []


async def test_nothing_is_prepared_for_a_caller_who_left(here: House) -> None:
    caller = await here.caller()
    await begun(caller)
    caller.abort()
    await here.until(lambda: here.runner.closed and not here.gateway._sessions)
    assert here.runner.prepared == []


async def test_changed_entries_and_a_drain_leave_nothing_ready(here: House) -> None:
    async with await here.caller() as caller:
        await begun(caller)
        connection = here.runner.started[0].connection
        await here.verb("site.reload")
        assert here.runner.left == [connection]
        here.ending.set()
        await caller.wait_closed()
    assert here.runner.left[:2] == [connection] * 2
    assert here.runner.prepared == [], "the command ended within the drain"


# ── draining ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_drain_lets_what_runs_finish(here: House) -> None:
    here.grace_s = 30
    async with await here.caller() as caller:
        process = await begun(caller, "sh -c 'echo begun; sleep 0.3; echo finished'")
        here.ending.set()
        await here.until(here.gateway._draining.is_set)
        late = await caller.run("true", env={"JUMPHOST_OUTPUT": "json"})
        assert (late.exit_status, '"code": "gateway.shutdown"' in late.stderr) == (69, True)
        done = await process.wait()
        assert (done.exit_status, done.stdout) == (0, "finished\n")
        await caller.wait_closed()


async def test_drain_cuts_what_does_not_finish(here: House) -> None:
    here.grace_s = 0.05
    async with await here.caller() as caller:
        process = await begun(caller)
        here.ending.set()
        done = await process.wait()
    assert (done.exit_status, "jumphost: cut gateway.shutdown" in done.stderr) == (70, True)
    assert here.runner.stopped == [here.runner.started[0].request]


async def test_drain_that_is_told_again_waits_no_longer(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for callers that read what was cut."""
    monkeypatch.setattr(server, "HANG_UP_S", 3600)
    here.grace_s = 3600
    async with await here.caller() as caller:
        process = await begun(caller)
        here.ending.set()
        await here.until(here.gateway._draining.is_set)
        here.gateway.hurry()
        here.gateway.hurry()
        done = await process.wait()
        assert (await caller.run("true")).exit_status == 69, "still connected"
    assert (done.exit_status, "jumphost: cut gateway.shutdown" in done.stderr) == (70, True)
    assert here.runner.stopped == [here.runner.started[0].request]


async def test_drain_lets_callers_hang_up(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of what it was sent may still be on its way."""
    monkeypatch.setattr(server, "HANG_UP_S", 3600)
    async with await here.caller() as caller:
        process = await begun(caller, "sh -c 'echo begun; sleep 0.2'")
        here.grace_s = 30
        here.ending.set()
        assert (await process.wait()).exit_status == 0
        assert (await caller.run("true")).exit_status == 69, "still connected"


async def test_drain_lets_a_slow_reader_read_to_the_end(here: House) -> None:
    size = 12 << 20
    async with await here.caller() as caller:
        process = await caller.create_process(f"head -c {size} /dev/zero", encoding=None, window=2 * size)
        caller._transport.pause_reading()
        await here.event("command.start")
        here.grace_s = 30
        here.ending.set()
        await here.until(here.gateway._draining.is_set)
        caller._transport.resume_reading()
        done = await process.wait()
    assert (done.exit_status, len(done.stdout)) == (0, size)


async def test_drain_says_that_nothing_new_can_run(here: House) -> None:
    await here.gateway.probe()
    async with await here.caller() as caller:
        await begun(caller)
        here.grace_s = 30
        here.ending.set()
        await here.until(here.gateway._draining.is_set)
        with pytest.raises(Unavailable) as caught:
            await here.gateway.probe()
        assert caught.value.code is Code.SHUTDOWN


async def test_drain_sends_away_what_waits(here: House) -> None:
    here.grace_s = 30
    holding(here.engine)
    async with await here.caller() as caller:
        waiting = await caller.create_process("true")
        hold = await here.hold()
        here.ending.set()
        done = await waiting.wait()
    assert (done.exit_status, "jumphost: failed gateway.shutdown" in done.stderr) == (69, True)
    assert (await here.events("hold.detach"))[0]["hold"] == hold.id
    assert here.parts.holds.get(hold.id).state == "pending"


# ── nothing ends the gateway ────────────────────────────────────────────────────────────────────────────────────────


def odd() -> None:
    raise RuntimeError("nobody expects this")


async def serves(here: House) -> None:
    here.store.faults.clear()
    assert (await here.run("echo out")).stdout == "out\n"


@pytest.mark.parametrize("kind", [Kind.AUTH_OK, Kind.AUTH_REFUSED, Kind.REQUEST_REFUSED, Kind.SESSION_CLOSE])
async def test_event_that_cannot_be_written(here: House, kind: Kind) -> None:
    here.store.faults[kind] = odd
    with capture_logs() as logs:
        with pytest.raises(asyncssh.PermissionDenied):
            await here.caller("nobody")
        async with await here.caller() as caller:
            with pytest.raises(asyncssh.ChannelOpenError):
                await caller.open_connection("127.0.0.1", 22)
            assert (await caller.run("true")).exit_status == (70 if kind is Kind.SESSION_CLOSE else 0)
        await here.until(lambda: logs)
    assert {entry["event"] for entry in logs} <= {"gateway.fault", "session.lost"}
    await serves(here)


async def test_session_that_cannot_even_begin(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(_: Session) -> None:
        raise RuntimeError("nobody expects this")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(Session, "run", lost)
        assert (await here.run("true")).exit_status == 70
    assert [entry["event"] for entry in logs] == ["session.lost"]
    await serves(here)


async def test_heartbeat_outlives_its_faults(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[Exception] = []

    async def fails() -> None:
        beats.append(RuntimeError() if len(beats) % 2 else Unavailable(Code.JOURNAL_UNAVAILABLE, "full"))
        raise beats[-1]

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(here.parts.holds, "expire_due", fails)
        await here.until(lambda: len(beats) >= 4)
    assert {entry["event"] for entry in logs} == {"gateway.fault", "journal.unavailable"}
    await serves(here)


async def test_running_commands_are_proven_by_progress(here: House) -> None:
    async with await here.caller() as caller:
        process = await begun(caller)
        progress = await here.event("recording.progress")
        assert progress["bytes"] > 0
        process.terminate()


async def test_cannot_start_is_said_as_it_is(here: House) -> None:
    async def started() -> None:
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, "cannot listen")

    with pytest.raises(Unavailable, match="cannot listen"):
        await Gateway(here.parts).run(started)


async def test_callbacks_after_the_end_do_nothing(here: House) -> None:
    over = Gateway(here.parts)

    async def started() -> None:
        await over.drain(0)

    await over.run(started)
    async with await here.caller() as caller:
        (connection,) = here.gateway._connections.values()
        over.refused_request(connection, "tcpip-forward", "")
        over.login_ok(connection)
        over._end(connection, Refused(Code.IDENTITY_REVOKED, "the certificate was revoked"))
        assert (await caller.run("true")).exit_status == 0
    over.login_ok(Connection("nobody", None))  # type: ignore[arg-type]  # never asked


async def test_full_journal_ends_what_runs(here: House) -> None:
    def full() -> None:
        raise unavailable("full")

    async with await here.caller() as caller:
        process = await begun(caller)
        here.store.faults[Kind.REQUEST_REFUSED] = full
        with pytest.raises(asyncssh.ChannelOpenError):
            await caller.open_connection("127.0.0.1", 22)
        done = await process.wait()
    assert (done.exit_status, "jumphost: cut journal.unavailable" in done.stderr) == (70, True)
    await serves(here)


# ── certificates that were renewed ──────────────────────────────────────────────────────────────────────────────────


async def renewed(here: House, key: asyncssh.SSHKey, certificate: Any) -> asyncssh.SSHCertificate:
    """The next certificate, over the same key."""
    async with await asyncssh.connect(
        HOST, here.port, **here.client_options([(key, certificate)], "jumphost", {})
    ) as caller:
        done = await caller.run("renew", input=key.export_public_key().decode())
    assert done.exit_status == 0, done.stderr
    return asyncssh.import_certificate(str(done.stdout))


async def test_a_login_that_shows_a_theft_ends_what_the_identity_has(here: House) -> None:
    key, first = here.login("deploy-bot")
    second = await renewed(here, key, first)
    await renewed(here, key, second)
    async with await here.caller() as caller, await here.caller("backup-job") as other:
        await begun(caller)
        process = await begun(other)
        thief = here.client_options([(key, first)], "batch-host", {})
        async with await asyncssh.connect(HOST, here.port, **thief) as late:
            await late.wait_closed()
        lock = await here.event("identity.lock", identity="deploy-bot")
        assert (lock["newest"]["generation"], lock["old"]["generation"], lock["old"]["how"]) == (2, 0, "login")
        await caller.wait_closed()
        process.terminate()
    with pytest.raises(asyncssh.PermissionDenied):
        await here.caller()
