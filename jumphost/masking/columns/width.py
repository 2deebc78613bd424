"""Columns of a terminal that text takes, as clients count them: by the width of characters, or one for each."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final


def cells(text: str) -> list[int]:
    """Of each character: two for wide ones, none for marks that combine with the one before (Unicode 15, UAX 11)."""
    return [_cells(character) for character in text]


def cells_of_old(text: str) -> list[int]:
    """As by tables that know nothing above U+FFFF: MariaDB's."""
    return [_cells(character) if character < "\U00010000" else 1 for character in text]


def characters(text: str) -> list[int]:
    """One of each, as SQLite counts."""
    return [1] * len(text)


@lru_cache(maxsize=4096)
def _cells(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


_HIGH: Final = re.compile(rb"[\x80-\xff]+")  # whole characters of UTF-8, or of Latin-1

COUNTS: Final[tuple[Callable[[str], list[int]], ...]] = (cells, cells_of_old, characters)


def places(line: bytes) -> list[Sequence[int]]:
    """For each way to count, the byte where each column begins; one more for the end. A wide character has two."""
    if line.isascii():
        return [range(len(line) + 1)]
    encoding = "utf-8" if _valid(line) else "latin-1"
    runs = [(match.start(), match[0].decode(encoding)) for match in _HIGH.finditer(line)]
    found: list[Sequence[int]] = []
    for count in COUNTS:
        way: list[int] = []
        at = 0
        for start, text in runs:
            way += range(at, start)
            at = start
            for character, width in zip(text, count(text), strict=True):
                way += [at] * width
                at += len(character.encode(encoding))
        way += range(at, len(line) + 1)
        if way not in found:
            found.append(way)
    return found


def _valid(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
