"""A clock that stands still until it is told, and an event loop that goes by it."""

import asyncio
import selectors

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


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop on which waiting takes no time: where it would sleep until its next timer, its clock moves there.

    For code that waits for nothing else meanwhile: no thread, process or peer.
    """

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        super().__init__(_JumpingSelector(clock))

    def time(self) -> float:
        return self._clock.monotonic()


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout else timeout)
        if timeout and not ready:
            self._clock.advance(timeout)
        return ready
