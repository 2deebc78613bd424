"""Credentials of HTTP: after a scheme in a header, or after the word where they look random."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.bearer import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"Authorization: Bearer " + fill(24) + b"\r\n", [fill(24)]),
        (b"authorization: basic YTpi\r\n", [b"YTpi"]),
        (b'{"Authorization":"Token x1"}', [b"x1"]),
        (b"Proxy-Authorization: Digest abc", [b"abc"]),
        (b"Authorization: Unknown abc", []),
        (b"bearer: " + fill(20), [fill(20)]),
        (b"bearer=a1b2c3d4 ", [b"a1b2c3d4"]),
        (b"bearer abcdefgh ", []),
        (b"bearer a1b2c3d ", []),
        (b"bearer 11111111 ", []),
        (b"bearer --option-is-no-value-at-all1", []),
        (b"xbearer " + fill(30), []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"Authorization: Bea", b"", b""),
        (b"Authorization: Bearer ", b"", b""),
        (b"Authorization: Bearer a", b"", b""),
        (b"bearer a1b2", b"a1b2", b"a1b2"),
        (b"bearer " + fill(21), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
