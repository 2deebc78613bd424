"""Anthropic keys: the prefix, then forty bytes or more."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.anthropic_key import DETECTOR
from jumphost.masking.detectors.base import Detector, fill

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"k=sk-ant-api03-" + fill(90) + b" x", [b"sk-ant-api03-" + fill(90)]),
        (b"sk-ant-" + fill(40), [b"sk-ant-" + fill(40)]),
        (b"sk-ant-" + fill(39), []),
        (b"_sk-ant-" + fill(60), []),
        (b"sk-ant-" + b"ab" * 30, []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x sk-a", b"sk-a", b""),
        (b"x sk-an", b"sk-an", b"sk-an"),
        (b"x sk-ant-" + fill(9), b"sk-ant-" + fill(9), b"sk-ant-" + fill(9)),
        (b"x sk-ant-" + fill(50), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
