"""A new bundle for a running gateway: its decision tables must hold before it judges; a bad one changes nothing."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from msgspec import Struct

from jumphost.clock import Clock
from jumphost.errors import Code, JumphostError, Problem, Problems, Refused
from jumphost.gateway import rehearsal
from jumphost.gateway.standing import Standing
from jumphost.model.event import Event, Kind
from jumphost.policy import tables
from jumphost.policy.base import Engine, Submission
from jumphost.policy.bundle import MAX_FILES
from jumphost.policy.reload import Reloading
from jumphost.store.sqlite import Store

Reason = Literal["command", "signal", "watch"]

WATCH_S = 1.0  # between looks at the files of the bundle
_JOURNALLED = 20  # findings of a bundle that was refused; all are in the answer to who asked

log = structlog.get_logger(__name__)


class Loaded(Struct, frozen=True):
    """The revision in force now, the one before, and how many cases of tables held; others name nobody of this site."""

    revision: str
    before: str
    cases: int
    skipped: int


class Policies:
    """Changes the bundle of ``engine`` for what now lies in the folder of the site's settings."""

    def __init__(self, engine: Reloading, directory: Path, standing: Standing, store: Store, clock: Clock) -> None:
        self._engine, self._directory = engine, directory
        self._standing, self._store, self._clock = standing, store, clock

    async def load(self, by: Reason) -> Loaded:
        """Puts the bundle on disk into force; Problems or Unavailable, journalled and logged, if that is not done."""
        before = self._engine.revision
        try:
            async with self._engine.candidate() as engine:
                held, skipped = await self._rehearse(engine)
                loaded = Loaded(engine.revision, before, held, skipped)
                await self._journal(Kind.POLICY_LOAD, by, revision=loaded.revision, before=before)
        except JumphostError as error:
            problems = list(error.problems) if isinstance(error, Problems) else []
            said = [str(one) for one in problems] or [error.message]
            log.error("policy.rejected", by=by, in_force=before, problems=said[:_JOURNALLED])
            await self._journal(Kind.POLICY_REJECTED, by, revision=before, code=error.code, problems=said[:_JOURNALLED])
            raise
        log.info("policy.load", by=by, revision=loaded.revision)
        return loaded

    async def _rehearse(self, engine: Engine) -> tuple[int, int]:
        """How many cases of the tables hold, and how many are about others; Problems if one does not hold."""
        config = self._standing.config
        cases = await asyncio.to_thread(tables.load, self._directory)
        ours = [case for case in cases if case.row.identity in config.identities and case.row.target in config.targets]

        def submit(row: tables.Row) -> Submission:
            ask = rehearsal.Ask(row.identity, row.target, row.run, row.login, row.stdin, row.now, row.purpose)
            return rehearsal.submission(ask, config, self._clock)

        wrong = []
        async for outcome in tables.run(ours, engine, submit):
            case = outcome.case
            message = f"{case.row.name}: {'; '.join(outcome.differences)}"
            if outcome.differences:
                wrong.append(Problem(case.file, case.line, "", message, code="table.differs"))
        if wrong:
            raise Problems(wrong, code=Code.POLICY_INVALID)
        return len(ours), len(cases) - len(ours)

    async def _journal(self, kind: Kind, by: Reason, **data: object) -> None:
        await self._store.write(None, Event(kind, self._clock.now_ns(), data={"by": by, **data}))

    async def asked(self, args: dict[str, Any]) -> dict[str, Any]:
        """The verb ``policy.load`` of the control socket: what was loaded, or all findings that stood against it."""
        if args:
            raise Refused(Code.REQUEST_INVALID, f"got the arguments {sorted(args)}, expected none")
        try:
            return {"loaded": msgspec.to_builtins(await self.load("command")), "problems": []}
        except Problems as found:
            return {"loaded": None, "problems": [msgspec.to_builtins(one) for one in found.problems]}

    @asynccontextmanager
    async def follow(self, *, watch: bool) -> AsyncIterator[None]:
        """Within it SIGHUP loads, and with ``watch`` a change of the files does."""
        told, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, told.set)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._on_signal(told))]
            if watch:
                tasks.append(group.create_task(self.watch()))
            try:
                yield
            finally:
                loop.remove_signal_handler(signal.SIGHUP)
                for task in tasks:
                    task.cancel()

    async def _on_signal(self, told: asyncio.Event) -> None:
        while True:
            await told.wait()
            told.clear()
            await self._try("signal")

    async def watch(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Loads when the files have changed and then stayed as they are for a look, until it is cancelled."""
        seen = loaded = await asyncio.to_thread(_look, self._directory)
        while True:
            await pause(WATCH_S)
            now = await asyncio.to_thread(_look, self._directory)
            if now == seen and now != loaded:
                loaded = now
                await self._try("watch")
            seen = now

    async def _try(self, by: Reason) -> None:
        try:
            await self.load(by)
        except JumphostError:
            pass  # journalled and logged
        except Exception:
            log.exception("policy.load_fault")


def _look(directory: Path) -> frozenset[tuple[str, int, int, int]]:
    """Path, inode, size and time of change of every file."""
    found: set[tuple[str, int, int, int]] = set()
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - of thousands of files, each second
            with suppress(OSError):
                about = os.lstat(path)
                found.add((path, about.st_ino, about.st_size, about.st_mtime_ns))
        if len(found) > MAX_FILES:
            break
    return frozenset(found)
