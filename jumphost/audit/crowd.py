"""How many may stand in a room, and who leaves it for the next. Pure.

A full room is not closed: whoever is in it longest, of the address that fills it most, leaves.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

from jumphost.audit.flood import source

Guest = TypeVar("Guest", bound=Hashable)


class Crowd(Generic[Guest]):
    """An IPv6 network of 64 bits counts as one address."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._inside: dict[Guest, str] = {}  # by arrival, and where they came from

    def enter(self, guest: Guest, address: str) -> Guest | None:
        """Lets in; returns who has to leave for it and is counted no more, if the room was full."""
        self._inside[guest] = source(address)
        if len(self._inside) <= self._room:
            return None
        late = self._latest()
        del self._inside[late]
        return late

    def leave(self, guest: Guest) -> str | None:
        """Where it came from; None if it was counted no more."""
        return self._inside.pop(guest, None)

    def _latest(self) -> Guest:
        """The longest inside of the address with the most."""
        counts: dict[str, int] = {}
        for origin in self._inside.values():
            counts[origin] = counts.get(origin, 0) + 1
        most = max(counts.values())
        return next(guest for guest, origin in self._inside.items() if counts[origin] == most)
