"""Triggers: one element a byte, and what is not complete yet at the end of what has come."""

import re

import pytest

from jumphost.masking.trigger import LONGEST, Trigger, tail


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("ab", ["a", "b"]),
        ("a{3}", ["a", "a", "a"]),
        ("[0-9]{2}x", ["[0-9]", "[0-9]", "x"]),
        (r"\.\\", [r"\.", r"\\"]),
        ("(+", [r"\(", r"\+"]),
    ],
)
def test_every_byte_is_an_element(text: str, elements: list[str]) -> None:
    assert list(Trigger(text).elements) == elements


def test_letters_of_either_case() -> None:
    assert Trigger("a-1", nocase=True).elements == ("[aA]", r"\-", "1")


@pytest.mark.parametrize("text", ["", "[ab", "a{2", "é", "x" * (LONGEST + 1), "[a]{41}"])
def test_what_is_no_trigger_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="trigger"):
        Trigger(text)


def test_the_pattern_takes_the_byte_before() -> None:
    assert Trigger("ab", before="0-9").pattern == rb"(?:[^0-9]|\\[nrt]|%[0-9A-Fa-f]{2})ab"
    assert Trigger("ab").pattern == b"ab"
    assert re.fullmatch(Trigger("a.b").text_pattern, b"a.b")


@pytest.mark.parametrize(
    ("buffer", "found"),
    [
        (b"", (0, 0)),
        (b"xx", (2, 2)),
        (b"xx t", (3, 4)),  # one byte is held weakly
        (b"xx to", (3, 3)),  # two strongly
        (b"xx tok", (3, 3)),
        (b"xx toke", (7, 7)),  # all of it is a trigger already
        (b"xxtok", (5, 5)),  # what stands before it is against it
        (b"tok ", (4, 4)),
        (b"xx tot", (6, 6)),
        (b"tok", (0, 0)),
        (rb"x\ntok", (3, 3)),  # after an escape, which ends in a letter
        (b"x%0Dtok", (4, 4)),
        (b"x%atok", (6, 6)),
    ],
)
def test_an_unfinished_trigger_is_found(buffer: bytes, found: tuple[int, int]) -> None:
    assert tail((Trigger("toke", before="a-z", strong=2),)).find(buffer) == found


def test_the_leftmost_of_several_is_found() -> None:
    assert tail((Trigger("abcd", strong=3), Trigger("bcde", strong=1))).find(b"-ab") == (1, 2)


def test_context_is_not_held() -> None:
    assert tail((Trigger("password", held=False),)).find(b"passw") == (5, 5)
    assert tail(()).find(b"passw") == (5, 5)


def test_a_trigger_of_one_byte_is_never_unfinished() -> None:
    assert tail((Trigger("@"),)).find(b"@@") == (2, 2)
