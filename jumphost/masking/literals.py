"""Finds byte strings in data in one pass: by their first bytes, all at once, then by comparison.

RE2 is as quick here as Hyperscan, which takes ten times as long to compile.
Nothing that is compiled is cached: the strings are secrets, and go when their session does.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import re2

HEAD: Final = 8  # bytes by which a string is looked up: none may be shorter

_LATIN1 = re2.Options()
_LATIN1.max_mem = 64 << 20
_LATIN1.encoding = re2.Options.Encoding.LATIN1
_LATIN1.log_errors = False  # an error would be printed with the pattern


class Literals:
    """Byte strings of :data:`HEAD` bytes or more, each with a name; ValueError for a shorter one.

    Of equal strings the first name holds. Not shared between threads.
    """

    def __init__(self, named: Iterable[tuple[str, bytes]]) -> None:
        names: dict[bytes, str] = {}
        for name, text in named:
            names.setdefault(text, name)
        if any(len(text) < HEAD for text in names):
            raise ValueError(f"a literal is shorter than {HEAD} bytes")
        self._by_head: dict[bytes, list[tuple[bytes, str]]] = {}
        for text, name in names.items():
            self._by_head.setdefault(text[:HEAD], []).append((text, name))
        self._beginnings = frozenset(head[:size] for head in self._by_head for size in range(1, HEAD))
        self._heads = _all(self._by_head) if self._by_head else None
        self.longest = max(map(len, names), default=0)

    def find(self, data: bytes) -> tuple[list[tuple[int, int, str]], int]:
        """Where strings stand, as (start, end, name) by start; and where the first begins that may go on after data.

        The second is ``len(data)`` if none does.
        """
        found: list[tuple[int, int, str]] = []
        unfinished = len(data)
        for start in self._starts(data):
            for text, name in self._by_head[data[start : start + HEAD]]:
                if data.startswith(text, start):
                    found.append((start, start + len(text), name))
                elif len(text) > len(data) - start and text.startswith(data[start:]):
                    unfinished = min(unfinished, start)
        for start in range(max(0, len(data) - HEAD + 1), len(data)):
            if data[start:] in self._beginnings:
                return found, min(unfinished, start)
        return found, unfinished

    def _starts(self, data: bytes) -> Iterator[int]:
        """Where any of the heads stands."""
        at = 0
        while self._heads and (match := self._heads.search(data, at)):
            yield match.start()
            at = match.start() + 1


def _all(heads: Iterable[bytes]) -> Any:
    return re2.compile(b"|".join(b"".join(b"\\x%02x" % byte for byte in head) for head in heads), _LATIN1)
