"""OpenAI: keys with a kind in their prefix, and the older ones of one length."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.openai_key import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"sk-proj-" + fill(100) + b" ", [b"sk-proj-" + fill(100)]),
        (b"sk-svcacct-" + fill(40), [b"sk-svcacct-" + fill(40)]),
        (b"sk-admin-" + fill(60), [b"sk-admin-" + fill(60)]),
        (b"key: sk-" + fill(48) + b",", [b"sk-" + fill(48)]),
        (b"sk-" + fill(47), []),
        (b"sk-" + fill(49), []),
        (b"sk-" + b"ab" * 24, []),
        (b"sk-proj-" + fill(39), []),
        (b"task-" + fill(48), []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x sk-", b"sk-", b""),
        (b"x sk-proj", b"sk-proj", b"sk-proj"),
        (b"x sk-" + fill(48), b"sk-" + fill(48), b"sk-" + fill(48)),
        (b"x sk-" + fill(48) + b" ", b"", b""),
        (b"x sk-proj-" + fill(41), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
