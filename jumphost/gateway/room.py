"""How much memory the input of callers takes that waits to be judged, or to be handed on: so much an identity."""


class Room:
    """Counts bytes by identity; one for a gateway."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, identity: str, count: int, limit: int) -> bool:
        """Takes so many bytes, unless with them the identity would have more than ``limit``."""
        taken = self.taken(identity) + count
        if taken > limit:
            return False
        self._taken[identity] = taken
        return True

    def give(self, identity: str, count: int) -> None:
        """Gives back what was taken."""
        self._taken[identity] = self.taken(identity) - count
        if not self._taken[identity]:
            del self._taken[identity]

    def taken(self, identity: str) -> int:
        """Bytes that the identity has."""
        return self._taken.get(identity, 0)
