"""JSON and JSON lines: values by their keys, at any depth, as they pass; under a masked key all is masked."""

import json
import re
from typing import Final, NamedTuple

from jumphost.masking.base import COLUMN, MaskError, Span
from jumphost.masking.columns.base import CAP, Step
from jumphost.masking.columns.names import WHOLE, Names

DEEPEST: Final = 256  # objects and arrays in one another

_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
_KEY: Final = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*"', re.DOTALL)
_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*', re.DOTALL)
_MEMBER: Final = re.compile(  # a name and a value that holds no JSON, up to what follows
    rb'[ \t\r\n]*+"([^"\\\n]{0,256}+)"[ \t\r\n]*+:[ \t\r\n]*+'
    rb'(?:"(?![ \t\r\n]*+[{\[])([^"\\]*+)"|([-+.0-9A-Za-z]++))[ \t\r\n]*+(?:(,)|(?=}))'
)
_CLOSED: Final = {b"{": b"}", b"[": b"]"}
_SCALAR: Final = re.compile(rb"[-+.0-9A-Za-z]*+")


class _Level(NamedTuple):
    """An object or an array: ``mask`` is the name of all in it, ``keyed`` whether it stands under a key."""

    kind: bytes
    mask: str | None
    keyed: bool


class Objects:
    """A :class:`jumphost.masking.columns.base.Reader` of one document. MaskError where it is not JSON.

    A value under no key at all is an error as well: which column it is of cannot be told.
    """

    __slots__ = ("_escape", "_expect", "_inside", "_levels", "_mask", "_names")

    def __init__(self, names: Names) -> None:
        self._names = names
        self._levels: list[_Level] = []
        self._mask: str | None = None  # of the value that is next
        self._expect = b"v"  # v value, i one of an array or its end, k key or end, : and , as they are
        self._inside = b""  # s string, n number or word
        self._escape = False

    def read(self, buffer: bytes, at: int, *, final: bool) -> Step:
        """See :class:`jumphost.masking.columns.base.Reader`."""
        spans: list[Span] = []
        while True:
            if self._inside:
                at = self._value(buffer, at, spans)
            elif self._expect == b"k":
                at = self._members(buffer, at, spans)
            match = None if self._inside else _SPACE.match(buffer, at)
            at = match.end() if match else at
            if at == len(buffer):
                break
            if self._expect == b"k" and buffer[at : at + 1] == b'"':
                end = self._key(buffer, at)
                if end < 0:
                    break
                at = end
            else:
                if self._expect in b"vi" and buffer[at : at + 1] == b'"' and self._levels and not self._mask:
                    if (mask := self._nested(buffer, at + 1, final=final)) is None:
                        break
                    self._mask = mask or None
                at = self._sign(buffer[at : at + 1], at)
            if not self._levels:
                return Step(at, spans, done=True)
        return Step(len(buffer) if final else at, spans)

    def _members(self, buffer: bytes, at: int, spans: list[Span]) -> int:
        """Passes over members of an object with one match for each, as far as they hold nothing unusual."""
        level = self._levels[-1]
        while self._expect == b"k" and (member := _MEMBER.match(buffer, at)):
            mask = level.mask or self._names.of(member[1])
            start, end = member.span(2 if member[3] is None else 3)
            if mask and start < end:
                spans.append(Span(start, end, mask, COLUMN))
            at = member.end()
            self._expect, self._mask = (b"k", level.mask) if member[4] else (b",", mask)
        return at

    def _nested(self, buffer: bytes, at: int, *, final: bool) -> str | None:
        """How a string is masked that may itself be JSON: "" if it is not; None if its end is not there."""
        match = _SPACE.match(buffer, at)
        begin = match.end() if match else at
        if begin == len(buffer) and begin - at <= CAP and not final:
            return None
        if buffer[begin : begin + 1] not in {b"{", b"["}:
            return ""
        match = _STRING.match(buffer, at)
        end = match.end() if match else at
        if end - at > CAP:
            return WHOLE
        if buffer[end : end + 1] != b'"' and not final:
            return None
        return self._names.within(buffer[at:end]) or ""

    def _value(self, buffer: bytes, at: int, spans: list[Span]) -> int:
        begin = at
        if self._inside == b"n":
            match = _SCALAR.match(buffer, at)
            at = match.end() if match else at
            over = at < len(buffer)
        else:
            if self._escape and at < len(buffer):
                at, self._escape = at + 1, False
            match = _STRING.match(buffer, at)
            at = match.end() if match else at
            if buffer[at : at + 1] == b"\\":
                at, self._escape = at + 1, True
            over = at < len(buffer)
        if self._mask and at > begin:
            spans.append(Span(begin, at, self._mask, COLUMN))
        if over:
            at += self._inside == b"s"
            self._inside = b""
        return at

    def _key(self, buffer: bytes, at: int) -> int:
        match = _KEY.match(buffer, at)
        if match is None:
            if len(buffer) - at > CAP or b"\n" in buffer[at:]:
                raise MaskError("a key of JSON does not end")
            return -1
        self._mask = self._levels[-1].mask or self._names.of(_text(match[0]))
        self._expect = b":"
        return match.end()

    def _sign(self, sign: bytes, at: int) -> int:
        level = self._levels[-1] if self._levels else None
        if self._expect in b"vi" and sign in b"{[":
            self._open(sign, level)
        elif level and sign == _CLOSED[level.kind] and self._expect in b"ki,":
            self._levels.pop()
            self._expect = b","
        elif level and sign == b"," and self._expect == b",":
            self._expect = b"k" if level.kind == b"{" else b"i"
            self._mask = level.mask
        elif sign == b":" and self._expect == b":":
            self._expect = b"v"
        elif level and self._expect in b"vi" and (sign == b'"' or _SCALAR.fullmatch(sign)):
            return self._begin(sign, level, at)
        else:
            raise MaskError("this is not JSON")
        return at + 1

    def _open(self, sign: bytes, level: _Level | None) -> None:
        if len(self._levels) >= DEEPEST:
            raise MaskError(f"JSON is deeper than {DEEPEST}")
        keyed = level is not None and (level.keyed or level.kind == b"{")
        self._levels.append(_Level(sign, self._mask, keyed))
        self._expect = b"k" if sign == b"{" else b"i"

    def _begin(self, sign: bytes, level: _Level, at: int) -> int:
        if level.kind == b"[" and not level.keyed:
            raise MaskError("a value of JSON stands under no key")
        self._inside = b"s" if sign == b'"' else b"n"
        self._expect = b","
        return at + (sign == b'"')


def _text(string: bytes) -> bytes:
    """What a string says."""
    if b"\\" not in string:
        return string[1:-1]
    try:
        text: str = json.loads(string)
    except ValueError:
        raise MaskError("a key of JSON is not a string") from None
    return text.encode(errors="replace")
