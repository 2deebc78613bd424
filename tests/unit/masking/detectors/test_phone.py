"""Telephone numbers: with a plus anywhere, North American ones with signs between their groups."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector
from jumphost.masking.detectors.phone import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"+12015553686", [b"+12015553686"]),
        (b"tel:+14155552671", [b"+14155552671"]),
        (b"+44 20 7946 0958 today", [b"+44 20 7946 0958"]),
        (b"+44 (0)20 7946 0958", [b"+44 (0)20 7946 0958"]),
        (b"+33 142685300 17", [b"+33 142685300"]),
        (b"(206) 625-2400", [b"(206) 625-2400"]),
        (b"206.625.2400;", [b"206.625.2400"]),
        (b"1-305-624-4123", [b"1-305-624-4123"]),
        (b"206-625.2400", []),
        (b"101-854-1823", []),
        (b"206-911-2400 911-206-2400", []),
        (b"222-222-2222", []),
        (b"+999 1234567", []),
        (b"+1 2", []),
        (b"+44   20 7946 0958", []),
        (b"v1.206.625.2400", []),
        (b"206-625-24001", []),
        (b"a+12015553686", []),
        (b"x.+12015553686", []),
        (b"+1 (0) 206-625-2400 -1234 5678", [b"+1 (0) 206-625-2400"]),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x +1 206 62", b"+1 206 62", b"+1 206 62"),
        (b"x +1 206", b"+1 206", b""),
        (b"x +12015553686", b"+12015553686", b"+12015553686"),
        (b"x +12015553686, y and much more of it", b"", b""),
        (b"x 206-625-24", b"206-625-24", b"206-625-24"),
        (b"x 206-62", b"206-62", b""),
        (b"x 206-625-2400,", b"206-625-2400,", b"206-625-2400,"),
        (b"x +12015553686,", b"+12015553686,", b"+12015553686,"),
        (b"x (206)6", b"(206)6", b"(206)6"),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)


def test_what_no_trigger_finds_is_none() -> None:
    assert DETECTOR.confirm(b"+1", 0, bool(1)) is None
