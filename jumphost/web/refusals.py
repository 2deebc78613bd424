"""Attempts that came to nothing, in the journal; beyond a rate per address only their number."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from jumphost import metrics
from jumphost.audit.flood import AuthFlood
from jumphost.clock import Clock
from jumphost.errors import JumphostError, Unavailable
from jumphost.model.event import Event, Kind
from jumphost.store.sqlite import Store

COUNT_S = 1.0  # how often those that were only counted are written down
_MAX_DETAIL = 1024

log = structlog.get_logger(__name__)


class Refusals:
    """A journal that cannot be written takes nothing from the answer: nothing was issued."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._flood = AuthFlood(clock, kind=Kind.CERT_REFUSED)

    async def note(self, error: JumphostError, *, decision: str, source: str) -> None:
        """Writes down why, and where from."""
        metrics.EXCHANGES.labels(error.code).inc()
        if self._flood.admit(source):
            data = {"source": source, "code": error.code, "message": error.message[:_MAX_DETAIL]}
            data["detail"] = error.detail[:_MAX_DETAIL]
            await self._write(Event(Kind.CERT_REFUSED, self._clock.now_ns(), decision=decision, data=data))

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        """Until the context ends, numbers are written down when their time is over."""
        async with asyncio.TaskGroup() as group:
            counting = group.create_task(self._count())
            try:
                yield
            finally:
                counting.cancel()

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(COUNT_S)
            if counted := self._flood.counted():
                await self._write(*counted)

    async def _write(self, *events: Event) -> None:
        try:
            await self._store.write(None, *events)
        except Unavailable as error:
            log.error("journal.unavailable", error=str(error), detail=error.detail)
