"""Time that only a test moves."""

import asyncio
import socket

import pytest

from jumphost.testing.clock import JumpingLoop, ManualClock


def test_both_times_move_together_and_only_when_told() -> None:
    clock = ManualClock("2026-11-22T02:00:00Z")
    before = clock.now_ns(), clock.monotonic()
    assert before == (clock.now_ns(), clock.monotonic())
    clock.advance(1.5)
    assert (clock.now_ns() - before[0], clock.monotonic() - before[1]) == (1_500_000_000, 1.5)


def test_a_day_of_waiting_takes_no_time_and_keeps_its_order() -> None:
    clock, woke = ManualClock(), []

    async def sleeper(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woke.append(seconds)

    async def main() -> None:
        await asyncio.gather(*map(sleeper, [86_400, 0, 3600, 60]))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.Event().wait()

    began = clock.monotonic()
    with asyncio.Runner(loop_factory=lambda: JumpingLoop(clock)) as runner:
        runner.run(main())
    assert woke == [0, 60, 3600, 86_400]
    assert clock.monotonic() - began == 86_460


def test_what_is_ready_comes_before_time() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.settimeout(0)
            theirs.send(b"x")
            async with asyncio.timeout(1):
                assert await loop.sock_recv(ours, 1) == b"x"

    with asyncio.Runner(loop_factory=lambda: JumpingLoop(ManualClock())) as runner:
        runner.run(main())
