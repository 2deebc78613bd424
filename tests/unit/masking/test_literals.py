"""Byte strings by their first bytes: found, or perhaps begun at the end."""

import pytest

from jumphost.masking.literals import HEAD, Literals

ONE = b"abcdefgh-one"
TWO = b"abcdefgh-two"


def test_none_are_never_found() -> None:
    assert Literals([]).find(b"anything at all") == ([], 15)
    assert Literals([]).longest == 0


def test_strings_with_the_same_beginning() -> None:
    literals = Literals([("one", ONE), ("two", TWO)])
    assert literals.find(b"." + TWO + ONE) == ([(1, 13, "two"), (13, 25, "one")], 25)
    assert literals.longest == 12


def test_of_equal_strings_the_first_name_holds() -> None:
    assert Literals([("one", ONE), ("two", ONE)]).find(ONE)[0] == [(0, 12, "one")]


def test_strings_that_overlap_are_all_found() -> None:
    found, _ = Literals([("a", b"a" * HEAD)]).find(b"a" * (HEAD + 2))
    assert found == [(at, at + HEAD, "a") for at in range(3)]


def test_any_byte_may_be_in_one() -> None:
    text = bytes(range(256))
    assert Literals([("all", text)]).find(b"\xff" + text)[0] == [(1, 257, "all")]
    assert Literals([("signs", b".*.*(?i)[")]).find(b"xxxxxxxxxx") == ([], 10)


@pytest.mark.parametrize("size", range(1, len(ONE)))
def test_a_beginning_at_the_end_is_told(size: int) -> None:
    assert Literals([("one", ONE)]).find(b"..." + ONE[:size]) == ([], 3)


def test_the_first_beginning_is_told() -> None:
    literals = Literals([("long", b"ababababab-long"), ("short", b"abababab")])
    assert literals.find(b"abababab") == ([(0, 8, "short")], 0)
    assert literals.find(b"xabababababa") == ([(1, 9, "short"), (3, 11, "short")], 3)


def test_a_beginning_that_goes_on_differently_is_none() -> None:
    assert Literals([("one", ONE)]).find(b"abcdefgh-on.") == ([], 12)


def test_a_short_one_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than 8") as caught:
        Literals([("short", b"planted")])
    assert "planted" not in str(caught.value)
