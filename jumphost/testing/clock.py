"""A clock that stands still until it is told."""

from jumphost.clock import NS_PER_S, parse_rfc3339


class ManualClock:
    """Wall and monotonic time that only ``advance`` moves."""

    def __init__(self, now: str = "2026-11-22T02:00:00Z") -> None:
        self._now_ns = parse_rfc3339(now)
        self._monotonic = 1000.0

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Moves both."""
        self._now_ns += round(seconds * NS_PER_S)
        self._monotonic += seconds
