"""The functions that a statement calls, by name."""

import pytest

from jumphost.command.sql.names import KNOWN, called, unknown
from jumphost.command.sql.words import Dialect, pieces


def names(text: str, dialect: Dialect = "postgres") -> tuple[str, ...]:
    return called(pieces(text, dialect)[0].tokens)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select lower(a), UPPER (b), lower(c)", ("lower", "upper")),
        ("select public.lower(a)", ("public.lower",)),
        ("select a.b.c(1)", ("a.b.c",)),
        ('select "lower"(a), s."F"(b)', ('"lower"', 's."F"')),
        ("select f(g(1))", ("f", "g")),
        ("select * from f(1) as x", ("f",)),
        ("select * from f(1) as x (a int)", ("f",)),
        ("select * from rows from (f(1), g(2)) as x", ("f", "g")),
        ("with f (a) as (select 1) select f(2)", ("f",)),
        ("with f (a) as (select 1) select 2", ()),
        ("with f (a, b) as not materialized (values (1, 2)) select 2", ()),
        ("with f (a) as (f(1)) select 2", ("f",)),
        ("select * from cards as f (a, b)", ()),
        ("select a::numeric(1, 2), cast(a as varchar(3)), cast(a as character varying (3))", ("cast",)),
        ("insert into f (a) values (1)", ()),
        ("create table f (a int)", ()),
        ("create table if not exists f (a int)", ()),
        ("select 1 where a in (1) and (b) or not (c) and exists (select 1) and d = any (e)", ()),
        ("select sum(a) over (partition by b) from t group by (a), rollup (b, c)", ("sum",)),
        ("select count(*) filter (where a) from t join u using (i) join v on (true)", ("count",)),
        ("select over(1), filter(2), any(3), by(4)", ("any", "by", "filter", "over")),
        ("select x.in(1), x.select(2)", ("x.in", "x.select")),
        ("select 'f(1)', \"f(1)\"", ()),
        ("select (1)", ()),
        ("(select 1)", ()),
    ],
)
def test_what_is_called(text: str, found: tuple[str, ...]) -> None:
    assert names(text) == found


@pytest.mark.parametrize(
    ("name", "dialects"),
    [
        ("lower", "postgres mysql sqlite"),
        ("pg_catalog.lower", "postgres mysql sqlite"),
        ("public.lower", ""),
        ("pg_catalog.public.lower", ""),
        ('"lower"', ""),
        ("ifnull", "mysql sqlite"),
        ("jsonb_agg", "postgres"),
        *((name, "") for name in ("pg_read_file", "nextval", "set_config", "lo_export", "dblink", "query_to_xml")),
        *((name, "") for name in ("load_file", "sleep", "benchmark", "get_lock", "sys_exec", "last_insert_id")),
        *((name, "") for name in ("load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "pg_sleep")),
    ],
)
def test_what_is_known(name: str, dialects: str) -> None:
    assert [dialect for dialect in KNOWN if not unknown([name], dialect)] == dialects.split()
