"""Passes over rows that hold nothing unusual, with one match for each; whatever is unusual is left to the reader.

A row that is skimmed comes out as the reader of its format would have it: skimming only saves time.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from jumphost.masking.base import COLUMN, Span
from jumphost.masking.columns.base import CAP, Cell, trimmed

AFTER: Final = 16  # rows that the reader has read itself: to compile takes as long as some of them
MOST_CELLS: Final = 128  # of a row; wider ones are left to the reader
MOST: Final = 4096  # bytes of a cell that is not unusual
PLAIN: Final = r" !#-&(-Z\\^-z|}~"  # ASCII but for control characters, quotes and what opens JSON


class Skimmer:
    """``row`` matches a row and its line break, with a group for each cell; ``masks`` are the spans of the cells.

    ``unusual`` is asked of each row: whether it is left to the reader all the same.
    """

    __slots__ = ("_cell", "_left", "_masked", "_match", "_row", "_unusual")

    def __init__(
        self,
        row: bytes,
        masks: Sequence[str | None],
        *,
        unusual: Callable[[bytes, int, int], object] | None = None,
        cell: Callable[[bytes, int, int, str], Cell] = trimmed,
    ) -> None:
        self._row = row
        self._match: Callable[[bytes, int], re.Match[bytes] | None] | None = None
        self._left = AFTER if len(masks) <= MOST_CELLS else -1
        self._masked = [(number + 1, mask) for number, mask in enumerate(masks) if mask]
        self._unusual, self._cell = unusual, cell

    def read(self, buffer: bytes, at: int, spans: list[Span]) -> tuple[int, int]:
        """Where the first row begins that is left to the reader, and how many were passed over."""
        match = self._match or self._compiled()
        cell, unusual, count = self._cell, self._unusual, 0
        while match and (row := match(buffer, at)):
            end = row.end()
            if end - at > CAP or (unusual and unusual(buffer, at, end)):
                break
            for group, mask in self._masked:
                start, stop, name = cell(buffer, *row.span(group), mask)
                if start < stop:
                    spans.append(Span(start, stop, name, COLUMN))
            at, count = end, count + 1
        return at, count

    def _compiled(self) -> Callable[[bytes, int], re.Match[bytes] | None] | None:
        """Once it is worth it."""
        if self._left == 0:
            self._match = re.compile(self._row).match
        self._left -= 1
        return self._match
