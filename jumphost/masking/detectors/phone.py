"""Telephone numbers: international with a plus, North American with a sign between the groups; never bare digits."""

import re
from typing import Final

from jumphost.masking import validators
from jumphost.masking.detectors.base import ALNUM, HEURISTIC, Answer, Detector, Hold, Match, Trigger

_MOST: Final = 24  # bytes of a number with what stands between its groups
_INTERNATIONAL: Final = re.compile(rb"\+[0-9 ().-]{7,23}+")
_GROUP_SIGNS: Final = re.compile(rb"[ .()-]{3}|[.-]{2}|\)\)|\(\(")
_NANP: Final = re.compile(
    rb"(?:1[-. ])?(?:\(([0-9]{3})\)[ -]?([0-9]{3})[-. ]([0-9]{4})|([0-9]{3})([-.])([0-9]{3})\5([0-9]{4}))"
)
_NANP_MOST: Final = 17
_GOES_ON: Final = re.compile(rb"[0-9A-Za-z_]|[-.:/][0-9]")
_PART_OF: Final = re.compile(rb"[0-9A-Za-z_][.:/_+-]\Z")
_PART_OF_PLUS: Final = re.compile(rb"[0-9A-Za-z_][./_+-]\Z")  # a colon may be that of tel:+1…
_PLAIN: Final = re.compile(rb"[0-9 ().-]*+")


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    if buffer[at : at + 1] == b"+":
        part = _PART_OF_PLUS.search(buffer, max(0, at - 2), at)
        return None if part else _international(buffer, at, final)
    if _PART_OF.search(buffer, max(0, at - 2), at):
        return None
    ahead = buffer[at : at + _NANP_MOST + 2]
    if not final and len(ahead) < _NANP_MOST + 2 and _PLAIN.fullmatch(ahead):
        return Hold(at)
    match = _NANP.match(ahead)
    if match is None or _GOES_ON.match(ahead, match.end()):
        return None
    digits = b"".join(group for group in (match[1], match[2], match[3], match[4], match[6], match[7]) if group)
    if not validators.nanp(digits):
        return None
    if not final and len(ahead) < match.end() + 2:
        return Hold(at)
    return Match(at, at + match.end())


def _international(buffer: bytes, at: int, final: bool) -> Answer:
    ahead = buffer[at : at + _MOST + 2]
    match = _INTERNATIONAL.match(ahead)
    if not final and len(ahead) < _MOST + 2 and _PLAIN.fullmatch(ahead, 1):
        return Hold(at)
    if match is None:
        return None
    number = match[0].rstrip(b" ().-")
    for end in _ends(number):
        text = number[:end]
        if len(ahead) < end + 2 and not final:
            return Hold(at)
        if _GROUP_SIGNS.search(text) or _GOES_ON.match(ahead, end):
            continue
        if validators.e164(re.sub(rb"\(0\)|[^0-9]", b"", text)):
            return Match(at, at + end)
    return None


def _ends(number: bytes) -> list[int]:
    """Where the number may end, farthest first: there, and before each space in it, as a column may follow."""
    return [len(number), *(end for end in range(len(number) - 1, 0, -1) if number[end : end + 1] == b" ")]


DETECTOR = Detector(
    name="phone",
    rank=HEURISTIC,
    triggers=(
        Trigger("+[1-9][0-9 ().-]{6}", before="0-9A-Za-z+", strong=8),
        Trigger("[2-9][0-9]{2}[-.][2-9][0-9]{2}[-.][0-9]{4}", before=ALNUM, strong=8),
        Trigger("1[-. ][2-9][0-9]{2}[-.][2-9][0-9]{2}[-.][0-9]{4}", before=ALNUM, strong=8),
        Trigger("([2-9][0-9]{2})[0-9 -]", before=ALNUM, strong=5),
    ),
    confirm=_confirm,
    limit=_MOST + 2,
    separators=b" -",
    examples=(
        b"9793\tInes\t(206)625-2400\t0",
        b'"mobile":"1-305-624-4123"',
        b"phone: +918123452979\n",
        b"+12015553686",
        b"call +44 20 7946 0958 today",
        b"206-625-2400",
        b"(206) 625-2400",
        b"tel 206.625.2400;",
        b"tel:+14155552671",
        b"+49 (0) 30 901820",
    ),
    near_misses=(
        b"range 101-854-1823",
        b"2066252400",
        b"+0000",
        b"+1234567",
        b"206-625-24001",
        b"x206-625-2400",
        b"v1.206.625.2400",
        b"911-911-9111",
        b"2026-625-2400",
    ),
)
