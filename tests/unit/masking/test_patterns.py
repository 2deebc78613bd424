"""A site's own detectors over a stream: each place judged once, what may begin there held, whatever the pieces."""

import sys

import pytest

from jumphost.masking.base import HEURISTIC, VALIDATED, Scan, Span
from jumphost.masking.custom import Custom
from jumphost.masking.patterns import PatternScanner

STAFF = Custom("staff", r"EMP-[0-9]{4}\b", 8, trigger="EMP-")
ROOM = Custom("room", r"\b[A-F][0-9]{2}\b", 3)


def scan(detector: Custom, text: bytes, *, final: bool = False) -> Scan:
    return PatternScanner([detector]).scan(text, 0, final=final)


def found(detector: Custom, text: bytes) -> list[bytes]:
    return [text[span.start : span.end] for span in scan(detector, text, final=True).spans]


def test_values_are_found_with_what_stands_around() -> None:
    assert scan(STAFF, b"x EMP-1234 y", final=True) == Scan((Span(2, 10, "staff", HEURISTIC),), 12, 12)
    assert found(ROOM, b"A12,B34 xC56 D789 F00\n") == [b"A12", b"B34", b"F00"]


def test_one_is_no_longer_than_it_may_be() -> None:
    digits = Custom("digits", "[0-9]{2,9}", 4)
    assert found(digits, b"1234567") == [b"1234", b"567"]
    assert found(Custom("digits", r"[0-9]{2,9}\b", 4), b"1234567") == [b"4567"]


def test_ends_of_lines_are_seen_and_no_end_of_the_text() -> None:
    line = Custom("line", "^id [0-9]{1,3}$", 6)
    assert found(line, b"id 1\nid 22\nx id 3\nid 4x\nid 5") == [b"id 1", b"id 22", b"id 5"]
    assert found(Custom("first", r"\Aab", 2), b"ab") == []
    assert found(Custom("last", r"ab\z", 2), b"ab ab") == [b"ab"]


def test_a_validator_decides_and_ranks() -> None:
    digits = Custom("digits", "[0-9]{2}", 2, validator="luhn")
    assert scan(digits, b"18 19", final=True).spans == (Span(0, 2, "digits", VALIDATED),)
    assert found(digits, b"1180") == [b"18"]  # one byte on, where what begins before is none


def test_it_begins_with_its_trigger() -> None:
    assert found(Custom("x", "[A-Z]{3}[0-9]", 4, trigger="AB"), b"ABC1 XYZ2 ABD3") == [b"ABC1", b"ABD3"]


@pytest.mark.parametrize(
    ("detector", "text", "safe", "weak"),
    [
        (STAFF, b"$ ", 2, 2),
        (STAFF, b"x E", 2, 3),
        (STAFF, b"x EMP", 2, 5),
        (STAFF, b"x EMP-", 2, 2),
        (STAFF, b"x EMP-1234", 2, 2),  # what follows is not there
        (STAFF, b"x EMP-1234 ", 11, 11),
        (STAFF, b"x EMPx", 6, 6),
        (ROOM, b"$ ", 2, 2),
        (ROOM, b"x A", 2, 3),
        (ROOM, b"x A12", 2, 5),
        (Custom("within", r"\Bq", 1), b"abq", 2, 3),
        (Custom("within", r"\Bq", 1), b"abc", 3, 3),
        (Custom("any", ".", 1), b"abc", 1, 3),  # RE2 cannot tell how one begins; the second is side by side with it
    ],
)
def test_what_is_held(detector: Custom, text: bytes, safe: int, weak: int) -> None:
    assert scan(detector, text)[1:] == (safe, weak)


def test_values_side_by_side_are_let_go_together() -> None:
    pair = Custom("pair", "[0-9]{2}", 2)
    scanner = PatternScanner([pair])
    first = scanner.scan(b"123", 0, final=False)
    assert (first.spans, first.safe) == ((Span(0, 2, "pair", HEURISTIC),), 1)
    assert scanner.scan(b"1234x", 0, final=False).spans == (Span(2, 4, "pair", HEURISTIC),)


def test_offsets_move_with_the_buffer() -> None:
    scanner = PatternScanner([ROOM])
    text = b" ".join([b"A12"] * 200)
    begin, spans = 0, []
    for end in range(1, len(text) + 1):
        buffer = text[begin:end]
        scan = scanner.scan(buffer, min(len(buffer), max(0, end - begin - 5)), final=end == len(text))
        spans += [(begin + span.start, begin + span.end) for span in scan.spans]
        if len(buffer) > scanner.keep + 8:
            scanner.forget(4)
            begin += 4
    assert spans == [(at, at + 3) for at in range(0, len(text), 4)]


@pytest.mark.parametrize("text", [b"EMP-", b"EMP-123", b"EMP-1234", b"A1", b"A12", b"A"])
def test_twice_the_bytes_are_twice_the_calls(text: bytes) -> None:
    once, twice = (_calls(text * (size // len(text))) for size in (8192, 16384))
    assert twice <= 2.2 * once + 200


def _calls(data: bytes) -> int:
    scanner = PatternScanner([STAFF, ROOM])
    count = 0

    def seen(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        scanner.scan(data, 0, final=False)
    finally:
        sys.setprofile(None)
    return count
