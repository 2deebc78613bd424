"""What was masked, by detector: values, bytes, different values; never a value or an unkeyed hash of one."""

from typing import Final, Literal, NamedTuple

from msgspec import Struct

from jumphost.masking.base import EXACT_NAME
from jumphost.masking.blind import Digest, index_key

MOST_DISTINCT: Final = 4096  # values told apart in one stream; more are not counted as different

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
        self._key = index_key(key)
        self._rows: dict[tuple[str, Action], list[int]] = {}
        self._seen: dict[tuple[str, Action], set[bytes]] = {}

    def digest(self) -> Digest:
        """To be fed the bytes of one value as they pass."""
        return Digest(self._key)

    def add(self, detector: str, action: Action, size: int, digest: Digest, shown: int) -> None:
        """One value at its end."""
        of = detector, action
        if (row := self._rows.get(of)) is None:
            row, self._seen[of] = self._rows.setdefault(of, [0, 0, 0]), set()
        row[0] += 1
        row[1] += size
        row[2] += shown
        if len(seen := self._seen[of]) < MOST_DISTINCT:
            seen.add(digest.end())

    def rows(self) -> tuple[Count, ...]:
        """All counts, by detector."""
        return tuple(
            Count(detector, action, count, size, len(self._seen[detector, action]), shown)
            for (detector, action), (count, size, shown) in sorted(self._rows.items())
        )

    def index(self) -> tuple[bytes, ...]:
        """The digests of all values but the secrets of the session, in an order that says nothing."""
        told = (seen for (name, _), seen in self._seen.items() if not name.startswith(EXACT_NAME))
        return tuple(sorted({digest for seen in told for digest in seen}))
