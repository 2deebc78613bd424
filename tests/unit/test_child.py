import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jumphost import child
from jumphost.testing import echo

ECHO = "jumphost.testing.echo"
FRAME = 1 << 20
FDS = Path("/proc/self/fd")


@pytest.fixture
async def helper() -> AsyncIterator[child.Child]:
    process = child.Child(ECHO, frame_bytes=FRAME)
    yield process
    process.kill()
    await process.wait()


async def test_frames_come_back_whole_and_in_order(helper: child.Child) -> None:
    for size in (0, 1, 4096, FRAME):
        await helper.send(b"say " + b"x" * size)
    for size in (0, 1, 4096, FRAME):
        assert await helper.receive() == b"x" * size


async def test_it_starts_with_nothing_and_within_limits(helper: child.Child) -> None:
    await helper.send(b"state")
    state = json.loads(await helper.receive())
    assert state["environment"].keys() <= {"LC_CTYPE"}, "only what Python itself sets"
    assert state["isolated"] == 1
    assert state["limits"] == {
        "RLIMIT_AS": echo.LIMITS.memory,
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NOFILE": echo.LIMITS.files,
    }
    assert len(state["descriptors"]) <= 5, "three standard streams, the socket, and the folder that is being listed"


async def test_the_environment_is_what_is_given() -> None:
    process = child.Child(ECHO, frame_bytes=FRAME, environment={"ONLY": "this"})
    await process.send(b"state")
    assert json.loads(await process.receive())["environment"]["ONLY"] == "this"
    process.kill()
    await process.wait()


async def test_its_end_is_seen_and_told(helper: child.Child) -> None:
    await helper.send(b"exit 3")
    with pytest.raises(EOFError):
        await helper.receive()
    assert await helper.wait() == 3
    assert not helper.alive
    with pytest.raises(OSError, match="Errno"):
        await helper.send(b"say anything")


async def test_its_last_words_are_read_after_its_end(helper: child.Child) -> None:
    await helper.send(b"say goodbye")
    await helper.send(b"exit 0")
    process = select.poll()
    pidfd = os.pidfd_open(helper.pid)
    process.register(pidfd, select.POLLIN)
    assert process.poll(5000)
    os.close(pidfd)
    assert await helper.receive() == b"goodbye"


async def test_killing_is_idempotent(helper: child.Child) -> None:
    assert helper.alive
    helper.kill()
    assert await helper.wait() == -signal.SIGKILL
    helper.kill()


async def test_a_frame_over_the_cap_is_refused_before_it_is_read(helper: child.Child) -> None:
    await helper.send(b"huge")
    with pytest.raises(ValueError, match="got a frame of 4294967295 bytes, expected at most 1048576"):
        await helper.receive()


async def test_memory_over_the_limit_ends_it(helper: child.Child) -> None:
    await helper.send(b"grow")
    with pytest.raises(EOFError):
        await helper.receive()
    assert await helper.wait() == 1, "Python's MemoryError"


async def test_processor_time_over_the_grant_ends_it(helper: child.Child) -> None:
    await helper.send(b"burn")
    assert await helper.wait() == -signal.SIGXCPU


async def test_a_cancelled_receive_leaves_a_child_that_can_be_killed(helper: child.Child) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await helper.receive()
    helper.kill()
    assert await helper.wait() == -signal.SIGKILL


async def test_sealed_memory_reads_the_same_for_everyone_and_cannot_change() -> None:
    content = os.urandom(100_000)
    memory = child.sealed(content, "test")
    with pytest.raises(PermissionError):
        os.pwrite(memory, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(memory, 10)
    helpers = [child.Child(ECHO, fds=(memory,), frame_bytes=FRAME) for _ in range(2)]
    for process in helpers:
        await process.send(b"sealed")
    assert [await process.receive() for process in helpers] == [content, content]
    assert child.unsealed(memory) == content
    os.close(memory)
    for process in helpers:
        process.kill()
        await process.wait()


def test_a_secluded_process() -> None:
    """In a process of its own: there is no way back."""
    script = (
        "from jumphost.child import seclude; import ctypes, os, resource\n"
        "seclude(); print(os.umask(0), *resource.getrlimit(resource.RLIMIT_CORE))\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["63", "0", "0", "0"], "umask 077, no core, PR_GET_DUMPABLE"


def test_it_dies_with_its_parent() -> None:
    script = (
        "import asyncio\nfrom jumphost.child import Child\n"
        "async def main():\n"
        f"    helper = Child({ECHO!r}, frame_bytes=100)\n"
        "    await helper.send(b'say ready')\n"
        "    await helper.receive()\n"
        "    print(helper.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pidfd = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        process = select.poll()
        process.register(pidfd, select.POLLIN)
        assert process.poll(5000), "the helper outlived its parent"
        os.close(pidfd)


def test_the_childs_side_reads_frames_in_pieces() -> None:
    ours, theirs = socket.socketpair()
    parent = child.Parent(theirs.detach())
    ours.sendall(b"\0\0\0\5he")
    ours.sendall(b"llo\0\0\0\0")
    assert parent.receive() == b"hello"
    assert parent.receive() == b""
    parent.send(b"back")
    assert ours.recv(100) == b"\0\0\0\4back"
    ours.sendall(b"\0\0\0\5he")
    ours.close()
    assert parent.receive() is None


def test_starting_what_cannot_be_started_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    before = len(list(FDS.iterdir()))
    with pytest.raises(FileNotFoundError):
        child.Child(ECHO, frame_bytes=1)
    assert len(list(FDS.iterdir())) == before


def filtered(*arguments: str, given: bytes = b"", **changes: Any) -> bytes:
    limits = {"memory": 64 << 20, "cpu_s": 5, "deadline_s": 30.0, "output_bytes": 1000, **changes}
    return child.filtered(arguments, given, **limits)


def test_a_filter_gets_bytes_and_gives_bytes_and_nothing_else() -> None:
    assert filtered("/bin/cat", given=b"x" * 1000) == b"x" * 1000
    assert filtered("/usr/bin/env") == b""
    assert filtered("/usr/bin/env", environment={"A": "b"}) == b"A=b\n"


def test_a_filter_that_misbehaves_is_an_error() -> None:
    with pytest.raises(TimeoutError):
        filtered("/bin/sleep", "60", deadline_s=0.05)
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        filtered("/bin/cat", given=b"x" * 1001)
    with pytest.raises(ChildProcessError) as failed:
        filtered("/bin/sh", "-c", "cat; exit 3")
    assert failed.value.errno == 3
    with pytest.raises(FileNotFoundError):
        filtered("/nonexistent")


def test_a_filter_stays_within_its_limits() -> None:
    shown = filtered("/bin/sh", "-c", "read x; ulimit -d; ulimit -t; ulimit -f; ulimit -c", given=b"go\n")
    assert shown.split() == [b"65536", b"5", b"0", b"0"]


async def test_its_streams_are_apart_where_they_are_given() -> None:
    stdin, output, errors = os.pipe(), os.pipe(), os.pipe()
    os.write(stdin[1], b"in")
    os.close(stdin[1])
    script = "cat; echo err >&2"
    process = child.Process(["/bin/sh", "-c", script], stdin=stdin[0], output=output[1], errors=errors[1])
    for descriptor in (stdin[0], output[1], errors[1]):
        os.close(descriptor)
    assert await process.wait() == 0
    assert (os.read(output[0], 100), os.read(errors[0], 100)) == (b"in", b"err\n")
    for descriptor in (output[0], errors[0]):
        os.close(descriptor)
