"""Mode detect: the output is as it came, but for secrets of the session; what is found is counted."""

import pytest

from jumphost.masking.base import MaskError, Scan, Span
from jumphost.masking.counts import Counts
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.observed import Observed
from jumphost.masking.scanner import DetectorScanner
from jumphost.masking.stream import StreamMasker
from jumphost.masking.values import Rule

KEY = b"k" * 32


class Stars:
    """An exact value: the letter x."""

    keep = 0

    def scan(self, buffer: bytes, sent: int, *, final: bool) -> Scan:
        spans = tuple(
            Span(at, at + 1, "exact:0/raw", 0) for at in range(sent, len(buffer)) if buffer[at : at + 1] == b"x"
        )
        return Scan(spans, len(buffer), len(buffer))

    def forget(self, count: int) -> None:
        """Keeps no offsets."""


@pytest.fixture
def observed() -> Observed:
    counts = Counts(KEY)
    masked = StreamMasker([Stars()], lambda span: Rule("redact"), key=KEY, counts=counts)
    scanner = DetectorScanner([DETECTORS["email"]])
    seen = StreamMasker([scanner], lambda span: Rule("redact"), key=KEY, counts=counts, action="detected")
    return Observed(masked, seen)


def test_it_passes_at_once_and_is_counted(observed: Observed) -> None:
    assert observed.feed(b"x ada") == b"* ada"
    assert observed.idle_after is None
    assert observed.idle() == b""
    assert observed.feed(b"@firma.de") == b"@firma.de"
    assert observed.close() == b""
    assert [(row.detector, row.action) for row in observed.counts.rows()] == [
        ("email", "detected"),
        ("exact:0/raw", "masked"),
    ]
    assert observed.scanned == 14


def test_a_fault_of_what_only_looks_ends_the_session_too(observed: Observed) -> None:
    observed.close()
    observed._seen._broken = True
    with pytest.raises(MaskError):
        observed.feed(b"a")
