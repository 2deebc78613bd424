"""The leases of a gateway: each is in the journal before the server hears of it, and until it is known to be gone.

What cannot be ended at once, what expires, and what an earlier process left is ended by ``reaping``, again and again
until it is gone. An entry that a name of ``credentials:`` no longer serves waits until it is there again.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog

from jumphost.clock import NS_PER_S, Clock, new_id
from jumphost.credential.base import Irrevocable, Minted, Provider
from jumphost.errors import Code, JumphostError, Unavailable
from jumphost.model.event import Event, Kind
from jumphost.model.lease import Lease
from jumphost.store import leases as rows
from jumphost.store.leases import Kept
from jumphost.store.sqlite import Store

ISSUE_S: Final = 15.0  # the longest a command waits for its lease; providers have shorter deadlines of their own
REVOKE_S: Final = 15.0  # the longest one attempt to end a lease may take
BEAT_S: Final = 0.5  # how often it is looked for what is due
RETRY_S: Final = (1.0, 2.0, 5.0, 15.0, 60.0)  # until the next attempt, and so on by the last
SWEEP_S: Final = 600.0  # how often a server is asked what is there

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Live:
    """A lease that may be there."""

    kept: Kept
    due: float | None = None  # monotonic: when it is tried next, where nobody else ends it
    why: str = ""
    tries: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # of who makes or ends it


class Leases:
    """All live leases by id, and the providers by name of ``credentials:``."""

    def __init__(self, store: Store, clock: Clock, providers: Mapping[str, Provider]) -> None:
        self._store, self._clock, self._providers = store, clock, providers
        self._live: dict[str, _Live] = {}
        self._sweeps = dict.fromkeys(providers, 0.0)

    async def load(self) -> None:
        """Takes up what an earlier process did not end: it is due at once."""
        for kept in await self._store.read(rows.live):
            self._live[kept.lease.id] = _Live(kept, due=0.0, why="restart")
            if kept.lease.name not in self._providers:
                log.error("lease.no_provider", lease=kept.lease.id, name=kept.lease.name, subject=kept.lease.subject)

    def live(self) -> list[Kept]:
        """Oldest first."""
        return sorted((one.kept for one in self._live.values()), key=lambda kept: kept.lease.id)

    def plan(self, name: str, *, request: str, identity: str, ttl_s: int) -> Lease:
        """The lease as it will be; nothing is there yet. Unavailable (credential.unavailable) without a provider."""
        provider = self._provider(name)
        return Lease(
            id=new_id(self._clock),
            provider=provider.kind,
            subject=provider.subject(request),
            expires_ns=self._clock.now_ns() + ttl_s * NS_PER_S,
            name=name,
            template=provider.template,
            request=request,
            identity=identity,
        )

    async def issue(self, lease: Lease, about: Event) -> Minted:
        """Makes what was planned, once ``about`` is durable; however it ends, ``end`` must follow.

        Unavailable (journal.unavailable, credential.unavailable).
        """
        provider = self._provider(lease.name)
        kept = Kept(lease, about.connection, about.decision, about.target, about.at_ns)
        self._live[lease.id] = live = _Live(kept)
        async with live.turn:  # whoever ends it meanwhile would find nothing there, and be done
            await self._store.write(None, about)
            try:
                async with asyncio.timeout(ISSUE_S):
                    return await provider.issue(lease)
            except Exception as error:  # noqa: BLE001  # whatever it is, nothing runs; its text may hold what nobody may see
                raise _failed(lease, error) from None

    async def end(self, lease: Lease, why: str = "ended") -> bool:
        """Ends it; whether it is known that nothing is left. What is not goes on in the background. Never raises."""
        live = self._live.get(lease.id)
        if live is None:
            return True
        async with live.turn:
            if lease.id not in self._live:
                return True
            try:
                async with asyncio.timeout(REVOKE_S):
                    await self._provider(lease.name).revoke(lease)
                await self._store.write(None, self._revoked(live.kept, why, left=False))
            except Exception as error:  # noqa: BLE001  # whatever it is, it is tried again
                await self._put_off(live, why, error)
                return False
            del self._live[lease.id]
            return True

    async def revoke_of(self, identities: Collection[str]) -> int:
        """Ends all that commands of some identities have; how many are known to be gone. Never raises."""
        theirs = [one.kept.lease for one in self._live.values() if one.kept.lease.identity in identities]
        return sum(await asyncio.gather(*(self.end(lease, "revoked") for lease in theirs)))

    @asynccontextmanager
    async def reaping(self) -> AsyncIterator[None]:
        """Within it, what is due is ended in the background."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._reap())
            try:
                yield
            finally:
                task.cancel()

    async def close(self) -> None:
        """Lets go of the servers; what is still live stays in the journal, for the next start."""
        for provider in self._providers.values():
            await provider.close()

    async def _reap(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                now, now_ns = self._clock.monotonic(), self._clock.now_ns()
                for live in list(self._live.values()):
                    if self._is_due(live, now, now_ns):
                        group.create_task(self.end(live.kept.lease, live.why))
                for name, when in self._sweeps.items():
                    if when <= now:
                        self._sweeps[name] = now + SWEEP_S
                        group.create_task(self._sweep(name))
                await asyncio.sleep(BEAT_S)

    def _is_due(self, live: _Live, now: float, now_ns: int) -> bool:
        if live.turn.locked() or live.kept.lease.name not in self._providers:
            return False
        if live.due is None and now_ns >= live.kept.lease.expires_ns:
            live.due, live.why = now, "expired"
        return live.due is not None and now >= live.due

    async def _sweep(self, name: str) -> None:
        """Takes up what is at a server and in no journal: of one that was lost, or of a step that was given up."""
        before = self._subjects()
        try:
            async with asyncio.timeout(REVOKE_S):
                found = await self._providers[name].left()
        except Exception as error:  # noqa: BLE001  # whatever it is, it is tried again
            log.warning("lease.not_swept", name=name, error=_text(error))
            self._sweeps[name] = self._clock.monotonic() + RETRY_S[-1]
            return
        provider = self._providers[name]
        for subject in sorted(set(found) - before - self._subjects()):
            lease = Lease(new_id(self._clock), provider.kind, subject, 0, name=name, template=provider.template)
            log.warning("lease.found", name=name, subject=subject)
            self._live[lease.id] = _Live(Kept(lease), due=0.0, why="found")

    def _subjects(self) -> set[str]:
        return {one.kept.lease.subject for one in self._live.values()}

    async def _put_off(self, live: _Live, why: str, error: Exception) -> None:
        live.due = self._clock.monotonic() + RETRY_S[min(live.tries, len(RETRY_S) - 1)]
        live.tries, live.why = live.tries + 1, why
        lease = live.kept.lease
        log.warning("lease.left", lease=lease.id, name=lease.name, subject=lease.subject, error=_text(error))
        if live.tries > 1:
            return
        try:
            await self._store.write(None, self._revoked(live.kept, why, left=True))
        except JumphostError as fault:
            log.error("journal.unavailable", lease=lease.id, error=str(fault))

    def _revoked(self, kept: Kept, why: str, *, left: bool) -> Event:
        lease = kept.lease
        about = {"lease": lease.id, "name": lease.name, "provider": lease.provider, "subject": lease.subject}
        provider = self._providers.get(lease.name)
        if provider is not None and isinstance(provider, Irrevocable):
            about["outlives"] = provider.outlives
        return Event(
            Kind.CREDENTIAL_REVOKE,
            self._clock.now_ns(),
            session=lease.request,
            connection=kept.connection,
            decision=kept.decision,
            identity=lease.identity,
            target=kept.target,
            data={**about, "reason": why, "left": left},
        )

    def _provider(self, name: str) -> Provider:
        if name not in self._providers:
            raise Unavailable(Code.CREDENTIAL_UNAVAILABLE, f"no credential {name} is served")
        return self._providers[name]


def _failed(lease: Lease, error: Exception) -> Unavailable:
    return Unavailable(
        Code.CREDENTIAL_UNAVAILABLE, f"the credential {lease.name} cannot be had now", detail=_text(error)
    )


def _text(error: Exception) -> str:
    """What may be said of a fault: ours say what they mean, the text of another may hold anything."""
    if isinstance(error, JumphostError):
        return f"{error}; {error.detail}" if error.detail else str(error)
    return type(error).__name__
