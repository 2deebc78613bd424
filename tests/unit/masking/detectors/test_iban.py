"""Bank accounts: the country's length, the check digits, one separator throughout."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector
from jumphost.masking.detectors.iban import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"GB82WEST12345698765432", [b"GB82WEST12345698765432"]),
        (b"iban DE89 3704 0044 0532 0130 00, x", [b"DE89 3704 0044 0532 0130 00"]),
        (b"CH93-0076-2011-6238-5295-7", [b"CH93-0076-2011-6238-5295-7"]),
        (b"NO9386011117947 MT84MALT011000012345MTLCAST001S", [b"NO9386011117947", b"MT84MALT011000012345MTLCAST001S"]),
        (b"GB82WEST12345698765433", []),
        (b"XX82WEST12345698765432", []),
        (b"GB82WEST123456987654321", []),
        (b"DE89 3704-0044 0532 0130 00", []),
        (b"DE89 37040044 0532 0130 00 ", []),
        (b"xGB82WEST12345698765432", []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x GB82WEST", b"GB82WEST", b""),
        (b"x GB82WEST1", b"GB82WEST1", b"GB82WEST1"),
        (b"x GB82WEST12345698765432", b"GB82WEST12345698765432", b"GB82WEST12345698765432"),
        (b"x GB82WEST12345698765432 ", b"", b""),
        (b"x GB82WEST1234569876/", b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
