"""Small questions that every reader of wrappers asks."""

from jumphost.command.wrapped.handed import Handed, hidden, joined, reason, unknown_program
from jumphost.model.request import Word

UNKNOWN = Word(v="", k="dynamic", src="$x", why=("param",))


def test_what_is_hidden_is_not_whole() -> None:
    assert hidden("a", "b") == Handed(opaque=("a", "b"), whole=False)


def test_the_reason_names_the_program() -> None:
    assert reason("nsenter") == "exec_wrapper:nsenter"


def test_words_are_joined_if_all_are_known() -> None:
    assert joined([Word(v="a"), Word(v="b  c"), Word(v="")]) == "a b  c "
    assert joined([]) == ""
    assert joined([Word(v="a"), UNKNOWN]) is None


def test_why_a_program_is_not_known() -> None:
    assert unknown_program(UNKNOWN) == "dynamic_program"
    assert unknown_program(Word(v="", k="dynamic", why=("xargs_args",))) == "xargs_program"
