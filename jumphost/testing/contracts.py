"""What every implementation of a port must do, as checks that its tests run; each is told how to start, and asserts."""

import asyncio
import hashlib
import os
import signal
from collections.abc import Awaitable, Callable

from jumphost.target.base import STDERR, STDOUT, Exit, Process

PATIENCE_S = 30.0  # until something that must happen counts as not happening

Start = Callable[[str, "Collected"], Awaitable[Process]]
"""Starts a shell text as a command of its own request; its output goes to the Collected."""


class Collected:
    """An Output that keeps everything and lets a check wait for it."""

    def __init__(self) -> None:
        self.stdout = b""
        self.stderr = b""
        self.ended = False
        self.input_paused = False
        self._changed = asyncio.Event()

    def data(self, chunk: bytes, stream: int) -> None:
        assert stream in (STDOUT, STDERR)
        assert not self.ended
        if stream == STDOUT:
            self.stdout += chunk
        else:
            self.stderr += chunk
        self._changed.set()

    def eof(self) -> None:
        assert not self.ended
        self.ended = True
        self._changed.set()

    def pause_input(self) -> None:
        self.input_paused = True
        self._changed.set()

    def resume_input(self) -> None:
        self.input_paused = False
        self._changed.set()

    async def until(self, reached: Callable[["Collected"], bool]) -> None:
        """Waits until ``reached`` says so; TimeoutError after PATIENCE_S."""
        async with asyncio.timeout(PATIENCE_S):
            while not reached(self):
                self._changed.clear()
                await self._changed.wait()


def died_by(end: Exit, *names: str) -> bool:
    """Whether a command ended by one of the signals: told as such, or by the status that a shell gives it."""
    statuses = [128 + signal.Signals[f"SIG{name}"] for name in names]
    return end.status in statuses if not end.signal else (end.signal in names and end.status == 0)


async def end_of(process: Process) -> Exit:
    """How it ended; TimeoutError after PATIENCE_S."""
    async with asyncio.timeout(PATIENCE_S):
        return await process.wait()


async def tells_status_after_all_output(start: Start) -> None:
    output = Collected()
    process = await start("head -c 300000 /dev/zero; echo last >&2; exit 7", output)
    process.write_eof()
    assert await end_of(process) == Exit(status=7)
    assert (len(output.stdout), output.stderr) == (300_000, b"last\n")
    await process.close()


async def tells_every_status(start: Start) -> None:
    for status in (0, 1, 126, 127, 255):
        process = await start(f"exit {status}", Collected())
        assert await end_of(process) == Exit(status=status)
        await process.close()


async def tells_the_signal_that_ended_it(start: Start) -> None:
    for name in ("KILL", "TERM", "INT", "USR1"):
        process = await start(f"kill -s {name} $$", Collected())
        assert died_by(await end_of(process), name)
        await process.close()


async def gives_input_byte_for_byte(start: Start) -> None:
    output = Collected()
    process = await start("sha256sum", output)
    text = os.urandom(1 << 20)
    for at in range(0, len(text), 50_000):
        process.write(text[at : at + 50_000])
    process.write_eof()
    assert await end_of(process) == Exit()
    assert output.stdout.split()[0].decode() == hashlib.sha256(text).hexdigest()
    await process.close()


async def goes_on_after_the_end_of_input(start: Start) -> None:
    output = Collected()
    process = await start("cat; echo after; echo late >&2", output)
    process.write(b"first ")
    process.write_eof()
    assert await end_of(process) == Exit()
    assert (output.stdout, output.stderr, output.ended) == (b"first after\n", b"late\n", True)
    await process.close()


async def answers_while_input_is_open(start: Start) -> None:
    output = Collected()
    process = await start("while read -r line; do echo got $line; done", output)
    for number in range(3):
        process.write(b"%d\n" % number)
        await output.until(lambda seen, number=number: f"got {number}\n".encode() in seen.stdout)  # type: ignore[misc]
    process.write_eof()
    assert await end_of(process) == Exit()
    await process.close()


async def holds_output_while_paused(start: Start) -> None:
    output = Collected()
    process = await start("head -c 1000; head -c 5000000 /dev/zero", output)
    process.pause_output()
    process.write(b"x" * 1000)
    process.write_eof()
    await asyncio.sleep(0)
    assert output.stdout == b""
    process.resume_output()
    assert await end_of(process) == Exit()
    assert len(output.stdout) == 5_001_000
    await process.close()


async def holds_input_that_is_not_read(start: Start) -> None:
    output = Collected()
    process = await start("kill -s STOP $$; cat", output)
    sent = 0
    while not output.input_paused:
        process.write(bytes(65_536))
        sent += 65_536
        assert sent < 64 << 20
        await asyncio.sleep(0)
    assert await process.stop()
    assert died_by(await end_of(process), "TERM", "KILL")
    await process.close()


async def keeps_what_is_written_once_it_takes_more(start: Start) -> None:
    """All of the rest and its end may be written while the Output is told that input goes on."""
    chunk, rest, sent = os.urandom(1 << 20), os.urandom(200_000), hashlib.sha256()

    class Feeding(Collected):
        def resume_input(self) -> None:
            super().resume_input()
            process.write(rest)
            process.write_eof()

    output = Feeding()
    process = await start("sha256sum", output)
    while not output.input_paused:
        process.write(chunk)
        sent.update(chunk)
        await asyncio.sleep(0)
    sent.update(rest)
    assert await end_of(process) == Exit()
    assert output.stdout.split()[0].decode() == sent.hexdigest()
    await process.close()


async def takes_writes_after_the_end(start: Start) -> None:
    process = await start("exit 3", Collected())
    assert await end_of(process) == Exit(status=3)
    process.write(b"too late")
    process.write_eof()
    process.send_signal("TERM")
    assert await process.wait() == Exit(status=3)
    await process.close()
    await process.close()


async def stops_all_that_it_started(start: Start) -> None:
    """Children in the background, in sessions of their own, twice forked, deaf to HUP and TERM."""
    output = Collected()
    process = await start(
        "trap '' HUP TERM; sleep 1000 & setsid sleep 1000 & nohup sleep 1000 >/dev/null 2>&1 & "
        "( ( setsid sleep 1000 & ) & ); echo $JUMPHOST_REQUEST; wait",
        output,
    )
    await output.until(lambda seen: b"\n" in seen.stdout)
    assert await process.stop()
    assert died_by(await end_of(process), "TERM", "KILL")
    assert await process.stop()
    await process.close()


async def relays_signals(start: Start) -> None:
    output = Collected()
    traps = "trap 'echo hup' HUP; trap 'echo int; exit 9' INT"
    process = await start(f"{traps}; echo ready; while :; do sleep 0.1; done", output)
    await output.until(lambda seen: b"ready\n" in seen.stdout)
    async with asyncio.TaskGroup() as group:
        end = group.create_task(end_of(process))
        process.send_signal("HUP")
        await output.until(lambda seen: b"hup\n" in seen.stdout)
        process.send_signal("INT")
        assert await end == Exit(status=9)
    assert output.stdout == b"ready\nhup\nint\n"
    await process.close()


PROCESS: tuple[Callable[[Start], Awaitable[None]], ...] = (
    tells_status_after_all_output,
    tells_every_status,
    tells_the_signal_that_ended_it,
    gives_input_byte_for_byte,
    goes_on_after_the_end_of_input,
    answers_while_input_is_open,
    holds_output_while_paused,
    holds_input_that_is_not_read,
    keeps_what_is_written_once_it_takes_more,
    takes_writes_after_the_end,
    stops_all_that_it_started,
    relays_signals,
)
