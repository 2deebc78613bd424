"""What the literal tier takes, and where it stops."""

import pytest

from jumphost.command.lexer import MAX_OPERATORS, MAX_WORDS, Redirection, Simple, parse
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.testing.texts import NOT_LITERAL, short


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ls", ["ls"]),
        ("  ls\t-l \n", ["ls", "-l"]),
        (r"\rm", ["rm"]),
        ("'if' x", ["if", "x"]),
        ("a''b", ["ab"]),
        ("x ''", ["x", ""]),
        ("""x 'a'"b"c""", ["x", "abc"]),
        (r'''x "a\"b\\c\$d\`e"''', ["x", 'a"b\\c$d`e']),
        (r'x "\n\!"', ["x", r"\n\!"]),  # bashlex makes it n
        (r"x \$ \* \  \' \é", ["x", "$", "*", " ", "'", "é"]),
        ("x 'a\nb'", ["x", "a\nb"]),
        ("x 'a\\\nb'", ["x", "a\\\nb"]),
        ('x "!"', ["x", "!"]),
        ("x a \\\n b \\\nc", ["x", "a", "b", "c"]),
        ("git show HEAD~1 HEAD^", ["git", "show", "HEAD~1", "HEAD^"]),
        ("pip install a==1", ["pip", "install", "a==1"]),
        ("x a#b", ["x", "a#b"]),
        ("date +%s", ["date", "+%s"]),
        ("scp a@b:/c,d x", ["scp", "a@b:/c,d", "x"]),
        ("[ a = b ]", ["[", "a", "=", "b", "]"]),
        ("[ ! -f x ]", ["[", "!", "-f", "x", "]"]),
        ("[ a != b ]", ["[", "a", "!=", "b", "]"]),
        (r"find /x ! -name y -exec rm {} \;", ["find", "/x", "!", "-name", "y", "-exec", "rm", "{}", ";"]),
        ("xargs -I{} cp {} {}.old", ["xargs", "-I{}", "cp", "{}", "{}.old"]),
        ("écho à", ["écho", "à"]),
        ("x do done A=b if", ["x", "do", "done", "A=b", "if"]),
        ("x ''2", ["x", "2"]),
    ],
)
def test_words_mean_themselves(text: str, words: list[str]) -> None:
    assert parse(text) == (Simple(tuple(words)),)


def test_operators_join_commands() -> None:
    commands = parse("a|b&&c||d;e\nf\n\n")
    assert [(command.words, command.joint) for command in commands] == [
        (("a",), ""),
        (("b",), "|"),
        (("c",), "&&"),
        (("d",), "||"),
        (("e",), ";"),
        (("f",), ";"),
    ]


def test_a_newline_goes_on_after_an_operator_and_ends_a_command_elsewhere() -> None:
    assert parse("\n\na |\n b &&\n\n c\n\nd;\n") == parse("a | b && c ; d")


@pytest.mark.parametrize(
    ("text", "redirects"),
    [
        ("x >f", [Redirection(1, ">", "f")]),
        ("x 1>f", [Redirection(1, ">", "f")]),
        ("x >>f", [Redirection(1, ">>", "f")]),
        ("x >|f", [Redirection(1, ">|", "f")]),
        ("x <f", [Redirection(0, "<", "f")]),
        ("x <>f", [Redirection(0, "<>", "f")]),
        ("x 2> 'a b'", [Redirection(2, ">", "a b")]),
        ("x 9<f", [Redirection(9, "<", "f")]),
        ("x >f 2>&1", [Redirection(1, ">", "f"), Redirection(2, ">&", to=1)]),
        ("x 2>&1 >f", [Redirection(2, ">&", to=1), Redirection(1, ">", "f")]),
        ("x <&3", [Redirection(0, "<&", to=3)]),
        ("x 2>&-", [Redirection(2, ">&-")]),
        ("x <&-", [Redirection(0, "<&-")]),
        (">f x", [Redirection(1, ">", "f")]),
        ("x>f", [Redirection(1, ">", "f")]),
    ],
)
def test_redirections(text: str, redirects: list[Redirection]) -> None:
    assert parse(text) == (Simple(("x",), redirects=tuple(redirects)),)


def test_a_digit_is_a_descriptor_only_alone_and_bare() -> None:
    assert parse("x a2>f")[0] == Simple(("x", "a2"), redirects=(Redirection(1, ">", "f"),))
    assert parse("x ''2>f")[0] == Simple(("x", "2"), redirects=(Redirection(1, ">", "f"),))
    assert parse(r"x \2>f")[0] == Simple(("x", "2"), redirects=(Redirection(1, ">", "f"),))
    assert parse("x 2 >f")[0] == Simple(("x", "2"), redirects=(Redirection(1, ">", "f"),))


def test_words_after_a_redirection_belong_to_the_command() -> None:
    """tree-sitter-bash loses them (issue 233)."""
    (command,) = parse("find /x 2>/dev/null -exec rm {} +")
    assert command.words == ("find", "/x", "-exec", "rm", "{}", "+")


def test_assignments_before_a_program() -> None:
    (command,) = parse("A=b C='d e' F= _1=g\\ h >f x I=j")
    assert command.env == (("A", "b"), ("C", "d e"), ("F", ""), ("_1", "g h"))
    assert command.words == ("x", "I=j")


def test_limits_are_reached_exactly() -> None:
    assert len(parse("x\n" * (MAX_OPERATORS + 1))[-1].words) == 1
    assert len(parse("x" + " y" * (MAX_WORDS - 1))[0].words) == MAX_WORDS


@pytest.mark.parametrize(("raw", "reason"), NOT_LITERAL, ids=short)
def test_what_a_shell_might_read_otherwise_is_refused(raw: bytes, reason: Opaque) -> None:
    with pytest.raises(NotLiteral) as refusal:
        parse(raw.decode())
    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    ("text", "reason", "at"),
    [
        ("ls a*", Opaque.GLOB, 4),
        ('ls "a $x"', Opaque.PARAM, 6),
        ("ls | if", Opaque.RESERVED_WORD, 5),
        ("ls; A+=b x", Opaque.ASSIGNMENT, 4),
        ("ls &", Opaque.BACKGROUND, 3),
        ("ls 'x", Opaque.SYNTAX, 3),
        ("ls\r", Opaque.CONTROL_CHAR, 2),
    ],
)
def test_a_refusal_points_at_the_place(text: str, reason: Opaque, at: int) -> None:
    with pytest.raises(NotLiteral) as refusal:
        parse(text)
    assert (refusal.value.reason, refusal.value.at) == (reason, at)
