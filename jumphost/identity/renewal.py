"""Renewals: which certificate of a family counts, and which one shows that a key was stolen. Pure.

A family is what descends from one certificate by renewals. Its newest certificate counts. The one before it still
does until the newest was used, and a moment longer (``GRACE_S``): the answer may have been lost on its way, and
programs that start at the same time read either file. Whoever comes with any other one after that is not who has the
newest: of the two, one has stolen it, and nobody can say which.

As long as the newest was not used, asking again with the one before gives the same certificate for the same key, and
another in its place for another key: then the first counts as an old one. So an answer that got lost locks nobody out,
and a thief who renews first shows as soon as both have used what they have.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from jumphost.clock import NS_PER_S
from jumphost.model.identity import Caller

GRACE_S = 60

Renewal = Literal["next", "again", "instead", "stolen"]
"""What an asker gets: a certificate of the next generation, the newest once more, another in its place, or none."""


class Family(Struct, frozen=True):
    """The newest certificate of a family, and what is known of its use; a row. Times are nanoseconds of the epoch."""

    identity: str
    id: str
    generation: int
    serial: str
    parent: str  # serial of the certificate that bought it
    key: str  # fingerprint of the certified key
    certificate: str  # one line
    issued_ns: int
    issued_to: str  # address
    ends_ns: int
    used_ns: int = 0  # first time; 0: not yet
    used_from: str = ""


def counts(newest: Family | None, caller: Caller, now_ns: int) -> bool:
    """Whether a login may be of the one who has the newest certificate."""
    if newest is None or caller.generation > newest.generation or _is_newest(newest, caller):
        return True
    return _is_parent(newest, caller) and (not newest.used_ns or now_ns - newest.used_ns <= GRACE_S * NS_PER_S)


def used(newest: Family | None, caller: Caller, address: str, now_ns: int) -> Family | None:
    """The row after the first login with the newest certificate; None if there is nothing to change."""
    if newest is None or newest.used_ns or not _is_newest(newest, caller):
        return None
    return replace(newest, used_ns=now_ns, used_from=address)


def answer(newest: Family | None, caller: Caller, key: str, now_ns: int) -> Renewal:
    """What a caller gets who asks for the next certificate, over a key of this fingerprint."""
    if newest is None or caller.generation > newest.generation or _is_newest(newest, caller):
        return "next"
    if not _is_parent(newest, caller) or newest.used_ns:
        return "stolen"
    return "again" if newest.key == key and now_ns < newest.ends_ns else "instead"


def _is_newest(newest: Family, caller: Caller) -> bool:
    return (caller.generation, caller.identity.certificate.serial) == (newest.generation, newest.serial)


def _is_parent(newest: Family, caller: Caller) -> bool:
    return (caller.generation, caller.identity.certificate.serial) == (newest.generation - 1, newest.parent)
