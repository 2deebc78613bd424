import fcntl
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from jumphost.errors import Unavailable
from jumphost.store import migrations
from jumphost.store.database import Database, reading

INSERT = "INSERT INTO request (id, nonce, sealed) VALUES ('a', x'00', x'01')"


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM request").fetchone()[0])


@pytest.fixture
async def database(tmp_path: Path):
    opened = Database.open(tmp_path / "r.db", migrations.requests)
    yield opened
    await opened.close()


async def test_written_then_read(database: Database) -> None:
    await database.write(lambda connection: connection.execute(INSERT))
    assert await database.read(count) == 1


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable):
        await database.read(lambda connection: connection.execute(INSERT))


async def test_every_file_is_the_owners_alone(database: Database, tmp_path: Path) -> None:
    await database.write(lambda connection: connection.execute(INSERT))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("r.db", "r.db-wal", "r.db-shm", "r.lock"), 0o600)


async def test_commits_are_durable(database: Database) -> None:
    asked = await database.write(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
        ]
    )
    assert asked == ["wal", 2]  # 2: FULL


async def test_one_process_writes(database: Database, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=rf"written by another process \(pid {os.getpid()}\)"):
        Database.open(tmp_path / "r.db", migrations.requests)


async def test_closing_lets_the_next_one_in(database: Database, tmp_path: Path) -> None:
    await database.write(lambda connection: connection.execute(INSERT))
    await database.close()
    await database.close()
    again = Database.open(tmp_path / "r.db", migrations.requests)
    assert await again.read(count) == 1
    await again.close()


@pytest.mark.parametrize("name", ["r.db", "r.lock"])
def test_a_link_is_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable):
        Database.open(tmp_path / "r.db", migrations.requests)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Database.open(tmp_path / "none" / "r.db", migrations.requests)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    for _ in range(2):  # the second time: the lock was let go
        with pytest.raises(Unavailable) as refused:
            Database.open(path, migrations.requests)
        assert refused.value.detail == "file is not a database"


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(Unavailable), reading(tmp_path / "none.db"):
        pass
    assert list(tmp_path.iterdir()) == []


async def test_a_copy_in_a_folder_that_cannot_be_written(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.write(lambda connection: connection.execute(INSERT))
    await database.close()
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "r.db").write_bytes((tmp_path / "r.db").read_bytes())
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    with reading(copy / "r.db") as connection:
        assert count(connection) == 1
    assert [path.name for path in copy.iterdir()] == ["r.db"]


def test_a_lock_file_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", fail)
        with pytest.raises(Unavailable):
            Database.open(tmp_path / "r.db", migrations.requests)
    with (tmp_path / "r.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it was let go
