"""Bytes of a caller to text that may be read: checked before any parser sees them."""

import re
import unicodedata
from typing import Final

from jumphost.command.opaque import NotLiteral, Opaque

MAX_BYTES: Final = 65_536  # of one command; the site's limits.command_bytes is at most this

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # C0 but tab and newline, DEL, C1
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# General categories: formats (bidi controls, joiners), blanks but the space, separators of lines and paragraphs,
# private use and unassigned (who knows what they show).
_INVISIBLE = frozenset({"Cf", "Zs", "Zl", "Zp", "Co", "Cn"})
_IGNORABLE = frozenset(  # the rest of Default_Ignorable_Code_Point (Unicode 15 DerivedCoreProperties.txt)
    map(
        chr,
        [
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ],
    )
)


def decode(raw: bytes) -> str:
    """``raw`` as text; NotLiteral if it is too long, not strict UTF-8, or holds what a person would not see."""
    if len(raw) > MAX_BYTES:
        raise NotLiteral(Opaque.TOO_LONG, MAX_BYTES)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise NotLiteral(Opaque.INVALID_UTF8, error.start) from None
    if text.isascii() and text.isprintable():
        return text
    if control := _CONTROL.search(text):
        raise NotLiteral(Opaque.CONTROL_CHAR if control[0] != "\0" else Opaque.NUL_BYTE, control.start())
    for found in _BEYOND_ASCII.finditer(text):
        if unicodedata.category(found[0]) in _INVISIBLE or found[0] in _IGNORABLE:
            raise NotLiteral(Opaque.INVISIBLE_UNICODE, found.start())
    return text


def printable(raw: bytes) -> str:
    """What can be shown of any bytes: the first MAX_BYTES, with U+FFFD for controls and for what is not UTF-8."""
    return _CONTROL.sub("\ufffd", raw[:MAX_BYTES].decode(errors="replace"))
