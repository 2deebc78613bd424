"""Card numbers: networks, groups of cards, tracks; not in floats, serials and dumps."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector
from jumphost.masking.detectors.credit_card import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"4111111111111111", [b"4111111111111111"]),
        (b"4111-1111-1111-1111.", [b"4111-1111-1111-1111"]),
        (b"3782 822463 10005", [b"3782 822463 10005"]),
        (b"3056 930902 5904", [b"3056 930902 5904"]),
        (b"4222 2222 22222", [b"4222 2222 22222"]),
        (b"6223 0992 0637 6140 429", [b"6223 0992 0637 6140 429"]),
        (b"6759-9324-0971-9055 9792038072343307", [b"6759-9324-0971-9055", b"9792038072343307"]),
        (b"%B4111111111111111^DOE/J^2512", [b"4111111111111111"]),
        (b";4111111111111111=2512?", [b"4111111111111111"]),
        (b"4111111111111111 12/27 123", [b"4111111111111111"]),
        (b"4111-1111 1111-1111", []),
        (b"4111111111111112", []),
        (b"7111111111111117", []),
        (b"0.4111111111111111", []),
        (b"4111111111111111.25", []),
        (b"x4111111111111111", []),
        (b"4111111111111111x", []),
        (b"411111111111111", []),
        (b"00000ed0: 4111 1111 1111 1111 0000", []),
        (b"0006c0 4111 1111 1111 1111 0015 0000 0000 0000\n", []),
        (b"100017 4111 1111 1111 1111 2027 123\n", [b"4111 1111 1111 1111"]),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"n: 411111", b"411111", b""),
        (b"\n0006c0 4111 1111 1111 1111 0015 0", b"4111 1111 1111 1111 0015 0", b"4111 1111 1111 1111 0015 0"),
        (b"\n0006c0 4111 1111 1111 1111 0015, and", b"", b""),
        (b"n: 4111111", b"4111111", b"4111111"),
        (b"n: 4111 1111 1111", b"4111 1111 1111", b"4111 1111 1111"),
        (b"n: 4111111111111111", b"4111111111111111", b"4111111111111111"),
        (b"n: 4111111111111111 and", b"", b""),
        (b"\n0006c0 4111 1111 1111 1111 00", b"4111 1111 1111 1111 00", b"4111 1111 1111 1111 00"),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
