"""Google: API keys, OAuth tokens and client secrets."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.gcp_key import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"key=AIza" + fill(35) + b"&x", [b"AIza" + fill(35)]),
        (b"ya29." + fill(100), [b"ya29." + fill(100)]),
        (b"'GOCSPX-" + fill(28) + b"'", [b"GOCSPX-" + fill(28)]),
        (b"AIza" + fill(26), []),
        (b"ya29 " + fill(40), []),
        (b"xAIza" + fill(35), []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x AI", b"AI", b""),
        (b"x AIza" + fill(10), b"AIza" + fill(10), b"AIza" + fill(10)),
        (b"x AIza" + fill(30), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
