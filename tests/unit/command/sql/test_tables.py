"""The tables and columns of a statement."""

import pytest
import sqlglot

from jumphost.command.sql.tables import columns, reads_all, tables
from jumphost.command.sql.words import Dialect, pieces


def touched(text: str, dialect: Dialect = "postgres") -> str:
    """``name`` for a table that is read, ``name!`` for one that is written, in order and once."""
    found = (
        ".".join(part for part in (one.db, one.schema, one.name) if part) + "!" * (one.access == "write")
        for one in tables(sqlglot.parse_one(text, dialect=dialect), dialect)
    )
    return " ".join(sorted(set(found)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select 1", ""),
        ("select * from a, b join c on true", "a b c"),
        ("select * from d.s.t, s.u", "d.s.t s.u"),
        ('select * from A, "B", "a"', "B a"),
        ("select (select 1 from a) from (select 2 from b) x where exists (select 3 from c)", "a b c"),
        ("with a as (select 1 from b) select * from a", "b"),
        ("with a as (select 1 from a) select * from a", "a"),
        ("with recursive a as (select 1 union select 1 from a) select * from a", ""),
        ("with a as (select 1 from b), b as (select 1 from a) select * from b", "b"),
        ("with recursive a as (select 1 from b), b as (select 1) select * from a", "b"),
        ("with a as (with b as (select 1 from c) select 1 from b, a) select 1 from a, b", "a b c"),
        ("with a as (select 1) select * from s.a", "s.a"),
        ("with a as (select 1) select * from (select * from a) x, lateral (select * from a) y", ""),
        ('with "A" as (select 1) select * from a', "a"),
        ('with "a" as (select 1) select * from A', ""),
        ("with a as (select 1) delete from a", "a!"),
        ("with a as (delete from b returning *) select * from a, c", "b! c"),
        ("with a as (select 1), a as (select 2) select * from a", ""),
        ("select 1 from f(1) as x, generate_series(1, 2) g", ""),
        ("select a into b from c", "b! c"),
        ("insert into a select * from b", "a! b"),
        ("insert into a (x) values ((select 1 from b))", "a! b"),
        ("update a set x = 1 from b where a.i = (select 1 from c)", "a! b c"),
        ("delete from a using b where a.i = b.i", "a! b"),
        ("merge into a using b on a.i = b.i when matched then delete", "a! b"),
        ("create table a as select * from b", "a! b"),
        ("create table a (i int references b (i))", "a! b!"),
        ("create index i on a (x)", "a!"),
        ("drop table a, s.b", "a! s.b!"),
        ("truncate a, b", "a! b!"),
        ("alter table a rename to b", "a! b!"),
    ],
)
def test_tables_of_postgres(text: str, found: str) -> None:
    assert touched(text) == found


@pytest.mark.parametrize(
    ("dialect", "text", "found"),
    [
        ("mysql", "select * from D.T, `t`", "D.T t"),
        ("mysql", "update a join b on true set b.x = 1", "a! b!"),
        ("mysql", "delete a from a join b on true", "a! b!"),
        ("sqlite", "select * from Main.T, [x], \"Y\", 'z'", "main.t x y z"),
    ],
)
def test_tables_of_others(dialect: Dialect, text: str, found: str) -> None:
    assert touched(text, dialect) == found


def seen(text: str, dialect: Dialect = "postgres") -> tuple[str, bool]:
    nodes = list(sqlglot.parse_one(text, dialect=dialect).walk())
    tokens = pieces(text, dialect)[0].tokens
    return " ".join(sorted(set(columns(nodes, tokens, dialect)))), reads_all(nodes, dialect)


@pytest.mark.parametrize(
    ("text", "names", "whole"),
    [
        ("select a, T.B, s.t.c from t where d = 1 order by e", "a b c d e", False),
        ('select "A", a from t', "A a", False),
        ("select count(*) from t", "", False),
        ("select count(t.*) from t", "", True),
        ("select * from t", "", True),
        ("select t.* from t", "", True),
        ("select t from t", "t", True),
        ("select x from t as x", "x", True),
        ("select row_to_json(x) from (select a from t) x", "a x", True),
        ("select x from t, lateral (select 1) x", "x", True),
        ("select b from t as x (a, b)", "b", True),
        ("select (t).a from t", "a t", True),
        ("select x.to_json from t x", "to_json", True),
        ("select (x.y).to_json from t x", "to_json y", True),
        ("select to_json from t", "to_json", False),
        ("select 1 from t join u using (a, b)", "a b", False),
        ("insert into t (a, b) select c, d from u", "a b c d", False),
        ("update t set a = b", "a b", False),
    ],
)
def test_columns(text: str, names: str, whole: bool) -> None:
    assert seen(text) == (names, whole)


def test_what_is_in_double_quotes_may_be_a_column_to_mariadb() -> None:
    assert seen("select \"Pan\", 'x' from t", "mysql") == ("pan", False)
    assert seen("select x.to_json from t x", "mysql") == ("to_json", False)
