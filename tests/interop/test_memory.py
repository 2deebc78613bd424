"""What a peer can make the whole gateway hold, from stock ``ssh`` to a real target, with the session recorded.

Measured as the growth of the gateway's own process over its state after some traffic. Per session it holds at most a
window towards each side that does not read, and what its allocator keeps: BOUND.
"""

import asyncio
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import psutil
import pytest

from jumphost.testing.lab import lab_site
from jumphost.testing.site import LiveSite, has_ssh, open_folder

WINDOW = 1 << 20  # limits.window_bytes, as it is by default
NOISE = 3 << 20  # a session's objects and the allocator's slack
# measured: 0.0 to 0.3 MiB in all tests here, since windows fit where those of earlier sessions were
BOUND = 2 * WINDOW + NOISE
HUGE = (1 << 31) - 1
MB = 1_000_000
QUIET_BYTES = 32_768  # in a tenth of a second: a heartbeat, not a transfer


@dataclass(frozen=True, slots=True)
class Gateway:
    """The site under pressure, a login to it, and its process."""

    site: LiveSite
    key: Path
    process: psutil.Process

    def words(self, script: str, purpose: str = "stream") -> list[str]:
        """The words of a stock ``ssh`` that runs the script."""
        return [*self.site.ssh_words(self.key, "batch-host", env={"JUMPHOST_PURPOSE": purpose}), f"sh -c '{script}'"]

    @contextmanager
    def caller(self, script: str, **streams: object) -> "Iterator[subprocess.Popen[bytes]]":
        """A stock ``ssh`` that is killed at the end."""
        with subprocess.Popen(self.words(script), **streams) as caller:  # type: ignore[call-overload]
            try:
                yield caller
            finally:
                caller.kill()

    def used(self) -> int:
        """Bytes of memory."""
        return int(self.process.memory_info().rss)

    def peak(self) -> int:
        """The most memory seen until it moves no more data for half a second."""
        most, calm, moved = self.used(), 0, self._moved()
        while calm < 5:
            time.sleep(0.1)
            most, before, moved = max(most, self.used()), moved, self._moved()
            calm = calm + 1 if moved - before < QUIET_BYTES else 0
        return most

    def _moved(self) -> int:
        counters = self.process.io_counters()
        return int(counters.read_chars + counters.write_chars)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site({"recording": {"max_bytes": 1 << 34}}) as site:
        assert site.process is not None
        here = Gateway(site, site.key("deploy-bot", "--ttl", "15m"), psutil.Process(site.process.pid))
        for _ in range(2):
            done = subprocess.run(here.words("cat", "io"), input=bytes(20 * MB), stdout=subprocess.PIPE)
            assert len(done.stdout) == 20 * MB
        yield here


@pytest.fixture
def base(gateway: Gateway) -> int:
    """What it uses while nothing goes on."""
    gateway.peak()
    return gateway.used()


ENDLESS = "exec cat /dev/zero"


def test_slow_reader(gateway: Gateway, base: int) -> None:
    with gateway.caller(ENDLESS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as caller:
        slow = "for i in $(seq 100); do head -c 65536 > /dev/null; sleep 0.02; done"
        reader = subprocess.Popen(["sh", "-c", slow], stdin=caller.stdout)
        most = base
        while reader.poll() is None:
            time.sleep(0.05)
            most = max(most, gateway.used())
    assert most - base < BOUND


def test_stopped_reader(gateway: Gateway, base: int) -> None:
    with gateway.caller(ENDLESS, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        caller.stdout.read(1)
        caller.send_signal(signal.SIGSTOP)
        assert gateway.peak() - base < BOUND


async def test_stopped_reader_with_a_window_of_two_gigabytes(gateway: Gateway, base: int) -> None:
    async with asyncssh.connect(
        "127.0.0.1",
        gateway.site.port,
        username="batch-host",
        client_keys=[str(gateway.key)],
        known_hosts=None,
        config=None,
        agent_path=None,
    ) as caller:
        process = await caller.create_process(f"sh -c '{ENDLESS}'", encoding=None, window=HUGE)
        await process.stdout.readexactly(1)
        caller._transport.pause_reading()
        most = await asyncio.to_thread(gateway.peak)
        caller.abort()
    assert most - base < BOUND


def test_input_that_nobody_reads(gateway: Gateway, base: int) -> None:
    """As much as the caller can send: it has no end."""
    with (
        Path("/dev/zero").open("rb") as endless,
        gateway.caller("echo up; exec sleep 60", stdin=endless, stdout=subprocess.PIPE) as caller,
    ):
        assert caller.stdout is not None
        assert caller.stdout.readline() == b"up\n"
        assert gateway.peak() - base < BOUND


def test_input_that_is_dropped(gateway: Gateway, base: int) -> None:
    """A closed standard input takes and drops what comes."""
    with Path("/dev/zero").open("rb") as endless:
        caller = subprocess.Popen(gateway.words("sleep 1", ""), stdin=endless, stderr=subprocess.PIPE)
        most = base
        while caller.poll() is None:
            time.sleep(0.05)
            most = max(most, gateway.used())
        assert caller.stderr is not None
        assert b"bytes of standard input were dropped" in caller.stderr.read()
    assert most - base < BOUND


def test_much_output_to_a_reader_that_keeps_up(gateway: Gateway, base: int) -> None:
    with gateway.caller("head -c 100000000 /dev/zero", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        total, most = 0, base
        while chunk := caller.stdout.read(MB):
            total, most = total + len(chunk), max(most, gateway.used())
        assert (caller.wait(), total) == (0, 100 * MB)
    assert most - base < BOUND


@pytest.fixture
def gigabyte() -> Iterator[tuple[Path, str]]:
    """A file of random megabytes, one repeated, that logins may read; and its SHA-256."""
    with open_folder() as folder:
        path, digest, piece = folder / "given", hashlib.sha256(), os.urandom(MB)
        with path.open("wb") as file:
            for _ in range(1000):
                file.write(piece)
                digest.update(piece)
        yield path, digest.hexdigest()


@pytest.mark.long
def test_a_gigabyte_to_the_caller(gateway: Gateway, base: int, gigabyte: tuple[Path, str]) -> None:
    path, expected = gigabyte
    with gateway.caller(f"cat {path}", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        digest, most = hashlib.sha256(), base
        while chunk := caller.stdout.read(MB):
            digest.update(chunk)
            most = max(most, gateway.used())
        assert (caller.wait(), digest.hexdigest()) == (0, expected)
    assert most - base < BOUND


@pytest.mark.long
def test_a_gigabyte_to_the_command(gateway: Gateway, base: int, gigabyte: tuple[Path, str]) -> None:
    path, expected = gigabyte
    with path.open("rb") as given:
        caller = subprocess.Popen(gateway.words("sha256sum"), stdin=given, stdout=subprocess.PIPE)
        most = base
        while caller.poll() is None:
            time.sleep(0.05)
            most = max(most, gateway.used())
    assert (caller.returncode, caller.communicate()[0].split()[0].decode()) == (0, expected)
    assert most - base < BOUND


@pytest.mark.long
@pytest.mark.parametrize("run", [1, 2, 3])
def test_much_recorded_text_ends_every_time(gateway: Gateway, run: int) -> None:
    """Another gateway with recordings hung here, four times of six."""
    sealed = len(gateway.site.events("recording.seal"))
    script = f"yes run {run} of much text in lines | head -c 300000000; exit {run}"
    with gateway.caller(script, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        assert sum(len(chunk) for chunk in iter(lambda: caller.stdout.read(MB), b"")) == 300 * MB
        assert caller.wait(timeout=10) == run
    seals = gateway.site.events("recording.seal")[sealed:]
    assert len(seals) == 1
    assert seals[0]["bytes"] > 300 * MB
