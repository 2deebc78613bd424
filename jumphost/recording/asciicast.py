"""asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/), both ways: bytes become lines, lines become bytes.

Every line is ``[seconds since the start, code, text]``. Beside the codes of the specification (``o`` output, ``i``
input, ``m`` marker, ``r`` resize) there are four that players pass over, as it asks them to:

- ``s``  the output that follows is of this stream: "1" stdout (at the start), "2" stderr
- ``b``  the exact bytes, in base64, of the event right before: its text could not hold them (they were not UTF-8)
- ``d``  the decision, as JSON
- ``x``  the exit status (as in asciicast v3)

Without a terminal, output ends its lines with LF alone, which players draw as stairs: LF is written as CR LF there and
the header says ``newline: crlf``. Every LF has its own CR, so taking them away again gives the exact text.
"""

import base64
import codecs
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

STDIN, STDOUT, STDERR = 0, 1, 2
SCHEMA = 1  # of the "jumphost" key in the header; fields are only added

Newline = Literal["crlf", "as-is"]
_LOST = "\ufffd"  # what a decoder puts where bytes were not UTF-8


class Header(Struct, frozen=True, omit_defaults=True):
    """The first line. ``timestamp``: Unix seconds; ``jumphost``: what this recording is about."""

    version: int
    width: int
    height: int
    timestamp: int = 0
    command: str = ""
    title: str = ""
    env: dict[str, str] = {}
    jumphost: dict[str, str | int] = {}

    @property
    def newline(self) -> Newline:
        return "crlf" if self.jumphost.get("newline") == "crlf" else "as-is"


class Event(Struct, frozen=True, array_like=True):
    """One line after the header; ``time`` in seconds since the start."""

    time: float
    code: str
    data: str


class Piece(NamedTuple):
    """Exact bytes of one stream, in the order they came."""

    time: float
    stream: int
    chunk: bytes


def line(value: Header | Event) -> bytes:
    """One line of the file, its end included."""
    return msgspec.json.encode(value) + b"\n"


class _Text:
    """One stream's bytes as text; an unfinished character waits for its rest."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._tail = b""

    def feed(self, chunk: bytes, *, final: bool = False) -> tuple[str, bytes]:
        """The text, and the bytes it stands for."""
        span = self._tail + chunk
        text = self._decoder.decode(chunk, final)
        self._tail = self._decoder.getstate()[0]
        return text, span[: len(span) - len(self._tail)]


class Encoder:
    """Makes the lines of one recording; it holds one unfinished character a stream and nothing else."""

    def __init__(self, newline: Newline) -> None:
        self._newline = newline
        self._stream = STDOUT
        self._texts = {stream: _Text() for stream in (STDIN, STDOUT, STDERR)}

    def output(self, time: float, chunk: bytes, stream: int) -> bytes:
        """Bytes of STDOUT or STDERR; the lines may be none if no character is whole yet."""
        return self._text(time, stream, *self._texts[stream].feed(chunk))

    def input(self, time: float, chunk: bytes) -> bytes:
        """Bytes of the standard input."""
        return self._text(time, STDIN, *self._texts[STDIN].feed(chunk))

    def marker(self, time: float, label: str) -> bytes:
        """A named place in the recording."""
        return line(Event(_round(time), "m", label))

    def resize(self, time: float, columns: int, rows: int) -> bytes:
        """The terminal has another size."""
        return line(Event(_round(time), "r", f"{columns}x{rows}"))

    def decision(self, time: float, document: str) -> bytes:
        """The decision, as JSON text."""
        return line(Event(_round(time), "d", document))

    def exit(self, time: float, status: int) -> bytes:
        """How the command ended."""
        return line(Event(_round(time), "x", str(status)))

    def finish(self, time: float) -> bytes:
        """The characters that stayed unfinished."""
        return b"".join(self._text(time, stream, *text.feed(b"", final=True)) for stream, text in self._texts.items())

    def _text(self, time: float, stream: int, text: str, exact: bytes) -> bytes:
        if not text:
            return b""
        at = _round(time)
        lines = b""
        if stream not in (STDIN, self._stream):
            self._stream = stream
            lines = line(Event(at, "s", str(stream)))
        shown = text.replace("\n", "\r\n") if stream != STDIN and self._newline == "crlf" else text
        lines += line(Event(at, "i" if stream == STDIN else "o", shown))
        if _LOST in text and text.encode() != exact:
            lines += line(Event(at, "b", base64.b64encode(exact).decode("ascii")))
        return lines


def pieces(header: Header, events: Iterable[Event]) -> Iterator[Piece]:
    """The exact bytes of every stream, back from the lines: the inverse of Encoder."""
    stream = STDOUT
    waiting: Piece | None = None
    for event in events:
        if event.code == "b":
            if waiting:
                yield waiting._replace(chunk=base64.b64decode(event.data))
                waiting = None
            continue
        if waiting:
            yield waiting
            waiting = None
        if event.code == "s":
            stream = int(event.data)
        elif event.code == "o":
            text = event.data.replace("\r\n", "\n") if header.newline == "crlf" else event.data
            waiting = Piece(event.time, stream, text.encode())
        elif event.code == "i":
            waiting = Piece(event.time, STDIN, event.data.encode())
    if waiting:
        yield waiting


def _round(time: float) -> float:
    return round(time, 6)
