import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from jumphost.errors import Unavailable
from jumphost.model.event import Event, Kind, encode
from jumphost.store.sqlite import Store

OK = Event(Kind.AUTH_OK, 1)


@pytest.fixture
async def store(tmp_path: Path):
    opened = Store.open(tmp_path / "journal.db", log="gw")
    yield opened
    await opened.close()


def bodies(connection: sqlite3.Connection) -> list[bytes]:
    return [body for (body,) in connection.execute("SELECT body FROM event ORDER BY idx")]


async def test_events_are_stored_as_their_exact_bytes(store: Store) -> None:
    events = [Event(Kind.AUTH_OK, 5, identity="a", data={"x": "é"}), Event(Kind.SYSTEM_STOP, 6)]
    await store.write(None, *events)
    await store.write(None, OK)
    assert await store.read(bodies) == [encode(e, log="gw", index=i) for i, e in enumerate([*events, OK])]


async def test_the_columns_find_the_event(store: Store) -> None:
    event = Event(Kind.COMMAND_EXIT, 9, "s", "c", "d", "i", "t")
    await store.write(None, event)
    row = await store.read(lambda connection: tuple(connection.execute("SELECT * FROM event").fetchone()))
    assert row == ("gw", 0, 9, "command.exit", "s", "c", "d", "i", "t", encode(event, log="gw", index=0))


async def test_work_and_events_are_one(store: Store) -> None:
    def revoke(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO revocation VALUES ('serial', '7', 0, 'lost')")
        return "revoked"

    def count(connection: sqlite3.Connection) -> tuple[int, int]:
        return tuple(connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("revocation", "event"))

    assert await store.write(revoke, OK) == "revoked"
    assert await store.read(count) == (1, 1)
    with pytest.raises(sqlite3.IntegrityError):
        await store.write(revoke, OK)
    with pytest.raises(ValueError, match="fixed names"):
        await store.write(
            lambda c: c.execute("INSERT INTO revocation VALUES ('serial', '8', 0, '')"),
            Event(Kind.AUTH_OK, 1, data={"idx": 7}),
        )
    assert await store.read(count) == (1, 1)


async def test_two_hundred_writers_leave_no_gap(store: Store) -> None:
    async def write(caller: int) -> None:
        for turn in range(10):
            failing = Event(Kind.AUTH_OK, 1, data={"v": 0})
            await asyncio.gather(
                store.write(None, Event(Kind.AUTH_OK, 1, data={"n": [caller, turn]})),
                store.write(None, failing),
                return_exceptions=True,
            )

    await asyncio.gather(*map(write, range(200)))
    events = [msgspec.json.decode(body) for body in await store.read(bodies)]
    assert [event["idx"] for event in events] == list(range(2000))
    assert sorted(tuple(event["n"]) for event in events) == [(c, t) for c in range(200) for t in range(10)]
    for caller in range(200):  # what one caller wrote stays in its order
        assert [event["n"][1] for event in events if event["n"][0] == caller] == list(range(10))


async def test_the_index_goes_on_after_reopening(tmp_path: Path) -> None:
    for _ in range(2):
        store = Store.open(tmp_path / "journal.db", log="gw")
        await store.write(None, OK, OK)
        await store.close()
    store = Store.open(tmp_path / "journal.db", log="other")
    await store.write(None, OK)
    rows = await store.read(lambda c: [tuple(row) for row in c.execute("SELECT log, idx FROM event ORDER BY rowid")])
    await store.close()
    assert rows == [("gw", 0), ("gw", 1), ("gw", 2), ("gw", 3), ("other", 0)]


async def test_nothing_to_write_is_a_question_whether_it_could_be(store: Store) -> None:
    assert await store.write() is None
    await store.close()
    with pytest.raises(Unavailable):
        await store.write()


WRITE_UNTIL_KILLED = """
import asyncio, itertools, sys
from pathlib import Path
from jumphost.model.event import Event, Kind
from jumphost.store.sqlite import Store

async def main():
    store = Store.open(Path(sys.argv[1]), log="gw")
    async def write(caller):
        for turn in itertools.count():
            await store.write(None, Event(Kind.AUTH_OK, 1, data={"n": [caller, turn]}))
            sys.stdout.write(f"{caller} {turn}\\n")
            sys.stdout.flush()
    await asyncio.gather(*map(write, range(20)))

asyncio.run(main())
"""


async def test_a_probe_reaches_the_disk_and_leaves_nothing(tmp_path: Path) -> None:
    path, commits = tmp_path / "journal.db", []

    @contextlib.contextmanager
    def measure(writes: int):
        yield
        commits.append(writes)

    store = Store.open(path, log="gw", measure=measure)
    await store.write(None, OK)
    before = path.with_name("journal.db-wal").stat().st_size
    await store.probe()
    assert path.with_name("journal.db-wal").stat().st_size > before
    assert len(await store.read(bodies)) == 1
    assert commits == [1, 1]
    await store.close()
    with pytest.raises(Unavailable):
        await store.probe()


@pytest.mark.parametrize("acknowledged", [1, 50, 1500])
async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "journal.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_UNTIL_KILLED, str(path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(acknowledged)]
        child.kill()
        told += child.stdout.readlines()
    promised = {tuple(map(int, line.split())) for line in told if line.endswith("\n")}

    store = Store.open(path, log="gw")
    await store.write(None, Event(Kind.AUTH_OK, 1, data={"n": [-1, 0]}))
    events = [msgspec.json.decode(body) for body in await store.read(bodies)]
    await store.close()
    assert [event["idx"] for event in events] == list(range(len(events)))
    kept = [tuple(event["n"]) for event in events]
    assert len(kept) == len(set(kept))
    assert promised <= set(kept)
