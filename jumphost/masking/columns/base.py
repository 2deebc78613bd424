"""What a reader of one format is to the scanner."""

from typing import Final, NamedTuple, Protocol

from jumphost.masking.base import COLUMN, Span
from jumphost.masking.columns.names import WHOLE

CAP: Final = 64 * 1024  # bytes of one row, or of what comes before a header


class Step(NamedTuple):
    """``buffer[:at]`` is judged; ``done``: another table follows; ``rest``: what follows in the line is masked."""

    at: int
    spans: list[Span]
    done: bool = False
    rest: bool = False


class Cell(NamedTuple):
    """Bytes of a row to be masked, and the name of the span."""

    start: int
    end: int
    name: str


class Reader(Protocol):
    """Reads one table, from after its header."""

    def read(self, buffer: bytes, at: int, *, final: bool) -> Step:
        """Judges ``buffer[at:]`` as far as it can."""
        ...


class Rows(Protocol):
    """Reads lines one by one."""

    def row(self, line: bytes) -> list[Cell] | None:
        """The cells to mask in a line without its end; None if it is not of this table."""
        ...

    def skim(self, buffer: bytes, at: int, spans: list[Span]) -> int:
        """Passes over rows that begin at ``at`` and hold nothing unusual: where the first begins that may."""
        ...


class Lines:
    """A :class:`Reader` of whole lines; one longer than :data:`CAP` is masked to its end."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def read(self, buffer: bytes, at: int, *, final: bool) -> Step:
        """See :class:`Reader`."""
        spans: list[Span] = []
        while at < len(buffer):
            if (at := self._rows.skim(buffer, at, spans)) == len(buffer):
                break
            end = buffer.find(b"\n", at)
            there = end >= 0 or final
            end = end if end >= 0 else len(buffer)
            if end - at > CAP:
                spans.append(Span(at, end, WHOLE, COLUMN))
                if not there:
                    return Step(end, spans, rest=True)
            elif there:
                cells = self._rows.row(buffer[at:end].removesuffix(b"\r"))
                if cells is None:
                    return Step(at, spans, done=True)
                spans += [Span(at + one.start, at + one.end, one.name, COLUMN) for one in cells if one.start < one.end]
            else:
                break
            at = min(end + 1, len(buffer))
        return Step(at, spans)


def trimmed(line: bytes, start: int, end: int, name: str) -> Cell:
    """A cell without the white space around it."""
    text = line[start:end]
    start += len(text) - len(text.lstrip())
    return Cell(start, max(start, start + len(text.strip())), name)
