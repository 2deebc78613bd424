"""Slack: tokens, and the secret part of a webhook's address."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.slack_token import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"xoxb-1234-" + fill(24) + b" ", [b"xoxb-1234-" + fill(24)]),
        (b"xoxe.xoxp-1-" + fill(40), [b"xoxe.xoxp-1-" + fill(40)]),
        (b"xapp-1-A02-" + fill(40), [b"xapp-1-A02-" + fill(40)]),
        (b"https://hooks.slack.com/services/T0ABC12DE/B0XYZ98GH/" + fill(24), [b"T0ABC12DE/B0XYZ98GH/" + fill(24)]),
        (b"https://hooks.slack.com/services/new", []),
        (b"https://hooks.slack.com/services/" + fill(30), []),
        (b"xoxz-" + fill(40), []),
        (b"xoxb-" + fill(11), []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x xox", b"xox", b""),
        (b"x xoxb-1", b"xoxb-1", b"xoxb-1"),
        (b"https://hooks.slack.com/services/T0AB", b"T0AB", b"T0AB"),
        (b"https://hooks.slack.com/services/T0ABC12DE/B0XYZ98GH/a", b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
