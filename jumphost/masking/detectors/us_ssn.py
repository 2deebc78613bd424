"""US social security numbers: with dashes anywhere, with spaces or bare only after a word that names them."""

import re
from typing import Final

from jumphost.masking import validators
from jumphost.masking.detectors.base import ALNUM, HEURISTIC, Answer, Detector, Hold, Match, Trigger

_DASHED: Final = 11
_GAP: Final = 24  # bytes between the word and the number
_AFTER: Final = re.compile(rb"[^0-9\r\n]{0,%d}+" % _GAP)
_NUMBER: Final = re.compile(rb"([0-9]{3})([ -]?)([0-9]{2})\2([0-9]{4})(?![0-9A-Za-z])")
_UNFINISHED: Final = re.compile(rb"[0-9]{1,3}+(?:[ -]?[0-9]{0,2}+(?:[ -]?[0-9]{0,4}+)?)?\Z")
_GOES_ON: Final = re.compile(rb"[0-9A-Za-z]|-[0-9]")
_PART_OF: Final = re.compile(rb"[0-9A-Za-z][._-]\Z")
_WORDS: Final = re.compile(rb"(?i)ssn|social[ _-]?security|soc[ _-]sec")


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    if buffer[at : at + 1].isdigit():
        return None if _PART_OF.search(buffer, max(0, at - 2), at) else _number(buffer, at, final)
    word = _WORDS.match(buffer, at)
    gap = _AFTER.match(buffer, word.end()) if word else None
    if gap is None:
        return None
    begin = gap.end()
    if begin == len(buffer) and not final:
        return Hold(begin)
    return _number(buffer, begin, final)


def _number(buffer: bytes, at: int, final: bool) -> Answer:
    if len(buffer) < at + _DASHED + 2 and not final and _UNFINISHED.match(buffer, at):
        return Hold(at)
    match = _NUMBER.match(buffer, at)
    if match is None or _GOES_ON.match(buffer, match.end()) or not validators.ssn(match[1] + match[3] + match[4]):
        return None
    if len(buffer) < match.end() + 2 and not final:
        return Hold(at)
    return Match(at, match.end())


DETECTOR = Detector(
    name="us_ssn",
    rank=HEURISTIC,
    triggers=(
        Trigger("[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}", before=ALNUM, strong=7),
        Trigger("ssn", before=ALNUM, nocase=True, held=False),
        Trigger("social[ _-]security", before=ALNUM, nocase=True, held=False),
        Trigger("socialsecurity", before=ALNUM, nocase=True, held=False),
        Trigger("soc[ _-]sec", before=ALNUM, nocase=True, held=False),
    ),
    confirm=_confirm,
    limit=_DASHED + 2,
    separators=b" -",
    examples=(
        b"5806,Rosa,643-58-8268,370.63",
        b"(SSN: 574-47-6299)",
        b"SSN: 225 35 5215",
        b"  ssn: 247158110\n",
        b"Social Security Number is 225355215.",
        b'{"social_security":"225355215"}',
    ),
    near_misses=(
        b"000-58-8268",
        b"666-58-8268",
        b"943-58-8268",
        b"643-00-8268",
        b"643-58-0000",
        b"job id 714263090",
        b"643-58-8268-1",
        b"x643-58-8268",
        b"ssn_last4: 8268",
    ),
)
