"""A disk that is full: nothing is acknowledged that is not kept, and what was kept stays whole."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from jumphost.clock import new_id
from jumphost.errors import Code, Unavailable
from jumphost.model.event import Event, Kind
from jumphost.recording.asciicast import STDOUT
from jumphost.recording.replay import Cast
from jumphost.recording.writer import Recording
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock

LARGE = Event(Kind.COMMAND_REQUEST, 1, data={"command": "x" * 8000})


def indices(connection: sqlite3.Connection) -> list[int]:
    return [msgspec.json.decode(body)["idx"] for (body,) in connection.execute("SELECT body FROM event ORDER BY idx")]


async def test_the_journal_refuses_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 128 * 1024)
    store = Store.open(small_disk / "journal.db", log="gw")
    acknowledged = 0

    async def fill() -> None:
        nonlocal acknowledged
        while True:
            await store.write(None, LARGE)
            acknowledged += 1

    with pytest.raises(Unavailable) as refused:
        await fill()
    assert refused.value.code is Code.JOURNAL_UNAVAILABLE
    assert acknowledged > 0

    ballast.unlink()
    await store.write(None, Event(Kind.SYSTEM_STOP, 2))
    assert await store.read(indices) == list(range(acknowledged + 1))
    await store.close()


def test_a_recording_refuses_and_ends_with_a_whole_line(small_disk: Path) -> None:
    clock = ManualClock()
    recording = Recording.open(
        small_disk, session=new_id(clock), clock=clock, max_bytes=1 << 30, level="output", command="yes"
    )
    chunk = b"y\n" * 1500
    kept = 0

    def fill() -> None:
        nonlocal kept
        while True:
            recording.output(chunk, STDOUT)
            kept += 1

    with pytest.raises(Unavailable) as refused:
        fill()
    assert refused.value.code is Code.RECORDING_FAILED
    assert kept > 0
    for call in (lambda: recording.output(b"", STDOUT), lambda: recording.exit(0), recording.close):
        with pytest.raises(Unavailable):
            call()
    assert recording.path.read_bytes().endswith(b"]\n")
    assert "".join(text for _, text in Cast(recording.path).text(str)) == chunk.decode() * kept
