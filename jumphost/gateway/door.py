"""Who may come in: strangers take room and time, so both are bounded before a byte of theirs is read. Pure.

A caller of a batch logs in within a moment. So a full room is not closed: whoever stands in it longest, of the address
that fills it most, leaves for the next. And only connections that end without a login count against their address.
"""

from typing import Generic

from jumphost.audit.crowd import Crowd, Guest
from jumphost.audit.rate import Rate
from jumphost.clock import Clock
from jumphost.errors import Code, Refused


class Door(Generic[Guest]):
    """``knock``, ``enter``, then ``logged_in`` or ``leave``. An IPv6 network of 64 bits counts as one address."""

    def __init__(self, clock: Clock, *, unauthenticated: int, per_minute: int) -> None:
        self._rate, self._per_minute = Rate(clock, per_minute), per_minute
        self._crowd = Crowd[Guest](unauthenticated)  # those who have not logged in

    def knock(self, address: str) -> None:
        """Refused (limit.connections) if too many of this address came within a minute and did not log in."""
        if not self._rate.spend(address):
            raise Refused(Code.LIMIT_CONNECTIONS, f"more than {self._per_minute} connections a minute without a login")

    def enter(self, guest: Guest, address: str) -> Guest | None:
        """Lets in; returns who has to leave for it and is counted no more, if the room was full."""
        return self._crowd.enter(guest, address)

    def logged_in(self, guest: Guest) -> None:
        """It is no stranger any more, and its address owes nothing for it."""
        origin = self._crowd.leave(guest)
        if origin is not None:
            self._rate.give_back(origin)

    def leave(self, guest: Guest) -> None:
        """It is gone; nothing if it was counted no more."""
        self._crowd.leave(guest)
