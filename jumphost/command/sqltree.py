"""One statement → what it touches, from sqlglot's tree: every node is looked at, and only known ones are harmless.

The type of a tree's root says little: a SELECT may write by a CTE, by INTO, by a function. Importing this module takes
a fifth of a second: ``sql.load`` does it where that matters.
"""

import logging
from collections.abc import Iterator
from typing import Final

import sqlglot
from sqlglot import exp

from jumphost.command.sqlnames import WHOLE_ROW, called, unknown
from jumphost.command.sqlplain import STARTS, plain
from jumphost.command.sqlwords import Dialect, NotPlain, Piece, Reason, Token, words
from jumphost.model.request import Statement, Table

logging.getLogger("sqlglot").disabled = True  # its warnings quote the text

_QUERIES: Final = (exp.Query, exp.Values)
_WRITES: Final = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.TruncateTable)
_KINDS: Final[dict[type[exp.Expr], str]] = {exp.TruncateTable: "truncate"}
_HARMLESS: Final = frozenset(  # of those that are no operator, no function and no query
    {
        *(exp.Alias, exp.All, exp.Any, exp.Array, exp.Between, exp.BitString, exp.Boolean, exp.Bracket, exp.CTE),
        *(exp.Case, exp.Column, exp.Cube, exp.DataType, exp.DataTypeParam, exp.Distinct, exp.Exists, exp.Fetch),
        *(exp.Filter, exp.From, exp.Group, exp.GroupingSets, exp.Having, exp.HexString, exp.Identifier, exp.If),
        *(exp.In, exp.Interval, exp.IntervalSpan, exp.Join, exp.Lateral, exp.Limit, exp.LimitOptions, exp.Literal),
        *(exp.Neg, exp.Not, exp.BitwiseNot, exp.Null, exp.Offset, exp.Order, exp.Ordered, exp.Paren, exp.Rollup),
        *(exp.SessionParameter, exp.Slice, exp.Star, exp.Table, exp.TableAlias, exp.Tuple, exp.Values, exp.Var),
        *(exp.Where, exp.Window, exp.WindowSpec, exp.With, exp.WithinGroup, exp.AtTimeZone, exp.JSONPath),
        *(exp.JSONPathKey, exp.JSONPathRoot, exp.JSONPathSubscript, exp.JSONPathWildcard),
    }
)
_HARMFUL: Final = (exp.PropertyEQ, exp.Kwarg, exp.NextValueFor, exp.Operator)  # @a := 1; NEXT VALUE FOR; OPERATOR(x.+)
_WRITING_WORDS: Final = frozenset(  # a second look, past the parser: none of these is in a query that only reads
    {*("delete", "dumpfile", "insert", "into", "merge", "nextval", "outfile", "procedure", "returning", "update")}
)
_EXPLAINING: Final = ("explain", "describe", "desc", "analyze")
_EXPLAINED: Final = frozenset(  # options without a value that are not in brackets; those in them have one at most
    {*("analyze", "analyse", "verbose", "extended", "partitions", "query", "plan")}
)
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
    if first.is_word(*_EXPLAINING) and plain(piece.tokens, dialect) is None:
        inner = _explained(piece, dialect)
        if inner is None or inner.tokens[0].is_word(*_EXPLAINING):
            raise NotPlain(Reason.STATEMENT)
        return _explain(_statement(inner, dialect))
    if not first.is_sign("(") and not first.is_word(*STARTS):
        raise NotPlain(Reason.CLIENT_COMMAND)
    return plain(piece.tokens, dialect) or _described(_parse(piece, dialect), piece.tokens, dialect)


def _explained(piece: Piece, dialect: Dialect) -> Piece | None:
    """What follows EXPLAIN and its options; None if they are not known."""
    tokens, at = piece.tokens, 1
    if dialect == "postgres" and len(tokens) > 1 and tokens[1].is_sign("("):
        at = next((at for at, token in enumerate(tokens) if token.is_sign(")")), len(tokens))
        if not all(token.is_word(*_OPTIONS) or token.is_sign(",") for token in tokens[2:at]):
            return None
        at += 1
    while at < len(tokens) and tokens[at].is_word(*_EXPLAINED):
        at += 1
    if dialect == "mysql" and len(tokens) > at + 2 and tokens[at].is_word("format") and tokens[at + 1].is_sign("="):
        at += 3
    if at >= len(tokens) or not (tokens[at].is_sign("(") or tokens[at].is_word(*STARTS)):
        return None
    start = tokens[at].at
    moved = tuple(Token(token.kind, token.text, token.at - start) for token in tokens[at:])
    return Piece(piece.text[start:], moved)


def _explain(inner: Statement) -> Statement:
    """The same facts: EXPLAIN ANALYZE runs what it explains, and a policy may read either alike."""
    return Statement(
        kind="explain",
        read_only=inner.read_only and inner.kind == "select",
        tables=inner.tables,
        columns=inner.columns,
        star=inner.star,
        functions=inner.functions,
        unknown_functions=inner.unknown_functions,
        has_where=inner.has_where,
        has_limit=inner.has_limit,
        locks=inner.locks,
    )


def _parse(piece: Piece, dialect: Dialect) -> exp.Expr:
    text = piece.text
    if dialect == "mysql" and piece.tokens[0].is_word("replace"):  # which the parser does not read
        text = f"insert{text[piece.tokens[0].at + len('replace') :]}"
    try:
        trees = sqlglot.parse(text, dialect=dialect)
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001 - a fault of the parser is a text that is not read
        raise NotPlain(Reason.SYNTAX) from None
    if len(trees) != 1 or trees[0] is None:
        raise NotPlain(Reason.SYNTAX)
    return trees[0]


def _described(tree: exp.Expr, tokens: tuple[Token, ...], dialect: Dialect) -> Statement:
    if not isinstance(tree, (*_QUERIES, *_WRITES)):
        raise NotPlain(Reason.STATEMENT)
    nodes = list(tree.walk())
    names = called(tokens)
    strange = unknown(names, dialect)
    locks = any(isinstance(node, exp.Lock) for node in nodes)
    return Statement(
        kind=_kind(tree, tokens),
        read_only=isinstance(tree, _QUERIES)
        and not strange
        and not locks
        and all(_is_harmless(node) for node in nodes)
        and not any(token.is_word(*_WRITING_WORDS) for token in tokens),
        tables=tuple(dict.fromkeys(_tables(nodes, dialect))),
        columns=tuple(sorted(set(_columns(nodes, tokens, dialect)))),
        star=any(_is_star(node, dialect) for node in nodes) or _names_a_row(nodes),
        functions=names,
        unknown_functions=strange,
        has_where=all(_has_where(one) for one in _deciding(nodes, tree)),
        has_limit=tree.args.get("limit") is not None,
        locks=locks,
    )


def _kind(tree: exp.Expr, tokens: tuple[Token, ...]) -> str:
    if isinstance(tree, _QUERIES):
        return "select"
    if tokens[0].is_word("replace"):
        return "replace"
    return _KINDS.get(type(tree), type(tree).__name__.lower())


def _is_harmless(node: exp.Expr) -> bool:
    if isinstance(node, _HARMFUL):
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


def _tables(nodes: list[exp.Expr], dialect: Dialect) -> Iterator[Table]:
    written = {id(table) for node in nodes for table in _written(node)}
    scopes = {id(node): _defined(node, dialect) for node in nodes if isinstance(node, exp.With)}
    for node in nodes:
        if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
            continue
        catalog, db, name = (_name(node.args.get(part), dialect) for part in ("catalog", "db", "this"))
        if not db and id(node) not in written and _is_cte(node, name, scopes):
            continue
        if dialect == "mysql":
            catalog, db = db, ""
        yield Table(db=catalog, schema=db, name=name, access="write" if id(node) in written else "read")


def _written(node: exp.Expr) -> Iterator[exp.Expr]:
    """The tables that a node writes: all that stand where a target may."""
    if isinstance(node, exp.Into):
        yield from node.find_all(exp.Table)
    if not isinstance(node, _WRITES):
        return
    parts = [node.this, *(node.args.get("tables") or ())]
    if isinstance(node, exp.Drop | exp.TruncateTable | exp.Alter):
        parts += [*node.expressions, *(node.args.get("actions") or ())]
    for part in parts:
        if isinstance(part, exp.Expr):
            yield from part.find_all(exp.Table)


def _defined(clause: exp.With, dialect: Dialect) -> dict[str, int]:
    """The names that a WITH defines, with the place of the first that has it."""
    found: dict[str, int] = {}
    for place, cte in enumerate(clause.expressions):
        found.setdefault(_name(cte.args["alias"].this, dialect), place)
    return found


def _is_cte(table: exp.Expr, name: str, scopes: dict[int, dict[str, int]]) -> bool:
    """Whether ``name`` is that of a CTE where it stands: of an earlier one, or of its own if that is recursive."""
    below, part = table, 0
    while (above := below.parent) is not None:
        clause = above.args.get("with_")
        if isinstance(below, exp.CTE):
            part = below.index or 0
        elif isinstance(below, exp.With):
            if scopes[id(below)].get(name, part + 1) < part + bool(below.args.get("recursive")):
                return True
        elif isinstance(clause, exp.With) and name in scopes[id(clause)]:
            return True
        below = above
    return False


def _columns(nodes: list[exp.Expr], tokens: tuple[Token, ...], dialect: Dialect) -> Iterator[str]:
    for node in nodes:
        match node:
            case exp.Column(this=exp.Identifier() as name):
                yield _column(name, dialect)
            case exp.Dot(expression=exp.Identifier() as name):
                yield _column(name, dialect)
            case exp.Join():
                for name in node.args.get("using") or ():
                    if isinstance(name, exp.Identifier):
                        yield _column(name, dialect)
            case exp.Insert(this=exp.Schema() as schema):
                for name in schema.expressions:
                    if isinstance(name, exp.Identifier):
                        yield _column(name, dialect)
            case _:
                pass
    if dialect == "mysql":  # under ANSI_QUOTES "…" is a name
        yield from (token.text[1:-1].lower() for token in tokens if token.text.startswith('"'))


def _is_star(node: exp.Expr, dialect: Dialect) -> bool:
    """Whether it reads columns that are not named: ``*``, new names for columns, a whole row as an argument."""
    match node:
        case exp.Star():
            return not isinstance(node.parent, exp.Count)
        case exp.TableAlias():
            return bool(node.columns) and isinstance(node.parent, exp.Table)
        case exp.Column(this=exp.Identifier() as name):
            return dialect == "postgres" and bool(node.table) and name.this.lower() in WHOLE_ROW
        case exp.Dot(expression=exp.Identifier() as name):
            return dialect == "postgres" and name.this.lower() in WHOLE_ROW
        case _:
            return False


def _names_a_row(nodes: list[exp.Expr]) -> bool:
    """Whether a table's name stands where a column's may: ``SELECT cards FROM cards`` reads all of it."""
    rows = {node.alias_or_name.lower() for node in nodes if isinstance(node, exp.Table | exp.Subquery | exp.Lateral)}
    return any(isinstance(node, exp.Column) and node.name.lower() in rows for node in nodes)


def _column(name: exp.Identifier, dialect: Dialect) -> str:
    return str(name.this) if dialect == "postgres" and name.quoted else str(name.this).lower()


def _name(name: object, dialect: Dialect) -> str:
    if not isinstance(name, exp.Identifier):
        return ""
    written = str(name.this)
    return written if dialect == "mysql" or (name.quoted and dialect == "postgres") else written.lower()
