"""What the parser prints is read whole or not at all."""

import msgspec
import pytest

from jumphost.command import shfmt, tree


def read(text: str) -> tree.File:
    return msgspec.json.decode(text, type=tree.File)


def test_a_text_has_its_statements_words_and_places() -> None:
    (first, second) = shfmt.parse("ls -l é &\nX=1 cat <in", "sh").stmts
    assert isinstance(first.cmd, tree.CallExpr)
    assert first.background
    assert [word.parts[0].value for word in first.cmd.args if isinstance(word.parts[0], tree.Lit)] == ["ls", "-l", "é"]
    assert (first.cmd.args[2].pos.offset, first.cmd.args[2].end.offset) == (6, 8), "bytes, not characters"
    assert isinstance(second.cmd, tree.CallExpr)
    (given,), (redirect,) = second.cmd.assigns, second.redirs
    assert given.name is not None
    assert (given.name.value, redirect.op) == ("X", "<")


@pytest.mark.parametrize(
    ("text", "dialect", "form"),
    [
        ("a | b", "sh", tree.BinaryCmd),
        ("(a)", "sh", tree.Subshell),
        ("{ a; }", "sh", tree.Block),
        ("if a; then b; fi", "sh", tree.IfClause),
        ("while a; do b; done", "sh", tree.WhileClause),
        ("for i in a; do b; done", "sh", tree.ForClause),
        ("case a in b) c;; esac", "sh", tree.CaseClause),
        ("f() { a; }", "sh", tree.FuncDecl),
        ("export a", "bash", tree.DeclClause),
        ("time a", "bash", tree.TimeClause),
        ("((1))", "bash", tree.ArithmCmd),
        ("[[ a ]]", "bash", tree.TestClause),
        ("let 1", "bash", tree.LetClause),
        ("coproc a", "bash", tree.CoprocClause),
    ],
)
def test_every_form_of_command_has_its_type(text: str, dialect: str, form: type) -> None:
    (stmt,) = shfmt.parse(text, dialect).stmts
    assert type(stmt.cmd) is form


@pytest.mark.parametrize(
    "text",
    [
        '{"Type": "File", "Stmts": [{"Disowned": true}]}',
        '{"Type": "File", "Stmts": [{"Cmd": {"Type": "NewClause"}}]}',
        '{"Type": "File", "Stmts": [{"Cmd": {"Type": "CallExpr", "Extra": 1}}]}',
        '{"Type": "File", "Stmts": [{"Background": 1}]}',
        '{"Type": "Stmt"}',
    ],
)
def test_what_is_not_named_is_not_understood(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(text)


def test_what_is_absent_is_zero() -> None:
    assert read('{"Type": "File"}') == tree.File()
