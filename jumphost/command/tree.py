"""The syntax tree that ``shfmt --to-json`` prints, typed field by field: what is not named here is not understood.

Names and shapes are those of mvdan.cc/sh/v3/syntax (v3.14.1, the version in shfmt-py 4.2.0). A field that is absent has
its zero value. Offsets count bytes.
"""

from typing import Any

from msgspec import Struct


class Position(Struct, frozen=True, rename="pascal"):
    """A place in the text."""

    offset: int = 0


class Node(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    """Base of what is read whole."""

    pos: Position = Position()
    end: Position = Position()


class Unread(Struct, frozen=True, rename="pascal", tag_field="Type"):
    """Base of forms that are only recognised."""

    pos: Position = Position()
    end: Position = Position()


class Name(Node, frozen=True):
    """A literal outside a word: a variable, a function, a descriptor."""

    value: str = ""
    value_pos: Position = Position()
    value_end: Position = Position()


class Lit(Name, frozen=True, tag_field="Type"):
    """Text of a word, backslashes kept."""


class SglQuoted(Node, frozen=True, tag_field="Type"):
    """``'…'``, or ``$'…'`` where ``dollar``."""

    dollar: bool = False
    value: str = ""
    left: Position = Position()
    right: Position = Position()


class DblQuoted(Node, frozen=True, tag_field="Type"):
    """``"…"``, or ``$"…"`` where ``dollar``."""

    dollar: bool = False
    parts: "tuple[Part, ...]" = ()
    left: Position = Position()
    right: Position = Position()


class Expansion(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    """``${x:-word}`` and its like."""

    op: str = ""
    word: "Word | None" = None


class ParamExp(Node, frozen=True, tag_field="Type"):
    """``$x`` and ``${…}``."""

    dollar: Position = Position()
    rbrace: Position = Position()
    short: bool = False
    excl: bool = False
    length: bool = False
    param: Name = Name()
    index: Any = None
    slice: Any = None
    repl: Any = None
    names: str = ""
    exp: Expansion | None = None


class CmdSubst(Node, frozen=True, tag_field="Type"):
    """``$(…)`` or backquotes."""

    left: Position = Position()
    right: Position = Position()
    backquotes: bool = False
    stmts: "tuple[Stmt, ...]" = ()
    last: Any = None


class ProcSubst(Node, frozen=True, tag_field="Type"):
    """``<(…)`` and ``>(…)``."""

    op_pos: Position = Position()
    rparen: Position = Position()
    op: str = ""
    stmts: "tuple[Stmt, ...]" = ()
    last: Any = None


class ArithmExp(Unread, frozen=True):
    """``$((…))``."""


class ExtGlob(Unread, frozen=True):
    """``@(a|b)``."""


Part = Lit | SglQuoted | DblQuoted | ParamExp | CmdSubst | ProcSubst | ArithmExp | ExtGlob


class Word(Node, frozen=True):
    """One word, or the text of a here-document."""

    parts: tuple[Part, ...] = ()


class Assign(Node, frozen=True):
    """``NAME=value``; ``naked`` for an operand of ``export`` and its like."""

    append: bool = False
    naked: bool = False
    name: Name | None = None
    index: Any = None
    value: Word | None = None
    array: Any = None


class Redir(Node, frozen=True):
    """One redirection."""

    op_pos: Position = Position()
    op: str = ""
    n: Name | None = None
    word: Word = Word()
    hdoc: Word | None = None


class CallExpr(Node, frozen=True, tag_field="Type"):
    """A simple command."""

    assigns: tuple[Assign, ...] = ()
    args: tuple[Word, ...] = ()


class DeclClause(Node, frozen=True, tag_field="Type"):
    """``export``, ``declare`` and their like."""

    variant: Name = Name()
    args: tuple[Assign, ...] = ()


class BinaryCmd(Node, frozen=True, tag_field="Type"):
    """``x OP y`` of ``| |& && ||``."""

    op_pos: Position = Position()
    op: str = ""
    x: "Stmt | None" = None
    y: "Stmt | None" = None


class Subshell(Node, frozen=True, tag_field="Type"):
    """``( … )``."""

    lparen: Position = Position()
    rparen: Position = Position()
    stmts: "tuple[Stmt, ...]" = ()
    last: Any = None


class Block(Node, frozen=True, tag_field="Type"):
    """``{ …; }``."""

    lbrace: Position = Position()
    rbrace: Position = Position()
    stmts: "tuple[Stmt, ...]" = ()
    last: Any = None


class If(Node, frozen=True):
    """``if``, and as ``else`` its ``elif`` (with ``cond``) or ``else`` (without)."""

    position: Position = Position()
    then_pos: Position = Position()
    fi_pos: Position = Position()
    cond: "tuple[Stmt, ...]" = ()
    cond_last: Any = None
    then: "tuple[Stmt, ...]" = ()
    then_last: Any = None
    else_: "If | None" = None
    last: Any = None


class IfClause(If, frozen=True, tag_field="Type"):
    """The first ``if`` of one."""


class WhileClause(Node, frozen=True, tag_field="Type"):
    """``while`` and ``until``."""

    while_pos: Position = Position()
    do_pos: Position = Position()
    done_pos: Position = Position()
    until: bool = False
    cond: "tuple[Stmt, ...]" = ()
    cond_last: Any = None
    do: "tuple[Stmt, ...]" = ()
    do_last: Any = None


class WordIter(Node, frozen=True, tag_field="Type"):
    """``NAME in words``."""

    name: Name = Name()
    in_pos: Position = Position()
    items: tuple[Word, ...] = ()


class CStyleLoop(Unread, frozen=True):
    """``((…; …; …))``."""


class ForClause(Node, frozen=True, tag_field="Type"):
    """``for`` and ``select``."""

    for_pos: Position = Position()
    do_pos: Position = Position()
    done_pos: Position = Position()
    select: bool = False
    braces: bool = False
    loop: WordIter | CStyleLoop = WordIter()
    do: "tuple[Stmt, ...]" = ()
    do_last: Any = None


class CaseItem(Node, frozen=True):
    """``patterns) stmts ;;``."""

    op: str = ""
    op_pos: Position = Position()
    patterns: tuple[Word, ...] = ()
    comments: Any = None
    stmts: "tuple[Stmt, ...]" = ()
    last: Any = None


class CaseClause(Node, frozen=True, tag_field="Type"):
    """``case``."""

    case: Position = Position()
    in_: Position = Position()
    esac: Position = Position()
    braces: bool = False
    word: Word = Word()
    items: tuple[CaseItem, ...] = ()
    last: Any = None


class FuncDecl(Node, frozen=True, tag_field="Type"):
    """A function."""

    position: Position = Position()
    rsrv_word: bool = False
    parens: bool = False
    name: Name = Name()
    body: "Stmt | None" = None


class TimeClause(Node, frozen=True, tag_field="Type"):
    """``time …`` of bash."""

    time: Position = Position()
    posix_format: bool = False
    stmt: "Stmt | None" = None


class ArithmCmd(Unread, frozen=True):
    """``((…))``."""


class TestClause(Unread, frozen=True):
    """``[[ … ]]``."""


class LetClause(Unread, frozen=True):
    """``let …``."""


class CoprocClause(Unread, frozen=True):
    """``coproc …``."""


Cmd = (
    CallExpr
    | DeclClause
    | BinaryCmd
    | Subshell
    | Block
    | IfClause
    | WhileClause
    | ForClause
    | CaseClause
    | FuncDecl
    | TimeClause
    | ArithmCmd
    | TestClause
    | LetClause
    | CoprocClause
)


class Stmt(Node, frozen=True):
    """A command with what stands around it."""

    position: Position = Position()
    semicolon: Position = Position()
    comments: Any = None
    cmd: Cmd | None = None
    negated: bool = False
    background: bool = False
    redirs: tuple[Redir, ...] = ()


class File(Node, frozen=True, tag_field="Type"):
    """The whole text."""

    stmts: tuple[Stmt, ...] = ()
    last: Any = None
