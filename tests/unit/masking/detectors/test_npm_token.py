"""npm: the prefix, then thirty-six letters and digits."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.npm_token import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"_authToken=npm_" + fill(36) + b"\n", [b"npm_" + fill(36)]),
        (b"npm_" + fill(35), []),
        (b"npm_config_registry", []),
        (b"npm-" + fill(36), []),
        (b"npm_" + b"x" * 36, []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x np", b"np", b""),
        (b"x npm_a", b"npm_a", b"npm_a"),
        (b"x npm_config_", b"", b""),
        (b"x npm_" + fill(36), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
