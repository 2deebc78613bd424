"""Where a value may begin: a pattern of fixed length, and of what stands before it.

A trigger is ASCII text of literal bytes, ``[classes]`` and ``{n}`` after either; a backslash takes the next byte as it
is. Every byte of it is one element, so its start is its end less its length, in any engine.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

LONGEST: Final = 40  # bytes of one trigger: longer ones make the engines' automata large
ESCAPES: Final = (r"\\[nrt]", "%[0-9A-Fa-f]{2}")  # end in what may be a letter or a digit, and are a byte of their own
LONGEST_BEFORE: Final = 3  # bytes of one of them

_ELEMENT = re.compile(r"(\[[^\]]+\]|\\.|[^\[\\{])(?:\{([0-9]{1,2})\})?")


@dataclass(frozen=True, slots=True)
class Trigger:
    """``text`` where no byte of the class ``before`` precedes it ("": anything may), but that of an escape.

    ``strong`` is how many of its bytes at the end of what has come are held however long nothing follows; fewer are let
    go once the stream is idle. ``held`` false: it is context and never part of the value, so it is not held at all.
    """

    text: str
    before: str = ""
    strong: int = 4
    nocase: bool = False
    held: bool = True
    elements: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "elements", _elements(self.text, nocase=self.nocase))

    @property
    def pattern(self) -> bytes:
        """For Hyperscan and RE2, which read it alike; with ``before`` it takes up to three bytes more."""
        before = f"(?:{'|'.join([f'[^{self.before}]', *ESCAPES])})" if self.before else ""
        return before.encode() + self.text_pattern

    @property
    def look_behind(self) -> str:
        """What :mod:`re` asks of the bytes before it, at least one; "" if anything may stand there."""
        return f"(?:{'|'.join(f'(?<={one})' for one in [f'[^{self.before}]', *ESCAPES])})" if self.before else ""

    @property
    def text_pattern(self) -> bytes:
        """The text alone as a regular expression."""
        return "".join(self.elements).encode()


def _elements(text: str, *, nocase: bool) -> tuple[str, ...]:
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _ELEMENT.match(text, at)
        if match is None or not text.isascii():
            raise ValueError(f"trigger {text!r}: got {text[at:]!r}, expected a byte, a [class] or \\ and a byte")
        element, times = match[1], int(match[2] or 1)
        if element[0] != "[":
            byte = element[-1]
            element = f"[{byte.lower()}{byte.upper()}]" if nocase and byte.isalpha() else re.escape(byte)
        found += [element] * times
        at = match.end()
    if not 0 < len(found) <= LONGEST:
        raise ValueError(f"trigger {text!r}: got {len(found)} bytes, expected 1 to {LONGEST}")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Tail:
    """Finds where a trigger that is not complete yet may begin, in the last bytes of what has come."""

    any: re.Pattern[bytes] | None
    strong: re.Pattern[bytes] | None
    reach: int

    def find(self, buffer: bytes) -> tuple[int, int]:
        """The first such place, and the first that is held strongly; ``len(buffer)`` where there is none."""
        first = strong = len(buffer)
        if self.any and (match := self.any.search(buffer, max(0, first - self.reach))):
            first = match.start()
        if self.strong and (match := self.strong.search(buffer, first)):
            strong = match.start()
        return first, strong


@lru_cache(maxsize=64)
def tail(triggers: tuple[Trigger, ...]) -> Tail:
    """What finds the unfinished ones of these triggers that are held."""
    held = [trigger for trigger in triggers if trigger.held]
    if not held:
        return Tail(None, None, 0)
    return Tail(
        _any_of(held, [_unfinished(trigger, 1) for trigger in held]),
        _any_of(held, [_unfinished(trigger, trigger.strong) for trigger in held]),
        max(len(trigger.elements) for trigger in held) - 1,
    )


def _any_of(triggers: list[Trigger], unfinished: list[bytes]) -> re.Pattern[bytes]:
    """One pattern of all; most places are passed over by their first byte alone."""
    first = b"|".join({trigger.elements[0].encode() for trigger in triggers})
    return re.compile(b"(?=%b)(?:%b)" % (first, b"|".join(unfinished)), re.DOTALL)


def _unfinished(trigger: Trigger, least: int) -> bytes:
    """The first ``least`` elements or more up to the end of the buffer, but not all of them."""
    elements = trigger.elements
    if len(elements) == 1:
        return rb"(?!)"
    least = min(least, len(elements) - 1)
    rest = r"\Z"
    for element in reversed(elements[least:-1]):
        rest = rf"(?:\Z|{element}{rest})"
    before = rf"(?:\A|{trigger.look_behind})" if trigger.before else ""
    return (before + "".join(elements[:least]) + rest).encode("ascii")
