"""Parts terminal control sequences from the text around them, so that a value is found across colours and moves.

ECMA-48 control sequences, character set and two-byte escapes, and operating system commands (titles, links). What is
not one of them, whole and of a plausible length, is text.
"""

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

LONGEST: Final = 256  # bytes of a sequence that is waited for

_COMMAND: Final = rb"\][^\x00-\x1f\x7f]{0,%d}+" % (LONGEST - 4)
_SEQUENCE: Final = re.compile(
    rb"\x1b(?:\[[0-?]{0,48}+[ -/]{0,4}+[@-~]|[ -/]{1,2}+[0-~]|" + _COMMAND + rb"(?:\x07|\x1b\\)|[0-Z\\^-~])"
)
_UNFINISHED: Final = re.compile(rb"\x1b(?:\[[0-?]{0,48}+[ -/]{0,4}+|[ -/]{1,2}+|" + _COMMAND + rb"\x1b?+)?\Z")
_PAYLOAD: Final = re.compile(rb"\x1b\]([^\x07\x1b]*+)")


class Piece(NamedTuple):
    """Text, then the control sequence after it ("" at the end of what has come)."""

    text: bytes
    sequence: bytes


class Splitter:
    """Splits one stream; an incomplete sequence at the end is held, :data:`LONGEST` bytes at most."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes, *, final: bool = False) -> Iterator[Piece]:
        """The pieces of what was held and ``data``."""
        if b"\x1b" not in data and not self.held:
            yield Piece(data, b"")
            return
        data, self.held = self.held + data, b""
        text = 0
        for match in _SEQUENCE.finditer(data):
            yield Piece(data[text : match.start()], match[0])
            text = match.end()
        if not final:
            self.held = _unfinished(data, max(text, len(data) - LONGEST + 1))
        yield Piece(data[text : len(data) - len(self.held)], b"")


def _unfinished(data: bytes, at: int) -> bytes:
    """The sequence that begins at ``at`` or after it and is not at its end."""
    while (at := data.find(b"\x1b", at)) >= 0:
        if _UNFINISHED.match(data, at):
            return data[at:]
        at += 1
    return b""


def payload(sequence: bytes) -> tuple[int, int]:
    """Where the text of an operating system command stands in its sequence; an empty range in any other."""
    match = _PAYLOAD.match(sequence) if sequence.startswith(b"\x1b]") else None
    return match.span(1) if match else (0, 0)


class Weaver:
    """Keeps the control sequences of text that is held, by their place in the stream's text, and puts them back."""

    __slots__ = ("_held", "_lengths", "waiting")

    def __init__(self) -> None:
        self._held: deque[tuple[int, bytes]] = deque()
        self._lengths = [(-1, 0)]  # place, bytes of all sequences up to there
        self.waiting = 0  # bytes held

    def add(self, place: int, sequence: bytes, length: int) -> None:
        """A sequence that stands before the byte at ``place``; it was ``length`` bytes when it came."""
        self._held.append((place, sequence))
        self._lengths.append((place, self._lengths[-1][1] + length))
        self.waiting += len(sequence)

    def weave(self, text: bytes, place: int) -> bytes:
        """Text that stands at ``place``, with the sequences in it and right after it."""
        parts, at, end = [], place, place + len(text)
        while self._held and self._held[0][0] <= end:
            before, sequence = self._pop()
            parts += [text[at - place : before - place], sequence]
            at = max(at, before)
        parts.append(text[at - place :])
        return b"".join(parts)

    def skip(self, end: int) -> bytes:
        """The sequences before ``end``, where the text they stood in is replaced."""
        parts = []
        while self._held and self._held[0][0] < end:
            parts.append(self._pop()[1])
        return b"".join(parts)

    def before(self, place: int) -> int:
        """Bytes of all sequences that came before ``place``."""
        at = bisect_left(self._lengths, (place,)) if len(self._lengths) > 1 else 0
        return self._lengths[max(0, at - 1)][1]

    def forget(self, place: int) -> None:
        """Nothing before ``place`` is asked for any more."""
        del self._lengths[: max(0, bisect_left(self._lengths, (place,)) - 1)]

    def _pop(self) -> tuple[int, bytes]:
        place, sequence = self._held.popleft()
        self.waiting -= len(sequence)
        return place, sequence
