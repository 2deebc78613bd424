"""Who has what at hand on which login: what reaches one process of a login reaches all of them.

So a login carries leases of one identity and one credential at a time: what was judged for one is not at hand for
another, nor for what a command of another left behind. Commands without a lease are not counted: docs/credentials.md
says what follows.
"""

import asyncio
from collections.abc import Callable

from jumphost.credential.base import Recipient
from jumphost.errors import Code, Refused, Unavailable

WAIT_S = 5.0  # for what ended commands left on a login to be taken away; that takes a tenth of a second

_Login = tuple[str, int, str]  # host, port and name
_Tenant = tuple[str, str]  # identity and credential


class _Place:
    """A login, as long as one tenant has something there."""

    def __init__(self, tenant: _Tenant) -> None:
        self.tenant = tenant
        self.at_hand = self.there = 0
        self.free = asyncio.Event()


class Stay:
    """One lease on a login; both steps are idempotent."""

    def __init__(self, place: _Place, left: Callable[[], None]) -> None:
        self._place, self._left = place, left
        self._at_hand = self._there = True
        place.at_hand += 1
        place.there += 1

    def end(self) -> None:
        """The lease is no more at hand; what its command left behind may still be there."""
        if self._at_hand:
            self._at_hand = False
            self._place.at_hand -= 1

    def leave(self) -> None:
        """Nothing of it is left."""
        self.end()
        if self._there:
            self._there = False
            self._place.there -= 1
            if not self._place.there:
                self._left()
                self._place.free.set()


class Tenants:
    """The logins that have a lease at hand just now."""

    def __init__(self) -> None:
        self._places: dict[_Login, _Place] = {}

    async def enter(self, credential: str, recipient: Recipient) -> Stay:
        """Counts a lease in; waits for what another's ended commands left behind.

        Refused (policy.unsupported) on a login that commands share, Unavailable (credential.busy) on one that has
        another's.
        """
        target = recipient.target
        tenant = recipient.identity, credential
        if target.kind == "process":
            return Stay(_Place(tenant), lambda: None)  # each command there has a sandbox of its own
        if target.mode != "command":
            message = f"{target.name} has logins that several commands share: they take no credential for one of them"
            raise Refused(Code.POLICY_UNSUPPORTED, message)
        login = target.host, target.port, recipient.login
        try:
            async with asyncio.timeout(WAIT_S):
                place = await self._place(login, tenant)
        except TimeoutError:
            raise _busy(recipient) from None
        if place is None:
            raise _busy(recipient)
        return Stay(place, lambda: self._places.__delitem__(login))

    async def _place(self, login: _Login, tenant: _Tenant) -> _Place | None:
        """None if another has something at hand there."""
        while (place := self._places.get(login)) is not None and place.tenant != tenant:
            if place.at_hand:
                return None
            await place.free.wait()
        return self._places.setdefault(login, place or _Place(tenant))


def _busy(recipient: Recipient) -> Unavailable:
    message = f"another credential is at hand on login {recipient.login} just now: send it again later"
    return Unavailable(Code.CREDENTIAL_BUSY, message)
