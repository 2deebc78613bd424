"""The SQL of whole commands."""

import subprocess
import sys

import pytest

from jumphost.command.facts import analyse
from jumphost.command.opaque import Opaque
from jumphost.command.sql.facts import described, load, of_command, of_text
from jumphost.command.sql.words import Dialect, Reason
from jumphost.model.request import Command, Sql, Statement
from jumphost.testing.statements import UNREAD
from jumphost.testing.texts import short


def test_the_sql_of_a_command() -> None:
    command = analyse(b"df -h && psql -X -d pay -c 'select pan from cards; delete from t' -c 'select 2'")
    assert command.tier == "literal"
    assert command.opaque == ()
    first, second = command.sql
    assert (first.cmd, first.dialect, first.source, first.parse_ok, first.opaque) == (1, "postgres", "-c", True, ())
    assert first.text == "select pan from cards; delete from t"
    assert [(one.kind, one.read_only) for one in first.statements] == [("select", True), ("delete", False)]
    assert second == Sql(1, "postgres", "-c", "select 2", True, (), (Statement(kind="select", read_only=True),))  # noqa: FBT003


@pytest.mark.parametrize(
    ("raw", "source", "text"),
    [
        (b"psql -X <<'E'\nselect 1;\nE", "heredoc", "select 1;\n"),
        (b"psql -X <<E\nselect \\$1;\nE", "heredoc", "select $1;\n"),
        (b"psql -X <<-E\n\t\tselect\n\t1;\n\tE", "heredoc", "select\n1;\n"),
        (b"psql -X <<< 'select 1'", "heredoc", "select 1\n"),
        (b"psql -X <<E\nselect $x;\nE", "heredoc", ""),
        (b'psql -X <<< "$x"', "heredoc", ""),
        (b"psql -X <<'E'\nE", "heredoc", ""),
        (b'psql -X -c "select $x"', "-c", ""),
        (b"psql -X -c 'select 1' </dev/null", "-c", "select 1"),
        (b"psql -X < /x.sql", "file", ""),
        (b"cat x | psql -X", "stdin", ""),
        (b"/opt/pg/bin/psql -X -c 'select 1'", "-c", "select 1"),
    ],
)
def test_where_it_comes_from(raw: bytes, source: str, text: str) -> None:
    (found,) = analyse(raw, dialect="bash").sql
    assert (found.source, found.text) == (source, text)
    assert found.parse_ok == (text.startswith("select") and "$" not in text)


def test_what_is_not_wholly_known_is_opaque() -> None:
    known = analyse(b"psql -X -c 'select 1'")
    assert (known.opaque, known.sql[0].opaque) == ((), ())
    for raw in (b"psql -c 'select 1'", b"psql -X", b"psql -X -f x", b"psql -X -c '\\! id'", b"psql -X -c vacuum"):
        found = analyse(raw)
        assert found.opaque == (Opaque.SQL_OPAQUE,)
        assert found.sql[0].opaque
        assert described(found).opaque == found.opaque
    assert analyse(b"alias a=b; psql -X").opaque == (Opaque.ALIAS, Opaque.SQL_OPAQUE)


def test_what_wrappers_run_counts() -> None:
    (found,) = analyse(b"sudo -n -u postgres psql -X -c 'select 1'").sql
    assert (found.cmd, found.text, found.opaque) == (1, "select 1", ())
    (found,) = analyse(b"env PGOPTIONS=x psql -X -c 'select 1'").sql
    assert found.opaque == (Reason.ENVIRONMENT,)
    (found,) = analyse(b"sh -c 'psql -X -c \"select 2\"'").sql
    assert found.text == "select 2"


def test_a_command_without_a_client_has_none() -> None:
    assert analyse(b"echo 'select 1'").sql == ()
    assert of_command(Command()) == ()
    assert analyse(b"psql --version").sql == ()


@pytest.mark.parametrize(("dialect", "text", "reason"), UNREAD, ids=short)
def test_a_text_that_is_not_read(dialect: Dialect, text: str, reason: str) -> None:
    found = of_text(text, dialect, "stdin", -1)
    assert (found.parse_ok, found.opaque[0]) == (False, reason)
    assert not all(one.read_only for one in found.statements) or not found.statements
    assert found.text == ("" if reason == Reason.TOO_LONG else text)


def test_a_dialect_that_is_not_known() -> None:
    assert of_text("select 1", "", "stdin", 0) == Sql(
        0, "", "stdin", "select 1", parse_ok=False, opaque=(Reason.CLIENT,)
    )


def test_each_statement_counts() -> None:
    found = of_text("select 1; vacuum; 'x'; select f(1)", "postgres", "-c", 3, reasons=("rcfile",))
    assert found.opaque == ("rcfile", Reason.STATEMENT, Reason.CLIENT_COMMAND)
    assert [(one.kind, one.read_only) for one in found.statements] == [
        ("select", True),
        ("vacuum", False),
        ("", False),
        ("select", False),
    ]


def test_the_parser_is_loaded_when_it_is_needed_or_asked_for() -> None:
    code = (
        "import sys; from jumphost.command.facts import analyse; from jumphost.command.sql.facts import load;"
        "analyse(b'ls'); assert 'sqlglot' not in sys.modules; load(); assert 'sqlglot.dialects.mysql' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    load()
