"""JSON Web Tokens: a header that decodes to JSON with a parameter of RFC 7515 §4.1 or RFC 7516 §4.1 in front."""

import re
from binascii import a2b_base64
from typing import Final

from jumphost.masking.detectors.base import (
    VALIDATED,
    WORD,
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

_HEAD: Final = 24  # base64 characters that are decoded: 18 bytes hold the first name and its colon
_HEADER: Final = re.compile(
    rb'\{\s*+"(?:alg|typ|kid|enc|zip|cty|jku|jwk|x5u|x5c|x5t|crit|iss|b64|apu|apv|epk|p2c|p2s|tag|iv)"'
)
_SEGMENT: Final = run("0-9A-Za-z_-")
_BODY: Final = run("0-9A-Za-z_.-")


def _confirm(buffer: bytes, at: int, final: bool) -> Answer:
    head = buffer[at : at + _HEAD]
    end = end_of(_SEGMENT, head, 0)
    if end < _HEAD:
        return Hold(at) if end == len(head) and not final else None
    if not _HEADER.match(a2b_base64(head.translate(_STANDARD))):
        return None
    end = end_of(_BODY, buffer, at)
    return Match(at, end) if end < len(buffer) or final else Latch(at, end, latch(_BODY))


_STANDARD: Final = bytes.maketrans(b"-_", b"+/")

DETECTOR = Detector(
    name="jwt",
    rank=VALIDATED,
    triggers=(Trigger("eyJ", before=WORD, strong=2), Trigger("eyA[gi]", before=WORD), Trigger("ewog", before=WORD)),
    confirm=_confirm,
    limit=_HEAD,
    examples=(
        b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0." + fill(43),
        b"token=eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + fill(30) + b"." + fill(342) + b"&x=1",
        b"eyJraWQiOiJhYmMiLCJhbGciOiJFUzI1NiJ9." + fill(20) + b"." + fill(86),
        b"eyJlbmMiOiJBMTI4R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ." + fill(30) + b".." + fill(22),
        b"'eyAiYWxnIjogIkhTMjU2IiwgInR5cCI6ICJKV1QifQ." + fill(20) + b"." + fill(43) + b"'",
    ),
    near_misses=(
        b"eyJuYW1lIjoiYWRhIiwiYWdlIjozNn0",
        b"eyJ.eyJ.sig",
        b"eyJhbGci short",
        b"xeyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        b"eyJ" + fill(40),
    ),
)
