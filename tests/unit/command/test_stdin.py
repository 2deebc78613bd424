"""The facts of what a caller sends on standard input."""

import hashlib

import pytest
from msgspec.structs import replace

from jumphost.command import received, stdin
from jumphost.command.facts import analyse
from jumphost.model.request import Command, Invocation, Profile, Sql, Stdin


def command(text: str, profile: Profile | None = None, dialect: str = "sh") -> Command:
    """The facts of a line, all of whose parts have the profile."""
    found = analyse(text.encode(), dialect=dialect)
    parts = tuple(replace(one, profile=profile or one.profile) for one in found.commands)
    return replace(found, commands=parts)


def read(data: bytes, text: str = "bash -s", **more: str) -> Stdin:
    return stdin.facts(data, command(text, **more), mode="judge")  # type: ignore[arg-type]


def test_data_has_its_size_and_digest_and_no_facts() -> None:
    assert read(b"\xff\0", "cat") == Stdin("judge", "data", 2, hashlib.sha256(b"\xff\0").hexdigest(), Command())
    assert read(b"", "cat").sha256 == hashlib.sha256().hexdigest()


def test_code_of_a_shell_has_the_facts_of_a_command() -> None:
    found = read(b"uptime\ndf -h\n")
    assert (found.kind, found.command) == ("code", analyse(b"uptime\ndf -h\n", dialect="bash"))
    assert [one.program for one in found.command.commands] == ["uptime", "df"]
    assert received.understood(found)
    assert received.shown(found)


def test_code_is_read_as_the_command_was() -> None:
    asked: list[tuple[bytes, str]] = []

    def read(raw: bytes, *, dialect: str) -> Command:
        asked.append((raw, dialect))
        return Command(raw="as it says")

    found = stdin.facts(b"df", command("bash"), mode="judge", read=read)
    assert (found.command.raw, asked) == ("as it says", [(b"df", "bash")])


@pytest.mark.parametrize(
    ("text", "dialect", "tier"),
    [
        ("sh", "sh", "structured"),
        ("dash", "sh", "structured"),
        ("bash", "bash", "structured"),
        ("zsh", "zsh", "unparsed"),
        ("sh | bash", "sh or bash", "unparsed"),
    ],
)
def test_each_shell_has_its_language(text: str, dialect: str, tier: str) -> None:
    found = read(b"echo $(df)", text).command
    assert (found.dialect, found.tier) == (dialect, tier)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        *((b"", "empty"), (b"\xff", "invalid_utf8"), (b"a\0", "nul_byte"), (b"a\r\n", "control_char")),
        *((b"a" * 65_537, "too_long"), ("a\u202eb".encode(), "invisible_unicode")),
    ],
)
def test_what_is_no_text_is_not_understood(data: bytes, reason: str) -> None:
    found = read(data)
    assert (found.command.tier, found.command.opaque) == ("unparsed", (reason,))
    assert not received.understood(found)


@pytest.mark.parametrize("data", [b"echo $(df)", b"ls *", b"# comment\ndf", b"alias x=y", b"for a in b; do df; done"])
def test_what_is_not_literal_is_not_understood(data: bytes) -> None:
    assert not received.understood(read(data))


@pytest.mark.parametrize("text", ["python3", "cat | python3 -", "csh", "bash; perl"])
def test_code_that_is_not_a_shells_is_opaque(text: str) -> None:
    found = read(b"print(1)", text)
    assert [reason for reason in found.command.opaque if reason.startswith("interpreter:")]
    assert (found.command.tier, found.command.commands, found.command.raw) == ("unparsed", (), "print(1)")
    assert not received.understood(found)


@pytest.mark.parametrize(
    "text", ["head -n 1; bash", "tr a b | bash", "read x; bash", "bash; bash", "bash; psql -X", "psql -X; sh"]
)
def test_code_that_others_may_read_or_change_first_is_opaque(text: str) -> None:
    found = read(b"df", text)
    assert "shell_stdin" in found.command.opaque
    assert not received.understood(found)


@pytest.mark.parametrize("text", ["bash -s; echo done", "bash | cat", "bash < /dev/null; bash"])
def test_what_stands_beside_it_or_after_it_changes_nothing(text: str) -> None:
    assert received.understood(read(b"df", text))


def test_a_part_that_is_known_to_read_nothing_changes_nothing() -> None:
    line = command("uptime && bash")
    first, second = line.commands
    quiet = replace(line, commands=(replace(first, profile=Profile(name="uptime", matched=True)), second))
    assert not received.understood(stdin.facts(b"df", line, mode="judge"))
    assert received.understood(stdin.facts(b"df", quiet, mode="judge"))


def test_what_wraps_the_reader_does_not_read() -> None:
    line = command("sudo bash")
    outer = line.commands[0]
    inner = replace(command("bash").commands[0], id=1, parent=0, via="wrapper:sudo")
    wrapped = replace(line, commands=(outer, inner))
    assert received.understood(stdin.facts(b"df", wrapped, mode="judge"))
    beside = replace(wrapped, commands=(outer, replace(inner, parent=-1)))
    assert not received.understood(stdin.facts(b"df", beside, mode="judge"))
    endless = replace(wrapped, commands=(replace(outer, parent=1), inner))
    assert stdin.facts(b"df", endless, mode="judge").kind == "code"


@pytest.mark.parametrize("data", [b"sh\nrm x", b"psql\n\\! rm x", b"python3 -\nprint 1"])
def test_a_script_that_feeds_itself_to_another_program_is_opaque(data: bytes) -> None:
    found = read(data)
    assert "shell_stdin" in found.command.opaque
    assert not received.understood(found)


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("psql -X", "postgres"),
        ("mysql --no-defaults shop", "mysql"),
        ("mariadb --no-defaults", "mysql"),
        ("sqlite3 -init /dev/null x.db", "sqlite"),
        ("cd /x; psql -X < y; psql -X", "postgres"),
    ],
)
def test_sql_has_the_facts_of_its_statements(text: str, dialect: str) -> None:
    found = read(b"select 1;\ndelete from x;\n", text)
    assert (found.kind, found.command.raw, found.command.bytes) == ("sql", "select 1;\ndelete from x;\n", 25)
    [one] = found.command.sql
    assert (one.dialect, one.source, one.text, one.parse_ok, one.opaque) == (
        dialect,
        "stdin",
        "select 1;\ndelete from x;\n",
        True,
        (),
    )
    assert [(statement.kind, statement.read_only) for statement in one.statements] == [
        ("select", True),
        ("delete", False),
    ]
    assert received.understood(found)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        *((b"\xff", "invalid_utf8"), (b"select 'a\0'", "nul_byte"), (b" " * 32_769, "too_long")),
        *((b"\\! id", "backslash"), (b"", "empty"), (b"select :x", "variable")),
    ],
)
def test_sql_that_is_not_plain_is_not_understood(data: bytes, reason: str) -> None:
    found = read(data, "psql -X")
    assert (found.command.sql[0].parse_ok, found.command.opaque) == (False, (reason,))
    assert not received.understood(found)


@pytest.mark.parametrize("text", ["bash", "psql -X", "python3 -", "csh"])
def test_secrets_are_found_whatever_reads_it(text: str) -> None:
    token = b"ghp_0123456789abcdefghijABCDEFGHIJ012345"
    assert read(b"select '" + token + b"'", text).command.facts.secret_argv
    assert not read(b"select 'x'", text).command.facts.secret_argv


def test_sql_that_others_may_read_or_change_first_is_opaque() -> None:
    altered = read(b"select 1", "tr a b | psql -X")
    assert altered.command.opaque == ("sql_opaque",)
    assert not received.understood(altered)
    assert [one.cmd for one in read(b"select 1", "psql -X; mysql --no-defaults").command.sql] == [0, 1]


def test_sql_of_a_client_that_only_a_profile_knows_has_no_dialect() -> None:
    [one] = read(b"select 1", "ourclient", profile=Profile(name="ourclient", matched=True, stdin="sql")).command.sql
    assert (one.dialect, one.parse_ok, one.opaque) == ("", False, ("client",))


@pytest.mark.parametrize(
    ("text", "reasons", "stays"),
    [
        ("bash", ("shell_stdin",), ()),
        ("bash", ("trap", "shell_stdin"), ("trap",)),
        ("bash", ("sql_opaque",), ("sql_opaque",)),
        ("cat", ("trap",), ("trap",)),
        ("cat", ("shell_stdin",), ("shell_stdin",)),
        ("cat x | bash", ("shell_stdin",), ("shell_stdin",)),
        ("bash < /tmp/x", ("shell_stdin",), ("shell_stdin",)),
        ("bash; bash < /tmp/x", ("shell_stdin",), ("shell_stdin",)),
        ("bash; bash", ("shell_stdin",), ("shell_stdin",)),
        ("cat; bash", ("shell_stdin",), ("shell_stdin",)),
        ("cd /tmp && bash", ("shell_stdin",), ()),
    ],
)
def test_what_the_caller_sends_is_no_reason(text: str, reasons: tuple[str, ...], stays: tuple[str, ...]) -> None:
    assert stdin.seen(replace(command(text), opaque=reasons), Stdin()).opaque == stays


def called(source: str, *opaque: str) -> Sql:
    return Sql(0, "mysql", source, "", parse_ok=False, opaque=opaque)


def test_what_is_known_of_the_call_stays_with_the_sql() -> None:
    line = command("psql")
    assert line.opaque == ("sql_opaque",)
    found = stdin.facts(b"select 1", line, mode="judge")
    assert [(one.parse_ok, one.opaque) for one in found.command.sql] == [(True, ("rcfile",))]
    assert not received.understood(found)
    [broken] = stdin.facts(b"\xff", line, mode="judge").command.sql
    assert broken.opaque == ("rcfile", "invalid_utf8")


@pytest.mark.parametrize(
    ("others", "opaque"), [((), ()), ((called("-c"),), ()), ((called("-f", "file"),), ("sql_opaque",))]
)
def test_sql_that_the_caller_sends_is_no_reason(others: tuple[Sql, ...], opaque: tuple[str, ...]) -> None:
    line = replace(command("psql"), sql=(called("stdin", "stdin"), *others), opaque=("sql_opaque",))
    seen = stdin.seen(line, Stdin())
    assert (seen.sql, seen.opaque) == (others, opaque)


def test_sql_that_was_judged_stands_among_that_of_the_command() -> None:
    line = command("psql -X")
    found = stdin.facts(b"delete from x", line, mode="judge")
    seen = stdin.seen(line, found)
    assert (seen.sql, seen.opaque) == (found.command.sql, ())
    assert [statement.read_only for one in seen.sql for statement in one.statements] == [False]
    piped = command("cat x | psql -X")
    altered = stdin.seen(piped, stdin.facts(b"select 1", piped, mode="judge"))
    assert [(one.source, one.opaque) for one in altered.sql] == [("stdin", ("stdin",))]


def test_what_else_is_said_of_the_call_stays() -> None:
    line = replace(command("psql"), sql=(called("stdin", "rcfile", "stdin"),), opaque=("sql_opaque",))
    seen = stdin.seen(line, Stdin())
    assert (seen.sql, seen.opaque) == ((called("stdin", "rcfile"),), ("sql_opaque",))
    piped = replace(line, commands=(replace(line.commands[0], stdin="pipe"),))
    assert stdin.seen(piped, Stdin()) == piped


def test_the_identity_of_a_reader_is_its_place() -> None:
    [one] = command("bash").commands
    assert isinstance(one, Invocation)
    far = replace(command("bash"), commands=(replace(one, id=7, parent=3),))
    assert received.understood(stdin.facts(b"df", far, mode="judge"))
