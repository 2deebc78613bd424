"""A value is known again by its digest, however it is written, and by nobody with another key."""

import pytest

from jumphost.masking.blind import SIZE, Digest, digests, index_key

KEY = b"k" * 32
BETWEEN = (b"", b" -")


def digest(*parts: bytes, key: bytes = KEY) -> bytes:
    one = Digest(index_key(key))
    for part in parts:
        one.update(part, b" -")
    return one.end()


def test_pieces_make_one() -> None:
    assert digest(b"4111 1111", b" 1111 1111") == digest(b"4111111111111111")
    assert len(digest(b"x")) == SIZE


@pytest.mark.parametrize("asked", [b"4111111111111111", b"4111-1111-1111-1111", b" 4111 1111 1111 1111\n"])
def test_a_value_is_known_again(asked: bytes) -> None:
    assert digest(b"4111 1111 1111 1111") in digests(KEY, asked, BETWEEN)


def test_letters_count_in_any_case() -> None:
    assert digest(b"Ada@Example.com") in digests(KEY, b"ada@example.COM", BETWEEN)


def test_another_value_or_key_is_not() -> None:
    assert digest(b"4111111111111111") not in digests(KEY, b"4111111111111112", BETWEEN)
    assert digest(b"4111111111111111") not in digests(b"K" * 32, b"4111111111111111", BETWEEN)


def test_the_key_of_the_index_is_not_that_of_pseudonyms() -> None:
    assert index_key(KEY) not in (KEY, index_key(b"K" * 32))
