"""HTML tables and XML of psql, mysql and sqlite3: cells by the header of their column or row, fields by their name."""

import re
from html import unescape
from typing import Final

from jumphost.masking.base import COLUMN, MaskError, Span
from jumphost.masking.columns.base import CAP, Step
from jumphost.masking.columns.names import WHOLE, Names

_LONGEST: Final = 4096  # bytes of one tag
_TAG: Final = re.compile(rb"<(/?)\s*([A-Za-z?!][\w:-]*)([^<>]*)>")
_NAME: Final = re.compile(rb"""\bname\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.I)


class Markup:
    """A :class:`jumphost.masking.columns.base.Reader` of all that is left. MaskError for a cell under no header."""

    __slots__ = ("_cells", "_header", "_mask", "_names", "_open", "_row")

    def __init__(self, names: Names) -> None:
        self._names = names
        self._header: list[str | None] = []
        self._row: list[str | None] = []  # of the header cells in this row
        self._cells = 0
        self._open = b""  # the tag whose text is next: th, td, field
        self._mask: str | None = None

    def read(self, buffer: bytes, at: int, *, final: bool) -> Step:
        """See :class:`jumphost.masking.columns.base.Reader`."""
        spans: list[Span] = []
        while at < len(buffer):
            if buffer[at : at + 1] != b"<":
                end = buffer.find(b"<", at)
                whole = end >= 0 or final
                end = end if end >= 0 else len(buffer)
                if self._open and not self._mask:
                    if end - at > CAP:
                        self._mask = WHOLE
                    elif not whole:
                        break
                    elif self._open != b"th":
                        self._mask = self._names.within(unescape(buffer[at:end].decode(errors="replace")).encode())
                if self._open == b"th":
                    if self._mask:
                        raise MaskError("a header is too long")
                    self._row[-1] = self._names.of(unescape(buffer[at:end].decode(errors="replace")).encode())
                elif self._mask:
                    spans.append(Span(at, end, self._mask, COLUMN))
                at = end
                continue
            match = _TAG.match(buffer, at)
            if match is None:
                if final or len(buffer) - at > _LONGEST or buffer.find(b">", at) >= 0:
                    raise MaskError("this is not markup")
                break
            self._tag(match[2].lower(), match[3], closes=bool(match[1]))
            at = match.end()
        return Step(at, spans)

    def _tag(self, tag: bytes, attributes: bytes, *, closes: bool) -> None:
        if tag == b"tr":
            if self._row and not self._cells:
                self._header = self._row
            self._row, self._cells, self._open, self._mask = [], 0, b"", None
        elif tag == b"table":
            self._header, self._row, self._cells, self._open, self._mask = [], [], 0, b"", None
        elif tag in {b"th", b"td", b"field"}:
            self._open, self._mask = (b"", None) if closes else (tag, self._masked(tag, attributes))

    def _masked(self, tag: bytes, attributes: bytes) -> str | None:
        if tag == b"th":
            self._row.append(None)
            return None
        if tag == b"field":
            name = _NAME.search(attributes)
            if name is None:
                raise MaskError("a field has no name")
            return self._names.of(unescape((name[1] or name[2] or b"").decode(errors="replace")).encode())
        if b"colspan" in attributes.lower():  # psql says there which record it is
            return None
        self._cells += 1
        if self._row:
            return self._row[-1]
        if self._cells > len(self._header):
            raise MaskError("a cell stands under no header")
        return self._header[self._cells - 1]
