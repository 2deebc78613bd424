"""One spelling for each list of commands."""

import pytest

from jumphost.command.canonical import canonical, quote
from jumphost.command.lexer import parse


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("abc", "abc"),
        ("/usr/bin/a.b-c_D9", "/usr/bin/a.b-c_D9"),
        ("", "''"),
        ("a b", "'a b'"),
        ("it's", r"'it'\''s'"),
        ("'", r"''\'''"),
        ("abc\n", "'abc\n'"),  # a match that is not of the whole word takes it for bare
        ("=ls", "'=ls'"),  # shlex.quote leaves it bare, zsh expands it
        ("~", "'~'"),
        ("é", "'é'"),
        ("$(id)", "'$(id)'"),
        ("٣", "'٣'"),
    ],
)
def test_only_safe_words_are_bare(word: str, quoted: str) -> None:
    assert quote(word) == quoted


def test_a_program_is_always_quoted() -> None:
    assert quote("psql", program=True) == "'psql'"


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("psql -X -c 'select 1' 2>/dev/null", "'psql' -X -c 'select 1' 2> /dev/null"),
        ("a>x 2>&1", "'a' > x 2>&1"),
        ("a 1>x 0<y", "'a' > x < y"),
        ("a >&2 2>&- <&- 1>&-", "'a' >&2 2>&- <&- >&-"),
        ("a 3<>x >>y >|z", "'a' 3<> x >> y >| z"),
        (">x a 2", "'a' 2 > x"),
        ("a > 'x y'", "'a' > 'x y'"),
        ("V=v W= a", "V='v' W='' 'a'"),
        ("a|b&&c||d;e\nf;\n", "'a' | 'b' && 'c' || 'd' ; 'e' ; 'f'"),
        ("x ''", "'x' ''"),
    ],
)
def test_the_spelling_of_a_text(text: str, spelling: str) -> None:
    commands = parse(text)
    assert canonical(commands) == spelling
    assert parse(spelling) == commands


def test_nothing_is_spelt_as_nothing() -> None:
    assert canonical(()) == ""
