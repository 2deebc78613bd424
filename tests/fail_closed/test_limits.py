"""What one identity or one full disk may do to the others: nothing."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.audit.flood import EACH, WINDOW_S
from jumphost.clock import SystemClock
from jumphost.config.settings import Settings
from jumphost.gateway import server
from jumphost.gateway.admission import free
from jumphost.testing.gateway import HOST
from jumphost.testing.session import House, holding, house

LOOP = "sh -c 'while :; do echo yes; done'"


class SteppingClock(SystemClock):
    """The machine's clock, which a test may set wrong."""

    off_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.off_ns


class SteppingMonotonic(SystemClock):
    """The machine's clock, whose monotonic time a test may advance."""

    off_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.off_s


def limits(**changes: Any) -> Callable[[Settings], Settings]:
    return lambda settings: replace(settings, limits=replace(settings.limits, **changes))


def recording(**changes: Any) -> Callable[[Settings], Settings]:
    return lambda settings: replace(settings, recording=replace(settings.recording, **changes))


async def test_an_identity_has_so_many_sessions_and_others_have_theirs(tmp_path: Path) -> None:
    async with house(tmp_path, change=limits(sessions_per_identity=2)) as here, await here.caller() as caller:
        running = [await caller.create_process("sleep 60") for _ in range(2)]
        await here.until(lambda: len(here.runner.started) == 2)
        over = await here.run("echo too many")
        assert over.exit_status == 77
        assert over.stderr.startswith("jumphost: denied limit.sessions: this identity has 2 sessions already")
        await here.event("request.refused", code="limit.sessions", identity="deploy-bot")
        async with await here.caller("order-service") as other:
            assert (await other.run("echo mine", encoding="utf-8")).stdout == "mine\n"
        running[0].close()
        await here.until(lambda: served(here))


async def test_who_has_its_sessions_and_asks_on_is_told_of_so_often_and_then_counted(tmp_path: Path) -> None:
    clock = SteppingMonotonic()
    async with (
        house(tmp_path, clock=clock, change=limits(sessions_per_identity=1)) as here,
        await here.caller() as caller,
    ):
        await caller.create_process("sleep 60")
        await here.until(lambda: len(here.runner.started) == 1)
        for _ in range(EACH + 5):
            assert (await caller.run("echo too many")).exit_status == 77
        clock.off_s = WINDOW_S + 1
        await here.event("request.refused", count=5, source=HOST)
        told = [event for event in await here.events("request.refused") if event.get("code") == "limit.sessions"]
        assert [event["identity"] for event in told] == ["deploy-bot"] * EACH
        assert len(here.runner.started) == 1


async def served(here: House) -> bool:
    return bool((await here.run("echo again")).stdout == "again\n")


async def test_what_an_identity_records_in_a_day_ends_its_commands_and_nobody_elses(tmp_path: Path) -> None:
    async with house(tmp_path, change=limits(recording_bytes_per_day=300_000)) as here:
        cut = await here.run(LOOP)
        assert cut.exit_status == 77
        assert "jumphost: cut limit.recording: the recordings of this identity reached their limit" in cut.stderr
        again = await here.run("echo again")
        assert (again.exit_status, again.stdout) == (77, "")
        assert "limit.recording" in again.stderr
        assert len(here.runner.started) == 1
        async with await here.caller("order-service") as other:
            assert (await other.run("echo mine", encoding="utf-8")).stdout == "mine\n"


async def test_below_min_free_nothing_starts_and_a_hold_is_not_used_up(tmp_path: Path) -> None:
    async with house(tmp_path, change=recording(min_free=1 << 60)) as here:
        holding(here.engine)
        async with await here.caller() as caller:
            waiting = await caller.create_process("echo never", encoding="utf-8")
            hold = await here.hold()
            await here.answer(hold)
            done = await waiting.wait()
        assert (done.exit_status, done.stdout) == (69, "")
        assert "jumphost: failed limit.disk: too little disk is free to record a session" in done.stderr
        assert here.runner.started == []
        assert here.parts.holds.get(hold.id).state == "approved"
        refused = await here.event("request.refused", code="limit.disk")
        assert "recording.min_free" in refused["detail"]


async def test_who_fills_the_disk_ends_and_nobody_else(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEARTBEAT_S", 0.01)
    async with house(tmp_path, change=recording(min_free=free(small_disk) // 2)) as here:
        object.__setattr__(here.parts, "recordings", small_disk)
        monkeypatch.setattr(here.parts.admission, "_folders", (small_disk,))
        async with await here.caller() as caller, await here.caller("order-service") as other:
            quiet = await other.create_process("cat", encoding="utf-8")
            await here.until(lambda: len(here.runner.started) == 1)
            loud = await caller.create_process(f"sh -c 'while :; do echo {'y' * 500}; sleep 0.002; done'")
            drain = asyncio.ensure_future(loud.stdout.read())
            await loud.wait_closed()
            await drain
            assert loud.exit_status == 70
            cut = await here.event("command.cut", code="limit.disk")
            assert cut["identity"] == "deploy-bot"
            quiet.close()
            await here.event("session.close", identity="order-service")
        seals = await here.events("recording.seal")
        assert {seal["identity"] for seal in seals} == {"deploy-bot", "order-service"}


async def test_a_clock_that_stepped_back_lets_nobody_in_and_nothing_run(tmp_path: Path) -> None:
    clock = SteppingClock()
    async with house(tmp_path, clock=clock) as here, await here.caller() as caller:
        assert (await caller.run("echo first", encoding="utf-8")).stdout == "first\n"
        clock.off_ns = -3600 * 10**9
        done = await caller.run("echo second", encoding="utf-8")
        assert (done.exit_status, done.stdout) == (69, "")
        assert "jumphost: failed clock.behind: " in done.stderr
        with pytest.raises(Exception, match="Permission denied"):
            await here.caller()
        await here.event("auth.refused", code="clock.behind")
        clock.off_ns = 0
        assert (await here.run("echo third")).stdout == "third\n"
        assert len(here.runner.started) == 2


async def test_the_journal_learns_how_far_a_recording_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(server, "GROWN", 10_000)
    monkeypatch.setattr(server, "PROGRESS_BEATS", 10**9)
    async with house(tmp_path) as here, await here.caller() as caller:
        running = await caller.create_process("sh -c 'seq 5000; sleep 60'")
        await here.until(lambda: here.runner.started)
        progress = await here.event("recording.progress")
        assert progress["bytes"] > 20_000
        [path] = here.site.recordings.rglob("*.cast")
        assert path.stat().st_size >= progress["bytes"]
        running.close()
        await here.event("session.close")
        assert len(await here.events("recording.progress")) == 1
