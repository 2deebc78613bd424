"""PyPI and TestPyPI: macaroons with a known beginning."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector, fill
from jumphost.masking.detectors.pypi_token import DETECTOR

Masked = Callable[[Detector, bytes], list[bytes]]
Kept = Callable[[Detector, bytes], tuple[bytes, bytes]]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (b"pypi-AgEIcHlwaS5vcmc" + fill(120) + b" ", [b"pypi-AgEIcHlwaS5vcmc" + fill(120)]),
        (b"pypi-AgENdGVzdC5weXBp" + fill(90), [b"pypi-AgENdGVzdC5weXBp" + fill(90)]),
        (b"pypi-AgEIcHlwaS5vcmc" + fill(49), []),
        (b"pypi-server " + fill(60), []),
    ],
)
def test_what_is_masked(masked: Masked, text: bytes, values: list[bytes]) -> None:
    assert masked(DETECTOR, text) == values


@pytest.mark.parametrize(
    ("text", "held", "strongly"),
    [
        (b"x pypi-A", b"pypi-A", b""),
        (b"x pypi-Ag", b"pypi-Ag", b"pypi-Ag"),
        (b"x pypi-AgEIcHlwaS5vcmc" + fill(60), b"", b""),
    ],
)
def test_what_waits(kept: Kept, text: bytes, held: bytes, strongly: bytes) -> None:
    assert kept(DETECTOR, text) == (held, strongly)
