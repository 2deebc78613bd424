"""Records with a line for each column: psql expanded, mysql -E, the line mode of sqlite3."""

import re
from collections.abc import Sequence
from typing import Final, Literal

from jumphost.masking.base import Span
from jumphost.masking.columns import delimited
from jumphost.masking.columns.base import Cell, trimmed
from jumphost.masking.columns.cells import masked
from jumphost.masking.columns.names import WHOLE, Names
from jumphost.masking.columns.skim import MOST, PLAIN, Skimmer
from jumphost.masking.columns.width import places

Kind = Literal["mysql", "bars", "spaces", "sqlite"]

_BEGIN: Final[dict[Kind, re.Pattern[str]]] = {
    "mysql": re.compile(r"\*{10,} [0-9]+\. row \*{10,}"),  # mysql -E
    "bars": re.compile(r"[-─═+┌├╔╟╠╞|│║]{1,3}\[ RECORD [0-9]+ \][-─═+┬┼┐┤╤╥╪╗╣|│║]*"),  # psql, borders 1 and 2
    "spaces": re.compile(r"\* Record [0-9]+"),  # psql, border 0
    "sqlite": re.compile(r" *[A-Za-z_?][^=\n]* =(?: .*)?"),  # no line announces it: this is its first
}
_SIGN: Final[dict[Kind, re.Pattern[str]]] = {
    "mysql": re.compile(r":(?= |$)"),
    "bars": re.compile(r"(?<=[^|│║])[|│║]"),
    "sqlite": re.compile(r"(?<= )=(?= |$)"),
}
_CLOSING: Final = re.compile(r"[-+─└┴┘╚╧╝═]+")
_BARS: Final = "|│║ "


def kind(line: bytes) -> Kind | None:
    """What records it is the first line of, None if of none."""
    text = line.decode(errors="replace").rstrip()
    return next((one for one, pattern in _BEGIN.items() if pattern.fullmatch(text)), None)


class Records:
    """A :class:`jumphost.masking.columns.base.Rows` of records of one kind.

    What separates names from values stands in the same column of a terminal in all lines of a record; a line without
    it there goes on with the value before.
    """

    __slots__ = ("_column", "_kind", "_last", "_lines", "_mask", "_names", "_skimmer", "_spaces")

    def __init__(self, kind: Kind, names: Names) -> None:
        self._kind, self._names = kind, names
        self._column: int | None = None  # where the sign stands
        self._mask: str | None = None  # of the value that the next line may go on with
        self._spaces = kind == "spaces"
        self._lines: list[tuple[bytes, str | None]] | None = None  # of this record, up to the sign, and their masks
        self._skimmer: Skimmer | None = None
        self._last: tuple[int | None, str | None] = None, None  # column and mask at the end of a record

    def row(self, line: bytes) -> list[Cell] | None:
        """See :class:`jumphost.masking.columns.base.Rows`."""
        if self._kind != "sqlite" and kind(line) == self._kind:
            self._begin()
            return []
        if not line.strip():
            return None if self._kind in {"bars", "spaces"} else self._between()
        if self._spaces:
            return self._spaced(line)
        ends = self._signs(line)
        if not ends and self._kind == "bars":
            return [] if _CLOSING.fullmatch(line.decode(errors="replace").strip()) else None
        if not ends:
            self._lines = None
            return self._goes_on(line)
        cells: set[Cell] = set()
        names = self._names.keyed(line)
        for start, end in ends:
            name = line[:start].decode(errors="replace").strip(_BARS).encode()
            self._note(line[:end], name, usual=len(ends) == 1)
            if name or self._kind != "bars":
                self._mask = self._names.of(name)
            text = line[end:].strip()
            if self._mask is None and text.startswith((b"{", b"[")) and text.endswith((b".", b"\xe2\x80\xa6")):
                self._mask = WHOLE  # JSON that is wrapped: its keys may be in two lines
            cells.update(masked(line, end, self._end(line), self._mask, names))
        return sorted(cells)

    def skim(self, buffer: bytes, at: int, spans: list[Span]) -> int:
        """See :class:`jumphost.masking.columns.base.Rows`."""
        if self._skimmer:
            at, count = self._skimmer.read(buffer, at, spans)
            if count:
                self._column, self._mask = self._last
        return at

    def _begin(self) -> None:
        """Another record; those that follow may be as the one before was."""
        if self._lines and not self._skimmer:
            *_, (prefix, mask) = self._lines
            self._last = len(prefix) - 1, mask
            self._skimmer = _skimmer(self._kind, self._lines)
        self._column = self._mask = None
        self._lines = []

    def _note(self, prefix: bytes, name: bytes, *, usual: bool) -> None:
        """What stands before a value; a record with anything unusual is not skimmed."""
        if self._lines is not None:
            self._lines.append((prefix, self._names.of(name)))
            if not (usual and name and prefix.isascii()):
                self._lines = None

    def _between(self) -> list[Cell]:
        """An empty line: between records of SQLite, else within a value."""
        if self._kind == "sqlite":
            self._column = None
        return []

    def _signs(self, line: bytes) -> list[tuple[int, int]]:
        """Where the sign stands, for each way to count columns by which it is in its place."""
        ways = places(line)
        if self._column is None:
            found = _first(self._kind, line)
            if found is None:
                return []
            self._column = next((at for at, byte in enumerate(ways[0]) if byte >= found[0]), 0)
            return [found]
        text = [way[self._column] for way in ways if self._column < len(way) - 1]
        return [(at, match.end()) for at in dict.fromkeys(text) if (match := _BYTES[self._kind].match(line, at))]

    def _goes_on(self, line: bytes) -> list[Cell] | None:
        """More of the value before; or of another table, whose signs stand elsewhere."""
        found = _first(self._kind, line)
        if found and (mask := self._names.of(line[: found[0]])):
            self._mask = mask
            return [trimmed(line, found[1], len(line), mask)]
        if self._mask:
            return [trimmed(line, 0, len(line), self._mask)]
        return None if delimited.header(line, self._names) else []

    def _spaced(self, line: bytes) -> list[Cell]:
        """Nothing tells where a name ends: any beginning that is a masked name is taken for one."""
        if not line.startswith(b" "):
            ends = [at for at in range(len(line) + 1) if line[at : at + 1] in b" "]
            found = ((end, mask) for end in ends if (mask := self._names.of(line[:end])))
            start, self._mask = next(found, (0, None))
        else:
            start = 0
        mask = self._mask or self._names.within(line)
        return [trimmed(line, start, len(line), mask)] if mask else []

    def _end(self, line: bytes) -> int:
        """Where the value ends: before the border of its table, if it has one."""
        text = line.rstrip()
        if self._kind == "bars" and line.startswith((b"| ", b"\xe2\x94\x82 ", b"\xe2\x95\x91 ")):
            return max((len(text) - len(bar) for bar in _BORDERS if text.endswith(bar)), default=len(text))
        return len(text)


def _skimmer(kind: Kind, lines: Sequence[tuple[bytes, str | None]]) -> Skimmer | None:
    """Of whole records whose lines begin with these; None where no line announces them."""
    if kind not in _ANNOUNCED:
        return None
    value = rb"(?=[ \r\n])([%s]{0,%d}+)\r?+\n" % (PLAIN.encode(), MOST)
    row = _ANNOUNCED[kind] + rb"\r?+\n" + b"".join(re.escape(prefix) + value for prefix, _ in lines)
    bordered = lines[0][0].startswith(b"| ")
    return Skimmer(row, [mask for _, mask in lines], cell=_in_border if bordered else trimmed)


def _in_border(buffer: bytes, start: int, end: int, name: str) -> Cell:
    """A value without the border of its table."""
    text = buffer[start:end].rstrip()
    return trimmed(buffer, start, start + len(text.removesuffix(b"|")), name)


_ANNOUNCED: Final[dict[Kind, bytes]] = {
    "mysql": rb"\*{10,64}+ [0-9]{1,18}+\. row \*{10,64}+",
    "bars": rb"[-+|]{1,3}+\[ RECORD [0-9]{1,18}+ \][-+|]{0,512}+",
}
_BORDERS: Final = tuple(bar.encode() for bar in "|│║")
_BYTES: Final[dict[Kind, re.Pattern[bytes]]] = {
    "mysql": re.compile(rb":(?= |$)"),
    "bars": re.compile(b"|".join(map(re.escape, _BORDERS))),
    "sqlite": re.compile(rb"=(?= |$)"),
}


def _first(kind: Kind, line: bytes) -> tuple[int, int] | None:
    """The first sign in a line."""
    text = line.decode(errors="surrogateescape")
    match = _SIGN[kind].search(text)
    if match is None:
        return None
    start, end = (len(text[:at].encode(errors="surrogateescape")) for at in match.span())
    return start, end
