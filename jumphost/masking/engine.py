"""Finds every place where a trigger stands: Hyperscan where it is installed, RE2 elsewhere, with the same answer.

Hyperscan is used in block mode only, with a scratch of its own for each engine; its stream mode is not safe in
Python (https://github.com/darvid/python-hyperscan: callbacks are borrowed references there).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, Literal, Protocol

import re2

from jumphost.masking.trigger import LONGEST_BEFORE, Trigger

Name = Literal["hyperscan", "re2"]


def _import() -> Any:
    try:
        return import_module("hyperscan")
    except ImportError:  # no wheel for this machine
        return None


hyperscan: Final = _import()
BEST: Final[Name] = "hyperscan" if hyperscan else "re2"

_LATIN1 = re2.Options()
_LATIN1.max_mem = 64 << 20
_LATIN1.encoding = re2.Options.Encoding.LATIN1  # else a byte above 0x7f that is not UTF-8 hides what follows it


class Engine(Protocol):
    """Not shared between threads. The data is searched as if a newline stood before it."""

    def find(self, data: bytes) -> list[tuple[int, int]]:
        """Where triggers begin, sorted: (offset, index of the trigger)."""
        ...


def engine(triggers: Sequence[Trigger], name: Name = BEST) -> Engine:
    """An engine of these triggers; what is compiled is shared by all engines of the same."""
    return _Hyperscan(tuple(triggers)) if name == "hyperscan" else _Re2(tuple(triggers))


class _Hyperscan:
    __slots__ = ("_database", "_lengths", "_scratch")

    def __init__(self, triggers: tuple[Trigger, ...]) -> None:
        self._lengths = [len(trigger.elements) for trigger in triggers]
        self._database = _database(triggers)
        self._scratch = hyperscan.Scratch(self._database)

    def find(self, data: bytes) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        lengths = self._lengths

        def on_match(index: int, start: int, end: int, flags: int, context: object) -> None:
            found.append((end - 1 - lengths[index], index))

        self._database.scan(b"\n" + data, match_event_handler=on_match, scratch=self._scratch)
        found.sort()
        return found


@lru_cache(maxsize=64)
def _database(triggers: tuple[Trigger, ...]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[trigger.pattern for trigger in triggers],
        ids=list(range(len(triggers))),
        flags=[hyperscan.HS_FLAG_DOTALL] * len(triggers),
    )
    return database


class _Re2:
    """One alternation finds where any trigger matches, the triggers that may begin with that byte say which do.

    A set of RE2 would say which, but not where, and its automaton outgrows every budget on base64; one pattern after
    the other takes as many passes as there are triggers.
    """

    __slots__ = ("_groups",)

    def __init__(self, triggers: tuple[Trigger, ...]) -> None:
        alone = tuple(bool(trigger.before) for trigger in triggers)
        self._groups = [_group(triggers, alone, before) for before in (True, False) if before in alone]

    def find(self, data: bytes) -> list[tuple[int, int]]:
        found: set[tuple[int, int]] = set()
        data = b"\n" + data
        for anywhere, by_first, least, most in self._groups:
            at = 0
            while match := anywhere.search(data, at):
                at = match.start() + 1
                for start in range(match.start() + least, min(match.start() + most + 1, len(data))):
                    found |= {(start - 1, index) for index, exact in by_first[data[start]] if exact.match(data, start)}
        return sorted(found)


_Exact = tuple[int, re.Pattern[bytes]]
_Group = tuple[Any, list[list[_Exact]], int, int]
"""All triggers as one pattern, each by its first byte, and the fewest and most bytes the pattern takes before one."""


@lru_cache(maxsize=64)
def _group(triggers: tuple[Trigger, ...], alone: tuple[bool, ...], before: bool) -> _Group:
    """Of the triggers that look at the byte before, or of those that do not."""
    chosen = [(index, trigger) for index, trigger in enumerate(triggers) if alone[index] == before]
    by_first: list[list[_Exact]] = [[] for _ in range(256)]
    for index, trigger in chosen:
        exact = re.compile(trigger.look_behind.encode() + trigger.text_pattern, re.DOTALL)
        first = re.compile(trigger.elements[0].encode(), re.DOTALL)
        for byte in range(256):
            if first.match(bytes([byte])):
                by_first[byte].append((index, exact))
    anywhere = re2.compile(b"|".join(trigger.pattern for _, trigger in chosen), _LATIN1)
    return anywhere, by_first, *((1, LONGEST_BEFORE) if before else (0, 0))
