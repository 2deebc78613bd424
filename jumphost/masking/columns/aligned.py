"""Tables whose columns are aligned: psql, mysql -t, and the column, table, box and markdown modes of sqlite3.

The rule under the header says where columns stand, counted in columns of a terminal; the separators must stand there in
every row, else the row is masked whole. So a value may hold what separates columns.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from jumphost.masking.base import Span
from jumphost.masking.columns.base import Cell, trimmed
from jumphost.masking.columns.cells import masked
from jumphost.masking.columns.names import WHOLE, Names
from jumphost.masking.columns.skim import MOST, PLAIN, Skimmer
from jumphost.masking.columns.width import places

_RULE: Final = re.compile(r"[-─═=:+┼╪╬├┤╞╡╠╣╟╢╫╥╨┌┐└┘┬┴╔╗╚╝╦╩╤╧╭╮╰╯| ]+")
_DASHES: Final = re.compile(r"[-─═=:]+")
_GOES_ON: Final = frozenset(
    {b":", b";"}
)  # psql's old-ascii has these, and else no bars, in a line that goes on with the row before
_BARS: Final = _GOES_ON | {bar.encode() for bar in "|│║"}
_MARKS: Final = frozenset(
    {b"", *(mark.encode() for mark in "+.:;↵…")}
)  # in the gap after a cell that goes on in the next line
_WRAPPED: Final = (b".", "…".encode())
Gap = Literal["bar", "space", "spaces"]  # a bar, or the one space of psql, or the two of SQLite
_FOOTER: Final = re.compile(rb"\([0-9]+ rows?\)")


class Columns(NamedTuple):
    """Where columns stand, [start, end) in columns of a terminal, and what is between them, and around if outer."""

    ranges: tuple[tuple[int, int], ...]
    gap: Gap
    outer: bool


def rule(line: bytes) -> Columns | None:
    """The columns by a rule; None if it is none."""
    if line[:1] <= b" " or line[:1].isalnum():
        return None
    try:
        text = line.decode().rstrip()
    except UnicodeDecodeError:
        return None
    if not _RULE.fullmatch(text) or not _DASHES.search(text):
        return None
    ranges = tuple(match.span() for match in _DASHES.finditer(text))
    outer = ranges[0][0] > 0
    gaps = {text[end:start] for (_, end), (start, _) in pairwise(ranges)}
    if not outer and gaps <= {" "}:
        return Columns(ranges, "space", outer=False)
    if not outer and gaps == {"  "}:
        return Columns(ranges, "spaces", outer=False)
    if any(len(gap) != 1 or gap == " " for gap in gaps) or ranges[0][0] > 1:
        return None
    return Columns(ranges, "bar", outer=outer)


class Aligned:
    """A :class:`jumphost.masking.columns.base.Rows`, from after the rule. ValueError if the header does not fit it."""

    __slots__ = ("_columns", "_masks", "_names", "_previous", "_ruled", "_skimmer", "_wrapped")

    def __init__(self, columns: Columns, header: bytes, names: Names) -> None:
        self._names = names
        self._columns, self._masks = columns, _masks(columns, header, names)
        self._wrapped = [False] * len(self._masks)  # the cell goes on in the next line, and is of JSON
        self._ruled = False
        self._previous = b""
        self._skimmer = _skimmer(columns, self._masks)

    def row(self, line: bytes) -> list[Cell] | None:
        """See :class:`jumphost.masking.columns.base.Rows`."""
        if self._ends(line):
            return None
        if (columns := rule(line)) and (self._another(columns) or (columns == self._columns and columns.outer)):
            self._ruled = True  # between rows of several lines, at the end, or under the header of another table
            return []
        fits = [ranges for place in places(line) if (ranges := _sliced(self._columns, line, place))]
        if self._ruled and self._columns.outer and not fits:
            return None
        self._ruled, self._previous = False, line
        if not fits:
            return [trimmed(line, 0, len(line), WHOLE)] if any(self._masks) or self._names.within(line) else []
        names = self._names.keyed(line)
        cells: set[Cell] = set()
        for ranges in fits:
            for number, (start, end) in enumerate(ranges):
                cells.update(self._cell(line, start, end, number, names))
        return sorted(cells)

    def skim(self, buffer: bytes, at: int, spans: list[Span]) -> int:
        """See :class:`jumphost.masking.columns.base.Rows`."""
        if self._skimmer is None or any(self._wrapped):
            return at
        end, count = self._skimmer.read(buffer, at, spans)
        if count:
            last = buffer.rfind(b"\n", at, end - 1) + 1
            self._ruled, self._previous = False, buffer[max(at, last) : end - 1].removesuffix(b"\r")
        return end

    def _cell(self, line: bytes, start: int, end: int, number: int, names: Names | None) -> list[Cell]:
        """JSON that is wrapped is masked whole: its keys may be in two lines."""
        text = line[start:end].strip()
        goes_on = text.endswith(_WRAPPED) and (text.startswith((b"{", b"[")) or self._wrapped[number])
        mask = self._masks[number] or (WHOLE if goes_on or self._wrapped[number] else None)
        self._wrapped[number] = goes_on
        return masked(line, start, end, mask, names)

    def _another(self, columns: Columns) -> bool:
        """SQLite begins another table right after the last row of one: its header was taken for that."""
        known = self._columns
        if not self._previous or not (known.outer or known.gap == "spaces" or len(known.ranges) == 1):
            return False
        try:
            found = _masks(columns, self._previous, self._names)
        except ValueError:
            return False
        if len(found) == len(self._masks):  # it may as well be a row of dashes
            found = [old or new for old, new in zip(self._masks, found, strict=True)]
        self._columns, self._masks, self._wrapped = columns, found, [False] * len(found)
        self._skimmer = _skimmer(columns, found)
        return True

    def _ends(self, line: bytes) -> bool:
        """A footer; an empty line, unless it may be an empty cell alone, or stand between rows, as in SQLite."""
        if line.startswith(b"(") and _FOOTER.fullmatch(line):
            return self._columns.gap != "spaces"
        return not line.strip() and self._columns.gap != "spaces" and (not line or len(self._masks) > 1)


def _skimmer(columns: Columns, masks: Sequence[str | None]) -> Skimmer | None:
    """Of rows in ASCII whose bars are in their places; None where a row can be told from nothing else."""
    if columns.gap != "bar" or len(columns.ranges) == 1:
        return None
    cells = [f"([{PLAIN}]{{{end - start}}}+)" for start, end in columns.ranges]
    if not columns.outer:
        cells[-1] = f"([{PLAIN}]{{0,{MOST}}}+)"
    row = r"\|".join(["", *cells, ""] if columns.outer else cells)
    return Skimmer(rf"(?![-=:+| ]*+\r?+\n){row}\r?+\n".encode(), masks)


def _masks(columns: Columns, header: bytes, names: Names) -> list[str | None]:
    """The names of the spans of each column; ValueError if the header does not fit."""
    for place in places(header):
        if ranges := _sliced(columns, header, place):
            return [names.of(header[start:end].rstrip(b" +")) for start, end in ranges]
    raise ValueError("the header does not fit its rule")


def _sliced(columns: Columns, line: bytes, place: Sequence[int]) -> list[tuple[int, int]]:
    """The bytes of each cell by one way to count columns; empty where a separator is not in its place."""
    last = len(place) - 1
    cells = [(place[min(start, last)], place[min(end, last)]) for start, end in columns.ranges]
    if not columns.outer:
        cells[-1] = cells[-1][0], len(line)
    edges = [(0, 0), *cells, (len(line), len(line))] if columns.outer else cells
    gaps = [line[before[1] : after[0]].strip() for before, after in pairwise(edges)]
    if columns.gap == "bar":
        fit = all(gap in _BARS for gap in gaps if gap) and (all(gaps) or not _GOES_ON.isdisjoint(gaps))
    else:
        fit = all(gap in _MARKS for gap in gaps)
    return cells if fit else []
