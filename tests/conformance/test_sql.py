"""SQL facts against real PostgreSQL, MariaDB and SQLite: what only reads changes nothing, and reads no more."""

import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jumphost.command.sql import facts as sql
from jumphost.command.sql.client import CLIENTS, read
from jumphost.command.sql.names import KNOWN
from jumphost.command.sql.words import Dialect, pieces
from jumphost.model.request import Invocation, Sql, Word
from jumphost.testing.databases import TABLES, Server, mariadb, postgres
from jumphost.testing.statements import READS, WRITES

SYNTAX = {  # of the grammar, and so in no list of functions
    *("cast", "coalesce", "current_catalog", "current_date", "current_role", "current_time", "current_timestamp"),
    *("greatest", "grouping", "least", "localtime", "localtimestamp", "nullif", "trim"),
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Short enough for a socket, and open to the users that servers run as."""
    with tempfile.TemporaryDirectory(prefix="db", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="module")
def real_postgres(folder: Path) -> Iterator[Server]:
    try:
        with postgres(folder / "postgres") as server:
            yield server
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def real_mariadb(folder: Path) -> Iterator[Server]:
    try:
        with mariadb(folder / "mariadb") as server:
            yield server
    except LookupError as missing:
        pytest.skip(str(missing))


def only_reads(found: Sql) -> bool:
    return found.parse_ok and not found.opaque and all(one.read_only for one in found.statements)


def run(server: Server, dialect: Dialect) -> None:
    before = server.state()
    failed = []
    for text in READS[dialect]:
        assert only_reads(sql.of_text(text, dialect, "", 0)), text
        said = server.ask(text)
        if said.returncode:
            failed.append((text, said.stderr))
    assert failed == []
    assert server.state() == before


def test_what_only_reads_runs_and_changes_nothing_in_postgres(real_postgres: Server) -> None:
    run(real_postgres, "postgres")


def test_what_only_reads_runs_and_changes_nothing_in_mariadb(real_mariadb: Server) -> None:
    run(real_mariadb, "mysql")


def in_sqlite(text: str) -> tuple[list[tuple[int, str | None, str | None]], str]:
    """What SQLite says that ``text`` does, on new tables, and what was wrong with it."""
    actions: list[tuple[int, str | None, str | None]] = []

    def note(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if (action, first) != (sqlite3.SQLITE_UPDATE, "sqlite_master"):  # a table that is a function is declared
            actions.append((action, first, second))
        return sqlite3.SQLITE_OK

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for one in TABLES:
            database.execute(one)
        database.set_authorizer(note)
        try:
            database.executescript(text)
        except sqlite3.Error as error:
            return actions, str(error)
        finally:
            database.set_authorizer(None)
    return actions, ""


HARMLESS = {
    *(sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE),
    *(sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_PRAGMA),
}


@pytest.mark.parametrize("text", READS["sqlite"])
def test_what_only_reads_runs_and_reads_no_more_in_sqlite(text: str) -> None:
    found = sql.of_text(text, "sqlite", "", 0)
    assert only_reads(found)
    actions, fault = in_sqlite(text)
    assert fault == ""
    reads_no_more(found, actions)


def reads_no_more(found: Sql, actions: list[tuple[int, str | None, str | None]]) -> None:
    """Fails if a table or a column was read that is not among the facts, or anything else was done."""
    assert {action for action, *_ in actions} <= HARMLESS
    tables = {table.name for one in found.statements for table in one.tables}
    columns = {column for one in found.statements for column in one.columns}
    star = any(one.star for one in found.statements)
    allowed = tables | ({"accounts", "cards"} if "balances" in tables else set())  # a view
    plain = {one.kind for one in found.statements} & {"pragma", "show"}
    for action, table, column in actions:
        if action == sqlite3.SQLITE_READ and not plain and table in ("cards", "accounts", "balances"):
            assert table in allowed
            assert star or "balances" in tables or not column or column in columns | {"ROWID"}


@pytest.mark.parametrize("text", [text for text in WRITES["sqlite"] if "select 1" not in text[:9]][:18])
def test_what_writes_does_so_in_sqlite(text: str) -> None:
    """The texts are what they say, and not merely refused."""
    actions, fault = in_sqlite(text)
    assert fault == ""
    assert not {action for action, *_ in actions} <= HARMLESS


def views() -> Iterator[str]:
    """What can be a view: one query, with no name twice among its columns."""
    for text in READS["postgres"]:
        found = pieces(text, "postgres")
        if len(found) == 1 and found[0].tokens[0].is_word("select", "with", "table", "values"):
            yield found[0].text


@pytest.mark.parametrize("text", list(views()))
def test_no_column_is_read_unseen_in_postgres(real_postgres: Server, text: str) -> None:
    found = sql.of_text(text, "postgres", "", 0).statements[0]
    said = real_postgres.ask(
        f"create temp view seen_by as {text}; select distinct table_name || '.' || column_name"
        " from information_schema.view_column_usage"
        " where view_name = 'seen_by' and table_schema in ('public', 'audit')"
    )
    assert not said.returncode or "specified more than once" in said.stderr
    for line in said.stdout.split():
        table, _, column = line.partition(".")
        assert table in {one.name for one in found.tables}
        assert found.star or column in found.columns


def test_known_functions_are_those_of_postgres(real_postgres: Server) -> None:
    """A name that it has not could be anybody's function."""
    asked = "select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
    assert KNOWN["postgres"] - SYNTAX <= set(real_postgres.ask(asked).stdout.split())


def test_known_functions_of_postgres_compute_or_tell_what_time_it_is(real_postgres: Server) -> None:
    asked = (
        "select proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
        " group by proname having bool_or(provolatile = 'v')"
    )
    volatile = KNOWN["postgres"] & set(real_postgres.ask(asked).stdout.split())
    sizes = {name for name in volatile if name.startswith("pg_") and name.endswith("_size")}
    assert volatile - sizes == {"clock_timestamp", "pg_is_in_recovery", "random", "timeofday"}


def test_known_functions_are_those_of_mariadb(real_mariadb: Server) -> None:
    asked = "".join(f"select {name}(1,2,3,4,5,6,7);\n" for name in (*KNOWN["mysql"], "no_such"))
    client = [*real_mariadb.client[:-1], "--force"]
    said = subprocess.run(client, input=asked, capture_output=True, text=True)
    assert re.findall(r"FUNCTION (\S+) does not exist", said.stderr) == ["bank.no_such"]


FRAGMENTS = st.sampled_from(
    [
        *("select", "from", "cards", "accounts", "where", "1", "id", "pan", "*", ",", "(", ")", "=", ";", "'x'", "''"),
        *("'", '"', "`", "--", "-- ", "\n", "/*", "*/", "/*!", "#", "with", "as", "update", "set", "amount", "delete"),
        *("insert", "into", "values", "returning", "drop", "table", "note", "public", ".", "explain", "analyze", "and"),
        *("union", "all", "order", "by", "limit", "for", "audit", "log", "nextval", "numbers", "in", "exists", "::int"),
        *(
            "-",
            "+",
            "e'",
            "$$",
            "\\",
            ":x",
            "x",
            "c",
            "lower",
            "begin",
            "commit",
            "do",
            "copy",
            "to",
            "stdout",
            "replace",
        ),
    ]
)
DANGEROUS = st.sampled_from(
    [
        "delete from cards",
        "note('x')",
        "update cards set amount = amount + 1",
        "drop table accounts",
        "insert into cards values (9)",
    ]
)


EXPRESSIONS = st.sampled_from(
    [
        *(
            "note('x')",
            "public.note('x')",
            "nextval('numbers')",
            "nextval(numbers)",
            "(select note('x'))",
            "lower(pan)",
        ),
        *("(select max(amount) from cards)", "case when note('x') = 1 then 1 end", "count(*)", "exists (select 1)"),
        *("cast(note('x') as char)", "note\n('x')", "note/**/('x')", "(note)('x')", "'x' 'y'", "pan in (note('x'))"),
        *("coalesce(1, note('x'))", "cards.pan", '"pan"', "(cards).pan", "@x", "now()", "-1", "amount - -1"),
    ]
)


@st.composite
def texts(draw: st.DrawFn, dialect: Dialect) -> str:
    """A text that may run: of a good one some words are replaced, or something is put between them."""
    text = draw(st.sampled_from([*READS[dialect], *READS[dialect], *WRITES[dialect][:30]]))
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            words = list(re.finditer(r"'[^']*'|\w+(?:\.\w+)*|\*", text))
            word = draw(st.sampled_from(words[1:] or words))
            text = text[: word.start()] + draw(EXPRESSIONS) + text[word.end() :]
            continue
        edges = [found.start() for found in re.finditer(r"\b|$", text)]
        at = draw(st.sampled_from(edges) | st.integers(0, len(text)))
        inserted = draw(FRAGMENTS | DANGEROUS | st.sampled_from(READS[dialect]))
        before, after = draw(
            st.sampled_from([(" ", " "), ("", ""), (";", ";"), (" (", ") "), (", (", ")"), (" union ", "")])
        )
        text = text[:at] + before + inserted + after + text[at + draw(st.sampled_from([0, 0, 0, 1, 5])) :]
    return text


def never_changes(server: Server, text: str, dialect: Dialect, before: str) -> None:
    if only_reads(sql.of_text(text, dialect, "", 0)):
        server.ask(text)
        assert server.state() == before, text


@pytest.fixture(scope="module")
def state_of_postgres(real_postgres: Server) -> str:
    return real_postgres.state()


@pytest.fixture(scope="module")
def state_of_mariadb(real_mariadb: Server) -> str:
    return real_mariadb.state()


SLOW = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(text=texts("postgres"))
def test_nothing_that_only_reads_changes_postgres(real_postgres: Server, state_of_postgres: str, text: str) -> None:
    never_changes(real_postgres, text, "postgres", state_of_postgres)


@SLOW
@given(text=texts("mysql"))
def test_nothing_that_only_reads_changes_mariadb(real_mariadb: Server, state_of_mariadb: str, text: str) -> None:
    never_changes(real_mariadb, text, "mysql", state_of_mariadb)


@settings(max_examples=1000, deadline=None)
@given(text=texts("sqlite"))
def test_nothing_that_only_reads_changes_sqlite(text: str) -> None:
    found = sql.of_text(text, "sqlite", "", 0)
    if only_reads(found):
        reads_no_more(found, in_sqlite(text)[0])


CALLS = {
    "postgres": [
        "-XAtc|select 7",
        "-XAt|-cselect 7",
        "-XAt|--command|select 7",
        "-XAt|--command=select 7",
        "-X|-c|select 7|-At|-c|select 8; select 9",
        "-XAtq|-F|-c|-c|select 7, 8",
        "-XAtv|x=1|-c|select 7",
        "-XAt|--comm=select 7",
        "-XAt|--no-align|-wc|select 7",
    ],
    "mysql": [
        "--no-defaults|-NBe|select 7",
        "--no-defaults|-N|-B|-eselect 7",
        "--no-defaults|-NB|-e|select|-e|7",
        "--no-defaults|-NB|--execute=select 7|-e|+ 1; select 8",
        "--no-defaults|-NB|--skip_column_names|--execute|select 7",
        "--no-defaults|-NB|--exec|select 7",
        "--no-defaults|-NB|--password=|-e|select 7",
    ],
    "sqlite": [
        "-init|/dev/null|:memory:|select 7",
        "--init|/dev/null|-readonly|:memory:|-csv|select 7; select 8|select 9",
        "-init|/dev/null|-cmd|select 7|:memory:|select 8",
        "-init|/dev/null|-separator|-cmd|:memory:|select 7, 8",
    ],
}


def answered(program: str, place: tuple[str, ...], line: str) -> tuple[list[str], list[str]]:
    """The numbers that a client prints, and those in the SQL that is found in its words."""
    words = line.split("|")
    at = 1 if words[0] == "--no-defaults" else 0
    argv = [program, *words[:at], *place, *words[at:]]
    said = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert said.returncode == 0, said.stderr
    invocation = Invocation(id=0, program=program, argv=tuple(Word(v=word) for word in argv))
    found = " ".join(text for _, text in read(CLIENTS[program], invocation).texts)
    return re.findall(r"\d", said.stdout), re.findall(r"\d", found)


@pytest.mark.parametrize("line", CALLS["postgres"])
def test_words_are_sql_as_psql_reads_them(real_postgres: Server, line: str) -> None:
    printed, found = answered("psql", real_postgres.client[2:-1], line)
    assert printed == found


@pytest.mark.parametrize("line", CALLS["mysql"])
def test_words_are_sql_as_mariadb_reads_them(real_mariadb: Server, line: str) -> None:
    printed, found = answered("mariadb", real_mariadb.client[2:5], line)
    assert printed in (found, ["8", "8"])  # 7 + 1


@pytest.mark.parametrize("line", CALLS["sqlite"])
def test_words_are_sql_as_sqlite3_reads_them(line: str) -> None:
    if not shutil.which("sqlite3"):
        pytest.skip("sqlite3 is not installed: apt-get install sqlite3")
    printed, found = answered("sqlite3", (), line)
    assert printed == found
