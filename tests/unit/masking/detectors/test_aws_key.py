"""AWS: access key ids by their form, secrets and session tokens by the words before them."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.aws_key import DETECTOR
from jumphost.masking.detectors.base import Detector, fill

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"id AKIA" + fill(16, "IOSFODNN7EXAMPL2") + b".", [b"AKIA" + fill(16, "IOSFODNN7EXAMPL2")]),
        (b"AKIA" + fill(17, "IOSFODNN7EXAMPL2"), []),
        (b"AKIA" + fill(15, "IOSFODNN7EXAMPL2"), []),
        (b"aws_secret_access_key = " + fill(40), [fill(40)]),
        (b"AWS_SECRET_ACCESS_KEY=" + fill(60) + b"\n", [fill(60)]),
        (b'"SecretAccessKey" : "' + fill(40) + b'"', [fill(40)]),
        (b'{\\"sessionToken\\":\\"' + fill(200) + b'\\"}', [fill(200)]),
        (b"secretaccesskey => " + fill(40), [fill(40)]),
        (b"secret_access_key " + fill(40), []),
        (b"secret_access_key=" + fill(39), []),
        (b"secret_access_key=" + b"ab" * 20, []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x AK", b"AK", b""),
        (b"x AKIA" + fill(5, "IOSFO"), b"AKIAIOSFO", b"AKIAIOSFO"),
        (b"secret_access_key", b"", b""),
        (b"secret_access_key = ", b"", b""),
        (b"secret_access_key = " + fill(20), fill(20), fill(20)),
        (b"secret_access_key=" + fill(41), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
