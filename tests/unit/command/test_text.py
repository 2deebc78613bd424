"""Bytes to text, before any parser."""

import unicodedata

import pytest

from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.text import MAX_BYTES, decode, printable
from jumphost.testing.texts import NOT_LITERAL, NOT_TEXT, short


def reason(raw: bytes) -> Opaque | None:
    try:
        decode(raw)
    except NotLiteral as error:
        return error.reason
    return None


@pytest.mark.parametrize("text", ["", "ls -l\tx\n", "größe ≤ 3 €", "日本語", "e\u0301", "🙂"])
def test_text_that_shows_itself_passes(text: str) -> None:
    assert decode(text.encode()) == text


@pytest.mark.parametrize(("raw", "refused"), NOT_TEXT, ids=short)
def test_bytes_that_no_parser_may_see(raw: bytes, refused: Opaque) -> None:
    assert reason(raw) is refused


@pytest.mark.parametrize("raw", [raw for raw, _ in NOT_LITERAL], ids=short)
def test_what_only_the_lexer_refuses_is_text(raw: bytes) -> None:
    assert reason(raw) is None


def test_the_longest_text_passes_and_one_byte_more_does_not() -> None:
    assert len(decode(b"x" * MAX_BYTES)) == MAX_BYTES
    assert reason(b"x" * MAX_BYTES + b"\0") is Opaque.TOO_LONG


def test_every_character_that_is_no_text_is_refused() -> None:
    """Unicode's own categories are the witness."""
    passed = [
        character
        for character in map(chr, [*range(0xD800), *range(0xE000, 0x11000), *range(0xE0000, 0xE1000)])
        if unicodedata.category(character)[0] in "CZ" and reason(character.encode()) is None
    ]
    assert passed == ["\t", "\n", " "]


@pytest.mark.parametrize("point", [0x034F, 0x115F, 0x1160, 0x17B5, 0x180F, 0x3164, 0xFE0F, 0xFFA0, 0xE01EF])
def test_letters_and_marks_that_do_not_show_are_refused(point: int) -> None:
    assert reason(chr(point).encode()) is Opaque.INVISIBLE_UNICODE


def test_a_refusal_points_at_the_place() -> None:
    with pytest.raises(NotLiteral) as refusal:
        decode("é\x07".encode())
    assert refusal.value.at == 1


def test_anything_can_be_shown() -> None:
    assert printable(b"a\0\xff\x1b[1m\tb\n") == "a\ufffd\ufffd\ufffd[1m\tb\n"
    assert len(printable(b"x" * MAX_BYTES * 2)) == MAX_BYTES
