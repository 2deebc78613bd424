"""Who may come in: strangers take room and time, so both are bounded before a byte of theirs is read. Pure.

A caller of a batch logs in within a moment. So a full room is not closed: whoever stands in it longest, of the address
that fills it most, leaves for the next. And only connections that end without a login count against their address.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from jumphost.audit.flood import source
from jumphost.clock import Clock
from jumphost.errors import Code, Refused

REMEMBERED = 10_000  # addresses whose rate is known, 1 MB; beyond it the longest unseen is forgotten
_MINUTE = 60.0

Guest = TypeVar("Guest", bound=Hashable)


class Door(Generic[Guest]):
    """``knock``, ``enter``, then ``logged_in`` or ``leave``. An IPv6 network of 64 bits counts as one address."""

    def __init__(self, clock: Clock, *, unauthenticated: int, per_minute: int) -> None:
        self._clock, self._room, self._per_minute = clock, unauthenticated, per_minute
        self._inside: dict[Guest, str] = {}  # those who have not logged in, by arrival, and where they came from
        self._spent: dict[str, tuple[float, float]] = {}  # logins that an address owes, and when that was so; by use

    def knock(self, address: str) -> None:
        """Refused (limit.connections) if too many of this address came within a minute and did not log in."""
        origin, now = source(address), self._clock.monotonic()
        spent = self._owed(origin, now)
        if spent + 1 > self._per_minute:
            raise Refused(Code.LIMIT_CONNECTIONS, f"more than {self._per_minute} connections a minute without a login")
        self._note(origin, spent + 1, now)

    def enter(self, guest: Guest, address: str) -> Guest | None:
        """Lets in; returns who has to leave for it and is counted no more, if the room was full."""
        self._inside[guest] = source(address)
        if len(self._inside) <= self._room:
            return None
        late = self._latest()
        del self._inside[late]
        return late

    def logged_in(self, guest: Guest) -> None:
        """It is no stranger any more, and its address owes nothing for it."""
        origin = self._inside.pop(guest, None)
        if origin is not None:
            now = self._clock.monotonic()
            self._note(origin, max(0.0, self._owed(origin, now) - 1), now)

    def leave(self, guest: Guest) -> None:
        """It is gone; nothing if it was counted no more."""
        self._inside.pop(guest, None)

    def _latest(self) -> Guest:
        """The longest inside of the address with the most."""
        counts: dict[str, int] = {}
        for origin in self._inside.values():
            counts[origin] = counts.get(origin, 0) + 1
        most = max(counts.values())
        return next(guest for guest, origin in self._inside.items() if counts[origin] == most)

    def _owed(self, origin: str, now: float) -> float:
        spent, at = self._spent.get(origin, (0.0, now))
        return max(0.0, spent - (now - at) * self._per_minute / _MINUTE)

    def _note(self, origin: str, spent: float, now: float) -> None:
        self._spent.pop(origin, None)
        if spent > 0:
            self._spent[origin] = (spent, now)
        if len(self._spent) > REMEMBERED:
            del self._spent[next(iter(self._spent))]
