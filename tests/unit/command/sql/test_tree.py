"""One statement: its kind, whether it only reads, and what else is found."""

import logging

import pytest

from jumphost.command.sql.tree import statement
from jumphost.command.sql.words import Dialect, NotPlain, Reason, pieces
from jumphost.model.request import Statement, Table
from jumphost.testing.statements import READS, WRITES


def of(text: str, dialect: Dialect = "postgres") -> Statement:
    (piece,) = pieces(text, dialect)
    return statement(piece, dialect)


def test_a_statement_as_a_policy_sees_it() -> None:
    assert of("select c.pan, max(amount) from pay.cards c where f(id) = 1 limit 5") == Statement(
        kind="select",
        read_only=False,
        tables=(Table(db="", schema="pay", name="cards", access="read"),),
        columns=("amount", "id", "pan"),
        star=False,
        functions=("f", "max"),
        unknown_functions=("f",),
        has_where=True,
        has_limit=True,
        locks=False,
    )


@pytest.mark.parametrize(("dialect", "text"), [(dialect, text) for dialect in READS for text in READS[dialect]])
def test_what_only_reads(dialect: Dialect, text: str) -> None:
    assert all(statement(piece, dialect).read_only for piece in pieces(text, dialect))


@pytest.mark.parametrize(("dialect", "text"), [(dialect, text) for dialect in WRITES for text in WRITES[dialect]])
def test_what_may_write(dialect: Dialect, text: str) -> None:
    try:
        found = [statement(piece, dialect) for piece in pieces(text, dialect)]
    except NotPlain:
        return
    assert not all(one.read_only for one in found)


@pytest.mark.parametrize(
    ("dialect", "text", "kind"),
    [
        ("postgres", "(select 1)", "select"),
        ("postgres", "table t", "select"),
        ("postgres", "values (1)", "select"),
        ("postgres", "select 1 union select 2", "select"),
        ("postgres", "with a as (select 1) insert into t select * from a", "insert"),
        ("postgres", "truncate t", "truncate"),
        ("postgres", "merge into a using b on true when matched then delete", "merge"),
        ("postgres", "explain delete from t", "explain"),
        ("postgres", "show all", "show"),
        ("mysql", "replace into t values (1)", "replace"),
        ("mysql", "desc t", "describe"),
        ("mysql", "desc select 1", "explain"),
        ("mysql", "analyze format=json select 1", "explain"),
        ("sqlite", "explain query plan select 1", "explain"),
        ("sqlite", "pragma user_version", "pragma"),
        ("sqlite", "create table t (i int)", "create"),
    ],
)
def test_kinds(dialect: Dialect, text: str, kind: str) -> None:
    assert of(text, dialect).kind == kind


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("select 1 from t where a", True),
        ("select 1 from t", False),
        ("select 1 from (select 1 from t where a) x", False),
        ("select 1 from t where a union select 1 from u where b", True),
        ("select 1 from t where a union (select 1 from u)", False),
        ("update t set a = 1", False),
        ("delete from t where a", True),
        ("with d as (delete from t returning *) select * from d where a", False),
        ("with d as (delete from t where a returning *) select * from d", True),
    ],
)
def test_where_says_how_much_is_touched(text: str, where: bool) -> None:
    assert of(text).has_where == where


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("select 1 limit 1", True),
        ("select 1 fetch first 2 rows only", True),
        ("select 1 union select 2 limit 1", True),
        ("select 1 from (select 2 limit 1) x", False),
    ],
)
def test_the_limit_of_the_whole(text: str, limit: bool) -> None:
    assert of(text).has_limit == limit


def test_locks_are_no_reading() -> None:
    found = of("select * from t for update")
    assert (found.locks, found.read_only) == (True, False)


def test_explain_has_the_facts_of_what_it_explains() -> None:
    found = of("explain (analyze, costs off) update t set a = f(1) where b")
    assert (found.kind, found.read_only, found.columns, found.unknown_functions) == (
        "explain",
        False,
        ("a", "b"),
        ("f",),
    )
    assert found.tables == (Table(db="", schema="", name="t", access="write"),)
    assert of("explain analyze verbose select 1").read_only


@pytest.mark.parametrize(
    ("dialect", "text", "reason"),
    [
        ("postgres", "vacuum", Reason.STATEMENT),
        ("postgres", "set role x", Reason.STATEMENT),
        ("postgres", "explain", Reason.STATEMENT),
        ("postgres", "explain (costs", Reason.SYNTAX),
        ("postgres", "explain (evil) select 1", Reason.STATEMENT),
        ("postgres", "explain explain select 1", Reason.STATEMENT),
        ("mysql", "analyze table", Reason.STATEMENT),
        ("postgres", "drop schema s", Reason.STATEMENT),
        ("postgres", "create function f() returns int language sql as 'select 1'", Reason.STATEMENT),
        ("mysql", "drop database d", Reason.STATEMENT),
        ("mysql", "desc", Reason.STATEMENT),
        ("mysql", "system id", Reason.CLIENT_COMMAND),
        ("postgres", "no_such thing", Reason.CLIENT_COMMAND),
        ("postgres", "'select' 1", Reason.CLIENT_COMMAND),
        ("postgres", "select from where", Reason.SYNTAX),
        ("postgres", "select " + "- " * 1500 + "1", Reason.TOO_DEEP),
    ],
)
def test_what_is_not_known(dialect: Dialect, text: str, reason: Reason) -> None:
    with pytest.raises(NotPlain, match=reason):
        of(text, dialect)


def test_the_parser_says_nothing_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """Its warnings quote the text, and so what must not be in a log."""
    with caplog.at_level(logging.DEBUG), pytest.raises(NotPlain):
        of("grant canary to canary")
    assert caplog.text == ""
