"""How a value is masked: stars of the same length, its last four characters, a label, or a keyed pseudonym."""

import hmac
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from jumphost.masking import validators
from jumphost.model.mask import Strategy

STRICTEST: Final[tuple[Strategy, ...]] = ("redact", "label", "pseudonym", "partial")
"""Strictest first: where several speak of the same bytes the first of them holds."""

WHITE: Final = b"\t\n\r "  # stays in every mask, so that lines and columns stay where they are
_SHOWN: Final = 4
_NUMBER_LEAST: Final = 9  # characters of a number whose last four may be seen
_SECRET_LEAST: Final = 16  # of anything else
_FIRST_LETTER: Final = {True: ord("A"), False: ord("a")}


@lru_cache(maxsize=64)
def table(separators: bytes = b"") -> bytes:
    """The translation that stars every byte but white space and ``separators``."""
    kept = WHITE + separators
    return bytes(byte if byte in kept else ord("*") for byte in range(256))


def apply(strategy: Strategy, value: bytes, name: str, separators: bytes, key: bytes) -> bytes:
    """A whole value, masked; only ``label`` changes its length."""
    if strategy == "label":
        return label(name)
    if strategy == "partial":
        return partial(value, separators)
    if strategy == "pseudonym":
        return pseudonym(value, name, key)
    return value.translate(table(separators))


def label(name: str) -> bytes:
    """What stands instead of a value: what kind it was."""
    return f"[MASKED:{name.upper()}]".encode()


def partial(value: bytes, separators: bytes) -> bytes:
    """Stars but for the last four letters or digits; all stars where the value is too short to show any."""
    places = [at for at, byte in enumerate(value) if chr(byte).isalnum() and byte < 128]
    masked = bytearray(value.translate(table(separators)))
    if len(places) >= (_NUMBER_LEAST if separators else _SECRET_LEAST):
        for at in places[-_SHOWN:]:
            masked[at] = value[at]
    return bytes(masked)


def pseudonym(value: bytes, name: str, key: bytes) -> bytes:
    """Another value of the same shape, the same one for the same value, key and name.

    Digits become digits, letters letters of the same case, what is not ASCII stars. It does not depend on separators,
    and is never valid where the kind has a checksum or numbers that are not given out.
    """
    plain = bytes(byte for byte in value if chr(byte).isalnum())
    stream = _stream(key, name.encode() + b"\0" + plain)
    masked = bytearray(_replaced(byte, stream) for byte in value)
    _invalidate(masked, name)
    return bytes(masked)


def _stream(key: bytes, message: bytes) -> Iterator[int]:
    counter = 0
    while True:
        yield from hmac.digest(key, counter.to_bytes(4, "big") + message, "sha256")
        counter += 1


def _replaced(byte: int, stream: Iterator[int]) -> int:
    if byte >= 128:
        return ord("*")
    if chr(byte).isdigit():
        return ord("0") + next(stream) % 10
    if chr(byte).isalpha():
        return _FIRST_LETTER[chr(byte).isupper()] + next(stream) % 26
    return byte


def _invalidate(masked: bytearray, name: str) -> None:
    """Makes a number one that nobody was given."""
    places = [at for at, byte in enumerate(masked) if chr(byte).isalnum()]
    if not places:
        return
    if name == "credit_card" and validators.luhn(bytes(masked[at] for at in places)):
        masked[places[-1]] = ord("0") + (masked[places[-1]] - ord("0") + 1) % 10
    elif name == "us_ssn":
        masked[places[0]] = ord("9")  # areas from 900 on are not assigned
    elif name == "phone":
        masked[places[0]] = ord("0")  # no country and no area code begins with 0
    elif name == "iban":
        masked[places[2]] = masked[places[3]] = ord("0")
        if validators.mod97(bytes(masked[at] for at in places)) == 1:
            masked[places[3]] = ord("1")
