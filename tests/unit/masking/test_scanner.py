"""One detector over one stream: every trigger is judged once, when enough has come."""

from collections.abc import Iterable

import pytest

from jumphost.masking.base import VALIDATED, MaskError, Scan, Span
from jumphost.masking.detectors.base import Detector, Hold, Match, Trigger, token
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.scanner import DetectorScanner

KEY = token("key", ("k_",), "a-z", 4, examples=(), near_misses=(), distinct=2)


def scan(detector: Detector, text: bytes, sent: int = 0, *, final: bool = False) -> Scan:
    return DetectorScanner([detector]).scan(text, sent, final=final)


def fed(scanner: DetectorScanner, chunks: Iterable[bytes]) -> list[Scan]:
    """Scans as a stream does that lets all go that it may, and keeps nothing."""
    text, sent, scans = b"", 0, []
    for chunk in chunks:
        text += chunk
        scans.append(scanner.scan(text, sent, final=False))
        sent = scans[-1].safe
    return scans


def test_a_value_and_what_is_around_it_may_go() -> None:
    assert scan(KEY, b"a k_abcd b") == Scan((Span(2, 8, "key", VALIDATED),), 10, 10)


def test_what_may_become_a_value_is_held() -> None:
    assert scan(KEY, b"a k_ab") == Scan((), 2, 2)
    assert scan(KEY, b"a k_ab", final=True) == Scan((), 6, 6)


def test_the_beginning_of_a_trigger_is_held_weakly() -> None:
    assert scan(token("key", ("key_",), "a-z", 4, examples=(), near_misses=()), b"a k") == Scan((), 2, 3)


def test_a_value_that_goes_on_is_latched() -> None:
    first, second, third = fed(DetectorScanner([KEY]), [b"k_abcd", b"ef", b"gh k_"])
    assert first == Scan((Span(0, 6, "key", VALIDATED),), 6, 6)
    assert second == Scan((Span(6, 8, "key", VALIDATED),), 8, 8)
    assert third == Scan((Span(8, 10, "key", VALIDATED),), 11, 11)


def test_a_latched_value_may_be_at_its_end() -> None:
    first, second = fed(DetectorScanner([KEY]), [b"k_abcd", b" x"])
    assert (first.spans, second.spans) == ((Span(0, 6, "key", VALIDATED),), ())


def test_nothing_is_found_twice() -> None:
    first, second = fed(DetectorScanner([KEY]), [b"k_abcd ", b"k_efgh "])
    assert first.spans == (Span(0, 6, "key", VALIDATED),)
    assert second.spans == (Span(7, 13, "key", VALIDATED),)


def test_a_latch_goes_on_where_the_buffer_was_cut() -> None:
    scanner = DetectorScanner([KEY])
    scanner.scan(b"....k_abcd", 0, final=False)
    scanner.forget(8)  # within the value
    assert scanner.scan(b"cdef g", 2, final=False).spans == (Span(2, 4, "key", VALIDATED),)


def test_a_cut_buffer_begins_nothing() -> None:
    scanner = DetectorScanner([KEY])
    scanner.scan(b"x", 0, final=False)
    scanner.forget(1)
    assert scanner.scan(b"k_abcd ", 0, final=False).spans == ()  # it was xk_abcd


def test_a_value_that_has_begun_to_go_is_found_all_the_same() -> None:
    assert scan(DETECTORS["email"], b"ada@example.com ", 3).spans == (Span(0, 15, "email", VALIDATED),)


def test_it_never_says_less_than_has_gone() -> None:
    assert scan(KEY, b"a k_ab", 4)[1:] == (4, 4)


def test_one_detector_that_waits_does_not_stop_another() -> None:
    other = token("other", ("o_",), "a-z", 4, examples=(), near_misses=(), distinct=2)
    found = DetectorScanner([KEY, other]).scan(b"k_ab o_abcd k_ab", 0, final=False)
    assert found == Scan((Span(5, 11, "other", VALIDATED),), 12, 12)


def test_what_is_compiled_with_others_finds_its_own_only() -> None:
    other = token("other", ("o_",), "a-z", 4, examples=(), near_misses=(), distinct=2)
    scanner = DetectorScanner([KEY], among=[other, KEY])
    assert scanner.scan(b"k_abcd o_abcd o_ab", 0, final=False) == Scan((Span(0, 6, "key", VALIDATED),), 18, 18)


def made(answer: Hold | Match | None, limit: int = 3) -> Detector:
    return Detector("made", VALIDATED, (Trigger("!"),), lambda buffer, at, final: answer, (), (), limit)


def test_holding_more_than_announced_ends_the_session() -> None:
    assert scan(made(Hold(0)), b"ab!").safe == 0
    with pytest.raises(MaskError, match="made holds more than 3 bytes"):
        scan(made(Hold(0)), b"abc!")


def test_triggers_within_a_value_are_not_judged() -> None:
    assert len(scan(made(Match(0, 4)), b"!!!!!").spans) == 2
