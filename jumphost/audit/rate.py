"""How often an address may do something that costs us: a bucket that leaks, for each address. Pure."""

from jumphost.audit.flood import source
from jumphost.clock import Clock

REMEMBERED = 10_000  # addresses whose rate is known, 1 MB; beyond it the longest unseen is forgotten
_MINUTE = 60.0


class Rate:
    """``per_minute`` at once, and then as many a minute. An IPv6 network of 64 bits counts as one address."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock, self._per_minute = clock, per_minute
        self._spent: dict[str, tuple[float, float]] = {}  # what an address owes, and when that was so; by use

    def spend(self, address: str) -> bool:
        """Counts one, unless the address has had too many: False."""
        origin, now = source(address), self._clock.monotonic()
        spent = self._owed(origin, now)
        if spent + 1 > self._per_minute:
            return False
        self._note(origin, spent + 1, now)
        return True

    def give_back(self, address: str) -> None:
        """One does not count after all."""
        origin, now = source(address), self._clock.monotonic()
        self._note(origin, max(0.0, self._owed(origin, now) - 1), now)

    def _owed(self, origin: str, now: float) -> float:
        spent, at = self._spent.get(origin, (0.0, now))
        return max(0.0, spent - (now - at) * self._per_minute / _MINUTE)

    def _note(self, origin: str, spent: float, now: float) -> None:
        self._spent.pop(origin, None)
        if spent > 0:
            self._spent[origin] = (spent, now)
        if len(self._spent) > REMEMBERED:
            del self._spent[next(iter(self._spent))]
