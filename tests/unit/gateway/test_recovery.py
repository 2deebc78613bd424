from pathlib import Path
from typing import Any

import msgspec
import pytest

from jumphost.clock import new_id
from jumphost.errors import Code, Unavailable
from jumphost.gateway.recovery import LOST, recover
from jumphost.model.event import Event, Kind
from jumphost.recording.asciicast import STDOUT
from jumphost.recording.replay import Cast
from jumphost.recording.sync import Syncer
from jumphost.recording.writer import Recording, relative_path
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock


class Crashed:
    """A gateway's journal and recordings; what it does not write, a crash has kept from it."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.recordings = folder / "recordings"
        self.recordings.mkdir()
        self.store = Store.open(folder / "journal.db", log="gw")

    async def write(self, session: str, *kinds: Kind, **data: Any) -> None:
        events = [Event(kind, self.clock.now_ns(), session, "c", "d", "job", "db", data) for kind in kinds]
        await self.store.write(None, *events)

    def record(self, session: str, *chunks: bytes) -> Recording:
        recording = Recording.open(
            self.recordings,
            session=session,
            clock=self.clock,
            max_bytes=1 << 20,
            level="output",
            command="ls",
            syncer=Syncer(3600),
        )
        for chunk in chunks:
            recording.output(chunk, STDOUT)
        return recording

    async def start(self) -> list[dict[str, Any]]:
        """The next start: what it journals."""
        before = len(await self.events())
        await recover(self.store, self.recordings, self.clock)
        return (await self.events())[before:]

    async def events(self) -> list[dict[str, Any]]:
        rows = await self.store.read(lambda connection: connection.execute("SELECT body FROM event").fetchall())
        return [msgspec.json.decode(row["body"]) for row in rows]

    async def row(self, session: str) -> dict[str, Any]:
        query = "SELECT * FROM session WHERE id = ?"
        return dict(await self.store.read(lambda connection: connection.execute(query, (session,)).fetchone()))


@pytest.fixture
async def crashed(tmp_path: Path):
    here = Crashed(tmp_path)
    yield here
    await here.store.close()


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in events]


async def test_nothing_was_left(crashed: Crashed) -> None:
    session = new_id(crashed.clock)
    recording = crashed.record(session)
    await crashed.write(session, Kind.SESSION_OPEN, Kind.COMMAND_START)
    await crashed.write(session, Kind.RECORDING_OPEN, recording=str(relative_path(session)))
    seal = recording.close()
    await crashed.write(session, Kind.RECORDING_SEAL, bytes=seal.bytes, sha256=seal.sha256)
    await crashed.write(session, Kind.COMMAND_EXIT, Kind.SESSION_CLOSE, status=0, outcome="exited")
    assert await crashed.start() == []
    assert (await crashed.row(session))["outcome"] == "exited"


async def test_a_command_that_ran_is_unknown_and_its_recording_sealed(crashed: Crashed) -> None:
    session = new_id(crashed.clock)
    recording = crashed.record(session, b"hello\n")
    await crashed.write(session, Kind.SESSION_OPEN, Kind.COMMAND_DECISION, Kind.COMMAND_START)
    await crashed.write(session, Kind.RECORDING_OPEN, recording=str(relative_path(session)))
    reached = recording.progress()
    await crashed.write(session, Kind.RECORDING_PROGRESS, bytes=reached.bytes, sha256=reached.sha256)
    with recording.path.open("ab") as file:
        file.write(b"[1.0, ")
    crashed.clock.advance(60)

    cut, recovered, close = await crashed.start()
    assert kinds([cut, recovered, close]) == ["command.cut", "recording.recovered", "session.close"]
    assert (cut["outcome"], cut["message"], cut["left"], cut["decision"]) == ("unknown", LOST, True, "d")
    assert {name: recovered[name] for name in ("proof", "kept", "cut_bytes", "identity", "target")} == {
        "proof": "ok", "kept": reached.bytes, "cut_bytes": 6, "identity": "job", "target": "db",
    }  # fmt: skip
    row = await crashed.row(session)
    assert (row["outcome"], row["sha256"], row["bytes"]) == ("unknown", recovered["sha256"], recovered["bytes"])
    assert row["ended_ns"] == crashed.clock.now_ns()
    assert [event.data for event in Cast(recording.path).events() if event.code == "x"] == ["-1"]
    assert await crashed.start() == []


async def test_a_held_one_was_interrupted_and_has_no_recording(crashed: Crashed) -> None:
    session = new_id(crashed.clock)
    await crashed.write(session, Kind.SESSION_OPEN, Kind.COMMAND_REQUEST, Kind.COMMAND_DECISION, effect="hold")
    [close] = await crashed.start()
    assert (close["kind"], close["outcome"]) == ("session.close", "interrupted")
    assert (await crashed.row(session))["outcome"] == "interrupted"


@pytest.mark.parametrize("known", [True, False], ids=["its session is known", "nothing is known"])
async def test_a_recording_that_the_journal_does_not_name(crashed: Crashed, known: bool) -> None:
    await crashed.store.write(None, Event(Kind.SYSTEM_START, crashed.clock.now_ns()))
    session = new_id(crashed.clock)
    if known:
        await crashed.write(session, Kind.SESSION_OPEN)
    crashed.record(session)
    recovered = (await crashed.start())[0]
    assert (recovered["kind"], recovered["session"], recovered["proof"]) == ("recording.recovered", session, "none")
    assert recovered["recording"] == str(relative_path(session))
    assert await crashed.start() == []


async def test_a_start_looks_at_what_came_since_the_last_one(crashed: Crashed) -> None:
    crashed.record(new_id(crashed.clock))
    crashed.clock.advance(2 * 86_400)
    await crashed.store.write(None, Event(Kind.SYSTEM_START, crashed.clock.now_ns()))
    assert await crashed.start() == []


async def test_a_seal_that_failed_is_made_up_for(crashed: Crashed) -> None:
    session = new_id(crashed.clock)
    crashed.record(session)
    await crashed.write(session, Kind.SESSION_OPEN, Kind.COMMAND_START)
    await crashed.write(session, Kind.RECORDING_OPEN, recording=str(relative_path(session)))
    await crashed.write(session, Kind.COMMAND_EXIT, Kind.SESSION_CLOSE, status=3, outcome="exited")
    assert kinds(await crashed.start()) == ["recording.recovered"]
    row = await crashed.row(session)
    assert (row["outcome"], row["status"]) == ("exited", 3)


@pytest.mark.parametrize("damage", ["missing", "differs"])
async def test_a_recording_that_is_not_as_the_journal_says_is_told_once(crashed: Crashed, damage: str) -> None:
    session = new_id(crashed.clock)
    recording = crashed.record(session, b"hello\n")
    await crashed.write(session, Kind.SESSION_OPEN, Kind.COMMAND_START)
    await crashed.write(session, Kind.RECORDING_OPEN, recording=str(relative_path(session)))
    reached = recording.progress()
    await crashed.write(session, Kind.RECORDING_PROGRESS, bytes=reached.bytes, sha256=reached.sha256)
    if damage == "missing":
        recording.path.unlink()
    else:
        recording.path.write_bytes(recording.path.read_bytes().replace(b"hello", b"jello"))
    assert (await crashed.start())[1]["proof"] == damage
    assert await crashed.start() == []


async def test_what_cannot_be_repaired_keeps_the_gateway_from_starting(crashed: Crashed) -> None:
    session = new_id(crashed.clock)
    recording = crashed.record(session)
    await crashed.write(session, Kind.SESSION_OPEN, Kind.COMMAND_START)
    recording.path.unlink()
    recording.path.symlink_to("/etc/passwd")
    with pytest.raises(Unavailable) as refused:
        await crashed.start()
    assert refused.value.code is Code.RECORDING_FAILED
