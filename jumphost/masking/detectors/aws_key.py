"""AWS access key ids, and secret keys and session tokens after the words that name them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (prefixes and length)
"""

import re
from typing import Final

from jumphost.masking.detectors.base import (
    VALIDATED,
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
    token,
)  # fmt: skip

_ID: Final = token(
    "", ("A[KS]IA", "AGPA", "AIDA", "AROA", "ABIA", "ACCA"), "A-Z2-7", 16, most=16, examples=(), near_misses=()
)
_SECRET: Final = 40
_NAME: Final = re.compile(rb"(?i)secret_?access_?key|session_?token|aws_?secret_?key")
_SEPARATOR: Final = re.compile(rb"\\{0,3}+[\"']?+[ \t]{0,8}+(?:=>|[:=>])[ \t]{0,8}+\\{0,3}+[\"']?+")
_UNFINISHED: Final = re.compile(rb"\\{0,3}+[\"']?+[ \t]{0,8}+(?:=>?+|[:>])?[ \t]{0,8}+\\{0,3}+\Z")
_BODY: Final = run("0-9A-Za-z/+=")


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    name = _NAME.match(buffer, at)
    if name is None:
        return _ID.confirm(buffer, at, final)
    match = _SEPARATOR.match(buffer, name.end())
    if not final and (_UNFINISHED.match(buffer, name.end()) or (match and match.end() == len(buffer))):
        return Hold(len(buffer))
    if match is None:
        return None
    start = match.end()
    end = end_of(_BODY, buffer, start, _SECRET)
    if end - start < _SECRET:
        return Hold(start) if end == len(buffer) and not final else None
    if len(set(buffer[start:end])) < 8:
        return None
    end = end_of(_BODY, buffer, end)
    return Match(start, end) if end < len(buffer) or final else Latch(start, end, latch(_BODY))


DETECTOR = Detector(
    name="aws_key",
    rank=VALIDATED,
    triggers=(
        *_ID.triggers,
        Trigger("secretaccesskey", nocase=True, held=False),
        Trigger("secret_access_key", nocase=True, held=False),
        Trigger("sessiontoken", nocase=True, held=False),
        Trigger("session_token", nocase=True, held=False),
        Trigger("aws_secret_key", nocase=True, held=False),
    ),
    confirm=_confirm,
    limit=_SECRET + 1,
    examples=(
        b"id " + b"AKIA" + fill(16, "IOSFODNN7EXAMPLE"),
        b'"AccessKeyId": "ASIA' + fill(16, "Q2W3E4R5T6YUIOP7") + b'"',
        b"aws_secret_access_key = " + fill(40),
        b'"SecretAccessKey": "' + fill(39) + b'/",',
        b"AWS_SESSION_TOKEN=" + fill(300),
        b"export AWS_SECRET_ACCESS_KEY='" + fill(40) + b"'",
    ),
    near_misses=(
        b"AKIA" + fill(15, "IOSFODNN7EXAMPLE"),
        b"AKIA" + fill(17, "IOSFODNN7EXAMPLE"),
        b"XAKIA" + fill(16, "IOSFODNN7EXAMPLE"),
        b"akia" + fill(16, "iosfodnn7example"),
        b"aws_secret_access_key = ${SECRET}",
        b"AKIA" + b"A" * 16,
        b"secret_access_key rotated",
    ),
)
