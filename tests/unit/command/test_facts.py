"""Facts of whole commands, as a policy sees them."""

import hashlib

import msgspec
import pytest

from jumphost.command.facts import analyse
from jumphost.command.opaque import Opaque
from jumphost.model.request import Assignment, Files, Redirect, Shape, Word
from jumphost.testing.texts import (
    HANDED_HIDING,
    HIDING,
    NOT_LITERAL,
    NOT_STRUCTURED,
    NOT_TEXT,
    STRUCTURED_HIDING,
    short,
)


def test_a_command_as_a_policy_sees_it() -> None:
    raw = b"psql -X -c 'select 1' 2>/dev/null | head -n 1"
    command = analyse(raw, dialect="bash")
    assert command.raw == raw.decode()
    assert (command.sha256, command.bytes, command.dialect) == (hashlib.sha256(raw).hexdigest(), len(raw), "bash")
    assert (command.tier, command.opaque, command.dynamic) == ("literal", (), ())
    assert command.canonical == "'psql' -X -c 'select 1' 2> /dev/null | 'head' -n 1"
    assert command.shape == Shape(commands=2, pipelines=1, operators=("|",), depth=1)
    psql, head = command.commands
    assert psql.argv == (Word(v="psql"), Word(v="-X"), Word(v="-c"), Word(v="select 1"))
    assert psql.redirects == (Redirect(fd=2, op=">", mode="truncate", path="/dev/null", kind="null"),)
    assert (psql.id, psql.program, psql.path, psql.via, psql.stage, psql.stdin) == (0, "psql", "", "top", 0, "inherit")
    assert (head.id, head.program, head.via, head.stage, head.stdin) == (1, "head", "pipe", 1, "pipe")
    assert command.files == Files(unknown=True)
    assert not command.facts.writes
    assert command.facts.unknown_programs == ("head", "psql")


def test_where_each_command_stands() -> None:
    commands = analyse(b"a | b && c | d || e ; f\ng").commands
    assert [(c.program, c.pipeline, c.stage, c.via, c.when) for c in commands] == [
        ("a", 0, 0, "top", "always"),
        ("b", 0, 1, "pipe", "always"),
        ("c", 1, 0, "and", "and"),
        ("d", 1, 1, "pipe", "and"),
        ("e", 2, 0, "or", "or"),
        ("f", 3, 0, "list", "always"),
        ("g", 4, 0, "list", "always"),
    ]


@pytest.mark.parametrize(
    ("written", "program", "path"),
    [
        ("psql", "psql", ""),
        ("/usr/bin/psql", "psql", "/usr/bin/psql"),
        ("/bin/ls", "ls", "/bin/ls"),
        ("/usr/local/bin/x", "x", "/usr/local/bin/x"),
        ("/usr/sbin/x", "/usr/sbin/x", "/usr/sbin/x"),
        ("/tmp/psql", "/tmp/psql", "/tmp/psql"),
        ("./psql", "./psql", "./psql"),
        ("/usr/bin//psql", "/usr/bin//psql", "/usr/bin//psql"),
        ("/usr/bin/../../tmp/x", "/usr/bin/../../tmp/x", "/usr/bin/../../tmp/x"),
        ("/usr/bin/", "/usr/bin/", "/usr/bin/"),
        ("bin/psql", "bin/psql", "bin/psql"),
    ],
)
def test_a_path_is_a_name_only_in_a_system_folder(written: str, program: str, path: str) -> None:
    (command,) = analyse(written.encode()).commands
    assert (command.program, command.path, command.argv[0].v) == (program, path, written)


def test_a_builtin_is_one_by_its_bare_name_only() -> None:
    assert [command.builtin for command in analyse(b"printf x; '[' x ]; /usr/bin/printf x; psql").commands] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/dev/null", "null"),
        ("x", "file"),
        ("/srv/x", "file"),
        ("dev/null", "file"),
        ("/dev/fd/3", "fd"),
        ("/dev/stdout", "fd"),
        ("/dev/fd/../../etc/passwd", "file"),
        ("/dev/tcp/10.0.0.1/80", "net"),
        ("/dev/udp/x/53", "net"),
        ("/dev/sda", "device"),
        ("/dev//null", "device"),
        ("//dev/null", "device"),
        ("/tmp/../dev/sda", "device"),
        ("/dev", "device"),
        ("/proc/self/mem", "proc"),
        ("/./proc/sysrq-trigger", "proc"),
    ],
)
def test_what_a_redirection_opens(path: str, kind: str) -> None:
    command = analyse(f"x > {path}".encode())
    assert command.commands[0].redirects[0].kind == kind
    assert command.files.write == ((path,) if kind in ("file", "device", "proc") else ())
    assert command.facts.writes == bool(command.files.write)
    assert command.facts.network == (kind == "net")


@pytest.mark.parametrize(
    ("text", "mode", "read", "write"),
    [
        ("x > f", "truncate", (), ("f",)),
        ("x >| f", "truncate", (), ("f",)),
        ("x >> f", "append", (), ("f",)),
        ("x < f", "read", ("f",), ()),
        ("x <> f", "readwrite", ("f",), ("f",)),
        ("x 2>&1", "dup", (), ()),
        ("x >f >f <f", "truncate", ("f",), ("f",)),
    ],
)
def test_files_that_redirections_name(text: str, mode: str, read: tuple[str, ...], write: tuple[str, ...]) -> None:
    command = analyse(text.encode())
    assert command.commands[0].redirects[0].mode == mode
    assert command.files == Files(read=read, write=write, unknown=True)


@pytest.mark.parametrize(
    ("text", "stdin"),
    [
        ("x", "inherit"),
        ("x < f", "file"),
        ("x <&-", "closed"),
        ("x <&3", "inherit"),
        ("x <f <&-", "closed"),
        ("x 3<f", "inherit"),
        ("y | x <f", "file"),
        ("y | x", "pipe"),
    ],
)
def test_where_standard_input_comes_from(text: str, stdin: str) -> None:
    assert analyse(text.encode()).commands[-1].stdin == stdin


def test_environment_outside_the_list_is_named() -> None:
    command = analyse(b"LC_ALL=C LD_PRELOAD=/tmp/x.so a | PGHOST=evil b; export PATH=/tmp LANG=C; c")
    assert command.commands[0].env == (
        Assignment(name="LC_ALL", value=Word(v="C")),
        Assignment(name="LD_PRELOAD", value=Word(v="/tmp/x.so")),
    )
    assert command.facts.env_danger == ("LD_PRELOAD", "PATH", "PGHOST")


@pytest.mark.parametrize(
    ("value", "harmless"), [("UTC", True), ("Europe/Berlin", True), (":/etc/shadow", False), ("a/../../etc/x", False)]
)
def test_a_harmless_name_with_a_path_is_not_harmless(value: str, harmless: bool) -> None:
    assert analyse(f"TZ={value} date".encode()).facts.env_danger == (() if harmless else ("TZ",))


@pytest.mark.parametrize(("raw", "reason"), NOT_TEXT, ids=short)
def test_what_is_no_text_is_unparsed_and_shows_no_command(raw: bytes, reason: Opaque) -> None:
    command = analyse(raw)
    assert (command.tier, command.opaque) == ("unparsed", (reason,))
    assert (command.commands, command.canonical) == ((), "")


@pytest.mark.parametrize(("raw", "_reason"), NOT_LITERAL, ids=short)
def test_text_that_is_not_literal_is_of_another_tier(raw: bytes, _reason: Opaque) -> None:
    command = analyse(raw)
    assert command.tier in ("structured", "unparsed")
    assert (command.tier == "structured") == bool(command.commands)
    assert command.canonical == ""


@pytest.mark.parametrize(("dialect", "raw", "reason"), NOT_STRUCTURED, ids=short)
def test_text_that_nobody_understands_is_unparsed(dialect: str, raw: bytes, reason: Opaque) -> None:
    command = analyse(raw, dialect=dialect)
    assert (command.tier, command.opaque, command.commands) == ("unparsed", (reason,), ())


@pytest.mark.parametrize(("dialect", "raw", "reasons"), STRUCTURED_HIDING, ids=short)
def test_structures_that_hide_something_are_named(dialect: str, raw: bytes, reasons: tuple[str, ...]) -> None:
    command = analyse(raw, dialect=dialect)
    assert (command.tier, command.opaque) == ("structured", reasons)
    assert command.commands


@pytest.mark.parametrize(("raw", "reasons"), HIDING, ids=short)
def test_builtins_that_hide_something_are_literal_and_named(raw: bytes, reasons: tuple[str, ...]) -> None:
    command = analyse(raw)
    assert (command.tier, command.opaque) == ("literal", reasons)
    assert command.commands[0].builtin


@pytest.mark.parametrize(("dialect", "raw", "reasons"), HANDED_HIDING, ids=short)
def test_programs_that_hide_what_they_run_are_named(dialect: str, raw: bytes, reasons: tuple[str, ...]) -> None:
    command = analyse(raw, dialect=dialect)
    assert command.tier in ("literal", "structured")
    assert command.opaque == reasons


def test_each_reason_is_named_once() -> None:
    assert analyse(b"trap x 1; trap y 1; hash z").opaque == ("trap", "hash")


def test_beyond_ascii_is_a_fact() -> None:
    assert analyse("echo é".encode()).facts.non_ascii
    assert not analyse(b"echo e").facts.non_ascii


def test_bytes_that_are_no_text_are_shown_as_far_as_they_go() -> None:
    command = analyse(b"ls\0\xff" + "é".encode())
    assert (command.raw, command.bytes, command.facts.non_ascii) == ("ls\ufffd\ufffdé", 6, True)
    assert (command.tier, command.opaque, command.files.unknown) == ("unparsed", ("invalid_utf8",), True)


def test_ten_megabytes_make_a_small_document() -> None:
    raw = b"\xff" * 10_000_000
    command = analyse(raw)
    assert (command.bytes, command.opaque) == (len(raw), ("too_long",))
    assert len(msgspec.json.encode(command)) < 200 * 1024
