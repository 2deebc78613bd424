"""Addresses, from the sign outwards."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector
from jumphost.masking.detectors.email import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"to ada@example.com, or", [b"ada@example.com"]),
        (b"<first.last+tag@sub.example.io>", [b"first.last+tag@sub.example.io"]),
        (b"'o'neil@example.org'", [b"o'neil@example.org"]),
        (b"x@xn--bcher-kva.example", [b"x@xn--bcher-kva.example"]),
        ("m\u00fcller@b\u00fccher.example ".encode(), ["m\u00fcller@b\u00fccher.example".encode()]),
        (b"?mail=ada%40example.com&x", [b"ada%40example.com"]),
        (b"a@" + b"b" * 63 + b".com", [b"a@" + b"b" * 63 + b".com"]),
        (b"a@" + b"b" * 64 + b".com", []),
        (b"x" * 70 + b"@example.com", [b"x" * 64 + b"@example.com"]),
        (b"end@example.com.", [b"end@example.com"]),
        (b"a@b", []),
        (b"a.@example.com", []),
        (b"git@github.com:a/b", []),
        (b"ssh://deploy@host.example.com", []),
        (b"logo@2x.png", []),
        (b"pkg@1.2.3-rc.next", []),
        (b"a@-b.com", []),
        (b"a@b.c0m", []),
        (b"@example.com", []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"to ada", b"ada", b""),
        (b"to ada@", b"ada@", b""),
        (b"to ada@e", b"ada@e", b"ada@e"),
        (b"to ada@example", b"ada@example", b"ada@example"),
        (b"to ada@example.com", b"ada@example.com", b"ada@example.com"),
        (b"to ada@example.com ", b"", b""),
        (b"to ada@ ", b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
