"""Stripe secret and restricted keys and webhook secrets; publishable keys are public. https://docs.stripe.com/keys"""

from jumphost.masking.detectors.base import fill, token

DETECTOR = token(
    "stripe_key",
    ("[sr]k_live_", "[sr]k_test_", "whsec_"),
    "0-9A-Za-z",
    16,
    examples=(
        b"sk_live_" + fill(24),
        b"STRIPE='sk_test_" + fill(24) + b"'",
        b"rk_live_" + fill(99) + b"\n",
        b'{"key":"sk_live_' + fill(99) + b'"}',
        b"whsec_" + fill(32) + b" ",
    ),
    near_misses=(
        b"pk_live_" + fill(24),
        b"sk_live_" + fill(8),
        b"sk_prod_" + fill(24),
        b"task_test_" + fill(24),
        b"sk_test_" + b"x" * 24,
        b"whsec_",
    ),
)
