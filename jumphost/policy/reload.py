"""Another bundle in the place of the one in force: at once, whole, and never in the middle of a judgement."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from jumphost.model.decision import Judgement
from jumphost.policy.base import Engine, Submission


class _Turn:
    """An engine and who is still asking it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._asking = 0
        self._left = asyncio.Event()
        self._left.set()

    async def judge(self, submission: Submission) -> Judgement:
        self._asking += 1
        self._left.clear()
        try:
            return await self.engine.judge(submission)
        finally:
            self._asking -= 1
            if not self._asking:
                self._left.set()

    async def end(self) -> None:
        """Closes it once nobody asks; an engine answers or denies within its deadline."""
        try:
            await self._left.wait()
        finally:
            await self.engine.close()


class Reloading:
    """An engine that others can take the place of, whatever their kind."""

    def __init__(self, engine: Engine, make: Callable[[], Awaitable[Engine]]) -> None:
        """``make`` starts the next one, and raises Problems or Unavailable if it cannot."""
        self._turn = _Turn(engine)
        self._make = make
        self._changing = asyncio.Lock()

    @property
    def revision(self) -> str:
        """Digest of the bundle in force."""
        return self._turn.engine.revision

    async def judge(self, submission: Submission) -> Judgement:
        """The judgement of the engine that is in force now; see :class:`jumphost.policy.base.Engine`."""
        return await self._turn.judge(submission)

    @asynccontextmanager
    async def candidate(self) -> AsyncIterator[Engine]:
        """The next engine, to be tried; it is in force once the block ends well, and is closed if it does not.

        One at a time. The block is left when the engine before is closed and all its judgements are made.
        """
        async with self._changing:
            engine = await self._make()
            try:
                yield engine
            except BaseException:
                await engine.close()
                raise
            before, self._turn = self._turn, _Turn(engine)
            await before.end()

    async def close(self) -> None:
        """Ends the engine in force."""
        await self._turn.engine.close()
