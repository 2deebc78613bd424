"""The tables and columns in a statement's tree, and whether each table is written. More may be named, never less."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlglot import exp

from jumphost.command.sql.names import WHOLE_ROW
from jumphost.command.sql.words import Dialect, Token
from jumphost.model.request import Table

WRITES: Final = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Alter, exp.TruncateTable)


def tables(tree: exp.Expr, dialect: Dialect) -> Iterator[Table]:
    """Each table that a tree names, without what a WITH defines for the place; it may come more than once."""
    written = {id(table) for node in tree.walk() for table in _written(node)}
    for node, defined in _places(tree, dialect):
        if not isinstance(node.this, exp.Identifier):
            continue
        catalog, db, name = (_name(node.args.get(part), dialect) for part in ("catalog", "db", "this"))
        if not db and id(node) not in written and name in defined:
            continue
        if dialect == "mysql":
            catalog, db = db, ""
        yield Table(db=catalog, schema=db, name=name, access="write" if id(node) in written else "read")


def _places(tree: exp.Expr, dialect: Dialect) -> Iterator[tuple[exp.Table, frozenset[str]]]:
    """Each table's node with the names that a WITH defines there: those before it, its own only if it is recursive."""
    waiting: list[tuple[exp.Expr, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, defined = waiting.pop()
        if isinstance(node, exp.Table):
            yield node, defined
        parts: list[tuple[exp.Expr, frozenset[str]]] = []
        clause = node.args.get("with_")
        if isinstance(clause, exp.With):
            for cte in clause.expressions:
                more = defined | {_name(cte.args["alias"].this, dialect)}
                parts.append((cte, more if clause.args.get("recursive") else defined))
                defined = more
        parts += ((child, defined) for child in node.iter_expressions() if child is not clause)
        waiting += reversed(parts)


def _written(node: exp.Expr) -> Iterator[exp.Expr]:
    """The tables that a node writes: all that stand where a target may."""
    if isinstance(node, exp.Into):
        yield from node.find_all(exp.Table)
    if not isinstance(node, WRITES):
        return
    parts = [node.this, *(node.args.get("tables") or ())]
    if isinstance(node, exp.Drop | exp.TruncateTable | exp.Alter):
        parts += [*node.expressions, *(node.args.get("actions") or ())]
    for part in parts:
        if isinstance(part, exp.Expr):
            yield from part.find_all(exp.Table)


def columns(nodes: Sequence[exp.Expr], tokens: Sequence[Token], dialect: Dialect) -> Iterator[str]:
    """Each column that is named, without its table, in lower case but where PostgreSQL has it in quotes."""
    for node in nodes:
        match node:
            case exp.Column(this=exp.Identifier() as name):
                yield _column(name, dialect)
            case exp.Dot(expression=exp.Identifier() as name):
                yield _column(name, dialect)
            case exp.Join():
                for name in node.args.get("using") or ():
                    yield str(name.this) if isinstance(name, exp.Literal) else _column(name, dialect)
            case exp.Insert(this=exp.Schema() as schema):
                yield from (_column(name, dialect) for name in schema.expressions if isinstance(name, exp.Identifier))
            case _:
                pass
    if dialect == "mysql":  # under ANSI_QUOTES "…" is a name
        yield from (token.text[1:-1].lower() for token in tokens if token.text.startswith('"'))


def reads_all(nodes: Sequence[exp.Expr], dialect: Dialect) -> bool:
    """Whether columns are read that are not named: by ``*``, by new names for them, as a whole row."""
    return _names_a_row(nodes) or any(_is_star(node, dialect) for node in nodes)


def _is_star(node: exp.Expr, dialect: Dialect) -> bool:
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


def _names_a_row(nodes: Sequence[exp.Expr]) -> bool:
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
