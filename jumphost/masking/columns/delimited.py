"""Rows with a delimiter: psql unaligned, mysql batch, sqlite list, COPY with a header, and CSV.

Without quotes a cell may hold the delimiter or a line break: a row that has not as many cells as the header is masked
whole. Cells of one row that hold both may make lines that look like rows, and no reader can tell; COPY and mysql
without --raw escape them, and CSV quotes them.
"""

import re
from collections.abc import Sequence
from typing import Final

from jumphost.masking.base import COLUMN, MaskError, Span
from jumphost.masking.columns.base import CAP, Cell, Lines, Reader, Step, trimmed
from jumphost.masking.columns.cells import masked
from jumphost.masking.columns.names import WHOLE, Names
from jumphost.masking.columns.skim import MOST, Skimmer

_WITH_QUOTES: Final = (b",", b";")

_NAME: Final = re.compile(rb"[A-Za-z_?@][\w .?@()*$/#:-]{0,127}")
_DRESSED: Final = rb"[ ]*\"?" + _NAME.pattern + rb"\"?"
_HEADER: Final = re.compile(_DRESSED + rb"(?:([\t|,;])" + _DRESSED + rb"(?:\1" + _DRESSED + rb")*)?")
_CERTAIN: Final = re.compile(rb"(?:\w+_)?(?:id|uuid|at|name)|(?:count|sum|min|max|avg)(?:\(.*\))?|\?column\?", re.I)
_FOOTER: Final = re.compile(rb"\(([0-9]+) rows?\)")


def header(line: bytes, names: Names) -> tuple[bytes, list[bytes]] | None:
    """The delimiter and the names of a line that is a header; None where it may as well be data.

    All of it are names, and one of them is masked; or no two are the same and one is such as no data is: id, count.
    """
    match = _HEADER.fullmatch(line)
    if match is None:
        return None
    delimiter = match[1] or b""
    fields = [field.strip().strip(b'"') for field in (line.split(delimiter) if delimiter else [line])]
    certain = len({*fields}) == len(fields) and any(map(_CERTAIN.fullmatch, fields))
    return (delimiter, fields) if certain or any(map(names.tells, fields)) else None


def reader(delimiter: bytes, fields: Sequence[bytes], names: Names) -> Reader:
    """The reader of the rows under a header."""
    if delimiter in _WITH_QUOTES:
        return Quoted(delimiter, fields, names)
    return Lines(Plain(delimiter, fields, names))


def _may_be_header(buffer: bytes, at: int, end: int) -> bool:
    """Whether all cells of a row may be names; ``end`` is after its line break."""
    end -= 1 + (buffer[end - 2 : end - 1] == b"\r")
    return _HEADER.fullmatch(buffer, at, end) is not None


def _unquoted(buffer: bytes, start: int, end: int, name: str) -> Cell:
    """A cell of CSV without its quotes; the white space around it is of the value."""
    quoted = buffer[start : start + 1] == b'"'
    return Cell(start + quoted, end - quoted, name)


def may_be_record(fields: Sequence[bytes], names: Names) -> bool:
    """Whether a header may as well be a masked column and its value: psql expanded and unaligned at once."""
    return len(fields) == 2 and names.of(fields[0]) is not None and not _CERTAIN.fullmatch(fields[1])


class Plain:
    """A :class:`jumphost.masking.columns.base.Rows` without quotes."""

    __slots__ = ("_columns", "_delimiter", "_names", "_seen", "_skimmer")

    def __init__(self, delimiter: bytes, fields: Sequence[bytes], names: Names) -> None:
        self._delimiter, self._names = delimiter, names
        self._columns = [names.of(field) for field in fields]
        self._seen = -may_be_record(fields, names)  # then the header is read as a row
        self._skimmer = self._skimming()

    def row(self, line: bytes) -> list[Cell] | None:
        """See :class:`jumphost.masking.columns.base.Rows`."""
        footer = _FOOTER.fullmatch(line)
        if footer and int(footer[1]) == self._seen:
            return None
        if not self._delimiter and len((header(line, self._names) or (b"", [b""]))[1]) > 1:
            return None
        self._seen += 1
        fields = line.split(self._delimiter) if self._delimiter else [line]
        if len(fields) != len(self._columns):
            return self._other(line)
        columns, names, at = self._columns, self._names.keyed(line), 0
        cells: list[Cell] = []
        if header(line, self._names):  # of another table, as it seems
            self._columns = [mask or self._names.of(field) for mask, field in zip(columns, fields, strict=True)]
            self._skimmer = self._skimming()
        first = self._names.of(fields[0]) if len(fields) == 2 else None  # a record, a line for each of its columns
        for number, (field, column) in enumerate(zip(fields, columns, strict=True)):
            mask = column or (first if number else None)
            cells += masked(line, at, at + len(field), mask, names)
            at += len(field) + len(self._delimiter)
        return cells

    def skim(self, buffer: bytes, at: int, spans: list[Span]) -> int:
        """See :class:`jumphost.masking.columns.base.Rows`."""
        if self._skimmer:
            at, count = self._skimmer.read(buffer, at, spans)
            self._seen += count
        return at

    def _skimming(self) -> Skimmer | None:
        """Of rows without quotes, so without JSON; not of two columns, which may be a record's."""
        if len(self._columns) < 3:
            return None
        other = re.escape(self._delimiter)
        cell = rb"([^\"'\r\n%s]{0,%d}+)" % (other, MOST)
        return Skimmer(other.join([cell] * len(self._columns)) + rb"\r?+\n", self._columns, unusual=_may_be_header)

    def _other(self, line: bytes) -> list[Cell] | None:
        """A row with a line break or a delimiter in it; or the header of another table."""
        if header(line, self._names):
            return None
        if not any(self._columns) and not self._names.within(line):
            return []
        return [trimmed(line, 0, len(line), WHOLE)]


class Quoted:
    """A :class:`jumphost.masking.columns.base.Reader` of CSV (RFC 4180): a quoted field may hold anything."""

    __slots__ = ("_columns", "_delimiter", "_field", "_names", "_quotes", "_seen", "_skimmer")

    def __init__(self, delimiter: bytes, fields: Sequence[bytes], names: Names) -> None:
        self._names, self._delimiter = names, delimiter
        self._columns = [names.of(field) for field in fields]
        self._skimmer = self._skimming()
        self._seen = self._quotes = 0  # bytes of the record that is held, up to a line break, and quotes in them
        other = re.escape(delimiter)
        self._field = re.compile(
            rb'(?:"([^"]*+(?:""[^"]*+)*)"|([^"\r\n%s][^\r\n%s]*+)?)(%s|\r?\n|\Z)' % (other, other, other)
        )

    def read(self, buffer: bytes, at: int, *, final: bool) -> Step:
        """See :class:`jumphost.masking.columns.base.Reader`."""
        spans: list[Span] = []
        while at < len(buffer):
            if not self._seen and (at := self._skimmer.read(buffer, at, spans)[0]) == len(buffer):
                break
            end = self._record(buffer, at, final=final)
            if (len(buffer) if end < 0 else end) - at > CAP:
                raise MaskError(f"a record of CSV is longer than {CAP} bytes")
            if end < 0:
                break
            fields = self._fields(buffer[at:end])
            if self._another(buffer[at:end], fields):
                return Step(at, spans, done=True)
            spans += [
                Span(at + cell.start, at + cell.end, cell.name, COLUMN) for cell in self._cells(buffer[at:end], fields)
            ]
            at = end
        return Step(at, spans)

    def _skimming(self) -> Skimmer:
        """Of records in one line, with no quotes but those around a field."""
        other = re.escape(self._delimiter)
        cell = rb"(\"[^\"'\r\n]{0,%d}+\"|[^\"'\r\n%s]{0,%d}+)" % (MOST, other, MOST)
        row = other.join([cell] * len(self._columns)) + rb"\r?+\n"
        return Skimmer(row, self._columns, unusual=_may_be_header, cell=_unquoted)

    def _record(self, buffer: bytes, at: int, *, final: bool) -> int:
        """Where the record ends, after its line break; -1 if its end is not there."""
        end, quotes = at + self._seen, self._quotes
        self._seen = self._quotes = 0
        while (found := buffer.find(b"\n", end)) >= 0:
            quotes += buffer.count(b'"', end, found)
            end = found + 1
            if quotes % 2 == 0:
                return end
        if final:
            return len(buffer)
        self._seen, self._quotes = end - at, quotes
        return -1

    def _fields(self, record: bytes) -> list[tuple[int, int]]:
        """Where the fields stand, without their quotes; empty where it is not CSV."""
        found, at = [], 0
        while True:
            match = self._field.match(record, at)
            if match is None:
                return []
            group = 1 if match[1] is not None else 2
            found.append(match.span(group) if match[group] is not None else (at, at))
            at = match.end()
            if at == len(record) and (not match[3] or match[3].endswith(b"\n")):
                return found
            if match[3].endswith(b"\n"):
                return []

    def _another(self, record: bytes, fields: Sequence[tuple[int, int]]) -> bool:
        """Whether it is the header of another table, which may follow right after the last row of this."""
        return len(fields) != len(self._columns) and header(record.rstrip(b"\r\n"), self._names) is not None

    def _cells(self, record: bytes, fields: Sequence[tuple[int, int]]) -> list[Cell]:
        if len(fields) != len(self._columns):
            return [cell] if any(self._columns) and (cell := trimmed(record, 0, len(record), WHOLE)).end else []
        columns, names, texts = self._columns, self._names.keyed(record), [record[start:end] for start, end in fields]
        if header(record.rstrip(b"\r\n"), self._names):  # of another table, as it seems
            self._columns = [mask or self._names.of(text) for mask, text in zip(columns, texts, strict=True)]
            self._skimmer = self._skimming()
        return [
            Cell(start, end, mask)
            for (start, end), text, column in zip(fields, texts, columns, strict=True)
            if start < end and (mask := column or (names and names.within(text)))
        ]
