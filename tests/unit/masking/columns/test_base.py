"""Lines as rows come, and the one that is too long."""

from jumphost.masking.base import COLUMN, Span
from jumphost.masking.columns.base import CAP, Cell, Lines, Step, trimmed
from jumphost.masking.columns.names import WHOLE


class Upper:
    """Masks lines in capitals; ends at an empty one."""

    def row(self, line: bytes) -> list[Cell] | None:
        if not line:
            return None
        return [Cell(0, len(line), "column:x")] if line.isupper() else [Cell(0, 0, "column:x")]

    def skim(self, buffer: bytes, at: int, spans: list[Span]) -> int:
        """Passes over lines of dots."""
        while buffer.startswith(b"...\n", at):
            at += 4
        return at


def read(text: bytes, *, final: bool = False) -> Step:
    return Lines(Upper()).read(text, 0, final=final)


def test_whole_lines() -> None:
    assert read(b"a\nBC\r\nD") == Step(6, [Span(2, 4, "column:x", COLUMN)])
    assert read(b"D", final=True) == Step(1, [Span(0, 1, "column:x", COLUMN)])
    assert read(b"", final=True) == Step(0, [])
    assert read(b"...\nBC\n...\n...\n") == Step(15, [Span(4, 6, "column:x", COLUMN)])


def test_the_end() -> None:
    assert read(b"a\n\nB\n") == Step(2, [], done=True)


def test_a_long_line() -> None:
    long = b"x" * (CAP + 1)
    mask = [Span(0, CAP + 1, WHOLE, COLUMN)]
    assert read(long) == Step(CAP + 1, mask, rest=True)
    assert read(long, final=True) == Step(CAP + 1, mask)
    assert read(long + b"\na\n") == Step(CAP + 4, mask)
    assert read(long[1:]) == Step(0, [])


def test_trimmed() -> None:
    assert trimmed(b"| a b  |", 1, 7, "n") == Cell(2, 5, "n")
    assert trimmed(b"|   |", 1, 4, "n") == Cell(4, 4, "n")
