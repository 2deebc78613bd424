"""Credentials of HTTP: what follows ``Bearer`` or, in an Authorization header, ``Basic`` and its like."""

import re
from typing import Final

from jumphost.masking.detectors.base import (
    ALNUM,
    HEURISTIC,
    Answer,
    Detector,
    Hold,
    Latch,
    Match,
    Trigger,
    end_of,
    fill,
    latch,
    run,
)  # fmt: skip

_LEAST: Final = 8
_LONG: Final = 20  # no English word after `bearer` is this long
_BODY: Final = run("0-9A-Za-z._~+/=-")  # RFC 6750 §2.1
_BEARER: Final = re.compile(rb"(?i)bearer[ \t:=]{1,4}+[\"']?+")
_HEADER: Final = re.compile(
    rb"(?i)authorization\\{0,3}+[\"']?+[ \t]{0,4}+[:=][ \t]{0,4}+\\{0,3}+[\"']?+"
    rb"(?:basic|token|apikey|bearer|digest)[ \t]{1,4}+"
)
_HEADER_UNFINISHED: Final = re.compile(
    rb"authorization\\{0,3}+[\"']?+[ \t]{0,4}+(?:[:=][ \t]{0,4}+\\{0,3}+[\"']?+[A-Za-z]{0,6}+[ \t]{0,4}+)?\Z",
    re.IGNORECASE,
)


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    header = _HEADER.match(buffer, at)
    match = header or _BEARER.match(buffer, at)
    if not final and (_HEADER_UNFINISHED.match(buffer, at) or (match and match.end() == len(buffer))):
        return Hold(len(buffer))
    if match is None:
        return None
    start, least = match.end(), (1 if header else _LONG)
    if buffer[start : start + 1] == b"-":  # an option
        return None
    end = end_of(_BODY, buffer, start)
    if end - start >= least and end == len(buffer) and not final:
        return Latch(start, end, latch(_BODY))
    if end == len(buffer) and not final:
        return Hold(start)
    value = buffer[start:end]
    return Match(start, end) if end - start >= least or _looks_random(value) else None


def _looks_random(value: bytes) -> bool:
    return len(value) >= _LEAST and any(byte in b"0123456789" for byte in value) and len(set(value)) >= 4


DETECTOR = Detector(
    name="bearer",
    rank=HEURISTIC,
    triggers=(
        Trigger("bearer[ \t:=]", before=ALNUM, nocase=True, held=False),
        Trigger("authorization[\"'\\\\ \t:=]", nocase=True, held=False),
    ),
    confirm=_confirm,
    limit=_LONG + 1,
    examples=(
        b"Authorization: Bearer " + fill(32) + b"\r\n",
        b"curl -H 'authorization: bearer " + fill(24) + b"' https://api",
        b"Authorization: Basic YWRtaW46YWRtaW4=\r\n",
        b'{"Authorization":"Bearer ' + fill(40) + b'"}',
        b"Proxy-Authorization: Basic YTpi\r\n",
        b"bearer: " + fill(12) + b" ",
    ),
    near_misses=(
        b"Bearer authentication is required",
        b'WWW-Authenticate: Bearer realm="x"',
        b"the bearer of this letter",
        b"Bearer xxxxxxxx ",
        b"token_type: bearer\n",
        b"Authorization: required",
    ),
)
