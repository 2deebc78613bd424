"""Private keys: from the first line to the last, however it is quoted; prose after it is none of it."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.private_key import DETECTOR

BEGIN, END = b"-----BEGIN PRIVATE KEY-----", b"\n-----END PRIVATE KEY-----"
PEM = BEGIN + b"\n" + fill(64) + b"\n" + fill(20) + b"==" + END + b"\n"
HEADED = BEGIN + b"\nProc-Type: 4,ENCRYPTED\n\n" + fill(64) + END
Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (PEM + b"after", [PEM[:-1]]),
        (PEM.replace(b"\n", b"\r\n"), [PEM.replace(b"\n", b"\r\n")[:-2]]),
        (b'"' + PEM.replace(b"\n", b"\\n") + b'"', [PEM.replace(b"\n", b"\\n")[:-2]]),
        (PEM.replace(b"\n", b" ") + b"x", [PEM.replace(b"\n", b" ")[:-1]]),
        (PEM[:60], [PEM[:60]]),
        (PEM.replace(b"\n", b"\n    "), [PEM.replace(b"\n", b"\n    ").rstrip()]),
        (
            BEGIN + b"\nProc-Type: 4,ENCRYPTED\n\n" + fill(64) + END,
            [BEGIN + b"\nProc-Type: 4,ENCRYPTED\n\n" + fill(64) + END],
        ),
        (BEGIN + b" is what it begins with", [BEGIN + b" is "]),
        (BEGIN + b"\n" + fill(64) + b"\n-----end", [BEGIN + b"\n" + fill(64) + b"\n-----"]),
        (BEGIN + b"\n" + fill(64) + b"\n(and so on)", [BEGIN + b"\n" + fill(64) + b"\n"]),
        (b"-----BEGIN CERTIFICATE-----\n" + fill(64), []),
        (b"-----BEGIN PUBLIC KEY-----\n" + fill(64), []),
        (b"----BEGIN PRIVATE KEY----", []),
        (b"see -----BEGIN for more", []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x -----", b"-----", b""),
        (b"x -----BEGIN PRI", b"-----BEGIN PRI", b"-----BEGIN PRI"),
        (PEM[:60], b"", b""),
        (BEGIN + b"\n" + fill(64) + b"\n-----EN", b"", b""),
        (BEGIN + b"\n" + fill(64) + b"\nab ", b"", b""),
        (b"x -----BEGIN CERTIFICATE-----\n", b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
