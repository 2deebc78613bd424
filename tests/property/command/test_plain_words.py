"""Plain words are read together, and quoted ones at once: as they would be one by one."""

import string

from hypothesis import given
from hypothesis import strategies as st

from jumphost.command.lexer import parse
from jumphost.command.opaque import NotLiteral

PLAIN = st.text(string.ascii_letters + string.digits + "_./,:+@%-", min_size=1, max_size=6)
QUOTED = st.one_of(
    st.text(" ;|&<>*#~=!x", max_size=4).map(lambda text: f"'{text}'"),
    st.text(" ;|&<>*#~=!x", max_size=4).map(lambda text: f'"{text}"'),
)
OTHER = st.sampled_from(["=", "{}", "]", "a=b", "é", "\\;", "2>x", ">&2", "<y", "1", "&", "(", "*", "''x"])
JOINTS = (" | ", " && ", ";", "\n", "|")
BETWEEN = st.sampled_from([" ", "\t", "  ", " \\\n", *JOINTS])


def read(text: str) -> object:
    """The commands, or why there are none."""
    try:
        return parse(text)
    except NotLiteral as error:
        return error.reason


WORDS = st.one_of(st.tuples(st.one_of(PLAIN, QUOTED), st.just("''")), st.tuples(OTHER, st.just("")))


@given(st.lists(st.tuples(WORDS, BETWEEN), max_size=8))
def test_they_are_what_they_are_one_by_one(words: list[tuple[tuple[str, str], str]]) -> None:
    """An empty pair of quotes behind an operand changes nothing but the way in which it is read."""
    together = one_by_one = "echo "
    program = False  # whether a program comes next, of which quotes make another word
    for (word, quotes), between in words:
        together += word + between
        one_by_one += word + ("" if program else quotes) + between
        program = between in JOINTS or (program and not quotes)
    assert read(together) == read(one_by_one)
