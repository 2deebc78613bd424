"""Finds the secrets of the session themselves, in every encoding, across line breaks; a policy cannot switch it off.

The breaks are taken out of the text before it is searched, so base64 in lines of 76 is found as base64 in one is; more
than three bytes of breaks in a row part a text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, Self

from jumphost.masking.base import EXACT, EXACT_NAME, MaskError, Scan, Span
from jumphost.masking.encodings import encodings
from jumphost.masking.literals import HEAD, Literals

LEAST: Final = HEAD  # bytes of a secret without its line breaks: a shorter one would be found all over the output
MOST: Final = 8192  # bytes: the longest encoding of it, in a line for each byte, is less than a stream may hold

_BREAK: Final = 3  # bytes of one line break at most: CR CR LF, from a terminal that makes CR LF of every LF
_STRONG: Final = 4  # bytes of a beginning from which on it is held however long nothing follows
_BREAKS: Final = b"\r\n"
_ANY_BREAK: Final = re.compile(rb"[\r\n]+")
_LONG_BREAK: Final = re.compile(rb"[\r\n]{%d,}" % (_BREAK + 1))
_IN_LONG_BREAKS: Final = (b"\n\n", b"\r\r", b"\n\r")  # every one of four bytes holds one of these
_ARMOUR: Final = re.compile(rb"-----(?:BEGIN|END) [A-Z0-9 ]+-----\Z")  # RFC 7468: the same in every key


class ExactScanner:
    """A :class:`jumphost.masking.base.Scanner` of secrets; spans are named by the secret's number and the encoding.

    MaskError if one is shorter than :data:`LEAST` or longer than :data:`MOST`.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._literals = Literals(_named(secrets))
        self.keep: int = self._literals.longest * (1 + _BREAK)
        self._done = 0  # before it nothing begins that is not judged
        self._ends: set[int] = set()  # of the secrets that were found

    def another(self) -> Self:
        """One for another stream of the same thread, which shares what was compiled."""
        one = object.__new__(type(self))
        one._literals, one.keep = self._literals, self.keep
        one._done, one._ends = 0, set()
        return one

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        """See :class:`jumphost.masking.base.Scanner`."""
        begin = self._done
        view = _View(buffer[begin:])
        found, unfinished = self._literals.find(view.text)
        spans = tuple(
            Span(begin + view.place(start), begin + view.place(end - 1) + 1, name, EXACT)
            for start, end, name in _joined(found)
        )
        left = 0 if final else len(view.text) - unfinished
        self._done = begin + view.place(unfinished) if left else len(buffer)
        self._ends = {end for end in self._ends.union(span.end for span in spans) if end >= self._done}
        if final:
            return Scan(spans, len(buffer), len(buffer))
        safe = max(sent, self._done - (self._done in self._ends))  # another right after it would be one with it
        return Scan(spans, safe, safe if left >= _STRONG else len(buffer))

    def forget(self, count: int) -> None:
        """See :class:`jumphost.masking.base.Scanner`."""
        self._done, self._ends = max(0, self._done - count), {end - count for end in self._ends}


class _View:
    """Text without its line breaks, and where each byte of it stood."""

    __slots__ = ("_buffer", "_places", "text")

    def __init__(self, buffer: bytes) -> None:
        self._buffer = buffer
        self._places: tuple[list[int], list[int]] | None = None
        parts = _LONG_BREAK.split(buffer) if any(pair in buffer for pair in _IN_LONG_BREAKS) else [buffer]
        self.text = b"\n".join(part.translate(None, _BREAKS) for part in parts)  # no literal has that byte

    def place(self, index: int) -> int:
        """Where the byte ``index`` of the text stands in the buffer."""
        starts, removed = self._places = self._places or _breaks(self._buffer)
        return index + removed[bisect_right(starts, index)]


def _breaks(buffer: bytes) -> tuple[list[int], list[int]]:
    """Where in the text bytes were taken out, and how many up to before each of these places and after the last."""
    starts: list[int] = []
    removed = [0]
    for match in _ANY_BREAK.finditer(buffer):
        size = match.end() - match.start()
        starts.append(match.start() - removed[-1])
        removed.append(removed[-1] + size - (size > _BREAK))
    return starts, removed


def _named(secrets: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    for number, secret in enumerate(secrets):
        size = len(secret.translate(None, _BREAKS))
        if not LEAST <= size <= MOST:
            raise MaskError(f"secret {number}: got {size} bytes without line breaks, expected {LEAST} to {MOST}")
        for text in (secret.strip(_BREAKS), *_lines(secret)):
            for name, encoded in encodings(text):
                literal = encoded.translate(None, _BREAKS)
                if len(literal) >= LEAST:
                    yield f"{EXACT_NAME}{number}/{name}", literal


def _lines(secret: bytes) -> list[bytes]:
    """The lines of a secret of several, but for those that say only what it is."""
    lines = [line.strip() for line in _ANY_BREAK.split(secret.strip(_BREAKS))]
    if len(lines) == 1:
        return []
    return [line for line in lines if len(line) >= LEAST and not _ARMOUR.match(line)]


def _joined(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Those that overlap and have the same name as one."""
    joined: dict[str, list[tuple[int, int, str]]] = {}
    for start, end, name in found:
        same = joined.setdefault(name, [])
        if same and start < same[-1][1]:
            same[-1] = same[-1][0], max(end, same[-1][1]), name
        else:
            same.append((start, end, name))
    return sorted(one for same in joined.values() for one in same)
