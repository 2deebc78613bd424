"""A word has its exact value, or reasons why it has none."""

import pytest

from jumphost.command import shfmt, tree
from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.command.words import Reading, read, read_text


def word(source: str, dialect: str = "sh") -> Reading:
    """The second word of ``a WORD``, as the parser gives it."""
    text = f"a {source}"
    (stmt,) = shfmt.parse(text, dialect).stmts
    assert isinstance(stmt.cmd, tree.CallExpr)
    return read(stmt.cmd.args[1], text.encode())


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("b", "b"),
        (r"\$b", "$b"),
        ("'$b'", "$b"),
        (r'"\$b\"\\\x"', r'$b"\\x'),
        ("b'c'\"d\"", "bcd"),
        ("''", ""),
        ("a=b", "a=b"),
        ("{}", "{}"),
        ("x~", "x~"),
        ("5$", "5$"),
        ('"5$"', "5$"),
    ],
)
def test_exact_values(source: str, value: str) -> None:
    found = word(source)
    assert (found.literal, found.value, found.one) == (True, value, True)
    assert found.word.k == "literal"


@pytest.mark.parametrize(
    ("source", "why", "one"),
    [
        ("$x", ["param"], False),
        ('"$x"', ["param"], True),
        ('"$@"', ["param"], False),
        ('"$*"', ["param"], False),
        ("$(b)", ["cmdsubst"], False),
        ('"$(b)"', ["cmdsubst"], True),
        ("`b`", ["cmdsubst"], False),
        ("$((1 + 2))", ["arith"], True),
        ("*.c", ["glob"], False),
        ("[ab]", ["glob"], False),
        ("a?", ["glob"], False),
        ("~root", ["tilde"], True),
        ("a=~", ["tilde"], True),
        ("a=b:~", ["tilde"], True),
        ("$x*~", ["param", "glob"], False),
    ],
)
def test_what_is_not_known_is_said_and_not_guessed(source: str, why: list[str], one: bool) -> None:
    found = word(source)
    assert (list(found.why), found.one) == (why, one)
    assert found.word.v == ""
    assert (found.word.k, found.word.src) == ("dynamic", source)


@pytest.mark.parametrize(
    ("source", "count"), [("$(b; c)", 2), ('"${x:-$(b)}"', 1), ("`b`", 1), ("'$(b)'", 0), (r"\$\(b\)", 0)]
)
def test_the_commands_in_a_word_are_found(source: str, count: int) -> None:
    assert sum(len(stmts) for _, stmts in word(source).nested) == count


@pytest.mark.parametrize(
    ("source", "dialect", "reason"),
    [
        ("$'b'", "bash", Opaque.DOLLAR_QUOTE),
        ('$"b"', "bash", Opaque.DOLLAR_QUOTE),
        ("${!x}", "bash", Opaque.INDIRECT_EXPANSION),
        ("${x[1]}", "bash", Opaque.ARITH_EVAL),
        ("${x:1}", "bash", Opaque.ARITH_EVAL),
        ("${x/a/b}", "bash", Opaque.PARAM),
        ("${x@P}", "bash", Opaque.PARAM_TRANSFORM),
        ("$((x))", "sh", Opaque.ARITH_EVAL),
        ("@(b|c)", "bash", Opaque.GLOB),
        (r"`b \$c`", "sh", Opaque.CMDSUBST),
        ("$[1]", "sh", Opaque.DOLLAR_QUOTE),
    ],
)
def test_what_shells_may_read_otherwise_is_refused(source: str, dialect: str, reason: Opaque) -> None:
    with pytest.raises(NotLiteral) as caught:
        word(source, dialect)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("source", "opaque"), [("${x:=b}", []), ("${PATH:=b}", ["shell_variable"]), ("${IFS=b}", ["shell_variable"])]
)
def test_an_expansion_that_sets_a_variable(source: str, opaque: list[str]) -> None:
    assert word(source).opaque == opaque


def test_in_a_here_document_only_what_is_expanded_counts() -> None:
    text = "a <<E\n* ~ 'x' $(b)\nE"
    (stmt,) = shfmt.parse(text, "sh").stmts
    body = stmt.redirs[0].hdoc
    assert body is not None
    found = read_text(body, text.encode())
    assert list(found.why) == ["cmdsubst"]
    assert len(found.nested) == 1
