"""The local shell keeps the port of ``target.base``."""

import asyncio

from jumphost.model.target import Target
from jumphost.target.base import STDERR, STDOUT, Exit, Order
from jumphost.testing.process import LocalProcess, LocalRunner


class Kept:
    """An Output that keeps everything."""

    def __init__(self) -> None:
        self.got = {STDOUT: b"", STDERR: b""}
        self.some, self.ended = asyncio.Event(), asyncio.Event()
        self.input_paused, self.input_resumed = asyncio.Event(), asyncio.Event()

    def data(self, chunk: bytes, stream: int) -> None:
        self.got[stream] += chunk
        self.some.set()

    def eof(self) -> None:
        self.ended.set()

    def pause_input(self) -> None:
        self.input_paused.set()

    def resume_input(self) -> None:
        self.input_resumed.set()


async def start(line: str) -> tuple[Kept, LocalProcess]:
    kept = Kept()
    order = Order(request="", target=Target("here", ("me",)), login="me", line=line)
    return kept, await LocalRunner().start(order, kept, None)  # type: ignore[arg-type]  # it mints nothing


async def test_streams_and_status() -> None:
    kept, process = await start("cat; echo err >&2; exit 3")
    process.write(b"in")
    process.write_eof()
    process.write(b"dropped")
    assert await process.wait() == Exit(status=3)
    assert kept.ended.is_set()
    assert kept.got == {STDOUT: b"in", STDERR: b"err\n"}
    await process.close()


async def test_signals() -> None:
    kept, process = await start("echo up; exec sleep 1000")
    await kept.some.wait()
    process.send_signal("NONSENSE")
    process.send_signal("TERM")
    assert await process.wait() == Exit(signal="TERM")
    process.send_signal("TERM")
    await process.close()


async def test_stop_reaches_the_group() -> None:
    _, process = await start("sleep 1000 & sleep 1000")
    assert await process.stop()
    assert await process.wait() == Exit(signal="KILL")
    assert await process.stop()
    await process.close()


async def test_back_pressure_both_ways() -> None:
    kept, process = await start("echo up; read go; head -c 1000000 /dev/zero; cat > /dev/null")
    await kept.some.wait()
    process.pause_output()
    process.write(b"go\n" + bytes(1_000_000))
    await kept.input_paused.wait()
    assert len(kept.got[STDOUT]) < 1_000_000
    process.resume_output()
    await kept.input_resumed.wait()
    process.write_eof()
    assert await process.wait() == Exit()
    assert len(kept.got[STDOUT]) == 1_000_003
    await process.close()


async def test_close_ends_what_still_runs() -> None:
    _, process = await start("exec sleep 1000")
    await process.close()
    assert await process.wait() == Exit(signal="KILL")
