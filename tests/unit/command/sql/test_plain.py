"""Statements that are known by their words."""

import pytest

from jumphost.command.sql.plain import plain
from jumphost.command.sql.words import Dialect, pieces
from jumphost.model.request import Statement, Table


def found(text: str, dialect: Dialect) -> Statement | None:
    return plain(pieces(text, dialect)[0].tokens, dialect)


@pytest.mark.parametrize(
    ("dialect", "text", "kind", "tables"),
    [
        ("postgres", "BEGIN", "begin", []),
        ("postgres", "begin transaction read only", "begin", []),
        ("mysql", "start transaction", "begin", []),
        ("mysql", "commit work", "end", []),
        ("sqlite", "end transaction", "end", []),
        ("postgres", "rollback", "end", []),
        ("postgres", "show search_path", "show", []),
        ("postgres", "show a.b", "show", []),
        ("mysql", "show tables from d like 'x'", "show", []),
        ("mysql", "show master status", "show", []),
        ("mysql", "show create table T", "show", [("", "T")]),
        ("mysql", "show create view d.v", "show", [("d", "v")]),
        ("mysql", "show full columns from `t x`", "show", [("", "t x")]),
        ("mysql", "show index in t in d", "show", [("d", "t")]),
        ("mysql", "show keys from d.t where Key_name = 'x'", "show", [("d", "t")]),
        ("mysql", "describe t", "describe", [("", "t")]),
        ("mysql", "desc d.t a", "describe", [("d", "t")]),
        ("mysql", "desc t 'a%'", "describe", [("", "t")]),
        ("sqlite", "pragma table_info(t)", "pragma", []),
        ("sqlite", "pragma main.index_list(t)", "pragma", []),
        ("sqlite", "pragma user_version", "pragma", []),
        ("sqlite", "pragma foreign_key_check", "pragma", []),
    ],
)
def test_what_only_tells(dialect: Dialect, text: str, kind: str, tables: list[tuple[str, str]]) -> None:
    expected = tuple(Table(db=db, schema="", name=name, access="read") for db, name in tables)
    assert found(text, dialect) == Statement(kind=kind, read_only=True, tables=expected)


@pytest.mark.parametrize(
    ("dialect", "text", "tables"),
    [
        ("postgres", "vacuum t", ["t"]),
        ("postgres", 'VACUUM full ANALYZE S.T, "U"', ["s.t", "U"]),
        ("postgres", "refresh materialized view concurrently v", ["v"]),
        ("postgres", "reindex table t", ["t"]),
        ("mysql", "optimize table T, d.`u x`", ["T", "d.u x"]),
        ("mysql", "analyze table t", ["t"]),
        ("sqlite", "analyze main.T", ["main.t"]),
    ],
)
def test_maintenance_writes_the_tables_that_it_names(dialect: Dialect, text: str, tables: list[str]) -> None:
    statement = found(text, dialect)
    assert statement is not None
    assert (statement.kind, statement.read_only) == (text.split()[0].lower(), False)
    assert {one.access for one in statement.tables} == {"write"}
    assert [".".join(part for part in (one.db, one.schema, one.name) if part) for one in statement.tables] == tables


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("postgres", "begin isolation level serializable"),
        ("sqlite", "begin immediate"),
        ("postgres", "commit prepared 'x'"),
        ("postgres", "rollback to savepoint x"),
        ("postgres", "start x"),
        ("postgres", "show (x)"),
        ("sqlite", "show tables"),
        ("mysql", "show"),
        ("mysql", "show nonsense"),
        ("mysql", "show tables where f() = 1"),
        ("mysql", "show binlog events"),
        ("postgres", "vacuum"),
        ("postgres", "vacuum full"),
        ("postgres", "vacuum (full) t"),
        ("postgres", "analyze t (a)"),
        ("postgres", "reindex database d"),
        ("postgres", "cluster t using i"),
        ("mysql", "optimize local table t"),
        ("mysql", "check table t, 'x'"),
        ("sqlite", "vacuum into 'x'"),
        ("sqlite", "vacuum full t"),
        ("mysql", "desc select 1"),
        ("mysql", "desc"),
        ("mysql", "desc 'x'"),
        ("mysql", "desc t a b"),
        ("mysql", "desc t f()"),
        ("postgres", "desc t"),
        ("sqlite", "pragma"),
        ("sqlite", "pragma user_version = 1"),
        ("sqlite", "pragma user_version(1)"),
        ("sqlite", "pragma table_info = t"),
        ("sqlite", "pragma table_info(t, u)"),
        ("sqlite", "pragma writable_schema"),
        ("postgres", "pragma user_version"),
        ("postgres", "select 1"),
    ],
)
def test_all_else_is_for_another_reader(dialect: Dialect, text: str) -> None:
    assert found(text, dialect) is None
