"""The relay between a real channel and a real shell, and what stops it."""

import asyncio
import hashlib
from typing import Literal

import pytest

from jumphost.errors import Code, JumphostError, Refused
from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.relay import Relay
from jumphost.masking import stream
from jumphost.masking.plan import open_masker
from jumphost.model.target import Target
from jumphost.target.base import STDERR, STDOUT, Exit, Order
from jumphost.testing.gateway import Rig, rig
from jumphost.testing.process import LocalProcess, LocalRunner

Mode = Literal["closed", "judge", "stream"]


class Notes:
    """A Tap that keeps everything, and can be told to fail."""

    def __init__(self) -> None:
        self.out: dict[int, bytes] = {STDOUT: b"", STDERR: b""}
        self.into = b""
        self.judged: list[bool] = []
        self.fails_at = 0  # after so many chunks of input
        self.failure: Exception | None = None

    def output(self, chunk: bytes, stream: int) -> None:
        if self.failure is not None:
            raise self.failure
        self.out[stream] += chunk

    def input(self, chunk: bytes, *, judged: bool = False) -> None:
        if self.failure is not None:
            raise self.failure
        self.into += chunk
        self.judged.append(judged)
        if len(self.judged) == self.fails_at:
            self.failure = OSError("disk full")


class Run:
    """Serves a channel, and leaves its parts to the test."""

    def __init__(
        self,
        stdin: Mode = "stream",
        output_bytes: int = 1 << 30,
        judged: bytes = b"",
        recorded: bytes | None = None,
        mask: bool = False,
    ) -> None:
        self.tap = Notes()
        self.faults: list[JumphostError] = []
        self.stdin, self.output_bytes, self.judged, self.recorded = stdin, output_bytes, judged, recorded
        plan = {"detectors": {"*": "redact"}}
        self.maskers = {stream: open_masker(plan) for stream in (STDOUT, STDERR)} if mask else {}
        self.running = asyncio.Event()
        self.ended = asyncio.Event()
        self.relay: Relay
        self.process: LocalProcess
        self.after_end: JumphostError | None = None
        self.last_line = ""

    async def __call__(self, channel: CallerChannel) -> None:
        self.relay = Relay(
            channel,
            self.tap,
            output_bytes=self.output_bytes,
            stdin=self.stdin,
            on_fault=self.faults.append,
            judged=self.judged,
            recorded=self.recorded,
            maskers=self.maskers,
        )
        order = Order(request="", target=Target("here", ("me",)), login="me", line=channel.raw.decode())
        self.process = await LocalRunner().start(order, self.relay, None)  # type: ignore[arg-type]  # mints nothing
        self.relay.attach(self.process)
        self.running.set()
        end = await self.process.wait()
        try:
            await self.relay.drained()
        except JumphostError as error:
            self.after_end, end = error, Exit(status=70)
        if self.last_line:
            channel.say(self.last_line)
        channel.exit(end)
        await self.process.close()
        self.ended.set()


async def start(here: Rig, command: str, **options: object) -> object:
    client = await here.connect()
    return await client.create_process(command, encoding=None, **options)


async def test_bytes_both_ways_through_the_tap() -> None:
    run = Run()
    async with rig(run) as here:
        process = await start(here, "echo first; cat; echo bad >&2; exit 3")
        assert await process.stdout.readline() == b"first\n"
        process.stdin.write(b"late input\n")
        process.stdin.write_eof()
        result = await process.wait()
        assert (result.stdout, result.stderr, result.exit_status) == (b"late input\n", b"bad\n", 3)
        assert run.tap.out == {STDOUT: b"first\nlate input\n", STDERR: b"bad\n"}
        assert run.tap.into == b"late input\n"
        assert run.faults == []


async def test_half_close_of_the_output() -> None:
    async with rig(Run()) as here:
        process = await start(here, "echo out; exec >&- 2>&-; cat > /dev/null; exit 4")
        assert await process.stdout.read() == b"out\n"
        process.stdin.write(b"still read")
        process.stdin.write_eof()
        assert (await process.wait()).exit_status == 4


@pytest.mark.parametrize("mode", ["closed", "judge"])
async def test_closed_stdin_ends_at_once_and_counts_what_comes(mode: Mode) -> None:
    run = Run(mode)
    async with rig(run) as here:
        process = await start(here, "cat; exec sleep 60")
        process.stdin.write(b"x" * 1000)
        await run.running.wait()
        while run.relay.dropped_input < 1000:
            await asyncio.sleep(0)
        process.stdin.write_eof()
        process.channel.send_signal("TERM")
        result = await process.wait()
        assert (result.stdout, run.tap.into, run.relay.dropped_input) == (b"", b"", 1000)
        assert result.exit_signal[0] == "TERM"


@pytest.mark.parametrize("size", [0, 1, 32_768, 32_769, 1 << 20])
async def test_judged_input_arrives_whole_and_ends(size: int) -> None:
    data = (bytes(range(256)) * 4097)[:size]
    run = Run("judge", judged=data)
    async with rig(run) as here:
        process = await start(here, "sha256sum")
        assert (await process.wait()).stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()
        assert run.tap.into == data
        assert all(run.tap.judged)
        assert (run.relay.dropped_input, run.faults, run.relay._judged) == (0, [], b"")


@pytest.mark.parametrize("mode", ["closed", "stream"])
async def test_judged_input_is_for_the_decision_that_asked_for_it(mode: Mode) -> None:
    run = Run(mode, judged=b"rm -rf /srv/x")
    async with rig(run) as here:
        process = await start(here, "cat")
        process.stdin.write_eof()
        assert (await process.wait()).stdout == b""


async def test_what_cannot_be_recorded_whole_goes_nowhere_in_part() -> None:
    run = Run("judge", judged=b"echo ran\n" + b"#" * 100_000)
    run.tap.fails_at = 2
    async with rig(run) as here:
        process = await start(here, "sh -s")
        await run.running.wait()
        assert [fault.code for fault in run.faults] == [Code.INTERNAL]
        run.process.write_eof()
        assert (await process.wait()).stdout == b""


async def test_end_of_output_waits_for_the_line_about_dropped_input() -> None:
    run = Run("closed")
    run.last_line = "dropped some"
    async with rig(run) as here:
        process = await start(here, "read never; sleep 0.2")
        process.stdin.write(b"data")
        assert (await process.wait()).stderr == b"dropped some\n"
        assert run.relay.dropped_input == 4


@pytest.mark.parametrize("limit", [0, 1, 70_000])
async def test_output_limit_lets_exactly_its_bytes_through(limit: int) -> None:
    run = Run(output_bytes=limit)
    async with rig(run) as here:
        process = await start(here, "head -c 1000000 /dev/zero; echo more >&2")
        result = await process.wait()
        assert (len(result.stdout), result.stderr) == (limit, b"")
        assert len(run.tap.out[STDOUT]) == limit
        assert [fault.code for fault in run.faults] == [Code.LIMIT_OUTPUT]
        assert run.after_end is run.faults[0]


@pytest.mark.parametrize(
    ("failure", "code"),
    [(Refused(Code.RECORDING_FAILED, "disk full"), Code.RECORDING_FAILED), (OSError("disk full"), Code.INTERNAL)],
)
async def test_nothing_goes_on_after_the_tap_failed(failure: Exception, code: Code) -> None:
    run = Run()
    async with rig(run) as here:
        process = await start(here, "read a; echo $a; read b; echo $b; echo end")
        process.stdin.write(b"one\n")
        assert await process.stdout.readline() == b"one\n"
        run.tap.failure = failure
        process.stdin.write(b"two\n")
        while not run.faults:
            await asyncio.sleep(0)
        run.tap.failure = None
        process.stdin.write(b"three\n")
        process.stdin.write_eof()
        run.process.write(b"released\n")
        result = await process.wait()
        assert (result.stdout, result.stderr) == (b"", b"")
        assert [fault.code for fault in run.faults] == [code]
        assert run.tap.into == b"one\n"


async def test_a_fault_under_back_pressure_still_sees_the_end() -> None:
    run = Run(output_bytes=10_000_000)
    async with rig(run) as here:
        process = await start(here, "head -c 5000000 /dev/zero", window=1000)
        process.channel.pause_reading()
        await run.running.wait()
        while run.relay._channel._writable.is_set():
            await asyncio.sleep(0)
        run.relay.fail(Refused(Code.LIMIT_TIME, "too long"))
        run.relay.fail(Refused(Code.INTERNAL, "a second one counts for nothing"))
        assert await run.process.wait() == Exit()
        assert [fault.code for fault in run.faults] == [Code.LIMIT_TIME]
        process.channel.abort()


async def test_slow_caller_pauses_the_command_and_gets_every_byte() -> None:
    run = Run()
    async with rig(run) as here:
        process = await start(here, "head -c 20000000 /dev/zero", window=100_000)
        digest = hashlib.sha256()
        while chunk := await process.stdout.read(65_536):
            digest.update(chunk)
            await asyncio.sleep(0)
        assert digest.digest() == hashlib.sha256(bytes(20_000_000)).digest()
        assert (await process.wait()).exit_status == 0


async def test_slow_command_pauses_the_caller_and_gets_every_byte() -> None:
    async with rig(Run(), window_bytes=65_536) as here:
        process = await start(here, "sleep 0.1; exec sha256sum")
        sent = bytes(range(256)) * 40_000
        process.stdin.write(sent)
        process.stdin.write_eof()
        result = await process.wait()
        assert result.stdout.split()[0].decode() == hashlib.sha256(sent).hexdigest()


async def test_before_the_command_runs_input_goes_nowhere() -> None:
    async with rig(lambda channel: asyncio.sleep(0)) as here:
        await start(here, "anything")
        faults: list[JumphostError] = []
        channel = here.gate.channels[0]
        relay = Relay(channel, Notes(), output_bytes=10, stdin="stream", on_fault=faults.append)
        relay.stdin(b"x")
        relay.stdin_eof()
        relay.signal("TERM")
        relay.pause_output()
        relay.resume_output()
        relay.fail(Refused(Code.LIMIT_TIME, "late"))
        assert [fault.code for fault in faults] == [Code.LIMIT_TIME]
        channel.exit(Exit())


CARD, STARS = b"id 4111 1111 1111 1111 end\n", b"id **** **** **** **** end\n"


@pytest.mark.parametrize("at", range(len(CARD) + 1))
async def test_masked_output_is_the_same_for_caller_and_tap(at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "IDLE_S", 60.0)  # on a busy machine a short pause may take long
    run = Run(mask=True)
    async with rig(run) as here:
        process = await start(here, f"head -c {at}; sleep 0.02; cat")
        process.stdin.write(CARD)
        process.stdin.write_eof()
        assert (await process.wait()).stdout == STARS
        assert (run.tap.out[STDOUT], run.faults) == (STARS, [])


async def test_what_is_held_goes_with_the_end_of_output_and_before_the_exit() -> None:
    run = Run(mask=True)
    async with rig(run) as here:
        process = await start(here, "printf 'pin 4111' >&2; printf '4111 1111 1111 1111'; exit 5")
        result = await process.wait()
        assert (result.stdout, result.stderr, result.exit_status) == (b"**** **** **** ****", b"pin 4111", 5)


async def test_a_slow_caller_gets_every_masked_byte() -> None:
    run = Run(mask=True)
    async with rig(run) as here:
        process = await start(here, f"yes '{CARD.decode().strip()}' | head -n 30000", window=20_000)
        got = b""
        while chunk := await process.stdout.read(65_536):
            got += chunk
            await asyncio.sleep(0)
        assert got == STARS * 30_000
        assert run.tap.out[STDOUT] == got


async def test_after_a_fault_of_the_tap_nothing_that_was_held_goes() -> None:
    run = Run(mask=True)
    async with rig(run) as here:
        process = await start(here, "echo one; printf 'pin 4111'; read x; printf 2")
        assert await process.stdout.readline() == b"one\n"
        run.tap.failure = OSError("disk full")
        while not run.faults:
            await asyncio.sleep(0)
        run.tap.failure = None
        run.process.write_eof()
        assert (await process.wait()).stdout in (b"", b"pin ")
        assert [fault.code for fault in run.faults] == [Code.INTERNAL]


async def test_judged_input_may_be_recorded_as_something_else() -> None:
    run = Run("judge", judged=CARD, recorded=STARS)
    async with rig(run) as here:
        process = await start(here, "cat")
        assert (await process.wait()).stdout == CARD
        assert (run.tap.into, run.tap.judged) == (STARS, [True])
