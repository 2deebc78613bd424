"""Which words of a client are SQL."""

import pytest

from jumphost.command.sql.client import CLIENTS, read
from jumphost.model.request import Assignment, Invocation, Redirect, Word

DYNAMIC = Word(v="", k="dynamic", src="$x", why=("param",))


def call(
    *argv: str | Word, stdin: str = "inherit", redirects: tuple[Redirect, ...] = (), env: tuple[Assignment, ...] = ()
) -> tuple[list[tuple[str, str]], list[tuple[str, str]], tuple[str, ...]]:
    words = tuple(Word(v=word) if isinstance(word, str) else word for word in argv)
    invocation = Invocation(id=0, program=words[0].v, argv=words, stdin=stdin, redirects=redirects, env=env)  # type: ignore[arg-type]
    found = read(CLIENTS[words[0].v], invocation)
    return found.texts, [(source, reason.value) for source, reason in found.elsewhere], found.reasons


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("psql|-X|-c|a", [("-c", "a")]),
        ("psql|-Xc|a", [("-c", "a")]),
        ("psql|-Xca", [("-c", "a")]),
        ("psql|-X|--command|a", [("-c", "a")]),
        ("psql|-X|--command=a=b", [("-c", "a=b")]),
        ("psql|db|-c|a|user|-X|-c|b", [("-c", "a"), ("-c", "b")]),
        ("psql|-XAtq1|-h|h|-p|5432|-U|u|-d|db|-F|,|-c|a", [("-c", "a")]),
        ("psql|--no-psqlrc|--no-align|--csv|--host=h|--port|1|-c|a|-w", [("-c", "a")]),
        ("psql|-X|-c|-c|db", [("-c", "-c")]),
        ("psql|-X|-P|pager=off|-Pnull=x|--pset|format=csv|-c|a", [("-c", "a")]),
        ("psql|-X|-v|ON_ERROR_STOP=1|--set=ON_ERROR_STOP=on|-c|a", [("-c", "a")]),
        ("mariadb|--no-defaults|-e|a", [("-e", "a")]),
        ("mysql|--no-defaults|-NBe|a|-e|b|db", [("-e", "a b")]),
        ("mysql|--no-defaults|-uroot|-psecret|-h|h|--execute=a", [("-e", "a")]),
        ("mysql|--no-defaults|--password=x|--connect_timeout=3|--password|-e|a", [("-e", "a")]),
        ("mysql|--no-defaults|--sandbox|-v|--default-character-set=utf8mb4|-e|a", [("-e", "a")]),
        ("mysql|-e|a", [("-e", "a")]),
        ("sqlite3|x.db|a", [("operand", "a")]),
        ("sqlite3|-init|/dev/null|x.db|a|b", [("operand", "a"), ("operand", "b")]),
        ("sqlite3|--init|/dev/null|-readonly|-separator|,|x.db|a|-json", [("operand", "a")]),
    ],
)
def test_what_is_wholly_known(line: str, texts: list[tuple[str, str]]) -> None:
    assert call(*line.split("|")) == (texts, [], ())


@pytest.mark.parametrize(
    ("line", "texts", "elsewhere", "reasons"),
    [
        ("psql|-c|a", ["a"], [], ("rcfile",)),
        ("mysql|-e|a|--no-defaults", ["a"], [], ("option",)),
        ("psql|-X", [], [("stdin", "stdin")], ()),
        ("mysql|--no-defaults|db", [], [("stdin", "stdin")], ()),
        ("sqlite3|-init|/dev/null|x.db", [], [("stdin", "stdin")], ()),
        ("sqlite3|-init|/dev/null|-cmd|a|x.db", ["a"], [("stdin", "stdin")], ()),
        ("sqlite3|-init|f|x.db|a", ["a"], [("file", "file")], ()),
        ("psql|-X|-f|f", [], [("file", "file")], ()),
        ("psql|-X|--file=f|-c|a", ["a"], [("file", "file")], ()),
        ("psql|-X|-v|x=1|-c|a", ["a"], [], ("option",)),
        ("psql|-X|-vAUTOCOMMIT=off|-c|a", ["a"], [], ("option",)),
        ("psql|-X|-o|x=1|-c|a", ["a"], [], ("option", "connection")),
        ("psql|-X|--set=x=1|-c|a", ["a"], [], ("option",)),
        ("psql|-X|-o|f|-c|a", ["a"], [], ("option",)),
        ("psql|-XL|f|-c|a", ["a"], [], ("option",)),
        ("psql|-X|-P|pager=x|-c|a", ["a"], [], ("option",)),
        ("psql|-X|-Ppager=on|-c|a", ["a"], [], ("option",)),
        ("psql|-X|--pset=format=latex|-c|a", ["a"], [], ("option",)),
        ("psql|-X|--comm|a", ["a"], [], ("abbreviation",)),
        ("psql|-X|--no|-c|a", ["a"], [], ("option",)),
        ("psql|-X|--c|a", [], [("stdin", "stdin")], ("option",)),
        ("psql|-X|--quiet=1|-c|a", ["a"], [], ("option",)),
        ("psql|-X|-c", [""], [], ("option",)),
        ("psql|-X|-d|host=x options=-crole=y|-c|a", ["a"], [], ("connection",)),
        ("psql|-X|postgresql://h/db|-c|a", ["a"], [], ("connection",)),
        ("psql|-X|a|b|c|-c|a", ["a"], [], ("option",)),
        ("psql|-X|--|-c|a", [], [("stdin", "stdin")], ()),
        ("mysql|--no-defaults|--init-command=x|-e|a", ["a"], [], ("option",)),
        ("mysql|--no-defaults|--exec=a", ["a"], [], ("abbreviation",)),
        ("mysql|--no-defaults|--default-character-set=gbk|-e|a", ["a"], [], ("option",)),
        ("mysql|--no-defaults|--pager=x|-e|a", ["a"], [], ("option",)),
        ("mysql|--no-defaults|-G|-e|a", ["a"], [], ("option",)),
        ("mysql|--no-defaults|a|b|-e|a", ["a"], [], ("option",)),
        ("sqlite3|-init|/dev/null|-A|x|a", ["a"], [], ("option",)),
        ("sqlite3|-init|/dev/null|file:x?vfs=y|a", ["a"], [], ("connection",)),
        ("pg_restore|x", [], [("", "client")], ()),
        ("pg_restore|-f|-l|x", [], [("", "client")], ()),
        ("pg_restore|--li|x", [], [("", "client")], ()),
        ("mysqlsh|-e|a", [], [("", "client")], ()),
        ("litecli|x", [], [("", "client")], ()),
    ],
)
def test_what_is_not(line: str, texts: list[str], elsewhere: list[tuple[str, str]], reasons: tuple[str, ...]) -> None:
    found, others, faults = call(*line.split("|"))
    assert ([text for _, text in found], others, faults) == (texts, elsewhere, reasons)


@pytest.mark.parametrize(
    "line",
    [
        *("psql|-l", "psql|--version", "psql|-?", "psql|--help=commands", "mysql|-V", "mariadb|--help"),
        *("sqlite3|-version", "pg_restore|-l|x", "pg_restore|--list|-Ft|x"),
    ],
)
def test_a_client_that_only_tells_of_itself(line: str) -> None:
    assert call(*line.split("|"))[:2] == ([], [])


def test_a_word_that_is_not_known() -> None:
    assert call("psql", "-X", "-c", DYNAMIC) == ([], [("-c", "dynamic")], ("dynamic",))
    assert call("psql", "-X", DYNAMIC, "-c", "a") == ([("-c", "a")], [], ("dynamic",))
    assert call("sqlite3", "-init", "/dev/null", "x.db", DYNAMIC) == ([], [("operand", "dynamic")], ("dynamic",))


def test_the_environment_may_change_what_a_client_does() -> None:
    options = Assignment(name="PGOPTIONS", value=Word(v="-c role=x"))
    zone = Assignment(name="TZ", value=Word(v="UTC"))
    assert call("psql", "-X", "-c", "a", env=(zone, options))[2] == ("environment",)
    assert call("psql", "-X", "-c", "a", env=(zone,))[2] == ()
    assert call("psql", "-X", "-c", "a", env=(Assignment(name="TZ", value=DYNAMIC),))[2] == ("environment",)


def test_what_stands_on_standard_input() -> None:
    here = Redirect(fd=0, op="<<", mode="heredoc", kind="fd", text="select 1\n")
    other = Redirect(fd=3, op="<<", mode="heredoc", kind="fd", text="no\n")
    unknown = Redirect(fd=0, op="<<", mode="heredoc", kind="fd", k="dynamic")
    assert call("psql", "-X", stdin="heredoc", redirects=(here, other))[0] == [("heredoc", "select 1\n")]
    assert call("psql", "-X", stdin="heredoc", redirects=(here, unknown))[1] == [("heredoc", "dynamic")]
    assert call("psql", "-X", "-c", "a", stdin="heredoc", redirects=(here,))[0] == [("-c", "a")]
    assert call("psql", "-X", stdin="file")[1] == [("file", "file")]
    assert call("psql", "-X", stdin="pipe")[1] == [("stdin", "stdin")]
    assert call("psql", "-X", stdin="closed") == ([], [], ())
