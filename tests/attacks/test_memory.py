"""What a peer can make the gateway hold, measured as the growth of a gateway process of its own.

The bound is twice the window and 1 MiB: a window of input, the buffers of output, and the allocator's slack.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import psutil

WINDOW = 1 << 20
BOUND = 2 * WINDOW + (1 << 20)
HUGE = (1 << 31) - 1
MB = 1_000_000


@dataclass
class Measured:
    """A gateway in a process of its own, and how far it grew beyond its state after some traffic."""

    client: asyncssh.SSHClientConnection
    process: psutil.Process
    base: int = 0
    growth: int = 0

    def sample(self) -> None:
        self.growth = max(self.growth, self.process.memory_info().rss - self.base)

    async def until_idle(self) -> None:
        """Until the gateway has read and written nothing for three looks."""
        same, last = 0, None
        while same < 3:
            await asyncio.sleep(0.1)
            self.sample()
            now = self.process.io_counters()[:4]
            same, last = (same + 1 if now == last else 0), now


@asynccontextmanager
async def measured(folder: Path) -> AsyncIterator[Measured]:
    gateway = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "jumphost.testing.gateway", str(folder), str(WINDOW)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert gateway.stdout is not None
    port = json.loads(await gateway.stdout.readline())["port"]
    client = await asyncssh.connect(
        "127.0.0.1",
        port,
        username="here",
        client_keys=[str(folder / "id")],
        known_hosts=None,
        config=None,
        agent_path=None,
        gss_host=None,
        x509_trusted_certs=None,
    )
    here = Measured(client, psutil.Process(gateway.pid))
    await client.run("cat", input=bytes(20 * MB), encoding=None)
    here.base = here.process.memory_info().rss
    try:
        yield here
    finally:
        client.abort()
        assert gateway.stdin is not None
        gateway.stdin.close()
        assert await gateway.wait() == 0


async def test_stopped_reader_with_a_window_of_two_gigabytes(tmp_path: Path) -> None:
    async with measured(tmp_path) as here:
        await here.client.create_process("head -c 400000000 /dev/zero", encoding=None, window=HUGE)
        here.client._transport.pause_reading()
        await here.until_idle()
        assert here.growth < BOUND


async def test_many_stopped_readers_on_one_connection(tmp_path: Path) -> None:
    async with measured(tmp_path) as here:
        for _ in range(10):
            await here.client.create_process("head -c 100000000 /dev/zero", encoding=None, window=HUGE)
        here.client._transport.pause_reading()
        await here.until_idle()
        assert here.growth < BOUND + 10 * 512 * 1024  # a shell's pipes and buffers each


async def test_reader_that_does_not_widen_its_window(tmp_path: Path) -> None:
    async with measured(tmp_path) as here:
        process = await here.client.create_process("head -c 400000000 /dev/zero", encoding=None, window=WINDOW)
        process.channel.pause_reading()
        await here.until_idle()
        assert here.growth < BOUND


async def test_slow_command_and_a_caller_that_sends_as_fast_as_it_may(tmp_path: Path) -> None:
    """60 MB are there to be sent; asyncssh alone takes them all in while the command reads 6 MB."""
    async with measured(tmp_path) as here:
        slow = "for i in $(seq 100); do head -c 65536 > /dev/null; sleep 0.01; done"
        process = await here.client.create_process(slow, encoding=None)
        process.stdin.write(bytes(60 * MB))
        await here.until_idle()
        assert here.growth < BOUND


async def test_command_that_does_not_read(tmp_path: Path) -> None:
    async with measured(tmp_path) as here:
        process = await here.client.create_process("sleep 60", encoding=None)
        process.stdin.write(bytes(30 * MB))
        await here.until_idle()
        assert here.growth < BOUND


async def test_one_byte_packets_to_a_command_that_does_not_read(tmp_path: Path) -> None:
    async with measured(tmp_path) as here:
        process = await here.client.create_process("sleep 60", encoding=None)
        for _ in range(200):
            for _ in range(500):
                process.channel.write(b"x")
            await asyncio.sleep(0)
        await here.until_idle()
        assert here.growth < BOUND


async def test_much_output_to_a_reader_that_keeps_up(tmp_path: Path) -> None:
    async with measured(tmp_path) as here:
        process = await here.client.create_process("head -c 256000000 /dev/zero", encoding=None)
        total = 0
        while chunk := await process.stdout.read(1 << 20):
            total += len(chunk)
            here.sample()
        assert total == 256 * MB
        assert here.growth < BOUND
