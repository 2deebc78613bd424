"""Whether a stream is something that nobody can look into: compressed, encrypted, or no text at all.

A stream that begins as such files do is told by its first bytes, anywhere else by how much of it no text has. Text is
UTF-8, Latin-1 or another encoding above ASCII, with control sequences, and with NULs where names are parted by them.
"""

import re
from typing import Final

from jumphost.model.mask import Format

_BEGINNINGS: Final[tuple[tuple[bytes, Format], ...]] = (
    (b"\x1f\x8b", "gzip"),  # RFC 1952 §2.3.1
    (b"\x28\xb5\x2f\xfd", "zstd"),  # RFC 8878 §3.1.1
    (b"\xfd7zXZ\0", "xz"),  # The .xz File Format §2.1.1.1
    (b"]\0\0", "xz"),  # .lzma, as xz writes it
    (b"BZh", "bzip2"),
    (b"\x04\x22\x4d\x18", "lz4"),  # LZ4 Frame Format: magic number
    (b"PK\x03\x04", "zip"),  # APPNOTE.TXT §4.3.7
    (b"PK\x05\x06", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Salted__", "encrypted"),  # openssl enc
    (b"U2FsdGVkX1", "encrypted"),  # the same in base64
    (b"age-encryption.org/", "encrypted"),
    (b"-----BEGIN AGE ENCRYPTED FILE-----", "encrypted"),
    (b"-----BEGIN PGP MESSAGE-----", "encrypted"),
    (b"\x7fELF", "binary"),
    (b"\x89PNG\r\n", "binary"),
    (b"\xff\xd8\xff", "binary"),  # JPEG
    (b"%PDF-", "binary"),
    (b"x\x01", "binary"),  # RFC 1950 §2.2: zlib, but for its level that is text
    (b"x\x9c", "binary"),
    (b"x\xda", "binary"),
    (b"PGDMP", "binary"),  # pg_dump -Fc
)
_LONGEST: Final = max(len(beginning) for beginning, _ in _BEGINNINGS)
_INSIDE: Final[dict[bytes, Format]] = {
    b"\x1f\x8b\x08": "gzip",
    b"\xfd7zXZ\0": "xz",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7z",
}

_WEIGHT: Final = 8  # of a byte that no text has: one in nine of them is no text any more
_PARTING: Final = 3  # of a NUL, what parts fields, and quotes and dashes of Windows-1252: one in four, as in UTF-16
_LIMIT: Final = 32
_SEQUENCE: Final = rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
_CONTROL: Final = rb"\x01-\x06\x10-\x1a\x7f"  # but BEL BS HT LF VT FF CR SO SI ESC, which terminals take
_ODD: Final = re.compile(
    rb"(?P<known>" + b"|".join(map(re.escape, _INSIDE)) + rb")|(?P<text>" + _SEQUENCE + rb")"
    rb"|(?P<parting>[\0\x1c-\x1f\x80\x85\x91-\x97\x99])|(?P<odd>[" + _CONTROL + rb"\x81-\x9f])"
)
_TEXT: Final = bytes(byte for byte in range(0x07, 0x7F) if not 0x10 <= byte <= 0x1A and not 0x1C <= byte <= 0x1F)
_BEGUN: Final = tuple(  # what is text of a mark that may go on in the next piece
    mark[:size] for mark in _INSIDE for size in range(1, len(mark)) if not mark[:size].translate(None, _TEXT)
)
_HIGH: Final = bytes(range(0x80, 0x100))
_CARRIED: Final = max(len(mark) for mark in _INSIDE) - 1  # what may begin at the end of a piece


class Opaque:
    """Looks at one stream piece by piece; however it is cut, the answer about the whole is the same."""

    def __init__(self) -> None:
        self._first = b""
        self._rest = b""
        self._score = 0

    def look(self, data: bytes, *, final: bool = False) -> Format | None:
        """What the stream is, once that is known; None while it may be text."""
        return self._begins(data) or self._holds(data, final)

    def _begins(self, data: bytes) -> Format | None:
        if len(self._first) >= _LONGEST:
            return None
        self._first += data[: _LONGEST - len(self._first)]
        return next((kind for beginning, kind in _BEGINNINGS if self._first.startswith(beginning)), None)

    def _holds(self, data: bytes, final: bool) -> Format | None:
        plain = not self._rest and not self._score and not data.translate(None, _TEXT)
        if plain and not data.endswith(_BEGUN):
            return None
        data, self._rest = self._rest + data, b""
        upto = len(data) if final else _whole(data, len(data) - _CARRIED)
        data, self._rest = data[:upto], data[upto:]
        if _is_utf8(data) and not any(mark in data[-_CARRIED:] + self._rest for mark in _INSIDE):
            self._pass(len(data))
            return None
        return self._weigh(data)

    def _weigh(self, data: bytes) -> Format | None:
        at = 0
        for found in _ODD.finditer(data + self._rest):
            if found.start() >= len(data):
                break
            if found["known"]:
                return _INSIDE[found["known"]]
            if found["text"]:
                continue
            self._pass(found.start() - at)
            self._score += _WEIGHT if found["odd"] else _PARTING
            if self._score >= _LIMIT:
                return "binary"
            at = found.end()
        self._pass(len(data) - at)
        return None

    def _pass(self, count: int) -> None:
        self._score = max(0, self._score - count)


def _whole(data: bytes, upto: int) -> int:
    """The place before ``upto``, or at it, where no sequence of UTF-8 is cut in two."""
    at = upto = max(0, upto)
    while 0 < at < len(data) and upto - at < 3 and 0x80 <= data[at] < 0xC0:
        at -= 1
    return upto if b"\x80" <= data[at : at + 1] < b"\xc0" else at  # no sequence has so many


def _is_utf8(data: bytes) -> bool:
    """Whether it is, without controls that no text has."""
    if data.translate(None, _TEXT + _HIGH):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
