"""The values of a stream that have not passed wholly: spans join as they grow, and what overlaps is masked as one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from jumphost.masking.blind import Digest
from jumphost.masking.strategies import STRICTEST
from jumphost.model.mask import Strategy

MAX_WHOLE: Final = 4096  # bytes of a value that is waited for until its end; a longer one is starred


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with spans of one name; ``separators`` stay readable in stars."""

    strategy: Strategy
    separators: bytes = b""


@dataclass(slots=True)
class Value:
    """One span as far as it is known; offsets are of the text of the whole stream.

    ``origin`` is where it begins in what came in, ``shown`` how many bytes of it had gone before it was known.
    """

    start: int
    end: int
    name: str
    rank: int
    rule: Rule
    origin: int
    shown: int
    digest: Digest


@dataclass(slots=True)
class Cluster:
    """Values that overlap: they are masked as one, by the strictest strategy, with the name of the strongest."""

    start: int
    end: int
    values: list[Value] = field(default_factory=list)

    @property
    def strategy(self) -> Strategy:
        """The strictest of its values'."""
        if len(self.values) == 1:
            return self.values[0].rule.strategy
        return min((value.rule.strategy for value in self.values), key=STRICTEST.index)

    @property
    def strongest(self) -> Value:
        """The value that names the bytes: by rank, then the longest, then the first."""
        return min(self.values, key=lambda value: (value.rank, value.start - value.end, value.start, value.name))

    def whole(self, sent: int) -> bool:
        """Whether it is masked as a whole: it has not begun to go, it is not too long, and stars are not its mask."""
        return self.strategy != "redact" and self.start >= sent and self.end - self.start <= MAX_WHOLE


def clusters(values: Iterable[Value]) -> list[Cluster]:
    """The values, overlapping ones together, in order."""
    found: list[Cluster] = []
    for value in sorted(values, key=attrgetter("start")):
        if found and value.start < found[-1].end:
            found[-1].end = max(found[-1].end, value.end)
        else:
            found.append(Cluster(value.start, value.end))
        found[-1].values.append(value)
    return found


class Open:
    """The values that have not passed, in the order in which they were found."""

    __slots__ = ("_last", "_starts", "values")

    def __init__(self) -> None:
        self.values: list[Value] = []
        self._last: dict[str, Value] = {}
        self._starts: dict[tuple[str, int], Value] = {}

    def grow(self, start: int, end: int, name: str, origin: int) -> bool:
        """Whether a span is there already or goes on with the last of its name, and has been joined to it.

        ``origin`` is where it begins in what came in.
        """
        value = self._starts.get((name, start)) or self._last.get(name)
        if value is None or start > value.end or end < value.start:
            return False
        others = start < value.start or value is not self._last[name]  # of its name, which it may reach now
        if start < value.start:
            value.start, value.origin = start, origin
        value.end = max(value.end, end)
        if others:
            self._absorb(value)
        return True

    def _absorb(self, value: Value) -> None:
        """Joins to a value those of its name that it reaches, as they would be had they been found together."""

        def reached(other: Value) -> bool:
            same = other is not value and other.name == value.name
            return same and other.start <= value.end and other.end >= value.start

        while joined := next(filter(reached, self.values), None):
            if joined.start < value.start:
                value.start, value.origin = joined.start, joined.origin
            value.end = max(value.end, joined.end)
            self._renew([other for other in self.values if other is not joined])

    def add(self, value: Value) -> None:
        """One more."""
        self.values.append(value)
        self._last[value.name] = self._starts[value.name, value.start] = value

    def take(self, passed: Callable[[Value], bool]) -> list[Value]:
        """The values that have passed; they are no longer open."""
        taken: list[Value] = []
        left: list[Value] = []
        for value in self.values:
            (taken if passed(value) else left).append(value)
        if taken:
            self._renew(left)
        return taken

    def _renew(self, values: list[Value]) -> None:
        self.values, self._last, self._starts = [], {}, {}
        for value in values:
            self.add(value)
