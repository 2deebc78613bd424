"""GitHub: classic and fine-grained tokens."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.github_token import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"remote: ghp_" + fill(36) + b" x", [b"ghp_" + fill(36)]),
        (b"gho_" + fill(36) + b",ghu_" + fill(36), [b"gho_" + fill(36), b"ghu_" + fill(36)]),
        (b"https://x:ghs_" + fill(36) + b"@github.com", [b"ghs_" + fill(36)]),
        (b"github_pat_" + fill(82), [b"github_pat_" + fill(82)]),
        (b"ghp_" + fill(35), []),
        (b"ghx_" + fill(36), []),
        (b"ghp_" + b"x" * 36, []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x gh", b"gh", b""),
        (b"x ghp_", b"ghp_", b"ghp_"),
        (b"x ghp_" + fill(35), b"ghp_" + fill(35), b"ghp_" + fill(35)),
        (b"x ghp_" + fill(36), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
