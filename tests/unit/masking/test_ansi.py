"""Control sequences are parted from text, and put back where they stood."""

import pytest

from jumphost.masking.ansi import LONGEST, Piece, Splitter, Weaver, payload


def split(*chunks: bytes) -> tuple[bytes, list[bytes]]:
    """The text and the sequences of what comes in chunks, then ends."""
    splitter = Splitter()
    pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)] + list(splitter.feed(b"", final=True))
    return b"".join(piece.text for piece in pieces), [piece.sequence for piece in pieces if piece.sequence]


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[31m",
        b"\x1b[m",
        b"\x1b[38;2;255;255;255m",
        b"\x1b[?25l",
        b"\x1b[2 q",
        b"\x1b(B",
        b"\x1b=",
        b"\x1b7",
        b"\x1bM",
        b"\x1b]0;a title\x07",
        b"\x1b]8;;http://a/b\x1b\\",
        b"\x1b]0;\xc3\xa9\x07",
        b"\x1bc",
        b"\x1b\\",
    ],
)
def test_a_sequence_is_parted_however_it_comes(sequence: bytes) -> None:
    assert split(b"a" + sequence + b"b") == (b"ab", [sequence])
    assert split(*(bytes([byte]) for byte in b"a" + sequence + b"b")) == (b"ab", [sequence])


@pytest.mark.parametrize(
    "text",
    [
        b"\x1b",
        b"\x1b[",
        b"\x1b[31",
        b"\x1b]0;never ends",
        b"\x1b[" + b"1" * 60 + b"m",
        b"\x1b]0;" + b"a" * 300 + b"\x07",
        b"\x1b[\x01m",
        b"\x1b\x80",
        b"\x1b]0;a\nb\x07",
    ],
)
def test_what_is_no_whole_sequence_is_text(text: bytes) -> None:
    assert split(text) == (text, [])
    assert split(*(bytes([byte]) for byte in text)) == (text, [])


def test_text_without_an_escape_passes_as_it_is() -> None:
    assert list(Splitter().feed(b"abc")) == [Piece(b"abc", b"")]


def test_what_is_held_is_bounded() -> None:
    splitter = Splitter()
    assert b"".join(piece.text for piece in splitter.feed(b"\x1b]" + b"a" * (LONGEST - 4))) == b""
    assert len(splitter.held) == LONGEST - 2
    assert b"".join(piece.text for piece in splitter.feed(b"a")) != b""
    assert splitter.held == b""


def test_the_payload_of_a_command() -> None:
    sequence = b"\x1b]0;a title\x07"
    start, end = payload(sequence)
    assert sequence[start:end] == b"0;a title"
    assert payload(b"\x1b[31m") == (0, 0)


def test_sequences_go_back_where_they_stood() -> None:
    weaver = Weaver()
    for place, sequence in ((10, b"<a>"), (12, b"<b>"), (12, b"<c>"), (20, b"<d>")):
        weaver.add(place, sequence, len(sequence))
    assert weaver.waiting == 12
    assert weaver.weave(b"xxyyzz", 10) == b"<a>xx<b><c>yyzz"
    assert weaver.weave(b"1234", 16) == b"1234<d>"
    assert weaver.waiting == 0


def test_sequences_within_what_is_replaced_are_kept() -> None:
    weaver = Weaver()
    for place in (3, 5, 8):
        weaver.add(place, b"<%d>" % place, 3)
    assert weaver.skip(8) == b"<3><5>"
    assert weaver.weave(b"", 8) == b"<8>"


def test_bytes_of_sequences_before_a_place() -> None:
    weaver = Weaver()
    assert weaver.before(7) == 0
    weaver.add(3, b"masked", 5)
    weaver.add(9, b"", 4)
    assert [weaver.before(place) for place in (0, 3, 4, 9, 10)] == [0, 0, 5, 5, 9]
    weaver.forget(10)
    assert [weaver.before(place) for place in (10, 11)] == [9, 9]
    weaver.add(12, b"x", 1)
    assert [weaver.before(place) for place in (12, 13)] == [9, 10]
