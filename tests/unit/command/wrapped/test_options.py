"""Options as getopt_long reads them, and what it would take beyond that."""

import getopt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumphost.command.wrapped.options import ANY, COUNT, Options, UnknownOptionError, split
from jumphost.model.request import Word

OPTIONS = Options.of("-a -b --all", {"-n --number": COUNT, "-s --say": ANY})


def literal(*values: str) -> list[Word]:
    return [Word(v=value) for value in values]


@pytest.mark.parametrize(
    ("words", "found", "operands"),
    [
        ("", [], []),
        ("x -a", [], ["x", "-a"]),
        ("-a x", [("-a", "")], ["x"]),
        ("-ab -n 5 x", [("-a", ""), ("-b", ""), ("-n", "5")], ["x"]),
        ("-abn5 x", [("-a", ""), ("-b", ""), ("-n", "5")], ["x"]),
        ("-sab x", [("-s", "ab")], ["x"]),
        ("-s -a x", [("-s", "-a")], ["x"]),
        ("--all --number=5 --say x y", [("--all", ""), ("--number", "5"), ("--say", "x")], ["y"]),
        ("-a -- -b", [("-a", "")], ["-b"]),
        ("-a - -b", [("-a", "")], ["-", "-b"]),
    ],
)
def test_options_and_operands(words: str, found: list[tuple[str, str]], operands: list[str]) -> None:
    result = split(literal(*words.split()), OPTIONS)
    assert (result.found, [word.v for word in result.operands]) == (found, operands)


@pytest.mark.parametrize(
    "words", ["-c", "-ac", "--al", "--all=x", "--num=5", "-n", "-n x", "-nx", "--number", "--number=", "--", "-an"]
)
def test_what_is_not_known_is_refused(words: str) -> None:
    if words == "--":
        assert split(literal("--"), OPTIONS).ended
        return
    with pytest.raises(UnknownOptionError):
        split(literal(*words.split()), OPTIONS)


def test_options_behind_operands_count_where_the_program_permutes() -> None:
    result = split(literal("x", "-a", "y", "--", "-b"), OPTIONS, permute=True)
    assert (result.found, [word.v for word in result.operands], result.ended) == ([("-a", "")], ["x", "y", "-b"], True)


def test_the_last_value_counts() -> None:
    result = split(literal("-s", "x", "--say=y", "-a"), OPTIONS)
    assert (result.last("-s", "--say"), result.last("-n"), result.values("-s"), result.has("-a", "-z")) == (
        *("y", "", ["x"]),
        True,
    )


@pytest.mark.parametrize("before", [[], ["-a"], ["-s"]])
def test_a_word_that_is_not_known_may_be_an_option(before: list[str]) -> None:
    word = Word(v="", k="dynamic", src="$x", why=("param",))
    with pytest.raises(UnknownOptionError) as refused:
        split([*literal(*before), word], OPTIONS)
    assert refused.value.word == word
    assert split([*literal("x"), word], OPTIONS).operands == [Word(v="x"), word]
    with pytest.raises(UnknownOptionError):
        split([*literal("x"), word], OPTIONS, permute=True)


def test_what_find_puts_there_is_no_option() -> None:
    path = Word(v="", k="dynamic", src="{}", why=("find_arg",))
    assert split([*literal("-a"), path, *literal("-b")], OPTIONS, permute=True).found == [("-a", ""), ("-b", "")]
    with pytest.raises(UnknownOptionError):
        split([Word(v="", k="dynamic", src="x{}", why=("find_arg",))], OPTIONS)


words = st.lists(
    st.sampled_from(["-a", "-b", "-ab", "-n", "-n5", "-an", "-s", "-sx", "--all", "--say=x", "5", "x", "-", "--"])
)


@given(words)
def test_what_is_taken_is_what_getopt_takes(values: list[str]) -> None:
    try:
        result = split(literal(*values), OPTIONS)
    except UnknownOptionError:
        return
    found, operands = getopt.getopt(values, "abn:s:", ["all", "number=", "say="])
    assert (result.found, [word.v for word in result.operands]) == (found, operands)


@given(words)
def test_what_is_taken_with_permutation_is_what_getopt_takes(values: list[str]) -> None:
    try:
        result = split(literal(*values), OPTIONS, permute=True)
    except UnknownOptionError:
        return
    found, operands = getopt.gnu_getopt(values, "abn:s:", ["all", "number=", "say="])
    assert (result.found, [word.v for word in result.operands]) == (found, operands)
