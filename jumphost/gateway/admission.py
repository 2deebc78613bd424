"""Whether this machine is fit to run a command: room on its disks, and a clock that does not step back."""

import os
from collections.abc import Collection
from pathlib import Path

from jumphost.clock import NS_PER_S, Clock, rfc3339
from jumphost.errors import Code, Unavailable

SET = "set the clock, or if it is right now and was ahead before, start with --clock-is-right"
STEP_NS = 5 * NS_PER_S  # a clock that is disciplined slews; no daemon steps back further once it is in step


class Admission:
    """``folders`` are where recordings and journal grow; ``latest_ns`` is when the journal's newest event was."""

    def __init__(self, clock: Clock, folders: Collection[Path], *, min_free: int, latest_ns: int) -> None:
        self._clock, self._folders, self._min_free, self._latest_ns = clock, folders, min_free, latest_ns

    def now_ns(self) -> int:
        """The time, if it can be believed: a certificate that has ended must not come to life again.

        Unavailable (clock.behind) if it is earlier than it was.
        """
        now = self._clock.now_ns()
        if now < self._latest_ns - STEP_NS:
            raise Unavailable(
                Code.CLOCK_BEHIND,
                "this machine's clock stepped back",
                detail=f"got {rfc3339(now)}, expected no less than {rfc3339(self._latest_ns)}: {SET}",
            )
        self._latest_ns = max(self._latest_ns, now)
        return now

    def disk(self) -> None:
        """Unavailable (limit.disk) if less than ``min_free`` is left."""
        path, free = self._scarcest()
        if free < self._min_free:
            raise Unavailable(
                Code.LIMIT_DISK,
                "too little disk is free to record a session",
                detail=f"{path}: got {free} bytes, expected {self._min_free} (recording.min_free)",
            )

    def scarce(self) -> bool:
        """Whether so little is left that what runs has to be cut, for the rest to be sealed and journalled."""
        return self.free() < self._min_free // 2

    def free(self) -> int:
        """Bytes that are left where least is."""
        return self._scarcest()[1]

    def _scarcest(self) -> tuple[Path, int]:
        return min(((path, free(path)) for path in self._folders), key=lambda found: found[1])


def free(path: Path) -> int:
    """Bytes that we may still write to the disk of ``path``; 0 if it does not say."""
    try:
        disk = os.statvfs(path)
    except OSError:
        return 0
    return disk.f_bavail * disk.f_frsize
