"""How the tests of detectors ask: what a detector masks of a text, and what it keeps back of one that goes on."""

from collections.abc import Callable

import pytest

from jumphost.masking.detectors.base import Detector
from jumphost.masking.scanner import DetectorScanner


@pytest.fixture
def masked() -> Callable[[Detector, bytes], list[bytes]]:
    """The values in a whole text."""

    def ask(detector: Detector, text: bytes) -> list[bytes]:
        return [text[span.start : span.end] for span in DetectorScanner([detector]).scan(text, 0, final=True).spans]

    return ask


@pytest.fixture
def kept() -> Callable[[Detector, bytes], tuple[bytes, bytes]]:
    """What does not go while more may come, and what of it does not go in a pause either."""

    def ask(detector: Detector, text: bytes) -> tuple[bytes, bytes]:
        scan = DetectorScanner([detector]).scan(text, 0, final=False)
        return text[scan.safe :], text[scan.weak :]

    return ask
