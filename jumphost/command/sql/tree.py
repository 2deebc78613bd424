"""One statement → what it touches, from sqlglot's tree: every node is looked at, and only known ones are harmless.

The type of a tree's root says little: a SELECT may write by a CTE, by INTO, by a function. Importing this module takes
a fifth of a second: ``sql.load`` does it where that matters.
"""

import logging
from collections.abc import Iterator
from typing import Final

import sqlglot
from msgspec.structs import replace
from sqlglot import exp

from jumphost.command.sql.names import FILES, called, unknown
from jumphost.command.sql.plain import STARTS, plain
from jumphost.command.sql.tables import WRITES, columns, reads_all, tables
from jumphost.command.sql.words import Dialect, NotPlain, Piece, Reason, Token, words
from jumphost.model.request import Statement

logging.getLogger("sqlglot").disabled = True  # its warnings quote the text

_QUERIES: Final = (exp.Query, exp.Values)
_KINDS: Final[dict[type[exp.Expr], str]] = {exp.TruncateTable: "truncate"}
_OBJECTS: Final = (
    None,
    "TABLE",
    "VIEW",
    "INDEX",
)  # of CREATE, DROP and ALTER: what is in a schema or a role is not said
_HARMLESS: Final = frozenset(  # of those that are no operator, no function and no query
    {
        *(exp.Alias, exp.All, exp.Any, exp.Array, exp.AtTimeZone, exp.Between, exp.BitString, exp.BitwiseNot),
        *(exp.Boolean, exp.Bracket, exp.CTE, exp.Case, exp.Column, exp.Cube, exp.DataType, exp.DataTypeParam),
        *(exp.Distinct, exp.Exists, exp.Fetch, exp.Filter, exp.From, exp.Group, exp.GroupingSets, exp.Having),
        *(exp.HexString, exp.Identifier, exp.If, exp.In, exp.Interval, exp.IntervalSpan, exp.JSONPath),
        *(exp.JSONPathKey, exp.JSONPathRoot, exp.JSONPathSubscript, exp.JSONPathWildcard, exp.Join),
        *(exp.Lateral, exp.Limit, exp.LimitOptions, exp.Literal, exp.Neg, exp.Not, exp.Null, exp.Offset),
        *(exp.Order, exp.Ordered, exp.Parameter, exp.Paren, exp.Rollup, exp.SessionParameter, exp.Slice),
        *(exp.Star, exp.Table, exp.TableAlias, exp.Tuple, exp.Values, exp.Var, exp.Where, exp.Window),
        *(exp.WindowSpec, exp.With, exp.WithinGroup),
    }
)
_HARMFUL: Final = (exp.PropertyEQ, exp.Kwarg, exp.NextValueFor, exp.Operator)  # @a := 1; NEXT VALUE FOR; OPERATOR(x.+)
_WRITING_WORDS: Final = frozenset(
    {*("delete", "dumpfile", "insert", "into", "merge", "nextval", "outfile", "procedure", "returning", "update")}
)
_EXPLAINING: Final[dict[Dialect, tuple[str, ...]]] = {
    "postgres": ("explain",),
    "mysql": ("explain", "describe", "desc", "analyze"),
    "sqlite": ("explain",),
}
_EXPLAINED: Final = frozenset(  # options without a value that are not in brackets; those in them have one at most
    {*("analyze", "analyse", "verbose", "extended", "partitions", "query", "plan")}
)
_INNER: Final = ("select", "with", "values", "insert", "update", "delete", "replace", "merge")
_OPTIONS: Final = _EXPLAINED | words(
    "costs settings generic_plan buffers wal timing summary format memory serialize none text binary json xml yaml "
    "on off true false"
)


def statement(piece: Piece, dialect: Dialect) -> Statement:
    """The facts of one statement; NotPlain if its effects are not known."""
    try:
        return _statement(piece, dialect)
    except RecursionError:
        raise NotPlain(Reason.TOO_DEEP) from None


def _statement(piece: Piece, dialect: Dialect) -> Statement:
    first = piece.tokens[0]
    if first.is_word(*_EXPLAINING[dialect]) and plain(piece.tokens, dialect) is None:
        return _explain(_statement(_explained(piece, dialect), dialect))
    if not first.is_sign("(") and not first.is_word(*STARTS):
        raise NotPlain(Reason.CLIENT_COMMAND)
    return plain(piece.tokens, dialect) or _described(_parse(piece, dialect), piece.tokens, dialect)


def _explained(piece: Piece, dialect: Dialect) -> Piece:
    """What follows EXPLAIN and its options; NotPlain if they are not known."""
    tokens, at = piece.tokens, 1
    if dialect == "postgres" and len(tokens) > 1 and tokens[1].is_sign("("):
        at = next((at for at, token in enumerate(tokens) if token.is_sign(")")), len(tokens))
        if not all(token.is_word(*_OPTIONS) or token.is_sign(",") for token in tokens[2:at]):
            raise NotPlain(Reason.STATEMENT)
        at += 1
    while at < len(tokens) and tokens[at].is_word(*_EXPLAINED):
        at += 1
    if dialect == "mysql" and len(tokens) > at + 2 and tokens[at].is_word("format") and tokens[at + 1].is_sign("="):
        at += 3
    if at >= len(tokens) or not (tokens[at].is_sign("(") or tokens[at].is_word(*_INNER)):
        raise NotPlain(Reason.STATEMENT)
    start = tokens[at].at
    moved = tuple(Token(token.kind, token.text, token.at - start) for token in tokens[at:])
    return Piece(piece.text[start:], moved)


def _explain(inner: Statement) -> Statement:
    """The same facts: EXPLAIN ANALYZE runs what it explains, and a policy may read either alike."""
    return replace(inner, kind="explain", read_only=inner.read_only and inner.kind == "select")


def _parse(piece: Piece, dialect: Dialect) -> exp.Expr:
    text = piece.text
    if dialect == "mysql" and piece.tokens[0].is_word("replace"):  # which the parser does not read
        text = f"insert{text[piece.tokens[0].at + len('replace') :]}"
    try:
        return sqlglot.parse_one(text, dialect=dialect)
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001 - a fault of the parser is a text that is not read
        raise NotPlain(Reason.SYNTAX) from None


def _described(tree: exp.Expr, tokens: tuple[Token, ...], dialect: Dialect) -> Statement:
    if not isinstance(tree, (*_QUERIES, *WRITES)) or tree.args.get("kind", "TABLE") not in _OBJECTS:
        raise NotPlain(Reason.STATEMENT)
    nodes = list(tree.walk())
    names = called(tokens)
    touched = tuple(dict.fromkeys(tables(tree, dialect)))
    strange = (*unknown(names, dialect), *(one.name for one in touched if dialect == "sqlite" and one.name in FILES))
    locks = any(isinstance(node, exp.Lock) for node in nodes)
    return Statement(
        kind=_kind(tree, tokens),
        read_only=isinstance(tree, _QUERIES)
        and not strange
        and not locks
        and all(_is_harmless(node) for node in nodes)
        and not _has_writing_word(tokens),
        tables=touched,
        columns=tuple(sorted(set(columns(nodes, tokens, dialect)))),
        star=reads_all(nodes, dialect),
        functions=names,
        unknown_functions=strange,
        has_where=all(_has_where(one) for one in _deciding(nodes, tree)),
        has_limit=tree.args.get("limit") is not None,
        locks=locks,
    )


def _has_writing_word(tokens: tuple[Token, ...]) -> bool:
    """A second look, past the parser: no query that only reads has one of these words, but for insert() of MariaDB."""
    following = (*tokens[1:], None)
    return any(
        token.is_word(*_WRITING_WORDS) and not (token.is_word("insert") and after is not None and after.is_sign("("))
        for token, after in zip(tokens, following, strict=True)
    )


def _kind(tree: exp.Expr, tokens: tuple[Token, ...]) -> str:
    if isinstance(tree, _QUERIES):
        return "select"
    if tokens[0].is_word("replace"):
        return "replace"
    return _KINDS.get(type(tree), type(tree).__name__.lower())


def _is_harmless(node: exp.Expr) -> bool:
    if isinstance(node, _HARMFUL) or (
        isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier | exp.Func)  # a.b.c.d
    ):
        return False
    return isinstance(node, (exp.Binary, exp.Func, exp.Query)) or type(node) in _HARMLESS


def _deciding(nodes: list[exp.Expr], tree: exp.Expr) -> Iterator[exp.Expr]:
    """The statements whose WHERE says how much is touched: each that changes rows, else the query itself."""
    changing: list[exp.Expr] = [node for node in nodes if isinstance(node, exp.Update | exp.Delete)]
    yield from changing or [tree]


def _has_where(tree: exp.Expr) -> bool:
    """Whether each query that a set operation joins has one."""
    waiting = [tree]
    while waiting:
        match waiting.pop():
            case exp.SetOperation() as both:
                waiting += [both.this, both.expression]
            case exp.Subquery() as inner:
                waiting.append(inner.this)
            case one if one.args.get("where") is None:
                return False
    return True
