"""Statements that are known by their words and need no tree: SHOW, DESCRIBE, PRAGMA, VACUUM, a transaction's ends."""

import re
from collections.abc import Sequence
from itertools import dropwhile
from typing import Final, Literal

from msgspec.structs import replace

from jumphost.command.sql.words import Dialect, Token, words
from jumphost.model.request import Statement, Table

STARTS: Final = words(  # a text that begins otherwise is no SQL: a command of the client, maybe
    """
    abort alter analyse analyze attach begin call change check checkpoint checksum close cluster comment commit copy
    create deallocate declare delete desc describe detach discard do drop end execute explain fetch flush grant handler
    import insert install kill listen load lock merge move notify optimize pragma prepare purge reassign refresh reindex
    release rename repair replace reset revoke rollback savepoint security select set show shutdown signal start stop
    table truncate unlisten uninstall unlock update use vacuum values with xa
    """
)

_TRANSACTION: Final = re.compile(  # forms that change nothing by themselves
    r"(?:begin(?: transaction| work)?|start transaction)(?: read only)?"
    r"|(?:commit|rollback|end|abort)(?: transaction| work)?"
)
_SHOWN: Final = words(  # what MariaDB and MySQL show of themselves
    """
    authors character charset collation columns create count databases engine engines errors events explain extended
    fields full function global grants index indexes keys master open plugins privileges procedure processlist profiles
    replica schemas session slave status storage table tables triggers variables warnings
    """
)
_MAINTENANCE: Final[dict[Dialect, tuple[tuple[str, ...], tuple[str, ...]]]] = {  # the first word, and those after it
    "postgres": (
        ("vacuum", "analyze", "refresh", "reindex", "cluster"),
        ("full", "freeze", "verbose", "analyze", "materialized", "view", "concurrently", "table"),
    ),
    "mysql": (("optimize", "analyze", "check", "repair"), ("table",)),
    "sqlite": (("vacuum", "analyze", "reindex"), ()),
}
_COLUMNS: Final = frozenset({"columns", "fields", "index", "indexes", "keys"})
_PRAGMAS: Final = words(  # https://www.sqlite.org/pragma.html: without a value they only tell
    """
    application_id collation_list compile_options data_version database_list encoding foreign_keys freelist_count
    function_list journal_mode max_page_count module_list page_count page_size pragma_list query_only schema_version
    table_list user_version
    """
)
_PRAGMAS_OF: Final = frozenset(  # with the name of a table or an index in brackets
    {*("foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo", "table_info", "table_xinfo")}
)


def plain(tokens: Sequence[Token], dialect: Dialect) -> Statement | None:
    """The facts of a statement that is of a form known here; None if it is none of these."""
    written = tuple(token.text.lower() if token.kind == "word" else "" for token in tokens)
    match (written[0], dialect):
        case ("begin" | "start" | "commit" | "rollback" | "end" | "abort", _):
            return _transaction(written)
        case ("show", "postgres"):
            return Statement(kind="show", read_only=True) if all(written) or _has_only_dots(tokens) else None
        case ("show", "mysql"):
            return _show(tokens, written)
        case ("describe" | "desc", "mysql") if len(tokens) > 1 and written[1] not in STARTS:
            return _describe(tokens)
        case ("pragma", "sqlite"):
            return _pragma(tokens, written)
    return _maintenance(tokens, dialect)


def _maintenance(tokens: Sequence[Token], dialect: Dialect) -> Statement | None:
    """VACUUM and its like, of tables that are named: it writes these and no others."""
    first, more = _MAINTENANCE[dialect]
    if not tokens[0].is_word(*first):
        return None
    rest = list(dropwhile(lambda token: token.is_word(*more), tokens[1:]))
    found: list[Table] = []
    while rest:
        one = _table(rest, dialect, access="write")
        rest = rest[3 if len(rest) > 2 and rest[1].is_sign(".") else 1 :]
        if not one or (rest and not rest[0].is_sign(",")):
            return None
        found += one
        rest = rest[1:]
    return Statement(kind=tokens[0].text.lower(), read_only=False, tables=tuple(found)) if found else None


def _transaction(written: tuple[str, ...]) -> Statement | None:
    if not _TRANSACTION.fullmatch(" ".join(written)):
        return None
    return Statement(kind="begin" if written[0] in ("begin", "start") else "end", read_only=True)


def _has_only_dots(tokens: Sequence[Token]) -> bool:
    """``SHOW a.b``: a setting of an extension."""
    return all(token.kind == "word" or token.is_sign(".") for token in tokens)


def _show(tokens: Sequence[Token], written: tuple[str, ...]) -> Statement | None:
    if len(written) < 2 or written[1] not in _SHOWN or any(token.is_sign("(") for token in tokens):
        return None
    places = [at for at, word in enumerate(written) if word in ("from", "in")]
    if written[1:3] in (("create", "table"), ("create", "view")):
        found = _table(tokens[3:])
    elif places and not _COLUMNS.isdisjoint(written[1 : places[0]]):
        found = _table(tokens[places[0] + 1 :])
        if len(places) > 1:
            found = tuple(replace(one, db=db.name) for one in found for db in _table(tokens[places[1] + 1 :]))
    else:
        found = ()
    return Statement(kind="show", read_only=True, tables=found)


def _describe(tokens: Sequence[Token]) -> Statement | None:
    found = _table(tokens[1:])
    length = 2 if not found or not found[0].db else 4
    if not found or len(tokens) > length + 1 or any(token.is_sign("(") for token in tokens):
        return None
    return Statement(kind="describe", read_only=True, tables=found)


def _table(
    tokens: Sequence[Token], dialect: Dialect = "mysql", access: Literal["read", "write"] = "read"
) -> tuple[Table, ...]:
    """``[above.]name`` at the beginning."""
    dotted = len(tokens) > 2 and tokens[1].is_sign(".")
    named = tokens[:3:2] if dotted else tokens[:1]
    if not named or any(token.kind not in ("word", "name") for token in named):
        return ()
    *above, name = (_folded(token, dialect) for token in named)
    if dialect == "mysql":
        return (Table(db="".join(above), schema="", name=name, access=access),)
    return (Table(db="", schema="".join(above), name=name, access=access),)


def _folded(token: Token, dialect: Dialect) -> str:
    """The name as the server compares it: see ``sqltables``."""
    return token.text if dialect == "mysql" or (token.kind == "name" and dialect == "postgres") else token.text.lower()


def _pragma(tokens: Sequence[Token], written: tuple[str, ...]) -> Statement | None:
    at = 3 if len(tokens) > 3 and tokens[2].is_sign(".") else 1
    rest = tokens[at + 1 :]
    if len(written) <= at:
        return None
    if written[at] in _PRAGMAS and not rest:
        return Statement(kind="pragma", read_only=True)
    if written[at] in _PRAGMAS_OF and _is_one_name(rest):
        return Statement(kind="pragma", read_only=True)
    return None


def _is_one_name(rest: Sequence[Token]) -> bool:
    """``(NAME)``, or nothing."""
    if not rest:
        return True
    return len(rest) == 3 and rest[0].is_sign("(") and rest[1].kind in ("word", "name") and rest[2].is_sign(")")
