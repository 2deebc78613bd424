"""Reads one stream table by table; ends the session where it cannot tell which column a value is of."""

from collections.abc import Iterable

from jumphost.masking.base import COLUMN, MaskError, Scan, Span
from jumphost.masking.columns.base import CAP, Lines, Reader
from jumphost.masking.columns.names import WHOLE, Names
from jumphost.masking.columns.sniff import sniff


class ColumnScanner:
    """A :class:`jumphost.masking.base.Scanner` of columns by globs, any case.

    It holds one row, or what comes before a header, at most; a longer row is masked to the end of its line. MaskError
    if no header is found in so much, or none at the end: what has no header cannot be masked.
    """

    keep: int = 0

    def __init__(self, columns: Iterable[str]) -> None:
        self._names = Names(columns)
        self._reader: Reader | None = None
        self._at = 0  # before it all is judged
        self._rest = False  # the rest of the line is masked

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        """See :class:`jumphost.masking.base.Scanner`."""
        spans: list[Span] = []
        if sent > self._at:
            self._cut(sent)
        while not self._rest or self._mask_rest(buffer, spans):
            if not self._reader and not self._begin(buffer, final=final):
                break
            if not self._read(buffer, spans, final=final):
                break
        return Scan(tuple(spans), self._at, self._at)

    def forget(self, count: int) -> None:
        """See :class:`jumphost.masking.base.Scanner`."""
        self._at -= count

    def _begin(self, buffer: bytes, *, final: bool) -> bool:
        """Whether a table begins; if not there is no more to be judged."""
        self._at, self._reader = sniff(buffer, self._at, self._names, final=final)
        left = len(buffer) - self._at
        if not self._reader and (left > CAP or (final and left)):
            raise MaskError("columns are to be masked and no header was found")
        return self._reader is not None

    def _read(self, buffer: bytes, spans: list[Span], *, final: bool) -> bool:
        """Whether there may be more to be judged."""
        if self._reader:
            step = self._reader.read(buffer, self._at, final=final)
            spans += step.spans
            self._at, self._rest = step.at, step.rest
            if step.done:
                self._reader = None
                return True
        return False

    def _mask_rest(self, buffer: bytes, spans: list[Span]) -> bool:
        """Whether the end of the line is there."""
        end = buffer.find(b"\n", self._at)
        self._rest = end < 0
        stop = len(buffer) if end < 0 else end
        if stop > self._at:
            spans.append(Span(self._at, stop, WHOLE, COLUMN))
        self._at = stop + (end >= 0)
        return end >= 0

    def _cut(self, sent: int) -> None:
        """What was held has gone starred in a pause: the rest of its line is masked as well."""
        if not isinstance(self._reader, Lines):
            raise MaskError("columns are to be masked and what tells them did not come")
        self._at, self._rest = sent, True
