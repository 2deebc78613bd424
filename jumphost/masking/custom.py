r"""Detectors of a site's own: a pattern in RE2's syntax, found by RE2 alone, so no text can make it take long.

Data, as a file of a bundle says it and as a decision carries it. A value matches the whole pattern from its first byte,
is no longer than ``length``, begins with ``trigger`` and passes the validator, where there are any. ``^`` and ``$`` are
the ends of a line; ``\b`` looks at the byte before and after.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
import re2
from msgspec import Struct

from jumphost.masking import validators
from jumphost.model.mask import Strategy

MOST: Final = 256  # bytes of one value
MOST_PATTERN: Final = 1024  # bytes
MOST_TRIGGER: Final = 40  # bytes

VALIDATORS: Final[dict[str, Callable[[bytes], bool]]] = {
    "luhn": lambda value: len(digits := _digits(value)) > 1 and validators.luhn(digits),
    "card": lambda value: validators.card(_digits(value)),
    "mod97": lambda value: len(plain := _plain(value)) > 4 and validators.mod97(plain) == 1,
    "ssn": lambda value: len(digits := _digits(value)) == len("123456789") and validators.ssn(digits),
}
"""What may be asked of a value beside its pattern: check digits, without what separates them."""

_WHOLE: Final = r"\\.|\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\]"  # in a pattern: what is escaped, and a class
_UNBOUNDED: Final = re.compile(rf"{_WHOLE}|([*+]|\{{[0-9]*,\}})", re.DOTALL)
_LOOKS: Final = re.compile(rf"\\[bBAz]|[\^$]|({_WHOLE})", re.DOTALL)
_OUTSIDE: Final = re.compile(rb"[^0-9A-Za-z]")


class Custom(Struct, frozen=True):
    """One of them; ``separators`` stay readable in stars, and ``strategy`` holds where only ``*`` asks for it."""

    name: str
    pattern: str
    length: int  # bytes of a value at most
    trigger: str = ""  # how every value begins
    validator: str = ""
    strategy: Strategy = "redact"
    separators: str = ""


class PatternError(ValueError):
    """Why a pattern cannot be used: what was got and what is expected."""


def encode(detectors: Iterable[Custom]) -> bytes:
    """MessagePack, for :func:`decode` of the same version; b"" for none."""
    found = list(detectors)
    return msgspec.msgpack.encode(found) if found else b""


@lru_cache(maxsize=16)
def decode(data: bytes) -> tuple[Custom, ...]:
    """The detectors."""
    return msgspec.msgpack.decode(data, type=tuple[Custom, ...]) if data else ()


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The pattern as RE2 has it; PatternError if it has not, or if its matches have no longest one."""
    if not pattern or len(pattern) > MOST_PATTERN or not pattern.isascii():
        raise PatternError(rf"got {pattern!r:.60}, expected 1 to {MOST_PATTERN} bytes of ASCII, others as \xff")
    if r"\Q" in pattern:
        raise PatternError(r"got \Q, expected a backslash before each sign")
    if unbounded := next((match[1] for match in _UNBOUNDED.finditer(pattern) if match[1]), ""):
        raise PatternError(f"got {unbounded}, expected how often at most: {{0,20}}")
    try:
        made = re2.compile(f"(?m:{pattern})".encode(), _options())
    except re2.error as error:
        reason = error.args[0]
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(f"got {text}, expected the syntax of RE2") from None
    if made.search(b""):
        raise PatternError("got a pattern that matches nothing at all, expected one that takes a byte")
    return made


@lru_cache(maxsize=256)
def first(pattern: str) -> re.Pattern[bytes]:
    """Matches every byte that a match may begin with."""
    blind = _LOOKS.sub(lambda match: match[1] or "(?:)", pattern)  # RE2's answer is wrong where a pattern looks around
    try:
        least, most = re2.compile(blind.encode(), _options()).possiblematchrange(1)
    except re2.error:  # it cannot tell
        least = most = b""
    if not most:
        return re.compile(rb"[\x00-\xff]")
    return re.compile(b"[\\x%02x-\\x%02x]" % (least[0] if least else 0, most[0]))


def _options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 8 << 20
    options.log_errors = False
    return options


def valid(detector: Custom, value: bytes) -> bool:
    """Whether a value that matches passes its validator."""
    return not detector.validator or VALIDATORS[detector.validator](value)


def named(detectors: Sequence[Custom]) -> dict[str, Custom]:
    """By their names."""
    return {detector.name: detector for detector in detectors}


def _digits(value: bytes) -> bytes:
    return bytes(byte for byte in value if byte in b"0123456789")


def _plain(value: bytes) -> bytes:
    return _OUTSIDE.sub(b"", value).upper()
