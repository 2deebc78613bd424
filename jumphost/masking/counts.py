"""What was masked, by detector: values, bytes, different values; never a value or an unkeyed hash of one."""

import hmac
from typing import Final, Literal, NamedTuple

from msgspec import Struct

MOST_DISTINCT: Final = 4096  # values told apart in one stream; more are not counted as different
_DIGEST: Final = 12  # bytes kept of a keyed digest

Action = Literal["masked", "detected"]


class Hit(NamedTuple):
    """One value: byte offsets in what came in, control sequences included."""

    detector: str
    start: int
    end: int


class Count(Struct, frozen=True):
    """Of one detector. ``shown`` bytes had gone out, in a pause, before they were known to be of a value."""

    detector: str
    action: Action
    count: int
    bytes: int
    distinct: int
    shown: int


class Counts:
    """Counts the values of one stream; ``key`` makes the digests that tell values apart."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._rows: dict[tuple[str, Action], list[int]] = {}
        self._seen: dict[tuple[str, Action], set[bytes]] = {}

    def digest(self) -> "hmac.HMAC":
        """To be fed the bytes of one value as they pass."""
        return hmac.new(self._key, digestmod="sha256")

    def add(self, detector: str, action: Action, size: int, digest: "hmac.HMAC", shown: int) -> None:
        """One value at its end."""
        row = self._rows.setdefault((detector, action), [0, 0, 0])
        seen = self._seen.setdefault((detector, action), set())
        for at, more in enumerate((1, size, shown)):
            row[at] += more
        if len(seen) < MOST_DISTINCT:
            seen.add(digest.digest()[:_DIGEST])

    def rows(self) -> tuple[Count, ...]:
        """All counts, by detector."""
        return tuple(
            Count(detector, action, count, size, len(self._seen[detector, action]), shown)
            for (detector, action), (count, size, shown) in sorted(self._rows.items())
        )
