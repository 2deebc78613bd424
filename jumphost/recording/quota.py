"""How much each identity may record in a day, over all its sessions: one that writes without end ends itself."""

from collections.abc import Mapping
from types import MappingProxyType

from jumphost.clock import NS_PER_S, Clock

DAY_NS = 86_400 * NS_PER_S


class DailyQuota:
    """Days are UTC. What was recorded today by an earlier process is handed in."""

    def __init__(self, clock: Clock, limit: int, spent: Mapping[str, int] = MappingProxyType({})) -> None:
        self._clock, self._limit = clock, limit
        self._day, self._spent = today(clock), dict(spent)

    def spend(self, identity: str, count: int) -> bool:
        """Counts bytes that are about to be written; False, uncounted, once the limit is reached."""
        if (day := today(self._clock)) > self._day:
            self._day, self._spent = day, {}
        spent = self._spent.get(identity, 0)
        if spent >= self._limit:
            return False
        self._spent[identity] = spent + count
        return True


def today(clock: Clock) -> int:
    """When the day began, in nanoseconds since the epoch."""
    return clock.now_ns() // DAY_NS * DAY_NS
