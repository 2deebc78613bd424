"""What may be used once, while it can come again: tokens and nonces. Pure.

The store keeps tokens for the next process; here is what this one knows, before and while it writes them.
"""

import heapq
from collections.abc import Iterable


class Once:
    """A set whose members leave by themselves; times are seconds since the epoch."""

    def __init__(self, used: Iterable[tuple[str, int]] = ()) -> None:
        self._until = dict(used)
        self._ends = [(until_s, name) for name, until_s in self._until.items()]
        heapq.heapify(self._ends)

    def use(self, name: str, until_s: int, now_s: int) -> bool:
        """Whether it is the first use; from now on it is not."""
        while self._ends and self._ends[0][0] <= now_s:
            end, gone = heapq.heappop(self._ends)
            if self._until.get(gone) == end:
                del self._until[gone]
        if name in self._until:
            return False
        self._until[name] = until_s
        heapq.heappush(self._ends, (until_s, name))
        return True

    def release(self, name: str) -> None:
        """It was not used after all."""
        self._until.pop(name, None)
