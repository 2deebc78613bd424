"""One channel of a caller, over a real connection with a stock client."""

import asyncio

import asyncssh
import pytest
from asyncssh.packet import String

from jumphost.gateway.channel import CallerChannel
from jumphost.gateway.connection import escaped
from jumphost.target.base import STDERR, Exit
from jumphost.testing.gateway import Rig, rig


async def held(channel: CallerChannel) -> None:
    """Serves nothing: the test does."""


class Hand:
    """A Sink that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.news = asyncio.Event()

    def _note(self, what: object) -> None:
        self.told.append(what)
        self.news.set()

    def stdin(self, chunk: bytes) -> None:
        self._note(chunk)

    def stdin_eof(self) -> None:
        self._note("eof")

    def signal(self, name: str) -> None:
        self._note(f"signal {name}")

    def pause_output(self) -> None:
        self._note("pause")

    def resume_output(self) -> None:
        self._note("resume")

    async def until(self, what: object) -> None:
        while what not in self.told:
            self.news.clear()
            await self.news.wait()


async def ask(
    here: Rig, command: str | None = "cmd", **options: object
) -> tuple[asyncssh.SSHClientProcess, CallerChannel]:
    client = await here.connect()
    process = await client.create_process(command, encoding=None, **options)
    return process, here.gate.channels[-1]


async def test_what_was_asked() -> None:
    async with rig(held) as here:
        process, caller = await ask(here, "echo 'x'", env={"JUMPHOST_WAIT": "0", b"BAD": b"\xff\xfe"})
        assert (caller.kind, caller.raw, caller.asked, caller.forced) == ("exec", b"echo 'x'", b"echo 'x'", False)
        assert caller.env == {"JUMPHOST_WAIT": b"0", "BAD": b"\xff\xfe"}
        assert not caller.pty_requested
        assert caller.connection is here.gate.logins[0]
        caller.exit(Exit())
        await process.wait()


@pytest.mark.parametrize(
    ("command", "options", "kind", "raw"),
    [(None, {}, "shell", b""), (None, {"subsystem": "sftp"}, "subsystem", b"sftp")],
)
async def test_shell_and_subsystem(command: str | None, options: dict[str, str], kind: str, raw: bytes) -> None:
    async with rig(held) as here:
        process, caller = await ask(here, command, **options)
        assert (caller.kind, caller.raw) == (kind, raw)
        caller.exit(Exit())
        await process.wait()


@pytest.mark.parametrize("command", [None, "something else"])
async def test_forced_command_takes_the_place_of_what_was_asked(command: str | None) -> None:
    async with rig(held) as here:
        client = await asyncssh.connect(
            "127.0.0.1",
            here.port,
            **here.client_options([here.login(force_command="only this")], "here", {}),
        )
        process = await client.create_process(command)
        caller = here.gate.channels[0]
        assert (caller.kind, caller.raw, caller.forced) == ("exec", b"only this", True)
        assert caller.asked == (command or "").encode()
        caller.exit(Exit())
        await process.wait()


async def test_early_input_waits_for_a_sink_and_keeps_its_order() -> None:
    async with rig(held, window_bytes=65_536) as here:
        process, caller = await ask(here)
        process.stdin.write(b"a" * 200_000)
        process.stdin.write(b"b")
        process.stdin.write_eof()
        process.channel.send_signal("INT")
        while not caller._signals:
            await asyncio.sleep(0)
        assert sum(map(len, caller._early)) <= 32_768
        caller.resume()
        sink = Hand()
        caller.attach(sink)
        await sink.until("eof")
        assert sink.told[0] == "signal INT"
        assert b"".join(chunk for chunk in sink.told if isinstance(chunk, bytes)) == b"a" * 200_000 + b"b"
        assert sink.told[-1] == "eof"
        caller.exit(Exit())
        await process.wait()


async def test_end_of_input_alone_is_kept_for_the_sink() -> None:
    async with rig(held) as here:
        process, caller = await ask(here, stdin=asyncssh.DEVNULL)
        while not caller._eof:
            await asyncio.sleep(0)
        sink = Hand()
        caller.attach(sink)
        assert sink.told == ["eof"]
        caller.exit(Exit())
        await process.wait()


async def test_early_signals_are_few() -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        for _ in range(40):
            process.channel.send_signal("TERM")
        process.stdin.write(b"after them")
        while not caller._early:
            await asyncio.sleep(0)
        assert len(caller._signals) == 16
        sink = Hand()
        caller.attach(sink)
        process.channel.send_signal("HUP")
        await sink.until("signal HUP")
        caller.exit(Exit())
        await process.wait()


async def test_what_comes_between_two_sinks_waits_for_the_second() -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        first, second = Hand(), Hand()
        caller.attach(first)
        process.stdin.write(b"one")
        await first.until(b"one")
        caller.detach()
        process.channel.send_signal("INT")
        process.stdin.write(b"two")
        process.stdin.write_eof()
        while not caller._early:
            await asyncio.sleep(0)
        assert first.told == [b"one"]
        caller.attach(second)
        await second.until("eof")
        assert second.told == ["signal INT", b"two", "eof"]
        caller.detach()
        caller.attach(first)
        assert first.told == [b"one"]
        caller.exit(Exit())
        await process.wait()


async def test_paused_input_stays_with_the_caller() -> None:
    async with rig(held, window_bytes=65_536) as here:
        process, caller = await ask(here)
        sink = Hand()
        caller.attach(sink)
        caller.pause()
        process.stdin.write(b"c" * 300_000)
        process.stdin.write_eof()
        while caller._channel._recv_window > 0:
            await asyncio.sleep(0)
        assert sink.told == []
        caller.resume()
        await sink.until("eof")
        assert b"".join(chunk for chunk in sink.told if isinstance(chunk, bytes)) == b"c" * 300_000
        caller.exit(Exit())
        await process.wait()


async def test_output_both_streams_and_a_line() -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        caller.write(b"out")
        caller.write(b"err\n", STDERR)
        caller.say("jumphost: denied x: y (decision z)")
        caller.write_eof()
        caller.say("too late")
        caller.exit(Exit(status=77))
        caller.exit(Exit(status=1))
        result = await process.wait()
        assert (result.stdout, result.exit_status) == (b"out", 77)
        assert result.stderr == b"err\njumphost: denied x: y (decision z)\n"


@pytest.mark.parametrize(("status", "seen"), [*((n, n) for n in (0, 1, 2, 127, 128, 254, 255)), (300, 44)])
async def test_exit_status(status: int, seen: int) -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        caller.exit(Exit(status=status))
        assert (await process.wait()).exit_status == seen


async def test_exit_signal() -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        caller.exit(Exit(signal="SEGV", core=True, message="boom", lang="en"))
        assert (await process.wait()).exit_signal == ("SEGV", True, "boom", "en")


async def test_input_goes_on_after_output_ended_and_output_after_input_ended() -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        sink = Hand()
        caller.attach(sink)
        caller.write(b"all of it")
        caller.write_eof()
        assert await process.stdout.read() == b"all of it"
        process.stdin.write(b"late")
        process.stdin.write_eof()
        await sink.until("eof")
        assert sink.told == [b"late", "eof"]
        caller.exit(Exit())
        await process.wait()


async def test_flushed_waits_for_the_last_byte() -> None:
    async with rig(held) as here:
        process, caller = await ask(here, window=1000)
        caller.write(b"w" * 50_000)
        waiting = asyncio.ensure_future(caller.flushed())
        await asyncio.sleep(0)
        assert not waiting.done()
        assert await process.stdout.readexactly(50_000) == b"w" * 50_000
        await waiting
        assert caller._channel.get_write_buffer_size() == 0
        caller.exit(Exit())
        await process.wait()
        await caller.flushed()


async def test_back_pressure_is_told_to_the_sink_also_late() -> None:
    async with rig(held) as here:
        process, caller = await ask(here, window=1000)
        caller.write(b"w" * 100_000)
        sink = Hand()
        caller.attach(sink)
        assert sink.told == ["pause"]
        await process.stdout.readexactly(100_000)
        await sink.until("resume")
        caller.write(b"w" * 200_000)
        assert sink.told == ["pause", "resume", "pause"]
        caller.exit(Exit())
        await process.wait()


@pytest.mark.parametrize("how", ["channel", "connection"])
async def test_gone_is_told_even_with_input_unread(how: str) -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        sink = Hand()
        caller.attach(sink)
        caller.pause()
        process.stdin.write(b"unread")
        if how == "channel":
            process.channel.abort()
        else:
            process.channel.get_connection().abort()
        await caller.gone.wait()
        caller.write(b"into the void")
        caller.write_eof()
        caller.exit(Exit())
        await caller._channel.wait_closed()


async def test_gone_with_output_waiting_lets_the_sink_go_on() -> None:
    async with rig(held) as here:
        process, caller = await ask(here, window=1000)
        sink = Hand()
        caller.attach(sink)
        caller.write(b"w" * 100_000)
        process.channel.abort()
        await sink.until("resume")
        caller.exit(Exit())


async def test_gone_comes_after_the_last_byte_of_an_exit() -> None:
    async with rig(held) as here:
        process, caller = await ask(here, window=1000)
        caller.write(b"w" * 5000)
        caller.exit(Exit(status=3))
        assert not caller.gone.is_set()
        result = await process.wait()
        assert (result.stdout, result.exit_status) == (b"w" * 5000, 3)
        await caller.gone.wait()


class Broken(Hand):
    """A Sink with a fault."""

    def stdin(self, chunk: bytes) -> None:
        raise ValueError("a fault in the session")


async def test_a_fault_closes_its_channel_and_no_other() -> None:
    async with rig(held) as here:
        client = await here.connect()
        bad = await client.create_process("bad", encoding=None)
        good = await client.create_process("good", encoding=None)
        bad_caller, good_caller = here.gate.channels
        bad_caller.attach(Broken())
        bad.stdin.write(b"x")
        await bad.wait_closed()
        assert bad_caller.gone.is_set()
        good_caller.write(b"alive")
        good_caller.exit(Exit())
        assert (await good.wait()).stdout == b"alive"


async def test_only_one_request_a_channel() -> None:
    async with rig(held) as here:
        process, caller = await ask(here, "first")
        for kind, argument in ((b"exec", String("second")), (b"shell", b""), (b"subsystem", String("sftp"))):
            assert await process.channel._make_request(kind, argument) is False
        assert [kind for kind, _ in here.gate.refused_requests] == ["exec", "shell", "subsystem"]
        assert (len(here.gate.channels), caller.raw) == (1, b"first")
        caller.exit(Exit())
        await process.wait()


async def test_what_is_not_served_is_refused_by_name() -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        names = [
            b"pty-req",
            b"x11-req",
            b"auth-agent-req@openssh.com",
            b"window-change",
            b"break",
            b"xon-xoff",
            b"no\n",
        ]
        for name in names:
            assert await process.channel._make_request(name) is False
        assert await process.channel._make_request(b"eow@openssh.com") is False
        assert [kind for kind, _ in here.gate.refused_requests] == [escaped(name) for name in names]
        assert caller.pty_requested
        caller.exit(Exit())
        await process.wait()


@pytest.mark.parametrize(("limits", "sent"), [({"env_names": 3}, 20), ({"env_bytes": 30}, 20)])
async def test_environment_is_limited_and_reported_once(limits: dict[str, int], sent: int) -> None:
    async with rig(held, **limits) as here:
        process, caller = await ask(here, env={f"NAME_{n:02}": "v" for n in range(sent)})
        assert list(caller.env.items()) == [(f"NAME_{n:02}", b"v") for n in range(3)]
        assert here.gate.refused_requests == [("env", "over limits.env_names or limits.env_bytes")]
        caller.exit(Exit())
        await process.wait()


async def test_environment_after_the_command_changes_nothing() -> None:
    async with rig(held) as here:
        process, caller = await ask(here)
        assert await process.channel._make_request(b"env", String("LATE"), String("1")) is False
        assert (caller.env, here.gate.refused_requests) == ({}, [("env", "after the command")])
        caller.exit(Exit())
        await process.wait()
