"""Stripe: secret and restricted keys, webhook secrets; what is publishable is not one."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.stripe_key import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"sk_live_" + fill(24) + b" ", [b"sk_live_" + fill(24)]),
        (b"rk_test_" + fill(99), [b"rk_test_" + fill(99)]),
        (b"whsec_" + fill(32), [b"whsec_" + fill(32)]),
        (b"pk_live_" + fill(24), []),
        (b"sk_prod_" + fill(24), []),
        (b"sk_live_" + fill(15), []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x sk_", b"sk_", b""),
        (b"x sk_live_a", b"sk_live_a", b"sk_live_a"),
        (b"x sk_live_" + fill(16), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
