"""GitLab: every kind of token that has a prefix."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.gitlab_token import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"glpat-" + fill(20) + b" ", [b"glpat-" + fill(20)]),
        (b"glcbt-64_" + fill(20), [b"glcbt-64_" + fill(20)]),
        (b"GR1348941" + fill(20) + b";", [b"GR1348941" + fill(20)]),
        (b"glptt-" + fill(40), [b"glptt-" + fill(40)]),
        (b"glpat-" + fill(19), []),
        (b"glpat_" + fill(20), []),
        (b"gl-" + fill(20), []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x glp", b"glp", b""),
        (b"x glpat-", b"glpat-", b"glpat-"),
        (b"x glpat-" + fill(20), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
