"""A caller's standard input is read to its end, whole or not at all."""

import asyncio
from typing import Any

import asyncssh
import pytest

from jumphost.config.settings import Limits
from jumphost.errors import Code, Refused
from jumphost.gateway.channel import SIGNALS, CallerChannel
from jumphost.gateway.intake import Intake
from jumphost.gateway.room import Room
from jumphost.target.base import Exit
from jumphost.testing.gateway import rig


class Read:
    """Serves a channel by reading it; ``outcome`` is what came of it."""

    def __init__(self, room: Room | None = None, **limits: int) -> None:
        self.room = room or Room()
        self.intake = Intake(Limits(**limits), self.room, "me")
        self.outcome: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.channel: CallerChannel
        self.task: asyncio.Task[object] | None = None

    async def __call__(self, channel: CallerChannel) -> None:
        self.channel, self.task = channel, asyncio.current_task()
        try:
            await self.intake.read(channel)
            self.outcome.set_result(self.intake.data)
        except Refused as error:
            self.outcome.set_exception(error)
        await channel.gone.wait()


async def started(here: Any) -> Any:
    return await (await here.connect()).create_process("cmd", encoding=None)


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)) * 4096])
async def test_everything_until_its_end(data: bytes) -> None:
    run = Read()
    async with rig(run) as here:
        process = await started(here)
        process.stdin.write(data)
        process.stdin.write_eof()
        assert await run.outcome == data
        assert run.room.taken("me") == len(data)
        run.intake.drop()
        assert (run.intake.data, run.room.taken("me")) == (None, 0)
        run.intake.drop()
        assert run.room.taken("me") == 0
        process.close()


async def refusal(run: Read) -> str:
    with pytest.raises(Refused) as caught:
        await run.outcome
    assert caught.value.code is Code.LIMIT_STDIN
    assert run.intake.data is None
    return caught.value.message


@pytest.mark.parametrize("more", [b"x", b"x" * 500_000])
async def test_one_byte_too_many_is_refused_before_the_end(more: bytes) -> None:
    run = Read(stdin_bytes=100_000)
    async with rig(run) as here:
        process = await started(here)
        process.stdin.write(b"y" * 100_000 + more)
        assert await refusal(run) == "got more than 100000 bytes of standard input, expected at most that to be judged"
        assert (run.room.taken("me"), run.intake._read) == (0, b"")
        process.channel.abort()


async def test_what_fits_exactly_is_read() -> None:
    run = Read(stdin_bytes=100_000)
    async with rig(run) as here:
        process = await started(here)
        process.stdin.write(b"y" * 100_000)
        process.stdin.write_eof()
        assert len(await run.outcome or b"") == 100_000
        process.close()


async def test_an_identity_has_so_much_room() -> None:
    room = Room()
    room.take("me", 900, 1000)
    run = Read(room, stdin_bytes_per_identity=1000)
    async with rig(run) as here:
        process = await started(here)
        process.stdin.write(b"y" * 101)
        assert await refusal(run) == "me has as much standard input waiting as it may"
        assert room.taken("me") == 900
        process.channel.abort()


async def test_an_end_that_does_not_come_in_time() -> None:
    run = Read(stdin_s=1)
    async with rig(run) as here:
        process = await started(here)
        process.stdin.write(b"all but the end")
        assert await refusal(run) == "got no end of standard input within 1 s"
        process.channel.abort()


async def test_half_of_it_is_nothing_when_the_caller_leaves() -> None:
    run = Read()
    async with rig(run) as here:
        process = await started(here)
        process.stdin.write(b"rm -rf /srv/x")
        while not run.intake._size:
            await asyncio.sleep(0)
        process.channel.abort()
        await run.channel.gone.wait()
        assert not run.outcome.done()
        assert run.intake.data is None
        assert run.task is not None
        run.task.cancel()  # as a session is cut whose caller is gone


async def test_signals_are_kept_for_the_command_and_few() -> None:
    run = Read()
    async with rig(run) as here:
        process = await started(here)
        for _ in range(SIGNALS + 20):
            process.channel.send_signal("USR1")
        process.channel.send_signal("TERM")
        process.stdin.write_eof()
        await run.outcome
        assert list(run.channel._signals) == ["USR1"] * (SIGNALS - 1) + ["TERM"]
        run.channel.exit(Exit())
        await process.wait()


async def test_output_that_waits_is_no_matter() -> None:
    run = Read()
    async with rig(run) as here:
        process = await started(here)
        run.intake.pause_output()
        run.intake.resume_output()
        process.stdin.write_eof()
        assert await run.outcome == b""
        process.close()


async def test_a_cut_leaves_the_channel_without_a_sink() -> None:
    async with rig(lambda channel: channel.gone.wait()) as here:  # type: ignore[arg-type,return-value]
        process: asyncssh.SSHClientProcess[bytes] = await started(here)
        channel = here.gate.channels[0]
        intake = Intake(Limits(), Room(), "me")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await intake.read(channel)
        assert channel._sink is None
        process.stdin.write(b"kept")
        while not channel._early:
            await asyncio.sleep(0)
        assert intake._read == b""
        process.channel.abort()
