"""Deny at once while a server fails, instead of letting every caller find out."""

from jumphost.clock import Clock

FAILURES = 5  # in a row
PAUSE_S = 1.0  # until one question tries again


class Breaker:
    """Counts failures of the server itself.

    A late answer is none: a caller whose request makes a rule loop would close the gate for everybody else.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    def admits(self) -> bool:
        """Whether a question may be asked now; once in a pause one is, and its outcome decides."""
        if self._failures < FAILURES:
            return True
        now = self._clock.monotonic()
        if now < self._until:
            return False
        self._until = now + PAUSE_S
        return True

    def succeeded(self) -> None:
        """The server answered, whatever it said."""
        self._failures = 0

    def failed(self) -> None:
        """The server did not answer, or not as it should."""
        self._failures += 1
        self._until = self._clock.monotonic() + PAUSE_S
