"""Certificates that buy the next one, and what is done about those that somebody uses a second time.

The rows are those of the store; what they say is what everybody here sees, once it is on disk. A lock counts at once:
it is written by ``Gateway``, which also ends what the identity has running.
"""

import asyncio
import sqlite3
from collections.abc import Iterable
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from jumphost.clock import NS_PER_S, Clock, rfc3339
from jumphost.errors import Code, Refused
from jumphost.evidence import sshcert
from jumphost.gateway.standing import LOCKED, Standing
from jumphost.identity import renewal
from jumphost.identity.renewal import Family
from jumphost.identity.revocation import Revocation, family_value
from jumphost.model.event import Event, Kind
from jumphost.model.identity import Caller
from jumphost.signer.protocol import Issued, RenewCaller
from jumphost.sshkey import PublicKey
from jumphost.store import families, revocations
from jumphost.store.sqlite import Store


class Signer(Protocol):
    """Who has the caller CA's key."""

    async def ask(self, question: RenewCaller, /) -> Issued:
        """The certificate; Refused, Unavailable."""


class Use(Struct, frozen=True):
    """Who had a certificate, and when: of the two uses that cannot both be the owner's."""

    generation: int
    serial: str
    at: str
    address: str
    how: str  # login, renew; issued: it was given out, and is not known to have been used


class Lock(Struct, frozen=True):
    """An identity that is locked: ``newest`` is what its family's last certificate was used for."""

    identity: str
    family: str
    newest: Use
    old: Use
    revocation: Revocation  # of the whole family: whoever has a certificate of it is one of two


class Generations:
    """The newest certificate of each family, and the locks that follow from older ones."""

    def __init__(
        self, store: Store, clock: Clock, standing: Standing, signer: Signer, known: Iterable[dict[str, Any]] = ()
    ) -> None:
        self._store, self._clock, self._standing, self._signer = store, clock, standing, signer
        self._newest = {(row["identity"], row["id"]): msgspec.convert(row, Family) for row in known}
        self._renewing = asyncio.Lock()
        self.locked: asyncio.Queue[Lock] = asyncio.Queue()  # for the gateway to journal, and to end what runs

    def login(self, caller: Caller, address: str) -> Family | None:
        """Takes note of a proven login; the row to write if it was the first with its certificate.

        A login that shows a theft is locked out: every later look at its standing says so.
        """
        now, newest = self._clock.now_ns(), self._of(caller)
        if newest is not None and not renewal.counts(newest, caller, now):
            self._lock(newest, caller, address, "login", now)
            return None
        after = renewal.used(newest, caller, address, now)
        if after is not None:
            self._newest[_name(caller)] = after
        return after

    async def journal(self, lock: Lock) -> None:
        """Writes a lock, and why."""
        now, revoked = self._clock.now_ns(), lock.revocation

        def keep(opened: sqlite3.Connection) -> None:
            families.lock(opened, lock.identity, revoked.reason, now)
            revocations.insert(opened, revoked.kind, revoked.value, revoked.reason, now)

        uses = {"newest": msgspec.to_builtins(lock.newest), "old": msgspec.to_builtins(lock.old)}
        data = {"family": lock.family, "reason": revoked.reason, **uses}
        await self._store.write(keep, Event(Kind.IDENTITY_LOCK, now, identity=lock.identity, data=data))

    async def unlock(self, identity: str) -> bool:
        """Takes a lock away; False if there is none. Certificates of the family that it was for stay out."""
        event = Event(Kind.IDENTITY_UNLOCK, self._clock.now_ns(), identity=identity)
        try:
            await self._store.write(lambda opened: families.unlock(opened, identity), event)
        except Refused:
            return False
        self._standing.unlock(identity)
        return True

    async def keep(self, family: Family) -> None:
        """Writes what ``login`` gave."""
        now = self._clock.now_ns()
        await self._store.write(lambda opened: families.put(opened, msgspec.to_builtins(family), now))

    async def renew(self, caller: Caller, key: PublicKey, address: str) -> str:
        """The next certificate, as one line; Refused, Unavailable.

        What is given is on disk before. What a crash keeps from its asker, who then asks again, is in nobody's way.
        """
        async with self._renewing:
            now, newest = self._clock.now_ns(), self._of(caller)
            self._standing.check(caller, now)  # who renewed while this one waited may have shown a theft
            match renewal.answer(newest, caller, key.fingerprint, now):
                case "again" if newest is not None:
                    return newest.certificate
                case "stolen" if newest is not None:
                    self._lock(newest, caller, address, "renew", now)
                    raise Refused(Code.IDENTITY_LOCKED, f"the identity {caller.identity.name} is locked: {LOCKED}")
                case _:
                    return await self._issue(caller, key, address)

    async def _issue(self, caller: Caller, key: PublicKey, address: str) -> str:
        name = caller.identity.name
        issued = await self._signer.ask(RenewCaller(name, sshcert.line(caller.blob), key.line))
        now = self._clock.now_ns()
        fresh = Family(
            identity=name,
            id=caller.family,
            generation=caller.generation + 1,
            serial=issued.serial,
            parent=caller.identity.certificate.serial,
            key=key.fingerprint,
            certificate=issued.certificate,
            issued_ns=now,
            issued_to=address,
            ends_ns=issued.valid_before * NS_PER_S,
        )
        data = {
            "how": "renewal",
            "serial": fresh.serial,
            "family": fresh.id,
            "generation": fresh.generation,
            "renewed": fresh.parent,
            "key": fresh.key,
            "source": address,
            "issuer": caller.identity.issuer,
            "valid_before": rfc3339(fresh.ends_ns),
        }
        await self._store.write(
            lambda opened: families.put(opened, msgspec.to_builtins(fresh), now),
            Event(Kind.CERT_ISSUE, now, identity=name, data=data),
        )
        self._newest[_name(caller)] = fresh
        return fresh.certificate

    def _of(self, caller: Caller) -> Family | None:
        return self._newest.get(_name(caller))

    def _lock(self, newest: Family, caller: Caller, address: str, how: str, now_ns: int) -> None:
        identity = caller.identity.name
        revocation = Revocation("family", family_value(identity, newest.id), LOCKED)
        self._standing.lock(identity)
        self._standing.revoke(revocation)
        known = (newest.issued_ns, newest.issued_to, "issued")
        if newest.used_ns:
            known = (newest.used_ns, newest.used_from, "login")
        self.locked.put_nowait(
            Lock(
                identity,
                newest.id,
                Use(newest.generation, newest.serial, rfc3339(known[0]), known[1], known[2]),
                Use(caller.generation, caller.identity.certificate.serial, rfc3339(now_ns), address, how),
                revocation,
            )
        )


def _name(caller: Caller) -> tuple[str, str]:
    return caller.identity.name, caller.family
