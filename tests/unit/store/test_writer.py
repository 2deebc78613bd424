import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.store.writer import BATCH, Writer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "t.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x INTEGER PRIMARY KEY) STRICT")
    return path


def opened(file: Path, *, timeout: float = 0.0) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=timeout)


@contextlib.asynccontextmanager
async def writing(file: Path):
    writer = Writer(opened(file), name="test")
    try:
        yield writer
    finally:
        await writer.close()


def put(x: object) -> Callable[[sqlite3.Connection], object]:
    def work(connection: sqlite3.Connection) -> object:
        connection.execute("INSERT INTO t VALUES (?)", (x,))
        return x

    return work


def stored(file: Path) -> list[int]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return [x for (x,) in connection.execute("SELECT x FROM t ORDER BY x")]


class Held:
    """Keeps the writing thread busy with one job, so that what is sent meanwhile shares the next commit."""

    def __init__(self) -> None:
        self._begun, self._let_go = threading.Event(), threading.Event()

    def work(self, connection: sqlite3.Connection) -> None:
        self._begun.set()
        assert self._let_go.wait(10)

    @contextlib.asynccontextmanager
    async def holding(self, writer: Writer):
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.submit(self.work))
            await asyncio.to_thread(self._begun.wait, 10)
            try:
                yield
            finally:
                self._let_go.set()


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    plain = Writer._commit
    monkeypatch.setattr(Writer, "_commit", lambda self, batch: (sizes.append(len(batch)), plain(self, batch))[1])
    return sizes


async def test_the_result_is_on_disk_when_it_is_told(file: Path) -> None:
    async with writing(file) as writer:
        assert await writer.submit(put(7)) == 7
        assert stored(file) == [7]


async def test_what_waits_shares_one_commit(file: Path, commits: list[int]) -> None:
    async with writing(file) as writer:
        async with Held().holding(writer):
            jobs = [asyncio.ensure_future(writer.submit(put(x))) for x in range(BATCH + 10)]
            await asyncio.sleep(0)
        await asyncio.gather(*jobs)
    assert commits == [1, BATCH, 10]
    assert stored(file) == list(range(BATCH + 10))


async def test_a_job_that_fails_is_undone_alone(file: Path) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO t VALUES (100)")
        raise KeyError("no")

    async with writing(file) as writer:
        async with Held().holding(writer):
            jobs = [asyncio.ensure_future(writer.submit(work)) for work in (put(1), half, put(1), put("a"), put(2))]
            await asyncio.sleep(0)
        results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results] == [int, KeyError, sqlite3.IntegrityError, sqlite3.IntegrityError, int]
    assert stored(file) == [1, 2]


async def test_a_cancelled_caller_takes_nothing_back(file: Path) -> None:
    async with writing(file) as writer:
        async with Held().holding(writer):
            job = asyncio.ensure_future(writer.submit(put(5)))
            await asyncio.sleep(0)
            job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
    assert stored(file) == [5]


async def test_anothers_lock_passes(file: Path) -> None:
    async with writing(file) as writer:
        with contextlib.closing(opened(file)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match=r"journal\.unavailable"):
                await writer.submit(put(1))
            other.execute("ROLLBACK")
        await writer.submit(put(2))
    assert stored(file) == [2]


async def test_a_broken_file_stays_broken(file: Path) -> None:
    """The whole batch learns of it, and so does everyone after it, though the file might seem well again."""

    def corrupt(connection: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    async with writing(file) as writer:
        async with Held().holding(writer):
            jobs = [asyncio.ensure_future(writer.submit(work)) for work in (put(1), corrupt, put(2))]
            await asyncio.sleep(0)
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable] * 3
        with pytest.raises(Unavailable) as refused:
            await writer.submit(put(3))
        assert refused.value.code is Code.JOURNAL_UNAVAILABLE
        assert refused.value.detail == "database disk image is malformed"
    assert stored(file) == []


async def test_a_job_that_ends_the_transaction_fails_the_batch(file: Path) -> None:
    async with writing(file) as writer:
        with pytest.raises(Unavailable):
            await writer.submit(lambda connection: connection.execute("COMMIT"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_thread_that_dies_leaves_nobody_waiting(file: Path) -> None:
    def die(connection: sqlite3.Connection) -> None:
        raise SystemExit

    async with writing(file) as writer:
        async with Held().holding(writer):
            jobs = [asyncio.ensure_future(writer.submit(work)) for work in [die, *map(put, range(BATCH + 1))]]
            await asyncio.sleep(0)
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert {type(result) for result in results} == {Unavailable}
        await writer.close()
        with pytest.raises(Unavailable):
            await writer.submit(put(1))
    assert stored(file) == []


async def test_closing_commits_what_was_sent(file: Path) -> None:
    writer = Writer(opened(file), name="test")
    async with Held().holding(writer):
        job = asyncio.ensure_future(writer.submit(put(1)))
        await asyncio.sleep(0)
    await writer.close()
    await writer.close()
    assert await job == 1
    with pytest.raises(Unavailable, match=r"journal\.unavailable") as refused:
        await writer.submit(put(2))
    assert refused.value.detail == "closed"


def test_a_loop_that_is_gone_is_no_matter(file: Path) -> None:
    held = Held()

    async def leave() -> Writer:
        writer = Writer(opened(file), name="test")
        asyncio.ensure_future(writer.submit(held.work)).add_done_callback(lambda job: job.cancelled() or job.result())
        await asyncio.sleep(0)
        return writer

    writer = asyncio.run(leave())
    held._let_go.set()
    asyncio.run(writer.close())
