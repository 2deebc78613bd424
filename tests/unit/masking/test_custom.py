"""Patterns of a site: RE2's, bounded, and nothing of stdlib's."""

import pytest

from jumphost.masking.custom import VALIDATORS, Custom, PatternError, compiled, decode, encode, named, valid

STAFF = Custom("staff", "EMP-[0-9]{6}", 10, trigger="EMP-", strategy="partial")


def test_what_is_encoded_is_read_again() -> None:
    assert decode(encode([STAFF])) == (STAFF,)
    assert decode(encode([])) == ()
    assert encode([]) == b""
    assert named([STAFF]) == {"staff": STAFF}


@pytest.mark.parametrize(
    "pattern", [r"\b[A-Z]{2}-[0-9]{1,6}\b", r"(?i:abc)x?", r"[*+]{1,3}", r"\*\+", r"[[:alpha:]*]{2}", r"[]*]", r"\xff1"]
)
def test_bounded_patterns_are_taken(pattern: str) -> None:
    assert compiled(pattern).groups == 0


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "expected 1 to 1024 bytes of ASCII"),
        ("a" * 1025, "expected 1 to 1024 bytes of ASCII"),
        ("é", "expected 1 to 1024 bytes of ASCII"),
        ("ab*", "got *, expected how often at most"),
        ("[0-9]+", "got +, expected how often at most"),
        ("a{2,}", "got {2,}, expected how often at most"),
        (r"[\]]a+", "got +, expected how often at most"),
        (r"\Qa*\E", r"got \Q, expected"),
        ("(?=a)", "expected the syntax of RE2"),
        (r"(a)\1", "expected the syntax of RE2"),
        ("(a", "expected the syntax of RE2"),
        ("((a{1,30}){1,30}){1,30}", "expected the syntax of RE2"),
        ("a?", "matches nothing at all"),
    ],
)
def test_others_are_not(pattern: str, message: str) -> None:
    with pytest.raises(PatternError) as caught:
        compiled(pattern)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("luhn", b"18 (2)", b"18 (3)"),
        ("card", b"4111 1111 1111 1111", b"7111 1111 1111 1117"),
        ("mod97", b"gb82-west 1234 5698 7654 32", b"gb82-west 1234 5698 7654 33"),
        ("ssn", b"643-58-8268", b"643-00-8268"),
    ],
)
def test_validators_look_past_separators(name: str, good: bytes, bad: bytes) -> None:
    one = Custom("x", "x", 1, validator=name)
    assert valid(one, good)
    assert not valid(one, bad)
    assert not valid(one, b"")
    assert valid(Custom("x", "x", 1), bad)
    assert set(VALIDATORS) == {"luhn", "card", "mod97", "ssn"}
