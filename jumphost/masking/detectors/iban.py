"""International bank account numbers: a country's length and ISO 7064 mod 97-10, compact or in groups of four."""

import re
from typing import Final

from jumphost.masking import validators
from jumphost.masking.detectors.base import ALNUM, VALIDATED, Answer, Detector, Hold, Match, Trigger

_LONGEST: Final = 33 + 8  # the longest registered, with a space or dash after each four
_PLAIN: Final = re.compile(rb"[A-Z0-9 -]*+")


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    length = validators.IBAN_LENGTHS.get(buffer[at : at + 2].decode("latin-1"))
    if length is None:
        return None
    separator = buffer[at + 4 : at + 5]
    grouped = separator in {b" ", b"-"}
    end = at + length + ((length - 1) // 4 if grouped else 0)
    text = buffer[at:end]
    plain = _PLAIN.match(text)
    if len(buffer) <= end and not final:
        return Hold(at) if plain and plain.end() == len(text) else None
    if re.match(rb"[0-9A-Za-z]", buffer[end : end + 1]):
        return None
    if grouped and (text[4::5] != separator * len(text[4::5]) or text.count(separator) != len(text[4::5])):
        return None
    bare = text.replace(separator, b"") if grouped else text
    if len(bare) != length or not bare.isalnum() or validators.mod97(bare) != 1:
        return None
    return Match(at, end)


DETECTOR = Detector(
    name="iban",
    rank=VALIDATED,
    triggers=(
        Trigger("[A-Z]{2}[0-9]{2}[A-Z0-9]{11}", before=ALNUM, strong=9),
        Trigger("[A-Z]{2}[0-9]{2}[ -][A-Z0-9]{4}[ -][A-Z0-9]{3}", before=ALNUM, strong=9),
    ),
    confirm=_confirm,
    limit=_LONGEST + 1,
    separators=b" -",
    examples=(
        b"GB82WEST12345698765432",
        b"iban: DE89 3704 0044 0532 0130 00, next",
        b'"FR1420041010050500013M02606"',
        b"NO9386011117947",
        b"<iban>NL91ABNA0417164300</iban>",
        b"CH93-0076-2011-6238-5295-7",
    ),
    near_misses=(
        b"GB82WEST12345698765433",
        b"DE89 3704 0044 0532 0130 01",
        b"XX82WEST12345698765432",
        b"GB82WEST123456987654321",
        b"AGB82WEST12345698765432",
        b"DE89 3704-0044 0532-0130 00",
    ),
)
