"""JSON Web Tokens: what begins as one must decode to a header."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.jwt import DETECTOR

HEADER = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30." + fill(43) + b" ",
            [b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30." + fill(43)],
        ),
        (b"t=eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30&x", [b"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30"]),
        (b"'eyAiYWxnIjogIkhTMjU2IiwgInR5cCI6ICJKV1QifQ.e30.x'", [b"eyAiYWxnIjogIkhTMjU2IiwgInR5cCI6ICJKV1QifQ.e30.x"]),
        (b"eyJuYW1lIjoiYWRhIiwiYWdlIjozNn0", []),
        (b"eyJhbGciOiJIUzI1NiI", []),
        (b"eyJ" + fill(40), []),
        (b"xeyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30", []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x e", b"e", b""),
        (b"x ey", b"ey", b"ey"),
        (b"x eyJhbGciOi", b"eyJhbGciOi", b"eyJhbGciOi"),
        (b"x eyJhbGciOiJIUzI1NiIsInR5cCI6", b"", b""),
        (b"x eyJuYW1lIjoiYWRhIiwiYWdlIjozNn0", b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
