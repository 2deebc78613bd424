"""What a detector is: triggers say where a value may begin, one confirm says what is there, in linear time."""

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final, NamedTuple

from jumphost.masking.base import HEURISTIC, VALIDATED
from jumphost.masking.trigger import Trigger

WORD: Final = "0-9A-Za-z_"
ALNUM: Final = "0-9A-Za-z"
CONTEXT: Final = 448  # bytes before a value that a confirm may look at, and after a trigger before the value begins


class Hold(NamedTuple):
    """Not known yet: from ``start`` on nothing goes; a weak hold lets go once the stream is idle."""

    start: int
    strong: bool = True


class Match(NamedTuple):
    """All of the value is here."""

    start: int
    end: int


class Latch(NamedTuple):
    """The value is certain up to ``end`` and may go on: ``more`` says where it ends."""

    start: int
    end: int
    more: "More"


Answer = Hold | Match | Latch | None
Confirm = Callable[[bytes, int, bool], Answer]
"""Of the buffer, where the trigger stands and whether the buffer's end is the end of all: what is there."""
More = Callable[[bytes, int], tuple[int, "More | None"]]
"""Of the buffer and an offset: up to where the value goes on, and what to ask there; None: it ends there."""


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of value. ``limit`` is how many bytes it may hold back before it knows; ``separators`` stay readable.

    ``pending`` says of the buffer's end what a value may begin with before its trigger is there.
    """

    name: str
    rank: int
    triggers: tuple[Trigger, ...]
    confirm: Confirm
    examples: tuple[bytes, ...]
    near_misses: tuple[bytes, ...]
    limit: int
    separators: bytes = b""
    pending: Callable[[bytes], Hold] | None = None


def run(charset: str) -> re.Pattern[bytes]:
    """Matches as many bytes of a class as there are, none included; without giving any back."""
    return re.compile(rf"[{charset}]*+".encode("ascii"))


def end_of(pattern: re.Pattern[bytes], buffer: bytes, at: int, most: int = sys.maxsize) -> int:
    """Where a run that begins at ``at`` ends, after ``most`` bytes at the latest."""
    match = pattern.match(buffer, at, min(len(buffer), at + most))
    return match.end() if match else at


def latch(pattern: re.Pattern[bytes]) -> More:
    """Goes on while bytes are of the run."""

    def more(buffer: bytes, at: int) -> tuple[int, More | None]:
        end = end_of(pattern, buffer, at)
        return end, (more if end == len(buffer) else None)

    return more


def token(
    name: str,
    prefixes: Sequence[str],
    charset: str,
    least: int,
    *,
    examples: Sequence[bytes],
    near_misses: Sequence[bytes],
    most: int = 0,
    strong: int = 4,
    distinct: int = 5,
) -> Detector:
    """A vendor's token: a prefix of its own, then ``least`` bytes or more of a class.

    With ``most`` a longer run is something else. A run with fewer than ``distinct`` different bytes in its first
    ``least`` is a placeholder.
    """
    triggers = tuple(Trigger(prefix, before=WORD, strong=strong) for prefix in prefixes)
    starts = re.compile(b"|".join(trigger.text_pattern for trigger in triggers))
    body = run(charset)

    def confirm(buffer: bytes, at: int, final: bool) -> Answer:
        match = starts.match(buffer, at)
        if match is None:
            return None
        begin, length = match.end(), len(buffer)
        end = end_of(body, buffer, begin, max(least, most) + 1)
        whole = end - begin
        if end == length and not final and (whole < least or most):
            return None if most and whole > most else Hold(at)
        if whole < least or (most and whole > most) or len(set(buffer[begin : begin + least])) < distinct:
            return None
        end = end_of(body, buffer, end)
        return Match(at, end) if end < length or final else Latch(at, end, latch(body))

    return Detector(
        name=name,
        rank=VALIDATED,
        triggers=triggers,
        confirm=confirm,
        examples=tuple(examples),
        near_misses=tuple(near_misses),
        limit=max(len(trigger.elements) for trigger in triggers) + max(least, most) + 1,
    )


def fill(count: int, alphabet: str = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU0vWxYz1") -> bytes:
    """So many bytes that look random, for examples: no text of a token stands in the sources."""
    return "".join(islice(cycle(alphabet), count)).encode("ascii")


__all__ = [
    "ALNUM", "CONTEXT", "HEURISTIC", "VALIDATED", "WORD", "Answer", "Confirm", "Detector", "Hold", "Latch", "Match",
    "More", "Trigger", "end_of", "fill", "latch", "run", "token",
]  # fmt: skip
