"""What a scanner is to the stream: it looks at a buffer and says what to mask and how much may go."""

from typing import Final, NamedTuple, Protocol

EXACT: Final = 0  # ranks, strongest first: of spans that overlap the strongest names the bytes
EXACT_NAME: Final = "exact:"  # begins the names of spans of that rank
COLUMN: Final = 1
VALIDATED: Final = 2
HEURISTIC: Final = 3


class Span(NamedTuple):
    """Bytes ``start`` to ``end`` of the buffer are to be masked.

    ``name`` is the detector, ``column:GLOB`` or ``exact:ID/ENCODING``; ``rank`` is 0 for an exact value, 1 for a
    column, 2 for what a checksum or a vendor's prefix proves, 3 for what only looks like it.
    """

    start: int
    end: int
    name: str
    rank: int


class Scan(NamedTuple):
    """What was found: ``safe <= weak <= len(buffer)``.

    Before ``safe`` all is judged and may go, spans masked; before ``weak`` it may go once the stream is idle.
    """

    spans: tuple[Span, ...]
    safe: int
    weak: int


class Scanner(Protocol):
    """Judges one stream piece by piece; however it is cut, the spans of the whole are the same.

    A value that is certain before its end is there gets a span up to the end of the buffer, and the scanner latches:
    its next scan goes on at the first new byte.
    """

    keep: int
    """Bytes before the first unsent one that it wants to see again."""

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        """Judges ``buffer``: ``buffer[:sent]`` has gone out, the rest is new or was held; no more comes if final."""
        ...

    def forget(self, count: int) -> None:
        """The first ``count`` bytes of the buffer are dropped: offsets kept inside move; one may fall below zero."""
        ...


class MaskError(Exception):
    """Something is wrong inside the masking: the session ends and nothing more goes out. Holds no data."""
