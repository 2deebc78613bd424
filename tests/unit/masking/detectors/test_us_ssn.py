"""Social security numbers: dashed anywhere, else only after a word that names them."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector
from jumphost.masking.detectors.us_ssn import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"5806,Rosa,643-58-8268,x", [b"643-58-8268"]),
        (b"SSN: 225 35 5215", [b"225 35 5215"]),
        (b"ssn=247158110\n", [b"247158110"]),
        (b"Social Security Number is 225355215.", [b"225355215"]),
        (b"socialsecurity 225-35-5215", [b"225-35-5215"]),
        (b"soc_sec: 225355215", [b"225355215"]),
        (b"225355215 and 225 35 5215", []),
        (b"ssn of " + b"x" * 30 + b" 225355215", []),
        (b"ssn\n225355215", []),
        (b"666-58-8268 900-58-8268 643-00-8268 643-58-0000", []),
        (b"643-58 8268", []),
        (b"643-58-8268-1", []),
        (b"643-58-82689", []),
        (b"1.643-58-8268", []),
        (b"ssn: none", []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x 643-58", b"643-58", b""),
        (b"x 643-58-", b"643-58-", b"643-58-"),
        (b"x 643-58-8268", b"643-58-8268", b"643-58-8268"),
        (b"x 643-58-8268,", b"643-58-8268,", b"643-58-8268,"),
        (b"x 643-58-8268,y", b"", b""),
        (b"ssn: ", b"", b""),
        (b"ssn: 2253", b"2253", b"2253"),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)


def test_what_no_trigger_finds_is_none() -> None:
    assert DETECTOR.confirm(b"xyz", 0, bool(1)) is None
