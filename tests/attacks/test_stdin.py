"""Callers who try to have other standard input run than was judged, or to fill the gateway with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from asyncssh.constants import MSG_CHANNEL_CLOSE, MSG_CHANNEL_DATA
from asyncssh.packet import String
from msgspec.structs import replace

from jumphost.config.settings import Hold, Limits, Settings
from jumphost.errors import Code
from jumphost.testing.session import ONE_DBA, House, house, owing, returns

MOST = 100_000  # bytes of input


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, change=small) as made:
        owing(made.engine, stdin="judge")
        yield made


def small(settings: Settings) -> Settings:
    limits = Limits(stdin_bytes=MOST, stdin_s=1, stdin_bytes_per_identity=10 * MOST)
    return replace(settings, hold=Hold(status_interval=1), limits=limits)


async def asks(caller: Any, command: str = "sh -s", **options: Any) -> Any:
    return await caller.create_process(command, encoding=None, **options)


def nothing_ran(here: House) -> bool:
    return (here.runner.known, here.credentials.issued) == ({}, [])


async def refused(here: House, process: Any, text: bytes) -> None:
    done = await process.wait()
    assert (done.exit_status, done.stdout) == (77, b"")
    assert b"jumphost: denied limit.stdin: " + text in done.stderr
    assert nothing_ran(here)
    assert len(here.engine.asked) == 1
    assert here.parts.room.taken("deploy-bot") == 0


async def test_endless_input(here: House) -> None:
    async with await here.caller() as caller:
        process = await asks(caller)
        sent = 0
        while not process.is_closing() and sent < 50 * MOST:
            process.stdin.write(b"#" * 10_000)
            sent += 10_000
            await asyncio.sleep(0)
        await refused(here, process, b"got more than 100000 bytes")


async def test_input_that_drips(here: House) -> None:
    async with await here.caller() as caller:
        process = await asks(caller)

        async def drip() -> None:
            while not process.is_closing():
                process.stdin.write(b"\n")
                await asyncio.sleep(0.02)

        dripping = asyncio.get_running_loop().create_task(drip())
        await refused(here, process, b"got no end of standard input within 1 s")
        await dripping


@pytest.mark.parametrize("data", [b"", b"echo ran\n"])
async def test_an_end_that_never_comes(here: House, data: bytes) -> None:
    async with await here.caller() as caller:
        process = await asks(caller)
        process.stdin.write(data)
        await refused(here, process, b"got no end of standard input within 1 s")


async def test_many_at_once_have_no_more_room_than_one_may(here: House) -> None:
    async with await here.caller() as caller:
        many = [await asks(caller) for _ in range(20)]
        for process in many:
            process.stdin.write(b"#" * MOST)
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, here.parts.room.taken("deploy-bot"))
                await asyncio.sleep(0)

        watching = asyncio.get_running_loop().create_task(watch())
        done = [await process.wait() for process in many]
        watching.cancel()
        await asyncio.wait([watching])
    assert {one.exit_status for one in done} == {77}
    assert sum(b"waiting as it may" in one.stderr for one in done) >= 10
    assert 0 < most <= 10 * MOST
    assert nothing_ran(here)
    assert here.parts.room.taken("deploy-bot") == 0


async def test_half_a_script_is_no_script(here: House) -> None:
    """The line breaks in the middle of ``rm -rf /srv/x/tmp``."""
    async with await here.caller() as caller:
        process = await asks(caller)
        process.stdin.write(b"echo rm -rf /srv/x")
        await here.until(lambda: here.parts.room.taken("deploy-bot"))
        caller.abort()
    await here.event("session.close", code=Code.CALLER_GONE)
    assert (len(here.engine.asked), nothing_ran(here)) == (1, True)


async def test_a_channel_that_is_closed_without_an_end_of_input(here: House) -> None:
    async with await here.caller() as caller:
        process = await asks(caller)
        process.stdin.write(b"echo half")
        await here.until(lambda: here.parts.room.taken("deploy-bot"))
        channel = process.channel
        channel.send_packet(MSG_CHANNEL_CLOSE)  # with no MSG_CHANNEL_EOF before it
        await here.event("session.close", code=Code.CALLER_GONE)
    assert (len(here.engine.asked), nothing_ran(here)) == (1, True)


@pytest.mark.parametrize("effect", ["allow", "hold"])
async def test_more_input_after_its_end(here: House, effect: Any) -> None:
    """What was judged is what the caller ended; more is no SSH, and ends the connection."""
    owing(here.engine, effect, ONE_DBA if effect == "hold" else (), stdin="judge")
    async with await here.caller() as caller:
        process = await asks(caller, "cat; sleep 60" if effect == "allow" else "cat")
        process.stdin.write(b"judged\n")
        process.stdin.write_eof()
        if effect == "allow":
            assert await process.stdout.readline() == b"judged\n"
        else:
            await here.hold()
        process.channel.send_packet(MSG_CHANNEL_DATA, String(b"not judged\n"))
        with pytest.raises(asyncssh.ProtocolError):
            await process.stdout.read()
    await here.event("session.close", code=Code.CALLER_GONE)
    assert {asked.stdin for asked in here.engine.asked} == {None, b"judged\n"}


async def test_input_of_one_channel_is_not_anothers(here: House) -> None:
    async with await here.caller() as caller:
        first, second = await asks(caller), await asks(caller)
        second.stdin.write(b"echo second\n")
        first.stdin.write(b"echo first\n")
        second.stdin.write_eof()
        assert (await second.wait()).stdout == b"second\n"
        first.stdin.write_eof()
        assert (await first.wait()).stdout == b"first\n"


async def test_a_fresh_caller_with_other_input_does_not_use_the_approval(here: House) -> None:
    owing(here.engine, "hold", ONE_DBA, stdin="judge")
    no_wait = {"JUMPHOST_WAIT": "0"}

    async def send(data: bytes) -> Any:
        async with await here.caller() as caller:
            process = await asks(caller, env=no_wait)
            process.stdin.write(data)
            process.stdin.write_eof()
            return await process.wait()

    await send(b"echo approved\n")
    approved = await here.hold()
    await here.answer(approved)
    for other in (b"echo approved", b"echo approved\n\n", b"echo Approved\n", b"", b"echo approved\necho more\n"):
        done = await send(other)
        assert (done.exit_status in (75, 77), done.stdout) == (True, b"")
    async with await here.caller() as caller:
        closed = await asks(caller, env=no_wait)
        closed.stdin.write_eof()
        assert (await closed.wait()).stdout == b""
    assert here.parts.holds.get(approved.id).state == "approved"
    assert nothing_ran(here)
    assert (await send(b"echo approved\n")).stdout == b"approved\n"


async def test_a_worker_that_judged_other_input(here: House) -> None:
    async with await here.caller() as caller:
        process = await asks(caller)
        asked = (await here.until(lambda: here.engine.asked))[0]
        lie = here.engine.judgement(replace(asked, stdin=b"echo harmless\n", stdin_mode="judge"))
        here.engine.fault = returns(lie)
        process.stdin.write(b"echo harmful\n")
        process.stdin.write_eof()
        done = await process.wait()
    assert (done.exit_status, b"denied policy.invalid" in done.stderr) == (77, True)
    assert nothing_ran(here)


async def test_a_window_wider_than_was_given(here: House) -> None:
    async with await here.caller() as caller:
        process = await asks(caller)
        await here.until(lambda: here.engine.asked)
        packet = String(b"#" * 32_000)
        for _ in range(200):
            process.channel.send_packet(MSG_CHANNEL_DATA, packet)
        closed = await here.event("session.close")
    assert closed["code"] in (Code.LIMIT_STDIN, Code.CALLER_GONE)
    assert nothing_ran(here)
    await here.until(lambda: not here.parts.room.taken("deploy-bot"))
