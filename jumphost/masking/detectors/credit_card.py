"""Payment card numbers: a network's range and length, the check digit, and no grouping but those of cards."""

import re
from typing import Final

from jumphost.masking import validators
from jumphost.masking.detectors.base import ALNUM, VALIDATED, Answer, Detector, Hold, Match, Trigger

_LONGEST: Final = 19
_TRIGGERS: Final = (
    Trigger(f"[2-689][0-9]{{{12 - 1}}}", before=ALNUM, strong=7),
    Trigger("[2-689][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}", before=ALNUM, strong=8),  # 4-4-4-4, 4-4-4-4-3, 4-4-5
    Trigger("3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4}", before=ALNUM, strong=8),  # 4-6-5, 4-6-4
    Trigger("%B[2-689][0-9]{11}", strong=9),  # track 1 of a magnetic stripe
)
_TRACK: Final = 2  # bytes before the number there

_COMPACT: Final = re.compile(rb"[0-9]{12,20}+")
_COMPACT_UNFINISHED: Final = re.compile(rb"[0-9]*+[._-]?+\Z")
_UNFINISHED: Final = re.compile(rb"[0-9 ._-]*+\Z")
_GROUPS: Final = (
    re.compile(rb"([0-9]{4})([ -])([0-9]{4})\2([0-9]{4})\2([0-9]{4})\2([0-9]{3})(?![0-9])"),
    re.compile(rb"([0-9]{4})([ -])([0-9]{4})\2([0-9]{4})\2([0-9]{4})(?![0-9])"),
    re.compile(rb"([0-9]{4})([ -])([0-9]{6})\2([0-9]{5})(?![0-9])"),
    re.compile(rb"([0-9]{4})([ -])([0-9]{6})\2([0-9]{4})(?![0-9])"),
    re.compile(rb"([0-9]{4})([ -])([0-9]{4})\2([0-9]{5})(?![0-9])"),
)
_AHEAD: Final = _LONGEST + 4 + 2  # a number with four separators, and two bytes that say whether it ends there
_GOES_ON: Final = re.compile(rb"[0-9A-Za-z]|[._-][0-9]")
_PART_OF: Final = re.compile(rb"[0-9A-Za-z][._-]\Z")  # of a float, a UUID, a serial number
_DUMP: Final = re.compile(rb"(?:[0-9A-Fa-f]{4} ){2}\Z|[0-9A-Fa-f]{6}: (?:[0-9A-Fa-f]{4} )?\Z")  # xxd, od
_ADDRESS: Final = re.compile(rb"(?:\A|\n)[0-9A-Fa-f]{6,8} (?:[0-9A-Fa-f]{4} )?\Z")  # od -x, before the first groups
_MORE: Final = re.compile(rb"(?: [0-9A-Fa-f]{4}){3}(?![0-9A-Za-z])")
_MORE_LENGTH: Final = 16
_DUMP_MOST: Final = 24
_FOUR_GROUPS: Final = len("4111 1111 1111 1111")
_SEPARATORS: Final = b" -"
_HEX_AND_SPACE: Final = b"0123456789abcdefABCDEF "


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    if buffer[at : at + 1] == b"%":
        at += _TRACK
    elif _PART_OF.search(buffer, max(0, at - 2), at):
        return None
    ahead = buffer[at : at + _AHEAD]
    compact = _COMPACT.match(ahead)
    if not final and (_COMPACT_UNFINISHED if compact else _UNFINISHED).match(ahead) and len(ahead) < _AHEAD:
        return Hold(at)
    if compact:
        return _judged(ahead, compact.end(), at)
    if ahead[4:5] == b" ":
        if _DUMP.search(buffer, max(0, at - _DUMP_MOST), at):
            return None
        if _ADDRESS.search(buffer, max(0, at - _DUMP_MOST), at):
            more = buffer[at + _FOUR_GROUPS : at + _FOUR_GROUPS + _MORE_LENGTH]
            if len(more) < _MORE_LENGTH and not final and not more.translate(None, _HEX_AND_SPACE):
                return Hold(at)
            if _MORE.match(more):
                return None
    for groups in _GROUPS:
        if (match := groups.match(ahead)) and (answer := _judged(ahead, match.end(), at)):
            return answer
    return None


def _judged(ahead: bytes, end: int, at: int) -> Answer:
    if _GOES_ON.match(ahead, end) or not validators.card(ahead[:end].translate(None, _SEPARATORS)):
        return None
    return Match(at, at + end)


DETECTOR = Detector(
    name="credit_card",
    rank=VALIDATED,
    triggers=_TRIGGERS,
    confirm=_confirm,
    limit=_FOUR_GROUPS + _MORE_LENGTH,
    separators=_SEPARATORS,
    examples=(
        b"card 4111111111111111 ok",
        b"'5555-5555-5555-4444'",
        b"pan=3782 822463 10005;",
        b'{"pan": 2223003122003222}',
        b"%B4111111111111111^DOE/J^2512",
        b";6011111111111117=2512?",
        b"4222222222222",
        b"4111 1111 1111 1111 12/27",
        b"100017 4111 1111 1111 1111 2027 123\n",
    ),
    near_misses=(
        b"card 4111111111111112 no",
        b"0.4111111111111111",
        b"4111111111111111.5",
        b"id 7111111111111117",
        b"a4111111111111111",
        b"00000ed0: 2600 0000 0000 0000 4111 1111 1111 1111 0000",
        b"0006c0 4111 1111 1111 1111 0015 0000 0000 0000\n",
        b"x\n0006c0 0015 4111 1111 1111 1111 0000 0000 0000\n",
        b"41111111111111110000000",
        b"5555-5555 5555-4444",
        b"71426261-4111-1111-1111-111111111111",
    ),
)
