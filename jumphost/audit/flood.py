"""Refusals that may be written one by one, and the number of the rest: a stranger cannot fill the disk."""

import ipaddress

from jumphost.clock import Clock
from jumphost.model.event import Event, Kind

WINDOW_S = 60.0
EACH = 20  # events an address and window
ALL = 200  # events of all addresses a window: at 500 bytes each, 144 MB a day is the most that strangers can write
IPV6_PREFIX = 64  # bits that one subscriber is given (RFC 6177): an address more costs nothing

ELSEWHERE = ""  # stands for the addresses that came after the window was full


class AuthFlood:
    """Counts in windows that begin with the first refusal; it remembers at most ``ALL`` addresses."""

    def __init__(
        self,
        clock: Clock,
        *,
        kind: Kind = Kind.AUTH_REFUSED,
        window_s: float = WINDOW_S,
        each: int = EACH,
        total: int = ALL,
    ) -> None:
        self._kind = kind
        self._clock, self._window_s, self._each, self._total = clock, window_s, each, total
        self._began: float | None = None
        self._began_ns = 0
        self._admitted = 0
        self._seen: dict[str, int] = {}
        self._over: dict[str, int] = {}
        self._ready: list[Event] = []

    def admit(self, address: str) -> bool:
        """Whether this refusal gets an event of its own; if not, it is counted."""
        self._turn()
        if self._began is None:
            self._began, self._began_ns = self._clock.monotonic(), self._clock.now_ns()
        origin = source(address)
        if self._admitted < self._total and self._seen.get(origin, 0) < self._each:
            self._seen[origin] = self._seen.get(origin, 0) + 1
            self._admitted += 1
            return True
        counted = origin if origin in self._seen else ELSEWHERE
        self._over[counted] = self._over.get(counted, 0) + 1
        return False

    def counted(self) -> list[Event]:
        """One event for each address that was counted in a window that is over; each is given out once."""
        self._turn()
        ready, self._ready = self._ready, []
        return ready

    def _turn(self) -> None:
        if self._began is None or self._clock.monotonic() - self._began < self._window_s:
            return
        self._ready += [
            Event(
                kind=self._kind,
                at_ns=self._clock.now_ns(),
                data={"source": source, "count": count, "since_ns": self._began_ns},
            )
            for source, count in sorted(self._over.items())
        ]
        self._began, self._admitted, self._seen, self._over = None, 0, {}, {}


def source(address: str) -> str:
    """What counts as one address; ``address`` is IPv4, or IPv6 without a zone, or anything else as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
