"""Enrolment tokens: how a machine that has nothing yet gets its first certificate, once.

A token is printed once and kept as its digest. Whoever redeems it names the key that the certificate is to be for; the
same key may come again for ``AGAIN_S``, since the answer may have been lost, and no other key ever.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Callable

from msgspec import Struct

from jumphost.clock import NS_PER_S, Clock, rfc3339
from jumphost.errors import Code, Refused
from jumphost.model.event import Event, Kind
from jumphost.secret import Secret
from jumphost.store import enrolments
from jumphost.store.enrolments import Enrolment
from jumphost.store.sqlite import Store

PREFIX = "jhe_"  # tells it from the tokens of issuers, and to those who look for lost secrets what it is
AGAIN_S = 60
MAX_TTL_S = 7 * 86_400


class Opened(Struct, frozen=True):
    """A new token; ``id`` names it in the journal, where the token itself never stands."""

    id: str
    token: Secret
    expires_ns: int

    def told(self) -> dict[str, str]:
        """What the operator who asked for it sees, once."""
        return {"id": self.id, "token": self.token.reveal().decode(), "expires": rfc3339(self.expires_ns)}


def is_token(text: Secret) -> bool:
    """Whether a text is meant to be an enrolment token."""
    return text.reveal().startswith(PREFIX.encode())


class Enrolments:
    """The tokens of a gateway, on its store. Whether an identity may log in is for others to know."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def open(self, identity: str, ttl_s: int) -> Opened:
        """A new token for an identity; it is on disk, and in the journal, before it is given."""
        now, token = self._clock.now_ns(), PREFIX + secrets.token_urlsafe(32)
        digest, expires = _digest(Secret(token.encode())), now + ttl_s * NS_PER_S
        event = Event(
            Kind.IDENTITY_ENROLL,
            now,
            identity=identity,
            data={"enrolment": _name(digest), "state": "opened", "expires": rfc3339(expires)},
        )
        row = Enrolment(digest, identity, now, expires)
        await self._store.write(lambda opened: enrolments.insert(opened, row), event)
        return Opened(_name(digest), Secret(token.encode()), expires)

    async def redeem(self, token: Secret, key: str, address: str, entitled: Callable[[str], None]) -> str:
        """The identity that a token is for, which from now on is for the key of this fingerprint alone.

        Refused (token.enrolment), with one message whatever is wrong: what a token was, a stranger is not told. Who has
        a good one is told what ``entitled`` raises of its identity; then it stays good.
        """
        now, digest = self._clock.now_ns(), _digest(token)

        def claim(opened: sqlite3.Connection) -> str:
            found = enrolments.find(opened, digest)
            if found is None or not _good(found, key, now):
                raise _refused("unknown" if found is None else f"{_name(digest)}: {_why(found)}")
            entitled(found.identity)
            enrolments.redeem(opened, digest, key, found.redeemed_ns or now)
            return found.identity

        # Found before it is claimed, since the event names the identity; claimed by what is then there.
        known = await self._store.read(lambda opened: enrolments.find(opened, digest))
        event = Event(
            Kind.IDENTITY_ENROLL,
            now,
            identity=known.identity if known else "",
            data={"enrolment": _name(digest), "state": "redeemed", "key": key, "source": address},
        )
        return await self._store.write(claim, event)


def _good(found: Enrolment, key: str, now_ns: int) -> bool:
    if found.redeemed_ns:
        return found.key == key and now_ns - found.redeemed_ns <= AGAIN_S * NS_PER_S
    return now_ns < found.expires_ns


def _why(found: Enrolment) -> str:
    return f"redeemed {rfc3339(found.redeemed_ns)} by {found.key}" if found.redeemed_ns else "expired"


def _refused(detail: str) -> Refused:
    message = "got no enrolment token that can be used, expected a fresh one: `jumphost identity enroll NAME`"
    return Refused(Code.TOKEN_ENROLMENT, message, detail=detail)


def _digest(token: Secret) -> str:
    return hashlib.sha256(token.reveal()).hexdigest()


def _name(digest: str) -> str:
    return digest[:16]
