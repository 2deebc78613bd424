from pathlib import Path
from typing import Any

import pytest

from jumphost.model.event import Event, Kind
from jumphost.store import left
from jumphost.store.left import Left
from jumphost.store.sqlite import Store


@pytest.fixture
async def store(tmp_path: Path):
    store = Store.open(tmp_path / "journal.db", log="gw")
    yield store
    await store.close()


async def write(store: Store, session: str, *kinds: Kind, at_ns: int = 1, **data: Any) -> None:
    await store.write(None, *[Event(kind, at_ns, session, "c", "d", f"job of {session}", "db", data) for kind in kinds])


async def test_sessions_without_an_end_or_a_seal(store: Store) -> None:
    await write(store, "open", Kind.SESSION_OPEN)
    await write(store, "ran", Kind.SESSION_OPEN, Kind.COMMAND_DECISION, Kind.COMMAND_START)
    await write(store, "ran", Kind.RECORDING_OPEN, recording="ran.cast")
    await write(store, "ran", Kind.RECORDING_PROGRESS, bytes=10, sha256="old")
    await write(store, "ran", Kind.RECORDING_PROGRESS, bytes=20, sha256="new")
    await write(store, "unsealed", Kind.SESSION_OPEN, Kind.COMMAND_START)
    await write(store, "unsealed", Kind.RECORDING_OPEN, Kind.SESSION_CLOSE, recording="unsealed.cast")
    await write(store, "lost", Kind.SESSION_OPEN)
    await write(store, "lost", Kind.RECORDING_OPEN, Kind.RECORDING_RECOVERED, Kind.SESSION_CLOSE, recording="lost.cast")
    await write(store, "done", Kind.SESSION_OPEN)
    await write(store, "done", Kind.RECORDING_SEAL, Kind.SESSION_CLOSE, recording="done.cast", sha256="s")
    assert await store.read(left.sessions) == [
        Left("open", "c", "job of open", "db", ended=False),
        Left(
            "ran", "c", "job of ran", "db", "d", started=True, ended=False, recording="ran.cast", bytes=20, sha256="new"
        ),
        Left("unsealed", "c", "job of unsealed", "db", started=True, recording="unsealed.cast"),
    ]


async def test_what_a_target_may_still_run(store: Store) -> None:
    async def lost(session: str, *kinds: Kind, **data: Any) -> None:
        await write(store, session, Kind.SESSION_OPEN, Kind.COMMAND_DECISION, Kind.COMMAND_START, *kinds, **data)
        await write(store, session, Kind.COMMAND_CUT, Kind.SESSION_CLOSE, outcome="unknown")

    for session in ("begun", "stopped", "not stopped"):
        await lost(session, Kind.CREDENTIAL_ISSUE)
    await lost("begun on an open login", Kind.CREDENTIAL_USE)
    await lost("never begun")
    await write(store, "stopped", Kind.COMMAND_STOP, left=True)
    await write(store, "stopped", Kind.COMMAND_STOP, left=False)
    await write(store, "not stopped", Kind.COMMAND_STOP, left=True)
    for session, remains in (("cut", False), ("cut in vain", True), ("stopped later", True)):
        await write(store, session, Kind.SESSION_OPEN, Kind.COMMAND_DECISION, Kind.COMMAND_START)
        await write(store, session, Kind.COMMAND_CUT, Kind.SESSION_CLOSE, outcome="cut", left=remains)
    await write(store, "stopped later", Kind.COMMAND_STOP, left=False)
    await write(store, "seen", Kind.SESSION_OPEN, Kind.COMMAND_START, Kind.CREDENTIAL_ISSUE)
    await write(store, "seen", Kind.COMMAND_EXIT, outcome="exited")
    found = await store.read(lambda connection: left.running(connection, 1))
    names = ["begun", "begun on an open login", "cut in vain", "not stopped"]
    assert [(one.id, one.decision, one.target) for one in found] == [(name, "d", "db") for name in names]
    assert await store.read(lambda connection: left.running(connection, 2)) == []


async def test_unknown_is_what_has_neither_session_nor_seal(store: Store) -> None:
    await write(store, "known", Kind.SESSION_OPEN)
    await write(store, "recovered", Kind.RECORDING_RECOVERED)
    names = ["known", "new", "recovered"]
    assert await store.read(lambda connection: left.unknown(connection, names)) == ["new"]


async def test_the_newest_event_and_the_newest_of_a_kind(store: Store) -> None:
    assert await store.read(left.latest) == 0
    assert await store.read(lambda connection: left.latest(connection, Kind.SYSTEM_START)) == 0
    await write(store, "", Kind.SYSTEM_START, at_ns=5)
    await write(store, "", Kind.AUTH_REFUSED, at_ns=7)
    assert await store.read(left.latest) == 7
    assert await store.read(lambda connection: left.latest(connection, Kind.SYSTEM_START)) == 5


async def test_what_each_identity_recorded_since(store: Store) -> None:
    for session, at_ns, count in (("old", 1, 10), ("a", 5, 20), ("b", 6, 30)):
        await store.write(None, Event(Kind.SESSION_OPEN, at_ns, session, identity="job"))
        await write(store, session, Kind.RECORDING_SEAL, sha256="s", bytes=count)
    await store.write(None, Event(Kind.SESSION_OPEN, 9, "none", identity="idle"))
    assert await store.read(lambda connection: left.recorded(connection, 5)) == {"job": 50}
