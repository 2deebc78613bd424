"""Columns of a terminal that text takes, as clients count them: by the width of characters, or one for each."""

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


COUNTS: Final[tuple[Callable[[str], list[int]], ...]] = (cells, cells_of_old, characters)


def places(line: bytes) -> list[Sequence[int]]:
    """For each way to count, the byte where each column begins; one more for the end. A wide character has two."""
    if line.isascii():
        return [range(len(line) + 1)]
    text = line.decode(errors="replace") if _valid(line) else line.decode("latin-1")
    sizes = [len(character.encode()) for character in text] if _valid(line) else [1] * len(text)
    found: list[Sequence[int]] = []
    for count in COUNTS:
        starts: list[int] = []
        at = 0
        for size, width in zip(sizes, count(text), strict=True):
            starts += [at] * width
            at += size
        found.append([*starts, at])
    return [way for at, way in enumerate(found) if way not in found[:at]]


def _valid(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
