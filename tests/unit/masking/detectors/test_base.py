"""Tokens of vendors: a prefix, a class, a least length, and what is too plain to be one."""

import pytest

from jumphost.masking.detectors.base import Hold, Latch, Match, fill, token

KEY = token("key", ("k_",), "a-z", 4, examples=(), near_misses=(), distinct=2)
EXACT = token("exact", ("k_",), "a-z", 4, most=4, examples=(), near_misses=(), distinct=2)


@pytest.mark.parametrize(
    ("text", "final", "answer"),
    [
        (b"k_abc", False, Hold(0)),
        (b"k_abc", True, None),
        (b"k_abc!", False, None),
        (b"k_aaaa ", False, None),
        (b"k_abcd ", False, Match(0, 6)),
        (b"k_abcdef ", False, Match(0, 8)),
        (b"k_abcd", True, Match(0, 6)),
    ],
)
def test_a_token(text: bytes, final: bool, answer: object) -> None:
    assert KEY.confirm(text, 0, final) == answer


def test_a_token_that_goes_on_is_latched() -> None:
    answer = KEY.confirm(b"k_abcd", 0, bool(0))
    assert isinstance(answer, Latch)
    assert answer[:2] == (0, 6)
    assert answer.more(b"k_abcdxy", 6) == (8, answer.more)
    assert answer.more(b"k_abcdxy!", 6) == (8, None)


@pytest.mark.parametrize(
    ("text", "final", "answer"),
    [
        (b"k_abcd", False, Hold(0)),
        (b"k_abcd", True, Match(0, 6)),
        (b"k_abcd ", False, Match(0, 6)),
        (b"k_abcde", False, None),
        (b"k_abcde ", False, None),
    ],
)
def test_a_token_of_one_length(text: bytes, final: bool, answer: object) -> None:
    assert EXACT.confirm(text, 0, final) == answer


def test_fill_gives_many_different_bytes() -> None:
    assert len(fill(70)) == 70
    assert len(set(fill(34))) > 30
